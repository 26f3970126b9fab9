package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

const (
	// rowsAtOnce is how many rows are saved in one transaction.
	rowsAtOnce = 100
	// maxRowErrors is how many errors an import reports.
	maxRowErrors = 1_000
)

// outcome is what became of a row.
type outcome int

const (
	rowCreated outcome = iota + 1
	rowUpdated
	rowUnchanged
)

// importing is one import under way.
type importing struct {
	*Handler
	caller access.Caller
	kind   string
	dry    bool
	// planned are the unique values that a dry run would have saved so far.
	planned map[string]values
	res     *recordv1.ImportRecordsResponse
}

// ImportRecords implements the contract's method.
func (h *Handler) ImportRecords(ctx context.Context, req *recordv1.ImportRecordsRequest) (*recordv1.ImportRecordsResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.readableType(ctx, h.db, c, req.GetType())
	if err != nil {
		return nil, err
	}
	if !t.create.role(c) && !t.update.role(c) {
		return nil, errDenied
	}
	rows, err := read(t, c, req.GetFormat(), req.GetData())
	if err != nil {
		return nil, err
	}
	if err := h.checkRows(ctx, t, c, rows); err != nil {
		return nil, err
	}
	i := &importing{
		Handler: h, caller: c, kind: req.GetType(), dry: req.GetDryRun(), planned: map[string]values{},
		res: &recordv1.ImportRecordsResponse{},
	}
	return i.res, i.run(ctx, rows)
}

// run saves the rows that are right, some at a time.
func (i *importing) run(ctx context.Context, rows []*row) error {
	var chunk []*row
	for _, r := range rows {
		if len(r.wrong) > 0 {
			i.report(r)
			continue
		}
		if chunk = append(chunk, r); len(chunk) == rowsAtOnce {
			if err := i.chunk(ctx, chunk); err != nil {
				return err
			}
			chunk = nil
		}
	}
	if len(chunk) == 0 {
		return nil
	}
	return i.chunk(ctx, chunk)
}

// chunk saves rows in one transaction. If one of them cannot be saved, each gets
// a transaction of its own, so that it takes no other with it.
func (i *importing) chunk(ctx context.Context, rows []*row) error {
	if i.dry {
		return i.try(ctx, rows)
	}
	outcomes, err := i.save(ctx, rows)
	if err == nil {
		for _, o := range outcomes {
			i.tally(o)
		}
		return nil
	}
	w, curable := fieldFault(err)
	switch {
	case !curable:
		return err
	case len(rows) == 1:
		rows[0].fail(w)
		i.report(rows[0])
		return nil
	}
	for at := range rows {
		if err := i.chunk(ctx, rows[at:at+1]); err != nil {
			return err
		}
	}
	return nil
}

// save saves rows in one transaction, in the name of the system.
func (i *importing) save(ctx context.Context, rows []*row) ([]outcome, error) {
	var outcomes []outcome
	err := i.transact(ctx, i.caller, access.SystemCaller(i.caller.Workspace), func(w *writer) error {
		w.imported, outcomes = true, nil
		t, err := i.typeOf(ctx, w.tx, i.caller.Workspace, i.kind)
		if err != nil {
			return err
		}
		ids, err := w.byUnique(ctx, t, uniques(t, rows)...)
		if err != nil {
			return err
		}
		for _, r := range rows {
			o, err := w.saveRow(ctx, t, r, ids)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, o)
		}
		return nil
	})
	return outcomes, err
}

func uniques(t *Type, rows []*row) []string {
	var found []string
	for _, r := range rows {
		if u := uniqueOf(t, r.given); u != nil {
			found = append(found, *u)
		}
	}
	return found
}

// saveRow updates the record with the row's unique value, or creates one, which
// later rows find by its value in ids.
func (w *writer) saveRow(ctx context.Context, t *Type, r *row, ids map[string]uuid.UUID) (outcome, error) {
	unique := uniqueOf(t, r.given)
	if unique != nil {
		if id, ok := ids[*unique]; ok {
			return w.updateRow(ctx, t, r, id)
		}
	}
	made, err := w.createOf(ctx, t, r.given, nil)
	if err != nil {
		return 0, err
	}
	if unique != nil {
		ids[*unique] = made.id
	}
	return rowCreated, nil
}

func (w *writer) updateRow(ctx context.Context, t *Type, r *row, id uuid.UUID) (outcome, error) {
	now, old, err := w.lock(ctx, id)
	if has(err, errNotFound) {
		return 0, errUniqueTaken.WithField("record.fields." + t.def.GetUniqueField())
	}
	if err != nil {
		return 0, err
	}
	changed, err := w.set(ctx, now, old, r.given)
	if err != nil {
		return 0, err
	}
	if changed {
		return rowUpdated, nil
	}
	return rowUnchanged, nil
}

// try finds out what would become of rows, and saves nothing.
func (i *importing) try(ctx context.Context, rows []*row) error {
	t, err := i.typeOf(ctx, i.db, i.caller.Workspace, i.kind)
	if err != nil {
		return err
	}
	existing, err := i.existing(ctx, t, uniques(t, rows))
	if err != nil {
		return err
	}
	for _, r := range rows {
		o, err := i.tryRow(ctx, t, r, existing)
		if err == nil {
			i.tally(o)
			continue
		}
		w, curable := fieldFault(err)
		if !curable {
			return err
		}
		r.fail(w)
		i.report(r)
	}
	return nil
}

func (i *importing) existing(ctx context.Context, t *Type, unique []string) (map[string]*stored, error) {
	rows, err := i.q.RecordListByUnique(ctx, i.db, db.RecordListByUniqueParams{
		WorkspaceID: i.caller.Workspace, Type: t.def.GetName(), UniqueValues: unique,
	})
	if err != nil {
		return nil, fmt.Errorf("find records by unique value: %w", err)
	}
	found := make(map[string]*stored, len(rows))
	for _, row := range rows {
		r, err := fromRecordRow(recordRow(row))
		if err != nil {
			return nil, err
		}
		if row.UniqueValue != nil {
			found[*row.UniqueValue] = r
		}
	}
	return found, nil
}

func (i *importing) tryRow(ctx context.Context, t *Type, r *row, existing map[string]*stored) (outcome, error) {
	unique := uniqueOf(t, r.given)
	if unique != nil && i.planned[*unique] != nil {
		return i.tryChange(t, r, i.planned[*unique], *unique)
	}
	if unique != nil && existing[*unique] != nil {
		old := existing[*unique]
		hidden := errUniqueTaken.WithField("record.fields." + t.def.GetUniqueField())
		if err := i.admit(ctx, i.caller, t.read, old, hidden); err != nil {
			return 0, err
		}
		if err := i.admit(ctx, i.caller, t.update, old, errDenied); err != nil {
			return 0, err
		}
		return i.tryChange(t, r, old.values, *unique)
	}
	v, wrong := t.fresh(i.caller, r.given)
	if wrong != nil {
		return 0, wrong.fault()
	}
	now := i.now()
	made := &stored{workspace: i.caller.Workspace, kind: i.kind, title: titleOf(t, v), values: v, creator: &i.caller.ID, created: now, updated: now}
	if err := i.admit(ctx, i.caller, t.create, made, errDenied); err != nil {
		return 0, err
	}
	if unique != nil {
		i.planned[*unique] = v
	}
	return rowCreated, nil
}

func (i *importing) tryChange(t *Type, r *row, old values, unique string) (outcome, error) {
	next, fields, wrong := t.changed(i.caller, old, r.given)
	if wrong != nil {
		return 0, wrong.fault()
	}
	i.planned[unique] = next
	if len(fields) == 0 {
		return rowUnchanged, nil
	}
	return rowUpdated, nil
}

func (i *importing) tally(o outcome) {
	switch o {
	case rowCreated:
		i.res.Created++
	case rowUpdated:
		i.res.Updated++
	case rowUnchanged:
		i.res.Unchanged++
	}
}

// report notes why a row is left out.
func (i *importing) report(r *row) {
	i.res.ErrorCount++
	for _, w := range r.wrong {
		if len(i.res.Errors) < maxRowErrors {
			i.res.Errors = append(i.res.Errors, &recordv1.RowError{Row: int32(r.number), Field: w.field, Message: w.message})
		}
	}
}
