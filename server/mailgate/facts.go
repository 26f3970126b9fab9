package mailgate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/mail"
)

const (
	// maxLooked is how many of a mail's ids or addresses are looked up.
	maxLooked = 200
	// usualLimit and usualMinutes are when a sender is held to be a loop, where
	// nothing is set.
	usualLimit, usualMinutes = 20, 120
)

// reservedNames are local parts that Parley or the standards use.
var reservedNames = []string{"reply", "bounce", "bounces", "notifications", "postmaster", "mailer-daemon", "abuse"}

// facts gathers what decides about a mail.
func (h *Handler) facts(ctx context.Context, s *settings, in *mail.Incoming, envelope []string) (*Facts, error) {
	f := &Facts{Domain: s.Domain, IDs: idsOf(in), Envelope: envelope}
	if err := h.findAliases(ctx, s.WorkspaceID, in, f); err != nil {
		return nil, err
	}
	if err := h.findKnown(ctx, s.WorkspaceID, in, f); err != nil {
		return nil, err
	}
	if err := h.findSigned(ctx, s.WorkspaceID, in, f); err != nil {
		return nil, err
	}
	if in.Bounce != nil && f.Bounced == nil {
		if err := h.findBounced(ctx, s.WorkspaceID, in.Bounce, f); err != nil {
			return nil, err
		}
	}
	return f, h.findSender(ctx, s, in, f)
}

// idsOf are the ids under which a mail is stored. One without any gets one of
// what it says.
func idsOf(in *mail.Incoming) []string {
	var ids []string
	if in.MessageID != "" {
		ids = append(ids, in.MessageID)
	} else {
		sum := sha256.New()
		for _, s := range []string{in.From.Addr, in.Header("Date"), in.Subject, in.Text, in.Quoted, in.HTML} {
			fmt.Fprintf(sum, "%d %s\n", len(s), s)
		}
		for _, a := range in.Attachments {
			fmt.Fprintln(sum, a.Name)
		}
		ids = append(ids, "none-"+hex.EncodeToString(sum.Sum(nil)))
	}
	if in.OriginalID != "" && in.OriginalID != ids[0] {
		ids = append(ids, in.OriginalID)
	}
	return ids
}

func (h *Handler) findAliases(ctx context.Context, workspace uuid.UUID, in *mail.Incoming, f *Facts) error {
	var names []string
	for _, address := range recipients(in, f) {
		if !ours(address, f.Domain) {
			continue
		}
		name := address[:strings.LastIndexByte(address, '@')]
		plain, _, _ := strings.Cut(name, "+")
		names = append(names, name, plain)
	}
	for _, author := range authors(in) {
		if ours(author.Addr, f.Domain) {
			names = append(names, author.Local())
		}
	}
	rows, err := h.q.MailAliasFind(ctx, h.DB, db.MailAliasFindParams{WorkspaceID: workspace, Names: names})
	if err != nil {
		return fmt.Errorf("find aliases: %w", err)
	}
	f.Aliases = make(map[string]*db.MailAlias, len(rows))
	for i := range rows {
		f.Aliases[rows[i].Name] = &rows[i]
	}
	return nil
}

// findKnown looks up the mail's own ids and those that it answers.
func (h *Handler) findKnown(ctx context.Context, workspace uuid.UUID, in *mail.Incoming, f *Facts) error {
	answered := slices.Concat(in.InReplyTo, in.References)
	ids := slices.Concat(f.IDs, answered[max(0, len(answered)-maxLooked):])
	rows, err := h.q.MailReferenceFind(ctx, h.DB, db.MailReferenceFindParams{WorkspaceID: workspace, MailIds: ids, MaxRows: maxLooked})
	if err != nil {
		return fmt.Errorf("find mails by id: %w", err)
	}
	for _, r := range rows {
		f.Known = append(f.Known, Reference{
			MailID: r.MailID, Place: r.Place, Thread: r.ThreadID, Message: r.MessageID, Seq: r.Seq, RecordType: r.RecordType,
			Note: answersAsNote(r.Internal, r.Kind, r.AuthorKind), Incoming: r.Incoming, Time: r.CreateTime,
		})
	}
	return nil
}

// findSigned looks up the deliveries that our own signed addresses name.
func (h *Handler) findSigned(ctx context.Context, workspace uuid.UUID, in *mail.Incoming, f *Facts) error {
	replies, bounces := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	var ids []uuid.UUID
	for _, address := range recipients(in, f) {
		if id, ok := h.Signer.Reply(address); ok && ours(address, f.Domain) {
			replies[id] = true
			ids = append(ids, id)
		}
		if id, ok := h.Signer.Bounce(address); ok && ours(address, f.Domain) {
			bounces[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := h.q.MailDeliveryRefer(ctx, h.DB, db.MailDeliveryReferParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return fmt.Errorf("find deliveries of signed addresses: %w", err)
	}
	for _, r := range rows {
		if bounces[r.ID] {
			f.Bounced = &Bounced{Delivery: r.ID, Thread: r.ThreadID, Message: r.MessageID, Address: normal(r.Address)}
		}
		if replies[r.ID] {
			f.Replies = append(f.Replies, Reference{
				Thread: r.ThreadID, Message: r.MessageID, Seq: r.Seq, RecordType: r.RecordType, Time: r.CreateTime, Party: r.PartyID,
				Note: answersAsNote(r.Internal, r.Kind, r.AuthorKind), Address: normal(r.Address),
			})
		}
	}
	return nil
}

// findBounced finds the delivery that a report is about by the id of the mail and
// the recipient who did not get it.
func (h *Handler) findBounced(ctx context.Context, workspace uuid.UUID, b *mail.Bounce, f *Facts) error {
	if b.Recipient.IsZero() || len(b.MessageIDs) == 0 {
		return nil
	}
	rows, err := h.q.MailReferenceFind(ctx, h.DB, db.MailReferenceFindParams{
		WorkspaceID: workspace, MailIds: b.MessageIDs[:min(len(b.MessageIDs), maxLooked)], MaxRows: maxLooked,
	})
	if err != nil {
		return fmt.Errorf("find the mail that bounced: %w", err)
	}
	for _, r := range rows {
		if r.Incoming {
			continue
		}
		d, err := h.q.MailDeliveryFind(ctx, h.DB, db.MailDeliveryFindParams{
			WorkspaceID: workspace, ThreadID: r.ThreadID, Seq: r.Seq, Address: b.Recipient.Addr,
		})
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return fmt.Errorf("find the delivery that bounced: %w", err)
		}
		f.Bounced = &Bounced{Delivery: d.ID, Thread: d.ThreadID, Message: d.MessageID, Address: normal(d.Address)}
		return nil
	}
	return nil
}

// findSender finds out whom the mail is from, as far as it says, and how much
// they sent lately.
func (h *Handler) findSender(ctx context.Context, s *settings, in *mail.Incoming, f *Facts) error {
	for _, a := range authors(in) {
		people, err := h.people(ctx, s.WorkspaceID, uuid.Nil, []string{a.Addr})
		if err != nil {
			return err
		}
		f.Sender = Sender{Address: a, Known: people.known()}
		f.Sender.Own = f.own(a, f.Sender.Known)
		if !f.Sender.Own {
			break
		}
	}
	f.Limit = or(int(s.LoopLimit), usualLimit)
	f.Trusted = trusted(s.TrustedSenders, f.Sender.Address) || trusted(s.TrustedSenders, in.From)
	since := h.Now().Add(-time.Duration(or(int(s.LoopMinutes), usualMinutes)) * time.Minute)
	n, err := h.q.MailSenderCount(ctx, h.DB, db.MailSenderCountParams{
		WorkspaceID: s.WorkspaceID, Sender: counted(f.Sender.Addr), Since: since, MaxRows: int32(f.Limit),
	})
	if err != nil {
		return fmt.Errorf("count mails of the sender: %w", err)
	}
	f.Recent = int(n)
	return nil
}

// authors are whom a mail may be from, the best first: whom answers go to, and
// who says to have written it.
func authors(in *mail.Incoming) []mail.Address {
	reply := in.ReplyAuthor()
	if reply.Name == "" && reply.Addr != in.From.Addr {
		reply.Name = in.From.Name
	}
	if reply.Addr == in.From.Addr {
		return []mail.Address{in.From}
	}
	return []mail.Address{reply, in.From}
}

// own is true for an address of the workspace's at which nobody sits.
func (f *Facts) own(a mail.Address, known bool) bool {
	if !ours(a.Addr, f.Domain) {
		return false
	}
	return f.alias(a.Addr) != nil || mail.IsReplyAddress(a.Addr) || mail.IsBounceAddress(a.Addr) ||
		slices.Contains(reservedNames, a.Local()) || !known
}

// trusted is true if the settings name an address, or its domain.
func trusted(list []string, a mail.Address) bool {
	return !a.IsZero() && (slices.Contains(list, a.Addr) || slices.Contains(list, "@"+a.Domain()))
}

// counted is an address as loops are counted: another Parley writes from another
// address each time, and tags can be made up.
func counted(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address
	}
	local, _, _ := strings.Cut(address[:at], "+")
	return local + address[at:]
}

// normal is an address as mails have it: people write capitals, and domains in
// their own script. What is no address stays as it is.
func normal(address string) string {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return address
	}
	return a.Addr
}

// or is n, or the usual number where it is not set.
func or(n, usual int) int {
	if n == 0 {
		return usual
	}
	return n
}

// people are those of a workspace who have some addresses.
type people struct {
	contacts []db.MailContactFindRow
	users    []db.MailUserFindRow
}

func (p *people) known() bool {
	return len(p.users) > 0 || slices.ContainsFunc(p.contacts, func(c db.MailContactFindRow) bool { return !c.Archived })
}

// people finds who has one of the addresses: followers of the thread first.
func (h *Handler) people(ctx context.Context, workspace, thread uuid.UUID, addresses []string) (*people, error) {
	var p people
	var err error
	addresses = addresses[:min(len(addresses), maxLooked)]
	p.contacts, err = h.q.MailContactFind(ctx, h.DB, db.MailContactFindParams{
		WorkspaceID: workspace, ThreadID: thread, Addresses: addresses, MaxRows: maxLooked,
	})
	if err != nil {
		return nil, fmt.Errorf("find contacts by address: %w", err)
	}
	p.users, err = h.q.MailUserFind(ctx, h.DB, db.MailUserFindParams{WorkspaceID: workspace, Addresses: addresses, MaxRows: maxLooked})
	if err != nil {
		return nil, fmt.Errorf("find users by address: %w", err)
	}
	return &p, nil
}
