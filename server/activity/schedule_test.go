package activity_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/servertest"
)

func maskOf(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// Spec: C9
func TestScheduleActivities_TakesFromTheTypeWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.changeType("Call", func(k *activityv1.ActivityType) {
		k.DefaultSummary, k.DefaultNote, k.DefaultAssigneeId = "Call back", "Ask how it went.", b.ben.UserID.String()
		k.DueCount, k.DueUnit = 2, activityv1.DueUnit_DUE_UNIT_WEEK
	})

	todo := b.schedule(b.anna, "To-do")
	require.Equal(t, b.anna.UserID.String(), todo.GetAssignee().GetId(), "who schedules it does it")
	require.Equal(t, "2026-11-27", todo.GetDueDate(), "in five days")
	require.Equal(t, activityv1.ActivityState_ACTIVITY_STATE_PLANNED, todo.GetState())
	require.Equal(t, "Printer on fire", todo.GetRecordTitle())
	require.Equal(t, b.anna.UserID.String(), todo.GetCreator().GetId())

	call := b.schedule(b.anna, "Call")
	require.Equal(t, "Call back", call.GetSummary())
	require.Equal(t, "Ask how it went.", call.GetNote())
	require.Equal(t, "2026-12-06", call.GetDueDate())
	require.Equal(t, b.ben.UserID.String(), call.GetAssignee().GetId())

	own := b.schedule(b.anna, "Call", to(b.anna), due("2026-11-22"), about("  Once more  "))
	require.Equal(t, "Once more", own.GetSummary())
	require.Equal(t, activityv1.ActivityState_ACTIVITY_STATE_TODAY, own.GetState())

	draft, err := b.anna.Activity.PrepareActivity(t.Context(), &activityv1.PrepareActivityRequest{TypeId: b.types["Call"]})
	require.NoError(t, err)
	require.Equal(t, call.GetDueDate(), draft.GetDraft().GetDueDate())
	require.Equal(t, call.GetAssignee().GetId(), draft.GetDraft().GetAssignee().GetId())
	require.Equal(t, []string{own.GetId(), todo.GetId(), call.GetId()}, idsOf(b.list(b.ben, &activityv1.ListActivitiesRequest{RecordId: b.ticket})))
}

// Late in the evening in New York it is the next day in Kyiv: what is due today is
// counted where the assignee is.
//
// Spec: C9
func TestScheduleActivities_CountsFromTheDayWhereTheAssigneeIs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.livesIn(b.anna, "America/New_York")
	b.livesIn(b.ben, "Europe/Kyiv")
	b.clock.set("2026-11-23T03:00:00Z")
	require.Equal(t, "2026-11-22", b.schedule(b.anna, "Meeting").GetDueDate())
	require.Equal(t, "2026-11-23", b.schedule(b.anna, "Meeting", to(b.ben)).GetDueDate())
}

// Spec: C9
func TestScheduleActivities_SchedulesOnManyRecordsAllOrNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	second, third := b.record("Second"), b.record("Third")
	res, err := b.anna.Activity.ScheduleActivities(t.Context(), b.plan("Call", on(b.ticket, second, third), to(b.ben)))
	require.NoError(t, err)
	require.Len(t, res.GetActivities(), 3)
	require.Equal(t, second, res.GetActivities()[1].GetRecordId())
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD), 3)

	b.refuse("THREAD_NOT_FOUND", b.anna, b.plan("Call", on(second, uuid.NewString())))
	b.refuse("FILE_RECORDS", b.anna, b.plan("Call", on(second, third), with(uuid.NewString())))
	many := make([]string, 101)
	for i := range many {
		many[i] = uuid.NewString()
	}
	b.refuse("REQUEST_INVALID", b.anna, b.plan("Call", on(many...)))
	require.Len(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}), 3)
}

// Spec: C9 A3
func TestScheduleActivities_AnswersTheSameRequestWithWhatItMade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := b.plan("Call", to(b.ben))
	var group sync.WaitGroup
	made := make([]string, 8)
	for i := range made {
		group.Go(func() {
			res, err := b.anna.Activity.ScheduleActivities(t.Context(), req)
			if err == nil {
				made[i] = res.GetActivities()[0].GetId()
			}
		})
	}
	group.Wait()
	for _, id := range made {
		require.Equal(t, made[0], id)
	}
	require.Len(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}), 1)
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD), 1)
}

// Spec: C9
func TestScheduleActivities_RefusesWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.recordOf(b.secretType(), "Merger")
	b.changeType("Meeting", func(k *activityv1.ActivityType) { k.Archived = true })
	b.changeType("Call", func(k *activityv1.ActivityType) { k.RecordType = "lead" })

	b.refuse("ACTIVITY_TYPE_NOT_FOUND", b.anna, b.plan("none", func(r *activityv1.ScheduleActivitiesRequest) { r.TypeId = uuid.NewString() }))
	b.refuse("ACTIVITY_TYPE_UNFIT", b.anna, b.plan("Meeting"))
	b.refuse("ACTIVITY_TYPE_UNFIT", b.anna, b.plan("Call"))
	b.refuse("DATE_INVALID", b.anna, b.plan("To-do", due("2026-02-30")))
	b.refuse("USER_NOT_FOUND", b.anna, b.plan("To-do", func(r *activityv1.ScheduleActivitiesRequest) { r.AssigneeId = uuid.NewString() }))
	b.refuse("FILE_UNKNOWN", b.anna, b.plan("To-do", with(b.upload(b.ben, "his.txt"))))
	b.refuse("THREAD_NOT_FOUND", b.anna, b.plan("To-do", on(secret)))
	b.refuse("POST_DENIED", b.ben, b.plan("To-do", on(secret)))
	require.ErrorContains(t, b.refuse("ASSIGNEE_DENIED", b.ada, b.plan("To-do", on(secret), to(b.anna))), "Name of anna@acme.example")
	b.deactivate(b.ben)
	b.refuse("ASSIGNEE_INACTIVE", b.ada, b.plan("To-do", to(b.ben)))
	require.Empty(t, b.list(b.ada, &activityv1.ListActivitiesRequest{}))
}

// Spec: C9
func TestAssignment_NotifiesOnceAndOneselfNever(t *testing.T) {
	t.Parallel()
	b := setup(t)
	unread := chatterv1.InboxView_INBOX_VIEW_UNREAD
	a := b.schedule(b.anna, "Call", to(b.ben), about("Ask for the order"))
	items := b.inbox(b.ben, unread)
	require.Len(t, items, 1)
	require.Equal(t, a.GetId(), items[0].GetActivity().GetId())
	require.Equal(t, "Ask for the order", items[0].GetActivity().GetSummary())
	require.Equal(t, b.ticket, items[0].GetThreadId())
	require.Nil(t, items[0].GetMessage())

	b.update(b.anna, a, func(r *activityv1.UpdateActivityRequest) { r.AssigneeId = b.id(b.ben) })
	b.update(b.anna, a, func(r *activityv1.UpdateActivityRequest) { r.DueDate = ref("2026-12-24") })
	require.Equal(t, items[0].GetId(), b.inbox(b.ben, unread)[0].GetId(), "the same assignee again is told nothing")

	b.update(b.anna, a, func(r *activityv1.UpdateActivityRequest) { r.AssigneeId = b.id(b.anna) })
	require.Empty(t, b.inbox(b.ben, unread), "it is theirs no more")
	require.Empty(t, b.inbox(b.anna, chatterv1.InboxView_INBOX_VIEW_ALL), "nobody tells themselves")
	b.schedule(b.anna, "Call", to(b.anna))
	require.Empty(t, b.inbox(b.anna, chatterv1.InboxView_INBOX_VIEW_ALL))

	b.update(b.anna, a, func(r *activityv1.UpdateActivityRequest) { r.AssigneeId = b.id(b.ada) })
	require.Len(t, b.inbox(b.ada, unread), 1)
	b.complete(b.ada, a, "")
	require.Empty(t, b.inbox(b.ada, unread))
	require.Len(t, b.inbox(b.ada, chatterv1.InboxView_INBOX_VIEW_ALL), 1)
	counts, err := b.ada.Chatter.GetInboxCounts(t.Context(), &chatterv1.GetInboxCountsRequest{})
	require.NoError(t, err)
	require.Zero(t, counts.GetUnreadCount())
}

// Whoever reads the thread to its end has seen what is planned there.
//
// Spec: C9 C13
func TestAssignment_IsReadWithTheThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.schedule(b.anna, "Call", to(b.ben))
	b.schedule(b.anna, "To-do", to(b.ben))
	items := b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD)
	require.Len(t, items, 2)
	yes := true
	_, err := b.ben.Chatter.UpdateInboxItem(t.Context(), &chatterv1.UpdateInboxItemRequest{ItemId: items[0].GetId(), Starred: &yes})
	require.NoError(t, err)
	_, err = b.ben.Chatter.MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: b.ticket, Seq: 1})
	require.NoError(t, err)
	require.Empty(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD))
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_STARRED), 1)
}

func ref(s string) *string { return &s }

func (b *bundle) id(c *servertest.Client) *string { return ref(c.UserID.String()) }

func (b *bundle) update(by *servertest.Client, a *activityv1.Activity, change func(*activityv1.UpdateActivityRequest)) *activityv1.Activity {
	b.t.Helper()
	req := &activityv1.UpdateActivityRequest{ActivityId: a.GetId()}
	change(req)
	res, err := by.Activity.UpdateActivity(b.t.Context(), req)
	require.NoError(b.t, err)
	return res.GetActivity()
}

// Spec: C9
func TestUpdateActivity_ChangesWhatIsGivenAndNoticesOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.schedule(b.anna, "To-do", about("Look"), with(b.upload(b.anna, "one.txt")))
	require.Len(t, a.GetFiles(), 1)

	next := b.update(b.ben, a, func(r *activityv1.UpdateActivityRequest) {
		r.TypeId, r.Summary, r.Note, r.Etag = ref(b.types["Call"]), ref("Ring"), ref("Twice."), a.GetEtag()
		r.AddFileIds, r.RemoveFileIds = []string{b.upload(b.ben, "two.txt")}, []string{a.GetFiles()[0].GetId()}
	})
	require.Equal(t, "Call", next.GetTypeName())
	require.Equal(t, "Ring", next.GetSummary())
	require.Equal(t, "Twice.", next.GetNote())
	require.Equal(t, a.GetDueDate(), next.GetDueDate())
	require.Equal(t, "two.txt", next.GetFiles()[0].GetName())
	require.True(t, next.GetFiles()[0].GetInternal())
	require.NotEqual(t, a.GetEtag(), next.GetEtag())
	same := b.update(b.ben, a, func(r *activityv1.UpdateActivityRequest) { r.Summary = ref("Ring") })
	require.Equal(t, next.GetEtag(), same.GetEtag(), "nothing changed")

	_, err := b.ben.Activity.UpdateActivity(t.Context(), &activityv1.UpdateActivityRequest{ActivityId: a.GetId(), Etag: a.GetEtag(), Summary: ref("Late")})
	requireReason(t, "ETAG_MISMATCH", err)
	b.complete(b.anna, a, "")
	_, err = b.ben.Activity.UpdateActivity(t.Context(), &activityv1.UpdateActivityRequest{ActivityId: a.GetId(), Summary: ref("Late")})
	requireReason(t, "ACTIVITY_DONE", err)
}

// Spec: C9
func TestActivities_ExistForWhoeverReadsTheRecordAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.recordOf(b.secretType(), "Merger")
	a := b.schedule(b.ada, "Call", on(secret), to(b.ben))
	open := b.schedule(b.ada, "Call", to(b.anna))

	require.Equal(t, []string{open.GetId()}, idsOf(b.list(b.anna, &activityv1.ListActivitiesRequest{})))
	require.Equal(t, []string{a.GetId()}, idsOf(b.list(b.ben, &activityv1.ListActivitiesRequest{Mine: true})))
	_, err := b.anna.Activity.GetActivity(t.Context(), &activityv1.GetActivityRequest{ActivityId: a.GetId()})
	requireReason(t, "ACTIVITY_NOT_FOUND", err)
	_, err = b.anna.Activity.CancelActivity(t.Context(), &activityv1.CancelActivityRequest{ActivityId: a.GetId()})
	requireReason(t, "ACTIVITY_NOT_FOUND", err)
	_, err = b.anna.Activity.CompleteActivity(t.Context(), &activityv1.CompleteActivityRequest{ActivityId: a.GetId()})
	requireReason(t, "ACTIVITY_NOT_FOUND", err)
	_, err = b.anna.Activity.ListActivities(t.Context(), &activityv1.ListActivitiesRequest{RecordId: secret})
	requireReason(t, "THREAD_NOT_FOUND", err)
	rows, err := b.anna.Activity.ListActivityRows(t.Context(), &activityv1.ListActivityRowsRequest{RecordType: "secret"})
	require.NoError(t, err)
	require.Empty(t, rows.GetRows())

	require.NotEmpty(t, b.complete(b.ben, a, "Done though I may not write").GetMessage().GetId(), "the assignee may, who only reads")
	other := b.schedule(b.ada, "Call", on(secret))
	_, err = b.ben.Activity.CancelActivity(t.Context(), &activityv1.CancelActivityRequest{ActivityId: other.GetId()})
	requireReason(t, "ACTIVITY_DENIED", err)
}

// Spec: C9
func TestActivities_GoWithTheirUserAndTheirRecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kept := b.schedule(b.anna, "Call", to(b.anna))
	b.schedule(b.anna, "Call", to(b.ben))
	done := b.schedule(b.anna, "To-do", to(b.ben))
	b.complete(b.ben, done, "")
	b.deactivate(b.ben)
	require.Equal(t, []string{kept.GetId()}, idsOf(b.list(b.ada, &activityv1.ListActivitiesRequest{})))
	require.Len(t, b.list(b.ada, &activityv1.ListActivitiesRequest{States: []activityv1.ActivityState{activityv1.ActivityState_ACTIVITY_STATE_DONE}}), 1)

	b.schedule(b.anna, "Call", to(b.ada), with(b.upload(b.anna, "one.txt")))
	require.Len(t, b.inbox(b.ada, chatterv1.InboxView_INBOX_VIEW_ALL), 1)
	b.remove(b.ticket)
	require.Empty(t, b.list(b.ada, &activityv1.ListActivitiesRequest{}))
	require.Empty(t, b.inbox(b.ada, chatterv1.InboxView_INBOX_VIEW_ALL))
	_, err := b.ada.Activity.GetActivity(t.Context(), &activityv1.GetActivityRequest{ActivityId: kept.GetId()})
	requireReason(t, "ACTIVITY_NOT_FOUND", err)
}

// Spec: C9
func TestCancelActivity_PostsNothingAndKeepsTheFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.schedule(b.anna, "Call", to(b.ben), with(b.upload(b.anna, "one.txt")))
	_, err := b.ben.Activity.CancelActivity(t.Context(), &activityv1.CancelActivityRequest{ActivityId: a.GetId()})
	require.NoError(t, err)
	require.Empty(t, b.done(b.anna, b.ticket))
	require.Empty(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_ALL))
	require.Empty(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}))
	files, err := b.ben.Files.ListFiles(t.Context(), &threadv1.ListFilesRequest{ThreadId: b.ticket})
	require.NoError(t, err)
	require.Len(t, files.GetFiles(), 1)
	_, err = b.ben.Activity.CancelActivity(t.Context(), &activityv1.CancelActivityRequest{ActivityId: a.GetId()})
	requireReason(t, "ACTIVITY_NOT_FOUND", err)
}
