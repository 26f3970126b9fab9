package parley

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// mostTopics is how many topics a subscription may have, by the contract.
const mostTopics = 200

// book keeps where a subscription stands, and makes updates of frames.
type book struct {
	mu        sync.Mutex
	positions map[string]*position
	// awaited is how often the stream has still to say that a topic is open, before
	// its events are meant for us: those that were asked for earlier may be on
	// their way still.
	awaited map[string]int
}

func newBook() *book {
	return &book{positions: make(map[string]*position), awaited: make(map[string]int)}
}

// add adds those topics that are not there yet, and answers them.
func (b *book) add(topics []*livev1.Topic) ([]*livev1.Topic, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := make(map[string]*position, len(topics))
	for _, t := range topics {
		if name := topicName(t); b.positions[name] == nil {
			fresh[name] = newPosition(t)
		}
	}
	if n := len(b.positions) + len(fresh); n > mostTopics {
		return nil, fmt.Errorf("subscribe to %d topics: %d are the most", n, mostTopics)
	}
	added := make([]*livev1.Topic, 0, len(fresh))
	for name, p := range fresh {
		b.positions[name] = p
		b.awaited[name]++
		added = append(added, newPosition(p.topic).topic)
	}
	return added, nil
}

// drop drops those topics that are there, and answers them.
func (b *book) drop(topics []*livev1.Topic) []*livev1.Topic {
	b.mu.Lock()
	defer b.mu.Unlock()
	var dropped []*livev1.Topic
	for _, t := range topics {
		if name := topicName(t); b.positions[name] != nil {
			delete(b.positions, name)
			dropped = append(dropped, t)
		}
	}
	return dropped
}

// topics are the topics as they stand, in the order of their names.
func (b *book) topics() []*livev1.Topic {
	b.mu.Lock()
	defer b.mu.Unlock()
	topics := make([]*livev1.Topic, 0, len(b.positions))
	for _, name := range slices.Sorted(maps.Keys(b.positions)) {
		topics = append(topics, newPosition(b.positions[name].topic).topic)
	}
	return topics
}

// beginStream says that a stream begins with all topics, which it answers: it
// will say of each once that it is open.
func (b *book) beginStream() []*livev1.Topic {
	b.mu.Lock()
	clear(b.awaited)
	for name, p := range b.positions {
		b.awaited[name] = 1
		p.pollCursor = ""
	}
	b.mu.Unlock()
	return b.topics()
}

// beginPoll says that a poll begins with all topics: whatever it answers is about
// them, and settle takes in where they stand then.
func (b *book) beginPoll() (topics []*livev1.Topic, settle func([]*livev1.Topic)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.awaited)
	asked := maps.Clone(b.positions)
	for _, p := range asked {
		topics = append(topics, p.forPoll())
	}
	return topics, func(answered []*livev1.Topic) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, t := range answered {
			switch p := asked[topicName(t)]; {
			case p == nil:
			case t.GetThreadId() != "":
				p.advance(t.GetCursor())
			default:
				p.pollCursor = t.GetCursor()
			}
		}
	}
}

// awaits reports whether the stream has not said yet that one of these is open.
func (b *book) awaits(topics []*livev1.Topic) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(topics, func(t *livev1.Topic) bool {
		name := topicName(t)
		return b.positions[name] != nil && b.awaited[name] > 0
	})
}

// take takes in a frame, and tells what it says about topics. It answers false
// once nobody listens any more; what was told by then counts as seen.
func (b *book) take(frame *livev1.SubscribeResponse, tell func(Update) bool) bool {
	update, then := b.read(frame)
	if update == (Update{}) {
		return true
	}
	goOn := tell(update)
	b.mu.Lock()
	defer b.mu.Unlock()
	then()
	return goOn
}

// read answers what a frame tells, if anything, and what is to be noted when it
// was told.
func (b *book) read(frame *livev1.SubscribeResponse) (update Update, then func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch f := frame.GetFrame().(type) {
	case *livev1.SubscribeResponse_TopicOpened:
		return b.opened(f.TopicOpened)
	case *livev1.SubscribeResponse_Event:
		return b.event(f.Event)
	case *livev1.SubscribeResponse_TopicClosed:
		return b.closed(f.TopicClosed)
	case *livev1.SubscribeResponse_Heartbeat:
		for _, t := range f.Heartbeat.GetPositions() {
			if p := b.current(topicName(t)); p != nil {
				p.advance(t.GetCursor())
			}
		}
	}
	return Update{}, nil
}

func (b *book) opened(o *livev1.TopicOpened) (update Update, then func()) {
	p := b.answered(o.GetTopic())
	switch {
	case p == nil:
		return Update{}, nil
	case o.GetContinuity() == livev1.Continuity_CONTINUITY_RESUMED:
		return Update{Resumed: o}, func() {}
	case o.GetTopic().GetThreadId() != "":
		return Update{Reset: o}, func() { p.reset(o.GetTopic().GetCursor()) }
	default:
		return Update{Reset: o}, func() {}
	}
}

func (b *book) closed(c *livev1.TopicClosed) (update Update, then func()) {
	if b.answered(c.GetTopic()) == nil {
		return Update{}, nil
	}
	delete(b.positions, topicName(c.GetTopic()))
	return Update{Closed: c}, func() {}
}

func (b *book) event(e *livev1.Event) (update Update, then func()) {
	thread := threadOf(e)
	if thread == "" {
		return Update{Event: e}, func() {}
	}
	p := b.current("thread " + thread)
	if p == nil || e.GetMessage() != nil && !p.isNew(e.GetMessage()) {
		return Update{}, nil
	}
	return Update{Event: e}, func() { p.advance(e.GetCursor()) }
}

// current is the position that a topic's events are meant for, if there is one.
func (b *book) current(name string) *position {
	if b.awaited[name] > 0 {
		return nil
	}
	return b.positions[name]
}

// answered counts an answer to an adding, and answers the position if it was the
// last one's.
func (b *book) answered(t *livev1.Topic) *position {
	name := topicName(t)
	if b.awaited[name] > 0 {
		b.awaited[name]--
	}
	return b.current(name)
}
