package livechat_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/rpc"
)

const (
	joined   = threadv1.SystemEvent_SYSTEM_EVENT_OPERATOR_JOINED
	nobody   = threadv1.SystemEvent_SYSTEM_EVENT_NO_OPERATOR
	left     = threadv1.SystemEvent_SYSTEM_EVENT_VISITOR_LEFT
	closed   = threadv1.SystemEvent_SYSTEM_EVENT_CHAT_CLOSED
	reopened = threadv1.SystemEvent_SYSTEM_EVENT_CHAT_REOPENED
)

// Fifty visitors come at the same moment: the counts of the operators differ by
// at most one, and every chat has exactly one.
//
// Spec: L9
func TestOpenChat_FiftyAtOnceAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	operators := []*user{b.operator(t, "Ada"), b.operator(t, "Bob"), b.operator(t, "Cleo"), b.operator(t, "Dan")}
	visitors := make([]*visitor, 50)
	for i := range visitors {
		visitors[i] = b.visitor(t)
	}
	owners := make([]string, len(visitors))
	together(len(visitors), func(i int) {
		res, err := visitors[i].OpenChat(t.Context(), b.opening())
		if err == nil {
			owners[i] = res.GetChat().GetOperator().GetId()
		}
	})

	counts := b.assigned(t)
	require.Zero(t, counts[uuid.Nil])
	total, least, most := 0, 50, 0
	for _, o := range operators {
		n := counts[o.ID]
		total, least, most = total+n, min(least, n), max(most, n)
	}
	require.Equal(t, 50, total)
	require.LessOrEqual(t, most-least, 1, "%v", counts)
	told := make(map[string]int)
	for _, owner := range owners {
		told[owner]++
	}
	for _, o := range operators {
		require.Equal(t, counts[o.ID], told[o.ID.String()], "visitors were told of another operator")
	}
	var lines int
	require.NoError(t, b.db.QueryRow(t.Context(), "SELECT count(*) FROM message WHERE workspace_id = $1 AND kind = 3", b.workspace).Scan(&lines))
	require.Equal(t, 50, lines, "one line each says who joined")
}

// Spec: L2 L9
func TestOpenChat_FiftyAtOnceGiveNobodyMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	_, err := admin.UpdateChannel(t.Context(), &livechatv1.UpdateChannelRequest{
		Channel: &livechatv1.Channel{Id: b.channel.String(), ChatLimit: 5},
	})
	require.NoError(t, err)
	few, many, usual := b.operator(t, "Ada"), b.operator(t, "Bob"), b.operator(t, "Cleo")
	for id, limit := range map[uuid.UUID]int32{few.ID: 2, many.ID: 8} {
		_, err := admin.UpdateOperator(t.Context(), &livechatv1.UpdateOperatorRequest{
			ChannelId: b.channel.String(), Operator: &livechatv1.Operator{UserId: id.String(), ChatLimit: limit},
		})
		require.NoError(t, err)
	}
	visitors := make([]*visitor, 50)
	for i := range visitors {
		visitors[i] = b.visitor(t)
	}
	together(len(visitors), func(i int) { _, _ = visitors[i].OpenChat(t.Context(), b.opening()) })

	require.Equal(t, map[uuid.UUID]int{few.ID: 2, many.ID: 8, usual.ID: 5, uuid.Nil: 35}, b.assigned(t))
}

// A chat that nobody could take is told so, and given out when somebody comes,
// by whichever node looks first.
//
// Spec: L9
func TestDispatch_ManyNodesGiveOutEveryWaitingChatOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.visitor(t)
	chat := b.open(t, v)
	require.Nil(t, chat.GetOperator())
	require.Equal(t, []threadv1.SystemEvent{nobody}, b.events(t, v, chat.GetId()))
	for range 19 {
		b.open(t, b.visitor(t))
	}
	require.Equal(t, 20, b.assigned(t)[uuid.Nil])
	ada, bob := b.operator(t, "Ada"), b.operator(t, "Bob")

	var given sync.Map
	together(8, func(i int) {
		n, err := b.service.Dispatch(t.Context(), b.workspace, b.channel)
		given.Store(i, [2]any{n, err})
	})
	total := 0
	given.Range(func(_, v any) bool {
		require.Nil(t, v.([2]any)[1])
		total += v.([2]any)[0].(int)
		return true
	})
	require.Equal(t, 20, total)
	require.Equal(t, map[uuid.UUID]int{ada.ID: 10, bob.ID: 10}, b.assigned(t))
	require.Equal(t, []threadv1.SystemEvent{nobody, joined}, b.events(t, v, chat.GetId()))
}

func TestOpenChat_SameRequestAnswersTheSameChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.operator(t, "Ada")
	v := b.visitor(t)
	req := b.opening()

	answers := make([]*visitorv1.OpenChatResponse, 8)
	failures := make([]error, len(answers))
	together(len(answers), func(i int) { answers[i], failures[i] = v.OpenChat(t.Context(), req) })
	for i := range answers {
		require.NoError(t, failures[i])
		require.Equal(t, answers[0].GetChat().GetId(), answers[i].GetChat().GetId())
		require.Equal(t, answers[0].GetMessage().GetId(), answers[i].GetMessage().GetId())
	}
	require.Equal(t, []threadv1.SystemEvent{joined}, b.events(t, v, answers[0].GetChat().GetId()))

	req.Body = "something else"
	_, err := v.OpenChat(t.Context(), req)
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_ID_REUSED")
}

// Spec: L9
func TestOpenChat_GoesToTheOperatorOfBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.visitor(t)
	ada := b.operator(t, "Ada")
	require.Equal(t, ada.ID.String(), b.open(t, v).GetOperator().GetId())
	bob := b.operator(t, "Bob")

	require.Equal(t, ada.ID.String(), b.open(t, v).GetOperator().GetId())
	require.Equal(t, bob.ID.String(), b.open(t, b.visitor(t)).GetOperator().GetId())

	b.people.set(ada.ID, presence.Offline, noon)
	require.Equal(t, bob.ID.String(), b.open(t, v).GetOperator().GetId())
}

// Spec: L7
func TestOpenChat_IdleOperatorGetsNoneButStaysMember(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	b.clock.move(29 * time.Minute)
	b.people.set(ada.ID, presence.Away, noon)
	chat := b.open(t, b.visitor(t))
	require.Equal(t, ada.ID.String(), chat.GetOperator().GetId())

	b.clock.move(2 * time.Minute)
	require.Nil(t, b.open(t, b.visitor(t)).GetOperator())
	list, err := ada.ListOperators(t.Context(), &livechatv1.ListOperatorsRequest{ChannelId: b.channel.String()})
	require.NoError(t, err)
	require.Len(t, list.GetOperators(), 1)
	require.Equal(t, livechatv1.OperatorState_OPERATOR_STATE_OFFLINE, list.GetOperators()[0].GetState())
	got, err := ada.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, ada.ID.String(), got.GetChat().GetOperator().GetId(), "who goes away keeps their chats")
}

// What a deactivated or demoted operator left behind must not catch chats.
//
// Spec: L9
func TestOpenChat_OnlyAgentsAreGivenChats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, demoted := b.operator(t, "Ada"), b.operator(t, "Bob")
	for query, id := range map[string]uuid.UUID{
		`UPDATE "user" SET active = false WHERE workspace_id = $1 AND id = $2`: gone.ID,
		`UPDATE "user" SET role = 1 WHERE workspace_id = $1 AND id = $2`:       demoted.ID,
	} {
		_, err := b.db.Exec(t.Context(), query, b.workspace, id)
		require.NoError(t, err)
	}
	require.Nil(t, b.open(t, b.visitor(t)).GetOperator())
}

// Spec: L6
func TestVisitor_NeverLearnsTheOperatorsNameOrAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v)
	id := uuid.MustParse(chat.GetId())
	post(t, b, ada.Caller, id, "Good day", false)
	_, err := b.log.MarkRead(t.Context(), b.workspace, id, author(ada.Caller), 3, 1)
	require.NoError(t, err)

	got, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, "Ada", got.GetChat().GetOperator().GetName())
	messages, err := v.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Len(t, messages.GetMessages(), 3)
	require.Len(t, messages.GetReadMarks(), 1)
	list, err := v.ListChats(t.Context(), &visitorv1.ListChatsRequest{})
	require.NoError(t, err)
	for _, m := range []string{protojson.Format(got), protojson.Format(messages), protojson.Format(list)} {
		require.NotContains(t, m, "Realname")
		require.NotContains(t, m, "secret.example")
		require.NotContains(t, m, "search.example")
		require.Contains(t, m, "Ada")
	}
}

func TestOpenChat_KeepsWhatTheVisitorTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	req := b.opening()
	req.Name, req.Email, req.PageUrl = " Grace\u202e Hopper ", "Grace@Navy.example", "javascript:alert(1)"
	res, err := v.OpenChat(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "Grace Hopper", res.GetMessage().GetAuthor().GetName())

	got, err := ada.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: res.GetChat().GetId()})
	require.NoError(t, err)
	seen := got.GetChat().GetVisitor()
	require.Equal(t, "Grace Hopper", seen.GetName())
	require.Equal(t, "grace@navy.example", seen.GetEmail())
	require.Empty(t, seen.GetPageUrl())
	require.Equal(t, "https://search.example/", seen.GetReferrer())
	require.Equal(t, "de", seen.GetLocale())
	require.Equal(t, "Europe/Berlin", seen.GetTimeZone())
	require.Contains(t, seen.GetUserAgent(), "connect-go")
	require.EqualValues(t, 1, seen.GetChatCount())
	titles, err := b.service.Titles(t.Context(), b.workspace, []uuid.UUID{uuid.MustParse(res.GetChat().GetId())})
	require.NoError(t, err)
	require.Equal(t, "Grace Hopper", titles[uuid.MustParse(res.GetChat().GetId())])

	b.open(t, v) // without a name: the one given stays
	got, err = ada.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: res.GetChat().GetId()})
	require.NoError(t, err)
	require.Equal(t, "Grace Hopper", got.GetChat().GetVisitor().GetName())
	require.EqualValues(t, 2, got.GetChat().GetVisitor().GetChatCount())
}

func TestOpenChat_RefusesWhatMakesNoChat(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *livechat.Config) { c.Limits.Chats = rpc.Limit{Count: 3, Per: time.Minute} })
	v := b.visitor(t)

	blank := b.opening()
	blank.Body = " \r\n\t"
	_, err := v.OpenChat(t.Context(), blank)
	requireFault(t, err, connect.CodeInvalidArgument, "BODY_EMPTY")

	elsewhere := b.opening()
	elsewhere.ChannelId = uuid.NewString()
	_, err = v.OpenChat(t.Context(), elsewhere)
	requireFault(t, err, connect.CodeNotFound, "CHANNEL_NOT_FOUND")

	for range 2 {
		b.open(t, v)
	}
	_, err = v.OpenChat(t.Context(), b.opening())
	requireFault(t, err, connect.CodeResourceExhausted, "TOO_MANY_CHATS")
	list, err := v.ListChats(t.Context(), &visitorv1.ListChatsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetChats(), 2)
}

// Open chats that went silent must not keep an operator from getting others.
//
// Spec: L9
func TestOpenChat_SilentChatsDoNotCountAgainstTheLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	_, err := admin.UpdateChannel(t.Context(), &livechatv1.UpdateChannelRequest{
		Channel: &livechatv1.Channel{Id: b.channel.String(), ChatLimit: 1},
	})
	require.NoError(t, err)
	ada := b.operator(t, "Ada")
	for i, want := range []bool{true, false, true} {
		chat := b.open(t, b.visitor(t))
		require.Equal(t, want, chat.GetOperator() != nil, fmt.Sprint("chat ", i))
		if !want {
			b.clock.move(16 * time.Minute)
			b.people.set(ada.ID, presence.Online, b.clock.now())
		}
	}
}
