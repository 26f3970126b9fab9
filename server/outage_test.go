package server_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// Without Redis everything goes on: chats open, messages are posted, those on
// other nodes see them a little later, none twice; and when Redis is back, at
// once again.
//
// Spec: A3
func TestRedisGone_PostingAndDeliveryGoOn(t *testing.T) {
	t.Parallel()
	const late = 2500 * time.Millisecond
	redis := pgtest.Redis(t)
	w := newWorld(t, func(c *server.Config) { c.RedisURL = redis.URL() })
	other := w.node.Join(t, func(c *server.Config) { c.RedisURL = redis.URL() })
	far := listen(t, "other node", other.As(w.agent.Token), threadTopic(w.talk.thread, ""))
	visitor := listen(t, "visitor on the other node", other.As(w.owner.Token), threadTopic(w.talk.thread, ""))
	say(t, w.admin, w.talk.thread, "with Redis")
	far.message(t, "with Redis")

	require.NoError(t, redis.Stop())
	var took []time.Duration
	for i := range 5 {
		body := fmt.Sprint("without Redis ", i)
		began := time.Now()
		say(t, w.admin, w.talk.thread, body)
		far.message(t, body)
		took = append(took, time.Since(began))
		visitor.message(t, body)
	}
	slices.Sort(took)
	require.Less(t, took[len(took)/2], late, "delivery without Redis took %v", took)

	opened, err := w.bystander.Visitor.OpenChat(t.Context(), &visitorv1.OpenChatRequest{
		RequestId: uuid.NewString(), ChannelId: w.channel, Body: "Anybody there?",
	})
	require.NoError(t, err)
	require.Contains(t, messagesOf(t, w.agent, opened.GetChat().GetId()), "Anybody there?")

	require.NoError(t, redis.Restart(t.Context()))
	say(t, w.admin, w.talk.thread, "again with Redis")
	far.message(t, "again with Redis")
	requireOnce(t, far)
	requireOnce(t, visitor)
}

// say posts a message.
func say(t *testing.T, by *servertest.Client, thread, body string) {
	t.Helper()
	_, err := by.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: thread, Body: body})
	require.NoError(t, err)
}

// requireOnce checks that a listener got every message once and in order.
func requireOnce(t *testing.T, l *listener) {
	t.Helper()
	var seqs []int64
	for _, e := range l.events() {
		if m := e.GetMessage(); m != nil {
			seqs = append(seqs, m.GetSeq())
		}
	}
	require.NotEmpty(t, seqs)
	for i := range seqs {
		require.Equal(t, seqs[0]+int64(i), seqs[i], "%s got %v", l.name, seqs)
	}
}

// A node that stops sends its streams elsewhere; those who come back with their
// cursor, to another node, miss nothing.
//
// Spec: A3
func TestNodeStops_ReadersGoOnElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.node.Join(t)
	l := listen(t, "agent", other.As(w.agent.Token), threadTopic(w.talk.thread, ""))
	say(t, w.admin, w.talk.thread, "one")
	cursor := l.until(t, "one", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetMessage().GetBody() == "one"
	}).GetEvent().GetCursor()

	other.Stop()
	closing, err := l.end(t, patience)
	require.NoError(t, err)
	require.Equal(t, "DRAINING", closing)
	say(t, w.admin, w.talk.thread, "two")
	back := listen(t, "agent, back", w.agent, threadTopic(w.talk.thread, cursor))
	back.message(t, "two")
	require.Len(t, back.events(), 1)
	require.Contains(t, back.words(), livev1.Continuity_CONTINUITY_RESUMED.String())
}
