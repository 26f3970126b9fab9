package activity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
)

// leaveTold is how many records are told one by one that a user's activities are
// gone.
const leaveTold = 200

// Leave removes what is planned for a user who is being deactivated, in the
// transaction that does it. Call what it answers once that is committed.
func (h *Handler) Leave(ctx context.Context, tx pgx.Tx, workspace, user uuid.UUID) (committed func(), err error) {
	records, err := h.q.ActivityDeleteOfUser(ctx, tx, db.ActivityDeleteOfUserParams{WorkspaceID: workspace, UserID: user})
	if err != nil {
		return nil, fmt.Errorf("delete activities of user: %w", err)
	}
	return func() {
		for i, id := range records {
			if i == leaveTold {
				return // their readers find out when they look anew
			}
			h.Live.Activity(workspace, &activityv1.ActivityChange{RecordId: id.String()}, nil)
		}
	}, nil
}
