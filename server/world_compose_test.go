package server_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
)

// prepare has Ada keep a template for tickets, a draft, and notes on the record
// that are to be posted later.
func (w *world) prepare(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	made, err := w.admin.Compose.CreateMessageTemplate(ctx, &composev1.CreateMessageTemplateRequest{
		RequestId: uuid.NewString(), RecordType: "ticket", Name: "For " + markRecord, Subject: markRecord + " {{ record.number }}",
		Body: "Dear {{ record.customer.name }}, " + markRecord,
	})
	require.NoError(t, err)
	w.messageTemplate = made.GetTemplate().GetId()
	_, err = w.admin.Compose.SaveDraft(ctx, &composev1.SaveDraftRequest{
		ThreadId: w.record.thread, Internal: true, Content: &composev1.Content{Body: markRecord + " " + markNote}, Revision: 1,
	})
	require.NoError(t, err)
	for range 3 { // one to read and change, one to send, one to cancel
		res, err := w.admin.Compose.ScheduleMessage(ctx, &composev1.ScheduleMessageRequest{
			RequestId: uuid.NewString(), ThreadId: w.record.thread, Internal: true, SendTime: timestamppb.New(time.Now().Add(time.Hour)),
			Content: &composev1.Content{Body: markRecord + " " + markNote + " later"},
		})
		require.NoError(t, err)
		w.scheduled = append(w.scheduled, res.GetScheduledMessage().GetId())
	}
}
