package identity_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/identity"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	workspace, id := n.workspaceOf(ann), uuid.MustParse(bob.user.GetId())
	d := n.handler.Directory
	p, ok, err := d.User(t.Context(), workspace, id)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "bob bob true", fmt.Sprint(p.Name, " ", p.ChatName, " ", p.Active))
	_, err = ann.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), ChatName: "Bobby"}, "chat_name"))
	require.NoError(t, err)
	people, err := d.Users(t.Context(), workspace, []uuid.UUID{id, uuid.MustParse(ann.user.GetId()), uuid.New()})
	require.NoError(t, err)
	require.Len(t, people, 2)
	require.Equal(t, "Bobby", people[id].ChatName)
	again, err := d.Users(t.Context(), workspace, []uuid.UUID{id})
	require.NoError(t, err)
	require.Len(t, again, 1)

	for _, other := range []uuid.UUID{n.workspace("globex").Workspace, uuid.New()} {
		_, ok, err := d.User(t.Context(), other, id)
		require.NoError(t, err)
		require.False(t, ok, "a foreign user does not exist")
	}
	found, err := d.Search(t.Context(), workspace, "BO", 10)
	require.NoError(t, err)
	require.Len(t, found, 1)
	_, err = ann.UpdateUser(t.Context(), deactivate(bob))
	require.NoError(t, err)
	found, err = d.Search(t.Context(), workspace, "bo", 10)
	require.NoError(t, err)
	require.Empty(t, found)
	p, ok, err = d.User(t.Context(), workspace, id)
	require.NoError(t, err)
	require.True(t, ok)
	require.False(t, p.Active)
}

func TestCreateWorkspace_IsMadeWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	n, _ := setup(t)
	params := identity.CreateWorkspaceParams{
		Name: "globex", Title: "Globex", AdminEmail: "hank@globex.example", AdminName: "Hank", AdminPassword: password,
	}
	failure := errors.New("no channel")
	params.Then = []identity.SetUp{func(context.Context, pgx.Tx, identity.Created) error { return failure }}
	_, err := n.handler.CreateWorkspace(t.Context(), params)
	require.ErrorIs(t, err, failure)
	requireFault(t, try(n, "globex", "hank@globex.example", password), connect.CodeUnauthenticated, "SIGN_IN_FAILED")

	var heard identity.Created
	params.Then = []identity.SetUp{func(ctx context.Context, tx pgx.Tx, made identity.Created) error {
		heard = made
		var name string
		return tx.QueryRow(ctx, `SELECT name FROM workspace WHERE workspace_id = $1`, made.Workspace).Scan(&name)
	}}
	made, err := n.handler.CreateWorkspace(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, made, heard)
	require.NoError(t, try(n, "globex", "hank@globex.example", password))
	_, err = n.handler.CreateWorkspace(t.Context(), params)
	require.Equal(t, "WORKSPACE_TAKEN", fault.ReasonOf(err))

	for reason, spoil := range map[string]func(p *identity.CreateWorkspaceParams){
		"WORKSPACE_NAME_INVALID": func(p *identity.CreateWorkspaceParams) { p.Name = "Glo Bex" },
		"TITLE_INVALID":          func(p *identity.CreateWorkspaceParams) { p.Title = "" },
		"NAME_INVALID":           func(p *identity.CreateWorkspaceParams) { p.AdminName = "" },
		"EMAIL_INVALID":          func(p *identity.CreateWorkspaceParams) { p.AdminEmail = "hank" },
		"PASSWORD_INVALID":       func(p *identity.CreateWorkspaceParams) { p.AdminPassword = "short" },
	} {
		bad := params
		spoil(&bad)
		_, err := n.handler.CreateWorkspace(t.Context(), bad)
		require.Equal(t, reason, fault.ReasonOf(err))
	}
}
