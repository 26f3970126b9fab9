package record

import (
	"context"
	"errors"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// UpdateRecords implements the contract's method.
func (h *Handler) UpdateRecords(ctx context.Context, req *recordv1.UpdateRecordsRequest) (*recordv1.UpdateRecordsResponse, error) {
	c := access.FromContext(ctx)
	given, mask := req.GetFields().AsMap(), req.GetUpdateMask().GetPaths()
	results := results(req.GetRecordIds())
	saved := map[*Type][]*stored{}
	places := map[uuid.UUID]*recordv1.RecordResult{}
	for _, res := range results {
		var t *Type
		var r *stored
		err := h.one(res, func(id uuid.UUID) error {
			return h.transact(ctx, c, c, func(w *writer) (err error) {
				t, r, err = w.update(ctx, id, "", given, mask)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		if res.GetFailure() == nil {
			saved[t] = append(saved[t], r)
			places[r.id] = res
		}
	}
	for t, list := range saved {
		answers, err := h.answer(ctx, h.db, c, t, list...)
		if err != nil {
			return nil, err
		}
		for i, r := range list {
			places[r.id].Record = answers[i]
		}
	}
	return &recordv1.UpdateRecordsResponse{Results: results}, nil
}

// DeleteRecords implements the contract's method.
func (h *Handler) DeleteRecords(ctx context.Context, req *recordv1.DeleteRecordsRequest) (*recordv1.DeleteRecordsResponse, error) {
	c := access.FromContext(ctx)
	results := results(req.GetRecordIds())
	for _, res := range results {
		err := h.one(res, func(id uuid.UUID) error {
			if err := h.transact(ctx, c, c, func(w *writer) error { return w.remove(ctx, id) }); err != nil {
				return err
			}
			h.forgetThread(c.Workspace, id)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return &recordv1.DeleteRecordsResponse{Results: results}, nil
}

func results(ids []string) []*recordv1.RecordResult {
	out := make([]*recordv1.RecordResult, len(ids))
	for i, id := range ids {
		out[i] = &recordv1.RecordResult{RecordId: id}
	}
	return out
}

// one does something with one of many records. What is the matter with that record
// is noted in its result; what would fail for all fails.
func (h *Handler) one(res *recordv1.RecordResult, do func(id uuid.UUID) error) error {
	id, err := recordID(res.GetRecordId())
	if err == nil {
		err = do(id)
	}
	var f *fault.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &f):
		return err
	case f.Kind == fault.Invalid, f.Kind == fault.NotFound, f.Kind == fault.Denied, f.Kind == fault.AlreadyExists,
		f.Kind == fault.Precondition, f.Kind == fault.Conflict:
		res.Failure = &recordv1.RecordFailure{Reason: f.Reason, Field: f.Field, Message: f.Message}
		return nil
	default:
		return err
	}
}
