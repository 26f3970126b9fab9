package compose

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// held are the files of drafts and scheduled messages, by whose they are.
func (h *Handler) held(ctx context.Context, workspace uuid.UUID, holders []uuid.UUID) (map[uuid.UUID][]*threadv1.File, error) {
	if len(holders) == 0 {
		return nil, nil
	}
	rows, err := h.q.FileHoldList(ctx, h.DB, db.FileHoldListParams{WorkspaceID: workspace, HolderIds: holders})
	if err != nil {
		return nil, fmt.Errorf("list files that wait: %w", err)
	}
	found := map[uuid.UUID][]*threadv1.File{}
	for i := range rows {
		found[rows[i].HolderID] = append(found[rows[i].HolderID], file.Describe(&rows[i].File, thread.Members))
	}
	return found, nil
}

func contains(files []*threadv1.File, id string) bool {
	return slices.ContainsFunc(files, func(f *threadv1.File) bool { return f.GetId() == id })
}

// ListDrafts implements the contract's method.
func (h *Handler) ListDrafts(ctx context.Context, req *composev1.ListDraftsRequest) (*composev1.ListDraftsResponse, error) {
	c := access.FromContext(ctx)
	before := place{Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := h.Pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, 100)
	rows, err := h.q.DraftList(ctx, h.DB, db.DraftListParams{
		WorkspaceID: c.Workspace, UserID: c.ID, BeforeTime: before.Time, BeforeID: before.ID, MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	res := &composev1.ListDraftsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, place{rows[size-1].UpdateTime, rows[size-1].ID}); err != nil {
			return nil, err
		}
	}
	res.Drafts, err = h.listed(ctx, c, rows)
	return res, err
}

// listed are drafts with what their threads are called, those left out whose
// thread their author may not read any more.
func (h *Handler) listed(ctx context.Context, c access.Caller, rows []db.Draft) ([]*composev1.Draft, error) {
	facts := map[uuid.UUID]access.Facts{}
	for i := range rows {
		rights, err := h.Gate.Read(ctx, c, rows[i].ThreadID)
		if err != nil && !isUnreadable(err) {
			return nil, err
		}
		if err == nil {
			facts[rows[i].ThreadID] = rights.Facts
		}
	}
	rows = slices.DeleteFunc(rows, func(d db.Draft) bool { return facts[d.ThreadID].Kind == 0 })
	titles, err := h.titles(ctx, c.Workspace, facts)
	if err != nil {
		return nil, err
	}
	views, err := h.drafts(ctx, c.Workspace, rows...)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		views[i].ThreadKind, views[i].ThreadTitle = kindOf(facts[rows[i].ThreadID].Kind), titles[rows[i].ThreadID]
	}
	return views, nil
}

// titles are what threads are called.
func (h *Handler) titles(ctx context.Context, workspace uuid.UUID, facts map[uuid.UUID]access.Facts) (map[uuid.UUID]string, error) {
	byKind := map[int16][]uuid.UUID{}
	for id, f := range facts {
		byKind[f.Kind] = append(byKind[f.Kind], id)
	}
	found := map[uuid.UUID]string{}
	for kind, ids := range byKind {
		if h.Titles[kind] == nil {
			continue
		}
		titles, err := h.Titles[kind].Titles(ctx, workspace, ids)
		if err != nil {
			return nil, err
		}
		for id, title := range titles {
			found[id] = title
		}
	}
	return found, nil
}

// kindOf is a kind of thread as the contract has it.
func kindOf(kind int16) chatterv1.ThreadKind {
	switch kind {
	case access.KindRecord:
		return chatterv1.ThreadKind_THREAD_KIND_RECORD
	case access.KindChat:
		return chatterv1.ThreadKind_THREAD_KIND_CHAT
	default:
		return chatterv1.ThreadKind_THREAD_KIND_UNSPECIFIED
	}
}
