package server_test

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// Nobody gives themselves a role, by whatever way of saying so.
//
// Spec: A4
func TestMassAssignment_RoleIsForAdministratorsToGive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, by := range []*servertest.Client{w.member, w.agent} {
		me := by.UserID.String()
		for _, u := range []*identityv1.User{
			{Id: me, Role: identityv1.Role_ROLE_ADMINISTRATOR},
			{Id: me, Name: "Me", Role: identityv1.Role_ROLE_ADMINISTRATOR},
			{Id: me, Email: "other@acme.example"},
			{Id: w.target, Name: "Not me"},
		} {
			for _, m := range []*fieldmaskpb.FieldMask{nil, mask("role", "name", "email")} {
				_, err := by.Identity.UpdateUser(t.Context(), &identityv1.UpdateUserRequest{User: u, UpdateMask: m})
				require.Error(t, err)
				require.Contains(t, []connect.Code{connect.CodePermissionDenied, connect.CodeInvalidArgument}, connect.CodeOf(err), "%v", err)
			}
		}
		for _, bad := range []string{"id", "create_time", "workspace_id", "password_hash", "*"} {
			_, err := by.Identity.UpdateUser(t.Context(), &identityv1.UpdateUserRequest{User: &identityv1.User{Id: me, Name: "Me"}, UpdateMask: mask(bad)})
			requireFault(t, err, connect.CodeInvalidArgument, "UPDATE_MASK_INVALID")
		}
		who, err := by.Identity.GetCaller(t.Context(), &identityv1.GetCallerRequest{})
		require.NoError(t, err)
		require.NotEqual(t, identityv1.Role_ROLE_ADMINISTRATOR, who.GetUser().GetRole())
		require.NotEqual(t, "other@acme.example", who.GetUser().GetEmail())
	}
}

// What the server makes up is not the caller's to say.
//
// Spec: A4 R1
func TestMassAssignment_RecordIsTypeAndFieldsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	past, made := timestamppb.New(time.Unix(1, 0)), uuid.NewString()
	said := &recordv1.Record{
		Id: made, Type: "lead", Title: "Said", Fields: fields(t, map[string]any{"title": "Meant"}), Display: map[string]string{"stage": "Won"},
		Etag: "mine", CreatorId: w.target, CreateTime: past, UpdateTime: past,
	}
	res, err := w.member.Records.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{RequestId: uuid.NewString(), Record: said})
	require.NoError(t, err)
	got := res.GetRecord()
	require.NotEqual(t, made, got.GetId())
	require.Equal(t, "Meant", got.GetTitle())
	require.Equal(t, "New", got.GetDisplay()["stage"])
	require.Equal(t, w.member.UserID.String(), got.GetCreatorId())
	require.NotEqual(t, "mine", got.GetEtag())
	require.WithinDuration(t, time.Now(), got.GetCreateTime().AsTime(), time.Minute)

	said.Id, said.Etag = got.GetId(), ""
	_, err = w.member.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: said})
	require.NoError(t, err)
	again, err := w.member.Records.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: got.GetId()})
	require.NoError(t, err)
	require.Equal(t, w.member.UserID.String(), again.GetRecord().GetCreatorId())
	require.Equal(t, got.GetCreateTime().AsTime(), again.GetRecord().GetCreateTime().AsTime())
	for _, bad := range []string{"creator_id", "create_time", "id", "type"} {
		_, err = w.member.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: said, UpdateMask: mask(bad)})
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%s: %v", bad, err)
	}
}

// Spec: A4 R2 L1 L2
func TestMassAssignment_OutputOnlyFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	def := typeNamed("claims_much")
	def.BuiltIn, def.CreateTime = true, timestamppb.New(time.Unix(1, 0))
	made, err := w.admin.Records.CreateRecordType(ctx, &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: def})
	require.NoError(t, err)
	require.False(t, made.GetRecordType().GetBuiltIn())
	require.WithinDuration(t, time.Now(), made.GetRecordType().GetCreateTime().AsTime(), time.Minute)

	_, err = w.admin.Identity.UpdateWorkspace(ctx, &identityv1.UpdateWorkspaceRequest{
		Workspace: &identityv1.Workspace{Id: uuid.NewString(), Name: "umbra", Title: "Acme anew"},
	})
	require.NoError(t, err)
	own, err := w.admin.Identity.GetWorkspace(ctx, &identityv1.GetWorkspaceRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{w.node.Workspace.String(), "acme", "Acme anew"},
		[]string{own.GetWorkspace().GetId(), own.GetWorkspace().GetName(), own.GetWorkspace().GetTitle()})
	_, err = w.admin.Identity.UpdateWorkspace(ctx, &identityv1.UpdateWorkspaceRequest{
		Workspace: &identityv1.Workspace{Name: "other"}, UpdateMask: mask("name"),
	})
	requireFault(t, err, connect.CodeInvalidArgument, "UPDATE_MASK_INVALID")

	channel, err := w.admin.LiveChat.CreateChannel(ctx, &livechatv1.CreateChannelRequest{
		RequestId: uuid.NewString(), Name: "Second",
		Channel: &livechatv1.Channel{Id: w.channel, Name: "Other", AvailableOperatorCount: 99, CreateTime: timestamppb.New(time.Unix(1, 0))},
	})
	require.NoError(t, err)
	require.NotEqual(t, w.channel, channel.GetChannel().GetId())
	require.Equal(t, "Second", channel.GetChannel().GetName())
	require.Less(t, channel.GetChannel().GetAvailableOperatorCount(), int32(99))

	_, err = w.agent.LiveChat.JoinChannel(ctx, &livechatv1.JoinChannelRequest{ChannelId: w.channel})
	require.NoError(t, err)
	_, err = w.agent.LiveChat.UpdateOperator(ctx, &livechatv1.UpdateOperatorRequest{
		ChannelId: w.channel, Operator: &livechatv1.Operator{UserId: w.agent.UserID.String(), ChatLimit: 500},
	})
	requireFault(t, err, connect.CodePermissionDenied, "NOT_YOUR_SETTINGS")
}
