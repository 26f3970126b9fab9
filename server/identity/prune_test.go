package identity_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

const month = 30 * 24 * time.Hour

// home is the workspace of somebody signed in.
func (m *member) home() uuid.UUID {
	m.n.t.Helper()
	res, err := m.GetCaller(m.n.t.Context(), &identityv1.GetCallerRequest{})
	require.NoError(m.n.t, err)
	return uuid.MustParse(res.GetWorkspace().GetId())
}

// rows counts what a workspace has in a table.
func (n *node) rows(table string, workspace uuid.UUID) (count int) {
	n.t.Helper()
	err := n.pool.QueryRow(n.t.Context(), `SELECT count(*) FROM `+table+` WHERE workspace_id = $1`, workspace).Scan(&count)
	require.NoError(n.t, err)
	return count
}

// chat stores a chat of a visitor.
func (n *node) chat(workspace, visitor uuid.UUID) {
	n.t.Helper()
	_, err := n.pool.Exec(n.t.Context(), `INSERT INTO chat (workspace_id, id, channel_id, visitor_id, state, request_id, last_message_time, create_time)
		VALUES ($1, $2, $2, $3, 1, $2, $4, $4)`, workspace, uuid.New(), visitor, n.clock.now())
	require.NoError(n.t, err)
}

// Spec: A4
func TestPrune_ForgetsWhatEndedLongAgoAndNothingElse(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	workspace := ann.home()
	silent, silentToken := n.visitor(workspace)
	talker, talkerToken := n.visitor(workspace)
	_, staying := n.visitor(workspace)
	n.chat(workspace, talker)
	_, err := bob.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	for token, id := range map[string]uuid.UUID{silentToken: silent, talkerToken: talker} {
		who, err := n.handler.Credentials.Authenticate(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, id, who.ID)
		require.NoError(t, n.handler.Credentials.Revoke(t.Context(), workspace, uuid.Nil, who.Credential))
	}
	before := n.rows("credential", workspace)

	n.clock.pass(month - time.Minute)
	pruned, err := n.handler.Prune(t.Context())
	require.NoError(t, err)
	require.Zero(t, pruned, "what ended lately is kept")
	require.Equal(t, before, n.rows("credential", workspace))

	n.clock.pass(2 * time.Minute)
	pruned, err = n.handler.Prune(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, pruned)
	require.Equal(t, before-3, n.rows("credential", workspace))
	require.Equal(t, 2, n.rows("visitor", workspace), "who opened a chat, or still may, is kept")
	_, err = n.handler.Credentials.Authenticate(t.Context(), staying)
	require.NoError(t, err)
	_, err = n.handler.Credentials.Authenticate(t.Context(), talkerToken)
	require.Error(t, err)
}

// Spec: A4
func TestPrune_RunsOnSeveralNodesAtOnce(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	workspace := ann.home()
	const visits = 700 // several statements' worth
	_, err := n.pool.Exec(t.Context(), `WITH v AS (
			INSERT INTO visitor (workspace_id, id, name, create_time) SELECT $1, gen_random_uuid(), 'Visitor', $2 FROM generate_series(1, $3) RETURNING id)
		INSERT INTO credential (workspace_id, id, kind, secret_hash, visitor_id, create_time, expire_time)
		SELECT $1, gen_random_uuid(), 3, '', v.id, $2, $2 FROM v`, workspace, n.clock.now(), visits)
	require.NoError(t, err)
	n.clock.pass(month + time.Minute)
	other := startNode(t, n.pool, n.clock)
	var g errgroup.Group
	counts := make([]int, 4)
	for i := range counts {
		h := n.handler
		if i%2 == 1 {
			h = other.handler
		}
		g.Go(func() (err error) {
			counts[i], err = h.Prune(t.Context())
			return err
		})
	}
	require.NoError(t, g.Wait())
	total := 0
	for _, c := range counts {
		total += c
	}
	rest, err := n.handler.Prune(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, total+rest, visits, "each is forgotten by one of them")
	require.Zero(t, n.rows("visitor", workspace))
}
