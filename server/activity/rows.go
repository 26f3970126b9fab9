package activity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

// cellIDs is how many activities a cell names.
const cellIDs = 20

// ListActivityRows implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ListActivityRows(ctx context.Context, req *activityv1.ListActivityRowsRequest) (*activityv1.ListActivityRowsResponse, error) {
	c := access.FromContext(ctx)
	p := db.ActivityThreadListParams{WorkspaceID: c.Workspace, RecordType: req.GetRecordType()}
	if req.GetMine() {
		p.AssigneeID = &c.ID
	}
	var at place
	if _, err := h.Pages.Decode(ctx, req, &at); err != nil {
		return nil, err
	}
	records, more, err := h.rowsAfter(ctx, c, p, at, rpc.PageSize(req.GetPageSize(), defaultPage, maxPage))
	if err != nil {
		return nil, err
	}
	res, err := h.rows(ctx, c, p, records)
	if err != nil {
		return nil, err
	}
	if more != nil {
		res.NextPageToken, err = h.Pages.Encode(ctx, req, *more)
	}
	return res, err
}

// rowsAfter are the records after a place that the caller may read.
func (h *Handler) rowsAfter(ctx context.Context, c access.Caller, p db.ActivityThreadListParams, at place, size int) (records []uuid.UUID, more *place, err error) {
	sight := h.sight(c)
	p.MaxRows = int32(size + 1)
	for range listRounds {
		p.AfterDue, p.AfterID = at.after()
		page, err := h.q.ActivityThreadList(ctx, h.DB, p)
		if err != nil {
			return nil, nil, fmt.Errorf("list records with activities: %w", err)
		}
		for _, row := range page {
			ok, err := sight.reads(ctx, row.ThreadID)
			if err != nil {
				return nil, nil, err
			}
			if ok && len(records) == size {
				return records, &at, nil
			}
			if ok {
				records = append(records, row.ThreadID)
			}
			at = place{Due: fromPg(row.DueDate).String(), ID: row.ThreadID}
		}
		if len(page) <= size {
			return records, nil, nil
		}
	}
	return records, &at, nil
}

// rows are the records with what is planned on them.
func (h *Handler) rows(ctx context.Context, c access.Caller, p db.ActivityThreadListParams, records []uuid.UUID) (*activityv1.ListActivityRowsResponse, error) {
	planned, err := h.q.ActivityListOfThreads(ctx, h.DB, db.ActivityListOfThreadsParams{
		WorkspaceID: c.Workspace, ThreadIds: records, AssigneeID: p.AssigneeID, MaxRows: maxCells,
	})
	if err != nil {
		return nil, fmt.Errorf("list activities of records: %w", err)
	}
	s, err := h.surroundings(ctx, c.Workspace, planned)
	if err != nil {
		return nil, err
	}
	_, types, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return nil, err
	}
	cells := s.cells(planned)
	res, used := &activityv1.ListActivityRowsResponse{}, set{}
	for i := range planned {
		used.add(&planned[i].TypeID)
	}
	for _, id := range records {
		res.Rows = append(res.Rows, &activityv1.ActivityRow{RecordId: id.String(), RecordTitle: s.titles[id], Cells: cells[id]})
	}
	for i := range types {
		if _, is := used.has[types[i].ID]; is || fits(&types[i], p.RecordType) {
			res.Types = append(res.Types, typeToProto(&types[i]))
		}
	}
	return res, nil
}

// cells are what each record has of each type, out of activities by due date.
func (s *surroundings) cells(planned []db.Activity) map[uuid.UUID][]*activityv1.ActivityCell {
	type column struct{ record, kind uuid.UUID }
	at := make(map[column]*activityv1.ActivityCell)
	cells := make(map[uuid.UUID][]*activityv1.ActivityCell)
	for i := range planned {
		a := &planned[i]
		k := column{a.ThreadID, a.TypeID}
		cell := at[k]
		if cell == nil {
			cell = &activityv1.ActivityCell{TypeId: a.TypeID.String(), State: s.state(a), DueDate: fromPg(a.DueDate).String()}
			at[k], cells[a.ThreadID] = cell, append(cells[a.ThreadID], cell)
		}
		cell.State = min(cell.GetState(), s.state(a)) // the zones of two assignees may disagree with the order of dates
		cell.Count++
		if len(cell.GetActivityIds()) < cellIDs {
			cell.ActivityIds = append(cell.ActivityIds, a.ID.String())
		}
	}
	return cells
}

// ListActivityDays implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ListActivityDays(ctx context.Context, req *activityv1.ListActivityDaysRequest) (*activityv1.ListActivityDaysResponse, error) {
	c := access.FromContext(ctx)
	if err := checkRange(req.GetDueFrom(), req.GetDueTo()); err != nil {
		return nil, err
	}
	p, err := h.params(ctx, c, filter{
		recordType: req.GetRecordType(), assignee: req.GetAssigneeId(), mine: req.GetMine(), from: req.GetDueFrom(), to: req.GetDueTo(),
	})
	if err != nil {
		return nil, err
	}
	rows, more, err := h.readable(ctx, c, p, place{}, maxCalendar)
	if err != nil {
		return nil, err
	}
	views, err := h.views(ctx, c.Workspace, rows)
	if err != nil {
		return nil, err
	}
	return &activityv1.ListActivityDaysResponse{Days: byDay(views), Truncated: more != nil}, nil
}

// checkRange refuses days that are none, or too many.
func checkRange(from, to string) error {
	first, err := parseDay(from)
	if err != nil {
		return errDate.WithField("due_from")
	}
	last, err := parseDay(to)
	if err != nil {
		return errDate.WithField("due_to")
	}
	if last.before(first) || !last.before(first.plus(maxDays, activityv1.DueUnit_DUE_UNIT_DAY)) {
		return errRange
	}
	return nil
}

// byDay gathers activities, which come by due date, by day.
func byDay(list []*activityv1.Activity) []*activityv1.ActivityDay {
	var days []*activityv1.ActivityDay
	for _, a := range list {
		if len(days) == 0 || days[len(days)-1].GetDate() != a.GetDueDate() {
			days = append(days, &activityv1.ActivityDay{Date: a.GetDueDate()})
		}
		last := days[len(days)-1]
		last.Activities = append(last.Activities, a)
	}
	return days
}
