package server

import (
	"context"
	"time"
)

// upkeepEvery is the time between two rounds of what tidies up. What it removes
// has waited for a day or a month, and every node does it.
const upkeepEvery = 10 * time.Minute

// keepUp removes what nobody needs any more, now and then: abandoned uploads,
// credentials that ended long ago.
func (s *Server) keepUp(ctx context.Context) error {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.tidy(ctx, "abandoned uploads could not be removed", s.Files.Sweep)
			s.tidy(ctx, "ended credentials could not be removed", s.Identity.Prune)
		}
	}
}

// tidy does one part of a round, within the time of a round.
func (s *Server) tidy(ctx context.Context, failure string, do func(context.Context) (int, error)) {
	bounded, cancel := context.WithTimeout(ctx, upkeepEvery)
	defer cancel()
	if _, err := do(bounded); err != nil && ctx.Err() == nil {
		s.Config.Log.WarnContext(ctx, failure, "error", err)
	}
}
