package compose

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// ScheduleMessage implements the contract's method.
func (h *Handler) ScheduleMessage(ctx context.Context, req *composev1.ScheduleMessageRequest) (*composev1.ScheduleMessageResponse, error) {
	c := access.FromContext(ctx)
	rights, err := h.writable(ctx, c, req.GetThreadId())
	if err != nil {
		return nil, err
	}
	request, err := idOf(req.GetRequestId(), errReused)
	if err != nil {
		return nil, err
	}
	m := &db.ScheduledMessage{
		WorkspaceID: c.Workspace, ID: derived(request, "scheduled", c.ID.String()), ThreadID: rights.ID, AuthorID: c.ID, Internal: req.GetInternal(),
	}
	view, err := h.scheduledView(ctx, c, m.ID)
	if err == nil && view.GetThreadId() != m.ThreadID.String() {
		err = errReused
	}
	if err == nil { // an earlier try went right, whatever stands in the way now
		return &composev1.ScheduleMessageResponse{ScheduledMessage: view}, nil
	}
	if !errors.Is(err, errScheduledNotFound) {
		return nil, err
	}
	if view, err = h.schedule(ctx, m, req); err != nil {
		return nil, err
	}
	return &composev1.ScheduleMessageResponse{ScheduledMessage: view}, nil
}

// schedule checks and stores a scheduled message, with the job that posts it.
func (h *Handler) schedule(ctx context.Context, m *db.ScheduledMessage, req *composev1.ScheduleMessageRequest) (*composev1.ScheduledMessage, error) {
	var err error
	if m.SendTime, err = sendTime(req.GetSendTime(), h.Now()); err != nil {
		return nil, err
	}
	if err := h.Poster.CheckMessage(ctx, postOf(m, req.GetContent())); err != nil {
		return nil, err
	}
	if m.Content, err = encode(req.GetContent()); err != nil {
		return nil, err
	}
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error { return h.insertScheduled(ctx, tx, m, req.GetContent()) })
	c := access.FromContext(ctx)
	if errors.Is(err, errTooManyScheduled) { // or another try of the same was quicker
		if view, other := h.scheduledView(ctx, c, m.ID); other == nil {
			return view, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return h.changedView(ctx, c, m.AuthorID, m.ID)
}

func (h *Handler) insertScheduled(ctx context.Context, tx pgx.Tx, m *db.ScheduledMessage, content *composev1.Content) error {
	n, err := h.q.ScheduledInsert(ctx, tx, db.ScheduledInsertParams{
		WorkspaceID: m.WorkspaceID, ID: m.ID, ThreadID: m.ThreadID, AuthorID: m.AuthorID, Internal: m.Internal, Content: m.Content,
		SendTime: m.SendTime, Now: h.Now(), MaxScheduled: maxScheduled,
	})
	if err != nil {
		return fmt.Errorf("insert scheduled message: %w", err)
	}
	if n == 0 {
		return errTooManyScheduled
	}
	if err := h.hold(ctx, tx, m.ID, m.ThreadID, m.AuthorID, idsOf(content.GetFileIds())); err != nil {
		return err
	}
	return h.Jobs.InsertTx(ctx, tx, argsOf(m), h.postAt(m.SendTime))
}

// GetScheduledMessage implements the contract's method.
func (h *Handler) GetScheduledMessage(ctx context.Context, req *composev1.GetScheduledMessageRequest) (*composev1.GetScheduledMessageResponse, error) {
	row, _, err := h.scheduledVisible(ctx, req.GetScheduledMessageId())
	if err != nil {
		return nil, err
	}
	views, err := h.scheduledViews(ctx, access.FromContext(ctx), row)
	if err != nil {
		return nil, err
	}
	return &composev1.GetScheduledMessageResponse{ScheduledMessage: views[0]}, nil
}

// ListScheduledMessages implements the contract's method.
func (h *Handler) ListScheduledMessages(ctx context.Context, req *composev1.ListScheduledMessagesRequest) (*composev1.ListScheduledMessagesResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), defaultPage, 100)
	p := db.ScheduledListParams{WorkspaceID: c.Workspace, MaxRows: int32(size + 1)}
	if req.GetThreadId() == "" {
		p.AuthorID = &c.ID
	} else {
		id, err := idOf(req.GetThreadId(), access.ErrThreadNotFound)
		if err != nil {
			return nil, err
		}
		if _, err := h.Gate.Read(ctx, c, id); err != nil {
			return nil, err
		}
		p.ThreadID = &id
	}
	var after place
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	p.AfterTime, p.AfterID = after.Time, after.ID
	rows, err := h.q.ScheduledList(ctx, h.DB, p)
	if err != nil {
		return nil, fmt.Errorf("list scheduled messages: %w", err)
	}
	res, list := &composev1.ListScheduledMessagesResponse{}, []db.ScheduledGetRow{}
	for i, row := range rows {
		if i == size {
			last := rows[size-1].ScheduledMessage
			if res.NextPageToken, err = h.Pages.Encode(ctx, req, place{last.SendTime, last.ID}); err != nil {
				return nil, err
			}
			break
		}
		list = append(list, db.ScheduledGetRow(row))
	}
	res.ScheduledMessages, err = h.scheduledListed(ctx, c, list)
	return res, err
}

// scheduledListed are views with what their threads are called, where the caller
// may know.
func (h *Handler) scheduledListed(ctx context.Context, c access.Caller, rows []db.ScheduledGetRow) ([]*composev1.ScheduledMessage, error) {
	views, err := h.scheduledViews(ctx, c, rows...)
	if err != nil {
		return nil, err
	}
	facts := map[uuid.UUID]access.Facts{}
	for i := range rows {
		id := rows[i].ScheduledMessage.ThreadID
		rights, err := h.Gate.Read(ctx, c, id)
		if err != nil && !isUnreadable(err) {
			return nil, err
		}
		if err == nil {
			facts[id] = rights.Facts
		}
	}
	titles, err := h.titles(ctx, c.Workspace, facts)
	for i := range rows {
		views[i].ThreadTitle = titles[rows[i].ScheduledMessage.ThreadID]
	}
	return views, err
}

// UpdateScheduledMessage implements the contract's method.
func (h *Handler) UpdateScheduledMessage(ctx context.Context, req *composev1.UpdateScheduledMessageRequest) (*composev1.UpdateScheduledMessageResponse, error) {
	c := access.FromContext(ctx)
	row, _, err := h.scheduledVisible(ctx, req.GetScheduledMessageId())
	if err != nil {
		return nil, err
	}
	m := row.ScheduledMessage
	if !mayChange(c, &m) {
		return nil, errScheduledDenied
	}
	if req.GetContent() != nil {
		author, err := h.author(ctx, c.Workspace, m.AuthorID)
		if err != nil {
			return nil, err
		}
		if err := h.Poster.CheckMessage(access.WithCaller(ctx, author), postOf(&m, req.GetContent())); err != nil {
			return nil, err
		}
	}
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		m, err := h.scheduledLocked(ctx, tx, c.Workspace, m.ID)
		if err != nil {
			return err
		}
		return h.reschedule(ctx, tx, &m, req)
	})
	if err != nil {
		return nil, err
	}
	view, err := h.changedView(ctx, c, m.AuthorID, m.ID)
	return &composev1.UpdateScheduledMessageResponse{ScheduledMessage: view}, err
}

// reschedule saves what is set, and has it wait again. A job that was made for
// another time finds that out, and does nothing.
func (h *Handler) reschedule(ctx context.Context, tx pgx.Tx, m *db.ScheduledMessage, req *composev1.UpdateScheduledMessageRequest) (err error) {
	if m.State != waiting && m.State != failed {
		return errScheduledDone
	}
	if req.GetEtag() != "" && req.GetEtag() != etagOf(m.Version) {
		return errEtag
	}
	before := m.SendTime
	switch {
	case req.GetSendTime() != nil:
		if m.SendTime, err = sendTime(req.GetSendTime(), h.Now()); err != nil {
			return err
		}
	case m.State == failed && !m.SendTime.After(h.Now()):
		return errTimePast
	}
	if req.GetContent() != nil {
		if m.Content, err = encode(req.GetContent()); err != nil {
			return err
		}
		if err := h.hold(ctx, tx, m.ID, m.ThreadID, m.AuthorID, idsOf(req.GetContent().GetFileIds())); err != nil {
			return err
		}
	}
	again := m.State == failed || !m.SendTime.Equal(before)
	m.State, m.FailureReason, m.FailureMessage = waiting, "", ""
	if err := h.set(ctx, tx, m); err != nil || !again {
		return err
	}
	return h.Jobs.InsertTx(ctx, tx, argsOf(m), h.postAt(m.SendTime))
}
