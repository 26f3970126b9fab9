package compose

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

func callerOf(workspace uuid.UUID, u db.ComposeUserGetRow) access.Caller {
	c := access.Caller{
		Kind: access.User, Workspace: workspace, ID: u.ID, Role: identityv1.Role(u.Role), Name: u.Name, ChatName: u.ChatName,
		Email: u.Email, Locale: u.Locale,
	}
	if c.ChatName == "" {
		c.ChatName = c.Name
	}
	return c
}

func userParty(id uuid.UUID, name string) *threadv1.Party {
	return &threadv1.Party{Kind: threadv1.PartyKind_PARTY_KIND_USER, Id: id.String(), Name: name}
}

func etagOf(version int64) string { return strconv.FormatInt(version, 10) }

// visible reads a template that the caller sees.
func (h *Handler) visible(ctx context.Context, name string) (db.MessageTemplateGetRow, error) {
	id, err := idOf(name, errTemplateNotFound)
	if err != nil {
		return db.MessageTemplateGetRow{}, err
	}
	c := access.FromContext(ctx)
	row, err := h.q.MessageTemplateGet(ctx, h.DB, db.MessageTemplateGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return row, errTemplateNotFound
	}
	if err != nil {
		return row, fmt.Errorf("find template: %w", err)
	}
	ok, err := h.sees(ctx, row.MessageTemplate.RecordType)
	if err == nil && !ok {
		err = errTemplateNotFound
	}
	return row, err
}

// templates are rows as the caller sees them.
func (h *Handler) templates(ctx context.Context, rows ...db.MessageTemplateGetRow) ([]*composev1.MessageTemplate, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	c, ids := access.FromContext(ctx), make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].MessageTemplate.ID
	}
	files, err := h.q.MessageTemplateFiles(ctx, h.DB, db.MessageTemplateFilesParams{WorkspaceID: c.Workspace, TemplateIds: ids})
	if err != nil {
		return nil, fmt.Errorf("list files of templates: %w", err)
	}
	list := make([]*composev1.MessageTemplate, len(rows))
	for i := range rows {
		t := &rows[i].MessageTemplate
		list[i] = &composev1.MessageTemplate{
			Id: t.ID.String(), RecordType: t.RecordType, Name: t.Name, Subject: t.Subject, Body: t.Body, Archived: t.Archived,
			Author: userParty(t.AuthorID, rows[i].AuthorName), Editable: editable(c, t), Etag: etagOf(t.Version),
			CreateTime: timestamppb.New(t.CreateTime), UpdateTime: timestamppb.New(t.UpdateTime),
		}
		for j := range files {
			if files[j].ThreadID == t.ID && len(list[i].GetFiles()) < maxFiles {
				list[i].Files = append(list[i].Files, file.Describe(&files[j], thread.AudienceOf(c)))
			}
		}
	}
	return list, nil
}

// template is templates for one, read anew.
func (h *Handler) template(ctx context.Context, id uuid.UUID) (*composev1.MessageTemplate, error) {
	c := access.FromContext(ctx)
	row, err := h.q.MessageTemplateGet(ctx, h.DB, db.MessageTemplateGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, errTemplateNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find template: %w", err)
	}
	list, err := h.templates(ctx, row)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// clean brings a template into the form in which it is stored, and checks it with
// the caller's eyes.
func (h *Handler) clean(ctx context.Context, t *db.MessageTemplate) error {
	for _, text := range []string{t.Name, t.Subject, t.Body} {
		if strings.ContainsRune(text, 0) {
			return errText
		}
	}
	t.Name = strings.Join(strings.Fields(t.Name), " ")
	t.Subject = strings.Join(strings.Fields(t.Subject), " ")
	t.Body = strings.TrimSpace(strings.ReplaceAll(t.Body, "\r\n", "\n"))
	if t.Name == "" {
		return errName
	}
	n, err := h.naming(ctx, t.RecordType)
	if err != nil {
		return err
	}
	if err := n.check(ctx, t.Subject, "subject"); err != nil {
		return err
	}
	return n.check(ctx, t.Body, "body")
}

// visibleTypes are the record types that there are templates for and that the
// caller has to do with; only those for one of them if it is named.
func (h *Handler) visibleTypes(ctx context.Context, only string) ([]string, error) {
	all, err := h.q.MessageTemplateTypes(ctx, h.DB, access.FromContext(ctx).Workspace)
	if err != nil {
		return nil, fmt.Errorf("list record types of templates: %w", err)
	}
	if only != "" {
		all = slices.DeleteFunc(all, func(name string) bool { return name != "" && name != only })
	}
	seen := []string{}
	for _, name := range all {
		ok, err := h.sees(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok {
			seen = append(seen, name)
		}
	}
	return seen, nil
}
