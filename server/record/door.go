package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
)

// Rights implements access.Door: whoever may read a record reads its thread, and
// whoever may change it writes there. Only a type whose conditions look at the
// record costs a query.
func (h *Handler) Rights(ctx context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	none := access.Rights{Facts: f}
	if c.Outsider() {
		return none, nil
	}
	t, err := h.typeOf(ctx, h.db, c.Workspace, f.RecordType)
	if fault.ReasonOf(err) == errTypeNotFound.Reason {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	read, update := t.read.role(c), t.update.role(c)
	if !read {
		return none, nil
	}
	if !t.read.conditional(c) && (!update || !t.update.conditional(c)) {
		return access.Rights{Facts: f, Read: true, Post: update, Manage: update}, nil
	}
	r, err := h.find(ctx, h.db, c.Workspace, f.ID)
	if err != nil {
		if fault.ReasonOf(err) == errNotFound.Reason {
			return none, nil
		}
		return none, err
	}
	if read, err = t.read.allows(ctx, c, r, h.now()); err != nil || !read {
		return none, err
	}
	if update, err = t.update.allows(ctx, c, r, h.now()); err != nil {
		return none, err
	}
	return access.Rights{Facts: f, Read: true, Post: update, Manage: update}, nil
}

// find reads one record, whoever asks.
func (h *Handler) find(ctx context.Context, tx db.DBTX, workspace, id uuid.UUID) (*stored, error) {
	row, err := h.q.RecordGet(ctx, tx, db.RecordGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find record: %w", err)
	}
	return fromRecordRow(row)
}

// readable reads one record with its type, for a caller who may.
func (h *Handler) readable(ctx context.Context, c access.Caller, id uuid.UUID) (*Type, *stored, error) {
	r, err := h.find(ctx, h.db, c.Workspace, id)
	if err != nil {
		return nil, nil, err
	}
	t, err := h.typeOf(ctx, h.db, c.Workspace, r.kind)
	if err != nil {
		return nil, nil, err
	}
	return t, r, h.admit(ctx, c, t.read, r, errNotFound)
}

// admit fails with refusal unless the permission lets the caller at the record.
func (h *Handler) admit(ctx context.Context, c access.Caller, p permission, r *stored, refusal error) error {
	ok, err := p.allows(ctx, c, r, h.now())
	if err != nil {
		return err
	}
	if !ok {
		return refusal
	}
	return nil
}
