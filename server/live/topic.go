package live

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/thread"
)

// The bounds of a topic.
const (
	tailSize    = 64                    // changes kept ready for those who come back
	stashSize   = 256                   // changes that came before an earlier one
	healDelay   = 10 * time.Millisecond // time for the earlier one to come by itself
	pageSize    = 200                   // messages read from the log at once
	maxMissed   = 1000                  // more than this is a reset
	topicLinger = 45 * time.Second      // an abandoned topic is kept for those who come back
)

// topic is a thread that somebody on this node listens to.
//
// head is the revision up to which everything was handed out. The next revision
// is handed out as it comes; a later one is stashed, and if the one between does
// not follow at once, the gap is read from the log. tail holds the newest changes,
// complete from tailFrom on, so that many who come back at once read the log once.
type topic struct {
	hub *Hub
	key thread.Key

	loading sync.Mutex // held while head and marks are read

	mu       sync.Mutex
	known    bool
	gone     bool
	head     int64
	tailFrom int64
	tail     []*change
	stash    map[int64]*thread.Message
	healing  bool
	marks    map[string]thread.Mark
	doubtful bool // marks may have been missed
	subs     map[*subscription]struct{}
	idleAt   time.Time
	// standing is how the record is that the thread hangs on, nil if on none, and
	// untold that its readers are to be told when the second is over.
	standing *recordv1.RecordChange
	window   window
	untold   bool
}

// subscription is one stream's place in a topic. rev is the revision up to which
// the stream was given everything; it is fed live only once it has caught up.
// Marks and typing it gets from the moment on when it was told of all marks.
type subscription struct {
	stream   *stream
	topic    *topic
	audience thread.Audience
	rev      int64
	live     bool
	told     bool
	missed   bool // marks did not fit into the queue
	// unplanned says that a change of activities did not fit into the queue.
	unplanned bool
	outdated  bool // a change of the record did not fit into the queue
	closed    bool // only the stream's own goroutine touches it
}

// load makes sure that the topic knows where its thread stands.
func (t *topic) load(ctx context.Context) error {
	t.loading.Lock()
	defer t.loading.Unlock()
	t.mu.Lock()
	known, doubtful := t.known, t.doubtful
	t.mu.Unlock()
	if known {
		if doubtful {
			return t.reloadMarks(ctx)
		}
		return nil
	}
	head, found, err := t.hub.log.Head(ctx, t.key.Workspace, t.key.Thread)
	if err != nil {
		return err
	}
	from := max(head-tailSize, 0)
	var tail []thread.Message
	if found && head > 0 {
		if tail, head, err = t.hub.log.Since(ctx, t.key.Workspace, t.key.Thread, from, tailSize+1); err != nil {
			return err
		}
	}
	marks, err := t.hub.log.Marks(ctx, t.key.Workspace, t.key.Thread)
	if err != nil {
		return err
	}
	if err := t.loadRecord(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known, t.head, t.tailFrom = true, head, from
	for i := range tail {
		t.tail = append(t.tail, t.change(&tail[i]))
	}
	for _, m := range marks {
		t.keepMark(m)
	}
	t.drain()
	return nil
}

func (t *topic) change(m *thread.Message) *change {
	return &change{rev: m.Rev, m: m, cursor: t.hub.sealer.Cursor(t.key.Thread, m.Rev)}
}

// arrive takes in a change that was committed, from this node or another.
func (t *topic) arrive(m *thread.Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known && m.Rev == t.head+1 {
		t.handOut(m)
		if len(t.stash) > 0 {
			t.drain()
		}
		return
	}
	if t.known && m.Rev <= t.head {
		return
	}
	if len(t.stash) < stashSize {
		t.stash[m.Rev] = m // beyond that, the log has it
	}
	if t.known {
		t.drain()
	}
}

// drain hands out what was stashed as far as it has no gap, and sees to the gap
// after it. The caller holds mu.
func (t *topic) drain() {
	for {
		m, ok := t.stash[t.head+1]
		if !ok {
			break
		}
		delete(t.stash, t.head+1)
		t.handOut(m)
	}
	for rev := range t.stash {
		if rev <= t.head {
			delete(t.stash, rev)
		}
	}
	if len(t.stash) > 0 {
		t.heal(healDelay)
	}
}

// handOut gives the next change to all who have caught up. The caller holds mu.
func (t *topic) handOut(m *thread.Message) {
	c := t.change(m)
	t.head = m.Rev
	t.tail = append(t.tail, c)
	if len(t.tail) > tailSize {
		t.tailFrom = t.tail[0].rev
		t.tail[0] = nil
		t.tail = t.tail[1:]
	}
	for s := range t.subs {
		if !s.live || s.rev >= c.rev {
			continue
		}
		if f := c.frame(s.audience); f != nil && !s.stream.push(queued{frame: f, sub: s, rev: c.rev}) {
			s.live = false
			s.stream.lag(s)
			continue
		}
		s.rev = c.rev
	}
}

// heal reads what is missing from the log, after a moment in which it may still
// come by itself. The caller holds mu.
func (t *topic) heal(after time.Duration) {
	if t.healing || !t.known || t.gone {
		return
	}
	t.healing = true
	t.hub.background(func(ctx context.Context) {
		if after > 0 {
			timer := time.NewTimer(after)
			defer timer.Stop()
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
		}
		t.readGap(ctx)
	})
}

// readGap reads the log until the topic is complete. Whatever was stashed before
// was committed before it was told, so the log has it; if it has nothing, the
// thread is gone.
func (t *topic) readGap(ctx context.Context) {
	for ctx.Err() == nil {
		t.mu.Lock()
		from, expected := t.head, len(t.stash) > 0
		t.mu.Unlock()
		messages, upTo, err := t.hub.log.Since(ctx, t.key.Workspace, t.key.Thread, from, pageSize)
		if err != nil {
			t.hub.slog.Warn("a gap could not be read from the log yet", "thread", t.key.Thread, "error", err)
			break
		}
		if expected && len(messages) == 0 {
			t.abandon()
			return
		}
		if !t.fill(messages, upTo) {
			return
		}
	}
	t.mu.Lock()
	t.healing = false // the next look at the heads tries again
	t.mu.Unlock()
}

// fill hands out what was read of a gap. more is true if there is more to read;
// otherwise the gap is closed.
func (t *topic) fill(messages []thread.Message, upTo int64) (more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range messages {
		if messages[i].Rev > t.head {
			t.handOut(&messages[i])
		}
	}
	t.head = max(t.head, upTo)
	if len(messages) == pageSize {
		return true
	}
	t.healing = false
	t.drain()
	return false
}

// abandon gives up a gap that the log cannot fill.
func (t *topic) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.stash)
	t.healing = false
}

// typing tells everybody but the one who types.
func (t *topic) typing(who uuid.UUID, internal bool, inside, outside *Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.subs {
		if !s.told || s.stream.caller.ID == who || (internal && s.audience == thread.Outside) {
			continue
		}
		f := inside
		if s.audience == thread.Outside {
			f = outside
		}
		s.stream.push(queued{frame: f, sub: s}) // it may be lost
	}
}

// join adds a subscription that has not caught up yet. It is false if the topic
// was given up meanwhile.
func (t *topic) join(s *subscription) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return false
	}
	t.subs[s] = struct{}{}
	return true
}

// leave removes it.
func (t *topic) leave(s *subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.subs, s)
	if len(t.subs) == 0 {
		t.idleAt = t.hub.now()
	}
}

// catchUp answers the changes between s and the head from memory and lets s be
// fed live from here on. ok is false if memory does not reach back so far.
func (t *topic) catchUp(s *subscription) (changes []*change, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.rev < t.head && s.rev < t.tailFrom {
		return nil, false
	}
	for _, c := range t.tail {
		if c.rev > s.rev {
			changes = append(changes, c)
		}
	}
	s.rev, s.live = max(s.rev, t.head), true
	return changes, true
}

// position is where a subscription stands by what was written to its reader: what
// still waits in the queue must not be skipped if the reader goes on from here.
func (t *topic) position(s *subscription) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rev, ok := s.stream.waiting(s); ok {
		return rev - 1
	}
	return s.rev
}
