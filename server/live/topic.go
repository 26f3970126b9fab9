package live

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
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
	subs     map[*subscription]struct{}
	idleAt   time.Time
}

// subscription is one stream's place in a topic. rev is the revision up to which
// the stream was given everything; it is fed live only once it has caught up.
type subscription struct {
	stream   *stream
	topic    *topic
	audience thread.Audience
	rev      int64
	live     bool
}

// load makes sure that the topic knows where its thread stands.
func (t *topic) load(ctx context.Context) error {
	t.loading.Lock()
	defer t.loading.Unlock()
	t.mu.Lock()
	known := t.known
	t.mu.Unlock()
	if known {
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
	if t.known && m.Rev == t.head+1 && len(t.stash) == 0 {
		t.handOut(m)
		return
	}
	if (t.known && m.Rev <= t.head) || len(t.stash) >= stashSize {
		return
	}
	t.stash[m.Rev] = m
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
		if f := c.frame(s.audience); f != nil && !s.stream.push(f) {
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

// readGap reads the log until the topic is complete. Whatever was stashed was
// committed before it was told, so the log has it; what is left in the stash after
// a read that found nothing belongs to a thread that is gone.
func (t *topic) readGap(ctx context.Context) {
	for ctx.Err() == nil {
		t.mu.Lock()
		from := t.head
		t.mu.Unlock()
		messages, upTo, err := t.hub.log.Since(ctx, t.key.Workspace, t.key.Thread, from, pageSize)
		if err != nil {
			t.hub.slog.Warn("a gap could not be read from the log yet", "thread", t.key.Thread, "error", err)
			break
		}
		if t.fill(messages, upTo) {
			continue
		}
		return
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
	if len(messages) == 0 {
		clear(t.stash)
	}
	t.healing = false
	t.drain()
	return false
}

// markRead takes in a read mark and tells the subscribers, if it is further than
// what is known.
func (t *topic) markRead(m thread.Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.known || !t.keepMark(m) {
		return
	}
	var frames [2]*Frame
	for s := range t.subs {
		i := 1
		if s.audience == thread.Outside {
			i = 0
		}
		if frames[i] == nil {
			frames[i] = markFrame(thread.RedactMark(m, s.audience))
		}
		s.stream.push(frames[i])
	}
}

// keepMark remembers a mark if it is further than the one known.
func (t *topic) keepMark(m thread.Mark) bool {
	if old, ok := t.marks[m.Party.GetId()]; ok && old.Seq >= m.Seq {
		return false
	}
	if len(t.marks) < 500 {
		t.marks[m.Party.GetId()] = m
	}
	return true
}

// readMarks are the marks as an audience sees them.
func (t *topic) readMarks(to thread.Audience) []*threadv1.ReadMark {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*threadv1.ReadMark, 0, len(t.marks))
	for _, m := range t.marks {
		out = append(out, thread.RedactMark(m, to))
	}
	return out
}

// typing tells everybody but the one who types.
func (t *topic) typing(who uuid.UUID, internal bool, inside, outside *Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.subs {
		if s.stream.caller.ID == who || (internal && s.audience == thread.Outside) {
			continue
		}
		f := inside
		if s.audience == thread.Outside {
			f = outside
		}
		s.stream.push(f)
	}
}

// join adds a subscription that has not caught up yet.
func (t *topic) join(s *subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subs[s] = struct{}{}
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

// position is where a subscription stands.
func (t *topic) position(s *subscription) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.rev
}
