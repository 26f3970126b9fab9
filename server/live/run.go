package live

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

const (
	tickEvery  = time.Second
	lullEvery  = 500 * time.Millisecond  // nobody came for so long: the rush is over
	sweepEvery = 3500 * time.Millisecond // credentials: with the tick, a revoked one ends its streams within five seconds
	headsEvery = 10 * time.Second        // positions, while the bus is up
	headsBatch = 1000
)

// Run looks after the streams until ctx ends: heartbeats, lifetimes, revoked
// credentials, and threads of which something was missed.
func (h *Hub) Run(ctx context.Context) error {
	defer h.working.Wait()
	defer h.stop()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	lull := time.NewTicker(lullEvery)
	defer lull.Stop()
	var swept, looked, doubted time.Time
	var rushing rush
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-lull.C:
			if rushing.over(h.takeOpened()) {
				h.background(func(context.Context) { debug.FreeOSMemory() })
			}
			continue
		case <-h.checkNow:
			looked = time.Time{}
		case <-ticker.C:
		}
		now, healthy := h.now(), h.Bus.Healthy()
		h.tick(now)
		if h.unplanned.Swap(false) {
			h.doubtActivities()
		}
		if now.Sub(swept) >= sweepEvery {
			swept = now
			h.background(h.sweepCredentials)
		}
		if now.Sub(looked) >= headsEvery || !healthy {
			looked = now
			h.background(h.checkHeads)
			h.background(h.checkRecords)
		}
		if !healthy && now.Sub(doubted) >= headsEvery {
			doubted = now
			h.doubt()
		}
	}
}

// Gap says that signals of other nodes may have been lost: every position is
// checked now, marks are read anew, and the topics that hold states begin anew.
// Readers of threads are told to read the activities anew within a second.
func (h *Hub) Gap() {
	h.doubt()
	h.unplanned.Store(true)
	select {
	case h.checkNow <- struct{}{}:
	default:
	}
}

// doubt has everything that is no log begin anew.
func (h *Hub) doubt() {
	h.changed.forgetAll()
	for _, s := range h.all() {
		for kind := range stateKinds {
			s.lose(kind)
		}
	}
	h.watches.resetAll()
	h.doubtMarks()
}

// rush is a time in which many streams are opened, as when a network comes back.
// What their handshakes left behind, the half of each stack too, is given back to
// the machine when it is over, and not minutes later: idle streams are many, and
// should cost only themselves.
type rush struct{ opened int }

const rushSize = 256

// over is true when a rush has ended.
func (r *rush) over(opened int) bool {
	r.opened += opened
	if r.opened < rushSize || opened > 0 {
		return false
	}
	r.opened = 0
	return true
}

// takeOpened answers how many streams were opened since it was last asked.
func (h *Hub) takeOpened() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.opened
	h.opened = 0
	return n
}

// tick asks for heartbeats, ends what is old, and forgets abandoned topics.
func (h *Hub) tick(now time.Time) {
	silent := now.Add(-h.Heartbeat).UnixMilli()
	for _, s := range h.all() {
		switch {
		case !now.Before(s.endAt):
			s.end(ending{reason: "LIFETIME", after: jitter(500 * time.Millisecond)})
		case s.beaten.Load() <= silent:
			s.beat()
		}
	}
	h.watches.flush(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, t := range h.topics {
		t.mu.Lock()
		t.flushRecord(now)
		if len(t.subs) == 0 && now.Sub(t.idleAt) > topicLinger {
			t.gone = true
			delete(h.topics, key)
		}
		t.mu.Unlock()
	}
}

// checkHeads compares where each topic stands with the database, and heals those
// that missed something.
func (h *Hub) checkHeads(ctx context.Context) {
	h.mu.RLock()
	keys := make([]thread.Key, 0, len(h.topics))
	for key := range h.topics {
		keys = append(keys, key)
	}
	h.mu.RUnlock()
	for len(keys) > 0 {
		batch := keys[:min(headsBatch, len(keys))]
		keys = keys[len(batch):]
		heads, err := h.log.Heads(ctx, batch)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				h.slog.Warn("positions could not be checked", "error", err)
			}
			return
		}
		for key, head := range heads {
			if t := h.existing(key.Workspace, key.Thread); t != nil {
				t.mu.Lock()
				if t.known && t.head < head {
					t.heal(0)
				}
				t.mu.Unlock()
			}
		}
	}
}

// sweepCredentials ends the streams of callers that are no longer who they were,
// also when no word of it came.
func (h *Hub) sweepCredentials(ctx context.Context) {
	type identity struct {
		credential uuid.UUID
		role       identityv1.Role
	}
	streams := make(map[uuid.UUID][]*stream)
	asked := make(map[identity]bool)
	var callers []access.Caller
	for _, s := range h.all() {
		if i := (identity{s.caller.Credential, s.caller.Role}); !asked[i] {
			asked[i] = true
			callers = append(callers, s.caller)
		}
		streams[s.caller.Credential] = append(streams[s.caller.Credential], s)
	}
	ended, err := h.Ended(ctx, callers)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			h.slog.Warn("credentials could not be checked", "error", err)
		}
		return
	}
	for _, credential := range ended {
		for _, s := range streams[credential] {
			s.end(ending{reason: callerChanged})
		}
	}
}

// callerChanged sends a client back to the door, where it learns whether it may
// still come in.
const callerChanged = "CALLER_CHANGED"
