package livechat_test

import (
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/thread"
)

// list reads all pages of a list of chats.
func list(t *testing.T, u *user, req *livechatv1.ListChatsRequest) []string {
	t.Helper()
	var ids []string
	for {
		res, err := u.ListChats(t.Context(), req)
		require.NoError(t, err)
		require.LessOrEqual(t, len(res.GetChats()), int(req.GetPageSize()))
		for _, c := range res.GetChats() {
			ids = append(ids, c.GetId())
		}
		if res.GetNextPageToken() == "" {
			return ids
		}
		require.NotEmpty(t, res.GetChats())
		req.PageToken = res.GetNextPageToken()
	}
}

// Spec: L8
func TestListChats_PagesByNewestMessageInEveryView(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var waiting []string
	for range 3 {
		waiting = append([]string{b.open(t, b.visitor(t)).GetId()}, waiting...)
	}
	ada := b.operator(t, "Ada")
	other := b.user(t, "Bob", identityv1.Role_ROLE_AGENT)
	var mine []string
	for range 4 {
		mine = append([]string{b.open(t, b.visitor(t)).GetId()}, mine...)
	}
	_, err := ada.CloseChat(t.Context(), &livechatv1.CloseChatRequest{ChatId: mine[1]})
	require.NoError(t, err)
	// Closing says something in the chat, and that is its newest message.
	mine[0], mine[1] = mine[1], mine[0]
	second := func() string {
		res, err := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR).CreateChannel(t.Context(),
			&livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: "Second"})
		require.NoError(t, err)
		return res.GetChannel().GetId()
	}()
	all := append(append([]string{}, mine...), waiting...)

	for name, c := range map[string]struct {
		who  *user
		req  *livechatv1.ListChatsRequest
		want []string
	}{
		"all":           {ada, &livechatv1.ListChatsRequest{}, all},
		"mine":          {ada, &livechatv1.ListChatsRequest{View: livechatv1.ChatView_CHAT_VIEW_MINE}, mine},
		"mine and open": {ada, &livechatv1.ListChatsRequest{View: livechatv1.ChatView_CHAT_VIEW_MINE, State: livechatv1.ChatState_CHAT_STATE_OPEN}, mine[1:]},
		"closed":        {ada, &livechatv1.ListChatsRequest{State: livechatv1.ChatState_CHAT_STATE_CLOSED}, mine[:1]},
		"unassigned":    {other, &livechatv1.ListChatsRequest{View: livechatv1.ChatView_CHAT_VIEW_UNASSIGNED}, waiting},
		"nobody's mine": {other, &livechatv1.ListChatsRequest{View: livechatv1.ChatView_CHAT_VIEW_MINE}, nil},
		"channel":       {ada, &livechatv1.ListChatsRequest{ChannelId: b.channel.String()}, all},
		"empty channel": {ada, &livechatv1.ListChatsRequest{ChannelId: second}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int32{1, 2, 200} {
				c.req.PageSize, c.req.PageToken = size, ""
				require.Equal(t, c.want, list(t, c.who, c.req), fmt.Sprint("pages of ", size))
			}
		})
	}
	_, err = ada.ListChats(t.Context(), &livechatv1.ListChatsRequest{PageToken: "made up"})
	requireFault(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID")
}

// What is unread for one is not for another; notes are the staff's own.
//
// Spec: C4 L8
func TestChat_CountsWhatIsUnreadForEachSide(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	bob := b.user(t, "Bob", identityv1.Role_ROLE_AGENT)
	v := b.visitor(t)
	chat := b.open(t, v) // 1 hello, 2 joined
	id := uuid.MustParse(chat.GetId())
	post(t, b, ada.Caller, id, "Good day", false)             // 3
	post(t, b, bob.Caller, id, "Be nice, a whale", true)      // 4, a note
	post(t, b, bob.Caller, id, "Still a whale", true)         // 5, a note
	for _, body := range []string{"I want", "one thousand"} { // 6, 7
		_, err := v.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat.GetId(), Body: body})
		require.NoError(t, err)
	}
	_, err := b.log.MarkRead(t.Context(), b.workspace, id, author(ada.Caller), 6, thread.Agents)
	require.NoError(t, err)

	views, err := b.service.ChatViews(t.Context(), b.workspace, id, []uuid.UUID{ada.ID, bob.ID})
	require.NoError(t, err)
	for who, want := range map[*user][3]int64{ada: {7, 6, 1}, bob: {7, 0, 3}} {
		res, err := who.ListChats(t.Context(), &livechatv1.ListChatsRequest{})
		require.NoError(t, err)
		for _, got := range []*livechatv1.Chat{res.GetChats()[0], views[who.ID]} {
			require.Equal(t, want, [3]int64{got.GetLastSeq(), got.GetReadSeq(), int64(got.GetUnreadCount())})
			require.Equal(t, "one thousand", got.GetLastMessage().GetBody())
			require.Equal(t, "Ada Realname", got.GetOperator().GetName())
			require.Equal(t, "https://shop.example/cart", got.GetVisitor().GetPageUrl())
		}
	}

	seen, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.EqualValues(t, 5, seen.GetChat().GetLastSeq(), "notes have no number for visitors")
	require.EqualValues(t, 1, seen.GetChat().GetUnreadCount())
	mark, err := v.MarkRead(t.Context(), &visitorv1.MarkReadRequest{ChatId: chat.GetId(), Seq: 3})
	require.NoError(t, err)
	require.EqualValues(t, 3, mark.GetReadMark().GetSeq())
	seen, err = v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.EqualValues(t, 3, seen.GetChat().GetReadSeq())
	require.Zero(t, seen.GetChat().GetUnreadCount())
}

// A note must not show in anything that the visitor can ask for, not even by a
// number or a time that moved.
//
// Spec: C4
func TestVisitor_NoteLeavesNoTrace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v)
	before, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	b.clock.move(time.Hour)
	post(t, b, ada.Caller, uuid.MustParse(chat.GetId()), "a note", true)

	after, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, before.String(), after.String())
	res, err := v.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Len(t, res.GetMessages(), 2)
	for i, m := range res.GetMessages() {
		require.EqualValues(t, i+1, m.GetSeq())
	}
}

func TestListMessages_PagesBothWays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v).GetId()
	for i := range 8 {
		_, err := v.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat, Body: fmt.Sprint(i)})
		require.NoError(t, err)
	}
	seqs := func(req *visitorv1.ListMessagesRequest) (out []int64, res *visitorv1.ListMessagesResponse) {
		req.ChatId, req.PageSize = chat, 4
		res, err := v.ListMessages(t.Context(), req)
		require.NoError(t, err)
		require.NotEmpty(t, res.GetCursor())
		for _, m := range res.GetMessages() {
			out = append(out, m.GetSeq())
		}
		return out, res
	}
	got, res := seqs(&visitorv1.ListMessagesRequest{})
	require.Equal(t, []int64{7, 8, 9, 10}, got)
	require.True(t, res.GetHasBefore())
	require.False(t, res.GetHasAfter())
	got, _ = seqs(&visitorv1.ListMessagesRequest{Place: &visitorv1.ListMessagesRequest_BeforeSeq{BeforeSeq: 7}})
	require.Equal(t, []int64{3, 4, 5, 6}, got)
	got, res = seqs(&visitorv1.ListMessagesRequest{Place: &visitorv1.ListMessagesRequest_AfterSeq{AfterSeq: 0}})
	require.Equal(t, []int64{1, 2, 3, 4}, got)
	require.True(t, res.GetHasAfter())
}

func TestVisitorListChats_PagesNewestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.visitor(t)
	var want, got []string
	for range 5 {
		want = append([]string{b.open(t, v).GetId()}, want...)
	}
	req := &visitorv1.ListChatsRequest{PageSize: 2}
	for {
		res, err := v.ListChats(t.Context(), req)
		require.NoError(t, err)
		for _, c := range res.GetChats() {
			got = append(got, c.GetId())
		}
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, want, got)
}
