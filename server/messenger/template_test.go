package messenger_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
)

const (
	approved = messengerv1.TemplateState_TEMPLATE_STATE_APPROVED
	pending  = messengerv1.TemplateState_TEMPLATE_STATE_PENDING
	rejected = messengerv1.TemplateState_TEMPLATE_STATE_REJECTED
	gone     = messengerv1.TemplateState_TEMPLATE_STATE_DELETED
)

// Spec: C11 M13
func TestSync_BringsEveryTemplateWithItsState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all, res := b.sync(t, b.connect(t).GetId())
	require.EqualValues(t, 5, res.GetTemplateCount(), "over several pages")
	require.EqualValues(t, 3, res.GetApprovedCount())
	news := all["ticket_news"]
	require.Equal(t, approved, news.GetState())
	require.Equal(t, "Hello {{1}}, about {{2}}: {{1}}, we are at it.", news.GetBody())
	require.Equal(t, []string{"Thanks", "See"}, news.GetButtons())
	names := map[string]string{}
	for _, p := range news.GetParameters() {
		names[p.GetName()] = p.GetExample()
	}
	require.Equal(t, map[string]string{"header.1": "T-1", "body.1": "Ann", "body.2": "a leak", "button.1": "T-1"}, names)
	require.Equal(t, "body.first_name", all["named_one"].GetParameters()[0].GetName())
	require.Equal(t, pending, all["welcome"].GetState())
	require.Equal(t, rejected, all["rude"].GetState())
	require.Equal(t, "ABUSIVE_CONTENT", all["rude"].GetStateReason())
	require.True(t, news.GetSupported())
	require.False(t, all["picture"].GetSupported())
}

// Spec: C11 M13
func TestSync_KeepsBindingsAndMarksWhatIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, bound := b.bound(t)
	now := templates()
	now[0].Status, now[1].Status = "PAUSED", "APPROVED"
	b.fake.SetTemplates(now[:2]...)
	all, res := b.sync(t, connection.GetId())
	require.EqualValues(t, 2, res.GetTemplateCount())
	require.EqualValues(t, 3, res.GetDeletedCount())
	require.Equal(t, messengerv1.TemplateState_TEMPLATE_STATE_PAUSED, all["ticket_news"].GetState())
	require.Equal(t, bound.GetId(), all["ticket_news"].GetId())
	require.Equal(t, "ticket", all["ticket_news"].GetRecordType())
	require.Equal(t, "{{ record.number }}", all["ticket_news"].GetParameters()[0].GetValue())
	require.Equal(t, approved, all["welcome"].GetState())
	require.Equal(t, gone, all["rude"].GetState())
	_, again := b.sync(t, connection.GetId())
	require.Zero(t, again.GetDeletedCount(), "they are gone once")
}

// Spec: C11 M13
func TestReport_ChangesATemplatesState(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection := b.connect(t)
	b.sync(t, connection.GetId())
	require.Equal(t, 200, b.report(t, connection, whatsapptest.TemplateEvent(t, 1002, "APPROVED", "NONE")))
	require.Equal(t, approved, b.templates(t)["welcome"].GetState())
	require.Equal(t, 200, b.report(t, connection, whatsapptest.TemplateEvent(t, 1002, "FLAGGED", "")))
	require.Equal(t, approved, b.templates(t)["welcome"].GetState(), "a warning")
	require.Equal(t, 200, b.report(t, connection, whatsapptest.TemplateEvent(t, 1002, "REJECTED", "INVALID_FORMAT")))
	require.Equal(t, rejected, b.templates(t)["welcome"].GetState())
	require.Equal(t, "INVALID_FORMAT", b.templates(t)["welcome"].GetStateReason())
}

// Spec: C11
func TestBind_NamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all, _ := b.sync(t, b.connect(t).GetId())
	bind := func(recordType, parameter, value string) error {
		_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{
			Id: all["ticket_news"].GetId(), RecordType: recordType,
			Parameters: []*messengerv1.TemplateParameter{{Name: parameter, Value: value}},
		}})
		return err
	}
	requireFault(t, bind("nonsense", "body.1", "x"), fault.Invalid, "RECORD_TYPE_UNKNOWN")
	requireFault(t, bind("ticket", "body.9", "x"), fault.Invalid, "PARAMETER_UNKNOWN")
	for value, name := range map[string]string{
		"{{ record.colour }}": "record.colour", "{{contact.shoe_size}}": "contact.shoe_size", "{{ user.password }}": "user.password",
		"{{ record.customer.name }}": "record.customer.name",
	} {
		f := requireFault(t, bind("ticket", "body.1", value), fault.Invalid, "PLACEHOLDER_UNKNOWN")
		require.Equal(t, name, f.Metadata["placeholder"], value)
		require.Contains(t, f.Message, name)
	}
	for _, value := range []string{"{{ secret }}", "{{ record.title | upper }}", "{{ record.title", "{{}}"} {
		f := requireFault(t, bind("ticket", "body.1", "Hi "+value), fault.Invalid, "PLACEHOLDER_INVALID")
		require.Equal(t, value, f.Metadata["placeholder"])
		require.Contains(t, f.Message, value)
	}
	require.NoError(t, bind("ticket", "body.1", "Ticket {{record.number}} {{ record.title }} {{contact.email}} {{ user.name }} 100%"))
	require.NoError(t, bind("", "body.1", "plain words"))
	_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{
		Template: &messengerv1.WhatsAppTemplate{Id: all["ticket_news"].GetId(), RecordType: "lead"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"record_type"}},
	})
	require.NoError(t, err)
	require.Equal(t, "plain words", b.templates(t)["ticket_news"].GetParameters()[1].GetValue(), "what is not named stays")
	_, err = b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{Id: uuid.NewString()}})
	requireFault(t, err, fault.NotFound, "TEMPLATE_NOT_FOUND")
}

// The button is for threads that have something to send.
//
// Spec: C11
func TestThreadTemplates_AreThoseThatCanBeSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, bound := b.bound(t)
	bind := func(name string) {
		_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{
			Template: &messengerv1.WhatsAppTemplate{Id: b.templates(t)[name].GetId(), RecordType: "ticket"},
		})
		require.NoError(t, err)
	}
	bind("welcome") // pending
	bind("picture") // of another shape
	list := func(thread string) []string {
		res, err := b.h.ListThreadTemplates(b.ctx, &messengerv1.ListThreadTemplatesRequest{ThreadId: thread})
		require.NoError(t, err)
		var ids []string
		for _, one := range res.GetTemplates() {
			ids = append(ids, one.GetId())
		}
		return ids
	}
	require.Equal(t, []string{bound.GetId()}, list(b.ticket))
	require.Empty(t, list(b.carla), "not of its type")
	_, err := b.h.DeactivateConnection(b.ctx, &messengerv1.DeactivateConnectionRequest{ConnectionId: connection.GetId()})
	require.NoError(t, err)
	require.Empty(t, list(b.ticket))
}
