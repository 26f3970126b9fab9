package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// setPassword stores the caller's new password and ends all of their sessions
// but the one that the call was made with, at once.
func (h *Handler) setPassword(ctx context.Context, c access.Caller, hash string) error {
	ended, err := store.InTxV(ctx, h.Pool, func(tx pgx.Tx) ([]uuid.UUID, error) {
		err := h.q.UserSetPassword(ctx, tx, db.UserSetPasswordParams{PasswordHash: hash, WorkspaceID: c.Workspace, ID: c.ID})
		if err != nil {
			return nil, fmt.Errorf("set password: %w", err)
		}
		ended, err := h.q.CredentialRevokeOfUser(ctx, tx, db.CredentialRevokeOfUserParams{
			Now: h.Now(), WorkspaceID: c.Workspace, UserID: c.ID, Kinds: []int16{kindSession}, Keep: c.Credential,
		})
		if err != nil {
			return nil, fmt.Errorf("revoke other sessions: %w", err)
		}
		return ended, nil
	})
	if err != nil {
		return err
	}
	for _, id := range ended {
		h.Credentials.tell(c.Workspace, c.ID, id)
	}
	return nil
}
