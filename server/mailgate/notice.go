package mailgate

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/store"
)

// Notice is a mail that hangs on no message: an invitation, a digest.
type Notice struct {
	Workspace uuid.UUID
	// Name and Address are whom it is for, Locale their language.
	Name, Address, Locale string
	// Author is the name of who sends it, as outsiders know it; empty for the
	// workspace itself.
	Author string
	// Body is Markdown.
	Subject, Body string
}

// noticeArgs is the job of sending one notice.
type noticeArgs struct {
	Workspace uuid.UUID `json:"workspace"`
	Notice    uuid.UUID `json:"notice"`
}

// Kind implements river.JobArgs.
func (noticeArgs) Kind() string { return "mail_notice" }

// Notify sends a notice as soon as the server takes it.
func (h *Handler) Notify(ctx context.Context, n Notice) error {
	on, _, err := h.Outgoing(ctx, n.Workspace)
	if err != nil {
		return err
	}
	if !on {
		return errOff
	}
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) error { return h.NotifyTx(ctx, tx, n) })
}

// NotifyTx is Notify for a notice that is to be sent exactly if tx is committed.
func (h *Handler) NotifyTx(ctx context.Context, tx pgx.Tx, n Notice) error {
	id := uuid.Must(uuid.NewV7())
	err := h.q.MailNoticeInsert(ctx, tx, db.MailNoticeInsertParams{
		WorkspaceID: n.Workspace, ID: id, Name: n.Name, Address: n.Address, AuthorName: n.Author, Subject: n.Subject, Body: n.Body,
		Locale: n.Locale, CreateTime: h.Now(),
	})
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	return h.Jobs.InsertTx(ctx, tx, noticeArgs{Workspace: n.Workspace, Notice: id}, jobOptions())
}

// notify is the job that sends one notice.
func (h *Handler) notify(ctx context.Context, job *river.Job[noticeArgs]) error {
	key := db.MailNoticeGetParams{WorkspaceID: job.Args.Workspace, ID: job.Args.Notice}
	n, err := h.q.MailNoticeGet(ctx, h.DB, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read notice: %w", err)
	}
	s, err := h.settingsOf(ctx, n.WorkspaceID)
	if err != nil {
		return err
	}
	failure := h.deliver(ctx, s, h.wrap(&n, s))
	var refused *mail.SendError
	if failure != nil && !(errors.As(failure, &refused) && refused.Permanent) {
		return failure
	}
	if failure != nil {
		h.Logger.Warn("a mail was refused", "workspace", n.WorkspaceID, "notice", n.ID, "error", failure)
	}
	if err := h.q.MailNoticeDelete(ctx, h.DB, db.MailNoticeDeleteParams(key)); err != nil {
		return fmt.Errorf("forget notice: %w", err)
	}
	return nil
}

// wrap is the mail that a notice becomes.
func (h *Handler) wrap(n *db.MailNotice, s *settings) *mail.Outgoing {
	body := mail.Frame{Heading: n.AuthorName, Lang: n.Locale}.Wrap(mail.Render(n.Body))
	return &mail.Outgoing{
		From: mail.Address{Name: via(n.AuthorName, s.SenderName), Addr: "notifications@" + s.Domain},
		To:   mail.Address{Name: n.Name, Addr: n.Address}, MessageID: h.Signer.MessageID(n.ID, s.Domain), Date: n.CreateTime,
		Subject: n.Subject, Text: body.Text, HTML: body.HTML, AutoSubmitted: "auto-generated",
		Headers: []mail.Header{{Name: mail.HopHeader, Value: s.Domain}},
	}
}

// deliver gives one mail to the workspace's server. Nobody is told where it comes
// back.
func (h *Handler) deliver(ctx context.Context, s *settings, out *mail.Outgoing) error {
	if !s.sends() {
		return errOff
	}
	sender, err := h.senders.of(s)
	if err != nil {
		return err
	}
	spool, err := out.Compose(ctx, s.dkim, maxMail)
	if err != nil {
		return fmt.Errorf("compose mail: %w", err)
	}
	defer func() { _ = spool.Close() }() // a temporary file that the system removes, too
	_, err = sender.Send(ctx, "", out.To.Addr, spool)
	return err
}

// via is an author's name before the workspace's.
func via(author, workspace string) string {
	switch {
	case author == "":
		return workspace
	case workspace == "":
		return author
	default:
		return author + " via " + workspace
	}
}
