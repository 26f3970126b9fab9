package live

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/thread"
)

const (
	tickEvery  = time.Second
	sweepEvery = 4 * time.Second  // credentials: a revoked one ends its streams within five seconds
	headsEvery = 10 * time.Second // positions, while the bus is up
	headsBatch = 1000
)

// Run looks after the streams until ctx ends: heartbeats, lifetimes, revoked
// credentials, and threads of which something was missed.
func (h *Hub) Run(ctx context.Context) error {
	defer h.working.Wait()
	defer h.stop()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	var swept, looked time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.checkNow:
			looked = time.Time{}
		case <-ticker.C:
		}
		now := h.now()
		h.tick(now)
		if now.Sub(swept) >= sweepEvery {
			swept = now
			h.background(h.sweepCredentials)
		}
		if now.Sub(looked) >= headsEvery || !h.Bus.Healthy() {
			looked = now
			h.background(h.checkHeads)
		}
	}
}

// Gap says that signals of other nodes may have been lost: every position is
// checked now, and the topics that hold states begin anew.
func (h *Hub) Gap() {
	h.changed.forgetAll()
	for _, s := range h.all() {
		for kind := range stateKinds {
			s.lose(kind)
		}
	}
	select {
	case h.checkNow <- struct{}{}:
	default:
	}
}

// tick asks for heartbeats, ends what is old, and forgets abandoned topics.
func (h *Hub) tick(now time.Time) {
	silent := now.Add(-h.Heartbeat).UnixMilli()
	for _, s := range h.all() {
		switch {
		case !now.Before(s.endAt):
			s.end(ending{reason: "LIFETIME", after: jitter(500 * time.Millisecond)})
		case s.wrote.Load() <= silent:
			s.beat()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, t := range h.topics {
		t.mu.Lock()
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

// sweepCredentials ends the streams of credentials that are no longer in force,
// also when no word of it came.
func (h *Hub) sweepCredentials(ctx context.Context) {
	byWorkspace := make(map[uuid.UUID]map[uuid.UUID][]*stream)
	for _, s := range h.all() {
		w := s.caller.Workspace
		if byWorkspace[w] == nil {
			byWorkspace[w] = make(map[uuid.UUID][]*stream)
		}
		byWorkspace[w][s.caller.Credential] = append(byWorkspace[w][s.caller.Credential], s)
	}
	for workspace, streams := range byWorkspace {
		ids := make([]uuid.UUID, 0, len(streams))
		for id := range streams {
			ids = append(ids, id)
		}
		ended, err := h.Check(ctx, workspace, ids)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				h.slog.Warn("credentials could not be checked", "error", err)
			}
			return
		}
		for _, id := range ended {
			for _, s := range streams[id] {
				s.end(ending{err: errEnded})
			}
		}
	}
}
