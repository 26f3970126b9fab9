package mailgate_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/mail"
)

// Each recipient gets each message exactly once, though the mail server refuses for a
// while, and nodes come and go meanwhile; and each mail has one id.
// Spec: C5 C14
func TestEachRecipient_GetsEachMessageOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tried := map[string]bool{} // by the bounce address, of which each delivery has its own
	b.box.mu.Lock()
	b.box.deliver = func(e mail.Envelope) error {
		if !tried[e.From] {
			tried[e.From] = true
			return errors.New("the disk is full")
		}
		return nil
	}
	b.box.mu.Unlock()
	ticket := b.record("ticket", map[string]any{"title": "Printer"})
	var people []string
	for i := range 4 {
		people = append(people, fmt.Sprintf("person%d@navy.test", i))
		id := b.contact(fmt.Sprintf("Person %d", i), people[i])
		_, err := b.ada.Chatter.AddFollower(t.Context(), &chatterv1.AddFollowerRequest{ThreadId: ticket, PartyId: id})
		require.NoError(t, err)
	}
	other := b.node.Join(t, listening)
	const messages = 5
	for i := range messages {
		b.say(ticket, fmt.Sprintf("Message %d", i))
		if i == 2 {
			other.Stop()
		}
	}
	again := b.node.Join(t)
	settled(t, b)
	again.Stop()
	require.Equal(t, messages*len(people), b.box.count())
	for _, p := range people {
		seen := map[string]bool{}
		for _, m := range b.box.to(p) {
			require.Equal(t, []string{p}, m.envelope.To, "one mail a recipient")
			require.Len(t, m.To, 1)
			require.False(t, seen[m.MessageID], "%s got %s twice", p, m.MessageID)
			seen[m.MessageID] = true
		}
		require.Len(t, seen, messages)
	}
}

// While the mail server is down mails wait, and that shows; then they go.
// Spec: C5a C14
func TestMailServerDown_MailsWait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://127.0.0.1:9" })
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": b.contact("Grace", "grace@navy.test")})
	m := b.say(ticket, "Hello")
	require.Eventually(t, func() bool { return b.state(ticket, m.GetId(), "grace@navy.test").GetReason() != "" }, 30*time.Second, 50*time.Millisecond)
	d := b.state(ticket, m.GetId(), "grace@navy.test")
	require.Equal(t, threadv1.DeliveryState_DELIVERY_STATE_READY, d.GetState())
	require.Contains(t, d.GetReason(), "refused")
	b.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://" + b.box.listen(t) })
	b.waitFor(ticket, m.GetId(), "grace@navy.test", threadv1.DeliveryState_DELIVERY_STATE_SENT)
	require.Len(t, b.box.to("grace@navy.test"), 1)
}
