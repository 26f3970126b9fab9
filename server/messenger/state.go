package messenger

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// forward reports whether a delivery may come into a state from where it is. It
// moves on only: what was delivered does not fail, and what failed stays so,
// unless nobody knew whether it had.
func forward(now *db.SendLockRow, next threadv1.DeliveryState) bool {
	state := threadv1.DeliveryState(now.State)
	switch state {
	case threadv1.DeliveryState_DELIVERY_STATE_READY, threadv1.DeliveryState_DELIVERY_STATE_SENT:
		return next > state
	case threadv1.DeliveryState_DELIVERY_STATE_DELIVERED:
		return next == threadv1.DeliveryState_DELIVERY_STATE_READ
	case threadv1.DeliveryState_DELIVERY_STATE_FAILED:
		return now.Unsure && next != state && next != threadv1.DeliveryState_DELIVERY_STATE_CANCELLED
	default:
		return false
	}
}

// settle moves a delivery on as decide says, under the lock of its thread, and
// tells the thread's readers. Where the thread is gone nobody is left to be told.
func (h *Handler) settle(ctx context.Context, workspace, id uuid.UUID, decide func(now *db.SendLockRow) (state threadv1.DeliveryState, reason string, ok bool)) error {
	of, err := h.q.SendFind(ctx, h.DB, db.SendFindParams{WorkspaceID: workspace, ID: &id})
	if store.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find delivery: %w", err)
	}
	_, err = h.Log.AmendDeliveries(ctx, workspace, of.ThreadID, of.MessageID, func(tx pgx.Tx, _ *thread.Message) (bool, error) {
		now, err := h.q.SendLock(ctx, tx, db.SendLockParams{WorkspaceID: workspace, ID: id})
		if err != nil {
			return false, fmt.Errorf("lock delivery: %w", err)
		}
		state, reason, ok := decide(&now)
		if !ok || int16(state) == now.State && reason == now.Reason {
			return false, nil
		}
		err = h.q.SendState(ctx, tx, db.SendStateParams{WorkspaceID: workspace, ID: id, State: int16(state), Reason: reason, Now: h.Now()})
		if err != nil {
			return false, fmt.Errorf("change delivery: %w", err)
		}
		return true, nil
	})
	if errors.Is(err, thread.ErrNoMessage) || errors.Is(err, access.ErrThreadNotFound) {
		return nil
	}
	return err
}
