package livechat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/rpc"
)

// Spec: L1
func TestInstallDefault_CreatorIsTheFirstOperator(t *testing.T) {
	t.Parallel()
	b := setup(t)
	founder := b.userOf(t, uuid.New(), "Ada", identityv1.Role_ROLE_ADMINISTRATOR)
	require.NoError(t, b.service.InstallDefault(t.Context(), b.db, founder.Workspace, founder.ID))

	list, err := founder.ListChannels(t.Context(), &livechatv1.ListChannelsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetChannels(), 1)
	channel := list.GetChannels()[0]
	require.True(t, channel.GetJoined())
	require.EqualValues(t, 30, channel.GetIdleMinutes())
	operators, err := founder.ListOperators(t.Context(), &livechatv1.ListOperatorsRequest{ChannelId: channel.GetId()})
	require.NoError(t, err)
	require.Equal(t, founder.ID.String(), operators.GetOperators()[0].GetUserId())
	require.Equal(t, "Ada", operators.GetOperators()[0].GetChatName())
}

// Spec: L1
func TestCreateChannel_HappensOnceAndHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	req := &livechatv1.CreateChannelRequest{
		RequestId: uuid.NewString(), Name: " Sales ",
		Channel: &livechatv1.Channel{ChatLimit: 3, Color: "#AABBCC", AllowedOrigins: []string{"https://shop.example"}},
	}
	first, err := admin.CreateChannel(t.Context(), req)
	require.NoError(t, err)
	again, err := admin.CreateChannel(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, first.GetChannel().GetId(), again.GetChannel().GetId())
	require.Equal(t, "Sales", first.GetChannel().GetName())
	require.Equal(t, "#aabbcc", first.GetChannel().GetColor())
	require.EqualValues(t, 3, first.GetChannel().GetChatLimit())
	require.EqualValues(t, 30, first.GetChannel().GetIdleMinutes())
	require.True(t, first.GetChannel().GetJoined())

	_, err = admin.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: "sALES"})
	requireFault(t, err, connect.CodeAlreadyExists, "CHANNEL_NAME_TAKEN")
	_, err = admin.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: req.GetRequestId(), Name: "Other"})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_ID_REUSED")
	_, err = admin.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: "  "})
	requireFault(t, err, connect.CodeInvalidArgument, "CHANNEL_NAME_INVALID")
}

// Spec: L1
func TestUpdateChannel_ChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	update := func(c *livechatv1.Channel, mask ...string) (*livechatv1.Channel, error) {
		c.Id = b.channel.String()
		res, err := admin.UpdateChannel(t.Context(), &livechatv1.UpdateChannelRequest{Channel: c, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}})
		return res.GetChannel(), err
	}
	got, err := update(&livechatv1.Channel{Title: "Help", WelcomeText: "Hi", ChatLimit: 4})
	require.NoError(t, err)
	require.Equal(t, "Website", got.GetName())
	require.Equal(t, "Help", got.GetTitle())

	got, err = update(&livechatv1.Channel{Title: "ignored", ChatLimit: 9}, "chat_limit", "welcome_text", "idle_minutes")
	require.NoError(t, err)
	require.Equal(t, "Help", got.GetTitle())
	require.Empty(t, got.GetWelcomeText())
	require.EqualValues(t, 9, got.GetChatLimit())
	require.EqualValues(t, 30, got.GetIdleMinutes(), "none is the usual")

	for _, path := range []string{"id", "joined", "create_time", "available_operator_count", "nonsense", ""} {
		_, err = update(&livechatv1.Channel{}, path)
		requireFault(t, err, connect.CodeInvalidArgument, "UPDATE_MASK_INVALID")
	}
	_, err = update(&livechatv1.Channel{}, "name")
	requireFault(t, err, connect.CodeInvalidArgument, "CHANNEL_NAME_INVALID")
	_, err = update(&livechatv1.Channel{Color: "red"})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_INVALID")
}

func TestListChannels_PagesByName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	for _, name := range []string{"beta", "Alpha", "Zürich", "alps", "Ärzte"} {
		_, err := admin.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: name})
		require.NoError(t, err)
	}
	var got []string
	req := &livechatv1.ListChannelsRequest{PageSize: 2}
	for {
		res, err := admin.ListChannels(t.Context(), req)
		require.NoError(t, err)
		for _, c := range res.GetChannels() {
			got = append(got, c.GetName())
		}
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.ElementsMatch(t, []string{"Alpha", "alps", "beta", "Website", "Zürich", "Ärzte"}, got)
}

// Spec: L2
func TestAddOperator_OnlyAgents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	agent, member := b.user(t, "Ada", identityv1.Role_ROLE_AGENT), b.user(t, "Mel", identityv1.Role_ROLE_MEMBER)
	add := func(id uuid.UUID) (*livechatv1.Operator, error) {
		res, err := admin.AddOperator(t.Context(), &livechatv1.AddOperatorRequest{ChannelId: b.channel.String(), UserId: id.String()})
		return res.GetOperator(), err
	}
	first, err := add(agent.ID)
	require.NoError(t, err)
	again, err := add(agent.ID)
	require.NoError(t, err)
	require.Equal(t, first.GetJoinTime().AsTime(), again.GetJoinTime().AsTime(), "membership goes on")
	_, err = add(member.ID)
	requireFault(t, err, connect.CodeFailedPrecondition, "NOT_AN_AGENT")
	_, err = add(uuid.New())
	requireFault(t, err, connect.CodeNotFound, "USER_NOT_FOUND")
	_, err = member.JoinChannel(t.Context(), &livechatv1.JoinChannelRequest{ChannelId: b.channel.String()})
	require.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err))
}

// Spec: L2 L7
func TestLeaveChannel_KeepsOpenChats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	chat := b.open(t, b.visitor(t))
	get := func() *livechatv1.Channel {
		res, err := ada.GetChannel(t.Context(), &livechatv1.GetChannelRequest{ChannelId: b.channel.String()})
		require.NoError(t, err)
		return res.GetChannel()
	}
	require.True(t, get().GetJoined())
	require.EqualValues(t, 1, get().GetAvailableOperatorCount())
	for range 2 {
		_, err := ada.LeaveChannel(t.Context(), &livechatv1.LeaveChannelRequest{ChannelId: b.channel.String()})
		require.NoError(t, err)
	}
	require.False(t, get().GetJoined())
	require.Zero(t, get().GetAvailableOperatorCount())
	require.Nil(t, b.open(t, b.visitor(t)).GetOperator())
	got, err := ada.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, ada.ID.String(), got.GetChat().GetOperator().GetId())
}

// Spec: L2
func TestUpdateOperator_OnesOwnSkillsAndForAdministratorsAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	ada, bob := b.operator(t, "Ada"), b.operator(t, "Bob")
	update := func(who *user, o *livechatv1.Operator, mask ...string) (*livechatv1.Operator, error) {
		res, err := who.UpdateOperator(t.Context(), &livechatv1.UpdateOperatorRequest{
			ChannelId: b.channel.String(), Operator: o, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
		})
		return res.GetOperator(), err
	}
	got, err := update(ada, &livechatv1.Operator{UserId: ada.ID.String(), Languages: []string{"de", "fr"}, Skills: []string{"billing"}})
	require.NoError(t, err)
	require.Equal(t, []string{"de", "fr"}, got.GetLanguages())
	got, err = update(ada, &livechatv1.Operator{UserId: ada.ID.String()}, "skills")
	require.NoError(t, err)
	require.Empty(t, got.GetSkills())
	require.Equal(t, []string{"de", "fr"}, got.GetLanguages())

	_, err = update(ada, &livechatv1.Operator{UserId: ada.ID.String(), ChatLimit: 50})
	requireFault(t, err, connect.CodePermissionDenied, "NOT_YOUR_SETTINGS")
	_, err = update(ada, &livechatv1.Operator{UserId: bob.ID.String(), Skills: []string{"nothing"}})
	requireFault(t, err, connect.CodePermissionDenied, "NOT_YOUR_SETTINGS")
	got, err = update(admin, &livechatv1.Operator{UserId: bob.ID.String(), ChatLimit: 2})
	require.NoError(t, err)
	require.EqualValues(t, 2, got.GetChatLimit())
	_, err = update(admin, &livechatv1.Operator{UserId: admin.ID.String(), ChatLimit: 2})
	requireFault(t, err, connect.CodeNotFound, "OPERATOR_NOT_FOUND")
	_, err = update(admin, &livechatv1.Operator{UserId: bob.ID.String()}, "name")
	requireFault(t, err, connect.CodeInvalidArgument, "UPDATE_MASK_INVALID")
}

// Spec: L2
func TestListOperators_PagesByMembershipWithLoad(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var want []string
	for _, name := range []string{"Ada", "Bob", "Cleo"} {
		want = append(want, b.operator(t, name).ID.String())
	}
	last := b.operator(t, "Dan")
	for range 4 {
		b.open(t, b.visitor(t))
	}
	want = append(want, last.ID.String())
	var got []string
	req := &livechatv1.ListOperatorsRequest{ChannelId: b.channel.String(), PageSize: 3}
	for {
		res, err := last.ListOperators(t.Context(), req)
		require.NoError(t, err)
		for _, o := range res.GetOperators() {
			got = append(got, o.GetUserId())
			require.EqualValues(t, 1, o.GetOpenChatCount())
			require.Equal(t, livechatv1.OperatorState_OPERATOR_STATE_ONLINE, o.GetState())
		}
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, want, got)
}

// Spec: L3
func TestGetWidget_ShowsTheChannelOrWhatIsUsual(t *testing.T) {
	t.Parallel()
	b := setup(t)
	anybody := visitorv1connect.NewVisitorServiceClient(http.DefaultClient, b.url)
	get := func() *visitorv1.Widget {
		res, err := anybody.GetWidget(t.Context(), &visitorv1.GetWidgetRequest{ChannelId: b.channel.String()})
		require.NoError(t, err)
		return res.GetWidget()
	}
	usual := get()
	require.Empty(t, usual.GetTitle()+usual.GetWelcomeText()+usual.GetInputPlaceholder(), "the window says its own, in the visitor's language")
	require.Regexp(t, "^#[0-9a-f]{6}$", usual.GetColor())
	require.EqualValues(t, 1<<20, usual.GetMaxFileSize())
	require.False(t, usual.GetOnline())

	b.operator(t, "Ada")
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	_, err := admin.UpdateChannel(t.Context(), &livechatv1.UpdateChannelRequest{Channel: &livechatv1.Channel{
		Id: b.channel.String(), Title: "Grüezi", Color: "#123456", AllowedOrigins: []string{"https://shop.example"},
	}})
	require.NoError(t, err)
	own := get()
	require.True(t, own.GetOnline())
	require.Equal(t, "Grüezi", own.GetTitle())
	require.Equal(t, "#123456", own.GetColor())

	origins, found, err := b.service.AllowedOrigins(t.Context(), b.channel)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, []string{"https://shop.example"}, origins)
	_, found, err = b.service.AllowedOrigins(t.Context(), uuid.New())
	require.NoError(t, err)
	require.False(t, found)
	_, err = anybody.GetWidget(t.Context(), &visitorv1.GetWidgetRequest{ChannelId: uuid.NewString()})
	requireFault(t, err, connect.CodeNotFound, "CHANNEL_NOT_FOUND")
}

func TestStartVisit_NamesTheVisitorAndIsLimited(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *livechat.Config) { c.Limits.Visits = rpc.Limit{Count: 2, Per: time.Hour} })
	anybody := visitorv1connect.NewVisitorServiceClient(http.DefaultClient, b.url)
	req := &visitorv1.StartVisitRequest{ChannelId: b.channel.String()}
	for range 2 {
		res, err := anybody.StartVisit(t.Context(), req)
		require.NoError(t, err)
		id := strings.ToUpper(res.GetVisitor().GetId())
		require.Equal(t, "Visitor "+id[len(id)-4:], res.GetVisitor().GetName())
		require.NotEmpty(t, res.GetToken())
	}
	_, err := anybody.StartVisit(t.Context(), req)
	requireFault(t, err, connect.CodeResourceExhausted, "TOO_MANY_VISITS")
}
