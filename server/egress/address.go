package egress

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// global is the part of IPv6 that is given out to the world.
var global = netip.MustParsePrefix("2000::/3")

// closed are the networks that no call goes to: what is here, near, or nowhere.
// For IPv6, what is outside of global is closed, too.
var closed = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	// Of IPv6: protocol assignments (Teredo, ORCHID, benchmarks), documentation,
	// and 6to4, which hides an IPv4 address.
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// Public reports whether an address is one of the open internet: not this
// machine, its networks, or a network that nobody has. An IPv4 address in IPv6
// clothes is judged as what it is.
func Public(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	if addr.Is6() && !global.Contains(addr) {
		return false
	}
	return !within(addr, closed)
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, network := range networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// numeral is what some resolvers take for a part of an IPv4 address: decimal,
// octal or hexadecimal.
var numeral = regexp.MustCompile(`^(?:[0-9]+|0[xX][0-9a-fA-F]*)$`)

// CheckURL reads the address of a call that somebody else chose. It must be http
// or https, without user and password, and a host that is a number must be a
// plain address that may be called: 2130706433, 0177.0.0.1 and 0x7f.1 are ways to
// write 127.0.0.1. What a name stands for is found out when it is called, each
// time.
func (c *Client) CheckURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, ErrAddress
	}
	return u, c.check(u)
}

func (c *Client) check(u *url.URL) error {
	host := u.Hostname()
	if u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || u.User != nil || host == "" || len(host) > 253 {
		return ErrAddress
	}
	addr, err := netip.ParseAddr(host)
	if err == nil {
		return c.admit(addr)
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	if numeral.MatchString(labels[len(labels)-1]) || strings.ContainsAny(host, "%:") {
		return ErrRefused
	}
	return nil
}

// admit says whether an address may be called.
func (c *Client) admit(addr netip.Addr) error {
	if Public(addr) || addr.Zone() == "" && within(addr.Unmap(), c.allow) {
		return nil
	}
	return ErrRefused
}
