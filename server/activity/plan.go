package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// planPlace is where a page of plans ends.
type planPlace struct {
	Name string    `json:"n"`
	ID   uuid.UUID `json:"i"`
}

// planToProto is a stored plan.
func planToProto(row *db.ActivityPlan) (*activityv1.ActivityPlan, error) {
	p := &activityv1.ActivityPlan{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(row.Items, p); err != nil {
		return nil, fmt.Errorf("decode plan %s: %w", row.ID, err)
	}
	p.Id, p.Name, p.RecordType, p.Archived, p.Etag = row.ID.String(), row.Name, row.RecordType, row.Archived, etagOf(row.Version)
	return p, nil
}

// encodeItems is a plan's activities as they are stored.
func encodeItems(items []*activityv1.ActivityPlanItem) (json.RawMessage, error) {
	b, err := protojson.Marshal(&activityv1.ActivityPlan{Items: items})
	if err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return b, nil
}

// ListActivityPlans implements activityv1connect.ActivityServiceHandler.
func (h *Handler) ListActivityPlans(ctx context.Context, req *activityv1.ListActivityPlansRequest) (*activityv1.ListActivityPlansResponse, error) {
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	p := db.ActivityPlanListParams{
		WorkspaceID: access.FromContext(ctx).Workspace, IncludeArchived: req.GetIncludeArchived(), RecordType: req.GetRecordType(),
		MaxRows: int32(size + 1),
	}
	var at planPlace
	further, err := h.Pages.Decode(ctx, req, &at)
	if err != nil {
		return nil, err
	}
	if further {
		p.AfterName, p.AfterID = &at.Name, at.ID
	}
	rows, err := h.q.ActivityPlanList(ctx, h.DB, p)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	res := &activityv1.ListActivityPlansResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, planPlace{rows[size-1].Name, rows[size-1].ID}); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		plan, err := planToProto(&rows[i])
		if err != nil {
			return nil, err
		}
		res.Plans = append(res.Plans, plan)
	}
	return res, nil
}

// plan is the plan that a request names.
func (h *Handler) plan(ctx context.Context, c access.Caller, name string) (*activityv1.ActivityPlan, error) {
	id, err := idOf(name, errPlanNotFound)
	if err != nil {
		return nil, err
	}
	row, err := h.q.ActivityPlanGet(ctx, h.DB, db.ActivityPlanGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, errPlanNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find plan: %w", err)
	}
	return planToProto(&row)
}

// GetActivityPlan implements activityv1connect.ActivityServiceHandler.
func (h *Handler) GetActivityPlan(ctx context.Context, req *activityv1.GetActivityPlanRequest) (*activityv1.GetActivityPlanResponse, error) {
	p, err := h.plan(ctx, access.FromContext(ctx), req.GetPlanId())
	return &activityv1.GetActivityPlanResponse{Plan: p}, err
}

// CreateActivityPlan implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CreateActivityPlan(ctx context.Context, req *activityv1.CreateActivityPlanRequest) (*activityv1.CreateActivityPlanResponse, error) {
	c := access.FromContext(ctx)
	request, err := idOf(req.GetRequestId(), errRequestReused)
	if err != nil {
		return nil, err
	}
	row := db.ActivityPlan{WorkspaceID: c.Workspace, ID: uuid.Must(uuid.NewV7()), RequestID: &request, CreateTime: h.Now()}
	made, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ActivityPlan, error) {
		if err := h.changePlan(ctx, tx, &row, req.GetPlan()); err != nil {
			return row, err
		}
		if err := h.checkItems(ctx, tx, &row, req.GetPlan().GetItems()); err != nil {
			return row, err
		}
		made, err := h.q.ActivityPlanInsert(ctx, tx, db.ActivityPlanInsertParams{
			WorkspaceID: row.WorkspaceID, ID: row.ID, Name: row.Name, RecordType: row.RecordType, Items: row.Items, Archived: row.Archived,
			RequestID: row.RequestID, CreateTime: row.CreateTime,
		})
		if err != nil {
			return made, fmt.Errorf("insert plan: %w", err)
		}
		return made, nil
	})
	if err != nil {
		earlier, missing := h.q.ActivityPlanByRequest(ctx, h.DB, db.ActivityPlanByRequestParams{WorkspaceID: c.Workspace, RequestID: &request})
		if missing != nil {
			return nil, planFault(err)
		}
		made = earlier // whatever went wrong now, an earlier try went right
	}
	plan, err := planToProto(&made)
	return &activityv1.CreateActivityPlanResponse{Plan: plan}, err
}

// planFault words the violation of a plan's name.
func planFault(err error) error {
	if store.IsUnique(err, "activity_plan_name") {
		return errPlanTaken.Wrap(err)
	}
	return err
}

// changePlan gives a plan new values, which are checked but for its activities.
func (h *Handler) changePlan(ctx context.Context, tx pgx.Tx, row *db.ActivityPlan, want *activityv1.ActivityPlan) (err error) {
	row.Name, row.RecordType, row.Archived = strings.TrimSpace(want.GetName()), want.GetRecordType(), want.GetArchived()
	switch {
	case row.Name == "":
		return errName.WithField("plan.name")
	case !storable(row.Name):
		return errText.WithField("plan.name")
	case len(want.GetItems()) == 0:
		return errPlanEmpty
	}
	if err := h.recordTypeExists(ctx, tx, row.WorkspaceID, row.RecordType, "plan.record_type"); err != nil {
		return err
	}
	row.Items, err = encodeItems(want.GetItems())
	return err
}

// checkItems checks the activities of a plan.
func (h *Handler) checkItems(ctx context.Context, tx pgx.Tx, row *db.ActivityPlan, items []*activityv1.ActivityPlanItem) error {
	types, _, err := h.types(ctx, tx, row.WorkspaceID)
	if err != nil {
		return err
	}
	people, err := h.people(ctx, tx, row.WorkspaceID, assigneesOf(items))
	if err != nil {
		return err
	}
	for i, item := range items {
		if err := checkItem(item, row.RecordType, types, people); err != nil {
			return err.WithField(fmt.Sprintf("plan.items[%d]", i))
		}
	}
	return nil
}

// assigneesOf are the users whom activities of a plan always go to.
func assigneesOf(items []*activityv1.ActivityPlanItem) []uuid.UUID {
	users := set{}
	for _, item := range items {
		if id, err := uuid.Parse(item.GetAssigneeId()); err == nil {
			users.add(&id)
		}
	}
	return users.all()
}

// UpdateActivityPlan implements activityv1connect.ActivityServiceHandler.
func (h *Handler) UpdateActivityPlan(ctx context.Context, req *activityv1.UpdateActivityPlanRequest) (*activityv1.UpdateActivityPlanResponse, error) {
	c, want := access.FromContext(ctx), req.GetPlan()
	id, err := idOf(want.GetId(), errPlanNotFound)
	if err != nil {
		return nil, err
	}
	fields, err := masked([]maskField{
		{"name", want.GetName() != ""}, {"record_type", want.GetRecordType() != ""}, {"items", len(want.GetItems()) > 0},
		{"archived", want.GetArchived()},
	}, req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	made, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ActivityPlan, error) {
		row, err := h.q.ActivityPlanLock(ctx, tx, db.ActivityPlanLockParams{WorkspaceID: c.Workspace, ID: id})
		switch {
		case store.IsNoRows(err):
			return row, errPlanNotFound
		case err != nil:
			return row, fmt.Errorf("lock plan: %w", err)
		case want.GetEtag() != "" && want.GetEtag() != etagOf(row.Version):
			return row, errEtag
		}
		return h.updatePlan(ctx, tx, row, want, fields)
	})
	if err != nil {
		return nil, planFault(err)
	}
	plan, err := planToProto(&made)
	return &activityv1.UpdateActivityPlanResponse{Plan: plan}, err
}

// updatePlan stores a plan with the fields that are wanted, and the others as they
// are.
func (h *Handler) updatePlan(ctx context.Context, tx pgx.Tx, row db.ActivityPlan, want *activityv1.ActivityPlan, fields []string) (db.ActivityPlan, error) {
	next, err := planToProto(&row)
	if err != nil {
		return row, err
	}
	for _, field := range fields {
		switch field {
		case "name":
			next.Name = want.GetName()
		case "record_type":
			next.RecordType = want.GetRecordType()
		case "items":
			next.Items = want.GetItems()
		case "archived":
			next.Archived = want.GetArchived()
		}
	}
	if err := h.changePlan(ctx, tx, &row, next); err != nil {
		return row, err
	}
	if slices.Contains(fields, "items") || slices.Contains(fields, "record_type") { // else what was right may have become wrong since
		if err := h.checkItems(ctx, tx, &row, next.GetItems()); err != nil {
			return row, err
		}
	}
	made, err := h.q.ActivityPlanUpdate(ctx, tx, db.ActivityPlanUpdateParams{
		Name: row.Name, RecordType: row.RecordType, Items: row.Items, Archived: row.Archived, WorkspaceID: row.WorkspaceID, ID: row.ID,
	})
	if err != nil {
		return made, fmt.Errorf("update plan: %w", err)
	}
	return made, nil
}

// DeleteActivityPlan implements activityv1connect.ActivityServiceHandler.
func (h *Handler) DeleteActivityPlan(ctx context.Context, req *activityv1.DeleteActivityPlanRequest) (*activityv1.DeleteActivityPlanResponse, error) {
	id, err := idOf(req.GetPlanId(), errPlanNotFound)
	if err != nil {
		return nil, err
	}
	n, err := h.q.ActivityPlanDelete(ctx, h.DB, db.ActivityPlanDeleteParams{WorkspaceID: access.FromContext(ctx).Workspace, ID: id})
	if err != nil {
		return nil, fmt.Errorf("delete plan: %w", err)
	}
	if n == 0 {
		return nil, errPlanNotFound
	}
	return &activityv1.DeleteActivityPlanResponse{}, nil
}
