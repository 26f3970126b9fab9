package record

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/rpc"
)

// GetRecord implements the contract's method.
func (h *Handler) GetRecord(ctx context.Context, req *recordv1.GetRecordRequest) (*recordv1.GetRecordResponse, error) {
	c := access.FromContext(ctx)
	id, err := recordID(req.GetRecordId())
	if err != nil {
		return nil, err
	}
	t, r, err := h.readable(ctx, c, id)
	if err != nil {
		return nil, err
	}
	out, err := h.answerOne(ctx, c, t, r)
	if err != nil {
		return nil, err
	}
	return &recordv1.GetRecordResponse{Record: out}, nil
}

// ListRecords implements the contract's method.
func (h *Handler) ListRecords(ctx context.Context, req *recordv1.ListRecordsRequest) (*recordv1.ListRecordsResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.listable(ctx, c, req.GetType())
	if err != nil {
		return nil, err
	}
	order, err := expr.OrderBy(cmp.Or(req.GetOrderBy(), newestFirst), t.schema(&c))
	if err != nil {
		return nil, inField(err, "order_by")
	}
	var after []*string
	if _, err := h.pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	q, err := h.over(c, t, req.GetFilter())
	if err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), 50, 200)
	list, err := h.list(ctx, q, order, after, size+1)
	if err != nil {
		return nil, err
	}
	res := &recordv1.ListRecordsResponse{}
	if len(list) > size {
		list = list[:size]
		if res.NextPageToken, err = h.pages.Encode(ctx, req, list[size-1].place); err != nil {
			return nil, err
		}
	}
	res.Records, err = h.answer(ctx, h.db, c, t, records(list)...)
	return res, err
}

// CountRecords implements the contract's method.
func (h *Handler) CountRecords(ctx context.Context, req *recordv1.CountRecordsRequest) (*recordv1.CountRecordsResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.listable(ctx, c, req.GetType())
	if err != nil {
		return nil, err
	}
	q, err := h.over(c, t, req.GetFilter())
	if err != nil {
		return nil, err
	}
	n, err := h.count(ctx, q)
	if err != nil {
		return nil, err
	}
	return &recordv1.CountRecordsResponse{Count: n}, nil
}

// listable answers a type whose records the caller may read, if not all of them.
func (h *Handler) listable(ctx context.Context, c access.Caller, name string) (*Type, error) {
	t, err := h.typeOf(ctx, h.db, c.Workspace, name)
	if err != nil {
		return nil, err
	}
	if !t.read.role(c) {
		return nil, errTypeNotFound
	}
	return t, nil
}

// CreateRecord implements the contract's method.
func (h *Handler) CreateRecord(ctx context.Context, req *recordv1.CreateRecordRequest) (*recordv1.CreateRecordResponse, error) {
	c := access.FromContext(ctx)
	request, err := requestOf(req)
	if err != nil {
		return nil, err
	}
	var t *Type
	var r *stored
	err = h.transact(ctx, c, c, func(w *writer) (err error) {
		t, r, err = w.create(ctx, req.GetRecord().GetType(), req.GetRecord().GetFields().AsMap(), request)
		return err
	})
	if err != nil {
		// Whatever went wrong now, an earlier try may have gone right.
		var missing error
		if t, r, missing = h.earlier(ctx, c, request); has(missing, errReused) {
			return nil, missing
		} else if missing != nil {
			return nil, err
		}
	}
	out, err := h.answerOne(ctx, c, t, r)
	if err != nil {
		return nil, err
	}
	return &recordv1.CreateRecordResponse{Record: out}, nil
}

// UpdateRecord implements the contract's method.
func (h *Handler) UpdateRecord(ctx context.Context, req *recordv1.UpdateRecordRequest) (*recordv1.UpdateRecordResponse, error) {
	c := access.FromContext(ctx)
	given := req.GetRecord()
	id, err := recordID(given.GetId())
	if err != nil {
		return nil, err
	}
	var t *Type
	var r *stored
	err = h.transact(ctx, c, c, func(w *writer) (err error) {
		t, r, err = w.update(ctx, id, given.GetEtag(), given.GetFields().AsMap(), req.GetUpdateMask().GetPaths())
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := h.answerOne(ctx, c, t, r)
	if err != nil {
		return nil, err
	}
	return &recordv1.UpdateRecordResponse{Record: out}, nil
}

// UpsertRecord implements the contract's method.
func (h *Handler) UpsertRecord(ctx context.Context, req *recordv1.UpsertRecordRequest) (*recordv1.UpsertRecordResponse, error) {
	c := access.FromContext(ctx)
	given := req.GetRecord()
	var t *Type
	var r *stored
	var created bool
	var err error
	for range tries { // who loses the race to create the record finds it then
		err = h.transact(ctx, c, c, func(w *writer) (err error) {
			t, r, created, err = w.upsert(ctx, given.GetType(), given.GetEtag(), given.GetFields().AsMap())
			return err
		})
		if !created || !has(err, errUniqueTaken) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	out, err := h.answerOne(ctx, c, t, r)
	if err != nil {
		return nil, err
	}
	return &recordv1.UpsertRecordResponse{Record: out, Created: created}, nil
}

// DeleteRecord implements the contract's method.
func (h *Handler) DeleteRecord(ctx context.Context, req *recordv1.DeleteRecordRequest) (*recordv1.DeleteRecordResponse, error) {
	c := access.FromContext(ctx)
	id, err := recordID(req.GetRecordId())
	if err != nil {
		return nil, err
	}
	err = h.transact(ctx, c, c, func(w *writer) error { return w.remove(ctx, id) })
	if err != nil {
		return nil, err
	}
	h.forgetThread(c.Workspace, id)
	return &recordv1.DeleteRecordResponse{}, nil
}

// SearchReferences implements the contract's method.
func (h *Handler) SearchReferences(ctx context.Context, req *recordv1.SearchReferencesRequest) (*recordv1.SearchReferencesResponse, error) {
	c := access.FromContext(ctx)
	size := rpc.PageSize(req.GetPageSize(), 10, 50)
	if req.GetType() == userType {
		found, err := h.users.Find(ctx, c.Workspace, req.GetQuery(), size)
		if err != nil {
			return nil, fmt.Errorf("find users: %w", err)
		}
		return &recordv1.SearchReferencesResponse{References: found}, nil
	}
	found, err := h.searchType(ctx, c, req.GetType(), req.GetQuery(), size)
	if err != nil {
		return nil, err
	}
	return &recordv1.SearchReferencesResponse{References: found}, nil
}

func recordID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return id, errNotFound.WithMessage("%s is no id of a record", quoted(s))
	}
	return id, nil
}
