package livechat_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// file is a file that somebody uploaded to a chat, in a state: 1 unfinished, 2
// waiting for its message.
func (b *bundle) file(t *testing.T, c access.Caller, chat string, state int16) string {
	t.Helper()
	id := uuid.New()
	_, err := b.db.Exec(t.Context(), `INSERT INTO file (workspace_id, id, thread_id, name, media_type, size, state, internal, author_kind,
		author_id, author_name, author_public_name, request_id, create_time)
		VALUES ($1, $2, $3, 'photo.png', 'image/png', 9, $4, false, $5, $6, $7, $8, $9, now())`,
		c.Workspace, id, chat, state, int16(c.PartyKind()), c.ID, c.Name, c.ChatName, uuid.New())
	require.NoError(t, err)
	return id.String()
}

// Spec: C10
func TestPostMessage_SendsTheVisitorsOwnFilesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := b.operator(t, "Ada")
	v, other := b.visitor(t), b.visitor(t)
	chat := b.open(t, v).GetId()
	mine := b.file(t, v.Caller, chat, 2)
	req := &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat, FileIds: []string{mine}}

	res, err := v.PostMessage(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, res.GetMessage().GetFiles(), 1)
	require.Equal(t, "photo.png", res.GetMessage().GetFiles()[0].GetName())
	again, err := v.PostMessage(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, res.GetMessage().GetId(), again.GetMessage().GetId())
	require.Len(t, again.GetMessage().GetFiles(), 1)

	for name, id := range map[string]string{
		"sent already":  mine,
		"unfinished":    b.file(t, v.Caller, chat, 1),
		"another's":     b.file(t, other.Caller, chat, 2),
		"the staff's":   b.file(t, ada.Caller, chat, 2),
		"another chats": b.file(t, v.Caller, b.open(t, v).GetId(), 2),
		"none":          uuid.NewString(),
	} {
		_, err := v.PostMessage(t.Context(), &visitorv1.PostMessageRequest{
			RequestId: uuid.NewString(), ChatId: chat, Body: name, FileIds: []string{id},
		})
		requireFault(t, err, connect.CodeInvalidArgument, "FILE_UNKNOWN")
	}
	_, err = v.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: req.GetRequestId(), ChatId: chat, Body: "other", FileIds: []string{mine}})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_ID_REUSED")
}

func TestPostMessage_SaysSomethingAndNotTooOften(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *livechat.Config) { c.Limits.Posts = rpc.Limit{Count: 2, Per: time.Hour} })
	v := b.visitor(t)
	chat := b.open(t, v).GetId()
	say := func(body string) error {
		_, err := v.PostMessage(t.Context(), &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat, Body: body})
		return err
	}
	requireFault(t, say(" \n "), connect.CodeInvalidArgument, "BODY_EMPTY")
	require.NoError(t, say("one"))
	require.NoError(t, say("two"))
	requireFault(t, say("three"), connect.CodeResourceExhausted, "TOO_MANY_MESSAGES")
}

// What is posted is told to readers, whatever it came with.
func TestOpenChat_TellsReadersOfEveryMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.operator(t, "Ada")
	v := b.visitor(t)
	chat := b.open(t, v).GetId()
	require.Equal(t, 2, b.told.of(chat), "the message, and who joined")
	_, err := v.CloseChat(t.Context(), &visitorv1.CloseChatRequest{ChatId: chat})
	require.NoError(t, err)
	require.Equal(t, 4, b.told.of(chat))
	_, err = v.SetTyping(t.Context(), &visitorv1.SetTypingRequest{ChatId: chat})
	require.NoError(t, err)
	b.told.mu.Lock()
	defer b.told.mu.Unlock()
	require.Equal(t, []uuid.UUID{uuid.MustParse(chat)}, b.told.typing)
}

// With the real presence: a visitor waits, an operator's stream opens, and the
// chat is theirs; their node dies, and the next chat waits.
//
// Spec: L7 L9
func TestRun_FollowsRealPresence(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	quick := presence.Timing{
		Beat: 50 * time.Millisecond, Hold: 300 * time.Millisecond, Poll: 50 * time.Millisecond, Grace: 50 * time.Millisecond,
		Fresh: 10 * time.Millisecond,
	}
	node := func() (*presence.Tracker, *redis.Client) {
		client := redis.NewClient(options)
		t.Cleanup(func() { _ = client.Close() }) // may be closed already
		return presence.New(presence.Config{Redis: client, Node: uuid.New(), Now: time.Now, Timing: quick}), client
	}
	here, _ := node()
	there, link := node()
	b := setup(t, func(c *livechat.Config) { c.Presence, c.Now, c.Sweep = here, time.Now, 20*time.Millisecond })
	background(t, here.Run)
	background(t, there.Run)
	background(t, b.service.Run)

	ada := b.user(t, "Ada", identityv1.Role_ROLE_AGENT)
	_, err = ada.JoinChannel(t.Context(), &livechatv1.JoinChannelRequest{ChannelId: b.channel.String()})
	require.NoError(t, err)
	v := b.visitor(t)
	chat := b.open(t, v)
	require.Nil(t, chat.GetOperator())

	there.Connected(b.workspace, ada.ID, true)
	require.Eventually(t, func() bool {
		res, err := v.GetChat(t.Context(), &visitorv1.GetChatRequest{ChatId: chat.GetId()})
		return err == nil && res.GetChat().GetOperator().GetId() == ada.ID.String()
	}, 5*time.Second, 10*time.Millisecond)

	require.NoError(t, link.Close()) // the node is dead to the others
	require.Eventually(t, func() bool {
		known, complete := here.Snapshot(t.Context(), b.workspace)
		return complete && len(known) == 0
	}, 5*time.Second, 10*time.Millisecond)
	require.Nil(t, b.open(t, b.visitor(t)).GetOperator())
}

// background runs something until the test ends.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
}
