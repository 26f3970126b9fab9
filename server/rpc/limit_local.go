package rpc

import (
	"sync"
	"time"
)

// localKeys bounds how many keys a node counts by itself.
const localKeys = 100_000

// localLimiter is limit.lua in this process.
type localLimiter struct {
	now func() time.Time

	mu       sync.Mutex
	arrivals map[string]time.Time
}

func newLocalLimiter(now func() time.Time) *localLimiter {
	return &localLimiter{now: now, arrivals: make(map[string]time.Time)}
}

// count answers zero if the events are allowed, else how long until they are.
func (l *localLimiter) count(key string, limit Limit, events int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	arrival, known := l.arrivals[key]
	if !known && len(l.arrivals) >= localKeys {
		l.makeRoom(now)
	}
	if arrival.Before(now) {
		arrival = now
	}
	arrival = arrival.Add(limit.interval() * time.Duration(events))
	ahead := arrival.Sub(now)
	switch {
	case ahead <= 0:
		delete(l.arrivals, key)
	case ahead > limit.Per:
		return ahead - limit.Per
	default:
		l.arrivals[key] = arrival
	}
	return 0
}

// makeRoom forgets keys that have nothing ahead; if there are none, it forgets
// a tenth of all, so that somebody who makes up keys cannot fill the memory.
func (l *localLimiter) makeRoom(now time.Time) {
	for key, arrival := range l.arrivals {
		if !arrival.After(now) {
			delete(l.arrivals, key)
		}
	}
	for key := range l.arrivals {
		if len(l.arrivals) <= localKeys*9/10 {
			return
		}
		delete(l.arrivals, key)
	}
}
