package mailgate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/vault"
)

// settings are a workspace's, with their secrets open: never logged, never
// answered.
type settings struct {
	db.MailSetting
	server string // with user and password
	dkim   *mail.DKIM
}

// sends is true if mails can go out.
func (s *settings) sends() bool { return s.Domain != "" && s.ServerURL != "" }

// The purposes of a workspace's mail secrets.
const (
	purposePassword = "mail password"
	purposeDKIM     = "mail dkim key"
)

// settingsOf answers a workspace's settings from memory, or reads them.
func (h *Handler) settingsOf(ctx context.Context, workspace uuid.UUID) (*settings, error) {
	if s, ok := h.settings.Get(workspace); ok {
		return s, nil
	}
	row, err := h.q.MailSettingGet(ctx, h.DB, workspace)
	if errors.Is(err, pgx.ErrNoRows) {
		s := &settings{}
		h.settings.Put(workspace, s)
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read mail settings: %w", err)
	}
	s, err := h.open(row)
	if err != nil {
		return nil, err
	}
	h.settings.Put(workspace, s)
	return s, nil
}

// open decrypts what is needed to send.
func (h *Handler) open(row db.MailSetting) (*settings, error) {
	s := &settings{MailSetting: row, server: row.ServerURL}
	if row.UserName != "" && row.ServerURL != "" {
		password, err := h.Vault.Open(vault.Place{Workspace: row.WorkspaceID, Purpose: purposePassword}, row.Password)
		if err != nil {
			return nil, fmt.Errorf("open mail password: %w", err)
		}
		u, err := url.Parse(row.ServerURL)
		if err != nil {
			return nil, mail.ErrServerURL
		}
		u.User = url.UserPassword(row.UserName, string(password))
		s.server = u.String()
	}
	if row.DkimSelector == "" || len(row.DkimKey) == 0 || row.Domain == "" {
		return s, nil
	}
	key, err := h.Vault.Open(vault.Place{Workspace: row.WorkspaceID, Purpose: purposeDKIM}, row.DkimKey)
	if err != nil {
		return nil, fmt.Errorf("open DKIM key: %w", err)
	}
	s.dkim, err = mail.NewDKIM(row.Domain, row.DkimSelector, key)
	return s, err
}

// Outgoing answers whether a workspace can send mails, and how long they are
// held before.
func (h *Handler) Outgoing(ctx context.Context, workspace uuid.UUID) (on bool, hold time.Duration, err error) {
	s, err := h.settingsOf(ctx, workspace)
	if err != nil {
		return false, 0, err
	}
	return s.sends(), time.Duration(s.HoldSeconds) * time.Second, nil
}

// senders keeps one connection pool for each workspace's mail server.
type senders struct {
	mu  sync.Mutex
	all map[uuid.UUID]*keptSender
}

type keptSender struct {
	*mail.Sender
	server string
}

func newSenders() *senders { return &senders{all: make(map[uuid.UUID]*keptSender)} }

// of is the sender that the settings name; one for a server of before is closed.
func (k *senders) of(s *settings) (*mail.Sender, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if kept := k.all[s.WorkspaceID]; kept != nil {
		if kept.server == s.server {
			return kept.Sender, nil
		}
		_ = kept.Close() // it keeps nothing but idle connections
	}
	sender, err := mail.NewSender(s.server, mail.SenderOptions{Hello: s.Domain})
	if err != nil {
		return nil, err
	}
	k.all[s.WorkspaceID] = &keptSender{Sender: sender, server: s.server}
	return sender, nil
}

func (k *senders) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.all {
		_ = s.Close() // it keeps nothing but idle connections
	}
	clear(k.all)
}
