package mailgate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// bounced marks the delivery that a report is about, and counts it against the
// address: once, however many reports come. A report of a delay changes nothing.
func (h *Handler) bounced(ctx context.Context, l *letter) (*mailv1.MailResult, error) {
	b := l.facts.Bounced
	res := &mailv1.MailResult{
		Outcome: mailv1.MailOutcome_MAIL_OUTCOME_BOUNCE, ThreadId: b.Thread.String(), MessageId: b.Message.String(),
	}
	if !l.in.Bounce.Permanent {
		return res, nil
	}
	reason := reasonOf(l.in.Bounce)
	_, err := h.Log.AmendDeliveries(ctx, l.workspace, b.Thread, b.Message, func(tx pgx.Tx, _ *thread.Message) (bool, error) {
		n, err := h.q.MailDeliveryBounce(ctx, tx, db.MailDeliveryBounceParams{
			Reason: reason, UpdateTime: h.Now(), WorkspaceID: l.workspace, ID: b.Delivery,
		})
		if err != nil || n == 0 {
			return false, err
		}
		err = h.q.MailBounceAdd(ctx, tx, db.MailBounceAddParams{
			WorkspaceID: l.workspace, Address: b.Address, Reason: reason, BounceTime: h.Now(),
		})
		return true, err
	})
	if err != nil && !errors.Is(err, thread.ErrNoMessage) {
		return nil, fmt.Errorf("mark a delivery as bounced: %w", err)
	}
	return res, nil
}

// reasonOf is why a mail came back, in the other server's words.
func reasonOf(b *mail.Bounce) string {
	switch {
	case b.Reason != "":
		return b.Reason
	case b.Status != "":
		return "the mail came back (" + b.Status + ")"
	default:
		return "the mail came back"
	}
}

// bouncePlace is where a page of bounced addresses ended.
type bouncePlace struct {
	Time    int64 // in microseconds
	Address string
}

// ListBouncedAddresses implements the contract's method.
func (h *Handler) ListBouncedAddresses(ctx context.Context, req *mailv1.ListBouncedAddressesRequest) (*mailv1.ListBouncedAddressesResponse, error) {
	var after bouncePlace
	more, err := h.Pages.Decode(ctx, req, &after)
	if err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), usualPage, maxPage)
	p := db.MailBounceListParams{WorkspaceID: access.FromContext(ctx).Workspace, AfterAddress: after.Address, MaxRows: int32(size) + 1}
	if more {
		before := timeOf(after.Time)
		p.BeforeTime = &before
	}
	rows, err := h.q.MailBounceList(ctx, h.DB, p)
	if err != nil {
		return nil, fmt.Errorf("list bounced addresses: %w", err)
	}
	res := &mailv1.ListBouncedAddressesResponse{}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		res.NextPageToken, err = h.Pages.Encode(ctx, req, bouncePlace{Time: last.BounceTime.UnixMicro(), Address: last.Address})
		if err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		res.Addresses = append(res.Addresses, &mailv1.BouncedAddress{
			Address: row.Address, BounceCount: row.Count, Reason: row.Reason, Blocked: row.Count >= maxBounces,
			BounceTime: timestamppb.New(row.BounceTime),
		})
	}
	return res, nil
}

// ResetBouncedAddress implements the contract's method. That nothing came back
// from the address is well.
func (h *Handler) ResetBouncedAddress(ctx context.Context, req *mailv1.ResetBouncedAddressRequest) (*mailv1.ResetBouncedAddressResponse, error) {
	_, err := h.q.MailBounceClear(ctx, h.DB, db.MailBounceClearParams{
		WorkspaceID: access.FromContext(ctx).Workspace, Address: req.GetAddress(),
	})
	if err != nil {
		return nil, fmt.Errorf("forget bounces: %w", err)
	}
	return &mailv1.ResetBouncedAddressResponse{}, nil
}
