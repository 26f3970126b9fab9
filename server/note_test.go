package server_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// A stranger's stream is open, and silent about what it may not know.
//
// Spec: A4 C4
func TestSubscribe_ClosesTheTopicsOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		by     *servertest.Client
		topics []*livev1.Topic
	}{
		{"administrator of another workspace", w.umbra, []*livev1.Topic{threadTopic(w.record.thread, ""), threadTopic(w.talk.thread, "")}},
		{"visitor of another workspace", w.passer, []*livev1.Topic{threadTopic(w.talk.thread, ""), inboxTopic(), chatsTopic(), presenceTopic()}},
		{"other visitor", w.bystander, []*livev1.Topic{threadTopic(w.talk.thread, ""), threadTopic(w.record.thread, ""), inboxTopic(), chatsTopic()}},
		{"the chat's visitor", w.owner, []*livev1.Topic{threadTopic(w.record.thread, ""), inboxTopic(), chatsTopic(), presenceTopic()}},
		{"member", w.member, []*livev1.Topic{threadTopic(w.talk.thread, ""), chatsTopic()}},
	} {
		l := listen(t, c.name, c.by, c.topics...)
		closed := 0
		for _, f := range l.seen {
			require.Nil(t, f.GetTopicOpened(), c.name)
			if f.GetTopicClosed() != nil {
				closed++
			}
		}
		require.Equal(t, len(c.topics), closed, c.name)
		res, err := c.by.Live.Poll(t.Context(), &livev1.PollRequest{Topics: c.topics})
		require.NoError(t, err, c.name)
		require.Len(t, res.GetFrames(), len(c.topics), c.name)
		for _, f := range res.GetFrames() {
			require.NotNil(t, f.GetTopicClosed(), c.name)
		}
	}
}

// A cursor of a thread is no way into it, nor into another.
//
// Spec: A4
func TestSubscribe_TakesNobodyElsesCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page, err := w.owner.Visitor.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: w.talk.thread})
	require.NoError(t, err)
	l := listen(t, "other visitor", w.bystander, threadTopic(w.talk.thread, page.GetCursor()))
	require.NotContains(t, l.words(), "topic_opened")
	_, err = w.owner.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{threadTopic(w.record.thread, page.GetCursor())}})
	requireFault(t, err, 3, "CURSOR_INVALID")
}

// Whatever is done with notes, those outside are told nothing: no frame, no
// number, no moved cursor, no typing, no read mark.
//
// Spec: C4
func TestNotes_LeaveNoTraceOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := w.talk.thread
	page := func() *visitorv1.ListMessagesResponse {
		res, err := w.owner.Visitor.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: chat})
		require.NoError(t, err)
		res.Cursor = "" // opaque, and sealed anew each time
		return res
	}
	_, err := w.agent.Chatter.MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: chat, Seq: 1000})
	require.NoError(t, err)
	before, start := prototext.Format(page()), w.cursor(t)
	staff := listen(t, "agent", w.agent, threadTopic(chat, ""), inboxTopic(), chatsTopic())
	outside := listen(t, "the chat's visitor", w.owner, threadTopic(chat, start))

	w.aside(t, staff)
	require.Equal(t, before, prototext.Format(page()))
	quiet, err := w.owner.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{threadTopic(chat, start)}})
	require.NoError(t, err)
	for _, f := range quiet.GetFrames() {
		require.Nil(t, f.GetEvent(), "asking again tells of no note")
	}

	_, err = w.agent.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: chat, Body: "aloud"})
	require.NoError(t, err)
	outside.message(t, "aloud")
	require.Len(t, outside.events(), 1, "notes are not even silence that can be heard: %s", outside.words())
	require.NotContains(t, outside.words(), markNote)
	require.NotContains(t, outside.words(), markStaff)

	later := listen(t, "the chat's visitor, again", w.owner, threadTopic(chat, start))
	later.message(t, "aloud")
	require.Len(t, later.events(), 1, "resuming tells of no note: %s", later.words())
}

// cursor is where the visitor's own chat stands.
func (w *world) cursor(t *testing.T) string {
	t.Helper()
	res, err := w.owner.Visitor.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: w.talk.thread})
	require.NoError(t, err)
	return res.GetCursor()
}

// aside does everything that can be done with notes in the chat, and waits until
// staff have seen it.
func (w *world) aside(t *testing.T, staff *listener) {
	t.Helper()
	ctx, chat := t.Context(), w.talk.thread
	_, err := w.agent.Chatter.SetTyping(ctx, &chatterv1.SetTypingRequest{ThreadId: chat, Internal: true})
	require.NoError(t, err)
	file := upload(t, w.agent, chat, markAside+".txt", true)
	posted, err := w.agent.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: chat, Body: markAside + " first", Internal: true, FileIds: []string{file},
		MentionIds: []string{w.admin.UserID.String()},
	})
	require.NoError(t, err)
	note := posted.GetMessage()
	_, err = w.agent.Chatter.EditMessage(ctx, &chatterv1.EditMessageRequest{ThreadId: chat, MessageId: note.GetId(), Body: markAside + " edited"})
	require.NoError(t, err)
	_, err = w.agent.Chatter.MarkRead(ctx, &chatterv1.MarkReadRequest{ThreadId: chat, Seq: note.GetSeq()})
	require.NoError(t, err)
	_, err = w.agent.Chatter.DeleteMessage(ctx, &chatterv1.DeleteMessageRequest{ThreadId: chat, MessageId: note.GetId()})
	require.NoError(t, err)
	staff.until(t, "the tombstone", func(f *livev1.SubscribeResponse) bool {
		m := f.GetEvent().GetMessage()
		return m.GetId() == note.GetId() && m.GetDeleteTime() != nil
	})
	require.Contains(t, staff.words(), markAside+" first")
}
