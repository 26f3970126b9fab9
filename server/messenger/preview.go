package messenger

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/nyaruka/phonenumbers"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// The lengths that WhatsApp takes, in characters.
const (
	maxHeader = 60
	maxBody   = 1024
)

// filled is a template made ready for a contact.
type filled struct {
	template   *stored
	connection db.MessengerConnection
	rights     access.Rights
	contact    *recordv1.Record
	phone      string
	values     map[string]string
	header     string
	body       string
	problems   []problem
}

// problem is what stands in the way of sending, and the parameter at fault.
type problem struct {
	failure   *fault.Error
	parameter string
}

// text is what the thread shows.
func (f *filled) text() string {
	parts := slices.DeleteFunc([]string{f.header, f.body, f.template.content.Footer}, func(s string) bool { return s == "" })
	return strings.Join(parts, "\n\n")
}

func (f *filled) party() *threadv1.Party {
	return &threadv1.Party{Kind: threadv1.PartyKind_PARTY_KIND_CONTACT, Id: f.contact.GetId(), Name: f.contact.GetTitle()}
}

// PreviewWhatsApp implements the contract's method.
func (h *Handler) PreviewWhatsApp(ctx context.Context, req *messengerv1.PreviewWhatsAppRequest) (*messengerv1.PreviewWhatsAppResponse, error) {
	f, err := h.fill(ctx, req.GetThreadId(), req.GetTemplateId(), req.GetContactId())
	if err != nil {
		return nil, err
	}
	res := &messengerv1.PreviewWhatsAppResponse{
		Text: f.text(), Header: f.header, Body: f.body, Footer: f.template.content.Footer, Buttons: f.template.content.Buttons,
		Contact: f.party(), Phone: f.phone,
	}
	for _, p := range f.problems {
		res.Problems = append(res.Problems, &messengerv1.SendProblem{Reason: p.failure.Reason, Message: p.failure.Message, Parameter: p.parameter})
	}
	return res, nil
}

// fill makes a template ready for a contact, with the caller's eyes.
func (h *Handler) fill(ctx context.Context, threadName, templateName, contactName string) (*filled, error) {
	c := access.FromContext(ctx)
	rights, err := h.Gate.Post(ctx, c, uuid.MustParse(threadName))
	if err != nil {
		return nil, err
	}
	if rights.Kind != access.KindRecord {
		return nil, errNoRecord
	}
	f := &filled{rights: rights}
	if f.template, err = h.template(ctx, c.Workspace, uuid.MustParse(templateName)); err != nil {
		return nil, err
	}
	if f.connection, err = h.connection(ctx, c.Workspace, f.template.ConnectionID); err != nil {
		return nil, err
	}
	contact, err := h.Records.GetRecord(ctx, &recordv1.GetRecordRequest{RecordId: contactName})
	if fault.KindOf(err) == fault.NotFound || err == nil && contact.GetRecord().GetType() != contactType {
		return nil, errNoContact
	}
	if err != nil {
		return nil, err
	}
	f.contact = contact.GetRecord()
	if err := h.fillPhone(ctx, f); err != nil {
		return nil, err
	}
	record, err := h.Records.GetRecord(ctx, &recordv1.GetRecordRequest{RecordId: threadName})
	if err != nil {
		return nil, err
	}
	f.fillIn(sources{record: record.GetRecord(), contact: f.contact, user: c.ChatName})
	f.judge()
	return f, nil
}

// fillIn fills the gaps.
func (f *filled) fillIn(from sources) {
	content := &f.template.content
	f.values = make(map[string]string, len(content.Gaps))
	for _, gap := range content.Gaps {
		f.values[gap.Name()] = from.fill(f.template.placeholders[gap.Name()])
	}
	f.header, f.body = fillGaps(PartHeader, content.Header, f.values), fillGaps(PartBody, content.Body, f.values)
}

// judge finds what stands in the way of sending.
func (f *filled) judge() {
	add := func(wrong bool, failure *fault.Error, parameter string) {
		if wrong {
			f.problems = append(f.problems, problem{failure, parameter})
		}
	}
	content := &f.template.content
	add(!f.template.approved(), errNotApproved, "")
	add(content.Unsupported != "", errUnsupported.WithMessage("Parley cannot send a template with %s", content.Unsupported), "")
	add(f.template.RecordType != f.rights.RecordType, errOtherType, "")
	add(!f.connection.Active, errInactive, "")
	add(f.phone == "", errNoPhone, "")
	for _, gap := range content.Gaps {
		name := gap.Name()
		add(f.values[name] == "", errEmpty.With("parameter", name).WithMessage("nothing fills %s: %s", name, why(f.template.placeholders[name])), name)
	}
	add(utf8.RuneCountInString(f.header) > maxHeader || utf8.RuneCountInString(f.body) > maxBody, errTooLong, "")
}

// why says what is missing where nothing fills a gap.
func why(text string) string {
	if text == "" {
		return "an administrator has to say what stands there"
	}
	return text + " is empty here"
}

// fillPhone finds the contact's telephone number: of the fields of that kind the
// first that makes a number, those for mobile telephones before others.
func (h *Handler) fillPhone(ctx context.Context, f *filled) error {
	res, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: contactType})
	if err != nil {
		return err
	}
	var names []string
	for _, field := range res.GetRecordType().GetFields() {
		if field.GetType() == recordv1.FieldType_FIELD_TYPE_PHONE {
			names = append(names, field.GetName())
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return order(a) - order(b) })
	for _, name := range names {
		if f.phone = dialled(value(f.contact, name), f.connection.Country); f.phone != "" {
			return nil
		}
	}
	return nil
}

func order(field string) int {
	switch {
	case strings.Contains(field, "whatsapp"):
		return 0
	case strings.Contains(field, "mobile"):
		return 1
	default:
		return 2
	}
}

// dialled is a telephone number as all the world dials it, "+46701234567", or ""
// if it is none. Without "+" it is of the country.
func dialled(number, country string) string {
	if number == "" {
		return ""
	}
	parsed, err := phonenumbers.Parse(number, country)
	if err != nil || !phonenumbers.IsPossibleNumber(parsed) {
		return ""
	}
	return phonenumbers.Format(parsed, phonenumbers.E164)
}
