package record

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

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
	i := &importing{
		Handler: h, caller: c, kind: req.GetType(), dry: req.GetDryRun(), planned: map[string]values{},
		res: &recordv1.ImportRecordsResponse{},
	}
	if err := i.all(ctx, t, rows); err != nil {
		return nil, err
	}
	slices.SortStableFunc(i.res.Errors, func(a, b *recordv1.RowError) int { return int(a.GetRow() - b.GetRow()) })
	h.logger.InfoContext(ctx, "imported records", "type", i.kind, "dry_run", i.dry, "created", i.res.GetCreated(),
		"updated", i.res.GetUpdated(), "unchanged", i.res.GetUnchanged(), "errors", i.res.GetErrorCount())
	return i.res, nil
}

// all saves rows, and those that refer to others among them once these are there.
// When a round has saved none of what is still missed, it will not come.
func (i *importing) all(ctx context.Context, t *Type, rows []*row) error {
	promised := titlesIn(t, rows)
	for len(rows) > 0 {
		if err := i.checkRows(ctx, t, i.caller, rows, promised); err != nil {
			return err
		}
		var waiting []*row
		if !i.dry {
			waiting = slices.DeleteFunc(slices.Clone(rows), func(r *row) bool { return !r.waits || len(r.wrong) > 0 })
			rows = slices.DeleteFunc(rows, func(r *row) bool { return r.waits && len(r.wrong) == 0 })
		}
		saved := i.res.GetCreated() + i.res.GetUpdated()
		if err := i.run(ctx, rows); err != nil {
			return err
		}
		if i.res.GetCreated()+i.res.GetUpdated() == saved {
			promised = nil
		}
		for _, r := range waiting {
			r.given = maps.Clone(r.written)
		}
		rows = waiting
	}
	return nil
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
