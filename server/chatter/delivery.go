package chatter

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// deliveryPlace is where a page of deliveries ended.
type deliveryPlace struct {
	Well bool
	ID   uuid.UUID
}

// ListDeliveries implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) ListDeliveries(ctx context.Context, req *chatterv1.ListDeliveriesRequest) (*chatterv1.ListDeliveriesResponse, error) {
	c := access.FromContext(ctx)
	m, err := h.log.Readable(ctx, h.gate, c, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	var after deliveryPlace
	if _, err := h.pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	rows, err := h.q.DeliveryList(ctx, h.db, db.DeliveryListParams{
		WorkspaceID: c.Workspace, ThreadID: m.Thread, Seq: m.Seq, AfterWell: after.Well, AfterID: after.ID, MaxRows: int32(size) + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	res := &chatterv1.ListDeliveriesResponse{}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1].Delivery
		if res.NextPageToken, err = h.pages.Encode(ctx, req, deliveryPlace{Well: !failed(&last), ID: last.ID}); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		res.Deliveries = append(res.Deliveries, thread.DescribeDelivery(&rows[i].Delivery, rows[i].Name))
	}
	return res, nil
}

func failed(d *db.Delivery) bool {
	state := threadv1.DeliveryState(d.State)
	return state == threadv1.DeliveryState_DELIVERY_STATE_FAILED || state == threadv1.DeliveryState_DELIVERY_STATE_BOUNCED
}

// RetryDelivery implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) RetryDelivery(ctx context.Context, req *chatterv1.RetryDeliveryRequest) (*chatterv1.RetryDeliveryResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Post(ctx, c, id); err != nil {
		return nil, err
	}
	delivery, err := uuid.Parse(req.GetDeliveryId())
	if err != nil {
		return nil, errNoDelivery
	}
	row, err := h.q.DeliveryGet(ctx, h.db, db.DeliveryGetParams{WorkspaceID: c.Workspace, ID: delivery})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && row.ThreadID != id {
		return nil, errNoDelivery
	}
	if err != nil {
		return nil, fmt.Errorf("find delivery: %w", err)
	}
	known, err := h.parties(ctx, c.Workspace, []uuid.UUID{row.PartyID})
	if err != nil {
		return nil, err
	}
	m, err := h.log.AmendDeliveries(ctx, c.Workspace, id, row.MessageID, func(tx pgx.Tx, _ *thread.Message) (bool, error) {
		return true, h.retry(ctx, tx, c.Workspace, id, delivery, known[row.PartyID])
	})
	if err != nil {
		return nil, err
	}
	return &chatterv1.RetryDeliveryResponse{Delivery: shownDelivery(&m, delivery)}, nil
}

// retry lets one delivery wait again, unless it is on its way or has arrived.
func (h *Handler) retry(ctx context.Context, tx pgx.Tx, workspace, id, delivery uuid.UUID, p *party) error {
	row, err := h.q.DeliveryLock(ctx, tx, db.DeliveryLockParams{WorkspaceID: workspace, ThreadID: id, ID: delivery})
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoDelivery
	}
	if err != nil {
		return fmt.Errorf("lock delivery: %w", err)
	}
	if !failed(&row) && threadv1.DeliveryState(row.State) != threadv1.DeliveryState_DELIVERY_STATE_CANCELLED {
		return errDeliveryOnItsWay
	}
	address := ""
	if p != nil && row.Channel == int16(threadv1.DeliveryChannel_DELIVERY_CHANNEL_MAIL) {
		address = p.email
	}
	if err := h.q.DeliveryRetry(ctx, tx, db.DeliveryRetryParams{SendTime: h.now(), Address: address, WorkspaceID: workspace, ID: delivery}); err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	return nil
}

// shownDelivery is one of a message's deliveries; nil if it is not among those
// that are shown.
func shownDelivery(m *thread.Message, id uuid.UUID) *threadv1.Delivery {
	for _, d := range m.Extra.GetDeliveries() {
		if d.GetId() == id.String() {
			return d
		}
	}
	return nil
}

// CancelDeliveries implements chatterv1connect.ChatterServiceHandler. The
// message's author may, and an administrator.
func (h *Handler) CancelDeliveries(ctx context.Context, req *chatterv1.CancelDeliveriesRequest) (*chatterv1.CancelDeliveriesResponse, error) {
	change, err := h.change(ctx, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	c := change.Editor
	res := &chatterv1.CancelDeliveriesResponse{}
	m, err := h.log.AmendDeliveries(ctx, c.Workspace, change.Thread, change.Message, func(tx pgx.Tx, m *thread.Message) (bool, error) {
		if m.Author.ID != c.ID && !c.Administrator() {
			return false, thread.ErrNotYours
		}
		n, err := h.q.DeliveryCancel(ctx, tx, db.DeliveryCancelParams{
			UpdateTime: h.now(), WorkspaceID: c.Workspace, ThreadID: m.Thread, Seq: m.Seq,
		})
		if err != nil {
			return false, fmt.Errorf("cancel deliveries: %w", err)
		}
		sent, err := h.q.DeliverySentCount(ctx, tx, db.DeliverySentCountParams{WorkspaceID: c.Workspace, ThreadID: m.Thread, Seq: m.Seq})
		if err != nil {
			return false, fmt.Errorf("count deliveries: %w", err)
		}
		res.CancelledCount, res.SentCount = int32(n), int32(sent)
		return n > 0, nil
	})
	if err != nil {
		return nil, err
	}
	res.Message = thread.Redact(&m, thread.AudienceOf(c))
	return res, nil
}

// ListMessageVersions implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) ListMessageVersions(ctx context.Context, req *chatterv1.ListMessageVersionsRequest) (*chatterv1.ListMessageVersionsResponse, error) {
	c := access.FromContext(ctx)
	m, err := h.log.Readable(ctx, h.gate, c, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	before := int64(math.MaxInt64)
	if _, err := h.pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	rows, err := h.q.MessageVersionList(ctx, h.db, db.MessageVersionListParams{
		WorkspaceID: c.Workspace, ThreadID: m.Thread, Seq: m.Seq, BeforeRev: before, MaxRows: int32(size) + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	res := &chatterv1.ListMessageVersionsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.pages.Encode(ctx, req, rows[size-1].Rev); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		res.Versions = append(res.Versions, &chatterv1.MessageVersion{
			Body: row.Body, ReplaceTime: timestamppb.New(row.ReplaceTime),
			Editor: thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_USER, ID: row.EditorID, Name: row.EditorName}.Party(),
		})
	}
	return res, nil
}
