package mail

import (
	"mime"
	"net"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is a mailbox with the name that goes with it.
type Address struct {
	// Name is what people read, decoded; often empty.
	Name string
	// Addr is the normalised local@domain; empty means no address.
	Addr string
}

// RFC 5321, 4.5.3.1.
const (
	maxLocal  = 64
	maxDomain = 255
)

// ParseAddress reads one address as a person or a setting gives it, with or
// without a name. It fails with ErrAddress.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	bare := !strings.ContainsAny(s, `<("`) && !strings.HasPrefix(s, "=?")
	if hasControl(s) || bare && strings.ContainsAny(s, " \t,;") {
		return Address{}, ErrAddress
	}
	found := ParseAddresses(s)
	if len(found) != 1 {
		return Address{}, ErrAddress
	}
	return found[0], nil
}

// NormalizeDomain returns a domain in lower case and ASCII. It fails with ErrDomain.
func NormalizeDomain(domain string) (string, error) {
	domain = strings.TrimSuffix(strings.TrimSpace(domain), ".")
	ascii, ok := domain, isASCII(domain)
	if !ok {
		var err error
		if ascii, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", ErrDomain.Wrap(err)
		}
	}
	ascii = strings.ToLower(ascii)
	if !isDomain(ascii) {
		return "", ErrDomain
	}
	return ascii, nil
}

// Local returns what is before the @.
func (a Address) Local() string {
	return a.Addr[:max(0, strings.LastIndexByte(a.Addr, '@'))]
}

// Domain returns what is after the @, in ASCII.
func (a Address) Domain() string {
	return a.Addr[strings.LastIndexByte(a.Addr, '@')+1:]
}

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a.Addr == "" }

// DisplayName returns the name, or the local part where there is none.
func (a Address) DisplayName() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Local()
}

// String returns the address as a header shows it, its name encoded where necessary.
func (a Address) String() string {
	switch {
	case a.Addr == "":
		return ""
	case a.Name == "":
		return "<" + a.Addr + ">"
	case !isASCII(a.Name) || hasControl(a.Name):
		encoding := mime.QEncoding
		if strings.ContainsAny(a.Name, "\"#$%&'(),.:;<>@[]^`{|}~\\") { // which mean something even when encoded so
			encoding = mime.BEncoding
		}
		return encoding.Encode("utf-8", a.Name) + " <" + a.Addr + ">"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" <` + a.Addr + ">"
}

// normalizeAddr returns local@domain in lower case, the domain in ASCII; false if
// it cannot be an address.
func normalizeAddr(s string) (string, bool) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 4*maxLocal || len(s) > 2000 {
		return "", false
	}
	local := strings.ToLower(unquoteLocal(s[:at]))
	if !isLocal(local) {
		return "", false
	}
	domain := s[at+1:]
	if ip, ok := strings.CutPrefix(domain, "["); ok {
		ip = strings.TrimSuffix(ip, "]")
		if net.ParseIP(strings.TrimPrefix(strings.ToLower(ip), "ipv6:")) == nil {
			return "", false
		}
		return local + "@[" + strings.ToLower(ip) + "]", true
	}
	domain, err := NormalizeDomain(domain)
	if err != nil {
		return "", false
	}
	return local + "@" + domain, true
}

// unquoteLocal takes the quotes off a local part that would not need them.
func unquoteLocal(local string) string {
	if len(local) < 2 || local[0] != '"' || local[len(local)-1] != '"' {
		return local
	}
	return strings.ReplaceAll(local[1:len(local)-1], `\`, "")
}

// isLocal tells whether a lower-case local part is one that we can send to
// without quotes. Dots in odd places are let pass: some providers made such addresses.
func isLocal(local string) bool {
	if local == "" || len(local) > maxLocal || !utf8.ValidString(local) {
		return false
	}
	for _, r := range local {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"(),:;<>@[\]`, r) || unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	return true
}

// isDomain tells whether a lower-case ASCII name is one that mail can go to.
func isDomain(name string) bool {
	if name == "" || len(name) > maxDomain {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// hasControl tells whether s holds what would break out of a header line.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
