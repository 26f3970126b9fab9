package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// The bounds of what waits for one reader.
const (
	queueFrames = 256
	queueBytes  = 1 << 20
)

// stream is one reader: an open Subscribe call, or a Poll while it waits.
//
// Whoever has something for it puts a frame in the queue, or sets one of the
// flags, and wakes it; the stream's own goroutine writes. There is no goroutine
// and no timer besides, and an empty queue has no memory, so that ten thousand
// idle streams cost little.
type stream struct {
	id       string
	hub      *Hub
	caller   access.Caller
	audience thread.Audience
	threads  atomic.Int32 // how many are open
	wake     chan struct{}
	beaten   atomic.Int64 // when its last heartbeat was, in Unix milliseconds
	endAt    time.Time

	mu          sync.Mutex
	queue       []queued
	bytes       int
	lagging     []*subscription
	orders      []order
	lost        [stateKinds]bool
	lostRecords []string // types
	heartbeat   bool
	ending      *ending

	// Only the stream's own goroutine touches these.
	subs    []*subscription
	states  [stateKinds]bool
	watches []*watch
}

// queued is a frame that waits. sub is the subscription it is of, nil if of none,
// and rev the revision of the thread that it carries, 0 if none.
type queued struct {
	frame *Frame
	sub   *subscription
	rev   int64
}

// order is a topic to open or to close.
type order struct {
	topic  *livev1.Topic
	rev    int64
	fresh  bool // no cursor was given
	stale  bool // the cursor is of another epoch
	drop   bool
	reason string // why it is dropped, when the reader did not ask for it
}

// ending says why a stream ends: with an error, or with a Closing frame.
type ending struct {
	err    error
	reason string
	after  time.Duration
}

// push queues a frame. It is false if the reader is too far behind: then nothing
// was queued.
func (s *stream) push(q queued) bool {
	s.mu.Lock()
	if len(s.queue) >= queueFrames || s.bytes+q.frame.size() > queueBytes {
		s.mu.Unlock()
		return false
	}
	s.queue = append(s.queue, q)
	s.bytes += q.frame.size()
	s.mu.Unlock()
	s.poke()
	return true
}

// waiting is the first revision that is queued for a subscription; ok is false if
// none is.
func (s *stream) waiting(sub *subscription) (rev int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queue {
		if q.sub == sub && q.rev > 0 {
			return q.rev, true
		}
	}
	return 0, false
}

// pushState queues a frame of a topic that holds states. When it does not fit,
// the topic begins anew once the reader has caught up.
func (s *stream) pushState(kind stateKind, f *Frame) {
	if !s.push(queued{frame: f}) {
		s.lose(kind)
	}
}

// lose says that states of a topic may have been missed.
func (s *stream) lose(kind stateKind) {
	s.mu.Lock()
	s.lost[kind] = true
	s.mu.Unlock()
	s.poke()
}

// lag says that a subscription has to be fed from the log.
func (s *stream) lag(sub *subscription) {
	s.mu.Lock()
	s.lagging = append(s.lagging, sub)
	s.mu.Unlock()
	s.poke()
}

// command asks the stream's goroutine to open or close topics.
func (s *stream) command(orders ...order) {
	s.mu.Lock()
	s.orders = append(s.orders, orders...)
	s.mu.Unlock()
	s.poke()
}

// ask is command for what the reader wishes. It is false, and nothing is done, if
// that would be more topics than a stream has.
func (s *stream) ask(orders []order) bool {
	added := 0
	for _, o := range orders {
		if !o.drop {
			added++
		}
	}
	s.mu.Lock()
	fits := len(s.orders)+len(orders) <= 2*maxTopics && (added == 0 || int(s.threads.Load())+len(s.orders)+added <= maxTopics)
	s.mu.Unlock()
	if fits {
		s.command(orders...)
	}
	return fits
}

// beat asks for a heartbeat.
func (s *stream) beat() {
	s.mu.Lock()
	s.heartbeat = true
	s.mu.Unlock()
	s.poke()
}

// end asks the stream to end; the first reason counts.
func (s *stream) end(e ending) {
	s.mu.Lock()
	if s.ending == nil {
		s.ending = &e
	}
	s.mu.Unlock()
	s.poke()
}

func (s *stream) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// work is what a stream has to do now.
type work struct {
	frames      []queued
	orders      []order
	lagging     []*subscription
	lost        [stateKinds]bool
	lostRecords []string
	heartbeat   bool
	ending      *ending
}

// take hands over everything that waits.
func (s *stream) take() work {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := work{frames: s.queue, orders: s.orders, lagging: s.lagging, lost: s.lost, lostRecords: s.lostRecords, heartbeat: s.heartbeat, ending: s.ending}
	s.queue, s.bytes, s.orders, s.lagging, s.lost, s.lostRecords, s.heartbeat = nil, 0, nil, nil, [stateKinds]bool{}, nil, false
	return w
}

// stateKind is a topic that holds states and not a log.
type stateKind uint8

const (
	inboxState stateKind = iota
	chatsState
	presenceState
	stateKinds // how many there are

	// recordsState stands for the topics of record types, which are kept apart.
	recordsState
)

// stateOf answers which state topic it is; ok is false for a thread.
func stateOf(t *livev1.Topic) (kind stateKind, ok bool) {
	switch t.GetKind().(type) {
	case *livev1.Topic_Inbox:
		return inboxState, true
	case *livev1.Topic_Chats:
		return chatsState, true
	case *livev1.Topic_Presence:
		return presenceState, true
	default:
		return 0, false
	}
}

// stateTopic is the topic of a kind.
func stateTopic(kind stateKind) *livev1.Topic {
	switch kind {
	case inboxState:
		return &livev1.Topic{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}
	case chatsState:
		return &livev1.Topic{Kind: &livev1.Topic_Chats{Chats: &livev1.ChatsTopic{}}}
	default:
		return &livev1.Topic{Kind: &livev1.Topic_Presence{Presence: &livev1.PresenceTopic{}}}
	}
}

func threadTopic(id uuid.UUID, cursor string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: id.String()}, Cursor: cursor}
}

func openedFrame(o *livev1.TopicOpened) *Frame {
	return &Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_TopicOpened{TopicOpened: o}}}
}

func closedFrame(t *livev1.Topic, reason string) *Frame {
	return &Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_TopicClosed{
		TopicClosed: &livev1.TopicClosed{Topic: t, Reason: reason},
	}}}
}

func markFrame(m *threadv1.ReadMark) *Frame {
	return eventFrame(&livev1.Event{Change: &livev1.Event_ReadMark{ReadMark: m}})
}
