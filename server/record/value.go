package record

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// A value is what encoding/json makes of a field's stored JSON: string, float64,
// bool, map[string]any with texts, or []any with texts; nil is no value.

const (
	maxText       = 1_000
	maxLongText   = 100_000
	maxReferences = 500
	maxExact      = 1 << 53
)

// normalise checks a value for a field and brings it into the form in which it
// is stored; nil stands for none. It is its own inverse: what it returns, it
// returns again. Whether a reference points to something is not known here.
func normalise(f *recordv1.Field, v any) (any, *wrong) {
	if v == nil {
		return nil, nil
	}
	out, problem := normaliseType(f, v)
	if problem != "" {
		return nil, wrongf(f.GetName(), "%s", problem)
	}
	return out, nil
}

func normaliseType(f *recordv1.Field, v any) (any, string) {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_INTEGER:
		return integer(v)
	case recordv1.FieldType_FIELD_TYPE_DECIMAL:
		return decimalOf(v)
	case recordv1.FieldType_FIELD_TYPE_MONEY:
		return money(v)
	case recordv1.FieldType_FIELD_TYPE_BOOLEAN:
		if _, ok := v.(bool); !ok {
			return nil, "give true or false"
		}
		return v, ""
	case recordv1.FieldType_FIELD_TYPE_REFERENCES:
		return references(v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, "give a text"
	}
	if problem := unreadable(s); problem != "" {
		return nil, problem
	}
	if s = strings.TrimSpace(s); s == "" {
		return nil, ""
	}
	return normaliseText(f, s)
}

// normaliseText is for the types that are stored as text.
func normaliseText(f *recordv1.Field, s string) (any, string) {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_TEXT:
		return line(s)
	case recordv1.FieldType_FIELD_TYPE_LONG_TEXT:
		return lines(s)
	case recordv1.FieldType_FIELD_TYPE_DATE:
		return day(s)
	case recordv1.FieldType_FIELD_TYPE_DATETIME:
		return moment(s)
	case recordv1.FieldType_FIELD_TYPE_SELECTION:
		return choice(f, s)
	case recordv1.FieldType_FIELD_TYPE_REFERENCE, recordv1.FieldType_FIELD_TYPE_FILE:
		return reference(s)
	case recordv1.FieldType_FIELD_TYPE_EMAIL:
		return email(s)
	case recordv1.FieldType_FIELD_TYPE_PHONE:
		return phone(s)
	case recordv1.FieldType_FIELD_TYPE_URL:
		return webAddress(s)
	default:
		return nil, "the field has a type that this server does not know"
	}
}

// unreadable refuses what PostgreSQL cannot store as text.
func unreadable(s string) string {
	switch {
	case !utf8.ValidString(s):
		return "the text is not UTF-8; save the file as UTF-8"
	case strings.ContainsRune(s, 0):
		return "the text has a zero character; leave it out"
	default:
		return ""
	}
}

// line is one line of text: breaks and tabs in it become spaces.
func line(s string) (any, string) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
	return limited(strings.TrimSpace(s), maxText)
}

// lines is text with one kind of line break, and of other control characters
// the tab alone.
func lines(s string) (any, string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return limited(strings.TrimSpace(s), maxLongText)
}

func limited(s string, most int) (any, string) {
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return nil, ""
	case n > most:
		return nil, "the text has " + grouped(n) + " characters; use at most " + grouped(most)
	default:
		return s, ""
	}
}

func integer(v any) (any, string) {
	n, ok := v.(float64)
	switch {
	case !ok:
		return nil, "give a whole number"
	case math.IsNaN(n) || n != math.Trunc(n):
		return nil, "give a whole number, without decimals"
	case math.Abs(n) > maxExact:
		return nil, "the number is too big; numbers go to 9,007,199,254,740,992"
	default:
		return n + 0, "" // -0 is 0
	}
}

func choice(f *recordv1.Field, s string) (any, string) {
	for _, o := range f.GetOptions() {
		if o.GetValue() == s {
			return s, ""
		}
	}
	return nil, "there is no option " + quoted(s) + "; choose one of " + optionValues(f)
}

func optionValues(f *recordv1.Field) string {
	const shown = 12
	var values []string
	for i, o := range f.GetOptions() {
		if i == shown {
			values = append(values, "...")
			break
		}
		values = append(values, o.GetValue())
	}
	return strings.Join(values, ", ")
}

func reference(s string) (any, string) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) || id == uuid.Nil {
		return nil, quoted(s) + " is no id; give the UUID of what it refers to"
	}
	return id.String(), ""
}

// references keeps the order, and each id once.
func references(v any) (any, string) {
	list, ok := v.([]any)
	if !ok {
		return nil, "give a list of ids"
	}
	if len(list) > maxReferences {
		return nil, "there are " + grouped(len(list)) + " references; a field has at most " + grouped(maxReferences)
	}
	ids, seen := []any{}, map[any]bool{}
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			return nil, "give a list of ids"
		}
		id, problem := reference(strings.TrimSpace(s))
		if problem != "" {
			return nil, problem
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, ""
	}
	return ids, ""
}

// quoted shows a value in a message without its repeating a whole file.
func quoted(s string) string {
	const shown = 40
	if r := []rune(s); len(r) > shown {
		s = string(r[:shown]) + "..."
	}
	return `"` + s + `"`
}
