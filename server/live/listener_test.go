package live_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// soon bounds every wait for a frame.
const soon = 10 * time.Second

// listener hands a stream's frames to its test, one by one.
type listener struct {
	t      testing.TB
	client livev1connect.LiveServiceClient
	id     string // of the stream
	frames chan *livev1.SubscribeResponse
	err    error // once frames is closed
}

// listen opens a stream and reads its first frame.
func (w *town) listen(n *node, who *person, topics ...*livev1.Topic) *listener {
	w.t.Helper()
	client, hangUp := n.dial(who, "connect")
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{t: w.t, client: client, frames: make(chan *livev1.SubscribeResponse, 4096)}
	var reading sync.WaitGroup
	w.t.Cleanup(func() { cancel(); reading.Wait(); hangUp() })
	reading.Go(func() {
		defer close(l.frames)
		stream, err := client.Subscribe(ctx, &livev1.SubscribeRequest{Topics: topics})
		if err != nil {
			l.err = err
			return
		}
		for stream.Receive() {
			if a := stream.Msg().GetEvent().GetActivity(); a != nil && a.GetRecordId() == "" {
				continue // a node that finds the bus says once that activities are to be read anew
			}
			l.frames <- stream.Msg()
		}
		l.err = stream.Err()
		_ = stream.Close()
	})
	l.id = l.next().GetOpened().GetStreamId()
	require.NotEmpty(w.t, l.id)
	return l
}

// next is the next frame.
func (l *listener) next() *livev1.SubscribeResponse {
	l.t.Helper()
	select {
	case f, ok := <-l.frames:
		if !ok {
			require.FailNow(l.t, "the stream ended", "%v", l.err)
		}
		return f
	case <-time.After(soon):
		require.FailNow(l.t, "no frame came")
		return nil
	}
}

// opened is the next frame, which says that a topic is open.
func (l *listener) opened() *livev1.TopicOpened {
	l.t.Helper()
	o := l.next().GetTopicOpened()
	require.NotNil(l.t, o)
	return o
}

// find skips frames until one is wanted.
func (l *listener) find(wanted func(*livev1.SubscribeResponse) bool) *livev1.SubscribeResponse {
	l.t.Helper()
	for end := time.Now().Add(2 * soon); ; {
		f := l.next()
		if wanted(f) {
			return f
		}
		require.True(l.t, time.Now().Before(end), "what is waited for did not come")
	}
}

// event is the next event; heartbeats are skipped.
func (l *listener) event() *livev1.Event {
	l.t.Helper()
	f := l.find(func(f *livev1.SubscribeResponse) bool { return f.GetHeartbeat() == nil })
	require.NotNil(l.t, f.GetEvent(), "%v", f)
	return f.GetEvent()
}

func (l *listener) message() *threadv1.Message {
	l.t.Helper()
	m := l.event().GetMessage()
	require.NotNil(l.t, m)
	return m
}

// ended waits for the end of the stream, and answers its last frame and error.
func (l *listener) ended() (last *livev1.SubscribeResponse, err error) {
	l.t.Helper()
	timeout := time.After(soon)
	for {
		select {
		case f, ok := <-l.frames:
			if !ok {
				return last, l.err
			}
			last = f
		case <-timeout:
			require.FailNow(l.t, "the stream did not end")
		}
	}
}

func (l *listener) update(add, drop []*livev1.Topic) error {
	_, err := l.client.UpdateSubscription(l.t.Context(), &livev1.UpdateSubscriptionRequest{StreamId: l.id, Add: add, Drop: drop})
	return err
}

// cursorNow is where a thread stands.
func (w *town) cursorNow(n *node, id uuid.UUID) string {
	w.t.Helper()
	l := w.listen(n, w.administrator, topicOf(id, ""))
	return l.opened().GetTopic().GetCursor()
}
