package chatter

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
)

// UpdateInboxItem implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) UpdateInboxItem(ctx context.Context, req *chatterv1.UpdateInboxItemRequest) (*chatterv1.UpdateInboxItemResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetItemId())
	if err != nil {
		return nil, errNoItem
	}
	before, err := h.item(ctx, c, id)
	if err != nil {
		return nil, err
	}
	read, starred := before.GetRead(), before.GetStarred()
	if req.Read != nil {
		read = req.GetRead()
	}
	if req.Starred != nil {
		starred = req.GetStarred()
	}
	if read == before.GetRead() && starred == before.GetStarred() {
		return &chatterv1.UpdateInboxItemResponse{Item: before}, nil
	}
	n, err := h.q.InboxItemUpdate(ctx, h.db, db.InboxItemUpdateParams{
		Read: req.Read, Starred: req.Starred, WorkspaceID: c.Workspace, UserID: c.ID, ID: id,
	})
	if err != nil {
		return nil, fmt.Errorf("update inbox item: %w", err)
	}
	if n == 0 {
		return nil, errNoItem // deleted with its thread meanwhile
	}
	h.live.Inbox(c.Workspace, c.ID, &id)
	before.Read, before.Starred = read, starred
	return &chatterv1.UpdateInboxItemResponse{Item: before}, nil
}

// MarkInboxRead implements chatterv1connect.ChatterServiceHandler. It moves no
// read mark: those say what was read in the thread.
func (h *Handler) MarkInboxRead(ctx context.Context, req *chatterv1.MarkInboxReadRequest) (*chatterv1.MarkInboxReadResponse, error) {
	c := access.FromContext(ctx)
	if req.GetThreadId() == "" {
		n, err := h.markAllRead(ctx, c)
		return &chatterv1.MarkInboxReadResponse{Count: int32(min(n, math.MaxInt32))}, err
	}
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	n, err := h.markThreadRead(ctx, c, id, math.MaxInt64)
	return &chatterv1.MarkInboxReadResponse{Count: int32(min(n, math.MaxInt32))}, err
}

// markThreadRead marks the items of a thread up to a message, and tells the
// user's streams if that changed anything.
func (h *Handler) markThreadRead(ctx context.Context, c access.Caller, id uuid.UUID, seq int64) (int64, error) {
	n, err := h.q.InboxMarkThreadRead(ctx, h.db, db.InboxMarkThreadReadParams{
		WorkspaceID: c.Workspace, UserID: c.ID, ThreadID: id, Seq: seq,
	})
	if err != nil {
		return 0, fmt.Errorf("mark inbox of thread as read: %w", err)
	}
	if n > 0 {
		h.live.Inbox(c.Workspace, c.ID, nil)
	}
	return n, nil
}

func (h *Handler) markAllRead(ctx context.Context, c access.Caller) (int64, error) {
	n, err := h.q.InboxMarkAllRead(ctx, h.db, db.InboxMarkAllReadParams{WorkspaceID: c.Workspace, UserID: c.ID})
	if err != nil {
		return 0, fmt.Errorf("mark inbox as read: %w", err)
	}
	if n > 0 {
		h.live.Inbox(c.Workspace, c.ID, nil)
	}
	return n, nil
}

// GetInboxCounts implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) GetInboxCounts(ctx context.Context, req *chatterv1.GetInboxCountsRequest) (*chatterv1.GetInboxCountsResponse, error) {
	total, byThread, err := h.counts(ctx, access.FromContext(ctx))
	if err != nil {
		return nil, err
	}
	res := &chatterv1.GetInboxCountsResponse{UnreadCount: total, ThreadUnreadCounts: make(map[string]int32)}
	for _, name := range req.GetThreadIds() {
		if id, err := uuid.Parse(name); err == nil && byThread[id] > 0 {
			res.ThreadUnreadCounts[name] = byThread[id]
		}
	}
	return res, nil
}
