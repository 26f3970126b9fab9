package activity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
)

// person is a user who has or may get activities.
type person struct {
	caller access.Caller
	active bool
	zone   *time.Location
}

func personOf(workspace uuid.UUID, u db.ActivityUserListRow) *person {
	c := access.Caller{
		Kind: access.User, Workspace: workspace, ID: u.ID, Role: identityv1.Role(u.Role), Name: u.Name, ChatName: u.ChatName,
		Email: u.Email, Locale: u.Locale,
	}
	if c.ChatName == "" {
		c.ChatName = c.Name
	}
	return &person{caller: c, active: u.Active, zone: zoneOf(u.TimeZone)}
}

// party is the person as users see them.
func (p *person) party() *threadv1.Party {
	if p == nil {
		return nil
	}
	return &threadv1.Party{Kind: threadv1.PartyKind_PARTY_KIND_USER, Id: p.caller.ID.String(), Name: p.caller.Name}
}

// people finds users by id; who is missing does not exist in the workspace.
func (h *Handler) people(ctx context.Context, tx db.DBTX, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]*person, error) {
	rows, err := h.q.ActivityUserList(ctx, tx, db.ActivityUserListParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	found := make(map[uuid.UUID]*person, len(rows))
	for _, u := range rows {
		found[u.ID] = personOf(workspace, u)
	}
	return found, nil
}

// hold is people for those who are to get an activity: nobody is deactivated
// until the transaction ends.
func (h *Handler) hold(ctx context.Context, tx pgx.Tx, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]*person, error) {
	rows, err := h.q.ActivityUserHold(ctx, tx, db.ActivityUserHoldParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("hold users: %w", err)
	}
	found := make(map[uuid.UUID]*person, len(rows))
	for _, u := range rows {
		found[u.ID] = personOf(workspace, db.ActivityUserListRow(u))
	}
	return found, nil
}

// sight remembers, for one request, which threads a user may read.
type sight struct {
	gate   *access.Gate
	caller access.Caller
	known  map[uuid.UUID]bool
}

func (h *Handler) sight(c access.Caller) *sight {
	return &sight{gate: h.Gate, caller: c, known: make(map[uuid.UUID]bool)}
}

// reads is true if the user may read a thread.
func (s *sight) reads(ctx context.Context, id uuid.UUID) (bool, error) {
	if ok, known := s.known[id]; known {
		return ok, nil
	}
	_, err := s.gate.Read(ctx, s.caller, id)
	if err != nil && !isUnreadable(err) {
		return false, err
	}
	s.known[id] = err == nil
	return err == nil, nil
}
