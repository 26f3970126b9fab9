package chatter

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
)

// Activities answers what activities are, for the inbox items that tell of them.
// Those that do not exist any more are left out.
type Activities interface {
	Views(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]*activityv1.Activity, error)
}

// activitiesOf are the activities that items tell of: one question for all.
func (h *Handler) activitiesOf(ctx context.Context, workspace uuid.UUID, rows []inboxRow) (map[uuid.UUID]*activityv1.Activity, error) {
	var ids []uuid.UUID
	for _, row := range rows {
		if id := row.InboxItem.ActivityID; id != nil {
			ids = append(ids, *id)
		}
	}
	if len(ids) == 0 || h.activities == nil {
		return nil, nil
	}
	found, err := h.activities.Views(ctx, workspace, ids)
	if err != nil {
		return nil, fmt.Errorf("find activities of inbox: %w", err)
	}
	return found, nil
}

// Activity puts an activity into the inbox of a user it was given to, in tx: one
// item for each activity and user, at the top and unread. It answers the item; nil
// for a user who was deactivated. When tx is committed, tell the user's streams
// (live.Hub.Inbox).
func (f *Followers) Activity(ctx context.Context, tx pgx.Tx, workspace, thread, user, activity uuid.UUID) (*uuid.UUID, error) {
	item, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make item id: %w", err)
	}
	n, err := f.q.InboxActivity(ctx, tx, db.InboxActivityParams{
		WorkspaceID: workspace, UserID: user, ItemID: item, ThreadID: thread, Seq: seqOfNone(item), ActivityID: activity, CreateTime: f.now(),
	})
	if err != nil {
		return nil, fmt.Errorf("put activity into inbox: %w", err)
	}
	if n == 0 {
		return nil, nil
	}
	return &item, nil
}

// seqOfNone is the seq of an item that tells of no message: below zero, and by the
// random part of its id no other's.
func seqOfNone(item uuid.UUID) int64 {
	return -1 - int64(binary.BigEndian.Uint64(item[8:])&(1<<62-1))
}

// DropActivity takes an activity out of the inboxes of all users but keep, in tx,
// and answers whose.
func (f *Followers) DropActivity(ctx context.Context, tx pgx.Tx, workspace, activity, keep uuid.UUID) ([]uuid.UUID, error) {
	users, err := f.q.InboxActivityDrop(ctx, tx, db.InboxActivityDropParams{WorkspaceID: workspace, ActivityID: activity, Keep: keep})
	if err != nil {
		return nil, fmt.Errorf("take activity out of inboxes: %w", err)
	}
	return users, nil
}

// ReadActivity marks an activity as read in all inboxes, in tx, and answers in
// whose it was not.
func (f *Followers) ReadActivity(ctx context.Context, tx pgx.Tx, workspace, activity uuid.UUID) ([]uuid.UUID, error) {
	users, err := f.q.InboxActivityRead(ctx, tx, db.InboxActivityReadParams{WorkspaceID: workspace, ActivityID: activity})
	if err != nil {
		return nil, fmt.Errorf("mark activity in inboxes as read: %w", err)
	}
	return users, nil
}
