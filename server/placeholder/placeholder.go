// Package placeholder fills gaps in texts that people write: {{ record.number }},
// {{ record.customer.name }}, {{ user.name }}, each with a default if they want,
// {{ record.customer.name | "there" }}, and {{ "{{" }} for the braces themselves.
//
// It is no language. A placeholder is a flat name out of a list that the caller
// allows, or a text in quotes; there are no functions, loops or conditions, and
// what looks like one is an error that names it. A text is read once, when it is
// parsed: what is filled in is never looked at again, so a value with braces in it
// is those braces. Values are made harmless for where the text goes, by its Sink.
//
// Everything is bounded: the length of a text, the number of its placeholders, and
// how long it may become.
package placeholder

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parley-chat/parley/server/fault"
)

// The bounds of a text.
const (
	// MaxText is how long a text may be that is parsed, in bytes.
	MaxText = 256 << 10
	// MaxPlaceholders is how many placeholders it may have.
	MaxPlaceholders = 200
	// MaxDefault is how long a default may be, in bytes.
	MaxDefault = 1000
)

// The ways in which a text can be wrong. What is at fault is named in the message
// and in the metadata: placeholder, line, column (in characters, from 1).
var (
	ErrInvalid = fault.New(fault.Invalid, "PLACEHOLDER_INVALID", "a placeholder cannot be read")
	ErrUnknown = fault.New(fault.Invalid, "PLACEHOLDER_UNKNOWN", "there is no such placeholder")
	ErrTooMany = fault.Newf(fault.Invalid, "PLACEHOLDERS_TOO_MANY", "a text has up to %d placeholders", MaxPlaceholders)
	ErrTooLong = fault.New(fault.Precondition, "TEXT_TOO_LONG", "filled in, the text is too long")
)

// Text is a text that was parsed. It never changes.
type Text struct {
	parts []part
}

// part is a stretch of plain text, or else a placeholder.
type part struct {
	plain string
	gap   *Gap
}

// Gap is a placeholder in a text.
type Gap struct {
	// Written is the placeholder as it stands there, with its braces.
	Written string
	// Name is the name without spaces, such as "record.customer.name".
	Name string
	// Line and Column say where it begins, from 1, in characters.
	Line, Column int

	instead    string
	hasInstead bool
}

// Gaps are the placeholders of the text, in order, as often as they stand there.
func (t *Text) Gaps() []Gap {
	var gaps []Gap
	for _, p := range t.parts {
		if p.gap != nil {
			gaps = append(gaps, *p.gap)
		}
	}
	return gaps
}

// Check fails with ErrUnknown for the first placeholder whose name is not known.
func (t *Text) Check(known func(name string) bool) error {
	for _, p := range t.parts {
		if p.gap != nil && !known(p.gap.Name) {
			return p.gap.fault(ErrUnknown, "there is no placeholder %q", p.gap.Name)
		}
	}
	return nil
}

// Fill replaces the placeholders with their values. A name without a value, or
// with an empty one, is replaced by the default; without one the placeholder stays
// as it was written, and is among the unresolved, in order. It fails with
// ErrTooLong when the text would have more than limit characters.
func (t *Text) Fill(value func(name string) string, sink Sink, limit int) (filled string, unresolved []Gap, err error) {
	var b strings.Builder
	left := limit
	for _, p := range t.parts {
		s := p.plain
		if p.gap != nil {
			v := value(p.gap.Name)
			switch {
			case strings.TrimSpace(v) != "":
				s = sink(v)
			case p.gap.hasInstead:
				s = sink(p.gap.instead)
			default:
				s = p.gap.Written
				unresolved = append(unresolved, *p.gap)
			}
		}
		if left -= utf8.RuneCountInString(s); left < 0 {
			return "", nil, ErrTooLong
		}
		b.WriteString(s)
	}
	return b.String(), unresolved, nil
}

// fault says which placeholder is at fault, and where it stands.
func (g *Gap) fault(kind *fault.Error, format string, args ...any) error {
	return kind.With("placeholder", g.Name).With("line", strconv.Itoa(g.Line)).With("column", strconv.Itoa(g.Column)).
		WithMessage(format+", in line %d at character %d", append(args, g.Line, g.Column)...)
}
