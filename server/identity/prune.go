package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/parley-chat/parley/gen/db"
)

const (
	// endedFor is how long a credential that has ended is still kept, so that
	// somebody can look into what happened.
	endedFor = 30 * 24 * time.Hour
	// pruneBatch is how many are forgotten in one statement, and pruneBatches how
	// many statements there are in one round: the rest has time.
	pruneBatch   = 200
	pruneBatches = 50
)

// Prune forgets credentials that ended more than 30 days ago, and with them the
// visitors who never opened a chat: most of those who come to a website. It
// answers how many credentials it forgot, 10,000 at most. Any number of nodes may
// prune at once.
func (h *Handler) Prune(ctx context.Context) (pruned int, err error) {
	before := h.Now().Add(-endedFor)
	for range pruneBatches {
		n, err := h.q.CredentialPrune(ctx, h.Pool, db.CredentialPruneParams{Before: before, MaxRows: pruneBatch})
		if err != nil {
			return pruned, fmt.Errorf("prune credentials: %w", err)
		}
		pruned += int(n)
		if n < pruneBatch {
			break
		}
	}
	return pruned, nil
}
