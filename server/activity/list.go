package activity

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

// listRounds bounds how often a page is filled up in place of activities on records
// that the caller may not read.
const listRounds = 5

// place is where a page ends: a due date, and the id of an activity or record.
type place struct {
	Due string    `json:"d"`
	ID  uuid.UUID `json:"i"`
}

// after is the place as a query takes it.
func (p place) after() (pgtype.Date, uuid.UUID) {
	d, err := parseDay(p.Due)
	if err != nil {
		return pgtype.Date{}, uuid.Nil // the first page has no place
	}
	return d.pg(), p.ID
}

func placeOf(a *db.Activity) place { return place{Due: fromPg(a.DueDate).String(), ID: a.ID} }

// filter is which activities a list is of.
type filter struct {
	recordType string
	record     string
	types      []string
	assignee   string
	mine       bool
	states     []activityv1.ActivityState
	from, to   string
}

// params reads a filter.
func (h *Handler) params(ctx context.Context, c access.Caller, f filter) (p db.ActivityListParams, err error) {
	p = db.ActivityListParams{WorkspaceID: c.Workspace, States: []int16{}, Zones: []string{}, Days: []pgtype.Date{}}
	if f.recordType != "" {
		p.RecordType = &f.recordType
	}
	if p.ThreadID, err = orNil(f.record, access.ErrThreadNotFound); err != nil {
		return p, err
	}
	if p.AssigneeID, err = orNil(f.assignee, errUserNotFound); err != nil {
		return p, err
	}
	if f.mine {
		if p.AssigneeID != nil && *p.AssigneeID != c.ID {
			p.TypeIds = []uuid.UUID{uuid.Nil} // nobody's are both
			return p, nil
		}
		p.AssigneeID = &c.ID
	}
	if p.TypeIds, err = idsOf(f.types, errTypeNotFound); err != nil {
		return p, err
	}
	if p.DueFrom, err = pgDay(f.from, "due_from"); err != nil {
		return p, err
	}
	if p.DueTo, err = pgDay(f.to, "due_to"); err != nil {
		return p, err
	}
	return p, h.judge(ctx, c.Workspace, &p, f.states)
}

// pgDay is a day in a request as a query takes it; none if it is empty.
func pgDay(s, field string) (pgtype.Date, error) {
	if s == "" {
		return pgtype.Date{}, nil
	}
	d, err := parseDay(s)
	if err != nil {
		return pgtype.Date{}, errDate.WithField(field)
	}
	return d.pg(), nil
}

// judge asks for activities in some states. The query is told which day it is in
// every time zone that somebody of the workspace lives in.
func (h *Handler) judge(ctx context.Context, workspace uuid.UUID, p *db.ActivityListParams, states []activityv1.ActivityState) error {
	p.Done = slices.Contains(states, activityv1.ActivityState_ACTIVITY_STATE_DONE)
	if p.Done && len(states) > 1 {
		return errStates
	}
	if p.Done || len(states) == 0 {
		return nil
	}
	for _, s := range states {
		p.States = append(p.States, int16(s))
	}
	zones, err := h.q.ActivityZoneList(ctx, h.DB, workspace)
	if err != nil {
		return fmt.Errorf("list time zones: %w", err)
	}
	for _, zone := range zones {
		p.Zones, p.Days = append(p.Zones, zone), append(p.Days, dayAt(h.Now(), zoneOf(zone)).pg())
	}
	return nil
}

// ListActivities implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ListActivities(ctx context.Context, req *activityv1.ListActivitiesRequest) (*activityv1.ListActivitiesResponse, error) {
	c := access.FromContext(ctx)
	p, err := h.params(ctx, c, filter{
		recordType: req.GetRecordType(), record: req.GetRecordId(), types: req.GetTypeIds(), assignee: req.GetAssigneeId(), mine: req.GetMine(),
		states: req.GetStates(), from: req.GetDueFrom(), to: req.GetDueTo(),
	})
	if err != nil {
		return nil, err
	}
	if p.ThreadID != nil {
		if _, err := h.Gate.Read(ctx, c, *p.ThreadID); err != nil {
			return nil, err
		}
	}
	var at place
	if _, err := h.Pages.Decode(ctx, req, &at); err != nil {
		return nil, err
	}
	rows, more, err := h.readable(ctx, c, p, at, rpc.PageSize(req.GetPageSize(), defaultPage, maxPage))
	if err != nil {
		return nil, err
	}
	res := &activityv1.ListActivitiesResponse{}
	if more != nil {
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, *more); err != nil {
			return nil, err
		}
	}
	res.Activities, err = h.views(ctx, c.Workspace, rows)
	return res, err
}

// readable reads the activities after a place that the caller may see. more is
// where the next page begins; nil if there is none.
func (h *Handler) readable(ctx context.Context, c access.Caller, p db.ActivityListParams, at place, size int) (rows []db.Activity, more *place, err error) {
	sight := h.sight(c)
	p.MaxRows = int32(size + 1)
	for range listRounds {
		p.AfterDue, p.AfterID = at.after()
		page, err := h.q.ActivityList(ctx, h.DB, p)
		if err != nil {
			return nil, nil, fmt.Errorf("list activities: %w", err)
		}
		for i := range page {
			ok, err := sight.reads(ctx, page[i].ThreadID)
			if err != nil {
				return nil, nil, err
			}
			if ok && len(rows) == size {
				return rows, &at, nil
			}
			if ok {
				rows = append(rows, page[i])
			}
			at = placeOf(&page[i])
		}
		if len(page) <= size {
			return rows, nil, nil
		}
	}
	return rows, &at, nil
}

// CountMyActivities implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CountMyActivities(ctx context.Context, _ *activityv1.CountMyActivitiesRequest) (*activityv1.CountMyActivitiesResponse, error) {
	c := access.FromContext(ctx)
	people, err := h.people(ctx, h.DB, c.Workspace, []uuid.UUID{c.ID})
	if err != nil {
		return nil, err
	}
	me := people[c.ID]
	if me == nil {
		return nil, errUserNotFound
	}
	rows, err := h.q.ActivityCountOfUser(ctx, h.DB, db.ActivityCountOfUserParams{
		Today: dayAt(h.Now(), me.zone).pg(), WorkspaceID: c.Workspace, UserID: c.ID, MaxRows: maxCounted,
	})
	if err != nil {
		return nil, fmt.Errorf("count activities: %w", err)
	}
	sight, res := h.sight(c), &activityv1.CountMyActivitiesResponse{}
	for _, row := range rows {
		ok, err := sight.reads(ctx, row.ThreadID)
		if err != nil {
			return nil, err
		}
		if ok {
			res.OverdueCount += row.Overdue
			res.TodayCount += row.Today
			res.PlannedCount += row.Planned
		}
	}
	return res, nil
}
