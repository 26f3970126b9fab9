package mailgate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/mail"
)

// postOffice passes mails on to the node whose domain it is, and keeps the others.
type postOffice struct {
	box
	routes map[string]*mail.Sender
}

// Deliver implements mail.Handler.
func (p *postOffice) Deliver(ctx context.Context, e mail.Envelope, m *mail.Spool) []error {
	to, err := mail.ParseAddress(e.To[0])
	if err != nil {
		return []error{err}
	}
	if results := p.box.Deliver(ctx, e, m); results != nil {
		return results
	}
	if s := p.routes[to.Domain()]; s != nil {
		_, err = s.Send(ctx, e.From, e.To[0], m)
	}
	return []error{err}
}

// Two Parleys that follow each other's records have a conversation, and not a loop:
// each message crosses once, and the authors stay the same.
// Spec: C14
func TestTwoParleys_DoNotLoop(t *testing.T) {
	t.Parallel()
	a, b := setup(t), setup(t)
	office := &postOffice{routes: map[string]*mail.Sender{domain: a.smtp, "mail.beta.example": b.smtp}}
	addr := listen(t, office)
	a.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://" + addr })
	_, err := b.ada.Mail.UpdateMailSettings(t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: &mailv1.MailSettings{
		Domain: "mail.beta.example", ServerUrl: "smtp://" + addr,
	}})
	require.NoError(t, err)
	a.alias("support", "ticket")
	b.alias("help", "ticket")
	beta := a.contact("Beta", "help@mail.beta.example")
	ticket := a.record("ticket", map[string]any{"title": "Shared trouble", "customer": beta})
	a.say(ticket, "Hello Beta, one")

	require.Eventually(t, func() bool { return len(b.records("ticket")) == 1 }, 30*time.Second, 50*time.Millisecond)
	theirs := b.records("ticket")[0].GetId()
	require.Eventually(t, func() bool { return len(b.comments(theirs)) == 1 }, 30*time.Second, 50*time.Millisecond)
	acme := b.contact("Acme", "support@"+domain)
	_, err = b.ada.Chatter.AddFollower(t.Context(), &chatterv1.AddFollowerRequest{ThreadId: theirs, PartyId: acme})
	require.NoError(t, err)
	for i := range 3 {
		b.say(theirs, fmt.Sprintf("Hello Acme, %d", i))
		require.Eventually(t, func() bool { return len(a.comments(ticket)) >= 2*i+2 }, 30*time.Second, 50*time.Millisecond)
		a.say(ticket, fmt.Sprintf("Hello again, %d", i))
		require.Eventually(t, func() bool { return len(b.comments(theirs)) >= 2*i+3 }, 30*time.Second, 50*time.Millisecond)
	}
	settled(t, a, b)
	require.Len(t, a.comments(ticket), 7)
	require.Len(t, b.comments(theirs), 7)
	for _, m := range a.comments(ticket) {
		require.Contains(t, []string{beta, a.ada.UserID.String()}, m.GetAuthor().GetId(), "%s", m.GetAuthor().GetName())
	}
	require.Len(t, a.records("contact"), 1, "not a new contact for each mail")
	require.Len(t, a.records("ticket"), 1)
	require.Len(t, b.records("ticket"), 1)
	require.Empty(t, a.waiting())
	require.LessOrEqual(t, office.count(), 14)
}

// settled waits until nothing is on its way any more.
func settled(t *testing.T, all ...*bundle) {
	t.Helper()
	for _, b := range all {
		require.Eventually(t, func() bool {
			var n int
			err := b.node.Pool.QueryRow(t.Context(), "SELECT count(*) FROM delivery WHERE state = 1").Scan(&n)
			return err == nil && n == 0
		}, 30*time.Second, 50*time.Millisecond)
	}
}

// A sender who writes too much in a short time is held to be a loop: what is beyond
// waits, whatever tag or id it has. Whom the settings trust may go on.
// Spec: C14
func TestSender_WhoWritesTooMuchWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	b.set(func(s *mailv1.MailSettings) { s.LoopLimit = 5 })
	for i := range 8 {
		from := fmt.Sprintf("robot+%d@evil.test", i)
		res := b.deliver(letter(from, "support@"+domain, "Again", fmt.Sprintf("%d@evil.test", i), "And again"))
		want := toRecord
		if i >= 5 {
			want = toWait
		}
		require.Equal(t, want, res[0].GetOutcome(), "mail %d", i)
	}
	require.Len(t, b.records("ticket"), 5)
	require.Len(t, b.waiting(), 3)
	require.Equal(t, mailv1.QuarantineReason_QUARANTINE_REASON_LOOP, b.waiting()[0].GetReason())
	res := b.deliver(letter("grace@navy.test", "support@"+domain, "Hi", "g@navy.test", "Hello"))
	require.Equal(t, toRecord, res[0].GetOutcome(), "others are not held back")
	b.set(func(s *mailv1.MailSettings) { s.TrustedSenders = []string{"@Evil.test"} })
	res = b.deliver(letter("robot@evil.test", "support@"+domain, "Again", "trusted@evil.test", "And again"))
	require.Equal(t, toRecord, res[0].GetOutcome())
}

// What a program wrote is answered with nothing, and waits: in five dialects.
// Spec: C14
func TestAutomaticAnswers_Wait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace := b.contact("Grace", "grace@navy.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	b.say(ticket, "Hello")
	got := b.box.wait(t, "grace@navy.test", 1)
	for i, head := range []string{"Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply", "X-Auto-Response-Suppress: All", "List-Id: <l.navy.test>"} {
		res := b.deliver(got.reply("grace@navy.test", fmt.Sprintf("auto%d@navy.test", i), "I am away", head), got.From.Addr)
		require.Equal(t, toWait, res[0].GetOutcome(), head)
	}
	for i, subject := range []string{"Automatische Antwort: Drucker", "Réponse automatique : imprimante", "Autosvar: skrivare"} {
		res := b.deliver(letter("grace@navy.test", got.From.Addr, subject, fmt.Sprintf("words%d@navy.test", i), "I am away"), got.From.Addr)
		require.Equal(t, toWait, res[0].GetOutcome(), subject)
	}
	settled(t, b)
	require.Len(t, b.comments(ticket), 1)
	require.Equal(t, 1, b.box.count(), "nothing was answered")
	for _, w := range b.waiting() {
		require.Equal(t, mailv1.QuarantineReason_QUARANTINE_REASON_AUTOMATIC, w.GetReason())
	}
}
