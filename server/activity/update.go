package activity

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
)

// one is a stored activity as users see it.
func (h *Handler) one(ctx context.Context, c access.Caller, a db.Activity) (*activityv1.Activity, error) {
	views, err := h.views(ctx, c.Workspace, []db.Activity{a})
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// UpdateActivity implements activityv1connect.ActivityServiceHandler.
func (h *Handler) UpdateActivity(ctx context.Context, req *activityv1.UpdateActivityRequest) (*activityv1.UpdateActivityResponse, error) {
	c := access.FromContext(ctx)
	a, err := h.changeable(ctx, c, req.GetActivityId())
	if err != nil {
		return nil, err
	}
	next, err := h.revised(ctx, c, &a, req)
	if err != nil {
		return nil, err
	}
	views, err := h.transact(ctx, c, func(w *work) error { return w.revise(ctx, a, next) })
	if err != nil {
		return nil, err
	}
	if len(views) == 0 { // nothing changed
		view, err := h.one(ctx, c, a)
		return &activityv1.UpdateActivityResponse{Activity: view}, err
	}
	return &activityv1.UpdateActivityResponse{Activity: views[0]}, nil
}

// revision is what an update changes; nil is left as it is.
type revision struct {
	etag          string
	summary, note *string
	kind          *uuid.UUID
	assignee      *person
	due           *day
	add, remove   []uuid.UUID
}

// revised reads an update and checks what can be checked before the transaction.
func (h *Handler) revised(ctx context.Context, c access.Caller, a *db.Activity, req *activityv1.UpdateActivityRequest) (r revision, err error) {
	r = revision{etag: req.GetEtag(), summary: trimmed(req.Summary), note: trimmed(req.Note)}
	if !storable(req.GetSummary(), req.GetNote()) {
		return r, errText
	}
	if r.add, err = idsOf(req.GetAddFileIds(), errFileRecords); err != nil {
		return r, err
	}
	if r.remove, err = idsOf(req.GetRemoveFileIds(), errFileRecords); err != nil {
		return r, err
	}
	if req.DueDate != nil {
		due, err := parseDay(req.GetDueDate())
		if err != nil {
			return r, err
		}
		r.due = &due
	}
	if req.TypeId != nil {
		if r.kind, err = h.otherType(ctx, c, a, req.GetTypeId()); err != nil {
			return r, err
		}
	}
	if req.AssigneeId != nil {
		r.assignee, err = h.otherAssignee(ctx, c, a, req.GetAssigneeId())
	}
	return r, err
}

func trimmed(s *string) *string {
	if s == nil {
		return nil
	}
	t := strings.TrimSpace(*s)
	return &t
}

// otherType is a type that an activity can have besides its own.
func (h *Handler) otherType(ctx context.Context, c access.Caller, a *db.Activity, name string) (*uuid.UUID, error) {
	types, _, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return nil, err
	}
	t, err := find(types, name)
	if err != nil {
		return nil, err
	}
	if t.ID != a.TypeID && !fits(t, a.RecordType) {
		return nil, errTypeUnfit
	}
	return &t.ID, nil
}

// otherAssignee is somebody who can have the activity. Whoever has it can keep it.
func (h *Handler) otherAssignee(ctx context.Context, c access.Caller, a *db.Activity, name string) (*person, error) {
	id, err := idOf(name, errUserNotFound)
	if err != nil {
		return nil, err
	}
	people, err := h.people(ctx, h.DB, c.Workspace, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	p := people[id]
	if id == a.AssigneeID && p != nil {
		return p, nil
	}
	record := access.Rights{Facts: access.Facts{ID: a.ThreadID, Kind: access.KindRecord, RecordType: a.RecordType}}
	return p, h.mustBeAble(ctx, p, []access.Rights{record})
}

// revise changes an activity in the transaction. It touches nothing if that
// changes nothing.
func (w *work) revise(ctx context.Context, seen db.Activity, r revision) error {
	a, err := w.lock(ctx, seen.ID, seen.ThreadID)
	if err != nil {
		return err
	}
	if a.Done {
		return errDone
	}
	if r.etag != "" && r.etag != etagOf(a.Version) {
		return errEtag
	}
	before := a
	r.apply(&a)
	if err := w.reassign(ctx, &before, &a); err != nil {
		return err
	}
	if err := w.changeFiles(ctx, &a, r); err != nil {
		return err
	}
	if a == before && len(r.add) == 0 && len(r.remove) == 0 {
		return nil
	}
	next, err := w.q.ActivityUpdate(ctx, w.tx, db.ActivityUpdateParams{
		TypeID: a.TypeID, Summary: a.Summary, Note: a.Note, AssigneeID: a.AssigneeID, DueDate: a.DueDate, UpdateTime: w.Now(),
		WorkspaceID: a.WorkspaceID, ID: a.ID,
	})
	if err != nil {
		return fmt.Errorf("update activity: %w", err)
	}
	w.touched = append(w.touched, next)
	return nil
}

// apply gives an activity its new values.
func (r *revision) apply(a *db.Activity) {
	if r.summary != nil {
		a.Summary = *r.summary
	}
	if r.note != nil {
		a.Note = *r.note
	}
	if r.kind != nil {
		a.TypeID = *r.kind
	}
	if r.assignee != nil {
		a.AssigneeID = r.assignee.caller.ID
	}
	if r.due != nil {
		a.DueDate = r.due.pg()
	}
}

// reassign tells the new assignee and takes the activity from the one before; the
// same one again is no change.
func (w *work) reassign(ctx context.Context, before, after *db.Activity) error {
	if before.AssigneeID == after.AssigneeID {
		return nil
	}
	people, err := w.hold(ctx, w.tx, w.caller.Workspace, []uuid.UUID{after.AssigneeID})
	if err != nil {
		return err
	}
	if p := people[after.AssigneeID]; p == nil || !p.active {
		return errInactive
	}
	w.former[after.ID] = append(w.former[after.ID], before.AssigneeID)
	if err := w.unnotify(ctx, after, after.AssigneeID); err != nil {
		return err
	}
	return w.notify(ctx, after)
}

// changeFiles adds and takes off files, within the bound.
func (w *work) changeFiles(ctx context.Context, a *db.Activity, r revision) error {
	if len(r.remove) > 0 {
		err := w.q.ActivityFileUnlink(ctx, w.tx, db.ActivityFileUnlinkParams{WorkspaceID: a.WorkspaceID, ActivityID: a.ID, Ids: r.remove})
		if err != nil {
			return fmt.Errorf("unlink files: %w", err)
		}
	}
	if len(r.add) == 0 {
		return nil
	}
	files, err := w.filesOf(ctx, w.tx, a.WorkspaceID, []uuid.UUID{a.ID})
	if err != nil {
		return err
	}
	if len(files[a.ID])+len(r.add) > maxFiles {
		return errTooManyFiles
	}
	return w.addFiles(ctx, a, r.add)
}

// CancelActivity implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CancelActivity(ctx context.Context, req *activityv1.CancelActivityRequest) (*activityv1.CancelActivityResponse, error) {
	c := access.FromContext(ctx)
	seen, err := h.changeable(ctx, c, req.GetActivityId())
	if err != nil {
		return nil, err
	}
	_, err = h.transact(ctx, c, func(w *work) error {
		a, err := w.lock(ctx, seen.ID, seen.ThreadID)
		if err != nil {
			return err
		}
		if a.Done {
			return errDone
		}
		if err := w.unnotify(ctx, &a, uuid.Nil); err != nil {
			return err
		}
		if err := w.q.ActivityDelete(ctx, w.tx, db.ActivityDeleteParams{WorkspaceID: a.WorkspaceID, ID: a.ID}); err != nil {
			return fmt.Errorf("delete activity: %w", err)
		}
		w.gone = append(w.gone, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &activityv1.CancelActivityResponse{}, nil
}
