package compose

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/placeholder"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// RenderMessageTemplate implements the contract's method.
func (h *Handler) RenderMessageTemplate(ctx context.Context, req *composev1.RenderMessageTemplateRequest) (*composev1.RenderMessageTemplateResponse, error) {
	rights, err := h.writable(ctx, access.FromContext(ctx), req.GetThreadId())
	if err != nil {
		return nil, err
	}
	row, err := h.visible(ctx, req.GetMessageTemplateId())
	if err != nil {
		return nil, err
	}
	t := &row.MessageTemplate
	if t.RecordType != "" && (rights.Kind != access.KindRecord || rights.RecordType != t.RecordType) {
		return nil, errOtherType
	}
	res, err := h.render(ctx, t, rights)
	if err != nil || req.GetWithoutFiles() {
		return res, err
	}
	request, err := idOf(req.GetRequestId(), errReused)
	if err != nil {
		return nil, err
	}
	res.Files, err = h.copyFiles(ctx, t.ID, rights.ID, request)
	return res, err
}

// render fills the texts of a template in. What was saved was checked then: what
// cannot be read any more, because a rule changed, is left as it is.
func (h *Handler) render(ctx context.Context, t *db.MessageTemplate, rights access.Rights) (*composev1.RenderMessageTemplateResponse, error) {
	v, err := h.values(ctx, rights)
	if err != nil {
		return nil, err
	}
	subject, err := placeholder.Parse(t.Subject)
	if err != nil {
		return nil, err
	}
	body, err := placeholder.Parse(t.Body)
	if err != nil {
		return nil, err
	}
	found, err := v.all(ctx, subject, body)
	if err != nil {
		return nil, err
	}
	value := func(name string) string { return found[name] }
	res := &composev1.RenderMessageTemplateResponse{}
	var left []placeholder.Gap
	if res.Subject, left, err = subject.Fill(value, placeholder.Line, maxSubject); err != nil {
		return nil, err
	}
	res.Unresolved = unresolved(left, true)
	if res.Body, left, err = body.Fill(value, placeholder.Markdown, maxBody); err != nil {
		return nil, err
	}
	res.Unresolved = append(res.Unresolved, unresolved(left, false)...)
	return res, nil
}

func unresolved(gaps []placeholder.Gap, inSubject bool) []*composev1.Unresolved {
	list := make([]*composev1.Unresolved, len(gaps))
	for i, g := range gaps {
		list[i] = &composev1.Unresolved{Placeholder: g.Written, Name: g.Name, InSubject: inSubject}
	}
	return list
}

// copyFiles gives the caller copies of a template's files, once a request. A file
// that was copied and removed since is not copied again.
func (h *Handler) copyFiles(ctx context.Context, template, to, request uuid.UUID) ([]*threadv1.File, error) {
	c := access.FromContext(ctx)
	files, err := h.q.MessageTemplateFiles(ctx, h.DB, db.MessageTemplateFilesParams{WorkspaceID: c.Workspace, TemplateIds: []uuid.UUID{template}})
	if err != nil {
		return nil, fmt.Errorf("list files of template: %w", err)
	}
	if len(files) == 0 {
		return nil, nil
	}
	files = files[:min(len(files), maxFiles)]
	requests := make([]uuid.UUID, len(files))
	for i := range files {
		requests[i] = derived(request, to.String(), files[i].ID.String())
	}
	copies, err := h.copied(ctx, c, requests)
	if err != nil || len(copies) > 0 {
		return copies, err
	}
	err = h.roomFor(ctx, c, len(files))
	if err != nil {
		return nil, err
	}
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		for i := range files {
			if err := h.copyFile(ctx, tx, c, &files[i], to, requests[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !store.IsUnique(err, "file_request") { // which another try of the same would cause
		return nil, err
	}
	return h.copied(ctx, c, requests)
}

func (h *Handler) copyFile(ctx context.Context, tx pgx.Tx, c access.Caller, f *db.File, to, request uuid.UUID) error {
	made, err := h.Files.Copy(ctx, tx, c.Workspace, f.ID, to, thread.AuthorOf(c))
	if fault.KindOf(err) == fault.NotFound {
		return nil // removed this very moment
	}
	if err != nil {
		return err
	}
	_, err = h.q.ComposeFileRequest(ctx, tx, db.ComposeFileRequestParams{
		RequestID: request, WorkspaceID: c.Workspace, ID: uuid.MustParse(made.GetId()),
	})
	if err != nil {
		return fmt.Errorf("note the request of a copy: %w", err)
	}
	return nil
}

// copied are the copies that requests made, in the order of the requests.
func (h *Handler) copied(ctx context.Context, c access.Caller, requests []uuid.UUID) ([]*threadv1.File, error) {
	rows, err := h.q.ComposeFilesByRequest(ctx, h.DB, db.ComposeFilesByRequestParams{WorkspaceID: c.Workspace, AuthorID: c.ID, RequestIds: requests})
	if err != nil {
		return nil, fmt.Errorf("find copies of files: %w", err)
	}
	slices.SortStableFunc(rows, func(a, b db.File) int {
		return slices.Index(requests, a.RequestID) - slices.Index(requests, b.RequestID)
	})
	list := make([]*threadv1.File, len(rows))
	for i := range rows {
		list[i] = file.Describe(&rows[i], thread.AudienceOf(c))
	}
	return list, nil
}

// roomFor fails if too many files of the caller's would wait for their message.
func (h *Handler) roomFor(ctx context.Context, c access.Caller, more int) error {
	n, err := h.q.ComposeFilesPending(ctx, h.DB, db.ComposeFilesPendingParams{WorkspaceID: c.Workspace, AuthorID: c.ID})
	if err != nil {
		return fmt.Errorf("count files that wait: %w", err)
	}
	if n+int64(more) > maxPending {
		return errTooManyUploads
	}
	return nil
}
