package compose

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
)

// Rights implements access.Door for the threads of templates: who sees a template
// reads its files, and who may change it may add to them.
func (h *Handler) Rights(ctx context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	none := access.Rights{Facts: f}
	if c.Outsider() {
		return none, nil
	}
	row, err := h.q.MessageTemplateGet(ctx, h.DB, db.MessageTemplateGetParams{WorkspaceID: c.Workspace, ID: f.ID})
	if store.IsNoRows(err) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("find template: %w", err)
	}
	ok, err := h.sees(access.WithCaller(ctx, c), row.MessageTemplate.RecordType)
	if err != nil || !ok {
		return none, err
	}
	return access.Rights{Facts: f, Read: true, Post: editable(c, &row.MessageTemplate)}, nil
}

// editable is the rule of who may change a template.
func editable(c access.Caller, t *db.MessageTemplate) bool {
	return c.Administrator() || c.Agent() && t.AuthorID == c.ID
}

// sees is true if the caller in the context has to do with a record type; with
// none, everybody has.
func (h *Handler) sees(ctx context.Context, recordType string) (bool, error) {
	if recordType == "" {
		return true, nil
	}
	_, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: recordType})
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil, err
}
