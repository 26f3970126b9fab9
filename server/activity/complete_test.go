package activity_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// Spec: C9
func TestCompleteActivity_PostsWhatWasDoneWithItsFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	own, sent := b.upload(b.anna, "own.txt"), b.upload(b.ben, "sent.txt")
	a := b.schedule(b.anna, "Call", to(b.ben), about("Ask for the order"), due("2026-11-20"), with(own),
		func(r *activityv1.ScheduleActivitiesRequest) { r.Note = ref("They open at nine.") })
	require.Equal(t, activityv1.ActivityState_ACTIVITY_STATE_OVERDUE, a.GetState())

	res := b.complete(b.ben, a, "  They will order.  ", sent)
	m := res.GetMessage()
	require.True(t, m.GetInternal())
	require.Equal(t, "activities", m.GetSubtype())
	require.Equal(t, "Call done: Ask for the order", m.GetBody())
	require.Equal(t, b.ben.UserID.String(), m.GetAuthor().GetId())
	done := m.GetActivity()
	require.Equal(t, a.GetId(), done.GetActivityId())
	require.Equal(t, "Call", done.GetType())
	require.Equal(t, "phone", done.GetIcon())
	require.Equal(t, "Ask for the order", done.GetSummary())
	require.Equal(t, "They open at nine.", done.GetNote())
	require.Equal(t, "They will order.", done.GetFeedback())
	require.Equal(t, b.ben.UserID.String(), done.GetAssignee().GetId())
	require.Equal(t, "2026-11-20", done.GetDueDate())
	require.Len(t, m.GetFiles(), 2)
	for _, f := range m.GetFiles() {
		require.True(t, f.GetInternal())
	}

	stored := b.done(b.anna, b.ticket)
	require.Len(t, stored, 1)
	require.True(t, proto.Equal(m, stored[0]), "%v\n%v", m, stored[0])
	require.Equal(t, activityv1.ActivityState_ACTIVITY_STATE_DONE, res.GetActivity().GetState())
	require.Equal(t, m.GetId(), res.GetActivity().GetMessageId())
	require.Equal(t, "They will order.", res.GetActivity().GetFeedback())
	require.Empty(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}))
	_, err := b.anna.Chatter.EditMessage(t.Context(), &chatterv1.EditMessageRequest{ThreadId: b.ticket, MessageId: m.GetId(), Body: "No"})
	requireReason(t, "NOT_EDITABLE", err)
	require.Equal(t, "To-do done", b.complete(b.anna, b.schedule(b.anna, "To-do"), "").GetMessage().GetBody())
}

// Spec: C9 A3
func TestCompleteActivity_OfManyAtOnceOneDoesIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.changeType("Call", func(k *activityv1.ActivityType) {
		k.NextTypeId, k.NextMode = b.types["Meeting"], activityv1.NextMode_NEXT_MODE_AUTOMATIC
	})
	a := b.schedule(b.anna, "Call", to(b.ben))
	people := []*servertest.Client{b.anna, b.ben, b.ada}
	var group sync.WaitGroup
	answers, failures := make([]*activityv1.CompleteActivityResponse, len(people)), make([]error, len(people))
	for i, by := range people {
		group.Go(func() {
			answers[i], failures[i] = by.Activity.CompleteActivity(t.Context(), &activityv1.CompleteActivityRequest{ActivityId: a.GetId()})
		})
	}
	group.Wait()
	winner := -1
	for i := range people {
		if failures[i] == nil {
			require.Negative(t, winner, "two did it")
			winner = i
			continue
		}
		requireReason(t, "ACTIVITY_DONE", failures[i])
	}
	require.GreaterOrEqual(t, winner, 0)
	require.Len(t, b.done(b.anna, b.ticket), 1)
	require.Len(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}), 1, "the next one, once")

	again, err := people[winner].Activity.CompleteActivity(t.Context(), &activityv1.CompleteActivityRequest{ActivityId: a.GetId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(answers[winner], again), "%v\n%v", answers[winner], again)
	require.Len(t, b.done(b.anna, b.ticket), 1)
}

// Spec: C9
func TestCompleteActivity_SchedulesOrSuggestsWhatComesNext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.changeType("Call", func(k *activityv1.ActivityType) {
		k.NextTypeId, k.NextMode = b.types["Meeting"], activityv1.NextMode_NEXT_MODE_AUTOMATIC
	})
	b.changeType("Meeting", func(k *activityv1.ActivityType) {
		k.DueCount, k.DueUnit, k.DueBase = 1, activityv1.DueUnit_DUE_UNIT_MONTH, activityv1.DueBase_DUE_BASE_PREVIOUS_DEADLINE
		k.NextTypeId, k.NextMode, k.DefaultAssigneeId = b.types["E-mail"], activityv1.NextMode_NEXT_MODE_SUGGEST, b.ben.UserID.String()
	})
	b.changeType("E-mail", func(k *activityv1.ActivityType) {
		k.DefaultSummary, k.DueCount, k.DueUnit = "Send minutes", 3, activityv1.DueUnit_DUE_UNIT_DAY
	})

	call := b.schedule(b.anna, "Call", due("2026-10-31"), about("The hedge"))
	first := b.complete(b.anna, call, "")
	meeting := first.GetNext()
	require.Nil(t, first.GetSuggestion())
	require.Equal(t, "Meeting", meeting.GetTypeName())
	require.Equal(t, "The hedge", meeting.GetSummary(), "kept, since the next type has none")
	require.Equal(t, "2026-11-30", meeting.GetDueDate(), "a month after the deadline before, by the end of the month")
	require.Equal(t, b.ben.UserID.String(), meeting.GetAssignee().GetId())
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD), 1)

	second := b.complete(b.ben, meeting, "")
	require.Nil(t, second.GetNext())
	mail := second.GetSuggestion()
	require.Equal(t, "E-mail", mail.GetTypeName())
	require.Equal(t, "Send minutes", mail.GetSummary())
	require.Equal(t, "2026-11-25", mail.GetDueDate(), "three days from today")
	require.Equal(t, b.ben.UserID.String(), mail.GetAssignee().GetId(), "who did it")
	again := b.complete(b.ben, meeting, "")
	require.True(t, proto.Equal(second, again), "%v\n%v", second, again)
	require.Empty(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}))

	b.deactivate(b.ben)
	passed := b.complete(b.anna, b.schedule(b.anna, "Call"), "")
	require.Equal(t, b.anna.UserID.String(), passed.GetNext().GetAssignee().GetId(), "who was deactivated is passed over")
	b.changeType("Meeting", func(k *activityv1.ActivityType) { k.Archived = true })
	require.Nil(t, b.complete(b.anna, b.schedule(b.anna, "Call"), "").GetNext(), "what is archived comes no more")
}

// Spec: C9
func TestCompleteAndScheduleNext_DoesBothOrNeither(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.changeType("Call", func(k *activityv1.ActivityType) {
		k.NextTypeId, k.NextMode = b.types["Meeting"], activityv1.NextMode_NEXT_MODE_AUTOMATIC
	})
	a := b.schedule(b.anna, "Call", about("The hedge"))
	req := &activityv1.CompleteAndScheduleNextRequest{
		ActivityId: a.GetId(), Feedback: "Nobody there", NextTypeId: b.types["Call"], NextAssigneeId: b.ben.UserID.String(), NextDueDate: "2026-02-30",
	}
	_, err := b.anna.Activity.CompleteAndScheduleNext(t.Context(), req)
	requireReason(t, "DATE_INVALID", err)
	require.Empty(t, b.done(b.anna, b.ticket))
	req.NextDueDate, req.FileIds = "2026-11-23", []string{b.upload(b.ben, "his.txt")}
	_, err = b.anna.Activity.CompleteAndScheduleNext(t.Context(), req)
	requireReason(t, "FILE_UNKNOWN", err)
	require.Empty(t, b.done(b.anna, b.ticket))

	req.FileIds = nil
	res, err := b.anna.Activity.CompleteAndScheduleNext(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "Nobody there", res.GetMessage().GetActivity().GetFeedback())
	require.Equal(t, "Call", res.GetNext().GetTypeName())
	require.Equal(t, "The hedge", res.GetNext().GetSummary())
	require.Equal(t, "2026-11-23", res.GetNext().GetDueDate())
	require.Equal(t, []string{res.GetNext().GetId()}, idsOf(b.list(b.ben, &activityv1.ListActivitiesRequest{Mine: true})))
	again, err := b.anna.Activity.CompleteAndScheduleNext(t.Context(), req)
	require.NoError(t, err)
	require.True(t, proto.Equal(res, again), "%v\n%v", res, again)
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD), 1)
}

// Only those who want to hear of activities do.
//
// Spec: C3 C9
func TestCompleteActivity_TellsTheFollowersOfItsSubtype(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []*servertest.Client{b.anna, b.ben} {
		_, err := c.Chatter.Follow(t.Context(), &chatterv1.FollowRequest{ThreadId: b.ticket})
		require.NoError(t, err)
	}
	_, err := b.ben.Chatter.UpdateFollower(t.Context(), &chatterv1.UpdateFollowerRequest{
		ThreadId: b.ticket, PartyId: b.ben.UserID.String(), Subtypes: []string{"activities"},
	})
	require.NoError(t, err)
	m := b.complete(b.ada, b.schedule(b.ada, "Call"), "").GetMessage()
	unread := func(c *servertest.Client) []*chatterv1.InboxItem {
		res, err := c.Chatter.ListInbox(t.Context(), &chatterv1.ListInboxRequest{})
		require.NoError(t, err)
		return res.GetItems()
	}
	require.Empty(t, unread(b.anna))
	require.Len(t, unread(b.ben), 1)
	require.Equal(t, m.GetId(), unread(b.ben)[0].GetMessage().GetId())
}
