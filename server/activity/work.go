package activity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// toldSingly is how many changes of one record are told one by one; of more, its
// readers are told to read them anew.
const toldSingly = 4

// work changes activities in one transaction, and remembers whom to tell.
type work struct {
	*Handler
	tx       pgx.Tx
	caller   access.Caller
	messages []thread.Message
	inboxes  []note
	// touched are the activities that are new or changed, as they are now.
	touched []db.Activity
	// gone are those that are not there any more, as they were.
	gone []db.Activity
	// former are users who lost an activity to somebody else.
	former map[uuid.UUID][]uuid.UUID
}

// note is whose inbox changed.
type note struct {
	user uuid.UUID
	item *uuid.UUID
}

// transact runs do in a transaction, again if others were in its way, and tells
// everybody concerned once it is committed. It answers the activities that were
// touched, as users see them.
func (h *Handler) transact(ctx context.Context, c access.Caller, do func(w *work) error) ([]*activityv1.Activity, error) {
	var w *work
	err := store.Retry(ctx, func() error {
		return store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
			w = &work{Handler: h, tx: tx, caller: c, former: map[uuid.UUID][]uuid.UUID{}}
			return do(w)
		})
	})
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // who hung up has still changed something
	views, err := h.views(ctx, c.Workspace, w.touched)
	w.tell(ctx, views)
	return views, err
}

// tell says what was committed. Without views the records' readers are told to
// read anew.
func (w *work) tell(ctx context.Context, views []*activityv1.Activity) {
	w.Log.Announce(ctx, w.messages...)
	for _, n := range w.inboxes {
		w.Live.Inbox(w.caller.Workspace, n.user, n.item)
	}
	changes, order := map[uuid.UUID][]*activityv1.ActivityChange{}, set{}
	users := map[uuid.UUID]*set{}
	add := func(a *db.Activity, now *activityv1.Activity) {
		order.add(&a.ThreadID)
		if users[a.ThreadID] == nil {
			users[a.ThreadID] = &set{}
		}
		users[a.ThreadID].add(&a.AssigneeID)
		for _, user := range w.former[a.ID] {
			users[a.ThreadID].add(&user)
		}
		changes[a.ThreadID] = append(changes[a.ThreadID], changeOf(a, now))
	}
	for i := range w.gone {
		w.gone[i].Done = true
		add(&w.gone[i], nil)
	}
	for i := range w.touched {
		add(&w.touched[i], viewAt(views, i))
	}
	for _, record := range order.all() {
		for _, change := range gathered(changes[record]) {
			w.Live.Activity(w.caller.Workspace, change, users[record].all())
		}
	}
}

func viewAt(views []*activityv1.Activity, i int) *activityv1.Activity {
	if i < len(views) {
		return views[i]
	}
	return nil
}

// changeOf is what is told of an activity: what it is now as long as it is to be
// done. Where that is not known, it is to be read.
func changeOf(a *db.Activity, now *activityv1.Activity) *activityv1.ActivityChange {
	change := &activityv1.ActivityChange{RecordId: a.ThreadID.String()}
	if a.Done || now != nil {
		change.ActivityId = a.ID.String()
	}
	if !a.Done {
		change.Activity = now
	}
	return change
}

// gathered are the changes of one record as they are told.
func gathered(changes []*activityv1.ActivityChange) []*activityv1.ActivityChange {
	if len(changes) <= toldSingly {
		return changes
	}
	return []*activityv1.ActivityChange{{RecordId: changes[0].GetRecordId()}}
}

// notify puts an activity into its assignee's inbox, unless they gave it to
// themselves.
func (w *work) notify(ctx context.Context, a *db.Activity) error {
	if a.AssigneeID == w.caller.ID {
		return nil
	}
	item, err := w.Inbox.Activity(ctx, w.tx, w.caller.Workspace, a.ThreadID, a.AssigneeID, a.ID)
	if err != nil {
		return err
	}
	if item != nil {
		w.inboxes = append(w.inboxes, note{a.AssigneeID, item})
	}
	return nil
}

// unnotify takes an activity out of the inboxes of all but keep.
func (w *work) unnotify(ctx context.Context, a *db.Activity, keep uuid.UUID) error {
	users, err := w.Inbox.DropActivity(ctx, w.tx, w.caller.Workspace, a.ID, keep)
	if err != nil {
		return err
	}
	for _, user := range users {
		w.inboxes = append(w.inboxes, note{user: user})
	}
	return nil
}

// lock answers an activity that stays as it is until the transaction ends. Its
// thread is locked first, as by every post.
func (w *work) lock(ctx context.Context, id, record uuid.UUID) (db.Activity, error) {
	err := w.q.ActivityThreadLock(ctx, w.tx, db.ActivityThreadLockParams{WorkspaceID: w.caller.Workspace, ThreadID: record})
	if err != nil {
		return db.Activity{}, fmt.Errorf("lock thread: %w", err)
	}
	a, err := w.q.ActivityLock(ctx, w.tx, db.ActivityLockParams{WorkspaceID: w.caller.Workspace, ID: id})
	if store.IsNoRows(err) {
		return db.Activity{}, errNotFound
	}
	if err != nil {
		return db.Activity{}, fmt.Errorf("lock activity: %w", err)
	}
	return a, nil
}

// visible answers an activity that the caller may see, and what they may do in its
// thread.
func (h *Handler) visible(ctx context.Context, c access.Caller, name string) (db.Activity, access.Rights, error) {
	id, err := idOf(name, errNotFound)
	if err != nil {
		return db.Activity{}, access.Rights{}, err
	}
	a, err := h.q.ActivityGet(ctx, h.DB, db.ActivityGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return a, access.Rights{}, errNotFound
	}
	if err != nil {
		return a, access.Rights{}, fmt.Errorf("find activity: %w", err)
	}
	rights, err := h.Gate.Read(ctx, c, a.ThreadID)
	if isUnreadable(err) {
		return a, rights, errNotFound
	}
	return a, rights, err
}

// changeable is visible for a caller who may change the activity: whoever may post
// on the record, and whoever has it to do.
func (h *Handler) changeable(ctx context.Context, c access.Caller, name string) (db.Activity, error) {
	a, rights, err := h.visible(ctx, c, name)
	if err != nil {
		return a, err
	}
	if !rights.Post && a.AssigneeID != c.ID {
		return a, errDenied
	}
	return a, nil
}
