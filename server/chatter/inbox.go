package chatter

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// countedItems is how many of the newest unread items are counted.
	countedItems = 1000
	// listRounds bounds how often a page is filled up in place of items of
	// threads that the user may not read any more.
	listRounds = 5
)

// inboxRow is an item as it is stored, with its message.
type inboxRow = db.InboxItemGetRow

// sight remembers, for one request, which threads a user may read: a list asks
// once for each thread, not for each item.
type sight struct {
	h      *Handler
	caller access.Caller
	known  map[uuid.UUID]bool
}

func (h *Handler) sight(c access.Caller) *sight {
	return &sight{h: h, caller: c, known: make(map[uuid.UUID]bool)}
}

func (s *sight) reads(ctx context.Context, id uuid.UUID) (bool, error) {
	if ok, known := s.known[id]; known {
		return ok, nil
	}
	ok, err := s.h.reads(ctx, s.caller, id)
	if err == nil {
		s.known[id] = ok
	}
	return ok, err
}

// ListInbox implements chatterv1connect.ChatterServiceHandler. A page may be
// shorter than asked for, and still have another after it.
func (h *Handler) ListInbox(ctx context.Context, req *chatterv1.ListInboxRequest) (*chatterv1.ListInboxResponse, error) {
	c := access.FromContext(ctx)
	before := uuid.Max
	if _, err := h.pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	rows, last, err := h.inbox(ctx, c, req.GetView(), before, size)
	if err != nil {
		return nil, err
	}
	res := &chatterv1.ListInboxResponse{}
	if last != uuid.Nil {
		if res.NextPageToken, err = h.pages.Encode(ctx, req, last); err != nil {
			return nil, err
		}
	}
	res.Items, err = h.items(ctx, c, rows)
	return res, err
}

// inbox reads the items before a place that the caller may read. last is the
// item that the next page begins after; nil if there is none.
func (h *Handler) inbox(ctx context.Context, c access.Caller, view chatterv1.InboxView, before uuid.UUID, size int) (rows []inboxRow, last uuid.UUID, err error) {
	sight := h.sight(c)
	for range listRounds {
		page, err := h.inboxPage(ctx, c, view, before, size+1)
		if err != nil {
			return nil, last, err
		}
		for _, row := range page {
			ok, err := sight.reads(ctx, row.InboxItem.ThreadID)
			if err != nil {
				return nil, last, err
			}
			if ok && len(rows) == size {
				return rows, before, nil
			}
			if ok {
				rows = append(rows, row)
			}
			before = row.InboxItem.ID
		}
		if len(page) <= size {
			return rows, uuid.Nil, nil
		}
	}
	return rows, before, nil
}

// inboxPage reads items whoever may read them, each view by its own index.
func (h *Handler) inboxPage(ctx context.Context, c access.Caller, view chatterv1.InboxView, before uuid.UUID, size int) ([]inboxRow, error) {
	in := db.InboxAllListParams{WorkspaceID: c.Workspace, UserID: c.ID, Before: before, MaxRows: int32(size)}
	var rows []inboxRow
	var err error
	switch view {
	case chatterv1.InboxView_INBOX_VIEW_ALL:
		var list []db.InboxAllListRow
		list, err = h.q.InboxAllList(ctx, h.db, in)
		rows = convert(list, func(r db.InboxAllListRow) inboxRow { return inboxRow(r) })
	case chatterv1.InboxView_INBOX_VIEW_STARRED:
		var list []db.InboxStarredListRow
		list, err = h.q.InboxStarredList(ctx, h.db, db.InboxStarredListParams(in))
		rows = convert(list, func(r db.InboxStarredListRow) inboxRow { return inboxRow(r) })
	default:
		var list []db.InboxUnreadListRow
		list, err = h.q.InboxUnreadList(ctx, h.db, db.InboxUnreadListParams(in))
		rows = convert(list, func(r db.InboxUnreadListRow) inboxRow { return inboxRow(r) })
	}
	if err != nil {
		return nil, fmt.Errorf("list inbox: %w", err)
	}
	return rows, nil
}

func convert[From any](list []From, to func(From) inboxRow) []inboxRow {
	rows := make([]inboxRow, len(list))
	for i, r := range list {
		rows[i] = to(r)
	}
	return rows
}

// items are stored items as their user sees them.
func (h *Handler) items(ctx context.Context, c access.Caller, rows []inboxRow) ([]*chatterv1.InboxItem, error) {
	threads := make(map[int16][]uuid.UUID)
	seen := make(map[uuid.UUID]bool)
	for _, row := range rows {
		if id := row.InboxItem.ThreadID; !seen[id] {
			seen[id] = true
			threads[row.ThreadKind] = append(threads[row.ThreadKind], id)
		}
	}
	titles, err := h.titlesOf(ctx, c.Workspace, threads)
	if err != nil {
		return nil, err
	}
	activities, err := h.activitiesOf(ctx, c.Workspace, rows)
	if err != nil {
		return nil, err
	}
	var items []*chatterv1.InboxItem
	for _, row := range rows {
		item := &chatterv1.InboxItem{
			Id: row.InboxItem.ID.String(), Reason: chatterv1.InboxReason(row.InboxItem.Reason), ThreadId: row.InboxItem.ThreadID.String(),
			ThreadKind: kindOf(row.ThreadKind), ThreadTitle: titles[row.InboxItem.ThreadID], RecordType: row.RecordType,
			Read: row.InboxItem.Read, Starred: row.InboxItem.Starred, CreateTime: timestamppb.New(row.InboxItem.CreateTime),
		}
		if id := row.InboxItem.ActivityID; id != nil {
			item.Activity = activities[*id]
		} else {
			m := thread.FromRow(row.Message)
			item.Message = thread.Redact(&m, thread.AudienceOf(c))
		}
		items = append(items, item)
	}
	return items, nil
}

// item is one item of a user's; errNoItem if there is none, or if the user may
// not read its thread.
func (h *Handler) item(ctx context.Context, c access.Caller, id uuid.UUID) (*chatterv1.InboxItem, error) {
	row, err := h.q.InboxItemGet(ctx, h.db, db.InboxItemGetParams{WorkspaceID: c.Workspace, UserID: c.ID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoItem
	}
	if err != nil {
		return nil, fmt.Errorf("find inbox item: %w", err)
	}
	ok, err := h.reads(ctx, c, row.InboxItem.ThreadID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoItem
	}
	items, err := h.items(ctx, c, []inboxRow{row})
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

// InboxChange is a user's inbox as it is now, for their streams: how much is
// unread, and one item if it is named and theirs to read.
func (h *Handler) InboxChange(ctx context.Context, workspace, user uuid.UUID, item *uuid.UUID) (*livev1.InboxChange, error) {
	known, err := h.parties(ctx, workspace, []uuid.UUID{user})
	if err != nil {
		return nil, err
	}
	p := known[user]
	if p == nil || !p.user() {
		return nil, errNoParty
	}
	total, _, err := h.counts(ctx, p.caller)
	if err != nil {
		return nil, err
	}
	change := &livev1.InboxChange{UnreadCount: total}
	if item == nil {
		return change, nil
	}
	change.Item, err = h.item(ctx, p.caller, *item)
	if err != nil && !errors.Is(err, errNoItem) {
		return nil, err
	}
	return change, nil
}

// counts are how many items are unread, in all and by thread, of threads that
// the caller may read.
func (h *Handler) counts(ctx context.Context, c access.Caller) (total int32, byThread map[uuid.UUID]int32, err error) {
	rows, err := h.q.InboxCount(ctx, h.db, db.InboxCountParams{WorkspaceID: c.Workspace, UserID: c.ID, MaxItems: countedItems})
	if err != nil {
		return 0, nil, fmt.Errorf("count inbox: %w", err)
	}
	byThread = make(map[uuid.UUID]int32, len(rows))
	for _, row := range rows {
		ok, err := h.reads(ctx, c, row.ThreadID)
		if err != nil {
			return 0, nil, err
		}
		if ok {
			byThread[row.ThreadID] = row.UnreadCount
			total += row.UnreadCount
		}
	}
	return total, byThread, nil
}
