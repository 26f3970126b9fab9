package record

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// cell turns what stands in a row into a value that normalise takes. Texts are
// read as people write them in a table; everything else is left to normalise.
// References come back as texts, to be looked up.
func cell(f *recordv1.Field, v any) (any, *wrong) {
	s, ok := v.(string)
	if !ok || unreadable(s) != "" {
		return v, nil
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_INTEGER:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, wrongf(f.GetName(), "%s is no whole number", quoted(s))
		}
		return float64(n), nil
	case recordv1.FieldType_FIELD_TYPE_MONEY:
		return cellMoney(f, s)
	case recordv1.FieldType_FIELD_TYPE_BOOLEAN:
		return cellBoolean(f, s)
	case recordv1.FieldType_FIELD_TYPE_SELECTION:
		return cellChoice(f, s), nil
	case recordv1.FieldType_FIELD_TYPE_REFERENCES:
		var list []any
		for _, item := range strings.Split(s, ";") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, nil
	default:
		return s, nil
	}
}

// cellMoney reads "12.50 EUR" and "EUR 12.50".
func cellMoney(f *recordv1.Field, s string) (any, *wrong) {
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return nil, wrongf(f.GetName(), `%s is no amount with its currency; write it as "12.50 EUR"`, quoted(s))
	}
	amount, code := parts[0], parts[1]
	if _, ok := plain(amount); !ok {
		amount, code = code, amount
	}
	return map[string]any{"amount": amount, "currency": code}, nil
}

func cellBoolean(f *recordv1.Field, s string) (any, *wrong) {
	switch strings.ToLower(s) {
	case "true", "yes", "y", "1", "x":
		return true, nil
	case "false", "no", "n", "0":
		return false, nil
	default:
		return nil, wrongf(f.GetName(), "%s is neither yes nor no", quoted(s))
	}
}

// cellChoice is the value of the option that has this value or, failing that,
// this label.
func cellChoice(f *recordv1.Field, s string) any {
	for _, o := range f.GetOptions() {
		if o.GetValue() == s {
			return s
		}
	}
	for _, o := range f.GetOptions() {
		if strings.EqualFold(o.GetLabel(), s) {
			return o.GetValue()
		}
	}
	return s
}

// tokens are the texts of a reference's value that are not ids.
func tokens(v any) []string {
	var found []string
	switch v := v.(type) {
	case string:
		if v = strings.TrimSpace(v); v != "" && uuid.Validate(v) != nil {
			found = append(found, v)
		}
	case []any:
		for _, item := range v {
			found = append(found, tokens(item)...)
		}
	}
	return found
}

// resolved is a reference's value with the ids that its texts stand for.
func resolved(f *recordv1.Field, v any, known map[string]target) (any, *wrong) {
	switch v := v.(type) {
	case string:
		if len(tokens(v)) == 0 {
			return v, nil
		}
		return known[strings.TrimSpace(v)].id(f, v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			id, w := resolved(f, item, known)
			if w != nil {
				return nil, w
			}
			out[i] = id
		}
		return out, nil
	default:
		return v, nil
	}
}

// target is what a text in a reference stands for: one thing, several or none.
type target struct {
	ids []uuid.UUID
}

func (t target) id(f *recordv1.Field, text string) (any, *wrong) {
	switch len(t.ids) {
	case 0:
		return nil, wrongf(f.GetName(), "there is no %s %s", f.GetTargetType(), quoted(text))
	case 1:
		return t.ids[0].String(), nil
	default:
		return nil, wrongf(f.GetName(), "there are several called %s; give the UUID of the one that is meant", quoted(text))
	}
}
