package identity_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/identity"
)

// Spec: A4
func TestAuthenticate_KnowsEveryKindOfCaller(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	workspace := n.workspaceOf(ann)
	c, err := n.handler.Credentials.Authenticate(t.Context(), ann.token)
	require.NoError(t, err)
	require.Equal(t, access.Caller{
		Kind: access.User, Workspace: workspace, ID: uuid.MustParse(ann.user.GetId()), Credential: uuid.MustParse(ann.session.GetId()),
		Session: true, Role: identityv1.Role_ROLE_ADMINISTRATOR, Name: "Ann", ChatName: "Ann", Email: "ann@acme.example", Locale: "en",
	}, c)

	key, err := ann.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{
		Name: "import", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_RECORD_WRITE},
	})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(key.GetToken(), "prl_k_"))
	c, err = n.handler.Credentials.Authenticate(t.Context(), key.GetToken())
	require.NoError(t, err)
	require.False(t, c.Session)
	require.Equal(t, []accessv1.Scope{accessv1.Scope_SCOPE_RECORD_WRITE}, c.Scopes)

	visitor, token := n.visitor(workspace)
	require.True(t, strings.HasPrefix(token, "prl_v_"))
	c, err = n.handler.Credentials.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, access.Visitor, c.Kind)
	require.Equal(t, visitor, c.ID)
	require.Equal(t, "Visitor 7", c.Name)
	require.True(t, c.Outsider())
	_, err = n.client(token).GetCaller(t.Context(), &identityv1.GetCallerRequest{})
	requireFault(t, err, connect.CodePermissionDenied, "CALLER_DENIED")
}

func (n *node) workspaceOf(m *member) uuid.UUID {
	n.t.Helper()
	me, err := m.GetCaller(n.t.Context(), &identityv1.GetCallerRequest{})
	require.NoError(n.t, err)
	return uuid.MustParse(me.GetWorkspace().GetId())
}

// Every bit of a token matters, and what is no token costs no query.
func TestAuthenticate_RefusesATokenThatWasTamperedWith(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	ann.works()
	forged := []string{
		"", "prl_s_", "x", strings.Repeat("A", 92), ann.token[:91], ann.token + "A", " " + ann.token, ann.token + "=",
		strings.Replace(ann.token, "prl_s_", "prl_k_", 1), strings.Replace(ann.token, "prl_s_", "prl_v_", 1),
		strings.Replace(ann.token, "prl_s_", "prl_x_", 1), strings.Repeat("A", 1<<16), ann.token[:6] + strings.Repeat("!", 86),
	}
	for i := len("prl_s_"); i < len(ann.token); i++ {
		flipped := []byte(ann.token)
		if flipped[i]++; flipped[i] == '[' || flipped[i] == '{' || flipped[i] == ':' || flipped[i] == '.' || flipped[i] == '`' {
			flipped[i] = 'B'
		}
		forged = append(forged, string(flipped))
	}
	for _, token := range forged {
		_, err := n.handler.Credentials.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrCredential, token)
	}
	ann.works()
}

func FuzzAuthenticate_RefusesWhatItDidNotIssue(f *testing.F) {
	n, ann := setup(f)
	for _, seed := range []string{ann.token, "prl_s_", "prl_k_" + strings.Repeat("A", 86), ann.token[:40]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := n.handler.Credentials.Authenticate(t.Context(), token)
		if token != ann.token {
			require.ErrorIs(t, err, identity.ErrCredential)
		}
	})
}

func TestAuthenticate_EndsWithItsTime(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	key, err := ann.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{
		Name: "import", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_IDENTITY_READ}, ExpireDays: 7,
	})
	require.NoError(t, err)
	keyed := &member{IdentityServiceClient: n.client(key.GetToken()), n: n}
	keyed.works()
	n.clock.pass(7*24*time.Hour - time.Second)
	keyed.works()
	n.clock.pass(time.Second) // while the server still remembers it
	keyed.ended()
	ann.works()
	n.clock.pass(23 * 24 * time.Hour)
	ann.ended()
}
