package activity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// ListActivityTypes implements activityv1connect.ActivityServiceHandler. Types are
// few, and read whole; a page is cut out of them.
func (h *Handler) ListActivityTypes(ctx context.Context, req *activityv1.ListActivityTypesRequest) (*activityv1.ListActivityTypesResponse, error) {
	c := access.FromContext(ctx)
	_, list, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return nil, err
	}
	skip := 0
	if _, err := h.Pages.Decode(ctx, req, &skip); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	res := &activityv1.ListActivityTypesResponse{}
	at := 0
	for i := range list {
		t := &list[i]
		if t.Archived && !req.GetIncludeArchived() || req.GetRecordType() != "" && t.RecordType != "" && t.RecordType != req.GetRecordType() {
			continue
		}
		if at++; at <= skip {
			continue
		}
		if len(res.Types) == size {
			res.NextPageToken, err = h.Pages.Encode(ctx, req, skip+size)
			return res, err
		}
		res.Types = append(res.Types, typeToProto(t))
	}
	return res, nil
}

// GetActivityType implements activityv1connect.ActivityServiceHandler.
func (h *Handler) GetActivityType(ctx context.Context, req *activityv1.GetActivityTypeRequest) (*activityv1.GetActivityTypeResponse, error) {
	types, _, err := h.types(ctx, h.DB, access.FromContext(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	t, err := find(types, req.GetTypeId())
	if err != nil {
		return nil, err
	}
	return &activityv1.GetActivityTypeResponse{Type: typeToProto(t)}, nil
}

// find is the type that a request names.
func find(types map[uuid.UUID]*db.ActivityType, name string) (*db.ActivityType, error) {
	id, err := idOf(name, errTypeNotFound)
	if err != nil {
		return nil, err
	}
	t := types[id]
	if t == nil {
		return nil, errTypeNotFound
	}
	return t, nil
}

// CreateActivityType implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CreateActivityType(ctx context.Context, req *activityv1.CreateActivityTypeRequest) (*activityv1.CreateActivityTypeResponse, error) {
	c := access.FromContext(ctx)
	request, err := idOf(req.GetRequestId(), errRequestReused)
	if err != nil {
		return nil, err
	}
	t := db.ActivityType{WorkspaceID: c.Workspace}
	if err := changeType(&t, req.GetType(), every(typeFields(req.GetType()))); err != nil {
		return nil, err
	}
	made, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ActivityType, error) {
		if err := h.admitType(ctx, tx, &t, nil); err != nil {
			return t, err
		}
		return h.insertType(ctx, tx, &t, request)
	})
	if err != nil {
		earlier, missing := h.q.ActivityTypeByRequest(ctx, h.DB, db.ActivityTypeByRequestParams{WorkspaceID: c.Workspace, RequestID: &request})
		if missing != nil {
			return nil, typeFault(err)
		}
		made = earlier // whatever went wrong now, an earlier try went right
	}
	return &activityv1.CreateActivityTypeResponse{Type: typeToProto(&made)}, nil
}

func (h *Handler) insertType(ctx context.Context, tx pgx.Tx, t *db.ActivityType, request uuid.UUID) (db.ActivityType, error) {
	made, err := h.q.ActivityTypeInsert(ctx, tx, db.ActivityTypeInsertParams{
		WorkspaceID: t.WorkspaceID, ID: uuid.Must(uuid.NewV7()), Name: t.Name, Icon: t.Icon, RecordType: t.RecordType,
		DefaultSummary: t.DefaultSummary, DefaultNote: t.DefaultNote, DefaultAssigneeID: t.DefaultAssigneeID, DueCount: t.DueCount,
		DueUnit: t.DueUnit, DueBase: t.DueBase, NextTypeID: t.NextTypeID, NextMode: t.NextMode, Archived: t.Archived,
		Position: t.Position, RequestID: &request, CreateTime: h.Now(), MaxTypes: maxTypes,
	})
	if store.IsNoRows(err) {
		return made, errTooManyTypes
	}
	if err != nil {
		return made, fmt.Errorf("insert type of activity: %w", err)
	}
	return made, nil
}

// typeFault words the violation of a type's name.
func typeFault(err error) error {
	if store.IsUnique(err, "activity_type_name") {
		return errTypeTaken.Wrap(err)
	}
	return err
}

// admitType checks a type, and that what it names exists. The assignee that is
// known of it may have been deactivated since.
func (h *Handler) admitType(ctx context.Context, tx pgx.Tx, t *db.ActivityType, known *uuid.UUID) error {
	if err := checkType(t); err != nil {
		return err
	}
	if err := h.recordTypeExists(ctx, tx, t.WorkspaceID, t.RecordType, "type.record_type"); err != nil {
		return err
	}
	if t.NextTypeID != nil {
		types, _, err := h.types(ctx, tx, t.WorkspaceID)
		if err != nil {
			return err
		}
		if types[*t.NextTypeID] == nil {
			return errTypeNotFound.WithField("type.next_type_id")
		}
	}
	if t.DefaultAssigneeID == nil || known != nil && *known == *t.DefaultAssigneeID {
		return nil
	}
	people, err := h.hold(ctx, tx, t.WorkspaceID, []uuid.UUID{*t.DefaultAssigneeID})
	if err != nil {
		return err
	}
	p := people[*t.DefaultAssigneeID]
	if p == nil {
		return errUserNotFound.WithField("type.default_assignee_id")
	}
	if !p.active {
		return errInactive.WithField("type.default_assignee_id")
	}
	return nil
}

// recordTypeExists fails for the name of a record type that there is not; none is
// all.
func (h *Handler) recordTypeExists(ctx context.Context, tx db.DBTX, workspace uuid.UUID, name, field string) error {
	if name == "" {
		return nil
	}
	there, err := h.q.ActivityRecordTypeExists(ctx, tx, db.ActivityRecordTypeExistsParams{WorkspaceID: workspace, Name: name})
	if err != nil {
		return fmt.Errorf("find record type: %w", err)
	}
	if !there {
		return errTypeRecord.WithField(field)
	}
	return nil
}

// UpdateActivityType implements activityv1connect.ActivityServiceHandler.
func (h *Handler) UpdateActivityType(ctx context.Context, req *activityv1.UpdateActivityTypeRequest) (*activityv1.UpdateActivityTypeResponse, error) {
	c, want := access.FromContext(ctx), req.GetType()
	id, err := idOf(want.GetId(), errTypeNotFound)
	if err != nil {
		return nil, err
	}
	fields, err := masked(typeFields(want), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	made, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ActivityType, error) {
		t, err := h.q.ActivityTypeLock(ctx, tx, db.ActivityTypeLockParams{WorkspaceID: c.Workspace, ID: id})
		switch {
		case store.IsNoRows(err):
			return t, errTypeNotFound
		case err != nil:
			return t, fmt.Errorf("lock type of activity: %w", err)
		case want.GetEtag() != "" && want.GetEtag() != etagOf(t.Version):
			return t, errEtag
		}
		known := t.DefaultAssigneeID
		if err := changeType(&t, want, fields); err != nil {
			return t, err
		}
		if err := h.admitType(ctx, tx, &t, known); err != nil {
			return t, err
		}
		return h.updateType(ctx, tx, &t)
	})
	if err != nil {
		return nil, typeFault(err)
	}
	return &activityv1.UpdateActivityTypeResponse{Type: typeToProto(&made)}, nil
}

func (h *Handler) updateType(ctx context.Context, tx pgx.Tx, t *db.ActivityType) (db.ActivityType, error) {
	made, err := h.q.ActivityTypeUpdate(ctx, tx, db.ActivityTypeUpdateParams{
		Name: t.Name, Icon: t.Icon, RecordType: t.RecordType, DefaultSummary: t.DefaultSummary, DefaultNote: t.DefaultNote,
		DefaultAssigneeID: t.DefaultAssigneeID, DueCount: t.DueCount, DueUnit: t.DueUnit, DueBase: t.DueBase, NextTypeID: t.NextTypeID,
		NextMode: t.NextMode, Archived: t.Archived, Position: t.Position, WorkspaceID: t.WorkspaceID, ID: t.ID,
	})
	if err != nil {
		return made, fmt.Errorf("update type of activity: %w", err)
	}
	return made, nil
}
