package mailgate

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

const (
	// maxTitle is how much of a subject becomes a title, in characters.
	maxTitle = 300
	// noSubject is the title of what a mail without a subject opened.
	noSubject = "(no subject)"
	// maxLine is how long a field of one line may be, in characters.
	maxLine = 1000
)

// opening is the record that a mail opens.
type opening struct {
	recordType, bodyField string
	// fields are those that it begins with, as JSON; nil for none.
	fields    []byte
	followers []uuid.UUID
	// place is the alias's id; empty if it did not come by one.
	place string
}

func recordOf(a *db.MailAlias) *opening {
	return &opening{recordType: a.RecordType, bodyField: a.BodyField, fields: a.Fields, followers: a.FollowerIds, place: a.ID.String()}
}

// openRecord makes a record of a mail, as the caller in ctx, and the mail its first
// message.
func (h *Handler) openRecord(ctx context.Context, l *letter, o *opening) (*mailv1.MailResult, error) {
	res, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: o.recordType})
	if err != nil {
		return nil, fmt.Errorf("find record type: %w", err)
	}
	kind := res.GetRecordType()
	w, err := h.author(ctx, l.workspace, uuid.Nil, "", l.facts)
	if err != nil {
		return nil, err
	}
	fields, err := fieldsOf(kind, o, l, w)
	if err != nil {
		return nil, err
	}
	made, err := h.createRecord(ctx, o.recordType, fields, requestOf("record", l.facts.IDs[0], o.place))
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(made.GetId())
	if err != nil {
		return nil, fmt.Errorf("read record id: %w", err)
	}
	p, err := h.posting(ctx, l, access.Facts{ID: id, Kind: access.KindRecord, RecordType: o.recordType})
	if err != nil {
		return nil, err
	}
	p.outcome = mailv1.MailOutcome_MAIL_OUTCOME_RECORD
	p.writer, p.place, p.followers, p.follows, p.outside = w, o.place, o.followers, !w.user, true
	return h.post(ctx, l, p)
}

// fieldsOf are the fields of the record that a mail opens.
func fieldsOf(kind *recordv1.RecordType, o *opening, l *letter, w *writer) (*structpb.Struct, error) {
	fields := &structpb.Struct{}
	if len(o.fields) > 0 {
		if err := protojson.Unmarshal(o.fields, fields); err != nil {
			return nil, fmt.Errorf("read an alias's fields: %w", err)
		}
	}
	if fields.Fields == nil {
		fields.Fields = make(map[string]*structpb.Value)
	}
	title := cut(l.in.Subject, maxTitle)
	if title == "" {
		title = noSubject
	}
	fields.Fields[kind.GetTitleField()] = structpb.NewStringValue(title)
	for _, f := range kind.GetFields() {
		switch {
		case o.bodyField == "" || f.GetName() != o.bodyField:
		case f.GetType() == recordv1.FieldType_FIELD_TYPE_LONG_TEXT:
			fields.Fields[o.bodyField] = structpb.NewStringValue(cut(l.in.Text, maxBody))
		case f.GetType() == recordv1.FieldType_FIELD_TYPE_TEXT:
			fields.Fields[o.bodyField] = structpb.NewStringValue(cut(l.in.Text, maxLine))
		}
	}
	if customer := kind.GetCustomerField(); customer != "" {
		fields.Fields[customer] = structpb.NewStringValue(w.ID.String())
	}
	return fields, nil
}
