package activity_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/activity"
	"github.com/parley-chat/parley/server/servertest"
)

// postbox takes digests, or refuses them.
type postbox struct {
	failure error
	taken   []activity.Digest
}

// SendDigest implements activity.Mailer.
func (p *postbox) SendDigest(_ context.Context, _ pgx.Tx, d activity.Digest) error {
	if p.failure == nil {
		p.taken = append(p.taken, d)
	}
	return p.failure
}

// wants says that somebody wants a digest.
func (b *bundle) wants(c *servertest.Client) {
	b.t.Helper()
	_, err := c.Chatter.UpdateNotificationSettings(b.t.Context(), &chatterv1.UpdateNotificationSettingsRequest{
		Settings: &chatterv1.NotificationSettings{ActivityDigest: true},
	})
	require.NoError(b.t, err)
}

// digester is the area with a postbox of the test's own, as a node has it whose
// mail is set up.
func (b *bundle) digester(to activity.Mailer) *activity.Handler {
	c := b.node.Activities.Config
	c.Mailer = to
	return activity.New(c)
}

// Spec: C9
func TestSendDigests_SendsOneADayInTheMorningToWhoWantsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.livesIn(b.anna, "Europe/Kyiv")
	b.livesIn(b.ben, "America/New_York")
	b.wants(b.anna)
	b.wants(b.ben)
	b.schedule(b.ada, "Call", to(b.anna), about("Ask for the order"), due("2026-11-20"))
	b.schedule(b.ada, "To-do", to(b.anna), due("2026-11-23"))
	b.schedule(b.ada, "Meeting", to(b.anna), due("2026-11-24"))
	b.schedule(b.ada, "Meeting", to(b.ada), due("2026-11-20"))
	box := &postbox{}
	h := b.digester(box)
	send := func(moment string) int {
		b.clock.set(moment)
		n, err := h.SendDigests(ctx)
		require.NoError(t, err)
		return n
	}

	require.Zero(t, send("2026-11-23T05:59:00Z"))
	require.Equal(t, 1, send("2026-11-23T06:00:00Z"))
	require.Zero(t, send("2026-11-23T06:01:00Z"))
	require.Len(t, box.taken, 1)
	d := box.taken[0]
	require.Equal(t, b.anna.UserID, d.User)
	require.Equal(t, "anna@acme.example", d.Email)
	require.Equal(t, "2026-11-23", d.Day)
	require.Equal(t, "Activities: 1 due today, 1 overdue", d.Subject)
	require.Contains(t, d.Text, "Call: Ask for the order — Printer on fire (due 2026-11-20)")
	require.NotContains(t, d.Text, "Meeting")
	require.Zero(t, send("2026-11-23T13:00:00Z"), "Ben's morning, and nothing to do")
	require.Equal(t, 1, send("2026-11-24T06:00:00Z"), "the next day")
}

// Spec: C9
func TestSendDigests_CountsNothingAsSentThatWasNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.wants(b.anna)
	b.schedule(b.anna, "Call", due("2026-11-20"))
	b.clock.set("2026-11-23T08:00:00Z")

	n, err := b.digester(nil).SendDigests(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "mail is not set up")
	box := &postbox{failure: errors.New("the queue is full")}
	_, err = b.digester(box).SendDigests(t.Context())
	require.ErrorIs(t, err, box.failure)
	box.failure = nil
	n, err = b.digester(box).SendDigests(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
