package record

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

type typeKey struct {
	workspace uuid.UUID
	name      string
}

func (k typeKey) String() string { return k.workspace.String() + "/" + k.name }

// readTime bounds the reading of a type that many wait for.
const readTime = 10 * time.Second

// typeOf answers a type, as it was some seconds ago at most. Of many who ask at once
// one reads, and goes on when its own caller hangs up. A transaction reads for
// itself: it must not wait for somebody who waits for a connection.
func (h *Handler) typeOf(ctx context.Context, tx db.DBTX, workspace uuid.UUID, name string) (*Type, error) {
	key := typeKey{workspace, name}
	if t, ok := h.types.Get(key); ok {
		return t, nil
	}
	if tx != db.DBTX(h.db) {
		return h.readType(ctx, tx, key)
	}
	done := h.reading.DoChan(key.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		return h.readType(ctx, h.db, key)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		t, _ := r.Val.(*Type)
		return t, r.Err
	}
}

func (h *Handler) readType(ctx context.Context, tx db.DBTX, key typeKey) (*Type, error) {
	row, err := h.q.RecordTypeGet(ctx, tx, db.RecordTypeGetParams{WorkspaceID: key.workspace, Name: key.name})
	return h.remember(row, err)
}

// drop forgets a type, also what is just being read of it.
func (h *Handler) drop(key typeKey) {
	h.reading.Forget(key.String())
	h.types.Delete(key)
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
	h.drop(typeKey{workspace, name})
}

// forgetType tells every node, this one at once, that a type changed.
func (h *Handler) forgetType(workspace uuid.UUID, name string) {
	h.drop(typeKey{workspace, name})
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

// Watchable says whether a caller may know that records of a type change, and
// whether without which: who may read them depends on the record.
func (h *Handler) Watchable(ctx context.Context, c access.Caller, kind string) (ok, nameless bool, err error) {
	t, err := h.typeOf(ctx, h.db, c.Workspace, kind)
	if has(err, errTypeNotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	return t.read.role(c), t.read.conditional(c), nil
}

// Standing is how records are now, as the change that made them so would say. What
// does not exist is missing.
func (h *Handler) Standing(ctx context.Context, keys []thread.Key) (map[thread.Key]*recordv1.RecordChange, error) {
	p := db.RecordVersionsParams{}
	for _, key := range keys {
		p.WorkspaceIds, p.Ids = append(p.WorkspaceIds, key.Workspace), append(p.Ids, key.Thread)
	}
	rows, err := h.q.RecordVersions(ctx, h.db, p)
	if err != nil {
		return nil, fmt.Errorf("find versions of records: %w", err)
	}
	standing := make(map[thread.Key]*recordv1.RecordChange, len(rows))
	for _, row := range rows {
		r := stored{version: row.Version}
		standing[thread.Key{Workspace: row.WorkspaceID, Thread: row.ID}] = &recordv1.RecordChange{
			Type: row.Type, RecordId: row.ID.String(), Etag: r.etag(),
		}
	}
	return standing, nil
}

// CustomerField answers the field of a type that names the contact its records
// are about; empty for none.
func (h *Handler) CustomerField(ctx context.Context, workspace uuid.UUID, name string) (string, error) {
	t, err := h.typeOf(ctx, h.db, workspace, name)
	if err != nil {
		return "", err
	}
	return t.def.GetCustomerField(), nil
}
