package mailgate

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// What nobody looks at for 30 days goes by itself, more than one batch of it, and
// nothing younger.
// Spec: C14
func TestPrune(t *testing.T) {
	t.Parallel()
	pool := pgtest.DB(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	h := &Handler{Config: Config{DB: pool, Now: func() time.Time { return now }}, q: db.New()}
	const old = pruneBatch + 5
	for i := range old + 2 {
		at := now.Add(-held - time.Minute)
		if i >= old {
			at = now.Add(-held + time.Minute)
		}
		_, err := h.q.MailQuarantineInsert(t.Context(), pool, db.MailQuarantineInsertParams{
			WorkspaceID: uuid.New(), ID: uuid.New(), Reason: 1, Recipients: []string{}, FileNames: []string{}, Raw: []byte("x"), CreateTime: at,
		})
		require.NoError(t, err)
	}
	require.NoError(t, h.prune(t.Context()))
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM mail_quarantine").Scan(&left))
	require.Equal(t, 2, left)
}
