package access

// Scope says which threads of one kind a caller may read, as far as that can be
// said without looking at any of them.
type Scope struct {
	// All are the types of records of which the caller may read every one. Threads
	// that hang on no record have the type "".
	All []string
	// Depends are the types where it depends on the record.
	Depends []string
}
