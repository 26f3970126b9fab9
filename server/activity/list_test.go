package activity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

const (
	stateOverdue = activityv1.ActivityState_ACTIVITY_STATE_OVERDUE
	stateToday   = activityv1.ActivityState_ACTIVITY_STATE_TODAY
	statePlanned = activityv1.ActivityState_ACTIVITY_STATE_PLANNED
	stateDone    = activityv1.ActivityState_ACTIVITY_STATE_DONE
)

// What is due on one day is overdue for one and due today for another, and the list
// finds it so.
//
// Spec: C9
func TestListActivities_JudgesStatesWhereEachAssigneeLives(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.livesIn(b.anna, "America/New_York")
	b.livesIn(b.ben, "Europe/Kyiv")
	hers, his := b.schedule(b.ada, "Call", to(b.anna), due("2026-11-22")), b.schedule(b.ada, "Call", to(b.ben), due("2026-11-22"))
	later := b.schedule(b.ada, "Call", to(b.ben), due("2026-11-24"))
	of := func(states ...activityv1.ActivityState) []string {
		return idsOf(b.list(b.ada, &activityv1.ListActivitiesRequest{States: states}))
	}
	require.ElementsMatch(t, []string{hers.GetId(), his.GetId()}, of(stateToday))

	b.clock.set("2026-11-22T22:00:00Z") // midnight in Kyiv
	require.Equal(t, []string{hers.GetId()}, of(stateToday))
	require.Equal(t, []string{his.GetId()}, of(stateOverdue))
	require.Equal(t, []string{later.GetId()}, of(statePlanned))
	require.Len(t, of(stateToday, stateOverdue), 2)
	require.Len(t, of(), 3)
	for _, a := range b.list(b.ada, &activityv1.ListActivitiesRequest{States: []activityv1.ActivityState{stateOverdue}}) {
		require.Equal(t, stateOverdue, a.GetState())
	}
	counts, err := b.ben.Activity.CountMyActivities(t.Context(), &activityv1.CountMyActivitiesRequest{})
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0, 1}, []int32{counts.GetOverdueCount(), counts.GetTodayCount(), counts.GetPlannedCount()})

	_, err = b.ada.Identity.UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{TimeZone: "Europe/Stockholm"}})
	require.NoError(t, err)
	own := b.schedule(b.ada, "Meeting")
	require.Equal(t, "2026-11-22", own.GetDueDate(), "eleven in the evening in Stockholm")
	b.clock.set("2026-11-22T23:00:00Z")
	require.Contains(t, of(stateOverdue), own.GetId(), "who has no zone has the workspace's")
}

// Spec: C9
func TestListActivities_FiltersAndPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.recordOf("lead", "Hedge")
	call := b.schedule(b.anna, "Call", due("2026-11-30"))
	todo := b.schedule(b.anna, "To-do", due("2026-12-01"), to(b.ben))
	mail := b.schedule(b.ben, "E-mail", due("2026-12-02"), on(lead))
	for name, c := range map[string]struct {
		req  *activityv1.ListActivitiesRequest
		want []string
	}{
		"all":         {&activityv1.ListActivitiesRequest{}, []string{call.GetId(), todo.GetId(), mail.GetId()}},
		"record":      {&activityv1.ListActivitiesRequest{RecordId: b.ticket}, []string{call.GetId(), todo.GetId()}},
		"record type": {&activityv1.ListActivitiesRequest{RecordType: "lead"}, []string{mail.GetId()}},
		"types":       {&activityv1.ListActivitiesRequest{TypeIds: []string{b.types["Call"], b.types["E-mail"]}}, []string{call.GetId(), mail.GetId()}},
		"assignee":    {&activityv1.ListActivitiesRequest{AssigneeId: b.ben.UserID.String()}, []string{todo.GetId(), mail.GetId()}},
		"mine":        {&activityv1.ListActivitiesRequest{Mine: true}, []string{call.GetId()}},
		"nobody's":    {&activityv1.ListActivitiesRequest{Mine: true, AssigneeId: b.ben.UserID.String()}, []string{}},
		"from":        {&activityv1.ListActivitiesRequest{DueFrom: "2026-12-01"}, []string{todo.GetId(), mail.GetId()}},
		"range":       {&activityv1.ListActivitiesRequest{DueFrom: "2026-12-01", DueTo: "2026-12-01"}, []string{todo.GetId()}},
		"done":        {&activityv1.ListActivitiesRequest{States: []activityv1.ActivityState{stateDone}}, []string{}},
	} {
		require.Equal(t, c.want, idsOf(b.list(b.anna, c.req)), name)
	}
	req, got := &activityv1.ListActivitiesRequest{PageSize: 1}, []string{}
	for {
		res, err := b.anna.Activity.ListActivities(t.Context(), req)
		require.NoError(t, err)
		got = append(got, idsOf(res.GetActivities())...)
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	require.Equal(t, []string{call.GetId(), todo.GetId(), mail.GetId()}, got)
	_, err := b.anna.Activity.ListActivities(t.Context(), &activityv1.ListActivitiesRequest{States: []activityv1.ActivityState{stateDone, stateToday}})
	requireReason(t, "STATES_MIXED", err)
	_, err = b.anna.Activity.ListActivities(t.Context(), &activityv1.ListActivitiesRequest{DueFrom: "2026-11-31"})
	requireReason(t, "DATE_INVALID", err)
}

// Spec: C9
func TestListActivities_FillsPagesInPlaceOfWhatTheCallerMayNotSee(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.recordOf(b.secretType(), "Merger")
	for range 7 {
		b.schedule(b.ada, "Call", on(secret), due("2026-11-23"))
	}
	open := b.schedule(b.ada, "Call", due("2026-11-24"))
	res, err := b.anna.Activity.ListActivities(t.Context(), &activityv1.ListActivitiesRequest{PageSize: 2})
	require.NoError(t, err)
	require.Equal(t, []string{open.GetId()}, idsOf(res.GetActivities()))
	require.Empty(t, res.GetNextPageToken())
	require.Len(t, b.list(b.ben, &activityv1.ListActivitiesRequest{}), 8)
}

// Spec: C9
func TestListActivityRows_ShowsRecordsByTypeOfActivity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	second := b.record("Second")
	b.recordOf("ticket", "Without any")
	b.changeType("Upload document", func(k *activityv1.ActivityType) { k.Archived = true })
	late := b.schedule(b.anna, "Call", due("2026-11-20"))
	soon := b.schedule(b.anna, "Call", due("2026-11-25"), to(b.ben))
	b.schedule(b.anna, "To-do", due("2026-11-22"))
	b.schedule(b.anna, "Meeting", due("2026-11-19"), on(second))

	res, err := b.ben.Activity.ListActivityRows(t.Context(), &activityv1.ListActivityRowsRequest{RecordType: "ticket"})
	require.NoError(t, err)
	require.Len(t, res.GetRows(), 2)
	require.Equal(t, second, res.GetRows()[0].GetRecordId(), "the earliest first")
	require.Equal(t, "Printer on fire", res.GetRows()[1].GetRecordTitle())
	cells := res.GetRows()[1].GetCells()
	require.Len(t, cells, 2)
	require.Equal(t, b.types["Call"], cells[0].GetTypeId())
	require.Equal(t, int32(2), cells[0].GetCount())
	require.Equal(t, stateOverdue, cells[0].GetState())
	require.Equal(t, "2026-11-20", cells[0].GetDueDate())
	require.Equal(t, []string{late.GetId(), soon.GetId()}, cells[0].GetActivityIds())
	require.Equal(t, stateToday, cells[1].GetState())
	require.Len(t, res.GetTypes(), 4)

	mine, err := b.ben.Activity.ListActivityRows(t.Context(), &activityv1.ListActivityRowsRequest{RecordType: "ticket", Mine: true})
	require.NoError(t, err)
	require.Len(t, mine.GetRows(), 1)
	require.Equal(t, statePlanned, mine.GetRows()[0].GetCells()[0].GetState())

	first, err := b.ben.Activity.ListActivityRows(t.Context(), &activityv1.ListActivityRowsRequest{RecordType: "ticket", PageSize: 1})
	require.NoError(t, err)
	next, err := b.ben.Activity.ListActivityRows(t.Context(), &activityv1.ListActivityRowsRequest{
		RecordType: "ticket", PageSize: 1, PageToken: first.GetNextPageToken(),
	})
	require.NoError(t, err)
	require.Equal(t, b.ticket, next.GetRows()[0].GetRecordId())
	require.Empty(t, next.GetNextPageToken())
}

// Spec: C9
func TestListActivityDays_IsACalendar(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.schedule(b.anna, "Call", due("2026-10-31"))
	first := b.schedule(b.anna, "Call", due("2026-11-01"))
	last := []string{b.schedule(b.anna, "Call", due("2026-11-30")).GetId(), b.schedule(b.anna, "To-do", due("2026-11-30"), to(b.ben)).GetId()}
	b.schedule(b.anna, "Call", due("2026-12-01"))
	req := &activityv1.ListActivityDaysRequest{DueFrom: "2026-11-01", DueTo: "2026-11-30"}

	res, err := b.ben.Activity.ListActivityDays(t.Context(), req)
	require.NoError(t, err)
	require.False(t, res.GetTruncated())
	require.Len(t, res.GetDays(), 2)
	require.Equal(t, "2026-11-01", res.GetDays()[0].GetDate())
	require.Equal(t, []string{first.GetId()}, idsOf(res.GetDays()[0].GetActivities()))
	require.ElementsMatch(t, last, idsOf(res.GetDays()[1].GetActivities()))
	req.Mine = true
	mine, err := b.ben.Activity.ListActivityDays(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, last[1:], idsOf(mine.GetDays()[0].GetActivities()))

	for _, bad := range [][2]string{{"2026-11-30", "2026-11-01"}, {"2026-01-01", "2026-03-04"}, {"2026-11-31", "2026-12-01"}} {
		_, err := b.ben.Activity.ListActivityDays(t.Context(), &activityv1.ListActivityDaysRequest{DueFrom: bad[0], DueTo: bad[1]})
		require.Error(t, err, bad)
	}
	_, err = b.ben.Activity.ListActivityDays(t.Context(), &activityv1.ListActivityDaysRequest{DueFrom: "2026-01-01", DueTo: "2026-03-03"})
	require.NoError(t, err, "62 days")
}
