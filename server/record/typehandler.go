package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// maxTypes is how many record types a workspace has at most.
const maxTypes = 200

// GetRecordType implements the contract's method.
func (h *Handler) GetRecordType(ctx context.Context, req *recordv1.GetRecordTypeRequest) (*recordv1.GetRecordTypeResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.readableType(ctx, h.db, c, req.GetName())
	if err != nil {
		return nil, err
	}
	return &recordv1.GetRecordTypeResponse{RecordType: t.forCaller(c)}, nil
}

// typePlace is where a page of types ends.
type typePlace struct{ Label, Name string }

// ListRecordTypes implements the contract's method.
func (h *Handler) ListRecordTypes(ctx context.Context, req *recordv1.ListRecordTypesRequest) (*recordv1.ListRecordTypesResponse, error) {
	c := access.FromContext(ctx)
	var after typePlace
	if _, err := h.pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), 50, 200)
	rows, err := h.q.RecordTypeList(ctx, h.db, db.RecordTypeListParams{
		WorkspaceID: c.Workspace, AfterLabel: after.Label, AfterName: after.Name, PageSize: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list record types: %w", err)
	}
	res := &recordv1.ListRecordTypesResponse{}
	for i, row := range rows {
		if i == size {
			last := rows[size-1]
			res.NextPageToken, err = h.pages.Encode(ctx, req, typePlace{last.SortLabel, last.RecordType.Name})
			return res, err
		}
		t, err := h.remember(row.RecordType, nil)
		if err != nil {
			return nil, err
		}
		if t.visible(c) {
			res.RecordTypes = append(res.RecordTypes, t.forCaller(c))
		}
	}
	return res, nil
}

// CreateRecordType implements the contract's method.
func (h *Handler) CreateRecordType(ctx context.Context, req *recordv1.CreateRecordTypeRequest) (*recordv1.CreateRecordTypeResponse, error) {
	c := access.FromContext(ctx)
	request, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return nil, fmt.Errorf("read request id: %w", err)
	}
	t, err := h.createType(ctx, c, request, req.GetRecordType())
	if err != nil {
		row, missing := h.q.RecordTypeByRequest(ctx, h.db, db.RecordTypeByRequestParams{WorkspaceID: c.Workspace, RequestID: request})
		if missing != nil {
			return nil, err
		}
		if t, err = h.remember(row, nil); err != nil {
			return nil, err
		}
	}
	return &recordv1.CreateRecordTypeResponse{RecordType: t.forCaller(c)}, nil
}

func (h *Handler) createType(ctx context.Context, c access.Caller, request uuid.UUID, given *recordv1.RecordType) (*Type, error) {
	def := proto.CloneOf(given)
	def.Subtypes = withImplied(def.Subtypes)
	if err := h.checkType(ctx, h.db, c.Workspace, def); err != nil {
		return nil, err
	}
	n, err := h.q.RecordTypeCount(ctx, h.db, c.Workspace)
	if err != nil {
		return nil, fmt.Errorf("count record types: %w", err)
	}
	if n >= maxTypes {
		return nil, errTypeLimit
	}
	encoded, err := definition(def)
	if err != nil {
		return nil, err
	}
	err = h.q.RecordTypeInsert(ctx, h.db, db.RecordTypeInsertParams{
		WorkspaceID: c.Workspace, Name: def.GetName(), Label: def.GetLabel(), Definition: encoded, RequestID: &request, Now: h.now(),
	})
	if store.IsUnique(err, "") {
		return nil, errTypeExists.WithField("record_type.name")
	}
	if err != nil {
		return nil, fmt.Errorf("insert record type: %w", err)
	}
	h.forgetType(c.Workspace, def.GetName())
	return h.typeOf(ctx, h.db, c.Workspace, def.GetName())
}

// checkType finds out whether a type can be stored.
func (h *Handler) checkType(ctx context.Context, tx db.DBTX, workspace uuid.UUID, def *recordv1.RecordType) error {
	targets := []string{}
	for _, f := range def.GetFields() {
		if f.GetTargetType() != "" {
			targets = append(targets, f.GetTargetType())
		}
	}
	existing, err := h.q.RecordTypeExisting(ctx, tx, db.RecordTypeExistingParams{WorkspaceID: workspace, Names: targets})
	if err != nil {
		return fmt.Errorf("find record types: %w", err)
	}
	known := make(map[string]bool, len(existing))
	for _, name := range existing {
		known[name] = true
	}
	if w := check(def, func(name string) bool { return known[name] }); w != nil {
		return typeFault(w)
	}
	return h.checkParent(ctx, tx, workspace, def)
}

// checkParent is checkParent with the parent's type looked up.
func (h *Handler) checkParent(ctx context.Context, tx db.DBTX, workspace uuid.UUID, def *recordv1.RecordType) error {
	var subtypes []*recordv1.Subtype
	if f := fieldOf(def, def.GetParentField()); f.GetTargetType() != "" && f.GetTargetType() != userType && f.GetTargetType() != def.GetName() {
		row, err := h.q.RecordTypeGet(ctx, tx, db.RecordTypeGetParams{WorkspaceID: workspace, Name: f.GetTargetType()})
		parent, err := h.remember(row, err)
		if err != nil {
			return err
		}
		subtypes = parent.def.GetSubtypes()
	}
	if w := checkParent(def, subtypes); w != nil {
		return typeFault(w)
	}
	return nil
}

// typeFault is what is wrong with a type as the answer to a request.
func typeFault(w *wrong) error {
	return errTypeInvalid.WithField("record_type."+w.field).WithMessage("%s", w.message)
}

// UpdateRecordType implements the contract's method.
func (h *Handler) UpdateRecordType(ctx context.Context, req *recordv1.UpdateRecordTypeRequest) (*recordv1.UpdateRecordTypeResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.updateType(ctx, c.Workspace, req.GetRecordType(), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	return &recordv1.UpdateRecordTypeResponse{RecordType: t.forCaller(c)}, nil
}

// DeleteRecordType implements the contract's method.
func (h *Handler) DeleteRecordType(ctx context.Context, req *recordv1.DeleteRecordTypeRequest) (*recordv1.DeleteRecordTypeResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.typeOf(ctx, h.db, c.Workspace, req.GetName())
	if err != nil {
		return nil, err
	}
	if t.def.GetBuiltIn() {
		return nil, errTypeBuiltIn
	}
	referrer, err := h.q.RecordTypeReferrer(ctx, h.db, db.RecordTypeReferrerParams{WorkspaceID: c.Workspace, Name: req.GetName()})
	if err == nil {
		return nil, errTypeInUse.WithMessage("%s has a field that refers to this record type; remove the field first", referrer)
	}
	if !store.IsNoRows(err) {
		return nil, fmt.Errorf("find references to record type: %w", err)
	}
	err = h.q.RecordTypeDelete(ctx, h.db, db.RecordTypeDeleteParams{WorkspaceID: c.Workspace, Name: req.GetName()})
	if store.IsForeignKey(err, "") {
		return nil, errTypeInUse
	}
	if err != nil {
		return nil, fmt.Errorf("delete record type: %w", err)
	}
	h.forgetType(c.Workspace, req.GetName())
	return &recordv1.DeleteRecordTypeResponse{}, nil
}

// has says whether err is the failure f, refined or not.
func has(err error, f *fault.Error) bool { return fault.ReasonOf(err) == f.Reason }
