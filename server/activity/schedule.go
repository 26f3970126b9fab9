package activity

import (
	"context"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// ScheduleActivities implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ScheduleActivities(ctx context.Context, req *activityv1.ScheduleActivitiesRequest) (*activityv1.ScheduleActivitiesResponse, error) {
	c := access.FromContext(ctx)
	records, err := h.writable(ctx, c, req.GetRecordIds())
	if err != nil {
		return nil, err
	}
	drafts, err := h.scheduled(ctx, c, req, records)
	if err != nil {
		return nil, err
	}
	views, err := h.scheduleAll(ctx, c, drafts)
	if err != nil {
		return nil, err
	}
	return &activityv1.ScheduleActivitiesResponse{Activities: views}, nil
}

// scheduled are the activities that a request asks for.
func (h *Handler) scheduled(ctx context.Context, c access.Caller, req *activityv1.ScheduleActivitiesRequest, records []access.Rights) ([]draft, error) {
	request, err := idOf(req.GetRequestId(), errRequestReused)
	if err != nil {
		return nil, err
	}
	files, err := idsOf(req.GetFileIds(), errFileRecords)
	if err != nil {
		return nil, err
	}
	if len(files) > 0 && len(records) > 1 {
		return nil, errFileRecords
	}
	w, err := h.wishOf(ctx, c, req.GetTypeId(), req.Summary, req.Note, req.GetAssigneeId(), req.GetDueDate())
	if err != nil {
		return nil, err
	}
	drafts, err := h.drafts(ctx, c, w, records)
	if err != nil {
		return nil, err
	}
	for i := range drafts {
		drafts[i].id, drafts[i].files = activityID(c.ID, request, drafts[i].record, 0), files
	}
	return drafts, nil
}

// wishOf reads what a request says of an activity.
func (h *Handler) wishOf(ctx context.Context, c access.Caller, kind string, summary, note *string, assignee, due string) (w wish, err error) {
	types, _, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return w, err
	}
	w = wish{summary: summary, note: note}
	if w.kind, err = find(types, kind); err != nil {
		return w, err
	}
	if w.assignee, err = orNil(assignee, errUserNotFound); err != nil {
		return w, err
	}
	if due != "" {
		w.due, err = parseDay(due)
	}
	return w, err
}

// scheduleAll stores drafts, all or none. Of two tries of one request at the same
// moment one finds what the other stored.
func (h *Handler) scheduleAll(ctx context.Context, c access.Caller, drafts []draft) ([]*activityv1.Activity, error) {
	do := func(w *work) error { return w.schedule(ctx, drafts) }
	views, err := h.transact(ctx, c, do)
	if store.IsUnique(err, "activity_pkey") {
		return h.transact(ctx, c, do)
	}
	return views, err
}

// PrepareActivity implements activityv1connect.ActivityServiceHandler.
func (h *Handler) PrepareActivity(ctx context.Context, req *activityv1.PrepareActivityRequest) (*activityv1.PrepareActivityResponse, error) {
	c := access.FromContext(ctx)
	w, err := h.wishOf(ctx, c, req.GetTypeId(), nil, nil, "", "")
	if err != nil {
		return nil, err
	}
	p, err := h.assigneeOf(ctx, c, w, nil)
	if err != nil {
		return nil, err
	}
	d := draft{
		kind: w.kind, summary: w.kind.DefaultSummary, note: w.kind.DefaultNote, assignee: p, due: dueOf(w.kind, dayAt(h.Now(), p.zone), day{}),
	}
	return &activityv1.PrepareActivityResponse{Draft: d.proposal()}, nil
}

// GetActivity implements activityv1connect.ActivityServiceHandler.
func (h *Handler) GetActivity(ctx context.Context, req *activityv1.GetActivityRequest) (*activityv1.GetActivityResponse, error) {
	c := access.FromContext(ctx)
	a, _, err := h.visible(ctx, c, req.GetActivityId())
	if err != nil {
		return nil, err
	}
	view, err := h.one(ctx, c, a)
	if err != nil {
		return nil, err
	}
	return &activityv1.GetActivityResponse{Activity: view}, nil
}
