package compose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// SaveDraft implements the contract's method.
func (h *Handler) SaveDraft(ctx context.Context, req *composev1.SaveDraftRequest) (*composev1.SaveDraftResponse, error) {
	c := access.FromContext(ctx)
	rights, err := h.writable(ctx, c, req.GetThreadId())
	if err != nil {
		return nil, err
	}
	content, err := encode(req.GetContent())
	if err != nil {
		return nil, err
	}
	s := saving{Handler: h, caller: c, files: idsOf(req.GetContent().GetFileIds()), wish: db.DraftPutParams{
		WorkspaceID: c.Workspace, UserID: c.ID, ThreadID: rights.ID, Internal: req.GetInternal(), ID: newID(), Content: content,
		Revision: req.GetRevision(), Deleted: isEmpty(req.GetContent()), UpdateTime: h.Now(),
	}}
	if s.wish.Deleted {
		s.wish.Content, s.files = []byte{}, nil
	}
	err = store.Retry(ctx, func() error {
		return store.InTx(ctx, h.DB, func(tx pgx.Tx) error { return s.save(ctx, tx) })
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // who hung up has still changed something
	res := &composev1.SaveDraftResponse{Revision: s.now.Revision, Saved: s.saved}
	if !s.now.Deleted {
		views, err := h.drafts(ctx, c.Workspace, s.now)
		if err != nil {
			return nil, err
		}
		res.Draft = views[0]
	}
	if s.changed {
		h.tellDraft(&s.now, res.GetDraft())
	}
	for i := range s.trimmed {
		h.tellDraft(&s.trimmed[i], nil)
	}
	return res, nil
}

// isEmpty is true for a draft that is none.
func isEmpty(c *composev1.Content) bool {
	return strings.TrimSpace(c.GetBody()) == "" && strings.TrimSpace(c.GetSubject()) == "" && len(c.GetFileIds()) == 0
}

// encode is content as it is stored, the same for the same.
func encode(c *composev1.Content) ([]byte, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode content: %w", err)
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

func decode(b []byte) (*composev1.Content, error) {
	c := new(composev1.Content)
	if err := proto.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("decode content: %w", err)
	}
	return c, nil
}

// saving keeps one draft, and remembers what came of it.
type saving struct {
	*Handler
	caller access.Caller
	wish   db.DraftPutParams
	files  []uuid.UUID

	now     db.Draft // as it is there, ours or a later one
	saved   bool
	changed bool
	trimmed []db.Draft
}

func (s *saving) save(ctx context.Context, tx pgx.Tx) error {
	s.saved, s.changed, s.trimmed = false, false, nil
	before, err := s.before(ctx, tx)
	if err != nil {
		return err
	}
	s.now, err = s.q.DraftPut(ctx, tx, s.wish)
	if store.IsNoRows(err) { // a later one is there, or this very one
		s.now, err = s.before(ctx, tx)
		s.saved = s.now.Revision == s.wish.Revision && s.now.Deleted == s.wish.Deleted && bytes.Equal(s.now.Content, s.wish.Content)
		return err
	}
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	s.saved = true
	s.changed = before.Deleted != s.now.Deleted || !bytes.Equal(before.Content, s.now.Content)
	if err := s.hold(ctx, tx, s.now.ID, s.now.ThreadID, s.caller.ID, s.files); err != nil {
		return err
	}
	if s.now.Deleted || !before.Deleted {
		return nil
	}
	return s.trim(ctx, tx)
}

// before is the draft that is there; one that was deleted if there is none.
func (s *saving) before(ctx context.Context, tx pgx.Tx) (db.Draft, error) {
	d, err := s.q.DraftLock(ctx, tx, db.DraftLockParams{
		WorkspaceID: s.wish.WorkspaceID, UserID: s.wish.UserID, ThreadID: s.wish.ThreadID, Internal: s.wish.Internal,
	})
	if store.IsNoRows(err) {
		return db.Draft{Deleted: true}, nil
	}
	if err != nil {
		return d, fmt.Errorf("find draft: %w", err)
	}
	return d, nil
}

// trim removes what somebody has too many of.
func (s *saving) trim(ctx context.Context, tx pgx.Tx) (err error) {
	s.trimmed, err = s.q.DraftTrim(ctx, tx, db.DraftTrimParams{WorkspaceID: s.caller.Workspace, UserID: s.caller.ID, MaxDrafts: maxDrafts})
	if err != nil {
		return fmt.Errorf("remove oldest drafts: %w", err)
	}
	if len(s.trimmed) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(s.trimmed))
	for i := range s.trimmed {
		ids[i] = s.trimmed[i].ID
	}
	return s.release(ctx, tx, s.caller.Workspace, ids, nil)
}

// hold keeps the files that somebody's draft or scheduled message waits with, and
// no others. Files that are not the author's are left out.
func (h *Handler) hold(ctx context.Context, tx pgx.Tx, holder, id, author uuid.UUID, files []uuid.UUID) error {
	workspace := access.FromContext(ctx).Workspace
	if err := h.release(ctx, tx, workspace, []uuid.UUID{holder}, files); err != nil || len(files) == 0 {
		return err
	}
	err := h.q.FileHoldKeep(ctx, tx, db.FileHoldKeepParams{HolderID: holder, WorkspaceID: workspace, ThreadID: id, AuthorID: author, FileIds: files})
	if err != nil {
		return fmt.Errorf("keep files: %w", err)
	}
	return nil
}

// release lets go of the files of holders, but for some.
func (h *Handler) release(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, holders, keep []uuid.UUID) error {
	if keep == nil {
		keep = []uuid.UUID{}
	}
	if err := h.q.FileHoldDrop(ctx, tx, db.FileHoldDropParams{WorkspaceID: workspace, HolderIds: holders, Keep: keep}); err != nil {
		return fmt.Errorf("let go of files: %w", err)
	}
	return nil
}

// tellDraft tells the author's devices of a draft as it is now; nil if it is gone.
func (h *Handler) tellDraft(d *db.Draft, now *composev1.Draft) {
	h.Live.Draft(d.WorkspaceID, d.UserID, &composev1.DraftChange{
		ThreadId: d.ThreadID.String(), Internal: d.Internal, Draft: now, Revision: d.Revision,
	})
}

// drafts are rows as their author sees them.
func (h *Handler) drafts(ctx context.Context, workspace uuid.UUID, rows ...db.Draft) ([]*composev1.Draft, error) {
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	held, err := h.held(ctx, workspace, ids)
	if err != nil {
		return nil, err
	}
	views := make([]*composev1.Draft, len(rows))
	for i := range rows {
		d := &rows[i]
		content, err := decode(d.Content)
		if err != nil {
			return nil, err
		}
		views[i] = &composev1.Draft{
			ThreadId: d.ThreadID.String(), Internal: d.Internal, Content: content, Revision: d.Revision, UpdateTime: timestamppb.New(d.UpdateTime),
			Files: held[d.ID],
		}
		content.FileIds = slices.DeleteFunc(content.GetFileIds(), func(id string) bool { return !contains(held[d.ID], id) })
	}
	return views, nil
}

// GetDrafts implements the contract's method.
func (h *Handler) GetDrafts(ctx context.Context, req *composev1.GetDraftsRequest) (*composev1.GetDraftsResponse, error) {
	c := access.FromContext(ctx)
	id, err := idOf(req.GetThreadId(), access.ErrThreadNotFound)
	if err != nil {
		return nil, err
	}
	if _, err := h.Gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	rows, err := h.q.DraftListOfThread(ctx, h.DB, db.DraftListOfThreadParams{WorkspaceID: c.Workspace, UserID: c.ID, ThreadID: id})
	if err != nil {
		return nil, fmt.Errorf("list drafts of thread: %w", err)
	}
	views, err := h.drafts(ctx, c.Workspace, rows...)
	return &composev1.GetDraftsResponse{Drafts: views}, err
}

// DeleteDraft implements the contract's method.
func (h *Handler) DeleteDraft(ctx context.Context, req *composev1.DeleteDraftRequest) (*composev1.DeleteDraftResponse, error) {
	c := access.FromContext(ctx)
	id, err := idOf(req.GetThreadId(), access.ErrThreadNotFound)
	if err != nil {
		return nil, err
	}
	if _, err := h.Gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	s := saving{Handler: h, caller: c, wish: db.DraftPutParams{
		WorkspaceID: c.Workspace, UserID: c.ID, ThreadID: id, Internal: req.GetInternal(), ID: newID(), Revision: req.GetRevision(), UpdateTime: h.Now(),
	}}
	err = store.Retry(ctx, func() error {
		return store.InTx(ctx, h.DB, func(tx pgx.Tx) error { return s.remove(ctx, tx) })
	})
	if err != nil && !errors.Is(err, errNoDraft) {
		return nil, err
	}
	if s.changed && err == nil {
		h.tellDraft(&s.now, nil)
	}
	return &composev1.DeleteDraftResponse{Revision: s.now.Revision}, nil
}

// errNoDraft says that there is nothing to delete, nor to keep out.
var errNoDraft = errors.New("there is no draft")

func (s *saving) remove(ctx context.Context, tx pgx.Tx) error {
	before, err := s.before(ctx, tx)
	if err != nil {
		return err
	}
	if before.ID == uuid.Nil && s.wish.Revision == 0 {
		return errNoDraft
	}
	s.changed = !before.Deleted
	s.now, err = s.q.DraftDelete(ctx, tx, db.DraftDeleteParams{
		WorkspaceID: s.wish.WorkspaceID, UserID: s.wish.UserID, ThreadID: s.wish.ThreadID, Internal: s.wish.Internal, ID: s.wish.ID,
		Revision: s.wish.Revision, UpdateTime: s.wish.UpdateTime,
	})
	if err != nil {
		return fmt.Errorf("delete draft: %w", err)
	}
	return s.release(ctx, tx, s.caller.Workspace, []uuid.UUID{s.now.ID}, nil)
}
