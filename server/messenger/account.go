package messenger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/vault"
)

// hooks is where messengers report to, by kind; the connection's id follows.
var hooks = map[messengerv1.ConnectionKind]string{messengerv1.ConnectionKind_CONNECTION_KIND_WHATSAPP: "/hooks/whatsapp/"}

// The purposes of a connection's secrets in the vault.
const (
	purposeToken  = "messenger token"
	purposeSecret = "messenger app secret"
	purposeVerify = "messenger webhook"
)

func place(row *db.MessengerConnection, purpose string) vault.Place {
	return vault.Place{Workspace: row.WorkspaceID, Purpose: purpose, Owner: row.ID.String()}
}

// sealSecrets stores the secrets that were given; nil ones stay.
func (h *Handler) sealSecrets(row *db.MessengerConnection, token, secret *string) error {
	for _, one := range []struct {
		purpose string
		given   *string
		to      *[]byte
	}{{purposeToken, token, &row.Token}, {purposeSecret, secret, &row.AppSecret}} {
		if one.given == nil {
			continue
		}
		sealed, err := h.Vault.Seal(place(row, one.purpose), []byte(strings.TrimSpace(*one.given)))
		if err != nil {
			return err
		}
		*one.to = sealed
	}
	return nil
}

// account is what a connector needs of a connection. A token that does not open
// is none.
func (h *Handler) account(row *db.MessengerConnection) (Account, error) {
	token, err := h.Vault.Open(place(row, purposeToken), row.Token)
	if err != nil && !errors.Is(err, vault.ErrBroken) {
		return Account{}, err
	}
	return Account{BaseURL: row.BaseURL, Account: row.Account, Sender: row.Sender, Token: string(token)}, nil
}

// describe is a connection as administrators see it.
func (h *Handler) describe(row *db.MessengerConnection) (*messengerv1.Connection, error) {
	kind := messengerv1.ConnectionKind(row.Kind)
	out := &messengerv1.Connection{
		Id: row.ID.String(), Kind: kind, Name: row.Name, Active: row.Active, Account: row.Account, Sender: row.Sender, BaseUrl: row.BaseURL,
		Country: row.Country, TokenSet: len(row.Token) > 0, AppSecretSet: len(row.AppSecret) > 0, DisplayName: row.DisplayName, Phone: row.Phone,
		WebhookPath: hooks[kind] + row.ID.String(), CreateTime: timestamppb.New(row.CreateTime), UpdateTime: timestamppb.New(row.UpdateTime),
	}
	if row.SyncTime != nil {
		out.SyncTime = timestamppb.New(*row.SyncTime)
	}
	if connector := h.Connectors[kind]; connector != nil {
		out.Capabilities = connector.Capabilities()
	}
	var err error
	out.VerifyToken, err = h.Vault.Token(place(row, purposeVerify))
	return out, err
}

// ready is a connection with its connector and what that needs, if nothing is
// missing.
func (h *Handler) ready(ctx context.Context, workspace, id uuid.UUID) (db.MessengerConnection, Connector, Account, error) {
	row, err := h.connection(ctx, workspace, id)
	if err != nil {
		return row, nil, Account{}, err
	}
	a, err := h.account(&row)
	if err != nil {
		return row, nil, a, err
	}
	connector := h.Connectors[messengerv1.ConnectionKind(row.Kind)]
	if connector == nil || a.Account == "" || a.Sender == "" || a.Token == "" || len(row.AppSecret) == 0 {
		return row, nil, a, errIncomplete
	}
	return row, connector, a, nil
}

// ActivateConnection implements the contract's method.
func (h *Handler) ActivateConnection(ctx context.Context, req *messengerv1.ActivateConnectionRequest) (*messengerv1.ActivateConnectionResponse, error) {
	c, id := access.FromContext(ctx), uuid.MustParse(req.GetConnectionId())
	_, connector, account, err := h.ready(ctx, c.Workspace, id)
	if err != nil {
		return nil, err
	}
	who, err := connector.Identify(ctx, account)
	if err != nil {
		return nil, told(err)
	}
	out, err := h.turn(ctx, c.Workspace, id, true, &who)
	return &messengerv1.ActivateConnectionResponse{Connection: out}, err
}

// DeactivateConnection implements the contract's method.
func (h *Handler) DeactivateConnection(ctx context.Context, req *messengerv1.DeactivateConnectionRequest) (*messengerv1.DeactivateConnectionResponse, error) {
	out, err := h.turn(ctx, access.FromContext(ctx).Workspace, uuid.MustParse(req.GetConnectionId()), false, nil)
	return &messengerv1.DeactivateConnectionResponse{Connection: out}, err
}

// turn turns a connection on or off.
func (h *Handler) turn(ctx context.Context, workspace, id uuid.UUID, on bool, who *Identity) (*messengerv1.Connection, error) {
	p := db.ConnectionActivateParams{WorkspaceID: workspace, ID: id, Active: on, Now: h.Now()}
	if who != nil {
		p.DisplayName, p.Phone = &who.DisplayName, &who.Phone
	}
	row, err := h.q.ConnectionActivate(ctx, h.DB, p)
	if err != nil {
		return nil, found(err)
	}
	return h.describe(&row)
}

// told is a messenger's failure as an administrator hears it.
func told(err error) error {
	var f *Failure
	if !errors.As(err, &f) {
		return fmt.Errorf("ask the messenger: %w", err)
	}
	if f.Outcome == Refused {
		return errRefused.WithMessage("the messenger refuses: %s", f.Words)
	}
	failure := errUnreachable.WithMessage("the messenger cannot do it now (%s); try again later", f.Words)
	return failure.WithRetry(max(f.After, 10*time.Second))
}
