package live

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// bundle is a topic that does not read the log, with one stream listening.
type bundle struct {
	hub    *Hub
	topic  *topic
	stream *stream
	sub    *subscription
}

func setup(t require.TestingT) *bundle {
	sealer, err := thread.NewSealer(uuid.New(), make([]byte, 32))
	require.NoError(t, err)
	h := New(Config{Sealer: sealer, Now: time.Now})
	b := &bundle{hub: h, topic: h.topicOf(uuid.New(), uuid.New())}
	b.topic.known, b.topic.healing = true, true // a healing that lasts
	b.stream, err = h.open(access.Caller{Kind: access.User, Workspace: b.topic.key.Workspace})
	require.NoError(t, err)
	b.sub = b.stream.join(b.topic.key.Thread, 0)
	b.topic.tellMarks(b.sub)
	_, ok := b.topic.catchUp(b.sub)
	require.True(t, ok)
	return b
}

func (b *bundle) message(rev int64) *thread.Message {
	return &thread.Message{Workspace: b.topic.key.Workspace, Thread: b.topic.key.Thread, ID: uuid.New(), Rev: rev, Seq: rev}
}

// revs are what waits for the stream.
func (b *bundle) revs() []int64 {
	var out []int64
	for _, q := range b.stream.queue {
		out = append(out, q.frame.message.GetEvent().GetMessage().GetRev())
	}
	return out
}

func TestTopic_HandsOutInOrderWhateverTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := setup(t)
		n := rapid.Int64Range(1, 200).Draw(t, "n")
		var want []int64
		for rev := range n {
			want = append(want, rev+1)
		}
		for _, rev := range rapid.Permutation(want).Draw(t, "order") {
			for range rapid.IntRange(1, 3).Draw(t, "times") {
				b.topic.arrive(b.message(rev))
			}
		}
		require.Equal(t, want, b.revs())
		require.Empty(t, b.topic.stash)
		require.LessOrEqual(t, len(b.topic.tail), tailSize+1)
	})
}

func TestTopic_BoundsWhatCameTooEarly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for rev := int64(2); rev < 5000; rev++ {
		b.topic.arrive(b.message(rev))
	}
	require.Len(t, b.topic.stash, stashSize)
	require.Empty(t, b.revs())
	b.topic.arrive(b.message(1))
	require.Equal(t, int64(stashSize+1), b.topic.head, "what was kept goes on as soon as the gap is closed")
}

// A cursor that is told must never be ahead of what was written.
func TestTopic_PositionIsWhatTheReaderGotNotWhatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.topic.arrive(b.message(1))
	b.topic.arrive(b.message(2))
	require.Equal(t, int64(0), b.topic.position(b.sub))
	b.stream.take()
	require.Equal(t, int64(2), b.topic.position(b.sub))
	b.sub.audience = thread.Outside
	note := b.message(3)
	note.Internal = true
	b.topic.arrive(note)
	require.Equal(t, int64(3), b.topic.position(b.sub), "what is not for the reader is behind it, too")
}

func TestStream_BoundsWhatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for rev := int64(1); rev < 1000; rev++ {
		b.topic.arrive(b.message(rev))
		b.topic.markRead(thread.Mark{Thread: b.topic.key.Thread, Party: &threadv1.Party{Id: "a"}, Seq: rev})
		b.stream.pushState(inboxState, eventFrame(&livev1.Event{}))
	}
	w := b.stream.take()
	require.Len(t, w.frames, queueFrames)
	require.True(t, w.lost[inboxState])
	require.False(t, b.sub.live)
	require.Len(t, b.topic.lostMarks(b.sub), 1, "marks that did not fit are told when there is room")
	require.Empty(t, b.topic.lostMarks(b.sub))
}

// Spec: C4
func TestTopic_TellsOutsidersOfNoMarkOverNotes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.sub.audience = thread.Outside
	for _, m := range [][2]int64{{1, 0}, {2, 1}, {3, 1}, {4, 1}, {5, 2}, {2, 1}} {
		b.topic.markRead(thread.Mark{Thread: b.topic.key.Thread, Party: &threadv1.Party{Id: "a", Name: "real"}, PublicName: "public", Seq: m[0], PublicSeq: m[1]})
	}
	var told []int64
	for _, q := range b.stream.queue {
		mark := q.frame.message.GetEvent().GetReadMark()
		require.Equal(t, "public", mark.GetParty().GetName())
		told = append(told, mark.GetSeq())
	}
	require.Equal(t, []int64{1, 2}, told)
}

// Whoever comes at the moment when an abandoned topic is given up must not listen
// to what nobody speaks to any more.
func TestHub_GivesNobodyATopicThatIsGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.stream.closeThread(b.topic.key.Thread)
	old := b.hub.topicOf(b.topic.key.Workspace, b.topic.key.Thread)
	b.hub.tick(time.Now().Add(2 * topicLinger))
	require.False(t, old.join(&subscription{stream: b.stream, topic: old}))
	sub := b.stream.join(b.topic.key.Thread, 0)
	require.NotSame(t, old, sub.topic)
	require.Same(t, sub.topic, b.hub.existing(b.topic.key.Workspace, b.topic.key.Thread))
}

// What stands in a closed topic's queue is not for its reader any more.
func TestStream_DropsWhatWaitsOfAClosedTopic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.topic.arrive(b.message(1))
	b.stream.closeThread(b.topic.key.Thread)
	goOn, err := b.stream.feed(context.Background(), func(f *Frame, _ bool) error {
		require.Fail(t, "a frame of a closed topic", "%v", f.message)
		return nil
	})
	require.NoError(t, err)
	require.True(t, goOn)
}

// connect keeps the memory that a codec hands out for the next message of any
// reader: a shared frame must not be in it.
// Spec: A3
func TestCodec_NeverHandsOutAFramesOwnBytes(t *testing.T) {
	t.Parallel()
	for as, c := range []codec{{name: "proto", as: asProto}, {name: "json", as: asJSON}} {
		f := eventFrame(&livev1.Event{Cursor: "cursor"})
		own, err := f.encode(as)
		require.NoError(t, err)
		want := string(own)
		for _, to := range [][]byte{nil, make([]byte, 0, 4096)} {
			got, err := c.MarshalAppend(to, f)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
			clear(got[:cap(got)])
		}
		got, err := c.Marshal(f)
		require.NoError(t, err)
		clear(got)
		require.Equal(t, want, string(own))
	}
}
