package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/store"
)

// derivedAtOnce is how many records get their derived columns in one statement.
const derivedAtOnce = 1000

// updateType changes a type, and its records with it, in one transaction that
// saves of its records wait for.
func (h *Handler) updateType(ctx context.Context, workspace uuid.UUID, given *recordv1.RecordType, mask []string) (*Type, error) {
	var row db.RecordType
	err := store.Retry(ctx, func() error {
		return store.InTx(ctx, h.db, func(tx pgx.Tx) (err error) {
			row, err = h.replaceType(ctx, tx, workspace, given, mask)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	h.forgetType(workspace, row.Name)
	return h.remember(row, nil)
}

func (h *Handler) replaceType(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, given *recordv1.RecordType, mask []string) (db.RecordType, error) {
	row, err := h.q.RecordTypeLock(ctx, tx, db.RecordTypeLockParams{WorkspaceID: workspace, Name: given.GetName()})
	if store.IsNoRows(err) {
		return row, errTypeNotFound
	}
	if err != nil {
		return row, fmt.Errorf("lock record type: %w", err)
	}
	old, err := fromTypeRow(row)
	if err != nil {
		return row, err
	}
	def, err := merged(old.def, given, mask)
	if err != nil {
		return row, err
	}
	if proto.Equal(old.def, def) {
		return row, nil
	}
	if err := h.checkType(ctx, tx, workspace, def); err != nil {
		return row, err
	}
	if err := h.convert(ctx, tx, workspace, old.def, def); err != nil {
		return row, err
	}
	encoded, err := definition(def)
	if err != nil {
		return row, err
	}
	row, err = h.q.RecordTypeUpdate(ctx, tx, db.RecordTypeUpdateParams{
		Label: def.GetLabel(), Definition: encoded, Now: h.now(), WorkspaceID: workspace, Name: def.GetName(),
	})
	if err != nil {
		return row, fmt.Errorf("update record type: %w", err)
	}
	return row, nil
}

// convert makes the records of a type fit what it becomes, or refuses.
func (h *Handler) convert(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, old, def *recordv1.RecordType) error {
	if old.GetBuiltIn() {
		original, err := builtinType(old.GetName())
		if err != nil {
			return err
		}
		if w := keepsBuiltIn(original, def); w != nil {
			return typeFault(w)
		}
	}
	d, w := compareTypes(old, def)
	if w != nil {
		return typeFault(w)
	}
	if len(d.removed) > 0 {
		err := h.q.RecordStrip(ctx, tx, db.RecordStripParams{WorkspaceID: workspace, Type: def.GetName(), Names: d.removed})
		if err != nil {
			return fmt.Errorf("remove values of removed fields: %w", err)
		}
	}
	if err := h.fill(ctx, tx, workspace, def, d.demanded); err != nil {
		return err
	}
	if !d.rederived {
		return nil
	}
	return h.rederive(ctx, tx, workspace, def)
}

// fill gives the records that lack newly required fields their default values;
// without a default there must be no such record.
func (h *Handler) fill(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, def *recordv1.RecordType, demanded []*recordv1.Field) error {
	defaults, filled := values{}, []string{}
	for _, f := range demanded {
		v, w := normalise(f, f.GetDefaultValue().AsInterface())
		if w == nil && v != nil {
			defaults[f.GetName()] = v
			filled = append(filled, f.GetName())
			continue
		}
		lacking, err := h.q.RecordWithout(ctx, tx, db.RecordWithoutParams{WorkspaceID: workspace, Type: def.GetName(), Name: f.GetName()})
		if err != nil {
			return fmt.Errorf("find records without required field: %w", err)
		}
		if lacking {
			return typeFault(wrongf("fields", "%s: there are records without it; give it a default value, or fill it in first", f.GetName()))
		}
	}
	if len(filled) == 0 {
		return nil
	}
	encoded, err := defaults.encoded()
	if err != nil {
		return err
	}
	err = h.q.RecordFill(ctx, tx, db.RecordFillParams{Values: encoded, WorkspaceID: workspace, Type: def.GetName(), Names: filled})
	if err != nil {
		return fmt.Errorf("fill required fields: %w", err)
	}
	return nil
}

// rederive computes titles and unique values anew, after the fields that they
// come from were changed.
func (h *Handler) rederive(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, def *recordv1.RecordType) error {
	t, err := compile(def, 0)
	if err != nil {
		return err
	}
	kind := def.GetName()
	if err := h.q.RecordClearUnique(ctx, tx, db.RecordClearUniqueParams{WorkspaceID: workspace, Type: kind}); err != nil {
		return fmt.Errorf("clear unique values: %w", err)
	}
	for after := uuid.Nil; ; {
		page, err := h.q.RecordPage(ctx, tx, db.RecordPageParams{WorkspaceID: workspace, Type: kind, After: after, PageSize: derivedAtOnce})
		if err != nil {
			return fmt.Errorf("walk records: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		after = page[len(page)-1].ID
		derived, err := derive(t, workspace, page)
		if err != nil {
			return err
		}
		err = h.q.RecordDerive(ctx, tx, derived)
		if store.IsUnique(err, "record_unique") {
			return typeFault(wrongf("unique_field", "two records have the same %s; make them differ first", def.GetUniqueField()))
		}
		if err != nil {
			return fmt.Errorf("derive titles and unique values: %w", err)
		}
	}
}

func derive(t *Type, workspace uuid.UUID, page []db.RecordPageRow) (db.RecordDeriveParams, error) {
	d := db.RecordDeriveParams{WorkspaceID: workspace}
	for _, row := range page {
		r, err := fromRecordRow(recordRow{ID: row.ID, Fields: row.Fields})
		if err != nil {
			return d, err
		}
		title, unique := titleOf(t, r.values), ""
		if u := uniqueOf(t, r.values); u != nil {
			unique = *u
		}
		d.Ids, d.Titles, d.UniqueValues = append(d.Ids, row.ID), append(d.Titles, title), append(d.UniqueValues, unique)
		d.Words = append(d.Words, joined(lexemes(workspace, t.def.GetName(), title)))
	}
	return d, nil
}
