package mail

import "strings"

// ParseAddresses reads the value of an address header, decoded or not. What is
// no address is left out; groups are opened; at most MaxAddresses are read, each once.
func ParseAddresses(header string) []Address {
	var found []Address
	seen := make(map[string]bool)
	for entry := range splitAddresses(header) {
		a, ok := readEntry(entry)
		if !ok || seen[a.Addr] {
			continue
		}
		seen[a.Addr] = true
		if found = append(found, a); len(found) == MaxAddresses {
			break
		}
	}
	return found
}

// splitAddresses yields what is between the commas and semicolons that are not
// inside quotes, comments or angle brackets. A group's name is cut off.
func splitAddresses(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		scan := addressScan{lastParen: strings.LastIndexByte(s, ')'), lastQuote: strings.LastIndexByte(s, '"')}
		start := 0
		for i := 0; i < len(s); i++ {
			if s[i] == '=' && !scan.quoted && strings.HasPrefix(s[i:], "=?") {
				if _, size := readWord(s[i:]); size > 0 { // some encode no commas
					i += size - 1
					continue
				}
			}
			if scan.skip(s, &i) {
				continue
			}
			switch s[i] {
			case ':':
				// "Friends: a@b.test, c@d.test;", but not "mailto:a@b.test"
				if !strings.EqualFold(strings.TrimSpace(s[start:i]), "mailto") {
					start = i + 1
				}
			case ',', ';':
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		if start < len(s) {
			yield(s[start:])
		}
	}
}

// addressScan knows whether a place in an address header is inside quotes, a comment or angle brackets.
type addressScan struct {
	quoted, angle        bool
	comment              int
	lastParen, lastQuote int // what opens behind them is never closed
}

// skip reports whether the byte at *i separates nothing. It moves over escaped bytes.
// An angle bracket that is never closed does not swallow the rest.
func (c *addressScan) skip(s string, i *int) bool {
	switch ch := s[*i]; {
	case ch == '\\' && (c.quoted || c.comment > 0):
		*i++
	case c.quoted:
		c.quoted = ch != '"'
	case c.comment > 0:
		switch ch {
		case '(':
			c.comment++
		case ')':
			c.comment--
		}
	case ch == '"':
		c.quoted = *i < c.lastQuote
	case ch == '(':
		if *i < c.lastParen {
			c.comment = 1
		}
	case c.angle:
		if ch == '>' || ch == ',' {
			c.angle = false
		}
		return ch != ','
	case ch == '<':
		c.angle = true
	default:
		return false
	}
	return true
}

// readEntry reads `Name <addr>`, `addr (Name)` or `addr`.
func readEntry(entry string) (Address, bool) {
	entry = strings.TrimSpace(entry)
	if !strings.Contains(entry, "@") {
		entry = DecodeHeader(entry) // all of it was encoded
	}
	name, spec := "", entry
	if open := strings.LastIndexByte(entry, '<'); open >= 0 {
		name = entry[:open]
		spec, _, _ = strings.Cut(entry[open+1:], ">")
		if colon := strings.LastIndexByte(spec, ':'); colon >= 0 && strings.HasPrefix(spec, "@") {
			spec = spec[colon+1:] // a route, which nobody uses any more
		}
	} else {
		spec, name = cutComments(entry)
	}
	spec = strings.TrimSpace(spec)
	if rest, ok := cutPrefixFold(spec, "mailto:"); ok {
		spec = rest
	}
	spec = DecodeHeader(spec)
	addr, ok := normalizeAddr(spec)
	if !ok {
		// "Grace Hopper grace@navy.test": the last word is the address.
		if space := strings.LastIndexAny(spec, " \t"); space >= 0 && name == "" {
			if addr, ok = normalizeAddr(spec[space+1:]); ok {
				name = spec[:space]
			}
		}
	}
	return Address{Name: cleanName(name), Addr: addr}, ok
}

// cutComments takes out what is in parentheses, and returns the last of it, which used to be
// the place of the name.
func cutComments(s string) (rest, last string) {
	var kept strings.Builder
	for {
		open := strings.IndexByte(s, '(')
		end := strings.IndexByte(s, ')')
		if open < 0 || end < open {
			kept.WriteString(s)
			return kept.String(), last
		}
		kept.WriteString(s[:open] + " ")
		last, s = s[open+1:end], s[end+1:]
	}
}

// cleanName decodes a display name and takes off its quotes.
func cleanName(name string) string {
	name = unquoteName(strings.TrimSpace(name))
	name = unquoteName(cleanLine(DecodeHeader(name)))
	if strings.EqualFold(name, "undisclosed-recipients") {
		return ""
	}
	return truncate(name, 200)
}

// unquoteName takes off quotes, and what is escaped inside them.
func unquoteName(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return strings.TrimSpace(b.String())
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
