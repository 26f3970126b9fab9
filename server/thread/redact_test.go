package thread_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/thread"
)

// Spec: L6
func TestRedact_NoSystemLineTellsOutsidersARealName(t *testing.T) {
	t.Parallel()
	ada := thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_USER, ID: uuid.New(), Name: "Ada Lovelace", PublicName: "Ada from sales"}
	for number := range threadv1.SystemEvent_name {
		event := threadv1.SystemEvent(number)
		m := &thread.Message{Kind: threadv1.MessageKind_MESSAGE_KIND_SYSTEM, Extra: thread.ChatLine(event, &ada)}
		seen := thread.Redact(m, thread.Outside)
		require.Equal(t, event, seen.GetSystem().GetEvent())
		require.NotContains(t, prototext.Format(seen), "Lovelace", event)
	}
	joined := thread.ChatLine(threadv1.SystemEvent_SYSTEM_EVENT_OPERATOR_JOINED, &ada)
	seen := thread.Redact(&thread.Message{Extra: joined}, thread.Outside)
	require.Equal(t, "Ada from sales", seen.GetSystem().GetParty().GetName())

	created := &wirev1.Extra{System: &threadv1.SystemLine{Event: threadv1.SystemEvent_SYSTEM_EVENT_RECORD_CREATED, Party: ada.Party()}}
	seen = thread.Redact(&thread.Message{Extra: created}, thread.Outside)
	require.NotContains(t, prototext.Format(seen), "Lovelace", "a record's line is made for colleagues")
	seen = thread.Redact(&thread.Message{Extra: created}, thread.Members)
	require.Equal(t, "Ada Lovelace", seen.GetSystem().GetParty().GetName())
}
