package parley

import (
	"context"
	"time"
)

// Limits are the time limits that tests shorten.
type Limits struct{ FirstFrame, Update, Poll time.Duration }

// WithTestTempo waits by another function, and has other limits.
func WithTestTempo(sleep func(context.Context, time.Duration) error, limits Limits) Option {
	return func(c *config) {
		c.tempo.sleep = sleep
		if limits.FirstFrame > 0 {
			c.tempo.firstFrame = limits.FirstFrame
		}
		if limits.Update > 0 {
			c.tempo.update = limits.Update
		}
		if limits.Poll > 0 {
			c.tempo.poll = limits.Poll
		}
	}
}
