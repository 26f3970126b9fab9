package identity

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// updateUser changes a user in a transaction. Whoever could take an
// administrator away locks all of them first, in one order, so that two who
// demote each other do not both succeed.
func (h *Handler) updateUser(
	ctx context.Context, tx pgx.Tx, c access.Caller, id uuid.UUID, want *identityv1.User, fields []string,
) (before, after db.User, committed func(), err error) {
	var administrators []uuid.UUID
	if c.Administrator() && (slices.Contains(fields, fieldRole) || slices.Contains(fields, fieldActive)) {
		if administrators, err = h.q.UserLockAdministrators(ctx, tx, c.Workspace); err != nil {
			return before, after, nil, fmt.Errorf("lock administrators: %w", err)
		}
	}
	before, err = h.q.UserLock(ctx, tx, db.UserLockParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return before, after, nil, errUserNotFound
	}
	if err != nil {
		return before, after, nil, fmt.Errorf("lock user: %w", err)
	}
	if after, err = change(before, want, fields); err != nil {
		return before, after, nil, err
	}
	if err := mayChange(c, &before, &after); err != nil {
		return before, after, nil, err
	}
	if isAdministrator(&before) && !isAdministrator(&after) && len(administrators) < 2 {
		return before, after, nil, errLastAdmin
	}
	committed, err = h.storeUser(ctx, tx, &before, &after)
	return before, after, committed, err
}

// storeUser writes a changed user. Whoever is deactivated loses every
// credential: none comes back when they are activated again. What it answers is
// called after the commit; it may be nil.
func (h *Handler) storeUser(ctx context.Context, tx pgx.Tx, before, after *db.User) (committed func(), err error) {
	_, err = h.q.UserUpdate(ctx, tx, db.UserUpdateParams{
		Email: after.Email, Name: after.Name, ChatName: after.ChatName, Locale: after.Locale, TimeZone: after.TimeZone,
		Role: after.Role, Active: after.Active, WorkspaceID: after.WorkspaceID, ID: after.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("update user: %w", err)
	}
	if before.Active && !after.Active {
		return h.dismiss(ctx, tx, after)
	}
	return nil, nil
}

// dismiss takes from a user what only active ones have.
func (h *Handler) dismiss(ctx context.Context, tx pgx.Tx, u *db.User) (committed func(), err error) {
	_, err = h.q.CredentialRevokeOfUser(ctx, tx, db.CredentialRevokeOfUserParams{
		Now: h.Now(), WorkspaceID: u.WorkspaceID, UserID: u.ID, Kinds: []int16{kindSession, kindKey},
	})
	if err != nil {
		return nil, fmt.Errorf("revoke credentials of user: %w", err)
	}
	if h.OnDeactivate == nil {
		return nil, nil
	}
	if committed, err = h.OnDeactivate(ctx, tx, u.WorkspaceID, u.ID); err != nil {
		return nil, fmt.Errorf("deactivate user: %w", err)
	}
	return committed, nil
}
