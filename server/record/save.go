package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
)

// create adds the record that a request gives.
func (w *writer) create(ctx context.Context, kind string, given map[string]any, from *request) (*Type, *stored, error) {
	t, err := w.readableType(ctx, w.tx, w.caller, kind)
	if err != nil {
		return nil, nil, err
	}
	r, err := w.createOf(ctx, t, given, from)
	return t, r, err
}

func (w *writer) createOf(ctx context.Context, t *Type, given map[string]any, from *request) (*stored, error) {
	if !t.create.role(w.caller) {
		return nil, errDenied
	}
	v, wrong := t.fresh(w.caller, given)
	if wrong != nil {
		return nil, wrong.fault()
	}
	var fields []*recordv1.Field // those given: defaults are the administrator's
	for _, f := range t.def.GetFields() {
		if given[f.GetName()] != nil {
			fields = append(fields, f)
		}
	}
	if w.imported {
		fields = nil // looked up for all rows at once
	}
	_, wrong, err := w.resolve(ctx, &stored{}, v, fields)
	if err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, wrong.fault()
	}
	return w.add(ctx, t, v, from)
}

// update changes a record as a request says. The mask is of paths as in the
// contract; an etag, if given, must be the record's.
func (w *writer) update(ctx context.Context, id uuid.UUID, etag string, given map[string]any, mask []string) (*Type, *stored, error) {
	t, r, err := w.lock(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if etag != "" && etag != r.etag() {
		return nil, nil, errEtag
	}
	set, err := t.masked(w.caller, given, mask)
	if err != nil {
		return nil, nil, err
	}
	_, err = w.set(ctx, t, r, set)
	return t, r, err
}

// upsert updates the record that has the unique value given, or creates it.
func (w *writer) upsert(ctx context.Context, kind, etag string, given map[string]any) (*Type, *stored, bool, error) {
	t, err := w.readableType(ctx, w.tx, w.caller, kind)
	if err != nil {
		return nil, nil, false, err
	}
	f := t.fields[t.def.GetUniqueField()]
	if f == nil {
		return nil, nil, false, errNoUnique
	}
	v, wrong := normalise(f, given[f.GetName()])
	if wrong == nil && v == nil {
		wrong = wrongf(f.GetName(), "give the value to find the record by")
	}
	if wrong != nil {
		return nil, nil, false, wrong.fault()
	}
	ids, err := w.byUnique(ctx, t, *uniqueOf(t, values{f.GetName(): v}))
	if err != nil {
		return nil, nil, false, err
	}
	for _, id := range ids {
		t, r, err := w.update(ctx, id, etag, given, nil)
		if fault.ReasonOf(err) == errNotFound.Reason {
			err = errUniqueTaken.WithField("record.fields." + f.GetName())
		}
		return t, r, false, err
	}
	r, err := w.createOf(ctx, t, given, nil)
	return t, r, true, err
}

// byUnique answers the ids of the records with these unique values, by value.
func (w *writer) byUnique(ctx context.Context, t *Type, unique ...string) (map[string]uuid.UUID, error) {
	rows, err := w.q.RecordByUnique(ctx, w.tx, db.RecordByUniqueParams{
		WorkspaceID: w.caller.Workspace, Type: t.def.GetName(), UniqueValues: unique,
	})
	if err != nil {
		return nil, fmt.Errorf("find records by unique value: %w", err)
	}
	ids := make(map[string]uuid.UUID, len(rows))
	for _, row := range rows {
		ids[row.Value] = row.ID
	}
	return ids, nil
}

// remove deletes a record with its thread and everything that hangs on it.
func (w *writer) remove(ctx context.Context, id uuid.UUID) error {
	t, r, err := w.lock(ctx, id)
	if err != nil {
		return err
	}
	if err := w.admit(ctx, w.caller, t.remove, r, errDenied); err != nil {
		return err
	}
	if err := w.log.Drop(ctx, w.tx, r.workspace, r.id); err != nil {
		return err
	}
	if err := w.q.RecordDelete(ctx, w.tx, db.RecordDeleteParams{WorkspaceID: r.workspace, ID: r.id}); err != nil {
		return fmt.Errorf("delete record: %w", err)
	}
	w.tell(r, true)
	return nil
}

// request is what a record was made by.
type request struct {
	id uuid.UUID
	// hash is of what was given, so that the same id with something else is told.
	hash []byte
}

func requestOf(req *recordv1.CreateRecordRequest) (*request, error) {
	id, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return nil, fmt.Errorf("read request id: %w", err)
	}
	given := &recordv1.Record{Type: req.GetRecord().GetType(), Fields: req.GetRecord().GetFields()}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(given)
	if err != nil {
		return nil, fmt.Errorf("hash request: %w", err)
	}
	sum := sha256.Sum256(encoded)
	return &request{id: id, hash: sum[:16]}, nil
}

// earlier answers the record that an earlier try of the request made. One that was
// made before hashes were kept is taken for the same.
func (h *Handler) earlier(ctx context.Context, c access.Caller, from *request) (*Type, *stored, error) {
	row, err := h.q.RecordByRequest(ctx, h.db, db.RecordByRequestParams{WorkspaceID: c.Workspace, Creator: c.ID, RequestID: from.id})
	if store.IsNoRows(err) {
		return nil, nil, errNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("find record by request: %w", err)
	}
	if row.RequestHash != nil && !bytes.Equal(row.RequestHash, from.hash) {
		return nil, nil, errReused
	}
	r, err := fromRecordRow(recordRow{
		WorkspaceID: row.WorkspaceID, ID: row.ID, Type: row.Type, Title: row.Title, Fields: row.Fields, UniqueValue: row.UniqueValue,
		Version: row.Version, Creator: row.Creator, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	})
	if err != nil {
		return nil, nil, err
	}
	t, err := h.typeOf(ctx, h.db, c.Workspace, r.kind)
	return t, r, err
}
