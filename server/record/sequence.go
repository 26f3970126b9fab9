package record

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/store"
)

// sequence is the field that new records get their number in, or nil.
func (t *Type) sequence() *recordv1.Field {
	for _, f := range t.def.GetFields() {
		if f.GetSequencePrefix() != "" {
			return f
		}
	}
	return nil
}

// number gives a new record the next number of its type, unless it brings one.
// Where numbers were written by hand or imported, it goes on after the greatest.
func (w *writer) number(ctx context.Context, t *Type, v values) error {
	f := t.sequence()
	if f == nil || v[f.GetName()] != nil {
		return nil
	}
	n, err := w.q.RecordSequenceNext(ctx, w.tx, db.RecordSequenceNextParams{WorkspaceID: w.caller.Workspace, Type: t.def.GetName()})
	if store.IsForeignKey(err, "") {
		return errTypeNotFound
	}
	if err != nil {
		return fmt.Errorf("take next number: %w", err)
	}
	v[f.GetName()] = numbered(f, n)
	taken := n == 1 // the first may come after others
	if !taken && t.def.GetUniqueField() == f.GetName() {
		others, err := w.byUnique(ctx, t, *uniqueOf(t, v))
		if err != nil {
			return err
		}
		taken = len(others) > 0
	}
	if !taken {
		return nil
	}
	n, err = w.q.RecordSequenceSkip(ctx, w.tx, db.RecordSequenceSkipParams{
		WorkspaceID: w.caller.Workspace, Type: t.def.GetName(), Field: f.GetName(), Prefix: f.GetSequencePrefix(),
	})
	if err != nil {
		return fmt.Errorf("skip numbers in use: %w", err)
	}
	v[f.GetName()] = numbered(f, n)
	return nil
}

func numbered(f *recordv1.Field, n int64) string {
	return fmt.Sprintf("%s%05d", f.GetSequencePrefix(), n)
}
