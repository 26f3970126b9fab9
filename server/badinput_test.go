package server_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// Nothing that a field can hold makes the server fail: it refuses, and says what
// to mend.
//
// Spec: A1
func TestBadInput_NoFieldMakesAnInternalError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &filler{w: w, s: &w.record}
	token := w.node.SignIn(t, servertest.Admin).Token
	for _, method := range inOrder(methods(t)) {
		count := 0
		spoil(f.request(t, method).ProtoReflect(), func(string) { count++ })
		for i := range count {
			req := f.request(t, method)
			at, what := 0, ""
			spoil(req.ProtoReflect(), func(how string) {
				if at == i {
					what = how
				}
				at++
			}, i)
			if method.Name() == "SignIn" && i > 4 {
				continue // more failures would be limited
			}
			a := call(t.Context(), t, w.node.URL, token, method, req)
			require.NotContains(t, accidents, a.code, "%s with %s: %s", full(method), what, a.words)
			if a.code != 0 {
				require.NotEmpty(t, a.reason, "%s with %s: every error has a reason: %s", full(method), what, a.words)
			}
		}
	}
}

// accidents are codes that say that something is wrong with the server.
var accidents = []connect.Code{
	connect.CodeInternal, connect.CodeUnknown, connect.CodeUnavailable, connect.CodeUnimplemented, connect.CodeDeadlineExceeded,
	connect.CodeDataLoss,
}

// spoil tells of everything that can be made wrong with a message, one after the
// other, and does those whose turn is named.
func spoil(m protoreflect.Message, tell func(how string), turns ...int) {
	turn := 0
	var walk func(m protoreflect.Message)
	walk = func(m protoreflect.Message) {
		all := m.Descriptor().Fields()
		for i := range all.Len() {
			field := all.Get(i)
			if field.Message() != nil && !field.IsList() && !field.IsMap() && m.Has(field) && wellKnown(field) == "" {
				walk(m.Get(field).Message())
				continue
			}
			for _, bad := range spoiled(m, field) {
				tell(fmt.Sprintf("%s = %.40q", field.FullName(), bad.String()))
				if len(turns) > 0 && turns[0] == turn {
					m.Set(field, bad)
				}
				turn++
			}
		}
	}
	walk(m)
}

func wellKnown(field protoreflect.FieldDescriptor) string {
	if name := string(field.Message().FullName()); strings.HasPrefix(name, "google.protobuf.") {
		return name
	}
	return ""
}

// spoiled are bad values for a field.
func spoiled(m protoreflect.Message, field protoreflect.FieldDescriptor) (bad []protoreflect.Value) {
	texts := []string{"", "not a thing", "a\x00b", "\u202e", uuid.Nil.String(), "'; DROP TABLE record; --", strings.Repeat("é", 30_000)}
	switch {
	case field.IsMap():
	case field.Kind() == protoreflect.StringKind && field.IsList():
		list := m.NewField(field).List()
		for _, s := range texts {
			list.Append(protoreflect.ValueOfString(s))
		}
		bad = append(bad, protoreflect.ValueOfList(list))
	case field.IsList():
	case field.Kind() == protoreflect.StringKind:
		for _, s := range texts {
			bad = append(bad, protoreflect.ValueOfString(s))
		}
	case field.Kind() == protoreflect.BytesKind:
		bad = append(bad, protoreflect.ValueOfBytes(nil), protoreflect.ValueOfBytes([]byte{0xff, 0, '\n', '{'}))
	case field.Enum() != nil:
		bad = append(bad, protoreflect.ValueOfEnum(0), protoreflect.ValueOfEnum(-1), protoreflect.ValueOfEnum(9999))
	case field.Kind() == protoreflect.Int32Kind:
		bad = append(bad, protoreflect.ValueOfInt32(-1), protoreflect.ValueOfInt32(1<<31-1))
	case field.Kind() == protoreflect.Int64Kind:
		bad = append(bad, protoreflect.ValueOfInt64(-1), protoreflect.ValueOfInt64(1<<63-1))
	case field.Message() != nil && wellKnown(field) == "google.protobuf.FieldMask":
		mask := m.NewField(field).Message()
		paths := mask.Descriptor().Fields().ByName("paths")
		list := mask.Mutable(paths).List()
		list.Append(protoreflect.ValueOfString("no.such.path"))
		bad = append(bad, protoreflect.ValueOfMessage(mask))
	}
	return bad
}

// A page token is good for the list and the caller that it was made for.
func TestBadInput_WrongPageTokenIsRefusedByEveryList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lists := 0
	for _, method := range methods(t) {
		field := method.Input().Fields().ByName("page_token")
		if field == nil {
			continue
		}
		lists++
		f := &filler{w: w, s: &w.record}
		token := w.admin.Token
		if strings.HasPrefix(full(method), "VisitorService") {
			token = w.owner.Token
		}
		for _, wrong := range []string{"AAAA", "not base64 !", strings.Repeat("A", 300)} {
			req := f.request(t, method)
			req.ProtoReflect().Set(field, protoreflect.ValueOfString(wrong))
			a := call(t.Context(), t, w.node.URL, token, method, req)
			require.Equal(t, connect.CodeInvalidArgument, a.code, full(method))
			require.Equal(t, "PAGE_TOKEN_INVALID", a.reason, full(method))
			require.Contains(t, a.words, "begin again without one", full(method))
		}
	}
	require.Greater(t, lists, 8)
}

func TestBadInput_WrongCursorIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, cursor := range []string{"AAAA", "not base64 !", strings.Repeat("A", 200)} {
		topics := []*livev1.Topic{threadTopic(w.talk.thread, cursor)}
		_, err := w.owner.Live.Poll(t.Context(), &livev1.PollRequest{Topics: topics})
		requireFault(t, err, connect.CodeInvalidArgument, "CURSOR_INVALID")
		require.ErrorContains(t, err, "begin again without one")

		stream, err := w.owner.Live.Subscribe(t.Context(), &livev1.SubscribeRequest{Topics: topics})
		require.NoError(t, err)
		require.False(t, stream.Receive())
		requireFault(t, stream.Err(), connect.CodeInvalidArgument, "CURSOR_INVALID")
		require.NoError(t, stream.Close())
	}
}

// A closed chat takes nothing, keeps everything, and goes on when it is opened
// again.
//
// Spec: L8 L9a
func TestBadInput_ClosedChatTakesNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, chat := t.Context(), w.talk.thread
	_, err := w.admin.LiveChat.CloseChat(ctx, &livechatv1.CloseChatRequest{ChatId: chat})
	require.NoError(t, err)
	before := messagesOf(t, w.admin, chat)

	retry := &visitorv1.PostMessageRequest{RequestId: uuid.NewString(), ChatId: chat, Body: "too late"}
	_, err = w.owner.Visitor.PostMessage(ctx, retry)
	requireFault(t, err, connect.CodeFailedPrecondition, "CHAT_CLOSED")
	_, err = w.admin.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: chat, Body: "too late"})
	requireFault(t, err, connect.CodeFailedPrecondition, "CHAT_CLOSED")
	_, err = w.owner.Files.CreateFile(ctx, &threadv1.CreateFileRequest{RequestId: uuid.NewString(), ThreadId: chat, Name: "late.txt", Size: 1})
	requireFault(t, err, connect.CodeFailedPrecondition, "CHAT_CLOSED")
	require.Equal(t, before, messagesOf(t, w.admin, chat))

	_, err = w.owner.Visitor.ReopenChat(ctx, &visitorv1.ReopenChatRequest{ChatId: chat})
	require.NoError(t, err)
	posted, err := w.owner.Visitor.PostMessage(ctx, retry) // what was refused can be sent after all
	require.NoError(t, err)
	require.Equal(t, "too late", posted.GetMessage().GetBody())
	require.Contains(t, messagesOf(t, w.admin, chat), markChat)
}

// Spec: C10
func TestBadInput_TooBigIsRefusedWithTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *server.Config) { c.MaxFileSize = 2 << 20 })
	ctx := t.Context()
	for _, by := range []*servertest.Client{w.owner, w.admin} {
		_, err := by.Files.CreateFile(ctx, &threadv1.CreateFileRequest{
			RequestId: uuid.NewString(), ThreadId: w.talk.thread, Name: "film.mp4", Size: 2<<20 + 1,
		})
		requireFault(t, err, connect.CodeInvalidArgument, "FILE_TOO_LARGE")
		require.Contains(t, failed(err).words, "2097152")
		require.ErrorContains(t, err, "2 MiB")
	}
	_, err := w.admin.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: strings.Repeat("é", 20_001),
	})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_INVALID")
	require.ErrorContains(t, err, "body")
	_, err = w.admin.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: strings.Repeat("x", 8<<20),
	})
	requireFault(t, err, connect.CodeResourceExhausted, "REQUEST_TOO_LARGE")
	require.ErrorContains(t, err, "6 MiB")
}

// A request that is sent again, as after a lost answer, does nothing again.
//
// Spec: A2
func TestBadInput_RequestSentAgainDoesNothingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first := &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: "once"}
	a, err := w.admin.Chatter.PostMessage(ctx, first)
	require.NoError(t, err)
	b, err := w.admin.Chatter.PostMessage(ctx, first)
	require.NoError(t, err)
	require.True(t, proto.Equal(a, b))
	require.Equal(t, 1, strings.Count(messagesOf(t, w.admin, w.record.thread), `"once"`))
}
