package server

// mountWeb puts console, widget and demo website at their addresses.
func (s *Server) mountWeb() {}
