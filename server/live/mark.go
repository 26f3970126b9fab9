package live

import (
	"context"
	"errors"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/thread"
)

// maxMarks bounds the marks that a topic remembers.
const maxMarks = 500

// markRead takes in a read mark and tells the subscribers, if it is further than
// what is known. Outsiders are not told of a mark that moved over notes only.
func (t *topic) markRead(m thread.Mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	further, publicly := t.keepMark(m)
	if !further {
		return
	}
	var frames [2]*Frame
	for s := range t.subs {
		outside := s.audience == thread.Outside
		if !s.told || (outside && !publicly) {
			continue
		}
		i := 0
		if outside {
			i = 1
		}
		if frames[i] == nil {
			frames[i] = markFrame(thread.RedactMark(m, s.audience))
		}
		if !s.missed && !s.stream.push(queued{frame: frames[i], sub: s}) {
			s.missed = true
			s.stream.lag(s)
		}
	}
}

// keepMark remembers a mark if it is further than the one known. The caller holds
// mu.
func (t *topic) keepMark(m thread.Mark) (further, publicly bool) {
	old, known := t.marks[m.Party.GetId()]
	if known && old.Seq >= m.Seq {
		return false, false
	}
	if known || len(t.marks) < maxMarks {
		t.marks[m.Party.GetId()] = m
	}
	return true, m.PublicSeq > old.PublicSeq
}

// tellMarks are the marks as a subscription sees them. From here on it is told of
// those that follow.
func (t *topic) tellMarks(s *subscription) []*threadv1.ReadMark {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.told = true
	return t.marksFor(s.audience)
}

// lostMarks are all marks for a subscription that missed some, and none for
// another.
func (t *topic) lostMarks(s *subscription) []*threadv1.ReadMark {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.missed {
		return nil
	}
	s.missed = false
	return t.marksFor(s.audience)
}

// marksFor are the marks as an audience sees them. One that stands before
// everything that outsiders see says nothing to them. The caller holds mu.
func (t *topic) marksFor(to thread.Audience) []*threadv1.ReadMark {
	out := make([]*threadv1.ReadMark, 0, len(t.marks))
	for _, m := range t.marks {
		if to != thread.Outside || m.PublicSeq > 0 {
			out = append(out, thread.RedactMark(m, to))
		}
	}
	return out
}

// doubt says that marks may have been missed. It is true if somebody listens, who
// is to be told of them.
func (t *topic) doubt() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubtful = true
	return len(t.subs) > 0
}

// reloadMarks reads all marks anew, and tells of those that moved.
func (t *topic) reloadMarks(ctx context.Context) error {
	t.mu.Lock()
	t.doubtful = false
	t.mu.Unlock()
	marks, err := t.hub.log.Marks(ctx, t.key.Workspace, t.key.Thread)
	if err != nil {
		t.doubt()
		return err
	}
	for _, m := range marks {
		t.markRead(m)
	}
	return nil
}

// doubtMarks has the marks of every topic read anew: at once where somebody
// listens, otherwise when somebody comes.
func (h *Hub) doubtMarks() {
	h.mu.RLock()
	topics := make([]*topic, 0, len(h.topics))
	for _, t := range h.topics {
		topics = append(topics, t)
	}
	h.mu.RUnlock()
	for _, t := range topics {
		if !t.doubt() {
			continue
		}
		h.background(func(ctx context.Context) {
			if err := t.load(ctx); err != nil && !errors.Is(err, context.Canceled) {
				h.slog.Warn("read marks could not be read", "thread", t.key.Thread, "error", err)
			}
		})
	}
}
