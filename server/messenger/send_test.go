package messenger_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
	"github.com/parley-chat/parley/server/thread"
)

const newsText = "Ticket T-77\n\nHello Carla Rossi, about Roof leaks {{ user.name }} by Ada Admin: Carla Rossi, we are at it.\n\nFernhill"

// A template is seen filled in, sent, and its delivery shows on the message. A
// value that looks like a placeholder is a value.
//
// Spec: C11
func TestSend_WhatThePreviewShows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	preview, err := b.h.PreviewWhatsApp(b.ctx, &messengerv1.PreviewWhatsAppRequest{ThreadId: b.ticket, TemplateId: template.GetId(), ContactId: b.carla})
	require.NoError(t, err)
	require.Equal(t, newsText, preview.GetText())
	require.Equal(t, "+46701740605", preview.GetPhone(), "the connection's country makes the number whole")
	require.Equal(t, []string{"Thanks", "See"}, preview.GetButtons())
	require.Empty(t, preview.GetProblems())
	require.Zero(t, b.queue.count())

	m, job := b.send(t, template.GetId())
	require.Equal(t, newsText, m.GetBody())
	require.False(t, m.GetInternal())
	require.Equal(t, thread.SubtypeDiscussions, m.GetSubtype())
	require.Equal(t, b.admin.ID.String(), m.GetAuthor().GetId())
	d := b.requireState(t, m, ready)
	require.Equal(t, "+46701740605", d.GetAddress())
	require.Equal(t, b.carla, d.GetParty().GetId())
	require.Equal(t, threadv1.DeliveryChannel_DELIVERY_CHANNEL_WHATSAPP, d.GetChannel())

	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Empty(t, b.requireState(t, m, sent).GetReason())
	require.NoError(t, b.h.Attempt(t.Context(), job, false), "a job that runs twice")
	require.Len(t, b.fake.Sent(), 1)
	got := b.fake.Sent()[0]
	require.Equal(t, "+46701740605", got.To)
	require.Equal(t, map[string]string{
		"header.1": "T-77", "body.1": "Carla Rossi", "body.2": "Roof leaks {{ user.name }} by Ada Admin", "button.1": "T-77",
	}, got.Parameters)
}

// Spec: C11
func TestSend_FillsGapsWithNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bound(t)
	id := b.templates(t)["named_one"].GetId()
	_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{
		Id: id, RecordType: "ticket", Parameters: []*messengerv1.TemplateParameter{{Name: "body.first_name", Value: "{{ contact.name }}"}},
	}})
	require.NoError(t, err)
	m, job := b.send(t, id)
	require.Equal(t, "Dear Carla Rossi, bye.", m.GetBody())
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Equal(t, map[string]string{"body.first_name": "Carla Rossi"}, b.fake.Sent()[0].Parameters)
}

// What cannot be sent is refused, and the preview says why before.
//
// Spec: C11 M13
func TestSend_RefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	mute := b.create(t, "contact", object{"name": "Mute", "kind": "person", "phone": "112"})
	lead := b.create(t, "lead", object{"title": "A lead"})
	for _, name := range []string{"welcome", "picture"} {
		_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{
			Template: &messengerv1.WhatsAppTemplate{Id: b.templates(t)[name].GetId(), RecordType: "ticket"},
		})
		require.NoError(t, err)
	}
	try := func(reason, thread, template, contact string) {
		t.Helper()
		preview, err := b.h.PreviewWhatsApp(b.ctx, &messengerv1.PreviewWhatsAppRequest{ThreadId: thread, TemplateId: template, ContactId: contact})
		require.NoError(t, err)
		require.NotEmpty(t, preview.GetProblems())
		require.Equal(t, reason, preview.GetProblems()[0].GetReason())
		_, err = b.h.SendWhatsApp(b.ctx, &messengerv1.SendWhatsAppRequest{
			RequestId: uuid.NewString(), ThreadId: thread, TemplateId: template, ContactId: contact,
		})
		requireFault(t, err, fault.Precondition, reason)
	}
	try("TEMPLATE_NOT_APPROVED", b.ticket, b.templates(t)["welcome"].GetId(), b.carla)
	try("TEMPLATE_UNSUPPORTED", b.ticket, b.templates(t)["picture"].GetId(), b.carla)
	try("TEMPLATE_OTHER_TYPE", lead, template.GetId(), b.carla)
	try("CONTACT_WITHOUT_PHONE", b.ticket, template.GetId(), mute)
	bare := b.create(t, "ticket", object{"title": "No number", "number": "x"})
	_, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{
		Id: template.GetId(), RecordType: "ticket", Parameters: []*messengerv1.TemplateParameter{{Name: "header.1", Value: "{{ contact.website }}"}},
	}})
	require.NoError(t, err)
	try("PARAMETER_EMPTY", bare, template.GetId(), b.carla)
	_, err = b.h.DeactivateConnection(b.ctx, &messengerv1.DeactivateConnectionRequest{ConnectionId: connection.GetId()})
	require.NoError(t, err)
	try("CONNECTION_INACTIVE", b.ticket, template.GetId(), b.carla)

	send := func(thread, template, contact string) error {
		_, err := b.h.SendWhatsApp(b.ctx, &messengerv1.SendWhatsAppRequest{RequestId: uuid.NewString(), ThreadId: thread, TemplateId: template, ContactId: contact})
		return err
	}
	requireFault(t, send(b.ticket, uuid.NewString(), b.carla), fault.NotFound, "TEMPLATE_NOT_FOUND")
	requireFault(t, send(b.ticket, template.GetId(), uuid.NewString()), fault.NotFound, "CONTACT_NOT_FOUND")
	requireFault(t, send(b.ticket, template.GetId(), lead), fault.NotFound, "CONTACT_NOT_FOUND")
	requireFault(t, send(uuid.NewString(), template.GetId(), b.carla), fault.NotFound, "THREAD_NOT_FOUND")
	require.Zero(t, b.queue.count())
	require.Empty(t, b.fake.Sent())
}

// Spec: C11 A9
func TestSend_OnceForEachRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	req := b.sending(template.GetId())
	first, err := b.h.SendWhatsApp(b.ctx, req)
	require.NoError(t, err)
	b.fake.SetTemplates()
	b.sync(t, template.GetConnectionId())
	again, err := b.h.SendWhatsApp(b.ctx, req)
	require.NoError(t, err, "whatever became of the template since")
	require.Equal(t, first.GetMessage().GetId(), again.GetMessage().GetId())
	require.Equal(t, 1, b.queue.count())
	req.ContactId = b.create(t, "contact", object{"name": "Other", "kind": "person", "phone": "+4670111222"})
	_, err = b.h.SendWhatsApp(b.ctx, req)
	requireFault(t, err, fault.Invalid, "REQUEST_ID_REUSED")
}

// An attempt whose answer is lost is made again and says so.
//
// Spec: C11
func TestAttempt_SaysThatItMayHaveComeTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	m, job := b.send(t, template.GetId())
	b.fake.SetAfter(hangUp)
	require.Error(t, b.h.Attempt(t.Context(), job, false), "it is tried again")
	require.Contains(t, b.requireState(t, m, ready).GetReason(), "not known")
	b.fake.SetAfter(nil)
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Contains(t, b.requireState(t, m, sent).GetReason(), "twice")
	require.Len(t, b.fake.Sent(), 2)
}

// hangUp takes a message and closes the line without a word.
func hangUp(w http.ResponseWriter, _ whatsapptest.Sent) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
	return true
}

// If the messenger reports the first one meanwhile, there is no second.
//
// Spec: C11
func TestAttempt_IsNotMadeAgainWhenTheMessengerReports(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	m, job := b.send(t, template.GetId())
	b.fake.SetAfter(hangUp)
	require.Error(t, b.h.Attempt(t.Context(), job, false))
	b.fake.SetAfter(nil)
	first := b.fake.Sent()[0]
	require.Equal(t, 200, b.report(t, connection, whatsapptest.Statuses(t, whatsapptest.Status{ID: first.ID, Status: "sent", Reference: first.Reference})))
	b.requireState(t, m, sent)
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Len(t, b.fake.Sent(), 1)
	require.Empty(t, b.delivery(t, m).GetReason())

	// Not even after the last try was given up.
	m, job = b.send(t, template.GetId())
	b.fake.SetAfter(hangUp)
	require.NoError(t, b.h.Attempt(t.Context(), job, true))
	b.requireState(t, m, failed)
	late := b.fake.Sent()[1]
	require.Equal(t, 200, b.report(t, connection, whatsapptest.Statuses(t, whatsapptest.Status{ID: late.ID, Status: "delivered", Reference: late.Reference})))
	b.requireState(t, m, delivered)
}

// Spec: C11
func TestAttempt_WaitsForAMessengerThatIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	m, job := b.send(t, template.GetId())
	b.fake.SetFail(func(w http.ResponseWriter, _ *http.Request) bool {
		whatsapptest.Fail(w, http.StatusTooManyRequests, 130429, "Rate limit hit", "Cloud API message throughput has been reached")
		return true
	})
	require.Error(t, b.h.Attempt(t.Context(), job, false))
	require.Contains(t, b.requireState(t, m, ready).GetReason(), "throughput")
	require.NoError(t, b.h.Attempt(t.Context(), job, true), "the last try ends it")
	b.requireState(t, m, failed)
	b.fake.SetFail(nil)

	jobs := b.queue.count()
	b.retry(t, m)
	require.Equal(t, jobs+1, b.queue.count())
	require.NoError(t, b.h.Dispatch(t.Context()))
	require.Equal(t, jobs+1, b.queue.count(), "one job is enough")
	b.requireState(t, m, ready)
	require.NoError(t, b.h.Attempt(t.Context(), b.queue.last(t), false))
	require.Empty(t, b.requireState(t, m, sent).GetReason(), "it was sent once for sure")
	require.Len(t, b.fake.Sent(), 1)
}

// Spec: C11
func TestAttempt_FailsForGoodWhereTheMessengerRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	m, job := b.send(t, template.GetId())
	b.fake.SetFail(func(w http.ResponseWriter, _ *http.Request) bool {
		whatsapptest.Fail(w, http.StatusBadRequest, 131026, "Message undeliverable", "Recipient is not on WhatsApp")
		return true
	})
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Contains(t, b.requireState(t, m, failed).GetReason(), "not on WhatsApp")

	m, job = b.send(t, template.GetId())
	_, err := b.h.DeactivateConnection(b.ctx, &messengerv1.DeactivateConnectionRequest{ConnectionId: connection.GetId()})
	require.NoError(t, err)
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Contains(t, b.requireState(t, m, failed).GetReason(), "off")
	_, err = b.h.ActivateConnection(b.ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: connection.GetId()})
	require.Error(t, err)
	b.fake.SetFail(nil)
	_, err = b.h.ActivateConnection(b.ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: connection.GetId()})
	require.NoError(t, err)

	m, job = b.send(t, template.GetId())
	b.fake.SetTemplates()
	b.sync(t, connection.GetId())
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Contains(t, b.requireState(t, m, failed).GetReason(), "not approved any more")
	require.Empty(t, b.fake.Sent())
}

// Spec: C11
func TestAttempt_SendsNothingThatWasTakenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	m, job := b.send(t, template.GetId())
	_, err := b.node.Threads.Delete(t.Context(), thread.Change{
		Workspace: b.admin.Workspace, Thread: uuid.MustParse(b.ticket), Message: uuid.MustParse(m.GetId()), Editor: b.admin,
	})
	require.NoError(t, err)
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	require.Empty(t, b.fake.Sent())
	var state int16
	require.NoError(t, b.node.Pool.QueryRow(t.Context(), "SELECT state FROM delivery WHERE id = $1", job.Delivery).Scan(&state))
	require.EqualValues(t, cancelled, state)
}

// Who may not write in the thread sends nothing from it, and a delivery is not
// for those outside.
//
// Spec: C11 C4
func TestSend_IsForThoseWhoMayWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, template := b.bound(t)
	m, _ := b.send(t, template.GetId())
	for _, c := range []access.Caller{{}, {Kind: access.Visitor, Workspace: b.admin.Workspace, ID: uuid.New()}, {Kind: access.User, Workspace: uuid.New(), ID: uuid.New()}} {
		ctx := access.WithCaller(context.Background(), c)
		_, err := b.h.SendWhatsApp(ctx, b.sending(template.GetId()))
		require.ErrorIs(t, err, access.ErrThreadNotFound)
		_, err = b.h.PreviewWhatsApp(ctx, &messengerv1.PreviewWhatsAppRequest{ThreadId: b.ticket, TemplateId: template.GetId(), ContactId: b.carla})
		require.ErrorIs(t, err, access.ErrThreadNotFound)
	}
	stored, err := b.node.Threads.Get(t.Context(), b.admin.Workspace, uuid.MustParse(b.ticket), uuid.MustParse(m.GetId()))
	require.NoError(t, err)
	outside := thread.Redact(&stored, thread.Outside)
	require.Empty(t, outside.GetDeliveries())
	require.Zero(t, outside.GetDeliveryCount())
}
