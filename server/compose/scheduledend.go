package compose

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// CancelScheduledMessage implements the contract's method.
func (h *Handler) CancelScheduledMessage(ctx context.Context, req *composev1.CancelScheduledMessageRequest) (*composev1.CancelScheduledMessageResponse, error) {
	c := access.FromContext(ctx)
	row, rights, err := h.scheduledVisible(ctx, req.GetScheduledMessageId())
	if err != nil {
		return nil, err
	}
	if !rights.Post && !mayChange(c, &row.ScheduledMessage) {
		return nil, errScheduledDenied
	}
	views, err := h.scheduledViews(ctx, c, row)
	if err != nil {
		return nil, err
	}
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		m, err := h.scheduledLocked(ctx, tx, c.Workspace, row.ScheduledMessage.ID)
		if err != nil {
			return err
		}
		if m.State != waiting && m.State != failed {
			return errScheduledDone
		}
		return h.over(ctx, tx, &m, cancelled)
	})
	if err != nil {
		return nil, err
	}
	view, err := h.changedView(ctx, c, row.ScheduledMessage.AuthorID, row.ScheduledMessage.ID)
	if err != nil {
		return nil, err
	}
	view.Content, view.Files = views[0].GetContent(), views[0].GetFiles()
	return &composev1.CancelScheduledMessageResponse{ScheduledMessage: view}, nil
}

// SendScheduledMessageNow implements the contract's method. The job that it leaves
// behind goes on where it was interrupted.
func (h *Handler) SendScheduledMessageNow(
	ctx context.Context, req *composev1.SendScheduledMessageNowRequest,
) (*composev1.SendScheduledMessageNowResponse, error) {
	c := access.FromContext(ctx)
	row, _, err := h.scheduledVisible(ctx, req.GetScheduledMessageId())
	if err != nil {
		return nil, err
	}
	if !mayChange(c, &row.ScheduledMessage) {
		return nil, errScheduledDenied
	}
	m, err := h.claimNow(ctx, c.Workspace, row.ScheduledMessage.ID)
	if err != nil {
		return nil, err
	}
	if m.State == sending {
		if err := h.deliver(ctx, &m); err != nil {
			return nil, err
		}
	}
	res := &composev1.SendScheduledMessageNowResponse{}
	if res.ScheduledMessage, err = h.scheduledView(ctx, c, m.ID); err != nil {
		return nil, err
	}
	posted, err := h.Log.Get(ctx, c.Workspace, m.ThreadID, *m.MessageID)
	if err != nil {
		return nil, err
	}
	res.Message = thread.Redact(&posted, thread.AudienceOf(c))
	return res, nil
}

// claimNow takes a message to be posted at once; one that was posted is answered
// as it is.
func (h *Handler) claimNow(ctx context.Context, workspace, id uuid.UUID) (db.ScheduledMessage, error) {
	return store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ScheduledMessage, error) {
		m, err := h.scheduledLocked(ctx, tx, workspace, id)
		if err != nil || m.State == sent {
			return m, err
		}
		if m.State == cancelled {
			return m, errScheduledDone
		}
		if now := h.Now().Truncate(timeUnit); m.SendTime.After(now) || m.State != sending {
			m.SendTime = now
		}
		m.State, m.FailureReason, m.FailureMessage = sending, "", ""
		if err := h.set(ctx, tx, &m); err != nil {
			return m, err
		}
		return m, h.Jobs.InsertTx(ctx, tx, argsOf(&m), h.postAt(m.SendTime.Add(headStart)))
	})
}
