package mailgate

import (
	"slices"
	"strings"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/mail"
)

// recipients are all addresses that the mail went to.
func recipients(in *mail.Incoming, f *Facts) []string {
	all := slices.Clone(f.Envelope)
	for _, a := range in.Recipients() {
		if !slices.Contains(all, a.Addr) {
			all = append(all, a.Addr)
		}
	}
	return all
}

// aliases are those that the mail was written to, and those that got a copy.
func aliases(in *mail.Incoming, f *Facts) (first, copied []*db.MailAlias) {
	add := func(list []*db.MailAlias, address string) []*db.MailAlias {
		a := f.alias(address)
		if a == nil || slices.Contains(first, a) || slices.Contains(copied, a) {
			return list
		}
		return append(list, a)
	}
	for _, a := range in.To {
		first = add(first, a.Addr)
	}
	for _, a := range in.Cc {
		copied = add(copied, a.Addr)
	}
	for _, a := range recipients(in, f) { // blind copies, and what was forwarded
		first = add(first, a)
	}
	return first, copied
}

// alias is the one at an address of ours, also with a "+tag" behind its name.
func (f *Facts) alias(address string) *db.MailAlias {
	if !ours(address, f.Domain) {
		return nil
	}
	name := address[:strings.LastIndexByte(address, '@')]
	if a := f.Aliases[name]; a != nil {
		return a
	}
	name, _, _ = strings.Cut(name, "+")
	return f.Aliases[name]
}

// ours is true for addresses at a domain.
func ours(address, domain string) bool {
	return domain != "" && strings.HasSuffix(address, "@"+domain)
}
