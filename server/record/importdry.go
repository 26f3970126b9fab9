package record

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/gen/db"
)

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
