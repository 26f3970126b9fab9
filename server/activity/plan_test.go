package activity_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
)

// welcome is a plan for tickets: a call three days before on demand, a to-do for
// Ben a month after.
func (b *bundle) welcome() *activityv1.ActivityPlan {
	return &activityv1.ActivityPlan{Name: "Welcome", RecordType: "ticket", Items: []*activityv1.ActivityPlanItem{
		{TypeId: b.types["Call"], Summary: "Say hello", Count: 3, Direction: activityv1.PlanDirection_PLAN_DIRECTION_BEFORE},
		{
			TypeId: b.types["To-do"], Summary: "Check the garden", Note: "Bring the plan.", Count: 1, Unit: activityv1.DueUnit_DUE_UNIT_MONTH,
			Responsible: activityv1.PlanResponsible_PLAN_RESPONSIBLE_FIXED, AssigneeId: b.ben.UserID.String(),
		},
	}}
}

func (b *bundle) makePlan(p *activityv1.ActivityPlan) *activityv1.ActivityPlan {
	b.t.Helper()
	res, err := b.ada.Activity.CreateActivityPlan(b.t.Context(), &activityv1.CreateActivityPlanRequest{RequestId: uuid.NewString(), Plan: p})
	require.NoError(b.t, err)
	return res.GetPlan()
}

// Spec: C9
func TestScheduleActivityPlan_SchedulesTheSeriesOnManyRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, second := b.makePlan(b.welcome()), b.record("Second")
	req := &activityv1.ScheduleActivityPlanRequest{
		RequestId: uuid.NewString(), PlanId: p.GetId(), RecordIds: []string{second, b.ticket}, PlanDate: "2027-01-31", AssigneeId: b.anna.UserID.String(),
	}
	res, err := b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	require.NoError(t, err)
	all := res.GetActivities()
	require.Len(t, all, 4)
	require.Equal(t, []string{second, second, b.ticket, b.ticket}, []string{all[0].GetRecordId(), all[1].GetRecordId(), all[2].GetRecordId(), all[3].GetRecordId()})
	require.Equal(t, "2027-01-28", all[0].GetDueDate())
	require.Equal(t, "Say hello", all[0].GetSummary())
	require.Equal(t, b.anna.UserID.String(), all[0].GetAssignee().GetId())
	require.Equal(t, "2027-02-28", all[1].GetDueDate())
	require.Equal(t, "Bring the plan.", all[1].GetNote())
	require.Equal(t, b.ben.UserID.String(), all[1].GetAssignee().GetId())
	require.Len(t, b.inbox(b.ben, chatterv1.InboxView_INBOX_VIEW_UNREAD), 2)

	again, err := b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, idsOf(all), idsOf(again.GetActivities()))
	require.Len(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}), 4)
	today, err := b.anna.Activity.ScheduleActivityPlan(t.Context(), &activityv1.ScheduleActivityPlanRequest{
		RequestId: uuid.NewString(), PlanId: p.GetId(), RecordIds: []string{second}, AssigneeId: b.anna.UserID.String(),
	})
	require.NoError(t, err)
	require.Equal(t, "2026-11-19", today.GetActivities()[0].GetDueDate())
}

// Spec: C9
func TestScheduleActivityPlan_NamesWhatHasNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.makePlan(b.welcome())
	req := &activityv1.ScheduleActivityPlanRequest{RequestId: uuid.NewString(), PlanId: p.GetId(), RecordIds: []string{b.ticket}}
	_, err := b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	requireReason(t, "RESPONSIBLE_MISSING", err)
	require.ErrorContains(t, err, "Call “Say hello”")

	req.AssigneeId = b.anna.UserID.String()
	req.RecordIds = []string{b.recordOf("lead", "Hedge")}
	_, err = b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	requireReason(t, "ACTIVITY_PLAN_UNFIT", err)
	req.RecordIds = []string{b.ticket}
	b.deactivate(b.ben)
	_, err = b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	requireReason(t, "ASSIGNEE_INACTIVE", err)
	require.Empty(t, b.list(b.anna, &activityv1.ListActivitiesRequest{}))
	req.PlanId = uuid.NewString()
	_, err = b.anna.Activity.ScheduleActivityPlan(t.Context(), req)
	requireReason(t, "ACTIVITY_PLAN_NOT_FOUND", err)
}

// Spec: C9
func TestActivityPlan_IsMadeChangedAndRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	create := &activityv1.CreateActivityPlanRequest{RequestId: uuid.NewString(), Plan: b.welcome()}
	made, err := b.ada.Activity.CreateActivityPlan(ctx, create)
	require.NoError(t, err)
	again, err := b.ada.Activity.CreateActivityPlan(ctx, create)
	require.NoError(t, err)
	require.True(t, proto.Equal(made, again))
	create.RequestId = uuid.NewString()
	_, err = b.ada.Activity.CreateActivityPlan(ctx, create)
	requireReason(t, "ACTIVITY_PLAN_TAKEN", err)
	b.makePlan(&activityv1.ActivityPlan{Name: "Anywhere", Items: b.welcome().GetItems()[:1]})
	b.makePlan(&activityv1.ActivityPlan{Name: "Leads", RecordType: "lead", Items: b.welcome().GetItems()[:1]})
	list, err := b.anna.Activity.ListActivityPlans(ctx, &activityv1.ListActivityPlansRequest{RecordType: "ticket", PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "Anywhere", list.GetPlans()[0].GetName())
	list, err = b.anna.Activity.ListActivityPlans(ctx, &activityv1.ListActivityPlansRequest{
		RecordType: "ticket", PageSize: 1, PageToken: list.GetNextPageToken(),
	})
	require.NoError(t, err)
	require.True(t, proto.Equal(made.GetPlan(), list.GetPlans()[0]))
	require.Empty(t, list.GetNextPageToken())

	b.deactivate(b.ben)
	id := made.GetPlan().GetId()
	changed, err := b.ada.Activity.UpdateActivityPlan(ctx, &activityv1.UpdateActivityPlanRequest{
		Plan: &activityv1.ActivityPlan{Id: id, Archived: true, Etag: made.GetPlan().GetEtag()}, UpdateMask: maskOf("archived"),
	})
	require.NoError(t, err, "though somebody in it was deactivated")
	require.True(t, changed.GetPlan().GetArchived())
	require.Len(t, changed.GetPlan().GetItems(), 2)
	_, err = b.ada.Activity.UpdateActivityPlan(ctx, &activityv1.UpdateActivityPlanRequest{
		Plan: &activityv1.ActivityPlan{Id: id, Name: "Late", Etag: made.GetPlan().GetEtag()},
	})
	requireReason(t, "ETAG_MISMATCH", err)
	_, err = b.ada.Activity.UpdateActivityPlan(ctx, &activityv1.UpdateActivityPlanRequest{Plan: &activityv1.ActivityPlan{Id: id, Items: b.welcome().GetItems()}})
	requireReason(t, "ACTIVITY_PLAN_INVALID", err)
	require.ErrorContains(t, err, "Check the garden")
	_, err = b.ada.Activity.DeleteActivityPlan(ctx, &activityv1.DeleteActivityPlanRequest{PlanId: id})
	require.NoError(t, err)
	_, err = b.ada.Activity.GetActivityPlan(ctx, &activityv1.GetActivityPlanRequest{PlanId: id})
	requireReason(t, "ACTIVITY_PLAN_NOT_FOUND", err)
}

// Spec: C9
func TestCreateActivityPlan_RefusesWhatCannotBeScheduled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.changeType("Meeting", func(k *activityv1.ActivityType) { k.RecordType = "lead" })
	for reason, change := range map[string]func(p *activityv1.ActivityPlan){
		"NAME_EMPTY":            func(p *activityv1.ActivityPlan) { p.Name = "  " },
		"ACTIVITY_PLAN_EMPTY":   func(p *activityv1.ActivityPlan) { p.Items = nil },
		"RECORD_TYPE_UNKNOWN":   func(p *activityv1.ActivityPlan) { p.RecordType = "nothing" },
		"TEXT_INVALID":          func(p *activityv1.ActivityPlan) { p.Items[0].Summary = "a\x00b" },
		"ACTIVITY_PLAN_INVALID": func(p *activityv1.ActivityPlan) { p.Items[1].AssigneeId = "" },
	} {
		p := b.welcome()
		change(p)
		_, err := b.ada.Activity.CreateActivityPlan(t.Context(), &activityv1.CreateActivityPlanRequest{RequestId: uuid.NewString(), Plan: p})
		requireReason(t, reason, err)
	}
	p := b.welcome()
	p.Items[0].TypeId = b.types["Meeting"]
	_, err := b.ada.Activity.CreateActivityPlan(t.Context(), &activityv1.CreateActivityPlanRequest{RequestId: uuid.NewString(), Plan: p})
	requireReason(t, "ACTIVITY_PLAN_INVALID", err)
	require.ErrorContains(t, err, "Meeting is for other records")
}
