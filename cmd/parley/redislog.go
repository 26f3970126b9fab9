package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// redisQuiet is how long the Redis library keeps quiet after it said something.
const redisQuiet = time.Minute

// redisLog takes what the Redis library would write to standard error by itself,
// a line for every failed attempt. While Redis is gone that is several a second,
// and that it is gone is told by the server: so one line a minute is a warning
// and the others are for who debugs.
type redisLog struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	next  time.Time
	muted int
}

// Printf implements the logger of go-redis.
func (r *redisLog) Printf(ctx context.Context, format string, args ...any) {
	level, muted := r.count()
	if !r.log.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{slog.String("said", fmt.Sprintf(format, args...))}
	if muted > 0 {
		attributes = append(attributes, slog.Int("others", muted))
	}
	r.log.LogAttrs(ctx, level, "the Redis library reports", attributes...)
}

// count says how loud the next line is, and how many were not heard before it.
func (r *redisLog) count() (level slog.Level, muted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Before(r.next) {
		r.muted++
		return slog.LevelDebug, 0
	}
	muted, r.muted, r.next = r.muted, 0, now.Add(redisQuiet)
	return slog.LevelWarn, muted
}
