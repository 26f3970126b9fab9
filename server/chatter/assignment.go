package chatter

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
)

// Followers is the part of the chatter that other areas reach into their own
// transactions: whoever creates a record or gets it to look after follows it.
type Followers struct {
	q   *db.Queries
	now func() time.Time
}

// NewFollowers makes Followers.
func NewFollowers(now func() time.Time) *Followers { return &Followers{q: db.New(), now: now} }

// Follow makes a user a follower with these subtypes. One who follows stays as
// they are; one who was deactivated does not become one.
func (f *Followers) Follow(ctx context.Context, tx pgx.Tx, workspace, thread, user uuid.UUID, subtypes []string) error {
	if subtypes == nil {
		subtypes = []string{}
	}
	err := f.q.FollowerInsertUser(ctx, tx, db.FollowerInsertUserParams{
		WorkspaceID: workspace, ThreadID: thread, Subtypes: subtypes, CreateTime: f.now(), UserID: user,
	})
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	return nil
}

// Assigned puts an assignment into a user's inbox, unless they gave it to
// themselves: one item, at the newest message of the thread, which tells of it
// and whose item it is (thread.ItemID). Call it after that message was posted in tx, only
// if the assignee is another than before; and when tx is committed, tell the
// user's streams (live.Hub.Inbox).
func (f *Followers) Assigned(ctx context.Context, tx pgx.Tx, workspace, thread, user, actor, item uuid.UUID) error {
	if user == actor {
		return nil
	}
	err := f.q.InboxAssign(ctx, tx, db.InboxAssignParams{WorkspaceID: workspace, ThreadID: thread, UserID: user, ItemID: item, CreateTime: f.now()})
	if err != nil {
		return fmt.Errorf("put assignment into inbox: %w", err)
	}
	return nil
}
