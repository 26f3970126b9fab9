// Package recent remembers what was looked up a moment ago, within bounds: so
// many entries, for so long.
//
// Entries live in two generations. When the younger is full it becomes the
// older, and the older is dropped; an entry found in the older one moves to the
// younger. So what is used stays, memory is bounded by twice the size, and
// nothing has to be swept.
package recent

import (
	"sync"
	"time"
)

// Cache remembers values for a time. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	size int
	ttl  time.Duration
	now  func() time.Time

	mu         sync.Mutex
	young, old map[K]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// New makes a cache that holds at least size of the newest entries, each for
// ttl at most.
func New[K comparable, V any](size int, ttl time.Duration, now func() time.Time) *Cache[K, V] {
	return &Cache[K, V]{size: size, ttl: ttl, now: now, young: make(map[K]entry[V])}
}

// Get answers the value put for key, if it is still remembered.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.young[key]
	if !ok {
		if e, ok = c.old[key]; ok {
			delete(c.old, key)
			c.put(key, e)
		}
	}
	if !ok || !c.now().Before(e.until) {
		var none V
		return none, false
	}
	return e.value, true
}

// Put remembers a value from now on.
func (c *Cache[K, V]) Put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, entry[V]{value: value, until: c.now().Add(c.ttl)})
}

func (c *Cache[K, V]) put(key K, e entry[V]) {
	if len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[K]entry[V])
	}
	c.young[key] = e
}

// Delete forgets one key.
func (c *Cache[K, V]) Delete(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, key)
	delete(c.old, key)
}

// DeleteFunc forgets every entry for which drop is true.
func (c *Cache[K, V]) DeleteFunc(drop func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, generation := range []map[K]entry[V]{c.young, c.old} {
		for k, e := range generation {
			if drop(k, e.value) {
				delete(generation, k)
			}
		}
	}
}
