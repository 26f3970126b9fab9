package mailgate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// maxMail is the largest mail that is sent, in bytes.
	maxMail = 30 << 20
	// maxBounces is after how many bounces an address is sent nothing more.
	maxBounces = 10
)

// parcel is one delivery with everything that decides what goes out.
type parcel struct {
	delivery  db.Delivery
	recipient db.MailRecipientGetRow
	message   thread.Message
	facts     access.Facts
	settings  *settings
	// shown is the message as the recipient may see it.
	shown *threadv1.Message
}

func (p *parcel) user() bool {
	return p.delivery.PartyKind == int16(threadv1.PartyKind_PARTY_KIND_USER)
}

// caller is a recipient who is a user, to ask what they may read.
func (p *parcel) caller() access.Caller {
	return access.Caller{
		Kind: access.User, Workspace: p.delivery.WorkspaceID, ID: p.delivery.PartyID, Role: identityv1.Role(p.recipient.Role),
		Name: p.recipient.Name, Locale: p.recipient.Locale,
	}
}

// ended is how a delivery ended without being sent.
type ended struct {
	state  threadv1.DeliveryState
	reason string
}

func (e *ended) Error() string { return e.reason }

func cancelled(reason string) error {
	return &ended{threadv1.DeliveryState_DELIVERY_STATE_CANCELLED, reason}
}

func failed(reason string) error {
	return &ended{threadv1.DeliveryState_DELIVERY_STATE_FAILED, reason}
}

// send is the job that sends one mail to one person.
func (h *Handler) send(ctx context.Context, job *river.Job[sendArgs]) error {
	p, err := h.parcel(ctx, job.Args)
	if err != nil || p == nil {
		return err
	}
	if wait := quiet(h.Now(), p.recipient.QuietFrom, p.recipient.QuietTo, p.recipient.TimeZone); wait > 0 {
		return river.JobSnooze(wait)
	}
	err = h.mayGo(ctx, p)
	if err == nil {
		err = h.dispatch(ctx, p)
	}
	return h.settle(ctx, p, err, job.Attempt >= job.MaxAttempts)
}

// parcel gathers a delivery; nil if there is nothing left to send.
func (h *Handler) parcel(ctx context.Context, a sendArgs) (*parcel, error) {
	var p parcel
	var err error
	p.delivery, err = h.q.DeliveryGet(ctx, h.DB, db.DeliveryGetParams{WorkspaceID: a.Workspace, ID: a.Delivery})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && p.delivery.State != int16(threadv1.DeliveryState_DELIVERY_STATE_READY) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read delivery: %w", err)
	}
	p.delivery.Address = normal(p.delivery.Address)
	p.recipient, err = h.q.MailRecipientGet(ctx, h.DB, db.MailRecipientGetParams{WorkspaceID: a.Workspace, ID: a.Delivery})
	if err != nil {
		return nil, fmt.Errorf("read recipient: %w", err)
	}
	if p.settings, err = h.settingsOf(ctx, a.Workspace); err != nil {
		return nil, err
	}
	p.message, err = h.Log.Get(ctx, a.Workspace, p.delivery.ThreadID, p.delivery.MessageID)
	if errors.Is(err, thread.ErrNoMessage) {
		return nil, nil // the thread went with it
	}
	if err != nil {
		return nil, err
	}
	var ok bool
	if p.facts, ok, err = h.Log.Facts(ctx, a.Workspace, p.delivery.ThreadID); err != nil || !ok {
		return nil, err
	}
	return &p, nil
}

// mayGo decides at the last moment whether a mail still goes, and what of the
// message its recipient sees.
func (h *Handler) mayGo(ctx context.Context, p *parcel) error {
	switch {
	case p.message.Delete != nil:
		return cancelled("the message was deleted")
	case !p.recipient.Active:
		return cancelled("the recipient is no longer active")
	case !p.settings.sends():
		return failed("mail is not set up in this workspace")
	}
	if err := h.addressed(ctx, p); err != nil {
		return err
	}
	if p.user() {
		c := p.caller()
		if _, err := h.Gate.Read(ctx, c, p.delivery.ThreadID); errors.Is(err, access.ErrThreadNotFound) {
			return cancelled("the recipient may not read this")
		} else if err != nil {
			return err
		}
		p.shown = thread.Redact(&p.message, thread.AudienceOf(c))
		return nil
	}
	p.shown = forContact(&p.message, p.delivery.PartyID)
	if p.shown == nil {
		return cancelled("this is internal")
	}
	return nil
}

// forContact is a message as a contact gets it by mail: what outsiders see, and
// of a note only one that mentions them, with its text and files.
func forContact(m *thread.Message, contact uuid.UUID) *threadv1.Message {
	if !m.Internal {
		return thread.Redact(m, thread.Outside)
	}
	if m.Kind != threadv1.MessageKind_MESSAGE_KIND_COMMENT {
		return nil
	}
	for _, p := range m.Extra.GetMentions() {
		if p.GetKind() == threadv1.PartyKind_PARTY_KIND_CONTACT && p.GetId() == contact.String() {
			author := m.Author
			author.Name = m.Author.PublicName
			return &threadv1.Message{
				Id: m.ID.String(), Kind: m.Kind, Author: author.Party(), Body: m.Body, Format: m.Extra.GetFormat(),
				Subject: m.Extra.GetSubject(), Files: m.Extra.GetFiles(),
			}
		}
	}
	return nil
}

// addressed refuses an address from which mails keep coming back.
func (h *Handler) addressed(ctx context.Context, p *parcel) error {
	count, err := h.q.MailBounceGet(ctx, h.DB, db.MailBounceGetParams{WorkspaceID: p.delivery.WorkspaceID, Address: p.delivery.Address})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("count bounces: %w", err)
	}
	if count >= maxBounces {
		return failed(fmt.Sprintf("%d mails came back from this address; correct it, or reset its bounces", count))
	}
	return nil
}

// dispatch composes the mail and gives it to the server. The id that answers will
// name is noted first: an answer may be faster than we are.
func (h *Handler) dispatch(ctx context.Context, p *parcel) error {
	sender, err := h.senders.of(p.settings)
	if err != nil {
		return failed(err.Error())
	}
	out, err := h.compose(ctx, p)
	if err != nil {
		return err
	}
	spool, err := out.Compose(ctx, p.settings.dkim, maxMail)
	switch {
	case errors.Is(err, mail.ErrTooLarge), errors.Is(err, mail.ErrAddress), errors.Is(err, mail.ErrHeader):
		return failed(err.Error())
	case err != nil:
		return fmt.Errorf("compose mail: %w", err)
	}
	defer func() { _ = spool.Close() }() // a temporary file that the system removes, too
	if _, err := h.q.MailReferenceInsert(ctx, h.DB, db.MailReferenceInsertParams{
		WorkspaceID: p.delivery.WorkspaceID, MailID: out.MessageID, ThreadID: p.delivery.ThreadID, MessageID: p.message.ID,
		Seq: p.message.Seq, Internal: p.message.Internal, CreateTime: h.Now(),
	}); err != nil {
		return fmt.Errorf("note mail: %w", err)
	}
	if _, err := sender.Send(ctx, h.Signer.BounceAddress(p.delivery.ID, p.settings.Domain), p.delivery.Address, spool); err != nil {
		return err
	}
	return nil
}

// settle notes how a try ended. What is to be tried again stays ready, with the
// reason shown meanwhile.
func (h *Handler) settle(ctx context.Context, p *parcel, failure error, last bool) error {
	state, reason := threadv1.DeliveryState_DELIVERY_STATE_SENT, ""
	var end *ended
	var refused *mail.SendError
	switch {
	case failure == nil:
	case errors.As(failure, &end):
		state, reason = end.state, end.reason
	case errors.As(failure, &refused):
		state, reason = threadv1.DeliveryState_DELIVERY_STATE_FAILED, refused.Error()
		if !refused.Permanent && !last {
			state = threadv1.DeliveryState_DELIVERY_STATE_READY
		}
	case last:
		state, reason = threadv1.DeliveryState_DELIVERY_STATE_FAILED, "it could not be sent for days"
	default:
		return failure
	}
	if err := h.note(ctx, p, state, reason); err != nil {
		return err
	}
	if state == threadv1.DeliveryState_DELIVERY_STATE_READY {
		return failure
	}
	return nil
}

// note writes a delivery's state, and shows it on the message.
func (h *Handler) note(ctx context.Context, p *parcel, state threadv1.DeliveryState, reason string) error {
	if state == threadv1.DeliveryState_DELIVERY_STATE_READY && reason == p.delivery.Reason {
		return nil
	}
	external := ""
	if state == threadv1.DeliveryState_DELIVERY_STATE_SENT {
		external = h.Signer.MessageID(p.message.ID, p.settings.Domain)
	}
	_, err := h.Log.AmendDeliveries(ctx, p.delivery.WorkspaceID, p.delivery.ThreadID, p.message.ID, func(tx pgx.Tx, _ *thread.Message) (bool, error) {
		n, err := h.q.MailDeliverySet(ctx, tx, db.MailDeliverySetParams{
			State: int16(state), Reason: reason, ExternalID: external, UpdateTime: h.Now(), WorkspaceID: p.delivery.WorkspaceID, ID: p.delivery.ID,
		})
		if err != nil {
			return false, fmt.Errorf("note delivery: %w", err)
		}
		return n > 0, nil
	})
	return err
}

// quiet is how long it is until somebody's quiet hours end; 0 outside of them.
// from and to are times of day such as "22:00" in the zone; both empty for none.
func quiet(now time.Time, from, to, zone string) time.Duration {
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	start, err := time.Parse("15:04", from)
	if err != nil {
		return 0
	}
	end, err := time.Parse("15:04", to)
	if err != nil {
		return 0
	}
	local := now.In(location)
	minute := local.Hour()*60 + local.Minute()
	first, last := start.Hour()*60+start.Minute(), end.Hour()*60+end.Minute()
	inside := minute >= first && minute < last
	if first > last {
		inside = minute >= first || minute < last
	}
	if !inside {
		return 0
	}
	until := time.Date(local.Year(), local.Month(), local.Day(), end.Hour(), end.Minute(), 0, 0, location)
	if !until.After(local) {
		until = time.Date(local.Year(), local.Month(), local.Day()+1, end.Hour(), end.Minute(), 0, 0, location)
	}
	return until.Sub(now)
}
