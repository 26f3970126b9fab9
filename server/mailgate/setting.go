package mailgate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/vault"
)

const (
	// generate in place of a DKIM key asks for a new one, of so many bits: RSA, since
	// not every server knows another.
	generate = "generate"
	dkimBits = 2048
)

var (
	errDomainTaken = fault.New(fault.AlreadyExists, "DOMAIN_TAKEN", "another workspace of this server has this mail domain").WithField("settings.domain")
	errSelector    = fault.New(fault.Invalid, "DKIM_SELECTOR_MISSING", "a DKIM key needs a selector, such as parley1").WithField("settings.dkim_selector")
	errURLSecret   = fault.New(fault.Invalid, "MAIL_SERVER_INVALID", "give the user name and password in their own fields, not in the address").WithField("settings.server_url")
)

// GetMailSettings implements the contract's method.
func (h *Handler) GetMailSettings(ctx context.Context, _ *mailv1.GetMailSettingsRequest) (*mailv1.GetMailSettingsResponse, error) {
	row, err := h.q.MailSettingGet(ctx, h.DB, access.FromContext(ctx).Workspace)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read mail settings: %w", err)
	}
	return &mailv1.GetMailSettingsResponse{Settings: h.shown(row)}, nil
}

// shown are settings without their secrets.
func (h *Handler) shown(row db.MailSetting) *mailv1.MailSettings {
	out := &mailv1.MailSettings{
		Domain: row.Domain, ServerUrl: row.ServerURL, UserName: row.UserName, HasPassword: len(row.Password) > 0,
		SenderName: row.SenderName, HoldSeconds: row.HoldSeconds, DkimSelector: row.DkimSelector,
		LoopLimit: int32(or(int(row.LoopLimit), usualLimit)), LoopMinutes: int32(or(int(row.LoopMinutes), usualMinutes)),
		TrustedSenders: row.TrustedSenders,
	}
	// A key that does not open must be entered anew; that it is missing shows.
	if s, err := h.open(row); err == nil && s.dkim != nil {
		out.DkimRecordName, out.DkimRecordText = s.dkim.Record()
	}
	return out
}

// UpdateMailSettings implements the contract's method.
func (h *Handler) UpdateMailSettings(ctx context.Context, req *mailv1.UpdateMailSettingsRequest) (*mailv1.UpdateMailSettingsResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	row, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.MailSetting, error) {
		row, err := h.q.MailSettingLock(ctx, tx, db.MailSettingLockParams{WorkspaceID: workspace, Now: h.Now()})
		if err != nil {
			return row, fmt.Errorf("lock mail settings: %w", err)
		}
		if err := h.change(&row, req.GetSettings()); err != nil {
			return row, err
		}
		err = h.q.MailSettingUpdate(ctx, tx, db.MailSettingUpdateParams{
			Domain: row.Domain, ServerURL: row.ServerURL, UserName: row.UserName, Password: row.Password, SenderName: row.SenderName,
			HoldSeconds: row.HoldSeconds, DkimSelector: row.DkimSelector, DkimKey: row.DkimKey, LoopLimit: row.LoopLimit,
			LoopMinutes: row.LoopMinutes, TrustedSenders: row.TrustedSenders, UpdateTime: h.Now(), WorkspaceID: workspace,
		})
		if store.IsUnique(err, "mail_setting_domain") {
			return row, errDomainTaken
		}
		if err != nil {
			return row, fmt.Errorf("update mail settings: %w", err)
		}
		return row, nil
	})
	if err != nil {
		return nil, err
	}
	h.settings.Delete(workspace)
	return &mailv1.UpdateMailSettingsResponse{Settings: h.shown(row)}, nil
}

// change makes the row what is asked for, or says what is wrong with that.
func (h *Handler) change(row *db.MailSetting, to *mailv1.MailSettings) error {
	server, err := serverURL(to.GetServerUrl())
	if err != nil {
		return err
	}
	if server != row.ServerURL { // it would be sent to whom it is not for
		row.Password = nil
	}
	row.ServerURL, row.UserName = server, strings.TrimSpace(to.GetUserName())
	row.Domain = ""
	if to.GetDomain() != "" {
		if row.Domain, err = mail.NormalizeDomain(to.GetDomain()); err != nil {
			return mail.ErrDomain.WithField("settings.domain")
		}
	}
	if to.GetPassword() != "" {
		if row.Password, err = h.Vault.Seal(vault.Place{Workspace: row.WorkspaceID, Purpose: purposePassword}, []byte(to.GetPassword())); err != nil {
			return fmt.Errorf("seal mail password: %w", err)
		}
	}
	row.SenderName, row.HoldSeconds = strings.Join(strings.Fields(to.GetSenderName()), " "), to.GetHoldSeconds()
	row.LoopLimit, row.LoopMinutes = int32(or(int(to.GetLoopLimit()), usualLimit)), int32(or(int(to.GetLoopMinutes()), usualMinutes))
	if row.TrustedSenders, err = trustedSenders(to.GetTrustedSenders()); err != nil {
		return err
	}
	return h.changeKey(row, to)
}

// serverURL checks the address of a mail server, which has no secrets in it.
func serverURL(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", mail.ErrServerURL.WithField("settings.server_url")
	}
	if u.User != nil {
		return "", errURLSecret
	}
	if _, err := mail.NewSender(s, mail.SenderOptions{}); err != nil { // it connects to nothing yet
		return "", mail.ErrServerURL.WithField("settings.server_url")
	}
	return s, nil
}

// trustedSenders brings a list of addresses and @domains into the form in which
// senders come.
func trustedSenders(list []string) ([]string, error) {
	out := []string{}
	for _, s := range list {
		if domain, ok := strings.CutPrefix(strings.TrimSpace(s), "@"); ok {
			normal, err := mail.NormalizeDomain(domain)
			if err != nil {
				return nil, mail.ErrDomain.WithField("settings.trusted_senders")
			}
			out = append(out, "@"+normal)
			continue
		}
		a, err := mail.ParseAddress(s)
		if err != nil {
			return nil, mail.ErrAddress.WithField("settings.trusted_senders")
		}
		out = append(out, a.Addr)
	}
	return out, nil
}

// changeKey sets the DKIM key and its selector. What is stored can be used: a key
// that does not open any more is dropped.
func (h *Handler) changeKey(row *db.MailSetting, to *mailv1.MailSettings) error {
	row.DkimSelector = strings.ToLower(strings.TrimSpace(to.GetDkimSelector()))
	place := vault.Place{Workspace: row.WorkspaceID, Purpose: purposeDKIM}
	key := []byte(to.GetDkimKey())
	switch {
	case row.DkimSelector == "" && len(key) > 0:
		return errSelector
	case row.DkimSelector == "":
		row.DkimKey = nil
		return nil
	case len(key) == 0 && row.Domain == "":
		return nil
	case len(key) == 0:
		var err error
		if key, err = h.Vault.Open(place, row.DkimKey); err != nil || len(key) == 0 {
			row.DkimKey = nil
			return nil //nolint:nilerr // it has to be entered anew
		}
	case string(key) == generate:
		var err error
		if key, err = newKey(); err != nil {
			return err
		}
	}
	if _, err := mail.NewDKIM(row.Domain, row.DkimSelector, key); err != nil {
		return err
	}
	sealed, err := h.Vault.Seal(place, key)
	if err != nil {
		return fmt.Errorf("seal DKIM key: %w", err)
	}
	row.DkimKey = sealed
	return nil
}

// newKey makes a DKIM key, in PEM.
func newKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, dkimBits)
	if err != nil {
		return nil, fmt.Errorf("make DKIM key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode DKIM key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// SendTestMail implements the contract's method.
func (h *Handler) SendTestMail(ctx context.Context, _ *mailv1.SendTestMailRequest) (*mailv1.SendTestMailResponse, error) {
	c := access.FromContext(ctx)
	h.settings.Delete(c.Workspace) // what is tested is what was just set, on whatever node
	s, err := h.settingsOf(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	if !s.sends() {
		return nil, errOff
	}
	out := h.wrap(&db.MailNotice{
		WorkspaceID: c.Workspace, ID: uuid.New(), Name: c.Name, Address: c.Email, Subject: "Parley can send mails",
		Body: "This is the test mail that you asked for. Mails of this workspace go out.", Locale: c.Locale, CreateTime: h.Now(),
	}, s)
	if err := h.deliver(ctx, s, out); err != nil {
		return nil, testFault(err)
	}
	return &mailv1.SendTestMailResponse{Address: c.Email}, nil
}

// testFault tells who set the mail server up what it said.
func testFault(err error) error {
	var refused *mail.SendError
	if errors.As(err, &refused) {
		return errNotSent.WithMessage("the mail server did not take the mail: %s", refused.Error()).Wrap(err)
	}
	if fault.KindOf(err) != 0 {
		return err
	}
	return errNotSent.Wrap(err)
}

// timeOf is a time of so many microseconds.
func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
