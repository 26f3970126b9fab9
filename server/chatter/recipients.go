package chatter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// shownRecipients bounds a preview.
const shownRecipients = 200

// mailOf says how a draft in a record's thread leaves by mail; nil if it does
// not.
func (h *Handler) mailOf(ctx context.Context, workspace uuid.UUID, f access.Facts, internal bool) (*thread.Mail, error) {
	if f.Kind != access.KindRecord || h.mail == nil {
		return nil, nil
	}
	on, hold, err := h.mail.Outgoing(ctx, workspace)
	if err != nil || !on {
		return nil, err
	}
	customer, err := h.types.CustomerField(ctx, workspace, f.RecordType)
	if err != nil {
		return nil, fmt.Errorf("find customer field: %w", err)
	}
	return &thread.Mail{Send: h.now().Add(hold), Outside: !internal, Customer: customer}, nil
}

// addRecipients gives the draft whom it goes to besides its followers, and whom
// it does not go to.
func (h *Handler) addRecipients(ctx context.Context, d *thread.Draft, added, except []string) error {
	var err error
	if d.Except, err = parseIDs(except); err != nil {
		return errRecipientUnknown
	}
	ids, err := parseIDs(added)
	if err != nil {
		return errRecipientUnknown
	}
	if len(ids) == 0 {
		return nil
	}
	known, err := h.parties(ctx, d.Workspace, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := h.addRecipient(ctx, d, known[id]); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handler) addRecipient(ctx context.Context, d *thread.Draft, p *party) error {
	switch {
	case p == nil || !p.active:
		return errRecipientUnknown
	case p.user():
		ok, err := h.reads(ctx, p.caller, d.Thread)
		if err != nil {
			return err
		}
		if !ok {
			return errPartyDenied.WithMessage("%s may not read this; leave them out, or give them access first", p.name)
		}
		d.Added = append(d.Added, p.id)
	case d.Internal:
		return errRecipientOutside.WithMessage("%s is outside and would read this note; write a message instead, or mention them", p.name)
	case d.Mail == nil:
		return errMailOff
	case p.email == "":
		return errNoAddress.WithMessage("%s has no e-mail address; add one to the contact first", p.name)
	default:
		d.Mail.Contacts = append(d.Mail.Contacts, p.id)
	}
	return nil
}

// PreviewRecipients implements chatterv1connect.ChatterServiceHandler. It walks
// the same people as the transaction that posts.
func (h *Handler) PreviewRecipients(ctx context.Context, req *chatterv1.PreviewRecipientsRequest) (*chatterv1.PreviewRecipientsResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return nil, err
	}
	mail, err := h.mailOf(ctx, c.Workspace, rights.Facts, req.GetInternal())
	if err != nil {
		return nil, err
	}
	p := &preview{author: c.ID, mail: mail != nil, except: req.GetExceptIds(), seen: map[uuid.UUID]bool{}}
	if err := h.previewNamed(ctx, c, p, req); err != nil {
		return nil, err
	}
	if err := h.previewFollowers(ctx, c, rights, p, req.GetInternal()); err != nil {
		return nil, err
	}
	if !req.GetInternal() && mail != nil {
		if err := h.previewCustomer(ctx, c.Workspace, rights.ID, mail.Customer, p); err != nil {
			return nil, err
		}
	}
	return p.answer(audienceOf(rights.Kind, req.GetInternal())), nil
}

// audienceOf says in words who may read a message without being told of it.
func audienceOf(kind int16, internal bool) string {
	switch {
	case kind == access.KindChat && internal:
		return "every agent, and not the visitor"
	case kind == access.KindChat:
		return "the visitor, and every agent"
	case internal:
		return "every user who may read this record, and nobody outside"
	default:
		return "every user who may read this record"
	}
}

// preview gathers recipients, each once, by the first reason found.
type preview struct {
	author uuid.UUID
	mail   bool
	except []string
	seen   map[uuid.UUID]bool
	list   []*chatterv1.Recipient
	beyond int
}

// add puts somebody on the list. notifyBy is a user's wish.
func (p *preview) add(who *party, reason chatterv1.RecipientReason) {
	if who.id == p.author || p.seen[who.id] {
		return
	}
	p.seen[who.id] = true
	r := &chatterv1.Recipient{Party: who.proto(), Reason: reason, Outside: !who.user(), Excepted: slices.Contains(p.except, who.id.String())}
	switch {
	case who.user() && (who.notifyBy != int16(chatterv1.NotifyBy_NOTIFY_BY_MAIL) || !p.mail):
		r.Way = chatterv1.RecipientWay_RECIPIENT_WAY_INBOX
	case !p.mail:
		r.Problem = "mail is not set up"
	case who.email == "":
		r.Problem = "has no e-mail address"
	default:
		r.Way, r.Address = chatterv1.RecipientWay_RECIPIENT_WAY_MAIL, who.email
	}
	p.list = append(p.list, r)
}

// answer is the list, outsiders first.
func (p *preview) answer(audience string) *chatterv1.PreviewRecipientsResponse {
	slices.SortStableFunc(p.list, func(a, b *chatterv1.Recipient) int {
		switch {
		case a.GetOutside() == b.GetOutside():
			return 0
		case a.GetOutside():
			return -1
		default:
			return 1
		}
	})
	out := &chatterv1.PreviewRecipientsResponse{Audience: audience, RecipientCount: int32(p.beyond)}
	for _, r := range p.list {
		told := r.GetWay() != chatterv1.RecipientWay_RECIPIENT_WAY_UNSPECIFIED && !r.GetExcepted()
		if told {
			out.RecipientCount++
		}
		if told && r.GetOutside() {
			out.OutsideCount++
		}
	}
	out.Recipients = p.list[:min(len(p.list), shownRecipients)]
	return out
}

// previewNamed adds who is mentioned and who was added.
func (h *Handler) previewNamed(ctx context.Context, c access.Caller, p *preview, req *chatterv1.PreviewRecipientsRequest) error {
	mentioned, err := parseIDs(req.GetMentionIds())
	if err != nil {
		return errMentionUnknown
	}
	added, err := parseIDs(req.GetRecipientIds())
	if err != nil {
		return errRecipientUnknown
	}
	all := slices.Concat(mentioned, added)
	if len(all) == 0 {
		return nil
	}
	known, err := h.parties(ctx, c.Workspace, all)
	if err != nil {
		return err
	}
	for i, id := range all {
		who, reason := known[id], chatterv1.RecipientReason_RECIPIENT_REASON_MENTION
		if i >= len(mentioned) {
			reason = chatterv1.RecipientReason_RECIPIENT_REASON_ADDED
		}
		if who == nil || !who.active {
			return errRecipientUnknown
		}
		if !who.user() && req.GetInternal() && reason == chatterv1.RecipientReason_RECIPIENT_REASON_ADDED {
			return errRecipientOutside.WithMessage("%s is outside and would read this note; write a message instead, or mention them", who.name)
		}
		p.add(who, reason)
	}
	return nil
}

// previewFollowers adds the followers whom the subtype concerns.
func (h *Handler) previewFollowers(ctx context.Context, c access.Caller, rights access.Rights, p *preview, internal bool) error {
	subtype := thread.SubtypeDiscussions
	if internal {
		subtype = thread.SubtypeNotes
	}
	rows, err := h.q.RecipientFollowerList(ctx, h.db, db.RecipientFollowerListParams{
		WorkspaceID: c.Workspace, ThreadID: rights.ID, Subtype: subtype, Outside: !internal, MaxRows: shownRecipients,
	})
	if err != nil {
		return fmt.Errorf("list recipients: %w", err)
	}
	for _, row := range rows {
		p.add(&party{
			kind: threadv1.PartyKind(row.PartyKind), id: row.PartyID, name: row.Name, email: row.Email, notifyBy: row.NotifyBy, active: true,
		}, chatterv1.RecipientReason_RECIPIENT_REASON_FOLLOWER)
		p.beyond = max(0, int(row.Total)-len(rows))
	}
	return nil
}

// previewCustomer adds whom the record is about.
func (h *Handler) previewCustomer(ctx context.Context, workspace, id uuid.UUID, field string, p *preview) error {
	if field == "" {
		return nil
	}
	row, err := h.q.RecipientCustomerGet(ctx, h.db, db.RecipientCustomerGetParams{WorkspaceID: workspace, ID: id, Customer: field})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find customer: %w", err)
	}
	p.add(&party{kind: threadv1.PartyKind_PARTY_KIND_CONTACT, id: row.ID, name: row.Title, email: row.Email, active: true},
		chatterv1.RecipientReason_RECIPIENT_REASON_CUSTOMER)
	return nil
}
