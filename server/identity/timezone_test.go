package identity_test

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

// Spec: C9
func TestUpdateUser_SetsTheOwnTimeZone(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	require.Empty(t, bob.user.GetTimeZone(), "the workspace's")
	for _, zone := range []string{"Europe/Stockholm", "Europe/Kyiv", "America/New_York", "UTC", ""} {
		res, err := bob.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), TimeZone: zone}, "time_zone"))
		require.NoError(t, err, zone)
		require.Equal(t, zone, res.GetUser().GetTimeZone())
	}
	for _, zone := range []string{"Local", "Europe/Atlantis", "../etc/passwd", "/usr/share/zoneinfo/UTC", "UTC+2"} {
		_, err := bob.UpdateUser(t.Context(), update(&identityv1.User{Id: bob.user.GetId(), TimeZone: zone}, "time_zone"))
		requireFault(t, err, connect.CodeInvalidArgument, "TIME_ZONE_INVALID")
	}
}

// Spec: C9
func TestUpdateWorkspace_SetsTheTimeZoneOfWhoHasNone(t *testing.T) {
	t.Parallel()
	_, ann := setup(t)
	before, err := ann.GetWorkspace(t.Context(), &identityv1.GetWorkspaceRequest{})
	require.NoError(t, err)
	require.Equal(t, "UTC", before.GetWorkspace().GetTimeZone())
	res, err := ann.UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{TimeZone: "Europe/Stockholm"}})
	require.NoError(t, err)
	require.Equal(t, "Europe/Stockholm", res.GetWorkspace().GetTimeZone())
	require.Equal(t, before.GetWorkspace().GetTitle(), res.GetWorkspace().GetTitle())
	_, err = ann.UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{
		Workspace: &identityv1.Workspace{}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"time_zone"}},
	})
	requireFault(t, err, connect.CodeInvalidArgument, "TIME_ZONE_INVALID")
}

// What hangs on a user goes in the same transaction, or not at all.
func TestUpdateUser_LetsOthersTakePartInADeactivation(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	bob := ann.add("bob", identityv1.Role_ROLE_MEMBER)
	failure, told := errors.New("the rest could not be removed"), 0
	var left uuid.UUID
	n.handler.OnDeactivate = func(_ context.Context, _ pgx.Tx, _, user uuid.UUID) (func(), error) {
		left = user
		return func() { told++ }, failure
	}
	_, err := ann.UpdateUser(t.Context(), deactivate(bob))
	require.Error(t, err)
	require.Zero(t, told)
	bob.works()

	failure = nil
	_, err = ann.UpdateUser(t.Context(), deactivate(bob))
	require.NoError(t, err)
	require.Equal(t, bob.user.GetId(), left.String())
	require.Equal(t, 1, told)
	bob.ended()
}
