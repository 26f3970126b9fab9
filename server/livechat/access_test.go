package livechat_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/access"
)

// Whether another's chat exists must not be told to anybody.
func TestVisitor_OthersChatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.operator(t, "Ada")
	chat := b.open(t, b.visitor(t)).GetId()
	other := b.visitor(t)
	for name, call := range map[string]func(context.Context, string) error{
		"GetChat": func(ctx context.Context, id string) error {
			_, err := other.GetChat(ctx, &visitorv1.GetChatRequest{ChatId: id})
			return err
		},
		"PostMessage": func(ctx context.Context, id string) error {
			_, err := other.PostMessage(ctx, &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: id, Body: "x"})
			return err
		},
		"ListMessages": func(ctx context.Context, id string) error {
			_, err := other.ListMessages(ctx, &visitorv1.ListMessagesRequest{ChatId: id})
			return err
		},
		"MarkRead": func(ctx context.Context, id string) error {
			_, err := other.MarkRead(ctx, &visitorv1.MarkReadRequest{ChatId: id, Seq: 1})
			return err
		},
		"SetTyping": func(ctx context.Context, id string) error {
			_, err := other.SetTyping(ctx, &visitorv1.SetTypingRequest{ChatId: id})
			return err
		},
		"CloseChat": func(ctx context.Context, id string) error {
			_, err := other.CloseChat(ctx, &visitorv1.CloseChatRequest{ChatId: id})
			return err
		},
		"ReopenChat": func(ctx context.Context, id string) error {
			_, err := other.ReopenChat(ctx, &visitorv1.ReopenChatRequest{ChatId: id})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, id := range []string{chat, uuid.NewString()} {
				requireFault(t, call(t.Context(), id), connect.CodeNotFound, "CHAT_NOT_FOUND")
			}
		})
	}
	list, err := other.ListChats(t.Context(), &visitorv1.ListChatsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetChats())
}

// Another workspace's administrator meets nothing of this one.
func TestStaff_OtherWorkspacesThingsDoNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	chat, channel := b.open(t, b.visitor(t)).GetId(), b.channel.String()
	stranger := b.userOf(t, uuid.New(), "Eve", identityv1.Role_ROLE_ADMINISTRATOR)
	own, err := stranger.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: "Own"})
	require.NoError(t, err)

	for name, c := range map[string]struct {
		reason string
		call   func(context.Context) error
	}{
		"GetChannel": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.GetChannel(ctx, &livechatv1.GetChannelRequest{ChannelId: channel})
			return err
		}},
		"UpdateChannel": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.UpdateChannel(ctx, &livechatv1.UpdateChannelRequest{Channel: &livechatv1.Channel{Id: channel, Name: "Mine"}})
			return err
		}},
		"ListOperators": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.ListOperators(ctx, &livechatv1.ListOperatorsRequest{ChannelId: channel})
			return err
		}},
		"AddOperator": {"USER_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.AddOperator(ctx, &livechatv1.AddOperatorRequest{ChannelId: own.GetChannel().GetId(), UserId: ada.ID.String()})
			return err
		}},
		"AddOperator to a foreign channel": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.AddOperator(ctx, &livechatv1.AddOperatorRequest{ChannelId: channel, UserId: stranger.ID.String()})
			return err
		}},
		"UpdateOperator": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.UpdateOperator(ctx, &livechatv1.UpdateOperatorRequest{
				ChannelId: channel, Operator: &livechatv1.Operator{UserId: ada.ID.String(), ChatLimit: 1},
			})
			return err
		}},
		"RemoveOperator": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.RemoveOperator(ctx, &livechatv1.RemoveOperatorRequest{ChannelId: channel, UserId: ada.ID.String()})
			return err
		}},
		"JoinChannel": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.JoinChannel(ctx, &livechatv1.JoinChannelRequest{ChannelId: channel})
			return err
		}},
		"LeaveChannel": {"CHANNEL_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.LeaveChannel(ctx, &livechatv1.LeaveChannelRequest{ChannelId: channel})
			return err
		}},
		"GetChat": {"CHAT_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.GetChat(ctx, &livechatv1.GetChatRequest{ChatId: chat})
			return err
		}},
		"TakeChat": {"CHAT_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.TakeChat(ctx, &livechatv1.TakeChatRequest{ChatId: chat})
			return err
		}},
		"CloseChat": {"CHAT_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.CloseChat(ctx, &livechatv1.CloseChatRequest{ChatId: chat})
			return err
		}},
		"ReopenChat": {"CHAT_NOT_FOUND", func(ctx context.Context) error {
			_, err := stranger.ReopenChat(ctx, &livechatv1.ReopenChatRequest{ChatId: chat})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireFault(t, c.call(t.Context()), connect.CodeNotFound, c.reason)
		})
	}
	list, err := stranger.ListChats(t.Context(), &livechatv1.ListChatsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetChats())
	channels, err := stranger.ListChannels(t.Context(), &livechatv1.ListChannelsRequest{})
	require.NoError(t, err)
	require.Len(t, channels.GetChannels(), 1)
}

// A visitor's channel is one of their own workspace.
func TestOpenChat_OtherWorkspacesChannelDoesNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stranger := b.userOf(t, uuid.New(), "Eve", identityv1.Role_ROLE_ADMINISTRATOR)
	own, err := stranger.CreateChannel(t.Context(), &livechatv1.CreateChannelRequest{RequestId: uuid.NewString(), Name: "Own"})
	require.NoError(t, err)
	req := b.opening()
	req.ChannelId = own.GetChannel().GetId()
	_, err = b.visitor(t).OpenChat(t.Context(), req)
	requireFault(t, err, connect.CodeNotFound, "CHANNEL_NOT_FOUND")
}

func TestRights_OfAChatsThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	v := b.visitor(t)
	facts := access.Facts{ID: uuid.MustParse(b.open(t, v).GetId()), Kind: access.KindChat}
	for name, c := range map[string]struct {
		caller             access.Caller
		read, post, manage bool
	}{
		"its visitor":       {v.Caller, true, true, false},
		"another visitor":   {b.visitor(t).Caller, false, false, false},
		"an agent":          {b.user(t, "Ada", identityv1.Role_ROLE_AGENT).Caller, true, true, true},
		"an administrator":  {b.user(t, "Root", identityv1.Role_ROLE_ADMINISTRATOR).Caller, true, true, true},
		"a member":          {b.user(t, "Mel", identityv1.Role_ROLE_MEMBER).Caller, false, false, false},
		"the system":        {access.SystemCaller(b.workspace), true, true, true},
		"nobody":            {access.Caller{Workspace: b.workspace}, false, false, false},
		"foreign workspace": {access.Caller{Kind: access.Visitor, Workspace: uuid.New(), ID: v.ID}, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // the second time from memory
				got, err := b.service.Rights(t.Context(), c.caller, facts)
				require.NoError(t, err)
				require.Equal(t, access.Rights{Facts: facts, Read: c.read, Post: c.post, Manage: c.manage}, got)
			}
		})
	}
}
