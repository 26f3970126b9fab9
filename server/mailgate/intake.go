package mailgate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/mail"
)

// receiver takes in what a listener gets, for all workspaces.
type receiver struct{ *Handler }

// Receiver is what listeners hand mails to. A mail is acknowledged once all that
// it causes is stored; the same one again is stored once.
func (h *Handler) Receiver() mail.Handler { return receiver{h} }

// Accept implements mail.Handler. All addresses of our domains are: what nobody
// knows waits in the quarantine.
func (r receiver) Accept(ctx context.Context, _ mail.Envelope, recipient string) error {
	_, err := r.workspaceOf(ctx, recipient)
	return err
}

// workspaceOf answers whose an address is; a *mail.Refusal if it is nobody's.
func (h *Handler) workspaceOf(ctx context.Context, address string) (uuid.UUID, error) {
	workspace, err := h.q.MailDomainGet(ctx, h.DB, address[strings.LastIndexByte(address, '@')+1:])
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, mail.ErrNoSuchRecipient(address)
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find domain: %w", err)
	}
	return workspace, nil
}

// Deliver implements mail.Handler.
func (r receiver) Deliver(ctx context.Context, e mail.Envelope, m *mail.Spool) []error {
	results := make([]error, len(e.To))
	recipients := make(map[uuid.UUID][]string)
	at := make(map[uuid.UUID][]int)
	for i, to := range e.To {
		workspace, err := r.workspaceOf(ctx, to)
		if results[i] = err; err == nil {
			recipients[workspace], at[workspace] = append(recipients[workspace], to), append(at[workspace], i)
		}
	}
	for workspace, to := range recipients {
		letter := &letter{workspace: workspace, spool: m, to: to, from: e.From, enveloped: true}
		if _, err := r.take(ctx, letter); err != nil {
			r.Logger.WarnContext(ctx, "a mail could not be taken in; its server will try again", "workspace", workspace, "error", err)
			for _, i := range at[workspace] {
				results[i] = err
			}
		}
	}
	return results
}

// letter is a mail on its way into one workspace.
type letter struct {
	workspace uuid.UUID
	spool     *mail.Spool
	// to and from are what the server said; enveloped is false if it said nothing
	// of the sender.
	to        []string
	from      string
	enveloped bool

	settings *settings
	in       *mail.Incoming
	facts    *Facts
}

// read parses a mail and gathers what is known of it.
func (h *Handler) read(ctx context.Context, l *letter) error {
	var err error
	if l.in, err = mail.Parse(l.spool, l.spool.Size()); err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	if l.enveloped {
		l.in.SetReturnPath(l.from)
	}
	// Not from memory: another node may have been told of the domain a moment ago.
	row, err := h.q.MailSettingGet(ctx, h.DB, l.workspace)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && row.Domain == "" {
		return errOff
	}
	if err != nil {
		return fmt.Errorf("read mail settings: %w", err)
	}
	l.settings = &settings{MailSetting: row}
	l.facts, err = h.facts(ctx, l.settings, l.in, l.to)
	return err
}

// take routes a mail, and does what routing decided. An error means that it is to
// come again; what was done by then is not done twice.
func (h *Handler) take(ctx context.Context, l *letter) ([]*mailv1.MailResult, error) {
	if err := h.read(ctx, l); err != nil {
		return nil, err
	}
	var results []*mailv1.MailResult
	for _, d := range Route(l.in, l.facts) {
		res, err := h.put(ctx, l, &d)
		if err != nil {
			return nil, err
		}
		res.Reason = d.Why
		results = append(results, res)
		h.Logger.InfoContext(ctx, "a mail came in", "workspace", l.workspace, "mail", l.facts.IDs[0], "outcome", res.GetOutcome(), "why", d.Why)
	}
	return results, nil
}

// put does what was decided for one destination.
func (h *Handler) put(ctx context.Context, l *letter, d *Destination) (*mailv1.MailResult, error) {
	var res *mailv1.MailResult
	var err error
	switch d.Outcome {
	case mailv1.MailOutcome_MAIL_OUTCOME_BOUNCE:
		return h.bounced(ctx, l)
	case mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE:
		return duplicate(l, d.place()), nil
	case mailv1.MailOutcome_MAIL_OUTCOME_ANSWER:
		res, err = h.answer(ctx, l, d.Parent)
	case mailv1.MailOutcome_MAIL_OUTCOME_RECORD:
		res, err = h.openRecord(system(ctx, l.workspace), l, recordOf(d.Alias))
	default:
		return h.quarantine(ctx, l, d)
	}
	if refused(err) {
		*d = quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_RECORD_REFUSED, err.Error())
		if errors.Is(err, errGone) {
			*d = quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_BAD_REPLY, err.Error())
		}
		return h.quarantine(ctx, l, d)
	}
	return res, err
}

// refused tells what will be refused again from what may go well later.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Invalid, fault.Precondition, fault.Denied, fault.AlreadyExists:
		return true
	default:
		return false
	}
}

// duplicate is the result of a mail that came before.
func duplicate(l *letter, place string) *mailv1.MailResult {
	res := &mailv1.MailResult{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE}
	for _, r := range l.facts.Known {
		if r.Place == place && r.MailID == l.facts.IDs[0] {
			res.ThreadId, res.MessageId = r.Thread.String(), r.Message.String()
		}
	}
	return res
}
