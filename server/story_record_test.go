package server_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// A lead from its creation to its winning, as two colleagues on two nodes live
// through it: notes, mentions, files, followers, the inbox and the change log.
//
// Spec: R1 R4 C1 C2 C4 C5 C10 C13
func TestStory_RecordWithItsChatter(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	other := s.Join(t)
	ada := s.SignIn(t, servertest.Admin)
	bob := other.As(s.User(t, "bob@acme.example", identityv1.Role_ROLE_MEMBER).Token)
	bobID := userOf(t, bob)
	contact := create(t, ada, "contact", map[string]any{"name": "Kei Ito", "email": "kei@ito.example"})

	inbox := listen(t, "Bob's inbox", bob, inboxTopic())
	lead := create(t, ada, "lead", map[string]any{
		"title": "A garden for Ms Ito", "contact": contact, "assignee": bobID,
		"expected_revenue": map[string]any{"amount": "1200.50", "currency": "EUR"},
	})
	assigned := item(t, inbox, chatterv1.InboxReason_INBOX_REASON_ASSIGNMENT)
	require.Equal(t, lead, assigned.GetThreadId())
	require.Equal(t, "A garden for Ms Ito", assigned.GetThreadTitle())

	live := listen(t, "Bob's lead", bob, threadTopic(lead, ""))
	asked := note(t, ada, lead, "Can you call Ms Ito?", bobID)
	require.True(t, live.message(t, "Can you call Ms Ito?").GetInternal())
	mentioned := item(t, inbox, chatterv1.InboxReason_INBOX_REASON_MENTION)
	require.Equal(t, asked.GetId(), mentioned.GetMessage().GetId())

	plan := bytes.Repeat([]byte("a plan of the garden\n"), 150_000) // three parts
	file := sendFile(t, bob, lead, "plan.txt", plan)
	_, err := bob.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: lead, Body: "Here is the plan.", FileIds: []string{file},
	})
	require.NoError(t, err)
	sent := live.message(t, "Here is the plan.")
	require.Equal(t, "text/plain", sent.GetFiles()[0].GetMediaType())
	require.Equal(t, plan, readFile(t, ada, file))
	requireFollowers(t, ada, lead, s.AdminID.String(), bobID)

	win(t, bob, lead)
	requireChangeLog(t, ada, lead)
	requireInboxEmpties(t, bob, lead)
}

func userOf(t *testing.T, by *servertest.Client) string {
	t.Helper()
	who, err := by.Identity.GetCaller(t.Context(), &identityv1.GetCallerRequest{})
	require.NoError(t, err)
	return who.GetUser().GetId()
}

// item waits for something in the inbox.
func item(t *testing.T, l *listener, reason chatterv1.InboxReason) *chatterv1.InboxItem {
	t.Helper()
	return l.until(t, reason.String(), func(f *livev1.SubscribeResponse) bool {
		return f.GetEvent().GetInbox().GetItem().GetReason() == reason
	}).GetEvent().GetInbox().GetItem()
}

func note(t *testing.T, by *servertest.Client, thread, body string, mentions ...string) *threadv1.Message {
	t.Helper()
	res, err := by.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Body: body, Internal: true, MentionIds: mentions,
	})
	require.NoError(t, err)
	return res.GetMessage()
}

// sendFile uploads a file of several parts, one of them twice, as after a broken
// connection.
func sendFile(t *testing.T, by *servertest.Client, thread, name string, data []byte) string {
	t.Helper()
	made, err := by.Files.CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Name: name, Size: int64(len(data)),
	})
	require.NoError(t, err)
	size := int(made.GetPartSize())
	var parts []*threadv1.WriteFileRequest
	for i := 0; i*size < len(data); i++ {
		part := data[i*size : min(len(data), (i+1)*size)]
		parts = append(parts, &threadv1.WriteFileRequest{FileId: made.GetFile().GetId(), Part: int32(i), Data: part})
	}
	require.Greater(t, len(parts), 2)
	_, err = by.Files.WriteFile(t.Context(), parts[1])
	requireFault(t, err, 9, "PART_OUT_OF_ORDER")
	for _, p := range append(parts[:1:1], parts...) {
		_, err := by.Files.WriteFile(t.Context(), p)
		require.NoError(t, err)
	}
	_, err = by.Files.FinishFile(t.Context(), &threadv1.FinishFileRequest{FileId: made.GetFile().GetId()})
	require.NoError(t, err)
	return made.GetFile().GetId()
}

func readFile(t *testing.T, by *servertest.Client, id string) []byte {
	t.Helper()
	stream, err := by.Files.ReadFile(t.Context(), &threadv1.ReadFileRequest{FileId: id})
	require.NoError(t, err)
	defer stream.Close()
	var all bytes.Buffer
	for stream.Receive() {
		_, err := io.Copy(&all, bytes.NewReader(stream.Msg().GetData()))
		require.NoError(t, err)
	}
	require.NoError(t, stream.Err())
	return all.Bytes()
}

func requireFollowers(t *testing.T, by *servertest.Client, thread string, want ...string) {
	t.Helper()
	res, err := by.Chatter.ListFollowers(t.Context(), &chatterv1.ListFollowersRequest{ThreadId: thread})
	require.NoError(t, err)
	var got []string
	for _, f := range res.GetFollowers() {
		got = append(got, f.GetParty().GetId())
	}
	require.ElementsMatch(t, want, got)
}

// win changes three fields at once; who saved what another had changed meanwhile
// is told.
func win(t *testing.T, by *servertest.Client, lead string) {
	t.Helper()
	got, err := by.Records.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: lead})
	require.NoError(t, err)
	change := &recordv1.Record{Id: lead, Etag: got.GetRecord().GetEtag(), Fields: fields(t, map[string]any{
		"stage": "won", "expected_revenue": map[string]any{"amount": "1500", "currency": "EUR"}, "close_date": "2026-12-01",
	})}
	_, err = by.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: change})
	require.NoError(t, err)
	_, err = by.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: change})
	requireFault(t, err, 10, "ETAG_MISMATCH")
}

// requireChangeLog checks that the save made one entry, in words that people
// read.
func requireChangeLog(t *testing.T, by *servertest.Client, lead string) {
	t.Helper()
	res, err := by.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: lead})
	require.NoError(t, err)
	messages := res.GetMessages()
	for i, m := range messages {
		require.EqualValues(t, i+1, m.GetSeq(), "without gaps")
	}
	require.NotEqual(t, threadv1.MessageKind_MESSAGE_KIND_COMMENT, messages[0].GetKind(), "the creation is logged")
	last := messages[len(messages)-1]
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_CHANGE, last.GetKind())
	got := map[string][2]string{}
	for _, c := range last.GetChanges() {
		got[c.GetLabel()] = [2]string{c.GetOldValue(), c.GetNewValue()}
	}
	require.Equal(t, map[string][2]string{
		"Stage": {"New", "Won"}, "Expected revenue": {"1200.50 EUR", "1500.00 EUR"}, "Expected closing": {"", "2026-12-01"},
	}, got)
}

// requireInboxEmpties reads the lead and finds nothing unread after it.
func requireInboxEmpties(t *testing.T, by *servertest.Client, lead string) {
	t.Helper()
	counts := func() *chatterv1.GetInboxCountsResponse {
		res, err := by.Chatter.GetInboxCounts(t.Context(), &chatterv1.GetInboxCountsRequest{ThreadIds: []string{lead}})
		require.NoError(t, err)
		return res
	}
	before := counts()
	require.Positive(t, before.GetUnreadCount())
	require.Equal(t, before.GetUnreadCount(), before.GetThreadUnreadCounts()[lead])
	thread, err := by.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{ThreadId: lead})
	require.NoError(t, err)
	_, err = by.Chatter.MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: lead, Seq: thread.GetThread().GetLastSeq()})
	require.NoError(t, err)
	require.Zero(t, counts().GetUnreadCount())
	all, err := by.Chatter.ListInbox(t.Context(), &chatterv1.ListInboxRequest{View: chatterv1.InboxView_INBOX_VIEW_ALL})
	require.NoError(t, err)
	require.NotEmpty(t, all.GetItems())
	for _, i := range all.GetItems() {
		require.True(t, i.GetRead())
	}
}
