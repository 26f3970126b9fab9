package server_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// patience bounds every wait for something that is to happen.
const patience = 15 * time.Second

// listener reads a stream until the test ends.
type listener struct {
	name   string
	frames chan *livev1.SubscribeResponse
	ended  chan struct{}

	mu   sync.Mutex
	err  error
	seen []*livev1.SubscribeResponse
}

// listen opens a stream and waits until each of its topics was answered.
func listen(t *testing.T, name string, by *servertest.Client, topics ...*livev1.Topic) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := by.Live.Subscribe(ctx, &livev1.SubscribeRequest{Topics: topics, Active: true})
	require.NoError(t, err)
	l := &listener{name: name, frames: make(chan *livev1.SubscribeResponse, 1024), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		for stream.Receive() {
			l.frames <- stream.Msg()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.err = stream.Err()
	}()
	t.Cleanup(func() { cancel(); <-l.ended; _ = stream.Close() })
	answered := 0
	l.until(t, "the topics are answered", func(f *livev1.SubscribeResponse) bool {
		if f.GetTopicOpened() != nil || f.GetTopicClosed() != nil {
			answered++
		}
		return answered == len(topics)
	})
	return l
}

// until reads frames up to the one that matches, and answers it.
func (l *listener) until(t *testing.T, what string, match func(*livev1.SubscribeResponse) bool) *livev1.SubscribeResponse {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case f := <-l.frames:
			l.seen = append(l.seen, f)
			if match(f) {
				return f
			}
		case <-l.ended:
			select { // what came before the end
			case f := <-l.frames:
				l.seen = append(l.seen, f)
				if match(f) {
					return f
				}
				continue
			default:
			}
			require.FailNow(t, "the stream ended", "%s waits for: %s; error: %v; saw: %s", l.name, what, l.failure(), l.words())
		case <-late.C:
			require.FailNow(t, "nothing came", "%s waits for: %s; saw: %s", l.name, what, l.words())
		}
	}
}

// message waits for a message with this text, and answers it.
func (l *listener) message(t *testing.T, body string) *threadv1.Message {
	t.Helper()
	return l.until(t, "message "+body, func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetMessage().GetBody() == body
	}).GetEvent().GetMessage()
}

// end waits for the stream's end, and answers how it ended: an error, or the
// reason of its Closing frame.
func (l *listener) end(t *testing.T, within time.Duration) (closing string, err error) {
	t.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-l.ended:
	case <-late.C:
		require.FailNow(t, "the stream goes on", "%s after %s", l.name, within)
	}
	for len(l.frames) > 0 {
		f := <-l.frames
		l.seen = append(l.seen, f)
		if c := f.GetClosing(); c != nil {
			closing = c.GetReason()
		}
	}
	return closing, l.failure()
}

func (l *listener) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// words are all that the listener was told so far.
func (l *listener) words() string {
	var all string
	for _, f := range l.seen {
		all += prototext.Format(f)
	}
	return all
}

// events are the events told so far, without heartbeats and such.
func (l *listener) events() (all []*livev1.Event) {
	for _, f := range l.seen {
		if e := f.GetEvent(); e != nil {
			all = append(all, e)
		}
	}
	return all
}

// The topics.
func threadTopic(id, cursor string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: id}, Cursor: cursor}
}

func inboxTopic() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}
}

func chatsTopic() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Chats{Chats: &livev1.ChatsTopic{}}}
}

func presenceTopic() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Presence{Presence: &livev1.PresenceTopic{}}}
}
