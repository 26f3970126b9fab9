package expr

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strconv"
	"time"
)

// A value is one of: nil (absent), bool, string, *big.Rat, time.Time, span and
// []string. Time has microseconds, as PostgreSQL's has.

// span is a duration in microseconds. time.Duration would end at 292 years.
type span int64

const (
	dateLayout = "2006-01-02"
	timeLayout = "2006-01-02T15:04:05.000000Z"
)

// stored turns a field's value as it is in the record's JSON into a value. What
// has not the shape of its type counts as absent.
func stored(t FieldType, raw any) any {
	switch t.kind() {
	case kindNumber:
		return storedNumber(raw)
	case kindBool:
		if b, ok := raw.(bool); ok {
			return b
		}
		return nil
	case kindTime:
		return storedTime(raw)
	case kindTexts:
		return storedTexts(raw)
	default:
		if s, ok := raw.(string); ok {
			return s
		}
		return nil
	}
}

func storedNumber(raw any) any {
	switch v := raw.(type) {
	case string:
		return parseNumber(v)
	case json.Number:
		return parseNumber(v.String())
	case float64:
		return parseNumber(strconv.FormatFloat(v, 'f', -1, 64))
	case int64:
		return new(big.Rat).SetInt64(v)
	case int:
		return new(big.Rat).SetInt64(int64(v))
	case map[string]any:
		return storedNumber(v["amount"])
	default:
		return nil
	}
}

// parseNumber reads plain decimal notation, and nothing else that big.Rat would
// read: a fraction or a huge exponent is no stored number.
func parseNumber(s string) any {
	if !plainDecimal(s) {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func plainDecimal(s string) bool {
	digits, dots := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && dots == 0:
			dots++
		case c == '-' && i == 0:
		default:
			return false
		}
	}
	return digits > 0
}

func storedTime(raw any) any {
	switch v := raw.(type) {
	case time.Time:
		return microseconds(v)
	case string:
		return parseTime(v)
	default:
		return nil
	}
}

func parseTime(s string) any {
	layout := time.RFC3339Nano
	if len(s) == len(dateLayout) {
		layout = dateLayout
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return nil
	}
	return microseconds(t)
}

func microseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func storedTexts(raw any) []string {
	switch v := raw.(type) {
	case []string:
		return v
	case []any:
		texts := make([]string, 0, len(v))
		for _, item := range v {
			if s, ok := item.(string); ok {
				texts = append(texts, s)
			}
		}
		return texts
	default:
		return nil
	}
}

// currency returns the currency of a stored money value, or nil.
func currency(raw any) any {
	m, ok := raw.(map[string]any)
	if !ok {
		return nil
	}
	return stored(Text, m["currency"])
}

// present reports what has() says of a stored value.
func present(t FieldType, raw any) bool {
	if t == References {
		return len(storedTexts(raw)) > 0
	}
	return raw != nil
}

// decimalText writes r exactly. Every number of this language is a finite
// decimal: there is no division.
func decimalText(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

// seconds writes d in seconds with microseconds.
func (d span) seconds() string {
	return decimalText(big.NewRat(int64(d), 1_000_000))
}

// compare orders two present values of the same kind.
func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		return cmp.Compare(x, b.(string))
	case *big.Rat:
		return x.Cmp(b.(*big.Rat))
	case time.Time:
		return x.Compare(b.(time.Time))
	case span:
		return cmp.Compare(x, b.(span))
	default:
		return cmp.Compare(toBit(a), toBit(b))
	}
}

// toBit orders false before true, as CEL and PostgreSQL do.
func toBit(v any) int {
	if v == true {
		return 1
	}
	return 0
}
