package rpc

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// limitWithin bounds the question to Redis; limits must not make calls slow.
	limitWithin = 250 * time.Millisecond
	// limitPause is how long Redis is left alone after it did not answer.
	limitPause = time.Second
)

// Limit is how often something may happen: Count times at once, and on average
// Count times in every Per.
type Limit struct {
	Count int
	Per   time.Duration
}

// interval is the time that one event stands for.
func (l Limit) interval() time.Duration { return l.Per / time.Duration(l.Count) }

// Limiter counts events of all nodes in Redis. While Redis is gone each node
// counts by itself: limits get as many times wider as there are nodes, but they
// never vanish, and nothing is refused because of it.
//
// It is GCRA: for each key one moment is stored, at which all that was allowed
// would have happened if it had come evenly. An event is allowed while that
// moment is less than Per ahead.
type Limiter struct {
	redis  redis.UniversalClient
	script *redis.Script
	local  *localLimiter
	log    *slog.Logger
	now    func() time.Time

	pausedUntil atomic.Int64 // Unix nanoseconds
	fallbacks   atomic.Int64
}

// NewLimiter makes a limiter. Without Redis (nil) the node counts by itself. Nil
// for log and now are the default logger and clock; now is for counting without
// Redis only, which has its own clock.
func NewLimiter(client redis.UniversalClient, log *slog.Logger, now func() time.Time) *Limiter {
	if log == nil {
		log = slog.Default()
	}
	if now == nil {
		now = time.Now
	}
	return &Limiter{redis: client, script: redis.NewScript(limitLua), local: newLocalLimiter(now), log: log, now: now}
}

// Fallbacks is how often a node had to count by itself, for metrics.
func (l *Limiter) Fallbacks() int64 { return l.fallbacks.Load() }

// Allow counts an event, unless it is one too many: then ok is false and
// retryAfter says when the next one is allowed. The key names what is limited
// and for whom; only a hash of it is stored.
func (l *Limiter) Allow(ctx context.Context, key string, limit Limit) (retryAfter time.Duration, ok bool) {
	return l.count(ctx, key, limit, 1)
}

// Restore takes back an event that turned out not to count, such as a sign-in
// that went well where failures are limited.
func (l *Limiter) Restore(ctx context.Context, key string, limit Limit) {
	l.count(context.WithoutCancel(ctx), key, limit, -1)
}

func (l *Limiter) count(ctx context.Context, key string, limit Limit, events int) (time.Duration, bool) {
	hash := sha256.Sum256([]byte(key))
	name := "parley:limit:" + base64.RawURLEncoding.EncodeToString(hash[:18])
	if l.redis != nil && l.now().UnixNano() >= l.pausedUntil.Load() {
		wait, err := l.ask(ctx, name, limit, events)
		if err == nil {
			return wait, wait == 0
		}
		l.pausedUntil.Store(l.now().Add(limitPause).UnixNano())
		l.log.WarnContext(ctx, "limits are counted without Redis", "error", err)
	}
	l.fallbacks.Add(1)
	wait := l.local.count(name, limit, events)
	return wait, wait == 0
}

//go:embed limit.lua
var limitLua string

// ask lets Redis count, in one step of its own.
func (l *Limiter) ask(ctx context.Context, name string, limit Limit, events int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitWithin)
	defer cancel()
	wait, err := l.script.Run(ctx, l.redis, []string{name},
		limit.interval().Microseconds(), limit.Per.Microseconds(), events).Int64()
	return time.Duration(wait) * time.Microsecond, err
}
