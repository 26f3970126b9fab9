package mailgate

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/store"
)

const (
	// pumpBatch is how many mails become jobs in one transaction.
	pumpBatch = 500
	// pumpInterval is how soon a node finds what another wrote, or what becomes due.
	pumpInterval = time.Second
)

// Wake says that deliveries were written. It never blocks.
func (h *Handler) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// pump turns deliveries that are due into jobs. Both happen in one transaction,
// so that a delivery has one job.
func (h *Handler) pump(ctx context.Context) error {
	ticker := time.NewTicker(pumpInterval)
	defer ticker.Stop()
	for {
		n, err := h.Pump(ctx)
		if err != nil && ctx.Err() == nil {
			h.Logger.Warn("mails that are due could not be handed to jobs", "error", err)
		}
		if n == pumpBatch && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-h.wake:
		}
	}
}

// Pump hands one batch to jobs and answers how many.
func (h *Handler) Pump(ctx context.Context) (int, error) {
	return store.InTxV(ctx, h.DB, func(tx pgx.Tx) (int, error) {
		rows, err := h.q.MailDeliveryClaim(ctx, tx, db.MailDeliveryClaimParams{Now: h.Now(), MaxRows: pumpBatch})
		if err != nil {
			return 0, fmt.Errorf("claim mails: %w", err)
		}
		many := make([]river.InsertManyParams, len(rows))
		for i, row := range rows {
			many[i] = river.InsertManyParams{Args: sendArgs{Workspace: row.WorkspaceID, Delivery: row.ID}, InsertOpts: jobOptions()}
		}
		return len(rows), h.Jobs.InsertManyTx(ctx, tx, many)
	})
}

// sendArgs is the job of sending one mail to one person.
type sendArgs struct {
	Workspace uuid.UUID `json:"workspace"`
	Delivery  uuid.UUID `json:"delivery"`
}

// Kind implements river.JobArgs.
func (sendArgs) Kind() string { return "mail_send" }
