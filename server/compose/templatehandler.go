package compose

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/placeholder"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// namePlace is where a page of templates begins.
type namePlace struct {
	Name string
	ID   uuid.UUID
}

// ListMessageTemplates implements the contract's method.
func (h *Handler) ListMessageTemplates(ctx context.Context, req *composev1.ListMessageTemplatesRequest) (*composev1.ListMessageTemplatesResponse, error) {
	var after namePlace
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	types, err := h.visibleTypes(ctx, req.GetRecordType())
	if err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	rows, err := h.q.MessageTemplateList(ctx, h.DB, db.MessageTemplateListParams{
		WorkspaceID: access.FromContext(ctx).Workspace, RecordTypes: types, IncludeArchived: req.GetIncludeArchived(),
		Query: strings.ReplaceAll(req.GetQuery(), "\x00", ""), AfterName: after.Name, AfterID: after.ID, MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	res, list := &composev1.ListMessageTemplatesResponse{}, []db.MessageTemplateGetRow{}
	for i, row := range rows {
		if i == size {
			last := rows[size-1].MessageTemplate
			if res.NextPageToken, err = h.Pages.Encode(ctx, req, namePlace{last.Name, last.ID}); err != nil {
				return nil, err
			}
			break
		}
		list = append(list, db.MessageTemplateGetRow(row))
	}
	res.Templates, err = h.templates(ctx, list...)
	return res, err
}

// GetMessageTemplate implements the contract's method.
func (h *Handler) GetMessageTemplate(ctx context.Context, req *composev1.GetMessageTemplateRequest) (*composev1.GetMessageTemplateResponse, error) {
	row, err := h.visible(ctx, req.GetMessageTemplateId())
	if err != nil {
		return nil, err
	}
	list, err := h.templates(ctx, row)
	if err != nil {
		return nil, err
	}
	return &composev1.GetMessageTemplateResponse{Template: list[0]}, nil
}

// CreateMessageTemplate implements the contract's method.
func (h *Handler) CreateMessageTemplate(ctx context.Context, req *composev1.CreateMessageTemplateRequest) (*composev1.CreateMessageTemplateResponse, error) {
	t, err := h.create(ctx, req.GetRequestId(), func() (*db.MessageTemplate, []uuid.UUID, error) {
		t := &db.MessageTemplate{RecordType: req.GetRecordType(), Name: req.GetName(), Subject: req.GetSubject(), Body: req.GetBody()}
		return t, nil, h.clean(ctx, t)
	})
	if err != nil {
		return nil, err
	}
	return &composev1.CreateMessageTemplateResponse{Template: t}, nil
}

// SaveMessageAsTemplate implements the contract's method.
func (h *Handler) SaveMessageAsTemplate(ctx context.Context, req *composev1.SaveMessageAsTemplateRequest) (*composev1.SaveMessageAsTemplateResponse, error) {
	t, err := h.create(ctx, req.GetRequestId(), func() (*db.MessageTemplate, []uuid.UUID, error) {
		t, files, err := h.fromMessage(ctx, req.GetThreadId(), req.GetMessageId())
		if err != nil {
			return nil, nil, err
		}
		t.Name = req.GetName()
		return t, files, h.clean(ctx, t)
	})
	if err != nil {
		return nil, err
	}
	return &composev1.SaveMessageAsTemplateResponse{Template: t}, nil
}

// fromMessage is what a message has for a template, and its files.
func (h *Handler) fromMessage(ctx context.Context, threadName, messageName string) (*db.MessageTemplate, []uuid.UUID, error) {
	c := access.FromContext(ctx)
	id, err := idOf(threadName, access.ErrThreadNotFound)
	if err != nil {
		return nil, nil, err
	}
	rights, err := h.Gate.Read(ctx, c, id)
	if err != nil {
		return nil, nil, err
	}
	message, err := idOf(messageName, thread.ErrNoMessage)
	if err != nil {
		return nil, nil, err
	}
	m, err := h.Log.Get(ctx, c.Workspace, id, message)
	if err != nil {
		return nil, nil, err
	}
	if rights.Kind != access.KindRecord || m.Kind != threadv1.MessageKind_MESSAGE_KIND_COMMENT || m.Delete != nil {
		return nil, nil, errNotCopied
	}
	body := m.Body
	if m.Extra.GetFormat() != threadv1.TextFormat_TEXT_FORMAT_MARKDOWN {
		body = placeholder.Markdown(body)
	}
	var files []uuid.UUID
	for _, f := range m.Extra.GetFiles() {
		if id, err := uuid.Parse(f.GetId()); err == nil {
			files = append(files, id)
		}
	}
	t := &db.MessageTemplate{RecordType: rights.RecordType, Subject: placeholder.Quote(m.Extra.GetSubject()), Body: placeholder.Quote(body)}
	if len([]rune(t.Body)) > maxBody {
		return nil, nil, errTextTooLong
	}
	return t, files, nil
}

// create stores a template with copies of files, once a request.
func (h *Handler) create(ctx context.Context, requestName string, prepare func() (*db.MessageTemplate, []uuid.UUID, error)) (*composev1.MessageTemplate, error) {
	c := access.FromContext(ctx)
	request, err := idOf(requestName, errReused)
	if err != nil {
		return nil, err
	}
	earlier := func() (*composev1.MessageTemplate, error) {
		row, err := h.q.MessageTemplateByRequest(ctx, h.DB, db.MessageTemplateByRequestParams{WorkspaceID: c.Workspace, AuthorID: c.ID, RequestID: request})
		if err != nil {
			return nil, fmt.Errorf("find template by request: %w", err)
		}
		return h.template(ctx, row.ID)
	}
	if made, err := earlier(); !store.IsNoRows(err) {
		return made, err
	}
	t, files, err := prepare()
	if err != nil {
		return nil, err
	}
	t.WorkspaceID, t.ID, t.AuthorID, t.RequestID = c.Workspace, newID(), c.ID, request
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error { return h.insert(ctx, tx, t, files) })
	switch {
	case store.IsUnique(err, "message_template_request"): // another try of the same was quicker
		return earlier()
	case store.IsUnique(err, "message_template_name"):
		if made, other := earlier(); other == nil {
			return made, nil
		}
		return nil, errTemplateTaken.Wrap(err)
	case err != nil:
		return nil, err
	}
	return h.template(ctx, t.ID)
}

func (h *Handler) insert(ctx context.Context, tx pgx.Tx, t *db.MessageTemplate, files []uuid.UUID) error {
	c := access.FromContext(ctx)
	if err := h.Log.Create(ctx, tx, c.Workspace, t.ID, access.KindTemplate, ""); err != nil {
		return err
	}
	_, err := h.q.MessageTemplateInsert(ctx, tx, db.MessageTemplateInsertParams{
		WorkspaceID: t.WorkspaceID, ID: t.ID, RecordType: t.RecordType, Name: t.Name, Subject: t.Subject, Body: t.Body, AuthorID: t.AuthorID,
		RequestID: t.RequestID, CreateTime: h.Now(), MaxTemplates: maxTemplates,
	})
	if store.IsNoRows(err) {
		return errTooManyTemplates
	}
	if err != nil {
		return fmt.Errorf("insert template: %w", err)
	}
	for _, id := range files {
		f, err := h.Files.Copy(ctx, tx, c.Workspace, id, t.ID, thread.AuthorOf(c))
		if err != nil {
			return err
		}
		if err := h.q.ComposeFileAttach(ctx, tx, db.ComposeFileAttachParams{WorkspaceID: c.Workspace, ID: uuid.MustParse(f.GetId())}); err != nil {
			return fmt.Errorf("attach file to template: %w", err)
		}
	}
	return nil
}

// UpdateMessageTemplate implements the contract's method.
func (h *Handler) UpdateMessageTemplate(ctx context.Context, req *composev1.UpdateMessageTemplateRequest) (*composev1.UpdateMessageTemplateResponse, error) {
	row, err := h.visible(ctx, req.GetMessageTemplateId())
	if err != nil {
		return nil, err
	}
	id := row.MessageTemplate.ID
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		t, err := h.locked(ctx, tx, id)
		if err != nil {
			return err
		}
		if req.GetEtag() != "" && req.GetEtag() != etagOf(t.Version) {
			return errEtag
		}
		return h.change(ctx, tx, &t, req)
	})
	if store.IsUnique(err, "message_template_name") {
		return nil, errTemplateTaken.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	t, err := h.template(ctx, id)
	return &composev1.UpdateMessageTemplateResponse{Template: t}, err
}

// locked is a template that the caller may change, and that stays as it is until
// the transaction ends.
func (h *Handler) locked(ctx context.Context, tx pgx.Tx, id uuid.UUID) (db.MessageTemplate, error) {
	c := access.FromContext(ctx)
	t, err := h.q.MessageTemplateLock(ctx, tx, db.MessageTemplateLockParams{WorkspaceID: c.Workspace, ID: id})
	switch {
	case store.IsNoRows(err):
		return t, errTemplateNotFound
	case err != nil:
		return t, fmt.Errorf("lock template: %w", err)
	case !editable(c, &t):
		return t, errTemplateDenied
	default:
		return t, nil
	}
}

// change saves what is set. Texts that stay are checked only if the type does not.
func (h *Handler) change(ctx context.Context, tx pgx.Tx, t *db.MessageTemplate, req *composev1.UpdateMessageTemplateRequest) error {
	set := func(to *string, from *string) bool {
		if from != nil {
			*to = *from
		}
		return from != nil
	}
	checked := set(&t.RecordType, req.RecordType)
	checked = set(&t.Name, req.Name) || checked
	checked = set(&t.Subject, req.Subject) || checked
	checked = set(&t.Body, req.Body) || checked
	if req.Archived != nil {
		t.Archived = req.GetArchived()
	}
	if checked {
		if err := h.clean(ctx, t); err != nil {
			return err
		}
	}
	err := h.q.MessageTemplateUpdate(ctx, tx, db.MessageTemplateUpdateParams{
		RecordType: t.RecordType, Name: t.Name, Subject: t.Subject, Body: t.Body, Archived: t.Archived, UpdateTime: h.Now(),
		WorkspaceID: t.WorkspaceID, ID: t.ID,
	})
	if err != nil {
		return fmt.Errorf("update template: %w", err)
	}
	return nil
}

// DeleteMessageTemplate implements the contract's method.
func (h *Handler) DeleteMessageTemplate(ctx context.Context, req *composev1.DeleteMessageTemplateRequest) (*composev1.DeleteMessageTemplateResponse, error) {
	row, err := h.visible(ctx, req.GetMessageTemplateId())
	if err != nil {
		return nil, err
	}
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		t, err := h.locked(ctx, tx, row.MessageTemplate.ID)
		if err != nil {
			return err
		}
		return h.Log.Drop(ctx, tx, t.WorkspaceID, t.ID)
	})
	if err != nil {
		return nil, err
	}
	return &composev1.DeleteMessageTemplateResponse{}, nil
}
