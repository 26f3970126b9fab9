package record

import (
	"context"
	"strconv"
	"strings"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

// show is a value as a person reads it: the label of an option, the names of
// what is referred to, an amount with its currency. With all false, names that
// the caller may not read are left out.
func show(f *recordv1.Field, v any, n *names, all bool) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any:
		amount, _ := v["amount"].(string)
		code, _ := v["currency"].(string)
		return amount + " " + code
	case []any:
		return strings.Join(n.titles(f, v, all), ", ")
	case string:
		return showText(f, v, n, all)
	default:
		return ""
	}
}

func showText(f *recordv1.Field, v string, n *names, all bool) string {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_SELECTION:
		for _, o := range f.GetOptions() {
			if o.GetValue() == v {
				return o.GetLabel()
			}
		}
		return v // an option that is no more
	case recordv1.FieldType_FIELD_TYPE_DATETIME:
		return shownMoment(v)
	case recordv1.FieldType_FIELD_TYPE_REFERENCE, recordv1.FieldType_FIELD_TYPE_FILE:
		return strings.Join(n.titles(f, v, all), ", ")
	default:
		return v
	}
}

// showsItself says whether a field's value is what a person reads, so that
// display would only repeat it.
func showsItself(f *recordv1.Field) bool {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_TEXT, recordv1.FieldType_FIELD_TYPE_LONG_TEXT, recordv1.FieldType_FIELD_TYPE_EMAIL,
		recordv1.FieldType_FIELD_TYPE_PHONE, recordv1.FieldType_FIELD_TYPE_URL:
		return true
	default:
		return false
	}
}

// answer makes of records of one type what the caller may see of them, with all
// names looked up at once.
func (h *Handler) answer(ctx context.Context, tx db.DBTX, c access.Caller, t *Type, records ...*stored) ([]*recordv1.Record, error) {
	p := newPointers()
	for _, r := range records {
		for name, v := range r.values {
			if f := t.field(c, name); f != nil {
				p.add(f, v)
			}
		}
	}
	n, err := h.names(ctx, tx, c, p)
	if err != nil {
		return nil, err
	}
	out := make([]*recordv1.Record, len(records))
	for i, r := range records {
		out[i] = r.proto(t, c)
		out[i].Display = display(t, c, r.values, n)
	}
	return out, nil
}

// answerOne is answer for one record.
func (h *Handler) answerOne(ctx context.Context, c access.Caller, t *Type, r *stored) (*recordv1.Record, error) {
	out, err := h.answer(ctx, h.db, c, t, r)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func display(t *Type, c access.Caller, v values, n *names) map[string]string {
	shown := make(map[string]string, len(v))
	for name, value := range v {
		f := t.field(c, name)
		if f == nil || showsItself(f) {
			continue
		}
		shown[name] = show(f, value, n, false)
	}
	return shown
}
