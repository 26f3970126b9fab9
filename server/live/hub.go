// Package live tells readers what changes, as it changes.
//
// A node's Hub knows the streams that are open on it and the threads they listen
// to. What is committed on this node it hears at once, and tells the other nodes
// through the bus; what is committed elsewhere it hears from the bus. The log in
// PostgreSQL is the only truth: a gap in the revisions of a thread, a reader who
// falls behind, one who comes back, and a Redis that was gone are all healed the
// same way, by reading the log.
//
// States of a stream's place in a thread:
//
//	joined ── catching up (log, or the topic's tail) ──> live
//	             ^                                        │ queue full
//	             └────────────────────────────────────────┘
//
// A subscription is registered before the log is read, and goes live under the
// topic's lock only when nothing is missing, so that there is no gap and no
// double. Positions are checked against the database every ten seconds, and every
// second while the bus is down; so are the etags of records that somebody looks at.
// What is no log (read marks, inboxes, lists of chats and records, presence) is read
// anew once the bus is back, and every ten seconds while it is down.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/thread"
)

// Log is what the hub reads of threads; *thread.Log.
type Log interface {
	Since(ctx context.Context, workspace, thread uuid.UUID, rev int64, size int) ([]thread.Message, int64, error)
	Head(ctx context.Context, workspace, thread uuid.UUID) (int64, bool, error)
	Heads(ctx context.Context, keys []thread.Key) (map[thread.Key]int64, error)
	Marks(ctx context.Context, workspace, thread uuid.UUID) ([]thread.Mark, error)
	Facts(ctx context.Context, workspace, thread uuid.UUID) (access.Facts, bool, error)
}

// Bus tells other nodes; *bus.Bus.
type Bus interface {
	Send(s *wirev1.Signal)
	Healthy() bool
}

// Config is what a Hub stands on.
type Config struct {
	Node   uuid.UUID
	Log    Log
	Bus    Bus
	Gate   *access.Gate
	Sealer *thread.Sealer
	Now    func() time.Time
	Slog   *slog.Logger
	States States
	// Presence is told who is connected.
	Presence Presence
	// Records is asked about records; nil where there are none.
	Records Records
	// Ended answers the credentials of those callers that are no longer who they
	// were when they came.
	Ended func(ctx context.Context, callers []access.Caller) ([]uuid.UUID, error)
	// Lifetime of a stream, less up to a fifth; 0 means five minutes.
	Lifetime time.Duration
	// Heartbeat is the longest silence on a stream; 0 means fourteen seconds.
	Heartbeat time.Duration
	// MaxStreams is how many streams a node holds; 0 means 100,000.
	MaxStreams int
}

// Hub is a node's part in live delivery.
type Hub struct {
	Config
	log    Log
	gate   *access.Gate
	sealer *thread.Sealer
	now    func() time.Time
	slog   *slog.Logger

	ctx      context.Context
	stop     context.CancelFunc
	working  sync.WaitGroup
	slots    chan struct{} // bounds background reads
	draining atomic.Bool
	// unplanned says that word of changed activities may have been lost.
	unplanned atomic.Bool
	checkNow  chan struct{}

	mu      sync.RWMutex
	topics  map[thread.Key]*topic
	streams map[string]*stream
	states  [stateKinds]map[uuid.UUID]map[*stream]struct{} // by user for the inbox, else by workspace
	opened  int                                            // streams opened since takeOpened
	changed *changes
	watches recordWatches
	chats   coalescer
	inboxes coalescer
}

// New makes a hub. Run it, and give it to the log as its announcer.
func New(c Config) *Hub {
	if c.Lifetime == 0 {
		c.Lifetime = 5 * time.Minute
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 14 * time.Second
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = 100_000
	}
	h := &Hub{
		Config: c, log: c.Log, gate: c.Gate, sealer: c.Sealer, now: c.Now, slog: c.Slog,
		slots: make(chan struct{}, 16), checkNow: make(chan struct{}, 1),
		topics: make(map[thread.Key]*topic), streams: make(map[string]*stream), changed: newChanges(),
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	for i := range h.states {
		h.states[i] = make(map[uuid.UUID]map[*stream]struct{})
	}
	return h
}

// SetLog gives the hub the log that announces to it; the two need each other.
func (h *Hub) SetLog(log Log) { h.log = log }

// background runs f with the hub's lifetime, not more than a few at once.
func (h *Hub) background(f func(ctx context.Context)) {
	if h.ctx.Err() != nil {
		return
	}
	h.working.Go(func() {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		case <-h.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(h.ctx, readTime)
		defer cancel()
		f(ctx)
	})
}

// errFull is the answer when a node holds as many streams as it may.
var errFull = fault.New(fault.Exhausted, "TOO_MANY_STREAMS", "this server holds as many streams as it can; try again in a moment").WithRetry(5 * time.Second)

// open registers a new stream.
func (h *Hub) open(c access.Caller) (*stream, error) {
	if h.draining.Load() {
		return nil, errDraining
	}
	now := h.now()
	s := &stream{
		id: fmt.Sprintf("%x.%x", h.Node[:], newStreamID()), hub: h, caller: c, audience: thread.AudienceOf(c),
		wake: make(chan struct{}, 1), endAt: now.Add(jitter(h.Lifetime)),
	}
	s.beaten.Store(now.Add(jitter(h.Heartbeat) - h.Heartbeat).UnixMilli()) // those that came together need not beat together
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= h.MaxStreams {
		return nil, errFull
	}
	h.streams[s.id] = s
	h.opened++
	return s, nil
}

func (h *Hub) close(s *stream) {
	s.leaveAll()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s.id)
}

// topicOf finds the topic of a thread, or makes it.
func (h *Hub) topicOf(workspace, id uuid.UUID) *topic {
	key := thread.Key{Workspace: workspace, Thread: id}
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[key]
	if t == nil {
		t = &topic{hub: h, key: key, subs: make(map[*subscription]struct{}), stash: make(map[int64]*thread.Message),
			marks: make(map[string]thread.Mark), idleAt: h.now()}
		h.topics[key] = t
	}
	return t
}

// existing finds the topic of a thread, or nil.
func (h *Hub) existing(workspace, id uuid.UUID) *topic {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.topics[thread.Key{Workspace: workspace, Thread: id}]
}

// refuses is why a caller cannot have a state topic; empty if they can.
func (h *Hub) refuses(c access.Caller, kind stateKind) string {
	switch {
	case c.Kind != access.User:
		return "visitors can subscribe to their chats only"
	case kind == chatsState && !c.Agent():
		return "only agents and administrators can see chats"
	default:
		return ""
	}
}

// stateKey is what a state topic is kept by.
func stateKey(c access.Caller, kind stateKind) uuid.UUID {
	if kind == inboxState {
		return c.ID
	}
	return c.Workspace
}

func (h *Hub) joinState(s *stream, kind stateKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := stateKey(s.caller, kind)
	if h.states[kind][key] == nil {
		h.states[kind][key] = make(map[*stream]struct{})
	}
	h.states[kind][key][s] = struct{}{}
}

func (h *Hub) leaveState(s *stream, kind stateKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := stateKey(s.caller, kind)
	delete(h.states[kind][key], s)
	if len(h.states[kind][key]) == 0 {
		delete(h.states[kind], key)
	}
}

// listeners are the streams that have a state topic open.
func (h *Hub) listeners(kind stateKind, key uuid.UUID) []*stream {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]*stream, 0, len(h.states[kind][key]))
	for s := range h.states[kind][key] {
		out = append(out, s)
	}
	return out
}

// Listening answers the workspaces in which somebody on this node listens to
// presence.
func (h *Hub) Listening() []uuid.UUID {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]uuid.UUID, 0, len(h.states[presenceState]))
	for workspace := range h.states[presenceState] {
		out = append(out, workspace)
	}
	return out
}

// Streams is how many streams are open.
func (h *Hub) Streams() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.streams)
}

// all are the streams that are open.
func (h *Hub) all() []*stream {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]*stream, 0, len(h.streams))
	for _, s := range h.streams {
		out = append(out, s)
	}
	return out
}

// Drain ends every stream with a hint to come back elsewhere, spread over a
// second, and takes no new ones.
func (h *Hub) Drain() {
	h.draining.Store(true)
	for _, s := range h.all() {
		s.end(ending{reason: "DRAINING", after: jitter(time.Second)})
	}
}

var errDraining = fault.New(fault.Unavailable, "DRAINING", "this server is about to stop; connect again").WithRetry(100 * time.Millisecond)
