package live_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

func TestUpdateSubscription_ReachesItsStreamFromAnyNode(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n, other := w.node(nodeConfig{}), w.node(nodeConfig{})
	l := w.listen(n, w.member)
	elsewhere, hangUp := other.dial(w.member, "json")
	defer hangUp()
	for _, by := range []*listener{l, {t: t, client: elsewhere, id: l.id}} {
		first, second := w.chat(n), w.chat(n)
		require.NoError(t, by.update([]*livev1.Topic{topicOf(first, ""), topicOf(second, "")}, nil))
		require.Equal(t, first.String(), l.opened().GetTopic().GetThreadId())
		require.Equal(t, second.String(), l.opened().GetTopic().GetThreadId())
		w.post(n, w.draft(w.agent, first, "heard"))
		require.Equal(t, "heard", l.message().GetBody())
		third := w.chat(n)
		require.NoError(t, by.update([]*livev1.Topic{topicOf(third, "")}, []*livev1.Topic{topicOf(first, "")}))
		require.Equal(t, third.String(), l.opened().GetTopic().GetThreadId())
		w.post(n, w.draft(w.agent, first, "not heard"))
		w.post(n, w.draft(w.agent, second, "heard again"))
		require.Equal(t, "heard again", l.message().GetBody())
	}
}

// The name of a stream is no key to it.
// Spec: A4
func TestUpdateSubscription_FindsNobodyElsesStream(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	mine, others := w.listen(n, w.member), w.listen(n, w.agent)
	id := w.chat(n)
	node, _, _ := strings.Cut(mine.id, ".")
	for _, name := range []string{others.id, "nonsense", node + ".00", strings.ToUpper(node)} {
		l := &listener{t: t, client: mine.client, id: name}
		requireFault(t, l.update([]*livev1.Topic{topicOf(id, "")}, nil), connect.CodeNotFound, "STREAM_NOT_FOUND")
	}
}

func TestUpdateSubscription_BoundsTheTopicsOfAStream(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	l := w.listen(n, w.member)
	for range 2 {
		topics := make([]*livev1.Topic, 200)
		for i := range topics {
			topics[i] = topicOf(w.chat(n), "")
		}
		require.NoError(t, l.update(topics, nil))
		for range topics {
			l.opened()
		}
	}
	many := make([]*livev1.Topic, 200)
	for i := range many {
		many[i] = topicOf(w.chat(n), "")
	}
	requireFault(t, l.update(many, nil), connect.CodeResourceExhausted, "TOO_MANY_TOPICS")
	require.NoError(t, l.update(many[:100], nil))
	for range 100 {
		l.opened()
	}
	requireFault(t, l.update(many[100:101], nil), connect.CodeResourceExhausted, "TOO_MANY_TOPICS")
	require.NoError(t, l.update(nil, many[:1]), "dropping is always possible")
}
