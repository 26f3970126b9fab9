package mail

// Domains are the domains whose mail is ours.
type Domains map[string]bool

// NewDomains normalises names. It fails with ErrDomain.
func NewDomains(names ...string) (Domains, error) {
	d := make(Domains, len(names))
	for _, name := range names {
		domain, err := NormalizeDomain(name)
		if err != nil {
			return nil, ErrDomain.With("domain", name)
		}
		d[domain] = true
	}
	return d, nil
}

// Own reports whether a normalised address is at one of the domains itself; one below them is not ours.
func (d Domains) Own(addr string) bool { return d[Address{Addr: addr}.Domain()] }
