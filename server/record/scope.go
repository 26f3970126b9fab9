package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// Scope answers the types of records that the caller may read, by the same rules
// as Rights.
func (h *Handler) Scope(ctx context.Context, c access.Caller) (access.Scope, error) {
	var scope access.Scope
	if c.Outsider() {
		return scope, nil
	}
	names, err := h.q.RecordTypeNames(ctx, h.db, db.RecordTypeNamesParams{WorkspaceID: c.Workspace, MaxRows: typesKept})
	if err != nil {
		return scope, fmt.Errorf("list record types: %w", err)
	}
	for _, name := range names {
		t, err := h.typeOf(ctx, h.db, c.Workspace, name)
		if fault.ReasonOf(err) == errTypeNotFound.Reason {
			continue // deleted a moment ago
		}
		if err != nil {
			return scope, err
		}
		switch {
		case !t.read.role(c):
		case t.read.conditional(c):
			scope.Depends = append(scope.Depends, name)
		default:
			scope.All = append(scope.All, name)
		}
	}
	return scope, nil
}

// Readable answers those records, given by type, that the caller may read.
func (h *Handler) Readable(ctx context.Context, c access.Caller, records map[string][]uuid.UUID) (map[uuid.UUID]bool, error) {
	wanted := make(map[string]set, len(records))
	for kind, ids := range records {
		wanted[kind] = make(set, len(ids))
		for _, id := range ids {
			wanted[kind][id] = struct{}{}
		}
	}
	names, err := h.recordNames(ctx, h.db, c, wanted)
	if err != nil {
		return nil, err
	}
	readable := make(map[uuid.UUID]bool, len(names))
	for id, n := range names {
		readable[id] = n.readable
	}
	return readable, nil
}
