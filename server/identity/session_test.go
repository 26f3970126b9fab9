package identity_test

import (
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

func TestListSessions_PagesThroughOnesOwnThatAreInForce(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	ann.add("bob", identityv1.Role_ROLE_MEMBER)
	for range 4 {
		n.signIn("acme", "ann@acme.example", password)
	}
	out := n.signIn("acme", "ann@acme.example", password)
	_, err := out.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	var seen []string
	req := &identityv1.ListSessionsRequest{PageSize: 2}
	for more := true; more; more = req.GetPageToken() != "" {
		res, err := ann.ListSessions(t.Context(), req)
		require.NoError(t, err)
		for _, s := range res.GetSessions() {
			require.Equal(t, ann.user.GetId(), s.GetUserId())
			require.Equal(t, s.GetId() == ann.session.GetId(), s.GetCurrent())
			seen = append(seen, s.GetId())
		}
		req.PageToken = res.GetNextPageToken()
	}
	require.Len(t, seen, 5)
	require.IsDecreasing(t, seen)
}

// Spec: A4
func TestRevokeSession_ReachesOnesOwnAndAnAdministratorAnybodys(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	again := n.signIn("acme", bob.user.GetEmail(), password)
	n.workspace("globex")
	foreign := n.signIn("globex", "ann@globex.example", password)
	revoke := func(by *member, id string) error {
		_, err := by.RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{SessionId: id})
		return err
	}
	for by, id := range map[*member]string{bob: ann.session.GetId(), foreign: bob.session.GetId(), ann: uuid.NewString()} {
		requireFault(t, revoke(by, id), connect.CodeNotFound, "SESSION_NOT_FOUND")
	}
	require.NoError(t, revoke(bob, again.session.GetId()))
	again.ended()
	require.NoError(t, revoke(bob, again.session.GetId()), "once more is the same")
	require.NoError(t, revoke(ann, bob.session.GetId()))
	bob.ended()
	ann.works()
	foreign.works()
}

func keyOf(t *testing.T, m *member, scopes ...accessv1.Scope) (*member, string) {
	t.Helper()
	res, err := m.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "key", Scopes: scopes})
	require.NoError(t, err)
	return &member{IdentityServiceClient: m.n.client(res.GetToken()), n: m.n, token: res.GetToken(), user: m.user}, res.GetApiKey().GetId()
}

// Spec: A4
func TestAPIKey_DoesWhatItsScopesSay(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	reader, id := keyOf(t, ann, accessv1.Scope_SCOPE_IDENTITY_READ)
	reader.works()
	_, err := reader.UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{Title: "x"}})
	requireFault(t, err, connect.CodePermissionDenied, "SCOPE_MISSING")
	_, err = reader.SignOut(t.Context(), &identityv1.SignOutRequest{})
	requireFault(t, err, connect.CodeFailedPrecondition, "NOT_A_SESSION")

	res, err := ann.ListApiKeys(t.Context(), &identityv1.ListApiKeysRequest{})
	require.NoError(t, err)
	require.Len(t, res.GetApiKeys(), 1)
	require.Equal(t, id, res.GetApiKeys()[0].GetId())
	require.Equal(t, []accessv1.Scope{accessv1.Scope_SCOPE_IDENTITY_READ}, res.GetApiKeys()[0].GetScopes())
	require.Nil(t, res.GetApiKeys()[0].GetExpireTime())

	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	for by, key := range map[*member]string{bob: id, ann: ann.session.GetId()} {
		_, err := by.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: key})
		requireFault(t, err, connect.CodeNotFound, "API_KEY_NOT_FOUND")
	}
	_, err = ann.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: id})
	require.NoError(t, err)
	reader.ended()
}

// A key that could make a wider one would have every scope.
func TestAPIKey_CannotMakeOneThatMayDoMore(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	writer, _ := keyOf(t, ann, accessv1.Scope_SCOPE_IDENTITY_WRITE)
	_, err := writer.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{
		Name: "wider", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_IDENTITY_WRITE, accessv1.Scope_SCOPE_CHATTER_READ},
	})
	requireFault(t, err, connect.CodePermissionDenied, "SCOPE_MISSING")
	same, _ := keyOf(t, writer, accessv1.Scope_SCOPE_IDENTITY_WRITE)
	_, err = same.GetCaller(t.Context(), &identityv1.GetCallerRequest{})
	requireFault(t, err, connect.CodePermissionDenied, "SCOPE_MISSING")
}

func TestAPIKey_ActsAsItsUserAndEndsWithThem(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_ADMINISTRATOR)
	key, _ := keyOf(t, bob, accessv1.Scope_SCOPE_IDENTITY_READ, accessv1.Scope_SCOPE_IDENTITY_WRITE)
	rename := &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{Title: "x"}}
	_, err := key.UpdateWorkspace(t.Context(), rename)
	require.NoError(t, err)
	_, err = ann.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), Role: identityv1.Role_ROLE_MEMBER}, "role"))
	require.NoError(t, err)
	_, err = key.UpdateWorkspace(t.Context(), rename)
	requireFault(t, err, connect.CodePermissionDenied, "CALLER_DENIED")
	_, err = ann.UpdateUser(t.Context(), deactivate(bob))
	require.NoError(t, err)
	key.ended()
}

func TestUpdateWorkspace_ChangesTheTitleOnly(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	change := func(title string, paths ...string) error {
		req := &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{Title: title, Name: "other"}}
		req.UpdateMask = update(nil, paths...).GetUpdateMask()
		_, err := ann.UpdateWorkspace(t.Context(), req)
		return err
	}
	require.NoError(t, change("New title", "title"))
	requireFault(t, change("x", "name"), connect.CodeInvalidArgument, "UPDATE_MASK_INVALID")
	requireFault(t, change(" ", "title"), connect.CodeInvalidArgument, "TITLE_INVALID")
	res, err := ann.GetWorkspace(t.Context(), &identityv1.GetWorkspaceRequest{})
	require.NoError(t, err)
	require.Equal(t, "acme New title", res.GetWorkspace().GetName()+" "+res.GetWorkspace().GetTitle())
}

func TestGetUser_HidesOtherWorkspacesPeople(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	n.workspace("globex")
	foreign := n.signIn("globex", "ann@globex.example", password)
	_, err := ann.GetUser(t.Context(), &identityv1.GetUserRequest{UserId: ann.user.GetId()})
	require.NoError(t, err)
	_, err = ann.GetUser(t.Context(), &identityv1.GetUserRequest{UserId: foreign.user.GetId()})
	requireFault(t, err, connect.CodeNotFound, "USER_NOT_FOUND")
}
