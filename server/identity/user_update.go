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
) (before, after db.User, err error) {
	var administrators []uuid.UUID
	if c.Administrator() && (slices.Contains(fields, fieldRole) || slices.Contains(fields, fieldActive)) {
		if administrators, err = h.q.UserLockAdministrators(ctx, tx, c.Workspace); err != nil {
			return before, after, fmt.Errorf("lock administrators: %w", err)
		}
	}
	before, err = h.q.UserLock(ctx, tx, db.UserLockParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return before, after, errUserNotFound
	}
	if err != nil {
		return before, after, fmt.Errorf("lock user: %w", err)
	}
	if after, err = change(before, want, fields); err != nil {
		return before, after, err
	}
	if err := mayChange(c, &before, &after); err != nil {
		return before, after, err
	}
	if isAdministrator(&before) && !isAdministrator(&after) && len(administrators) < 2 {
		return before, after, errLastAdmin
	}
	return before, after, h.storeUser(ctx, tx, &before, &after)
}

// storeUser writes a changed user. Whoever is deactivated loses every
// credential: none comes back when they are activated again.
func (h *Handler) storeUser(ctx context.Context, tx pgx.Tx, before, after *db.User) error {
	_, err := h.q.UserUpdate(ctx, tx, db.UserUpdateParams{
		Email: after.Email, Name: after.Name, ChatName: after.ChatName, Locale: after.Locale, Role: after.Role,
		Active: after.Active, WorkspaceID: after.WorkspaceID, ID: after.ID,
	})
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	if before.Active && !after.Active {
		_, err = h.q.CredentialRevokeOfUser(ctx, tx, db.CredentialRevokeOfUserParams{
			Now: h.Now(), WorkspaceID: after.WorkspaceID, UserID: after.ID, Kinds: []int16{kindSession, kindKey},
		})
	}
	if err != nil {
		return fmt.Errorf("revoke credentials of user: %w", err)
	}
	return nil
}
