package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

type typeKey struct {
	workspace uuid.UUID
	name      string
}

// typeOf answers a type, as it was some seconds ago at most.
func (h *Handler) typeOf(ctx context.Context, tx db.DBTX, workspace uuid.UUID, name string) (*Type, error) {
	key := typeKey{workspace, name}
	if t, ok := h.types.Get(key); ok {
		return t, nil
	}
	row, err := h.q.RecordTypeGet(ctx, tx, db.RecordTypeGetParams{WorkspaceID: workspace, Name: name})
	return h.remember(row, err)
}

// heldType answers a type as it is, and keeps it so until tx ends.
func (h *Handler) heldType(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, name string) (*Type, error) {
	row, err := h.q.RecordTypeHold(ctx, tx, db.RecordTypeHoldParams{WorkspaceID: workspace, Name: name})
	return h.remember(row, err)
}

// atVersion answers a type at the version that tx holds it at.
func (h *Handler) atVersion(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, name string, version int64) (*Type, error) {
	if t, ok := h.types.Get(typeKey{workspace, name}); ok && t.version == version {
		return t, nil
	}
	return h.heldType(ctx, tx, workspace, name)
}

// remember makes a type of a row and keeps it for the next.
func (h *Handler) remember(row db.RecordType, err error) (*Type, error) {
	if store.IsNoRows(err) {
		return nil, errTypeNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find record type: %w", err)
	}
	t, err := fromTypeRow(row)
	if err != nil {
		return nil, err
	}
	h.types.Put(typeKey{row.WorkspaceID, row.Name}, t)
	return t, nil
}

// readableType answers a type that the caller has to do with: whoever may
// neither read nor create its records finds none.
func (h *Handler) readableType(ctx context.Context, tx db.DBTX, c access.Caller, name string) (*Type, error) {
	t, err := h.typeOf(ctx, tx, c.Workspace, name)
	if err != nil {
		return nil, err
	}
	if !t.visible(c) {
		return nil, errTypeNotFound
	}
	return t, nil
}

func (t *Type) visible(c access.Caller) bool {
	return c.Administrator() || t.read.role(c) || t.create.role(c)
}

// Subtypes answers the update subtypes of a type, which followers of its
// records subscribe to.
func (h *Handler) Subtypes(ctx context.Context, workspace uuid.UUID, name string) ([]*recordv1.Subtype, error) {
	t, err := h.typeOf(ctx, h.db, workspace, name)
	if err != nil {
		return nil, err
	}
	return t.def.GetSubtypes(), nil
}

// Hear drops what a signal says has changed. Register it with the bus.
func (h *Handler) Hear(s *wirev1.Signal) {
	name := s.GetForget().GetRecordType()
	workspace, err := uuid.FromBytes(s.GetWorkspaceId())
	if name == "" || err != nil {
		return
	}
	h.types.Delete(typeKey{workspace, name})
}

// forgetType tells every node, this one at once, that a type changed.
func (h *Handler) forgetType(workspace uuid.UUID, name string) {
	h.types.Delete(typeKey{workspace, name})
	h.signals.Publish(&wirev1.Signal{
		WorkspaceId: workspace[:],
		What:        &wirev1.Signal_Forget{Forget: &wirev1.Forget{RecordType: name}},
	})
}

// forgetThread tells every node that a record is gone.
func (h *Handler) forgetThread(workspace, id uuid.UUID) {
	h.signals.Publish(&wirev1.Signal{
		WorkspaceId: workspace[:],
		What:        &wirev1.Signal_Forget{Forget: &wirev1.Forget{ThreadId: id[:]}},
	})
}
