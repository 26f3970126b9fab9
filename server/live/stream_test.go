package live_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
)

// within is how long a credential that has ended may still be read by.
const within = 5 * time.Second

// Spec: A4
func TestSubscribe_EndsWithItsCredential(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]bool{"told": false, "without a word": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			office, n := w.node(nodeConfig{silent: silent}), w.node(nodeConfig{silent: silent})
			id := w.chat(n)
			gone, stays := w.listen(n, w.agent, topicOf(id, "")), w.listen(n, w.member, topicOf(id, ""))
			byVisitor := w.listen(n, w.visitor, topicOf(id, ""))
			for _, l := range []*listener{gone, byVisitor, stays} {
				l.opened() // a stream that comes after the word is found by the next look
			}
			c := w.agent.caller
			require.Eventually(t, func() bool { return n.queries.answers("CredentialListEnded") > 0 }, soon, time.Millisecond) // just looked
			revoked := time.Now()
			require.NoError(t, office.identity.Credentials.Revoke(t.Context(), c.Workspace, c.ID, c.Credential))
			require.NoError(t, office.identity.Credentials.Revoke(t.Context(), c.Workspace, uuid.Nil, w.visitor.caller.Credential))
			for _, l := range []*listener{gone, byVisitor} {
				last, err := l.ended()
				require.Less(t, time.Since(revoked), within+500*time.Millisecond) // half a second for a busy machine
				if silent {
					require.NoError(t, err)
					require.Equal(t, "CALLER_CHANGED", last.GetClosing().GetReason())
				} else {
					requireFault(t, err, connect.CodeUnauthenticated, "CREDENTIAL_ENDED")
				}
			}
			w.post(n, w.draft(w.member, id, "still here"))
			require.Equal(t, "still here", stays.message().GetBody())
		})
	}
}

// Spec: A4
func TestSubscribe_SendsAUserOfAnotherRoleToTheDoor(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	l := w.listen(n, w.agent)
	_, err := n.pool.Exec(t.Context(), `UPDATE "user" SET role = 1 WHERE id = $1`, w.agent.caller.ID)
	require.NoError(t, err)
	last, err := l.ended()
	require.NoError(t, err)
	require.Equal(t, "CALLER_CHANGED", last.GetClosing().GetReason())
}

// Who may not read a thread any more is told so at the next heartbeat, also if the
// thread is never quiet.
func TestSubscribe_ClosesAThreadThatMayNotBeReadAnyMore(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{heartbeat: time.Second})
	id := w.chat(n)
	l := w.listen(n, w.visitor, topicOf(id, ""))
	l.opened()
	ctx, quiet := context.WithCancel(t.Context())
	defer quiet()
	go func() {
		for ctx.Err() == nil {
			_, _ = n.log.Post(ctx, w.draft(w.agent, id, "never quiet"))
		}
	}()
	w.doors.shutOut(w.visitor.caller.ID)
	closed := l.find(func(f *livev1.SubscribeResponse) bool { return f.GetTopicClosed() != nil })
	require.Equal(t, id.String(), closed.GetTopicClosed().GetTopic().GetThreadId())
	beats := 0
	l.find(func(f *livev1.SubscribeResponse) bool {
		require.Nil(t, f.GetEvent(), "an event of a topic that was closed")
		if f.GetHeartbeat() != nil {
			beats++
		}
		return beats == 2
	})
	require.NoError(t, l.update([]*livev1.Topic{topicOf(id, "")}, nil))
	require.NotNil(t, l.find(func(f *livev1.SubscribeResponse) bool { return f.GetHeartbeat() == nil }).GetTopicClosed())
}

func TestSubscribe_ClosesAThreadThatWasDeleted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	id := w.chat(n)
	l := w.listen(n, w.member, topicOf(id, ""))
	l.opened()
	require.NoError(t, n.log.Drop(t.Context(), n.pool, w.workspace, id))
	n.hub.Receive(&wirev1.Signal{WorkspaceId: w.workspace[:], What: &wirev1.Signal_Forget{Forget: &wirev1.Forget{ThreadId: id[:]}}})
	require.Equal(t, id.String(), l.next().GetTopicClosed().GetTopic().GetThreadId())
	require.NoError(t, l.update([]*livev1.Topic{topicOf(id, "")}, nil))
	require.NotNil(t, l.next().GetTopicClosed(), "it is not there")
}

func TestSubscribe_EndsAfterItsLifeWithAHint(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{lifetime: time.Second})
	last, err := w.listen(n, w.member).ended()
	require.NoError(t, err)
	require.Equal(t, "LIFETIME", last.GetClosing().GetReason())
	require.Positive(t, last.GetClosing().GetReconnectAfterMs())
}

// A position that was told must be safe to go on from, at any moment.
func TestSubscribe_BeatsWithPositionsToGoOnFrom(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{heartbeat: time.Second})
	id := w.chat(n)
	l := w.listen(n, w.visitor, topicOf(id, ""))
	l.opened()
	w.post(n, w.draft(w.agent, id, "before"))
	require.Equal(t, "before", l.message().GetBody())
	var cursors []string
	for range 2 {
		began := time.Now()
		beat := l.find(func(f *livev1.SubscribeResponse) bool { return f.GetHeartbeat() != nil }).GetHeartbeat()
		require.Less(t, time.Since(began), 3*time.Second)
		require.Len(t, beat.GetPositions(), 1)
		cursors = append(cursors, beat.GetPositions()[0].GetCursor())
	}
	require.NotEqual(t, cursors[0], cursors[1], "a cursor must not even tell that nothing happened")
	w.post(n, w.draft(w.agent, id, "after"))
	for _, cursor := range cursors {
		again := w.listen(n, w.visitor, topicOf(id, cursor))
		require.Equal(t, livev1.Continuity_CONTINUITY_RESUMED, again.opened().GetContinuity())
		require.Equal(t, "after", again.message().GetBody())
	}
}

func TestDrain_SendsEverybodyElsewhere(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	listeners := []*listener{w.listen(n, w.member), w.listen(n, w.visitor)}
	n.hub.Drain()
	for _, l := range listeners {
		last, err := l.ended()
		require.NoError(t, err)
		require.Equal(t, "DRAINING", last.GetClosing().GetReason())
	}
	stream, err := listeners[0].client.Subscribe(t.Context(), &livev1.SubscribeRequest{})
	require.NoError(t, err)
	require.False(t, stream.Receive())
	requireFault(t, stream.Err(), connect.CodeUnavailable, "DRAINING")
	_ = stream.Close()
}

func TestSubscribe_RefusesMoreStreamsThanItHolds(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{maxStreams: 1})
	l := w.listen(n, w.member)
	stream, err := l.client.Subscribe(t.Context(), &livev1.SubscribeRequest{})
	require.NoError(t, err)
	require.False(t, stream.Receive())
	requireFault(t, stream.Err(), connect.CodeResourceExhausted, "TOO_MANY_STREAMS")
	_ = stream.Close()
}

// Fault 10 of the matrix: a reader who stops reading is cut off, and delays nobody.
func TestSubscribe_CutsOffWhoeverStopsReading(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{smallBuffers: true, writeWithin: 2 * time.Second})
	id := w.chat(n)
	well := w.listen(n, w.member, topicOf(id, ""))
	well.opened()
	for _, protocol := range []string{"connect", "h2"} {
		stuck := newReader(w.visitor, protocol, id)
		stuck.come(n)
		defer stuck.leave()
		require.Eventually(t, func() bool { return stuck.behind(n) == "" }, soon, time.Millisecond)
		stuck.pause()
	}
	require.Eventually(t, func() bool { return n.hub.Streams() == 3 }, soon, time.Millisecond)
	for range 200 {
		began := time.Now()
		m := w.post(n, w.draft(w.agent, id, long()))
		require.Equal(t, m.Rev, well.message().GetRev())
		require.Less(t, time.Since(began), 1500*time.Millisecond, "somebody was waited for")
	}
	require.Eventually(t, func() bool { return n.hub.Streams() == 1 }, soon, 10*time.Millisecond)
}
