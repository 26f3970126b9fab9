package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// changesASecond is how many changes of records a topic tells of one by one. What
	// comes beyond is told together, when the second is over.
	changesASecond = 5
	// maxWatches is how many record types a stream listens to.
	maxWatches = 50
)

// Records is what the hub asks of records; the record area implements it.
type Records interface {
	// Watchable says whether the caller may know that records of a type change, and
	// whether without which: who may read them depends on the record.
	Watchable(ctx context.Context, c access.Caller, kind string) (ok, nameless bool, err error)
	// Standing is how records are now, as the change that made them so would say.
	// What does not exist is missing.
	Standing(ctx context.Context, keys []thread.Key) (map[thread.Key]*recordv1.RecordChange, error)
}

// window lets a few changes a second through.
type window struct {
	began time.Time
	told  int
}

func (w *window) lets(now time.Time) bool {
	if now.Sub(w.began) >= time.Second {
		w.began, w.told = now, 0
	}
	w.told++
	return w.told <= changesASecond
}

// recordsKey names the records of a type.
type recordsKey struct {
	workspace uuid.UUID
	kind      string
}

// id is what the changes of a type are remembered by for those who poll.
func (k recordsKey) id() uuid.UUID { return uuid.NewSHA1(k.workspace, []byte(k.kind)) }

// watch is a stream's place among those who listen to the records of a type.
type watch struct {
	stream   *stream
	key      recordsKey
	nameless bool
}

// recordWatches are all watches of a node.
type recordWatches struct {
	mu    sync.Mutex
	types map[recordsKey]*watchedType
}

// watchedType is a type whose records somebody on this node listens to.
type watchedType struct {
	watches map[*watch]struct{}
	window  window
	many    bool // changes that nobody was told of one by one
}

func (r *recordWatches) join(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.types == nil {
		r.types = make(map[recordsKey]*watchedType)
	}
	if r.types[w.key] == nil {
		r.types[w.key] = &watchedType{watches: make(map[*watch]struct{})}
	}
	r.types[w.key].watches[w] = struct{}{}
}

func (r *recordWatches) leave(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.types[w.key]; t != nil {
		delete(t.watches, w)
		if len(t.watches) == 0 {
			delete(r.types, w.key)
		}
	}
}

// tell tells of a change, now or with others.
func (r *recordWatches) tell(key recordsKey, change *recordv1.RecordChange, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.types[key]
	switch {
	case t == nil:
	case t.many || !t.window.lets(now):
		t.many = true
	default:
		t.send(key, recordFrame(change))
	}
}

// flush tells of what was not told one by one.
func (r *recordWatches) flush(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, t := range r.types {
		if t.many {
			t.many, t.window = false, window{began: now, told: 1}
			t.send(key, nil)
		}
	}
}

// send pushes a frame to all who listen: to those who may not know which record it
// was, and to all if there is no frame, one that does not say.
func (t *watchedType) send(key recordsKey, named *Frame) {
	var nameless *Frame
	for w := range t.watches {
		f := named
		if f == nil || w.nameless {
			if nameless == nil {
				nameless = recordFrame(&recordv1.RecordChange{Type: key.kind})
			}
			f = nameless
		}
		if !w.stream.push(queued{frame: f}) {
			w.stream.loseRecords(key.kind)
		}
	}
}

// reset has all who listen to a type begin anew, with what they may know now.
func (r *recordWatches) reset(key recordsKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.types[key]; t != nil {
		for w := range t.watches {
			w.stream.loseRecords(key.kind)
		}
	}
}

// resetAll has all who listen to records begin anew, because word of changes may
// have been lost.
func (r *recordWatches) resetAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, t := range r.types {
		for w := range t.watches {
			w.stream.loseRecords(key.kind)
		}
	}
}

// loseRecords says that the topic of a type is to begin anew.
func (s *stream) loseRecords(kind string) {
	s.mu.Lock()
	if !slices.Contains(s.lostRecords, kind) {
		s.lostRecords = append(s.lostRecords, kind)
	}
	s.mu.Unlock()
	s.poke()
}

// openRecords begins the topic of a type, or begins it anew.
func (s *stream) openRecords(ctx context.Context, kind string, out sink) error {
	s.closeRecords(kind)
	if len(s.watches) >= maxWatches {
		return out(closedFrame(recordsTopic(kind, ""), "a stream listens to at most 50 record types; drop some first"), false)
	}
	nameless, reason, err := s.hub.watchable(ctx, s.caller, kind)
	if err != nil {
		return err
	}
	if reason != "" {
		return out(closedFrame(recordsTopic(kind, ""), reason), false)
	}
	w := &watch{stream: s, key: recordsKey{s.caller.Workspace, kind}, nameless: nameless}
	s.watches = append(s.watches, w)
	s.hub.watches.join(w) // first, so that nothing falls between this and the reader's list
	return out(openedFrame(&livev1.TopicOpened{
		Topic: recordsTopic(kind, ""), Continuity: livev1.Continuity_CONTINUITY_RESET, ResetReason: livev1.ResetReason_RESET_REASON_STATE_TOPIC,
	}), false)
}

// reopenRecords begins those topics anew that changes were lost of.
func (s *stream) reopenRecords(ctx context.Context, kinds []string, out sink) error {
	for _, kind := range kinds {
		if !slices.ContainsFunc(s.watches, func(w *watch) bool { return w.key.kind == kind }) {
			continue
		}
		if err := s.openRecords(ctx, kind, out); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) closeRecords(kind string) {
	s.watches = slices.DeleteFunc(s.watches, func(w *watch) bool {
		if w.key.kind != kind {
			return false
		}
		s.hub.watches.leave(w)
		return true
	})
}

// watchable says whether a caller may listen to the records of a type, or why not.
func (h *Hub) watchable(ctx context.Context, c access.Caller, kind string) (nameless bool, reason string, err error) {
	const missing = "there is no such record type, or you may not read it"
	switch {
	case c.Kind != access.User || h.Config.Records == nil:
		return false, missing, nil
	case c.Scopes != nil && !slices.Contains(c.Scopes, accessv1.Scope_SCOPE_RECORD_READ):
		return false, "the API key lacks SCOPE_RECORD_READ", nil
	}
	ok, nameless, err := h.Config.Records.Watchable(ctx, c, kind)
	if err == nil && !ok {
		reason = missing
	}
	return nameless, reason, err
}

// recordsChanged takes in changes of records, from this node or another.
func (h *Hub) recordsChanged(workspace uuid.UUID, w *wirev1.Records) {
	now := h.now()
	for _, change := range w.GetChanges() {
		key := recordsKey{workspace, change.GetType()}
		h.changed.note(recordsState, key.id())
		h.watches.tell(key, change, now)
		if id, err := uuid.Parse(change.GetRecordId()); err == nil {
			if t := h.existing(workspace, id); t != nil {
				t.recordChanged(change, now)
			}
		}
	}
}

func recordsTopic(kind, cursor string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Records{Records: &livev1.RecordsTopic{Type: kind}}, Cursor: cursor}
}
