package mailgate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/mail"
)

// claimTime is how long somebody has to deliver a mail before another may.
const claimTime = 2 * time.Minute

var (
	errBusy     = fault.New(fault.Conflict, "QUARANTINED_MAIL_BUSY", "somebody else is delivering this mail at this moment")
	errNoTarget = fault.New(fault.Precondition, "MAIL_TARGET_INVALID", "mails go to threads of records only").WithField("thread_id")
)

// DeliverMail implements the contract's method.
func (h *Handler) DeliverMail(ctx context.Context, req *mailv1.DeliverMailRequest) (*mailv1.DeliverMailResponse, error) {
	l := &letter{workspace: access.FromContext(ctx).Workspace, spool: mail.SpoolBytes(req.GetMail())}
	for _, to := range req.GetRecipients() {
		a, err := mail.ParseAddress(to)
		if err != nil {
			return nil, mail.ErrAddress.WithField("recipients")
		}
		l.to = append(l.to, a.Addr)
	}
	if req.GetSender() != "" {
		from, err := mail.ParseAddress(req.GetSender())
		if err != nil {
			return nil, mail.ErrAddress.WithField("sender")
		}
		l.from, l.enveloped = from.Addr, true
	}
	results, err := h.take(ctx, l)
	if err != nil {
		return nil, err
	}
	return &mailv1.DeliverMailResponse{Results: results}, nil
}

// DeliverQuarantinedMail implements the contract's method. It claims the mail
// first, and gives it back if it cannot be delivered: a node that dies between
// leaves it there for the next try, which finds what was done.
func (h *Handler) DeliverQuarantinedMail(ctx context.Context, req *mailv1.DeliverQuarantinedMailRequest) (*mailv1.DeliverQuarantinedMailResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetQuarantineId())
	if err != nil {
		return nil, errNoMail
	}
	l, err := h.claim(ctx, c.Workspace, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.spool.Close() }() // it is in memory
	key := db.MailQuarantineDeleteParams{WorkspaceID: c.Workspace, ID: id}
	res, err := h.release(ctx, l, req)
	if err != nil {
		// Even if the caller has gone, another may want to deliver it.
		if failure := h.q.MailQuarantineRelease(context.WithoutCancel(ctx), h.DB, db.MailQuarantineReleaseParams(key)); failure != nil {
			h.Logger.WarnContext(ctx, "a quarantined mail stays claimed for two minutes", "error", failure)
		}
		return nil, err
	}
	if _, err := h.q.MailQuarantineDelete(ctx, h.DB, key); err != nil {
		return nil, fmt.Errorf("take a mail out of the quarantine: %w", err)
	}
	return &mailv1.DeliverQuarantinedMailResponse{Result: res}, nil
}

// claim takes a mail for delivering it.
func (h *Handler) claim(ctx context.Context, workspace, id uuid.UUID) (*letter, error) {
	row, err := h.q.MailQuarantineClaim(ctx, h.DB, db.MailQuarantineClaimParams{
		Now: h.Now(), WorkspaceID: workspace, ID: id, Stale: h.Now().Add(-claimTime),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		_, err := h.q.MailQuarantineGet(ctx, h.DB, db.MailQuarantineGetParams{WorkspaceID: workspace, ID: id})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, errNoMail
		}
		return nil, errors.Join(err, errBusy)
	}
	if err != nil {
		return nil, fmt.Errorf("claim quarantined mail: %w", err)
	}
	return &letter{workspace: workspace, spool: mail.SpoolBytes(row.Raw), to: row.Recipients, from: row.EnvelopeSender}, nil
}

// release puts a mail where somebody says, with their rights.
func (h *Handler) release(ctx context.Context, l *letter, req *mailv1.DeliverQuarantinedMailRequest) (*mailv1.MailResult, error) {
	if err := h.read(ctx, l); err != nil {
		return nil, err
	}
	if l.facts.Sender.Own { // nobody is to be made a contact of our own address
		l.facts.Sender = Sender{Address: mail.Address{Name: l.in.From.DisplayName()}}
	}
	switch {
	case req.GetThreadId() != "":
		return h.releaseInto(ctx, l, req.GetThreadId())
	case req.GetAliasId() != "":
		alias, err := h.aliasOf(ctx, l.workspace, req.GetAliasId())
		if err != nil {
			return nil, err
		}
		return h.openRecord(ctx, l, recordOf(alias))
	default:
		return h.openRecord(ctx, l, &opening{recordType: req.GetRecordType()})
	}
}

// releaseInto makes a mail a message of a thread that the caller may write in: a
// note if it answers one there.
func (h *Handler) releaseInto(ctx context.Context, l *letter, name string) (*mailv1.MailResult, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return nil, access.ErrThreadNotFound
	}
	rights, err := h.Gate.Post(ctx, access.FromContext(ctx), id)
	if err != nil {
		return nil, err
	}
	if rights.Kind != access.KindRecord {
		return nil, errNoTarget
	}
	parent := parentOf(l.in, l.facts)
	if parent == nil || parent.Thread != id {
		parent = &Reference{Thread: id}
	}
	return h.answer(ctx, l, parent)
}
