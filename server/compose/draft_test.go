package compose_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// Spec: C6
func TestDraft_KeepsAllThatAMessageHolds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := b.mustUpload(b.anna, b.ticket, "plan.txt", false)
	strange := b.mustUpload(b.ben, b.ticket, "bens.txt", false)
	content := &composev1.Content{
		Body: "Half a sent", Format: threadv1.TextFormat_TEXT_FORMAT_MARKDOWN, Subject: "About it", MentionIds: []string{b.ben.UserID.String()},
		FileIds: []string{strange, file}, ReplyToId: uuid.NewString(), RecipientIds: []string{b.contact}, ExceptIds: []string{b.ada.UserID.String()},
	}
	saved := b.save(b.anna, 1, content)
	require.True(t, saved.GetSaved())
	got := b.drafts(b.anna)
	require.Len(t, got, 1)
	content.FileIds = []string{file} // another's file is none of this draft's
	require.Equal(t, content.String(), got[0].GetContent().String())
	require.Equal(t, []string{"plan.txt"}, names(got[0].GetFiles()))
	require.Empty(t, b.drafts(b.ben), "a draft is its author's alone")
	require.Empty(t, b.drafts(b.ada))

	note, err := b.anna.Compose.SaveDraft(t.Context(), &composev1.SaveDraftRequest{ThreadId: b.ticket, Internal: true, Content: text("aside"), Revision: 1})
	require.NoError(t, err)
	require.True(t, note.GetDraft().GetInternal())
	require.Len(t, b.drafts(b.anna), 2, "a note and a message have drafts of their own")
	list, err := b.anna.Compose.ListDrafts(t.Context(), &composev1.ListDraftsRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "aside", list.GetDrafts()[0].GetContent().GetBody())
	require.Equal(t, "Printer on fire", list.GetDrafts()[0].GetThreadTitle())
	require.Equal(t, chatterv1.ThreadKind_THREAD_KIND_RECORD, list.GetDrafts()[0].GetThreadKind())
	list, err = b.anna.Compose.ListDrafts(t.Context(), &composev1.ListDraftsRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, "Half a sent", list.GetDrafts()[0].GetContent().GetBody())
	require.Empty(t, list.GetNextPageToken())
}

// Spec: C6
func TestDraft_TheLargerRevisionWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.True(t, b.save(b.anna, 10, text("ten")).GetSaved())
	late := b.save(b.anna, 9, text("nine"))
	require.False(t, late.GetSaved())
	require.Equal(t, "ten", late.GetDraft().GetContent().GetBody())
	require.Equal(t, int64(10), late.GetRevision())
	require.True(t, b.save(b.anna, 10, text("ten")).GetSaved(), "the same again is saved")
	require.False(t, b.save(b.anna, 10, text("other")).GetSaved())
	require.True(t, b.save(b.anna, 11, text("eleven")).GetSaved())

	gone := b.save(b.anna, 12, text("  \n"))
	require.True(t, gone.GetSaved())
	require.Nil(t, gone.GetDraft(), "nothing is no draft")
	require.Empty(t, b.drafts(b.anna))
}

// Of many devices that save at once the largest revision stays, whoever came
// first.
//
// Spec: C6
func TestDraft_TwoDevicesSaveAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	revisions := make(chan int64, 16)
	for i := range cap(revisions) {
		revisions <- int64(i + 1)
	}
	together(t, cap(revisions), func(ctx context.Context) (bool, error) {
		revision := <-revisions
		res, err := b.anna.Compose.SaveDraft(ctx, &composev1.SaveDraftRequest{
			ThreadId: b.ticket, Content: text(fmt.Sprint("revision ", revision)), Revision: revision,
		})
		return res.GetSaved(), err
	})
	require.Equal(t, fmt.Sprint("revision ", cap(revisions)), b.drafts(b.anna)[0].GetContent().GetBody())
}

// Spec: C6
func TestDeleteDraft_KeepsOutWhatComesLate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	remove := func(revision int64) int64 {
		res, err := b.anna.Compose.DeleteDraft(t.Context(), &composev1.DeleteDraftRequest{ThreadId: b.ticket, Revision: revision})
		require.NoError(t, err)
		return res.GetRevision()
	}
	require.Zero(t, remove(0), "there is none")
	b.save(b.anna, 5, text("on its way"))
	require.Equal(t, int64(6), remove(0))
	require.False(t, b.save(b.anna, 6, text("on its way, too")).GetSaved())
	require.Empty(t, b.drafts(b.anna))
	require.Equal(t, int64(20), remove(20))
	require.False(t, b.save(b.anna, 20, text("late")).GetSaved())
	require.True(t, b.save(b.anna, 21, text("new")).GetSaved())

	remove(0)
	b.clock.advance(25 * time.Hour)
	require.NoError(t, b.node.Compose.Prune(t.Context()))
	b.anna = b.node.SignIn(t, "anna@acme.example")
	require.True(t, b.save(b.anna, 1, text("a day later")).GetSaved())
}

// Spec: C6
func TestDraft_NeedsARightToWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.record(b.secretType(), map[string]any{"title": "x"})
	_, err := b.anna.Compose.SaveDraft(t.Context(), &composev1.SaveDraftRequest{ThreadId: record, Content: text("x"), Revision: 1})
	requireReason(t, "THREAD_NOT_FOUND", err)
	made := b.template(b.ben, "", "")
	_, err = b.ben.Compose.SaveDraft(t.Context(), &composev1.SaveDraftRequest{ThreadId: made.GetId(), Content: text("x"), Revision: 1})
	requireReason(t, "POST_DENIED", err)
}

// The five hundred and first draft takes the oldest one's place.
//
// Spec: C6
func TestDraft_TheOldestGoes(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	const most = 500
	b.save(b.anna, 1, text("the oldest"))
	_, err := b.node.Pool.Exec(ctx, `INSERT INTO thread (workspace_id, id, kind, create_time)
		SELECT $1, gen_random_uuid(), 1, now() FROM generate_series(1, $2)`, b.node.Workspace, most-1)
	require.NoError(t, err)
	_, err = b.node.Pool.Exec(ctx, `INSERT INTO draft (workspace_id, user_id, thread_id, internal, id, content, revision, deleted, update_time)
		SELECT $1, $2, id, false, gen_random_uuid(), '', 1, false, now() + interval '1 second' FROM thread WHERE head = 0 AND kind = 1
			AND NOT EXISTS (SELECT 1 FROM record WHERE record.id = thread.id)`, b.node.Workspace, b.anna.UserID)
	require.NoError(t, err)
	require.Len(t, b.drafts(b.anna), 1)
	other := b.record("ticket", map[string]any{"title": "One more"})
	b.clock.advance(time.Minute)
	_, err = b.anna.Compose.SaveDraft(ctx, &composev1.SaveDraftRequest{ThreadId: other, Content: text("the newest"), Revision: 1})
	require.NoError(t, err)
	require.Empty(t, b.drafts(b.anna))
	var left int
	require.NoError(t, b.node.Pool.QueryRow(ctx, "SELECT count(*) FROM draft WHERE user_id = $1", b.anna.UserID).Scan(&left))
	require.Equal(t, most, left)
}

// The files of a draft are there as long as it is, and not longer.
//
// Spec: C6 C10
func TestDraft_KeepsItsFilesFromTheSweep(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	file := b.mustUpload(b.anna, b.ticket, "kept.txt", false)
	b.mustUpload(b.anna, b.ticket, "abandoned.txt", false)
	b.save(b.anna, 1, &composev1.Content{FileIds: []string{file}})
	b.clock.advance(48 * time.Hour)
	swept, err := b.node.Files.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, swept)
	b.anna = b.node.SignIn(t, "anna@acme.example")
	require.Equal(t, []string{"kept.txt"}, names(b.drafts(b.anna)[0].GetFiles()))
	b.save(b.anna, 2, text("without it"))
	swept, err = b.node.Files.Sweep(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, swept)
	require.Empty(t, b.drafts(b.anna)[0].GetFiles())
}

// What hangs on a record goes with it.
func TestDraft_GoesWithItsRecord(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	file := b.mustUpload(b.anna, b.ticket, "plan.txt", false)
	b.save(b.anna, 1, &composev1.Content{Body: "x", FileIds: []string{file}})
	b.schedule(b.anna, time.Hour, text("later"))
	_, err := b.ada.Records.DeleteRecord(ctx, &recordv1.DeleteRecordRequest{RecordId: b.ticket})
	require.NoError(t, err)
	for _, table := range []string{"draft", "scheduled_message", "file_hold"} {
		var left int
		require.NoError(t, b.node.Pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&left))
		require.Zero(t, left, table)
	}
}

// listen opens the inbox topic of somebody, and answers what it tells of drafts and
// scheduled messages.
func listen(t *testing.T, c *servertest.Client) <-chan *livev1.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := c.Live.Subscribe(ctx, &livev1.SubscribeRequest{Topics: []*livev1.Topic{{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}}})
	require.NoError(t, err)
	for stream.Receive() {
		if stream.Msg().GetTopicOpened() != nil {
			break
		}
	}
	events, ended := make(chan *livev1.Event, 100), make(chan struct{})
	go func() {
		defer close(ended)
		for stream.Receive() {
			if e := stream.Msg().GetEvent(); e.GetDraft() != nil || e.GetScheduled() != nil {
				events <- e
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended; _ = stream.Close() })
	return events
}

func next(t *testing.T, events <-chan *livev1.Event) *livev1.Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(2 * time.Second):
		t.Fatal("nothing was told within two seconds")
		return nil
	}
}

// A draft is on the user's other device within two seconds, on another server too,
// and on nobody else's.
//
// Spec: C6
func TestDraft_IsShownOnTheOtherDevice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	far := b.node.Join(t)
	require.Eventually(t, func() bool { return far.SignIn(t, "anna@acme.example").Token != "" }, 5*time.Second, 20*time.Millisecond)
	here, there, others := listen(t, b.node.SignIn(t, "anna@acme.example")), listen(t, far.SignIn(t, "anna@acme.example")), listen(t, b.ada)
	b.save(b.anna, 7, text("typed here"))
	for _, events := range []<-chan *livev1.Event{here, there} {
		change := next(t, events).GetDraft()
		require.Equal(t, "typed here", change.GetDraft().GetContent().GetBody())
		require.Equal(t, int64(7), change.GetRevision())
		require.Equal(t, b.ticket, change.GetThreadId())
	}
	b.save(b.anna, 8, text("typed here")) // the same is no news
	b.save(b.anna, 6, text("late"))
	_, err := b.anna.Compose.DeleteDraft(t.Context(), &composev1.DeleteDraftRequest{ThreadId: b.ticket})
	require.NoError(t, err)
	for _, events := range []<-chan *livev1.Event{here, there} {
		change := next(t, events).GetDraft()
		require.Nil(t, change.GetDraft(), "it is gone")
		require.Equal(t, int64(9), change.GetRevision())
	}
	require.Empty(t, others)
}
