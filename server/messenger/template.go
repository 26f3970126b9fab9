package messenger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

const (
	// maxPages bounds how much a messenger can make us fetch.
	maxPages = 100
	// syncTime bounds the fetching of all templates.
	syncTime = time.Minute
)

// SyncTemplates implements the contract's method.
func (h *Handler) SyncTemplates(ctx context.Context, req *messengerv1.SyncTemplatesRequest) (*messengerv1.SyncTemplatesResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	row, connector, account, err := h.ready(ctx, access.FromContext(ctx).Workspace, uuid.MustParse(req.GetConnectionId()))
	if err != nil {
		return nil, err
	}
	var all []Template
	for page, n := "", 0; n < maxPages; n++ {
		list, next, err := connector.Templates(ctx, account, page)
		if err != nil {
			return nil, told(err)
		}
		all = append(all, list...)
		if next == "" || next == page {
			break
		}
		page = next
	}
	return h.keepTemplates(ctx, &row, all)
}

// keepTemplates stores what the messenger has, all or nothing.
func (h *Handler) keepTemplates(ctx context.Context, of *db.MessengerConnection, all []Template) (*messengerv1.SyncTemplatesResponse, error) {
	return store.InTxV(ctx, h.DB, func(tx pgx.Tx) (*messengerv1.SyncTemplatesResponse, error) {
		if _, err := h.q.ConnectionLock(ctx, tx, db.ConnectionLockParams{WorkspaceID: of.WorkspaceID, ID: of.ID}); err != nil {
			return nil, found(err)
		}
		now, res := h.Now().Truncate(time.Microsecond), &messengerv1.SyncTemplatesResponse{TemplateCount: int32(len(all))}
		for i := range all {
			if all[i].State == messengerv1.TemplateState_TEMPLATE_STATE_APPROVED {
				res.ApprovedCount++
			}
			if err := h.keepTemplate(ctx, tx, of, &all[i], now); err != nil {
				return nil, err
			}
		}
		gone, err := h.q.TemplateGone(ctx, tx, db.TemplateGoneParams{
			WorkspaceID: of.WorkspaceID, ConnectionID: of.ID, State: int16(messengerv1.TemplateState_TEMPLATE_STATE_DELETED), Now: now,
		})
		if err != nil {
			return nil, fmt.Errorf("mark templates that are gone: %w", err)
		}
		res.DeletedCount = int32(gone)
		if err := h.q.ConnectionSynced(ctx, tx, db.ConnectionSyncedParams{WorkspaceID: of.WorkspaceID, ID: of.ID, Now: &now}); err != nil {
			return nil, fmt.Errorf("note the synchronisation: %w", err)
		}
		return res, nil
	})
}

func (h *Handler) keepTemplate(ctx context.Context, tx pgx.Tx, of *db.MessengerConnection, t *Template, now time.Time) error {
	content, err := json.Marshal(t.Content)
	if err != nil {
		return fmt.Errorf("encode template: %w", err)
	}
	err = h.q.TemplatePut(ctx, tx, db.TemplatePutParams{
		WorkspaceID: of.WorkspaceID, ID: newID(), ConnectionID: of.ID, ExternalID: t.ID, Name: t.Name, Language: t.Language, Category: t.Category,
		State: int16(t.State), Reason: t.Reason, Content: content, Now: now,
	})
	if err != nil {
		return fmt.Errorf("keep template: %w", err)
	}
	return nil
}

// stored is a template as it is in the database, read.
type stored struct {
	db.MessengerTemplate
	content      Content
	placeholders map[string]string
}

func read(row db.MessengerTemplate) (*stored, error) {
	t := &stored{MessengerTemplate: row}
	if err := json.Unmarshal(row.Content, &t.content); err != nil {
		return nil, fmt.Errorf("decode template %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(row.Placeholders, &t.placeholders); err != nil {
		return nil, fmt.Errorf("decode placeholders of template %s: %w", row.ID, err)
	}
	return t, nil
}

// template reads one template.
func (h *Handler) template(ctx context.Context, workspace, id uuid.UUID) (*stored, error) {
	row, err := h.q.TemplateGet(ctx, h.DB, db.TemplateGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, errNoTemplate
	}
	if err != nil {
		return nil, fmt.Errorf("find template: %w", err)
	}
	return read(row)
}

func (t *stored) approved() bool {
	return t.State == int16(messengerv1.TemplateState_TEMPLATE_STATE_APPROVED)
}

func (t *stored) proto() *messengerv1.WhatsAppTemplate {
	out := &messengerv1.WhatsAppTemplate{
		Id: t.ID.String(), ConnectionId: t.ConnectionID.String(), Name: t.Name, Language: t.Language, Category: t.Category,
		State: messengerv1.TemplateState(t.State), StateReason: t.Reason, Header: t.content.Header, Body: t.content.Body, Footer: t.content.Footer,
		Buttons: t.content.Buttons, RecordType: t.RecordType, Supported: t.content.Unsupported == "", SyncTime: timestamppb.New(t.SyncTime),
	}
	for _, gap := range t.content.Gaps {
		out.Parameters = append(out.Parameters, &messengerv1.TemplateParameter{
			Name: gap.Name(), Example: gap.Example, Value: t.placeholders[gap.Name()],
		})
	}
	return out
}

// listPlace is where the next page of templates begins.
type listPlace struct {
	Name, Language string
	ID             uuid.UUID
}

// ListWhatsAppTemplates implements the contract's method.
func (h *Handler) ListWhatsAppTemplates(ctx context.Context, req *messengerv1.ListWhatsAppTemplatesRequest) (*messengerv1.ListWhatsAppTemplatesResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	var after listPlace
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	p := db.TemplateListParams{
		WorkspaceID: c.Workspace, AfterName: after.Name, AfterLanguage: after.Language, AfterID: after.ID, MaxRows: int32(size + 1),
	}
	if req.GetConnectionId() != "" {
		id := uuid.MustParse(req.GetConnectionId())
		if _, err := h.connection(ctx, c.Workspace, id); err != nil {
			return nil, err
		}
		p.ConnectionID = &id
	}
	list, err := h.list(ctx, p)
	if err != nil {
		return nil, err
	}
	res := &messengerv1.ListWhatsAppTemplatesResponse{}
	if len(list) > size {
		list = list[:size]
		last := list[size-1]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, listPlace{last.Name, last.Language, last.ID}); err != nil {
			return nil, err
		}
	}
	for _, t := range list {
		res.Templates = append(res.Templates, t.proto())
	}
	return res, nil
}

func (h *Handler) list(ctx context.Context, p db.TemplateListParams) ([]*stored, error) {
	rows, err := h.q.TemplateList(ctx, h.DB, p)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	out := make([]*stored, len(rows))
	for i, row := range rows {
		if out[i], err = read(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ListThreadTemplates implements the contract's method.
func (h *Handler) ListThreadTemplates(ctx context.Context, req *messengerv1.ListThreadTemplatesRequest) (*messengerv1.ListThreadTemplatesResponse, error) {
	c := access.FromContext(ctx)
	rights, err := h.Gate.Read(ctx, c, uuid.MustParse(req.GetThreadId()))
	if err != nil {
		return nil, err
	}
	res := &messengerv1.ListThreadTemplatesResponse{}
	if !rights.Post || rights.Kind != access.KindRecord {
		return res, nil
	}
	list, err := h.list(ctx, db.TemplateListParams{
		WorkspaceID: c.Workspace, RecordType: rights.RecordType, OnlyState: int16(messengerv1.TemplateState_TEMPLATE_STATE_APPROVED), MaxRows: mostPage,
	})
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if t.content.Unsupported == "" {
			res.Templates = append(res.Templates, t.proto())
		}
	}
	return res, nil
}

// bindable are the fields of a template that can be changed.
var bindable = []string{"record_type", "parameters"}

// UpdateWhatsAppTemplate implements the contract's method.
func (h *Handler) UpdateWhatsAppTemplate(ctx context.Context, req *messengerv1.UpdateWhatsAppTemplateRequest) (*messengerv1.UpdateWhatsAppTemplateResponse, error) {
	c, mask := access.FromContext(ctx), req.GetUpdateMask().GetPaths()
	for _, path := range mask {
		if !slices.Contains(bindable, path) {
			return nil, errMask
		}
	}
	id, err := uuid.Parse(req.GetTemplate().GetId())
	if err != nil {
		return nil, errNoTemplate
	}
	t, err := h.template(ctx, c.Workspace, id)
	if err != nil {
		return nil, err
	}
	if len(mask) == 0 || slices.Contains(mask, "record_type") {
		t.RecordType = req.GetTemplate().GetRecordType()
	}
	if len(mask) == 0 || slices.Contains(mask, "parameters") {
		if err := t.bind(req.GetTemplate().GetParameters()); err != nil {
			return nil, err
		}
	}
	if err := h.checkBinding(ctx, t); err != nil {
		return nil, err
	}
	placeholders, err := json.Marshal(t.placeholders)
	if err != nil {
		return nil, fmt.Errorf("encode placeholders: %w", err)
	}
	row, err := h.q.TemplateBind(ctx, h.DB, db.TemplateBindParams{
		WorkspaceID: c.Workspace, ID: id, RecordType: t.RecordType, Placeholders: placeholders,
	})
	if store.IsNoRows(err) {
		return nil, errNoTemplate
	}
	if err != nil {
		return nil, fmt.Errorf("bind template: %w", err)
	}
	if t, err = read(row); err != nil {
		return nil, err
	}
	return &messengerv1.UpdateWhatsAppTemplateResponse{Template: t.proto()}, nil
}

// bind replaces what fills the gaps.
func (t *stored) bind(given []*messengerv1.TemplateParameter) error {
	t.placeholders = make(map[string]string, len(given))
	for _, p := range given {
		if !slices.ContainsFunc(t.content.Gaps, func(g Gap) bool { return g.Name() == p.GetName() }) {
			return errParameter.With("parameter", p.GetName())
		}
		if p.GetValue() != "" {
			t.placeholders[p.GetName()] = p.GetValue()
		}
	}
	return nil
}
