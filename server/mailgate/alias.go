package mailgate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// maxAliases is how many aliases a workspace has.
const maxAliases = 500

var (
	errNoAlias       = fault.New(fault.NotFound, "ALIAS_NOT_FOUND", "there is no such alias")
	errAliasTaken    = fault.New(fault.AlreadyExists, "ALIAS_TAKEN", "another alias has this name").WithField("alias.name")
	errAliasReserved = fault.New(fault.Invalid, "ALIAS_RESERVED", "mail servers and Parley itself use this name; choose another").WithField("alias.name")
	errAliasName     = fault.New(fault.Invalid, "ALIAS_NAME_MISSING", "give the alias a name").WithField("alias.name")
	errAliasLimit    = fault.New(fault.Precondition, "ALIAS_LIMIT", "there are 500 aliases; remove one first")
	errBodyField     = fault.New(fault.Invalid, "FIELD_INVALID", "the record type has no text field of this name").WithField("alias.body_field")
	errFields        = fault.New(fault.Invalid, "FIELD_INVALID", "the record type does not take these fields").WithField("alias.fields")
	errUserUnknown   = fault.New(fault.Invalid, "USER_UNKNOWN", "a follower is no active user of this workspace").WithField("alias.follower_ids")
)

// ListMailAliases implements the contract's method.
func (h *Handler) ListMailAliases(ctx context.Context, req *mailv1.ListMailAliasesRequest) (*mailv1.ListMailAliasesResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	after := ""
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), usualPage, maxPage)
	rows, err := h.q.MailAliasList(ctx, h.DB, db.MailAliasListParams{WorkspaceID: workspace, AfterName: after, MaxRows: int32(size) + 1})
	if err != nil {
		return nil, fmt.Errorf("list aliases: %w", err)
	}
	res := &mailv1.ListMailAliasesResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, rows[size-1].Name); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		shown, err := h.shownAlias(ctx, row)
		if err != nil {
			return nil, err
		}
		res.Aliases = append(res.Aliases, shown)
	}
	return res, nil
}

// shownAlias is a stored alias in the contract's words.
func (h *Handler) shownAlias(ctx context.Context, row db.MailAlias) (*mailv1.MailAlias, error) {
	s, err := h.settingsOf(ctx, row.WorkspaceID)
	if err != nil {
		return nil, err
	}
	out := &mailv1.MailAlias{
		Id: row.ID.String(), Name: row.Name, RecordType: row.RecordType, Fields: &structpb.Struct{}, BodyField: row.BodyField,
		Writers: mailv1.AliasWriters(row.Writers), CreateTime: timestamppb.New(row.CreateTime),
	}
	if s.Domain != "" {
		out.Address = row.Name + "@" + s.Domain
	}
	if err := protojson.Unmarshal(row.Fields, out.Fields); err != nil {
		return nil, fmt.Errorf("read an alias's fields: %w", err)
	}
	for _, id := range row.FollowerIds {
		out.FollowerIds = append(out.FollowerIds, id.String())
	}
	return out, nil
}

// CreateMailAlias implements the contract's method.
func (h *Handler) CreateMailAlias(ctx context.Context, req *mailv1.CreateMailAliasRequest) (*mailv1.CreateMailAliasResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	request, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return nil, fmt.Errorf("read request id: %w", err)
	}
	row, err := h.createAlias(ctx, workspace, request, req.GetAlias())
	if err != nil {
		// Whatever went wrong now, an earlier try may have gone right.
		var missing error
		row, missing = h.q.MailAliasByRequest(ctx, h.DB, db.MailAliasByRequestParams{WorkspaceID: workspace, RequestID: request})
		if missing != nil {
			return nil, err
		}
	}
	shown, err := h.shownAlias(ctx, row)
	return &mailv1.CreateMailAliasResponse{Alias: shown}, err
}

func (h *Handler) createAlias(ctx context.Context, workspace, request uuid.UUID, given *mailv1.MailAlias) (db.MailAlias, error) {
	row, err := h.checkedAlias(ctx, workspace, given)
	if err != nil {
		return row, err
	}
	n, err := h.q.MailAliasCount(ctx, h.DB, workspace)
	if err != nil {
		return row, fmt.Errorf("count aliases: %w", err)
	}
	if n >= maxAliases {
		return row, errAliasLimit
	}
	row, err = h.q.MailAliasInsert(ctx, h.DB, db.MailAliasInsertParams{
		WorkspaceID: workspace, ID: uuid.Must(uuid.NewV7()), Name: row.Name, RecordType: row.RecordType, Fields: row.Fields,
		BodyField: row.BodyField, Writers: row.Writers, FollowerIds: row.FollowerIds, RequestID: &request, CreateTime: h.Now(),
	})
	if store.IsUnique(err, "mail_alias_name") {
		return row, errAliasTaken
	}
	if err != nil {
		return row, fmt.Errorf("insert alias: %w", err)
	}
	return row, nil
}

// UpdateMailAlias implements the contract's method.
func (h *Handler) UpdateMailAlias(ctx context.Context, req *mailv1.UpdateMailAliasRequest) (*mailv1.UpdateMailAliasResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	old, err := h.aliasOf(ctx, workspace, req.GetAlias().GetId())
	if err != nil {
		return nil, err
	}
	row, err := h.checkedAlias(ctx, workspace, req.GetAlias())
	if err != nil {
		return nil, err
	}
	row, err = h.q.MailAliasUpdate(ctx, h.DB, db.MailAliasUpdateParams{
		Name: row.Name, RecordType: row.RecordType, Fields: row.Fields, BodyField: row.BodyField, Writers: row.Writers,
		FollowerIds: row.FollowerIds, WorkspaceID: workspace, ID: old.ID,
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errNoAlias
	case store.IsUnique(err, "mail_alias_name"):
		return nil, errAliasTaken
	case err != nil:
		return nil, fmt.Errorf("update alias: %w", err)
	}
	shown, err := h.shownAlias(ctx, row)
	return &mailv1.UpdateMailAliasResponse{Alias: shown}, err
}

// DeleteMailAlias implements the contract's method.
func (h *Handler) DeleteMailAlias(ctx context.Context, req *mailv1.DeleteMailAliasRequest) (*mailv1.DeleteMailAliasResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	id, err := uuid.Parse(req.GetAliasId())
	if err != nil {
		return nil, errNoAlias
	}
	n, err := h.q.MailAliasDelete(ctx, h.DB, db.MailAliasDeleteParams{WorkspaceID: workspace, ID: id})
	if err != nil {
		return nil, fmt.Errorf("delete alias: %w", err)
	}
	if n == 0 {
		return nil, errNoAlias
	}
	return &mailv1.DeleteMailAliasResponse{}, nil
}

func (h *Handler) aliasOf(ctx context.Context, workspace uuid.UUID, name string) (*db.MailAlias, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return nil, errNoAlias
	}
	row, err := h.q.MailAliasGet(ctx, h.DB, db.MailAliasGetParams{WorkspaceID: workspace, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoAlias
	}
	if err != nil {
		return nil, fmt.Errorf("find alias: %w", err)
	}
	return &row, nil
}

// checkedAlias is an alias as it can be stored, if a mail to it could open a record.
func (h *Handler) checkedAlias(ctx context.Context, workspace uuid.UUID, given *mailv1.MailAlias) (db.MailAlias, error) {
	row := db.MailAlias{
		WorkspaceID: workspace, Name: given.GetName(), RecordType: given.GetRecordType(), BodyField: given.GetBodyField(),
		Writers: int16(mailv1.AliasWriters_ALIAS_WRITERS_EVERYBODY), Fields: json.RawMessage("{}"), FollowerIds: []uuid.UUID{},
	}
	if given.GetWriters() != mailv1.AliasWriters_ALIAS_WRITERS_UNSPECIFIED {
		row.Writers = int16(given.GetWriters())
	}
	switch {
	case row.Name == "":
		return row, errAliasName
	case slices.Contains(reservedNames, row.Name):
		return row, errAliasReserved
	}
	if given.GetFields() != nil {
		var err error
		if row.Fields, err = protojson.Marshal(given.GetFields()); err != nil {
			return row, errFields.Wrap(err)
		}
	}
	if err := h.checkFields(ctx, given); err != nil {
		return row, err
	}
	return row, h.checkFollowers(ctx, &row, given.GetFollowerIds())
}

// checkFields tries what a mail to the alias would do.
func (h *Handler) checkFields(ctx context.Context, given *mailv1.MailAlias) error {
	res, err := h.Records.GetRecordType(ctx, &recordv1.GetRecordTypeRequest{Name: given.GetRecordType()})
	if err != nil {
		return err
	}
	kind := res.GetRecordType()
	if given.GetBodyField() != "" && !slices.ContainsFunc(kind.GetFields(), func(f *recordv1.Field) bool {
		text := f.GetType() == recordv1.FieldType_FIELD_TYPE_LONG_TEXT || f.GetType() == recordv1.FieldType_FIELD_TYPE_TEXT
		return f.GetName() == given.GetBodyField() && text
	}) {
		return errBodyField
	}
	values := maps.Clone(given.GetFields().AsMap())
	values[kind.GetTitleField()] = "A mail"
	delete(values, kind.GetCustomerField())
	if given.GetBodyField() != "" {
		values[given.GetBodyField()] = "A mail"
	}
	line, err := json.Marshal(values)
	if err != nil {
		return errFields.Wrap(err)
	}
	tried, err := h.Records.ImportRecords(ctx, &recordv1.ImportRecordsRequest{
		Type: given.GetRecordType(), Format: recordv1.ImportFormat_IMPORT_FORMAT_JSON_LINES, Data: append(line, '\n'), DryRun: true,
	})
	if err != nil {
		return err
	}
	for _, wrong := range tried.GetErrors() {
		if wrong.GetField() == kind.GetCustomerField() && wrong.GetField() != "" {
			continue // each mail names it
		}
		return errFields.WithField("alias.fields."+wrong.GetField()).WithMessage("%s: %s", wrong.GetField(), wrong.GetMessage())
	}
	return nil
}

// checkFollowers finds out whether the followers are users.
func (h *Handler) checkFollowers(ctx context.Context, row *db.MailAlias, names []string) error {
	for _, name := range names {
		id, err := uuid.Parse(name)
		if err != nil {
			return errUserUnknown
		}
		row.FollowerIds = append(row.FollowerIds, id)
	}
	if len(names) == 0 {
		return nil
	}
	users, err := h.q.PartyUserList(ctx, h.DB, db.PartyUserListParams{WorkspaceID: row.WorkspaceID, Ids: row.FollowerIds})
	if err != nil {
		return fmt.Errorf("find followers: %w", err)
	}
	for _, id := range row.FollowerIds {
		if !slices.ContainsFunc(users, func(u db.PartyUserListRow) bool { return u.ID == id && u.Active }) {
			return errUserUnknown
		}
	}
	return nil
}
