package live

import (
	"context"
	"errors"
	"slices"
	"time"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// recordChanged tells the users who listen to the record's thread, now or with what
// else changes within the second.
func (t *topic) recordChanged(change *recordv1.RecordChange, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.standing = change
	if !change.GetDeleted() && !t.window.lets(now) {
		t.untold = true
		return
	}
	t.untold = false
	t.tellRecord()
}

// flushRecord tells of what was not told one by one. The caller holds mu.
func (t *topic) flushRecord(now time.Time) {
	if t.untold {
		t.untold, t.window = false, window{began: now, told: 1}
		t.tellRecord()
	}
}

// tellRecord tells how the record stands. The caller holds mu.
func (t *topic) tellRecord() {
	f := recordFrame(t.standing)
	for s := range t.subs {
		if !s.told || s.audience == thread.Outside || s.outdated {
			continue
		}
		if !s.stream.push(queued{frame: f, sub: s}) {
			s.outdated = true
			s.stream.lag(s)
		}
	}
}

// lostRecord is what a subscription is told that missed changes of the record; nil
// for another.
func (t *topic) lostRecord(s *subscription) *Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.outdated {
		return nil
	}
	s.outdated = false
	return recordFrame(t.standing)
}

// loadRecord notes how the record stands that the thread hangs on, if it is one.
func (t *topic) loadRecord(ctx context.Context) error {
	if t.hub.Config.Records == nil {
		return nil
	}
	f, known, err := t.hub.log.Facts(ctx, t.key.Workspace, t.key.Thread)
	if err != nil || !known || f.Kind != access.KindRecord {
		return err
	}
	now, err := t.hub.Config.Records.Standing(ctx, []thread.Key{t.key})
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.standing == nil { // else it changed meanwhile, and that is newer
		t.standing = now[t.key]
	}
	return nil
}

// checkRecords compares how the records stand that somebody looks at with the
// database, and tells of those that word was lost of.
func (h *Hub) checkRecords(ctx context.Context) {
	if h.Config.Records == nil {
		return
	}
	h.mu.RLock()
	var keys []thread.Key
	known := make(map[thread.Key]*recordv1.RecordChange)
	for key, t := range h.topics {
		t.mu.Lock()
		if t.standing != nil && !t.standing.GetDeleted() && len(t.subs) > 0 {
			keys = append(keys, key)
			known[key] = t.standing
		}
		t.mu.Unlock()
	}
	h.mu.RUnlock()
	for batch := range slices.Chunk(keys, headsBatch) {
		standing, err := h.Config.Records.Standing(ctx, batch)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				h.slog.Warn("records could not be checked", "error", err)
			}
			return
		}
		for _, key := range batch {
			if t := h.existing(key.Workspace, key.Thread); t != nil {
				t.recordStands(known[key], standing[key], h.now())
			}
		}
	}
}

// recordStands takes in how the record is now, if the topic still knows it as was.
func (t *topic) recordStands(was, is *recordv1.RecordChange, now time.Time) {
	if is == nil {
		is = &recordv1.RecordChange{Type: was.GetType(), RecordId: was.GetRecordId(), Deleted: true}
	}
	t.mu.Lock()
	same := t.standing != was || is.GetEtag() == was.GetEtag()
	t.mu.Unlock()
	if !same {
		t.recordChanged(is, now)
	}
}

func recordFrame(change *recordv1.RecordChange) *Frame {
	return eventFrame(&livev1.Event{Change: &livev1.Event_Record{Record: change}})
}
