package livechat_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/thread"
)

func connectError(err error, target **connect.Error) bool { return errors.As(err, target) }

func author(c access.Caller) thread.Author { return thread.AuthorOf(c) }

// post is what ChatterService does for users.
func post(t *testing.T, b *bundle, c access.Caller, chat uuid.UUID, body string, internal bool) thread.Message {
	t.Helper()
	subtype := thread.SubtypeDiscussions
	if internal {
		subtype = thread.SubtypeNotes
	}
	m, err := b.log.Post(t.Context(), thread.Draft{
		Workspace: c.Workspace, Thread: chat, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
		Internal: internal, Subtype: subtype, Author: author(c), Body: body, Chat: true,
	})
	require.NoError(t, err)
	return m
}

// Of all who take a chat at once one has it, and the others are told who.
//
// Spec: L9
func TestTakeChat_HasOneWinner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	agents := make([]*user, 4)
	for i, name := range []string{"Ada", "Bob", "Cleo", "Dan"} {
		agents[i] = b.user(t, name, identityv1.Role_ROLE_AGENT)
	}
	for range 20 {
		v := b.visitor(t)
		chat := b.open(t, v)
		failures := make([]error, len(agents))
		together(len(agents), func(i int) {
			_, failures[i] = agents[i].TakeChat(t.Context(), &livechatv1.TakeChatRequest{ChatId: chat.GetId()})
		})
		var winner *user
		for i, err := range failures {
			if err == nil {
				require.Nil(t, winner, "two have it")
				winner = agents[i]
			}
		}
		require.NotNil(t, winner)
		for _, err := range failures {
			if err != nil {
				facts := requireFault(t, err, connect.CodeAborted, "CHAT_TAKEN")
				require.Equal(t, winner.Name, facts["operator_name"])
				require.Equal(t, winner.ID.String(), facts["operator_id"])
			}
		}
		require.Equal(t, []threadv1.SystemEvent{nobody, joined}, b.events(t, v, chat.GetId()))

		again, err := winner.TakeChat(t.Context(), &livechatv1.TakeChatRequest{ChatId: chat.GetId()})
		require.NoError(t, err)
		require.Equal(t, winner.ID.String(), again.GetChat().GetOperator().GetId())
	}
}

// Somebody takes the chat while it is being given out.
//
// Spec: L9
func TestTakeChat_AndDispatchAgreeOnOneOperator(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bob := b.user(t, "Bob", identityv1.Role_ROLE_AGENT)
	var chats []*livechatv1.Chat
	visitors := make([]*visitor, 10)
	for i := range visitors {
		visitors[i] = b.visitor(t)
		chats = append(chats, b.open(t, visitors[i]))
	}
	b.operator(t, "Ada")
	together(len(chats)+2, func(i int) {
		if i < len(chats) {
			_, _ = bob.TakeChat(t.Context(), &livechatv1.TakeChatRequest{ChatId: chats[i].GetId()})
			return
		}
		_, _ = b.service.Dispatch(t.Context(), b.workspace, b.channel)
	})
	require.Zero(t, b.assigned(t)[uuid.Nil])
	for i, v := range visitors {
		require.Equal(t, []threadv1.SystemEvent{nobody, joined}, b.events(t, v, chats[i].GetId()))
	}
}

// Spec: L9a
func TestCloseChat_TwoAtOnceWriteOneLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	for range 10 {
		v := b.visitor(t)
		chat := b.open(t, v)
		failures := make([]error, 6)
		together(len(failures), func(i int) {
			if i%2 == 0 {
				_, failures[i] = v.CloseChat(t.Context(), &visitorv1.CloseChatRequest{ChatId: chat.GetId()})
				return
			}
			_, failures[i] = ada.CloseChat(t.Context(), &livechatv1.CloseChatRequest{ChatId: chat.GetId()})
		})
		require.NoError(t, errors.Join(failures...))
		lines := b.events(t, v, chat.GetId())
		require.Contains(t, [][]threadv1.SystemEvent{{joined, left, closed}, {joined, closed}}, lines)
	}
}

// Spec: L9a
func TestPostMessage_ClosedChatRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v)
	res, err := v.CloseChat(t.Context(), &visitorv1.CloseChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, livechatv1.ChatState_CHAT_STATE_CLOSED, res.GetChat().GetState())
	require.NotNil(t, res.GetChat().GetCloseTime())

	req := &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat.GetId(), Body: "One more thing"}
	_, err = v.PostMessage(t.Context(), req)
	requireFault(t, err, connect.CodeFailedPrecondition, "CHAT_CLOSED")

	opened, err := v.ReopenChat(t.Context(), &visitorv1.ReopenChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, livechatv1.ChatState_CHAT_STATE_OPEN, opened.GetChat().GetState())
	require.Nil(t, opened.GetChat().GetCloseTime())
	require.Equal(t, ada.ID.String(), opened.GetChat().GetOperator().GetId())
	posted, err := v.PostMessage(t.Context(), req)
	require.NoError(t, err)
	again, err := v.PostMessage(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, posted.GetMessage().GetId(), again.GetMessage().GetId())
	require.Equal(t, []threadv1.SystemEvent{joined, left, closed, reopened}, b.events(t, v, chat.GetId()))
}

// A chat that is opened again must not burst its operator's limit, nor wait for
// somebody who is gone.
//
// Spec: L9
func TestReopenChat_ByTheVisitorFindsWhoIsThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v)
	toggle := func(want ...threadv1.SystemEvent) *livechatv1.Chat {
		t.Helper()
		before := len(b.events(t, v, chat.GetId()))
		_, err := v.CloseChat(t.Context(), &visitorv1.CloseChatRequest{ChatId: chat.GetId()})
		require.NoError(t, err)
		res, err := v.ReopenChat(t.Context(), &visitorv1.ReopenChatRequest{ChatId: chat.GetId()})
		require.NoError(t, err)
		require.Equal(t, append([]threadv1.SystemEvent{left, closed, reopened}, want...), b.events(t, v, chat.GetId())[before:])
		return res.GetChat()
	}
	b.people.set(ada.ID, presence.Offline, noon)
	require.Nil(t, toggle(nobody).GetOperator())

	bob := b.operator(t, "Bob")
	require.Equal(t, bob.ID.String(), toggle(joined).GetOperator().GetId())
	require.Equal(t, bob.ID.String(), toggle().GetOperator().GetId())
}

func TestReopenChat_ByAUserStaysWithWhoHadIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.visitor(t)
	waiting := b.open(t, v)
	ada, bob := b.operator(t, "Ada"), b.operator(t, "Bob")
	had := b.open(t, b.visitor(t))
	for chat, want := range map[string]uuid.UUID{waiting.GetId(): bob.ID, had.GetId(): ada.ID} {
		_, err := bob.CloseChat(t.Context(), &livechatv1.CloseChatRequest{ChatId: chat})
		require.NoError(t, err)
		res, err := bob.ReopenChat(t.Context(), &livechatv1.ReopenChatRequest{ChatId: chat})
		require.NoError(t, err)
		require.Equal(t, want.String(), res.GetChat().GetOperator().GetId())
	}
	require.Equal(t, []threadv1.SystemEvent{nobody, closed, reopened, joined}, b.events(t, v, waiting.GetId()))
}

// A chat that waits is given out as soon as somebody has room for it.
//
// Spec: L9
func TestRun_GivesOutWhatWaitsWhenSomebodyHasRoom(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *livechat.Config) { c.Sweep = 20 * time.Millisecond })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.service.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	admin := b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR)
	_, err := admin.UpdateChannel(t.Context(), &livechatv1.UpdateChannelRequest{
		Channel: &livechatv1.Channel{Id: b.channel.String(), ChatLimit: 1},
	})
	require.NoError(t, err)
	ownerOf := func(v *visitor, chat string) string {
		res, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat})
		require.NoError(t, err)
		return res.GetChat().GetOperator().GetId()
	}

	ada := b.operator(t, "Ada")
	b.people.set(ada.ID, presence.Offline, noon)
	first, second := b.visitor(t), b.visitor(t)
	one, two := b.open(t, first), b.open(t, second)
	require.Nil(t, one.GetOperator())

	b.people.set(ada.ID, presence.Online, b.clock.now()) // nobody is told of it: the look finds out
	require.Eventually(t, func() bool { return ownerOf(first, one.GetId()) == ada.ID.String() }, 5*time.Second, 10*time.Millisecond)
	require.Empty(t, ownerOf(second, two.GetId()))

	_, err = first.CloseChat(t.Context(), &visitorv1.CloseChatRequest{ChatId: one.GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return ownerOf(second, two.GetId()) == ada.ID.String() }, 5*time.Second, 10*time.Millisecond)
}

func TestEndVisit_EndsTheVisitorsChatsAndToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v)
	_, err := v.EndVisit(t.Context(), &visitorv1.EndVisitRequest{})
	require.NoError(t, err)

	_, err = v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
	require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err))
	got, err := ada.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: chat.GetId()})
	require.NoError(t, err)
	require.Equal(t, livechatv1.ChatState_CHAT_STATE_CLOSED, got.GetChat().GetState())
	require.Equal(t, closed, got.GetChat().GetLastMessage().GetSystem().GetEvent())
}
