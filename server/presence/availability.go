package presence

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/fault"
)

// queryTime bounds a query that no request waits for.
const queryTime = 5 * time.Second

var errNoUser = fault.New(fault.NotFound, "USER_NOT_FOUND", "there is no such user")

// Get is the presence of one user as the others see it.
func (t *Tracker) Get(ctx context.Context, workspace, user uuid.UUID) (*livev1.Presence, error) {
	status, _ := t.Lookup(ctx, workspace, user)
	found, err := t.wishes(ctx, workspace, map[uuid.UUID]State{user: status.State})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNoUser
	}
	return found[0], nil
}

// SetAvailability sets what a user wishes to be shown as, announces it, and
// answers their presence.
func (t *Tracker) SetAvailability(ctx context.Context, workspace, user uuid.UUID, wish livev1.Availability) (*livev1.Presence, error) {
	n, err := t.q.UserSetAvailability(ctx, t.DB, db.UserSetAvailabilityParams{
		WorkspaceID: workspace, ID: user, Availability: int16(wish),
	})
	if err != nil {
		return nil, fmt.Errorf("set availability: %w", err)
	}
	if n == 0 {
		return nil, errNoUser
	}
	if t.Announce != nil {
		t.Announce(workspace, user)
	}
	status, _ := t.Lookup(ctx, workspace, user)
	return presence(user, status.State, int16(wish)), nil
}

// List is a page of the users to show: those who are there and those who are
// shown as busy, by id after the one given (uuid.Nil for the first page), at most
// size of them. more is true if others follow; complete as in Snapshot.
func (t *Tracker) List(ctx context.Context, workspace, after uuid.UUID, size int) (page []*livev1.Presence, more, complete bool, err error) {
	there, complete := t.Snapshot(ctx, workspace)
	ids := make([]uuid.UUID, 0, len(there))
	for user := range there {
		ids = append(ids, user)
	}
	rows, err := t.q.UserPresentList(ctx, t.DB, db.UserPresentListParams{
		WorkspaceID: workspace, Present: ids, AfterID: after, MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, false, complete, fmt.Errorf("list presence: %w", err)
	}
	if more = len(rows) > size; more {
		rows = rows[:size]
	}
	for _, r := range rows {
		state := absent(complete)
		if status, ok := there[r.ID]; ok {
			state = status.State
		}
		page = append(page, presence(r.ID, state, r.Availability))
	}
	return page, more, complete, nil
}
