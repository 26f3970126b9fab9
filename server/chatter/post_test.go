package chatter_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Spec: C4, C5
func TestPostMessage_MessagesAndNotesHaveTheirSubtype(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m, n := b.post(b.anna, say(b.record, "  hello\r\nthere \n")), b.post(b.anna, note(b.record, "psst"))
	require.Equal(t, "hello\nthere", m.GetBody())
	require.Equal(t, "discussions", m.GetSubtype())
	require.False(t, m.GetInternal())
	require.Equal(t, "notes", n.GetSubtype())
	require.True(t, n.GetInternal())
	require.Equal(t, "Anna Muster", n.GetAuthor().GetName())
	require.EqualValues(t, 2, n.GetSeq())
}

// The hot path of the whole program: nothing may creep in beside the statement
// that posts.
func TestPostMessage_CostsOneStatement(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(b.anna, say(b.record, "warm up"))
	b.queries.reset()
	for range 10 {
		b.post(b.anna, say(b.record, "hello"))
	}
	require.Equal(t, 10, b.queries.reset())
}

func TestPostMessage_RefusesWhatSaysNothingOrCannotBeStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, body := range []string{"", "   \n\t ", "\u200b", "\u2060\ufeff \u00a0", "\ufe0f"} {
		b.refuse("BODY_EMPTY", b.anna, say(b.record, body))
	}
	b.refuse("BODY_INVALID", b.anna, say(b.record, "a\x00b"))
	b.refuse("REQUEST_INVALID", b.anna, say(b.record, strings.Repeat("a", 20001)))
	b.post(b.anna, say(b.record, "👩‍🚒"))
	require.EqualValues(t, 1, b.thread(b.anna, b.record).GetLastSeq())
}

func TestPostMessage_OnlyWhereTheCallerMayWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refuse("THREAD_NOT_FOUND", b.dan, say(b.record, "x"))
	b.refuse("THREAD_NOT_FOUND", b.anna, say(uuid.New(), "x"))
	b.area.protect(b.anna, b.record)
	b.refuse("POST_DENIED", b.anna, say(b.record, "x"))
	b.area.lock(b.ben, b.record, true)
	b.refuse("THREAD_NOT_FOUND", b.ben, say(b.record, "x"))
	_, err := b.log.SetClosed(t.Context(), b.db, b.workspace, b.chat, true)
	require.NoError(t, err)
	b.refuse("CHAT_CLOSED", b.cleo, say(b.chat, "x"))
	require.False(t, b.thread(b.cleo, b.chat).GetCanPost())
}

func TestPostMessage_TheSameRequestAnswersTheSameMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := mention(say(b.record, "hello"), b.ben.ID)
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			if res, err := b.as(b.anna).PostMessage(t.Context(), req); err == nil {
				ids[i] = res.GetMessage().GetId()
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.NotEmpty(t, id)
		require.Equal(t, ids[0], id)
	}
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_ALL), 1)

	b.deactivate(b.ben) // what would be refused now was posted then
	require.Equal(t, ids[0], b.post(b.anna, req).GetId())
	req.Body = "something else"
	b.refuse("REQUEST_ID_REUSED", b.anna, req)
}

// Spec: C4
func TestMentions_TellUsersOnceAndNameContacts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mona := b.contact("Mona Mustermann", "mona@kunde.example")
	b.follow(b.ben, b.record)

	m := b.post(b.anna, mention(note(b.record, "@Ben @Cleo @Mona @me"), b.ben.ID, b.cleo.ID, mona, b.anna.ID))

	require.Len(t, m.GetMentions(), 4)
	require.Equal(t, "Mona Mustermann", m.GetMentions()[2].GetName())
	require.Equal(t, threadv1.PartyKind_PARTY_KIND_CONTACT, m.GetMentions()[2].GetKind())
	for _, c := range []access.Caller{b.ben, b.cleo} {
		items := b.inbox(c, chatterv1.InboxView_INBOX_VIEW_UNREAD)
		require.Len(t, items, 1, "a follower who is mentioned is told once")
		require.Equal(t, chatterv1.InboxReason_INBOX_REASON_MENTION, items[0].GetReason())
		require.Equal(t, m.GetId(), items[0].GetMessage().GetId())
		require.Equal(t, "Printer on fire", items[0].GetThreadTitle())
		require.Equal(t, "ticket", items[0].GetRecordType())
	}
	require.Empty(t, b.inbox(b.anna, chatterv1.InboxView_INBOX_VIEW_ALL), "nobody is told of what they wrote")
}

func TestMentions_AreOfPeopleWhoExistAndMayRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refuse("MENTION_UNKNOWN", b.anna, mention(say(b.record, "x"), uuid.New()))
	b.refuse("MENTION_UNKNOWN", b.anna, mention(say(b.record, "x"), b.dan.ID))
	b.refuse("MENTION_UNKNOWN", b.anna, mention(say(b.record, "x"), b.record))
	b.area.lock(b.ben, b.record, true)
	b.area.lock(b.cleo, b.record, true)
	err := b.refuse("MENTION_DENIED", b.anna, mention(say(b.record, "x"), b.ben.ID, b.cleo.ID))
	require.ErrorContains(t, err, "Ben Beispiel, Cleo Chef")
	b.area.lock(b.ben, b.record, false)
	b.deactivate(b.ben)
	b.refuse("MENTION_UNKNOWN", b.anna, mention(say(b.record, "x"), b.ben.ID))
	require.Zero(t, b.thread(b.anna, b.record).GetLastSeq(), "nothing was posted")
}

// Spec: C2
func TestPostMessage_MakesItsAuthorAFollowerOfARecordButNotOfAChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(b.anna, say(b.record, "hello"))
	b.post(b.anna, say(b.chat, "hello"))
	require.Equal(t, map[string][]string{"Anna Muster": {"discussions", "notes"}}, b.followers(b.anna, b.record))
	require.Empty(t, b.followers(b.anna, b.chat))
}

// Spec: C7
func TestEditMessage_ByItsAuthorOrAnAdministrator(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(b.anna, say(b.record, "helo"))
	edit := func(c access.Caller, id, body string) (*threadv1.Message, error) {
		res, err := b.as(c).EditMessage(t.Context(), &chatterv1.EditMessageRequest{ThreadId: b.record.String(), MessageId: id, Body: body})
		return res.GetMessage(), err
	}
	edited, err := edit(b.anna, m.GetId(), " hello ")
	require.NoError(t, err)
	require.Equal(t, "hello", edited.GetBody())
	require.NotNil(t, edited.GetEditTime())
	_, err = edit(b.ben, m.GetId(), "mine")
	requireReason(t, "NOT_YOUR_MESSAGE", err)
	_, err = edit(b.cleo, m.GetId(), "moderated")
	require.NoError(t, err)
	_, err = edit(b.dan, m.GetId(), "foreign")
	requireReason(t, "THREAD_NOT_FOUND", err)
	_, err = edit(b.anna, uuid.NewString(), "x")
	requireReason(t, "MESSAGE_NOT_FOUND", err)
	_, err = edit(b.anna, m.GetId(), "\u200b")
	requireReason(t, "BODY_EMPTY", err)

	elsewhere := b.post(b.anna, say(b.chat, "in the chat"))
	_, err = edit(b.anna, elsewhere.GetId(), "x")
	requireReason(t, "MESSAGE_NOT_FOUND", err)

	res, err := b.as(b.anna).DeleteMessage(t.Context(), &chatterv1.DeleteMessageRequest{ThreadId: b.record.String(), MessageId: m.GetId()})
	require.NoError(t, err)
	require.Empty(t, res.GetMessage().GetBody())
	require.Equal(t, "Anna Muster", res.GetMessage().GetDeletedBy().GetName())
	_, err = edit(b.anna, m.GetId(), "again")
	requireReason(t, "NOT_EDITABLE", err)
}

func TestListMessages_PagesInEveryDirection(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 9 {
		b.post(b.anna, say(b.record, "x"))
	}
	list := func(req *chatterv1.ListMessagesRequest) (seqs []int64, before, after bool) {
		req.ThreadId, req.PageSize = b.record.String(), 3
		res, err := b.as(b.ben).ListMessages(t.Context(), req)
		require.NoError(t, err)
		require.NotEmpty(t, res.GetCursor())
		for _, m := range res.GetMessages() {
			seqs = append(seqs, m.GetSeq())
		}
		return seqs, res.GetHasBefore(), res.GetHasAfter()
	}
	for _, tt := range []struct {
		req           *chatterv1.ListMessagesRequest
		want          []int64
		before, after bool
	}{
		{&chatterv1.ListMessagesRequest{}, []int64{7, 8, 9}, true, false},
		{&chatterv1.ListMessagesRequest{Place: &chatterv1.ListMessagesRequest_BeforeSeq{BeforeSeq: 4}}, []int64{1, 2, 3}, false, true},
		{&chatterv1.ListMessagesRequest{Place: &chatterv1.ListMessagesRequest_AfterSeq{AfterSeq: 0}}, []int64{1, 2, 3}, false, true},
		{&chatterv1.ListMessagesRequest{Place: &chatterv1.ListMessagesRequest_AfterSeq{AfterSeq: 6}}, []int64{7, 8, 9}, true, false},
		{&chatterv1.ListMessagesRequest{Place: &chatterv1.ListMessagesRequest_AroundSeq{AroundSeq: 5}}, []int64{4, 5, 6}, true, true},
	} {
		seqs, before, after := list(tt.req)
		require.Equal(t, tt.want, seqs)
		require.Equal(t, tt.before, before, "%v", tt.want)
		require.Equal(t, tt.after, after, "%v", tt.want)
	}
}

func TestSetTyping_IsToldAndChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := &chatterv1.SetTypingRequest{ThreadId: b.record.String(), Internal: true}
	_, err := b.as(b.anna).SetTyping(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []typingSignal{{b.anna.ID, b.record, true, false}}, b.live.typing)
	_, err = b.as(b.dan).SetTyping(t.Context(), req)
	requireReason(t, "THREAD_NOT_FOUND", err)
}

// Spec: C4. Every method of the service, for somebody outside: none lets them in,
// and what the log has for them holds no trace of a note.
func TestOutsiders_MeetNoMethodAndNoNote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(b.anna, note(b.chat, "secret"))
	b.post(b.anna, say(b.chat, "hello"))
	v, ctx, id := b.as(b.visitor), t.Context(), b.chat.String()
	for name, call := range map[string]func() error{
		"ListMessages": func() error { _, err := v.ListMessages(ctx, &chatterv1.ListMessagesRequest{ThreadId: id}); return err },
		"GetThread":    func() error { _, err := v.GetThread(ctx, &chatterv1.GetThreadRequest{ThreadId: id}); return err },
		"PostMessage":  func() error { _, err := v.PostMessage(ctx, note(b.chat, "x")); return err },
		"ListInbox":    func() error { _, err := v.ListInbox(ctx, &chatterv1.ListInboxRequest{}); return err },
		"ListFollowers": func() error {
			_, err := v.ListFollowers(ctx, &chatterv1.ListFollowersRequest{ThreadId: id})
			return err
		},
		"GetInboxCounts": func() error { _, err := v.GetInboxCounts(ctx, &chatterv1.GetInboxCountsRequest{}); return err },
	} {
		require.Error(t, call(), name)
	}
	page, err := b.log.Page(ctx, b.workspace, b.chat, thread.Place{}, 10, thread.Outside)
	require.NoError(t, err)
	require.Len(t, page.Messages, 1)
	seen := thread.Redact(&page.Messages[0], thread.Outside)
	require.Equal(t, "hello", seen.GetBody())
	require.EqualValues(t, 1, seen.GetSeq())
}
