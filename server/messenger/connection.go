package messenger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nyaruka/phonenumbers"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	usualPage = 50
	mostPage  = 200
)

// settable are the fields of a connection that can be changed.
var settable = []string{"name", "account", "sender", "base_url", "country"}

// CreateConnection implements the contract's method.
func (h *Handler) CreateConnection(ctx context.Context, req *messengerv1.CreateConnectionRequest) (*messengerv1.CreateConnectionResponse, error) {
	c, given := access.FromContext(ctx), req.GetConnection()
	if h.Connectors[given.GetKind()] == nil {
		return nil, errKind
	}
	row := db.MessengerConnection{WorkspaceID: c.Workspace, ID: newID()}
	apply(&row, given, settable)
	if err := h.check(&row); err != nil {
		return nil, err
	}
	if err := h.sealSecrets(&row, &req.Token, &req.AppSecret); err != nil {
		return nil, err
	}
	request := uuid.MustParse(req.GetRequestId())
	made, err := h.q.ConnectionInsert(ctx, h.DB, db.ConnectionInsertParams{
		WorkspaceID: row.WorkspaceID, ID: row.ID, Kind: int16(given.GetKind()), Name: row.Name, Account: row.Account, Sender: row.Sender,
		BaseURL: row.BaseURL, Country: row.Country, Token: row.Token, AppSecret: row.AppSecret, RequestID: request, Now: h.Now(),
	})
	if store.IsUnique(err, "messenger_connection_request") || store.IsUnique(err, "messenger_connection_name") {
		made, err = h.earlierConnection(ctx, c.Workspace, request, row.Name)
	}
	if err != nil {
		return nil, err
	}
	out, err := h.describe(&made)
	return &messengerv1.CreateConnectionResponse{Connection: out}, err
}

// earlierConnection is the one that an earlier try of the request made.
func (h *Handler) earlierConnection(ctx context.Context, workspace, request uuid.UUID, name string) (db.MessengerConnection, error) {
	made, err := h.q.ConnectionByRequest(ctx, h.DB, db.ConnectionByRequestParams{WorkspaceID: workspace, RequestID: request})
	switch {
	case store.IsNoRows(err):
		return made, errNameTaken
	case err != nil:
		return made, fmt.Errorf("find connection by request: %w", err)
	case made.Name != name:
		return made, thread.ErrReused
	default:
		return made, nil
	}
}

// ListConnections implements the contract's method.
func (h *Handler) ListConnections(ctx context.Context, req *messengerv1.ListConnectionsRequest) (*messengerv1.ListConnectionsResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	var after string
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	rows, err := h.q.ConnectionList(ctx, h.DB, db.ConnectionListParams{WorkspaceID: c.Workspace, AfterName: after, MaxRows: int32(size + 1)})
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	res := &messengerv1.ListConnectionsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, rows[size-1].Name); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		out, err := h.describe(&rows[i])
		if err != nil {
			return nil, err
		}
		res.Connections = append(res.Connections, out)
	}
	return res, nil
}

// UpdateConnection implements the contract's method.
func (h *Handler) UpdateConnection(ctx context.Context, req *messengerv1.UpdateConnectionRequest) (*messengerv1.UpdateConnectionResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetConnection().GetId())
	if err != nil {
		return nil, errNoConnection
	}
	mask, err := maskOf(req)
	if err != nil {
		return nil, err
	}
	row, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.MessengerConnection, error) {
		row, err := h.q.ConnectionLock(ctx, tx, db.ConnectionLockParams{WorkspaceID: c.Workspace, ID: id})
		if err != nil {
			return row, found(err)
		}
		if err := h.change(&row, req, mask); err != nil {
			return row, err
		}
		return h.q.ConnectionUpdate(ctx, tx, db.ConnectionUpdateParams{
			WorkspaceID: c.Workspace, ID: id, Name: row.Name, Account: row.Account, Sender: row.Sender, BaseURL: row.BaseURL, Country: row.Country,
			Token: row.Token, AppSecret: row.AppSecret, Active: row.Active, Now: h.Now(),
		})
	})
	if store.IsUnique(err, "messenger_connection_name") {
		err = errNameTaken
	}
	if err != nil {
		return nil, err
	}
	out, err := h.describe(&row)
	return &messengerv1.UpdateConnectionResponse{Connection: out}, err
}

// change applies an update. Secrets go to nobody but whom they were entered for,
// and what lost one does not send.
func (h *Handler) change(row *db.MessengerConnection, req *messengerv1.UpdateConnectionRequest, mask []string) error {
	before := *row
	apply(row, req.GetConnection(), mask)
	if row.BaseURL != before.BaseURL || row.Account != before.Account {
		row.Token, row.AppSecret = nil, nil
	}
	if err := h.check(row); err != nil {
		return err
	}
	if err := h.sealSecrets(row, req.Token, req.AppSecret); err != nil {
		return err
	}
	if row.BaseURL != before.BaseURL || row.Account != before.Account || row.Sender != before.Sender || row.Token == nil || row.AppSecret == nil {
		row.Active = false
	}
	return nil
}

// DeleteConnection implements the contract's method.
func (h *Handler) DeleteConnection(ctx context.Context, req *messengerv1.DeleteConnectionRequest) (*messengerv1.DeleteConnectionResponse, error) {
	c := access.FromContext(ctx)
	n, err := h.q.ConnectionDelete(ctx, h.DB, db.ConnectionDeleteParams{WorkspaceID: c.Workspace, ID: uuid.MustParse(req.GetConnectionId())})
	if err != nil {
		return nil, fmt.Errorf("delete connection: %w", err)
	}
	if n == 0 {
		return nil, errNoConnection
	}
	return &messengerv1.DeleteConnectionResponse{}, nil
}

// connection reads one connection.
func (h *Handler) connection(ctx context.Context, workspace, id uuid.UUID) (db.MessengerConnection, error) {
	row, err := h.q.ConnectionGet(ctx, h.DB, db.ConnectionGetParams{WorkspaceID: workspace, ID: id})
	return row, found(err)
}

// found says that a connection is missing if no row came.
func found(err error) error {
	switch {
	case store.IsNoRows(err):
		return errNoConnection
	case err != nil:
		return fmt.Errorf("find connection: %w", err)
	default:
		return nil
	}
}

// maskOf is what an update changes: as given, or every field that is set.
func maskOf(req *messengerv1.UpdateConnectionRequest) ([]string, error) {
	given := req.GetUpdateMask().GetPaths()
	for _, path := range given {
		if !slices.Contains(settable, path) {
			return nil, errMask
		}
	}
	if len(given) > 0 {
		return given, nil
	}
	m := req.GetConnection().ProtoReflect()
	var set []string
	for _, path := range settable {
		if m.Has(m.Descriptor().Fields().ByTextName(path)) {
			set = append(set, path)
		}
	}
	return set, nil
}

func apply(row *db.MessengerConnection, from *messengerv1.Connection, mask []string) {
	for _, path := range mask {
		switch path {
		case "name":
			row.Name = strings.TrimSpace(from.GetName())
		case "account":
			row.Account = from.GetAccount()
		case "sender":
			row.Sender = from.GetSender()
		case "base_url":
			row.BaseURL = strings.TrimRight(strings.TrimSpace(from.GetBaseUrl()), "/")
		case "country":
			row.Country = from.GetCountry()
		}
	}
}

// check is the rule of what a connection may be.
func (h *Handler) check(row *db.MessengerConnection) error {
	if n := utf8.RuneCountInString(row.Name); n < 1 || n > 80 {
		return errName
	}
	if row.Country != "" && phonenumbers.GetCountryCodeForRegion(row.Country) == 0 {
		return errCountry
	}
	if row.BaseURL == "" {
		return nil
	}
	_, err := h.Egress.CheckURL(row.BaseURL)
	switch {
	case errors.Is(err, egress.ErrRefused):
		return errForbidden
	case err != nil:
		return errAddress
	default:
		return nil
	}
}
