package placeholder

import (
	"strings"
	"unicode/utf8"
)

const (
	opening = "{{"
	closing = "}}"
	// maxShown is how much of what cannot be read is shown, in characters.
	maxShown = 60
)

// Parse reads a text. It fails with ErrInvalid for the first placeholder that
// cannot be read, with ErrTooMany and ErrTooLong beyond the bounds.
func Parse(text string) (*Text, error) {
	if len(text) > MaxText {
		return nil, ErrTooLong
	}
	t, at, gaps := &Text{}, place{line: 1, column: 1}, 0
	for text != "" {
		plain, rest, found := strings.Cut(text, opening)
		if !found {
			t.add(text)
			break
		}
		t.add(plain)
		at.pass(plain)
		if gaps++; gaps > MaxPlaceholders {
			return nil, ErrTooMany
		}
		s := scanner{rest: rest, whole: text[len(plain):], at: at}
		p, err := s.placeholder()
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, p)
		written := s.written()
		at.pass(written)
		text = text[len(plain)+len(written):]
	}
	return t, nil
}

func (t *Text) add(plain string) {
	if plain != "" {
		t.parts = append(t.parts, part{plain: plain})
	}
}

// place is where one stands in a text.
type place struct{ line, column int }

func (p *place) pass(s string) {
	if n := strings.Count(s, "\n"); n > 0 {
		p.line += n
		p.column = 1
		s = s[strings.LastIndexByte(s, '\n')+1:]
	}
	p.column += utf8.RuneCountInString(s)
}

// scanner reads one placeholder, from behind its braces.
type scanner struct {
	rest  string
	whole string // from its braces on
	at    place
}

// written is what was read, with the braces.
func (s *scanner) written() string { return s.whole[:len(s.whole)-len(s.rest)] }

// wrong is the failure of a placeholder that cannot be read.
func (s *scanner) wrong(why string) error {
	shown, _, _ := strings.Cut(s.whole, "\n")
	if end := strings.Index(shown, closing); end >= 0 {
		shown = shown[:end+len(closing)]
	}
	if r := []rune(shown); len(r) > maxShown {
		shown = string(r[:maxShown]) + "..."
	}
	g := Gap{Name: shown, Line: s.at.line, Column: s.at.column}
	return g.fault(ErrInvalid, "the placeholder %s cannot be read: %s", shown, why)
}

// placeholder reads a name with or without a default, or a text in quotes, and
// the closing braces.
func (s *scanner) placeholder() (part, error) {
	s.space()
	if strings.HasPrefix(s.rest, `"`) {
		text, err := s.quoted()
		if err == nil {
			err = s.close(`after a text in quotes come the closing braces`)
		}
		return part{plain: text}, err
	}
	g := &Gap{Line: s.at.line, Column: s.at.column, Name: s.name()}
	if !isName(g.Name) {
		return part{}, s.wrong(`a name is needed, such as {{ record.title }}`)
	}
	s.space()
	if strings.HasPrefix(s.rest, "|") {
		s.rest = s.rest[1:]
		s.space()
		if !strings.HasPrefix(s.rest, `"`) {
			return part{}, s.wrong(`after | comes what stands there instead, in double quotes`)
		}
		var err error
		if g.instead, err = s.quoted(); err != nil {
			return part{}, err
		}
		g.hasInstead = true
	}
	if err := s.close(`after the name come the closing braces, or | and a default in double quotes`); err != nil {
		return part{}, err
	}
	g.Written = s.written()
	return part{gap: g}, nil
}

// space passes spaces; a placeholder stands on one line.
func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t\u00a0") }

func (s *scanner) close(why string) error {
	s.space()
	if !strings.HasPrefix(s.rest, closing) {
		return s.wrong(why)
	}
	s.rest = s.rest[len(closing):]
	return nil
}

// name reads letters, digits, underscores and dots.
func (s *scanner) name() string {
	end := strings.IndexFunc(s.rest, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.'
	})
	if end < 0 {
		end = len(s.rest)
	}
	name := s.rest[:end]
	s.rest = s.rest[end:]
	return name
}

// isName is the rule of names: up to three words, the first of which says what it
// is of.
func isName(s string) bool {
	words := strings.Split(s, ".")
	for _, word := range words {
		if word == "" || len(word) > 40 || word[0] < 'a' {
			return false
		}
	}
	return len(words) > 1 && len(words) < 4
}

// quoted reads a text in double quotes, in which \" and \\ stand for a quote and a
// backslash.
func (s *scanner) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(s.rest) && i < MaxDefault; i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String(), nil
		case c == '\n':
			return "", s.wrong("the text in quotes does not end in its line")
		case c == '\\' && i+1 < len(s.rest) && (s.rest[i+1] == '"' || s.rest[i+1] == '\\'):
			i++
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", s.wrong("the text in quotes does not end, or is too long")
}

// Quote is a text as it stands in a template so that it is kept as it is: every
// pair of opening braces becomes a placeholder for itself.
func Quote(s string) string { return strings.ReplaceAll(s, opening, `{{ "{{" }}`) }
