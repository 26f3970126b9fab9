package messenger

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/placeholder"
)

// contactType is the record type of people outside.
const contactType = "contact"

// maxFilled bounds what fills a gap, in characters: more than any messenger takes.
const maxFilled = 4096

// checkBinding is the rule of what a template may be bound to. Whoever may change
// it is an administrator, so all fields that there are can be named.
func (h *Handler) checkBinding(ctx context.Context, t *stored) error {
	var fields []*recordv1.Field
	if t.RecordType != "" {
		res, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: t.RecordType})
		if fault.KindOf(err) == fault.NotFound {
			return errRecordType
		}
		if err != nil {
			return err
		}
		fields = res.GetRecordType().GetFields()
	}
	contact, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: contactType})
	if err != nil {
		return err
	}
	for _, text := range t.placeholders {
		parsed, err := placeholder.Parse(text)
		if err == nil {
			err = parsed.Check(func(name string) bool { return known(name, fields, contact.GetRecordType().GetFields()) })
		}
		var failure *fault.Error
		if errors.As(err, &failure) {
			return failure.WithField("template.parameters")
		}
	}
	return nil
}

// known is the rule of which names a parameter may use.
func known(name string, record, contact []*recordv1.Field) bool {
	of, field, _ := strings.Cut(name, ".")
	switch of {
	case "record":
		return field == "title" || hasField(record, field)
	case "contact":
		return field == "title" || hasField(contact, field)
	default:
		return name == "user.name"
	}
}

func hasField(fields []*recordv1.Field, name string) bool {
	return slices.ContainsFunc(fields, func(f *recordv1.Field) bool { return f.GetName() == name })
}

// sources are what placeholders stand for.
type sources struct {
	record, contact *recordv1.Record
	user            string
}

// fill is a text with its placeholders filled in, on one line, as WhatsApp wants
// it. It is empty if one of them stands for nothing that the caller may read: a
// message with a hole in it is not sent.
func (s sources) fill(text string) string {
	parsed, err := placeholder.Parse(text)
	if err != nil {
		return "" // it was bound before the rules were as they are
	}
	filled, unresolved, err := parsed.Fill(s.value, placeholder.Line, maxFilled)
	if err != nil || len(unresolved) > 0 {
		return ""
	}
	return placeholder.Line(filled)
}

func (s sources) value(name string) string {
	of, field, _ := strings.Cut(name, ".")
	switch of {
	case "record":
		return value(s.record, field)
	case "contact":
		return value(s.contact, field)
	default:
		return s.user
	}
}

// value is a field as a person reads it.
func value(r *recordv1.Record, name string) string {
	if shown, ok := r.GetDisplay()[name]; ok {
		return shown
	}
	if v, ok := r.GetFields().GetFields()[name]; ok {
		return v.GetStringValue()
	}
	if name == "title" {
		return r.GetTitle()
	}
	return ""
}

// gapText is a place of a template's text to be filled in.
var gapText = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}`)

// fillGaps is a part of a template with its gaps filled in.
func fillGaps(part, text string, values map[string]string) string {
	return gapText.ReplaceAllStringFunc(text, func(found string) string {
		if v, ok := values[part+"."+gapText.FindStringSubmatch(found)[1]]; ok && v != "" {
			return v
		}
		return found
	})
}
