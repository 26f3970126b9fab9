package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// errStale says that a type changed since a node read it: the write is done
// again, with the type as it is now.
var errStale = errors.New("the record type changed meanwhile")

// tries is how often a write is done at most.
const tries = 4

// writer saves records in one transaction, with their lines in the thread.
type writer struct {
	*Handler
	tx pgx.Tx
	// caller is whose rights count, author who the thread names.
	caller, author access.Caller
	// imported is true for the rows of an import, which were checked together.
	imported bool
	// mails is true if those who want to are told by mail.
	mails    bool
	messages []thread.Message
	assigned []assignment
	changed  []*recordv1.RecordChange
}

// assignment is an item that somebody's inbox has once the transaction is
// committed.
type assignment struct{ user, item uuid.UUID }

// transact runs do in a transaction, again if others were in its way, and after
// the commit tells the readers of the threads.
func (h *Handler) transact(ctx context.Context, c, author access.Caller, do func(w *writer) error) error {
	mails, err := h.sendsMail(ctx, c.Workspace)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		var w *writer
		err := store.Retry(ctx, func() error {
			return store.InTx(ctx, h.db, func(tx pgx.Tx) error {
				w = &writer{Handler: h, tx: tx, caller: c, author: author, mails: mails}
				return do(w)
			})
		})
		switch {
		case err == nil:
			w.announce(ctx)
			return nil
		case errors.Is(err, errStale) && try < tries:
		case errors.Is(err, errStale):
			return store.ErrContended.Wrap(err)
		default:
			return err
		}
	}
}

func (h *Handler) sendsMail(ctx context.Context, workspace uuid.UUID) (bool, error) {
	if h.mail == nil {
		return false, nil
	}
	on, _, err := h.mail.Outgoing(ctx, workspace)
	if err != nil {
		return false, fmt.Errorf("look whether mails are sent: %w", err)
	}
	return on, nil
}

// announce tells readers what was committed.
func (w *writer) announce(ctx context.Context) {
	w.log.Announce(ctx, w.messages...)
	for _, a := range w.assigned {
		w.signals.Publish(&wirev1.Signal{
			WorkspaceId: w.caller.Workspace[:],
			What:        &wirev1.Signal_Inbox{Inbox: &wirev1.Inbox{UserId: a.user[:], ItemId: a.item[:]}},
		})
	}
	if len(w.changed) > 0 {
		w.signals.Publish(&wirev1.Signal{
			WorkspaceId: w.caller.Workspace[:],
			What:        &wirev1.Signal_Records{Records: &wirev1.Records{Changes: w.changed}},
		})
	}
}

// tell notes that readers are to hear of a change of the record.
func (w *writer) tell(r *stored, deleted bool) {
	change := &recordv1.RecordChange{Type: r.kind, RecordId: r.id.String(), Deleted: deleted}
	if !deleted {
		change.Etag = r.etag()
	}
	w.changed = append(w.changed, change)
}

// add saves a new record of values that were checked.
func (w *writer) add(ctx context.Context, t *Type, v values, from *request) (*stored, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make record id: %w", err)
	}
	if err := w.number(ctx, t, v); err != nil {
		return nil, err
	}
	now := w.now().UTC().Truncate(time.Microsecond)
	r := &stored{
		workspace: w.caller.Workspace, id: id, kind: t.def.GetName(), title: titleOf(t, v), values: v, version: 1,
		created: now, updated: now,
	}
	if w.caller.Kind == access.User {
		r.creator = &w.caller.ID
	}
	if err := w.admit(ctx, w.caller, t.create, r, errDenied); err != nil {
		return nil, err
	}
	if err := w.insert(ctx, t, r, from); err != nil {
		return nil, err
	}
	if err := w.log.Create(ctx, w.tx, r.workspace, r.id, access.KindRecord, r.kind); err != nil {
		return nil, err
	}
	if err := w.postCreation(ctx, t, r); err != nil {
		return nil, err
	}
	if err := w.inherit(ctx, t, r, nil); err != nil {
		return nil, err
	}
	w.tell(r, false)
	return r, w.assign(ctx, t, r, nil, !w.imported)
}

func (w *writer) insert(ctx context.Context, t *Type, r *stored, from *request) error {
	fields, err := r.values.encoded()
	if err != nil {
		return err
	}
	row := db.RecordInsertParams{
		ID: r.id, Title: r.title, Fields: fields, UniqueValue: uniqueOf(t, r.values), Words: lexemes(r.workspace, r.kind, r.title),
		Creator: r.creator, Now: r.created, WorkspaceID: r.workspace, Type: r.kind, TypeVersion: t.version,
	}
	if from != nil {
		row.RequestID, row.RequestHash = &from.id, from.hash
	}
	n, err := w.q.RecordInsert(ctx, w.tx, row)
	if err != nil {
		return taken(t, err, "insert record")
	}
	if n == 0 {
		w.drop(typeKey{r.workspace, r.kind})
		return errStale
	}
	return nil
}

// taken words the violation of the unique field.
func taken(t *Type, err error, doing string) error {
	if !store.IsUnique(err, "record_unique") {
		return fmt.Errorf("%s: %w", doing, err)
	}
	f := t.fields[t.def.GetUniqueField()]
	return errUniqueTaken.WithField("record.fields."+f.GetName()).Wrap(err).
		WithMessage("another %s has this %s already; change it, or update that record", t.def.GetLabel(), f.GetLabel())
}

// lock reads a record that the caller may change, with its type, and holds both.
func (w *writer) lock(ctx context.Context, id uuid.UUID) (*Type, *stored, error) {
	row, err := w.q.RecordLock(ctx, w.tx, db.RecordLockParams{WorkspaceID: w.caller.Workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, nil, errNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("lock record: %w", err)
	}
	r, err := fromRecordRow(recordRow{
		WorkspaceID: row.WorkspaceID, ID: row.ID, Type: row.Type, Title: row.Title, Fields: row.Fields, UniqueValue: row.UniqueValue,
		Version: row.Version, Creator: row.Creator, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	})
	if err != nil {
		return nil, nil, err
	}
	t, err := w.atVersion(ctx, w.tx, r.workspace, r.kind, row.TypeVersion)
	if err != nil {
		return nil, nil, err
	}
	return t, r, w.admit(ctx, w.caller, t.read, r, errNotFound)
}

// set gives a locked record new values, and says whether that changed any.
func (w *writer) set(ctx context.Context, t *Type, r *stored, set map[string]any) (bool, error) {
	if err := w.admit(ctx, w.caller, t.update, r, errDenied); err != nil {
		return false, err
	}
	next, fields, wrong := t.changed(w.caller, r.values, set)
	if wrong != nil {
		return false, wrong.fault()
	}
	if len(fields) == 0 {
		return false, nil
	}
	n, wrong, err := w.resolve(ctx, r, next, fields)
	if err != nil {
		return false, err
	}
	if wrong != nil {
		return false, wrong.fault()
	}
	return true, w.replace(ctx, t, r, next, fields, n)
}

// resolve looks up what changed fields refer to, before and after.
func (w *writer) resolve(ctx context.Context, r *stored, next values, fields []*recordv1.Field) (*names, *wrong, error) {
	p := newPointers()
	for _, f := range fields {
		p.add(f, r.values[f.GetName()])
		p.add(f, next[f.GetName()])
	}
	n, err := w.names(ctx, w.tx, w.caller, p)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range fields {
		if wrong := n.missing(f, added(r.values[f.GetName()], next[f.GetName()]), r.id); wrong != nil {
			return nil, wrong, nil
		}
	}
	return n, nil, nil
}

// added are the ids in a reference's new value that the old one has not: what is
// there already may point to nothing.
func added(old, next any) any {
	list, ok := next.([]any)
	if !ok {
		return next
	}
	before, _ := old.([]any)
	return slices.DeleteFunc(slices.Clone(list), func(id any) bool { return slices.Contains(before, id) })
}

// replace saves the next values, which were checked, and logs the change.
func (w *writer) replace(ctx context.Context, t *Type, r *stored, next values, fields []*recordv1.Field, n *names) error {
	old := r.values
	r.values, r.title, r.updated = next, titleOf(t, next), w.now().UTC().Truncate(time.Microsecond)
	encoded, err := next.encoded()
	if err != nil {
		return err
	}
	r.version, err = w.q.RecordUpdate(ctx, w.tx, db.RecordUpdateParams{
		Title: r.title, Fields: encoded, UniqueValue: uniqueOf(t, next), Words: lexemes(r.workspace, r.kind, r.title),
		Now: r.updated, WorkspaceID: r.workspace, ID: r.id,
	})
	if err != nil {
		return taken(t, err, "update record")
	}
	if err := w.keepFiles(ctx, r, fields); err != nil {
		return err
	}
	if err := w.postChange(ctx, t, r, old, fields, n); err != nil {
		return err
	}
	if err := w.inherit(ctx, t, r, old); err != nil {
		return err
	}
	w.tell(r, false)
	return w.assign(ctx, t, r, old, true)
}

// keepFiles takes the files that fields name out of those that are swept when no
// message takes them.
func (w *writer) keepFiles(ctx context.Context, r *stored, fields []*recordv1.Field) error {
	var ids []uuid.UUID
	for _, f := range fields {
		if f.GetType() == recordv1.FieldType_FIELD_TYPE_FILE {
			ids = append(ids, idsOf(r.values[f.GetName()])...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := w.q.RecordFileKeep(ctx, w.tx, db.RecordFileKeepParams{WorkspaceID: r.workspace, ThreadID: r.id, Ids: ids}); err != nil {
		return fmt.Errorf("keep files of record: %w", err)
	}
	return nil
}
