package activity

import (
	"context"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// checkItem answers why an activity of a plan could never be scheduled, or nil.
func checkItem(
	item *activityv1.ActivityPlanItem, recordType string, types map[uuid.UUID]*db.ActivityType, people map[uuid.UUID]*person,
) *fault.Error {
	kind, err := find(types, item.GetTypeId())
	switch {
	case err != nil:
		return errPlanItem.WithMessage("there is no such type of activity")
	case kind.RecordType != "" && kind.RecordType != recordType:
		return errPlanItem.WithMessage("%s is for other records than the plan", kind.Name)
	case !storable(item.GetSummary(), item.GetNote()):
		return errText
	case item.GetResponsible() != activityv1.PlanResponsible_PLAN_RESPONSIBLE_FIXED:
		return nil
	}
	id, err := uuid.Parse(item.GetAssigneeId())
	p := people[id]
	if err != nil || p == nil {
		return errPlanItem.WithMessage("%s names nobody who always gets it", titleOf(item, kind))
	}
	if !p.active {
		return errPlanItem.WithMessage("%s goes to %s, who was deactivated", titleOf(item, kind), p.caller.Name)
	}
	return nil
}

// titleOf is what people call an activity of a plan.
func titleOf(item *activityv1.ActivityPlanItem, kind *db.ActivityType) string {
	switch {
	case item.GetSummary() != "":
		return kind.Name + " “" + item.GetSummary() + "”"
	case kind.DefaultSummary != "":
		return kind.Name + " “" + kind.DefaultSummary + "”"
	default:
		return kind.Name
	}
}

// dueBy is when an activity of a plan is due that has this date.
func dueBy(item *activityv1.ActivityPlanItem, date day) day {
	n := int(item.GetCount())
	if item.GetDirection() == activityv1.PlanDirection_PLAN_DIRECTION_BEFORE {
		n = -n
	}
	return date.plus(n, item.GetUnit())
}

// ScheduleActivityPlan implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ScheduleActivityPlan(ctx context.Context, req *activityv1.ScheduleActivityPlanRequest) (*activityv1.ScheduleActivityPlanResponse, error) {
	c := access.FromContext(ctx)
	records, err := h.writable(ctx, c, req.GetRecordIds())
	if err != nil {
		return nil, err
	}
	p, err := h.plan(ctx, c, req.GetPlanId())
	if err != nil {
		return nil, err
	}
	drafts, err := h.ofPlan(ctx, c, req, p, records)
	if err != nil {
		return nil, err
	}
	views, err := h.scheduleAll(ctx, c, drafts)
	if err != nil {
		return nil, err
	}
	return &activityv1.ScheduleActivityPlanResponse{Activities: views}, nil
}

// planning is what all activities of a plan need when it is scheduled.
type planning struct {
	*Handler
	caller   access.Caller
	types    map[uuid.UUID]*db.ActivityType
	records  []access.Rights
	onDemand *uuid.UUID
	date     day
}

// ofPlan are the activities that a plan makes on records, record by record.
func (h *Handler) ofPlan(
	ctx context.Context, c access.Caller, req *activityv1.ScheduleActivityPlanRequest, p *activityv1.ActivityPlan, records []access.Rights,
) ([]draft, error) {
	request, err := idOf(req.GetRequestId(), errRequestReused)
	if err != nil {
		return nil, err
	}
	if len(records)*len(p.GetItems()) > maxScheduled {
		return nil, errTooMany
	}
	for _, r := range records {
		if p.GetArchived() || p.GetRecordType() != "" && p.GetRecordType() != r.RecordType {
			return nil, errPlanUnfit.With("record_id", r.ID.String())
		}
	}
	s, err := h.planning(ctx, c, req, records)
	if err != nil {
		return nil, err
	}
	byItem := make([][]draft, len(p.GetItems()))
	for i, item := range p.GetItems() {
		if byItem[i], err = s.item(ctx, item); err != nil {
			return nil, err
		}
	}
	var drafts []draft
	for r := range records {
		for i := range byItem {
			d := byItem[i][r]
			d.id = activityID(c.ID, request, d.record, i)
			drafts = append(drafts, d)
		}
	}
	return drafts, nil
}

// planning reads what a request says besides the plan.
func (h *Handler) planning(ctx context.Context, c access.Caller, req *activityv1.ScheduleActivityPlanRequest, records []access.Rights) (s *planning, err error) {
	s = &planning{Handler: h, caller: c, records: records}
	if s.onDemand, err = orNil(req.GetAssigneeId(), errUserNotFound); err != nil {
		return nil, err
	}
	if s.types, _, err = h.types(ctx, h.DB, c.Workspace); err != nil {
		return nil, err
	}
	if req.GetPlanDate() != "" {
		s.date, err = parseDay(req.GetPlanDate())
		return s, err
	}
	people, err := h.people(ctx, h.DB, c.Workspace, []uuid.UUID{c.ID})
	if err != nil {
		return nil, err
	}
	if people[c.ID] == nil {
		return nil, errUserNotFound
	}
	s.date = dayAt(h.Now(), people[c.ID].zone)
	return s, nil
}

// item is one activity of the plan, on each record.
func (s *planning) item(ctx context.Context, item *activityv1.ActivityPlanItem) ([]draft, error) {
	kind, err := find(s.types, item.GetTypeId())
	if err != nil {
		return nil, err
	}
	w := wish{kind: kind, assignee: s.onDemand, due: dueBy(item, s.date)}
	if item.GetResponsible() == activityv1.PlanResponsible_PLAN_RESPONSIBLE_FIXED {
		if w.assignee, err = orNil(item.GetAssigneeId(), errUserNotFound); err != nil {
			return nil, err
		}
	}
	if w.assignee == nil {
		return nil, errResponsible.WithMessage("nobody is named for %s; say who is to do it", titleOf(item, kind))
	}
	if summary := item.GetSummary(); summary != "" {
		w.summary = &summary
	}
	if note := item.GetNote(); note != "" {
		w.note = &note
	}
	return s.drafts(ctx, s.caller, w, s.records)
}
