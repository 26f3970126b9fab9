package server_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// conversation is a visitor and an operator, each on a node of their own.
type conversation struct {
	visitor, operator *servertest.Client
	queue             *listener // the operator's list of chats
	here, there       *listener // the chat, as the visitor and as the operator hear it
	chat, answer      string
}

// A visitor and an operator talk, from the first word to the reopening, each on
// another node, both live.
//
// Spec: L2 L6 L7 L8 L9 L9a
func TestStory_VisitorAndOperatorTalk(t *testing.T) {
	t.Parallel()
	c := meet(t)
	c.typing(t)
	c.write(t)
	c.read(t)
	c.share(t)
	c.closeAndReopen(t)
	c.keepName(t)
	requireOnce(t, c.here)
	requireOnce(t, c.there)
}

// meet has the visitor write first, and the operator who is there get the chat.
func meet(t *testing.T) *conversation {
	t.Helper()
	s := servertest.Start(t)
	other := s.Join(t)
	operator := other.As(s.User(t, "lena@acme.example", identityv1.Role_ROLE_AGENT).Token)
	channel := channelOf(t, operator)
	_, err := operator.LiveChat.JoinChannel(t.Context(), &livechatv1.JoinChannelRequest{ChannelId: channel})
	require.NoError(t, err)
	standBy(t, operator, channel)
	c := &conversation{operator: operator, queue: listen(t, "operator's list", operator, chatsTopic())}

	require.Eventually(t, func() bool {
		widget, err := s.As("").Visitor.GetWidget(t.Context(), &visitorv1.GetWidgetRequest{ChannelId: channel})
		return err == nil && widget.GetWidget().GetOnline()
	}, patience, 20*time.Millisecond, "the other node learns that somebody is there")
	c.visitor, _ = visit(t, s, channel)
	opened, err := c.visitor.Visitor.OpenChat(t.Context(), &visitorv1.OpenChatRequest{
		RequestId: uuid.NewString(), ChannelId: channel, Body: "Do you sell roses?", PageUrl: "https://shop.example/roses",
	})
	require.NoError(t, err)
	c.chat = opened.GetChat().GetId()
	require.Equal(t, "Chat l", opened.GetChat().GetOperator().GetName(), "visitors see the live chat name")
	c.queue.until(t, "the new chat", func(f *livev1.SubscribeResponse) bool {
		got := f.GetEvent().GetChat()
		return got.GetId() == c.chat && got.GetUnreadCount() > 0 && got.GetVisitor().GetPageUrl() == "https://shop.example/roses"
	})
	page, err := c.visitor.Visitor.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: c.chat})
	require.NoError(t, err)
	c.here = listen(t, "visitor", c.visitor, threadTopic(c.chat, page.GetCursor()))
	c.there = listen(t, "operator", c.operator, threadTopic(c.chat, ""))
	return c
}

// typing is seen on the other side, and only there.
func (c *conversation) typing(t *testing.T) {
	t.Helper()
	_, err := c.visitor.Visitor.SetTyping(t.Context(), &visitorv1.SetTypingRequest{ChatId: c.chat})
	require.NoError(t, err)
	c.there.until(t, "the visitor types", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetTyping().GetParty().GetKind() == threadv1.PartyKind_PARTY_KIND_VISITOR
	})
	_, err = c.operator.Chatter.SetTyping(t.Context(), &chatterv1.SetTypingRequest{ThreadId: c.chat})
	require.NoError(t, err)
	typing := c.here.until(t, "the operator types", func(f *livev1.SubscribeResponse) bool { return f.GetEvent().GetTyping() != nil })
	require.Equal(t, "Chat l", typing.GetEvent().GetTyping().GetParty().GetName())
}

// write sends messages both ways, one of them twice, and a note aside.
func (c *conversation) write(t *testing.T) {
	t.Helper()
	note(t, c.operator, c.chat, "a regular, be nice")
	say(t, c.operator, c.chat, "We do, in four colours.")
	got := c.here.message(t, "We do, in four colours.")
	require.Equal(t, "Chat l", got.GetAuthor().GetName())
	c.answer = got.GetId()
	req := &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: c.chat, Body: "Red, please"}
	for range 2 { // as after a lost answer
		_, err := c.visitor.Visitor.PostMessage(t.Context(), req)
		require.NoError(t, err)
	}
	require.Equal(t, req.GetRequestId(), c.there.message(t, "Red, please").GetRequestId())
	require.Equal(t, req.GetRequestId(), c.here.message(t, "Red, please").GetRequestId())
}

// read moves the marks, each told in the numbering of its reader.
func (c *conversation) read(t *testing.T) {
	t.Helper()
	last := c.here.events()[len(c.here.events())-1].GetMessage().GetSeq()
	_, err := c.visitor.Visitor.MarkRead(t.Context(), &visitorv1.MarkReadRequest{ChatId: c.chat, Seq: last})
	require.NoError(t, err)
	mark := c.there.until(t, "the visitor has read", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetReadMark().GetParty().GetKind() == threadv1.PartyKind_PARTY_KIND_VISITOR
	}).GetEvent().GetReadMark()
	require.Equal(t, last+1, mark.GetSeq(), "the note counts for the operator")
	_, err = c.operator.Chatter.MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: c.chat, Seq: last + 1})
	require.NoError(t, err)
	seen := c.here.until(t, "the operator has read", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetReadMark().GetParty().GetKind() == threadv1.PartyKind_PARTY_KIND_USER
	}).GetEvent().GetReadMark()
	require.Equal(t, last, seen.GetSeq())
	c.queue.until(t, "nothing is unread", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetChat().GetId() == c.chat && f.GetEvent().GetChat().GetUnreadCount() == 0
	})
}

// share sends a picture, which both sides can load.
func (c *conversation) share(t *testing.T) {
	t.Helper()
	file := upload(t, c.visitor, c.chat, "rose.txt", false)
	_, err := c.visitor.Visitor.PostMessage(t.Context(), &visitorv1.PostMessageRequest{
		RequestId: uuid.NewString(), ChatId: c.chat, Body: "Like this", FileIds: []string{file},
	})
	require.NoError(t, err)
	require.Equal(t, file, c.there.message(t, "Like this").GetFiles()[0].GetId())
	c.here.message(t, "Like this")
	require.Equal(t, content, string(readFile(t, c.operator, file)))
}

// closeAndReopen ends the chat and goes on with it; both sides are told.
func (c *conversation) closeAndReopen(t *testing.T) {
	t.Helper()
	line := func(l *listener, event threadv1.SystemEvent) {
		l.until(t, event.String(), func(f *livev1.SubscribeResponse) bool {
			return f.GetEvent().GetMessage().GetSystem().GetEvent() == event
		})
	}
	_, err := c.operator.LiveChat.CloseChat(t.Context(), &livechatv1.CloseChatRequest{ChatId: c.chat})
	require.NoError(t, err)
	line(c.here, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_CLOSED)
	line(c.there, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_CLOSED)
	c.queue.until(t, "the chat is closed", func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetChat().GetState() == livechatv1.ChatState_CHAT_STATE_CLOSED
	})
	_, err = c.visitor.Visitor.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: c.chat, Body: "Wait"})
	requireFault(t, err, 9, "CHAT_CLOSED")
	_, err = c.operator.Chatter.EditMessage(t.Context(), &chatterv1.EditMessageRequest{ThreadId: c.chat, MessageId: c.answer, Body: "We do not."})
	requireFault(t, err, 9, "CHAT_CLOSED")

	reopened, err := c.visitor.Visitor.ReopenChat(t.Context(), &visitorv1.ReopenChatRequest{ChatId: c.chat})
	require.NoError(t, err)
	require.Equal(t, livechatv1.ChatState_CHAT_STATE_OPEN, reopened.GetChat().GetState())
	line(c.here, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_REOPENED)
	line(c.there, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_REOPENED)
	say(t, c.operator, c.chat, "Still here.")
	c.here.message(t, "Still here.")
	c.there.message(t, "Still here.")
	require.NotContains(t, c.here.words(), "a regular")
}

// keepName has the operator do everything that is told to a visitor, who never
// learns the operator's own name from it.
func (c *conversation) keepName(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := c.operator.LiveChat.CloseChat(ctx, &livechatv1.CloseChatRequest{ChatId: c.chat})
	require.NoError(t, err)
	_, err = c.operator.LiveChat.ReopenChat(ctx, &livechatv1.ReopenChatRequest{ChatId: c.chat})
	require.NoError(t, err)
	_, err = c.operator.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: c.chat, Body: "And a list", FileIds: []string{upload(t, c.operator, c.chat, "list.txt", false)},
	})
	require.NoError(t, err)
	c.here.message(t, "And a list")
	list, err := c.visitor.Visitor.ListMessages(ctx, &visitorv1.ListMessagesRequest{ChatId: c.chat})
	require.NoError(t, err)
	chat, err := c.visitor.Visitor.GetChat(ctx, &visitorv1.GetChatRequest{ChatId: c.chat})
	require.NoError(t, err)
	chats, err := c.visitor.Visitor.ListChats(ctx, &visitorv1.ListChatsRequest{})
	require.NoError(t, err)
	for _, told := range []string{c.here.words(), prototext.Format(list), prototext.Format(chat), prototext.Format(chats)} {
		require.Contains(t, told, "Chat l")
		require.NotContains(t, told, "Name of")
	}
	require.Contains(t, c.there.words(), "Name of", "colleagues know it")
}
