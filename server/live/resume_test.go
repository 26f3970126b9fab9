package live_test

import (
	"context"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/thread"
)

func signalOf(m *thread.Message) *wirev1.Signal {
	return &wirev1.Signal{WorkspaceId: m.Workspace[:], What: &wirev1.Signal_Message{Message: thread.ToWire(m)}}
}

// Redis may lose signals, mix them up and repeat them; a reader must not notice.
// Spec: A3
func TestSubscribe_HealsSignalsThatAreLostLateOrTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	writer, n := w.node(nodeConfig{silent: true}), w.node(nodeConfig{silent: true})
	id := w.chat(writer)
	l := w.listen(n, w.member, topicOf(id, ""))
	l.opened()
	for round, order := range map[string][]int{
		"a gap at the start": {1, 2, 3}, "backwards": {5, 4, 3, 2, 1, 0}, "twice": {0, 0, 1, 1, 1}, "the last one only": {7}, "late": {1, 0, 3, 2},
	} {
		posted := make([]thread.Message, order[0]+4)
		for i := range posted {
			posted[i] = w.post(writer, w.draft(w.agent, id, round))
		}
		posted = append(posted, w.post(writer, w.draft(w.agent, id, round+", the end")))
		for _, i := range order {
			n.hub.Receive(signalOf(&posted[min(i, len(posted)-1)]))
		}
		n.hub.Receive(signalOf(&posted[len(posted)-1]))
		for _, want := range posted {
			require.Equal(t, want.Rev, l.message().GetRev(), round)
		}
	}
}

// A thousand who come back at once must not read the log a thousand times.
func TestSubscribe_ManyComeBackAtTheCostOfOneRead(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	id := w.chat(n)
	cursor := w.cursorNow(n, id)
	for range 20 {
		w.post(n, w.draft(w.agent, id, "missed"))
	}
	before := n.queries.of("MessageSince", "ThreadGet", "ReadMarkList")
	client, hangUp := n.dial(w.member, "connect")
	defer hangUp()
	var g errgroup.Group
	g.SetLimit(50)
	for range 1000 {
		g.Go(func() error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stream, err := client.Subscribe(ctx, &livev1.SubscribeRequest{Topics: []*livev1.Topic{topicOf(id, cursor)}})
			if err != nil {
				return err
			}
			for got := 0; got < 20 && stream.Receive(); {
				if stream.Msg().GetEvent() != nil {
					got++
				}
			}
			cancel()
			_ = stream.Close()
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.LessOrEqual(t, n.queries.of("MessageSince", "ThreadGet", "ReadMarkList")-before, 5)
}

// A reader who falls behind is fed from the log, and misses nothing.
func TestSubscribe_FeedsALaggingReaderFromTheLog(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{smallBuffers: true})
	for _, protocol := range []string{"connect", "h2"} {
		id := w.chat(n)
		r := newReader(w.visitor, protocol, id)
		r.come(n)
		w.post(n, w.draft(w.agent, id, "begin"))
		require.NoError(t, r.catchUp(n))
		r.pause()
		var g errgroup.Group
		g.SetLimit(20)
		for range 500 {
			g.Go(func() error {
				_, err := n.log.Post(t.Context(), w.draft(w.agent, id, long()))
				return err
			})
		}
		require.NoError(t, g.Wait())
		_, err := n.log.MarkRead(t.Context(), w.workspace, id, thread.AuthorOf(w.member.caller), 200, thread.Members)
		require.NoError(t, err)
		r.goOn()
		require.NoError(t, r.catchUp(n))
		require.Len(t, r.resets, 1, "it was there from the beginning")
		r.leave()
		require.NoError(t, r.failure())
	}
	require.Positive(t, n.queries.of("MessageSince"))
}

func TestSubscribe_SaysWhyItCannotGoOn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	id := w.chat(n)
	reset := func(n *node, cursor string) livev1.ResetReason {
		return w.listen(n, w.member, topicOf(id, cursor)).opened().GetResetReason()
	}
	require.Equal(t, livev1.ResetReason_RESET_REASON_NO_CURSOR, reset(n, ""))
	early := w.cursorNow(n, id)
	w.postMany(n, id, 1000)
	require.Equal(t, livev1.ResetReason_RESET_REASON_UNSPECIFIED, reset(n, early), "a thousand are sent")
	w.postMany(n, id, 1)
	require.Equal(t, livev1.ResetReason_RESET_REASON_TOO_MUCH_MISSED, reset(n, early))

	late := w.cursorNow(n, id)
	_, err := n.pool.Exec(t.Context(), `DELETE FROM message WHERE seq > 900`)
	require.NoError(t, err)
	_, err = n.pool.Exec(t.Context(), `UPDATE thread SET head = 900, seq = 900, public_seq = 900`)
	require.NoError(t, err)
	restored := w.node(nodeConfig{silent: true})
	require.Equal(t, livev1.ResetReason_RESET_REASON_EPOCH_CHANGED, reset(restored, late), "the copy is older than the cursor")

	_, err = n.pool.Exec(t.Context(), `UPDATE installation SET epoch = $1`, uuid.New())
	require.NoError(t, err)
	renewed := w.node(nodeConfig{silent: true})
	require.Equal(t, livev1.ResetReason_RESET_REASON_EPOCH_CHANGED, reset(renewed, w.cursorNow(restored, id)))
	require.Equal(t, livev1.ResetReason_RESET_REASON_UNSPECIFIED, reset(renewed, w.cursorNow(renewed, id)))
}

func (w *town) postMany(n *node, id uuid.UUID, count int) {
	w.t.Helper()
	var g errgroup.Group
	g.SetLimit(100)
	for range count {
		g.Go(func() error {
			_, err := n.log.Post(w.t.Context(), w.draft(w.agent, id, "one of many"))
			return err
		})
	}
	require.NoError(w.t, g.Wait())
}

func TestSubscribe_RefusesACursorThatWasNotGivenOut(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	id := w.chat(n)
	client, hangUp := n.dial(w.member, "connect")
	defer hangUp()
	l := w.listen(n, w.member)
	for _, cursor := range []string{"nonsense", "AAAAAAAAAAAAAAAAAAAAAA", w.cursorNow(n, w.chat(n))} {
		topics := []*livev1.Topic{topicOf(id, cursor)}
		stream, err := client.Subscribe(t.Context(), &livev1.SubscribeRequest{Topics: topics})
		require.NoError(t, err)
		require.False(t, stream.Receive(), "nothing is sent before")
		requireFault(t, stream.Err(), connect.CodeInvalidArgument, "CURSOR_INVALID")
		_ = stream.Close()
		_, err = client.Poll(t.Context(), &livev1.PollRequest{Topics: topics})
		requireFault(t, err, connect.CodeInvalidArgument, "CURSOR_INVALID")
		requireFault(t, l.update(topics, nil), connect.CodeInvalidArgument, "CURSOR_INVALID")
	}
}

// A topic that is added again goes on after its cursor: what still waited of it
// from before must not come, too.
func TestUpdateSubscription_AddingATopicAgainRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	id := w.chat(n)
	l := w.listen(n, w.member, topicOf(id, ""))
	l.opened()
	const posts = 400
	var writing sync.WaitGroup
	writing.Go(func() {
		for range posts {
			w.post(n, w.draft(w.agent, id, "."))
		}
	})
	defer writing.Wait()
	awaited, rev := 0, int64(0)
	for rev < posts {
		f := l.next()
		switch e := f.GetEvent(); {
		case f.GetTopicOpened() != nil:
			require.Equal(t, livev1.Continuity_CONTINUITY_RESUMED, f.GetTopicOpened().GetContinuity())
			awaited--
		case e != nil && awaited == 0:
			require.Equal(t, rev+1, e.GetMessage().GetRev())
			rev = e.GetMessage().GetRev()
			if rev%9 == 0 {
				require.NoError(t, l.update([]*livev1.Topic{topicOf(id, e.GetCursor())}, nil))
				awaited++
			}
		}
	}
}
