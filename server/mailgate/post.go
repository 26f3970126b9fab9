package mailgate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// maxExcerpt is how much of a message an answer to it shows, in characters.
const maxExcerpt = 200

// errGone is the answer for a mail that answers what is no more, or takes nothing.
var errGone = fault.New(fault.NotFound, "THREAD_GONE", "the thread that it answers is gone, or takes no mails")

// answer makes a mail a message in the thread that it answers: a note where it
// answers one.
func (h *Handler) answer(ctx context.Context, l *letter, parent *Reference) (*mailv1.MailResult, error) {
	f, found, err := h.Log.Facts(ctx, l.workspace, parent.Thread)
	if err != nil {
		return nil, err
	}
	if !found || f.Kind != access.KindRecord {
		return nil, errGone
	}
	p, err := h.posting(ctx, l, f)
	if err != nil {
		return nil, err
	}
	p.note, p.outcome = parent.Note, mailv1.MailOutcome_MAIL_OUTCOME_ANSWER
	m, err := h.Log.Get(ctx, l.workspace, parent.Thread, parent.Message)
	if err == nil {
		p.parent = &m
	} else if !errors.Is(err, thread.ErrNoMessage) {
		return nil, err
	}
	if p.writer, err = h.author(ctx, l.workspace, f.ID, p.kind.GetCustomerField(), l.facts); err != nil {
		return nil, err
	}
	p.follows = p.writer.follows()
	signed := slices.ContainsFunc(l.facts.Replies, func(r Reference) bool { return r.Thread == f.ID })
	p.outside = p.writer.recognised || signed
	res, err := h.post(ctx, l, p)
	if err == nil && signed {
		err = h.arrived(ctx, l)
	}
	return res, err
}

// arrived forgets the bounces of an address that answered by a signed address:
// the mail that had it arrived.
func (h *Handler) arrived(ctx context.Context, l *letter) error {
	for _, r := range l.facts.Replies {
		_, err := h.q.MailBounceClear(ctx, h.DB, db.MailBounceClearParams{WorkspaceID: l.workspace, Address: r.Address})
		if err != nil {
			return fmt.Errorf("forget bounces: %w", err)
		}
	}
	return nil
}

// posting is a mail on its way into a thread.
type posting struct {
	access.Facts
	kind   *recordv1.RecordType
	writer *writer
	// outcome is what becomes of the mail.
	outcome mailv1.MailOutcome
	// note is true for what only users may see.
	note bool
	// parent is the message that it answers; nil if none.
	parent *thread.Message
	place  string
	// followers are users who follow the thread from now on; follows is true if
	// the writer does.
	followers []uuid.UUID
	follows   bool
	// outside is true if the message is sent on to people outside: not one that a
	// stranger wrote who may have guessed an id.
	outside bool
}

// posting begins one for a thread.
func (h *Handler) posting(ctx context.Context, l *letter, f access.Facts) (*posting, error) {
	res, err := h.Records.GetRecordType(system(ctx, l.workspace), &recordv1.GetRecordTypeRequest{Name: f.RecordType})
	if err != nil {
		return nil, fmt.Errorf("find record type: %w", err)
	}
	return &posting{Facts: f, kind: res.GetRecordType()}, nil
}

// subtypes are those that a new follower of a kind begins with: nothing internal
// for somebody outside.
func (p *posting) subtypes(outside bool) []string {
	names := []string{}
	for _, s := range p.kind.GetSubtypes() {
		if s.GetDefault() && (!outside || !s.GetInternal() && s.GetName() != thread.SubtypeNotes) {
			names = append(names, s.GetName())
		}
	}
	return names
}

// post stores the message: with its files, ids and HTML, or not at all.
func (h *Handler) post(ctx context.Context, l *letter, p *posting) (*mailv1.MailResult, error) {
	c, err := h.contentOf(ctx, l.workspace, p.ID, p.writer.Author, p.note, l.in)
	if err != nil {
		return nil, err
	}
	d := thread.Draft{
		Workspace: l.workspace, Thread: p.ID, RequestID: requestOf("message", l.facts.IDs[0], p.place),
		Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT, Internal: p.note, Subtype: thread.SubtypeDiscussions,
		Author: p.writer.Author, Body: c.body, Extra: c.extra, Files: c.files, Notify: true,
	}
	if p.note {
		d.Subtype = thread.SubtypeNotes
	}
	if p.follows {
		d.Follow = p.subtypes(true)
	}
	d.Extra.ReplyTo = replyTo(p.parent)
	if d.Mail, err = h.mailOf(ctx, l, p); err != nil {
		return nil, err
	}
	if d.Except, err = h.told(ctx, l, p); err != nil {
		return nil, err
	}
	return h.write(ctx, l, p, c, d)
}

// write is the transaction of post.
func (h *Handler) write(ctx context.Context, l *letter, p *posting, c *content, d thread.Draft) (*mailv1.MailResult, error) {
	var m thread.Message
	fresh, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (fresh bool, err error) {
		for _, user := range p.followers {
			err := h.q.FollowerInsertUser(ctx, tx, db.FollowerInsertUserParams{
				WorkspaceID: l.workspace, ThreadID: p.ID, Subtypes: p.subtypes(false), CreateTime: h.Now(), UserID: user,
			})
			if err != nil {
				return false, fmt.Errorf("add follower: %w", err)
			}
		}
		if m, err = h.Log.PostTx(ctx, tx, d); err != nil {
			return false, err
		}
		return h.keep(ctx, tx, l, p, c, &m)
	})
	if errors.Is(err, thread.ErrReused) { // another copy of the mail was faster, and says something else below
		err = h.findKnown(ctx, l.workspace, l.in, l.facts)
		return duplicate(l, p.place), err
	}
	if err != nil {
		return nil, err
	}
	h.Log.Announce(ctx, m)
	if d.Mail != nil {
		h.Wake()
	}
	res := &mailv1.MailResult{Outcome: p.outcome, ThreadId: p.ID.String(), MessageId: m.ID.String()}
	if !fresh {
		res.Outcome = mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE
	}
	return res, nil
}

// keep notes the ids of the mail that a message was, and its HTML. It answers false
// if that was done before.
func (h *Handler) keep(ctx context.Context, tx pgx.Tx, l *letter, p *posting, c *content, m *thread.Message) (fresh bool, err error) {
	for i, id := range l.facts.IDs {
		sender := ""
		if i == 0 {
			sender = counted(l.facts.Sender.Addr)
		}
		n, err := h.q.MailReceive(ctx, tx, db.MailReceiveParams{
			WorkspaceID: l.workspace, MailID: id, Place: p.place, ThreadID: p.ID, MessageID: m.ID, Seq: m.Seq, Internal: m.Internal,
			Sender: sender, CreateTime: h.Now(),
		})
		if err != nil {
			return false, fmt.Errorf("note mail: %w", err)
		}
		fresh = fresh || i == 0 && n > 0
	}
	if c.html == "" || !fresh {
		return fresh, nil
	}
	err = h.q.MailHtmlInsert(ctx, tx, db.MailHtmlInsertParams{
		WorkspaceID: l.workspace, ThreadID: p.ID, MessageID: m.ID, HTML: c.html, RemoteImages: int32(l.in.RemoteImages),
	})
	if err != nil {
		return false, fmt.Errorf("keep the HTML of a mail: %w", err)
	}
	return fresh, nil
}

// mailOf says how the message leaves by mail; nil if it does not.
func (h *Handler) mailOf(ctx context.Context, l *letter, p *posting) (*thread.Mail, error) {
	on, _, err := h.Outgoing(ctx, l.workspace)
	if err != nil || !on {
		return nil, err
	}
	return &thread.Mail{Send: h.Now(), Outside: p.outside && !p.note, Customer: p.kind.GetCustomerField()}, nil
}

// told are those who have the mail already: the contacts in its headers, those at
// another Parley that it came from, and the user whose own signed address it
// was. A user who is merely named in the headers is told all the same: anybody can
// write headers.
func (h *Handler) told(ctx context.Context, l *letter, p *posting) ([]uuid.UUID, error) {
	addresses := []string{l.facts.Sender.Addr, l.in.From.Addr}
	for _, a := range slices.Concat(l.in.To, l.in.Cc) {
		addresses = append(addresses, a.Addr)
	}
	known, err := h.people(ctx, l.workspace, p.ID, addresses)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, c := range known.contacts {
		ids = append(ids, c.ID)
	}
	for _, u := range known.users {
		if slices.ContainsFunc(l.facts.Replies, func(r Reference) bool { return r.Party == u.ID && u.Email == l.facts.Sender.Addr }) {
			ids = append(ids, u.ID)
		}
	}
	if len(l.in.Hops) == 0 {
		return ids, nil
	}
	found, err := h.neighbours(ctx, l.workspace, p.ID, p.kind.GetCustomerField(), l.in.Hops)
	for _, c := range found {
		ids = append(ids, c.ID)
	}
	return ids, err
}

// replyTo is what a message answers, for its readers; nil for nothing that people
// wrote.
func replyTo(m *thread.Message) *wirev1.Reply {
	if m == nil || m.Kind != threadv1.MessageKind_MESSAGE_KIND_COMMENT || m.Delete != nil {
		return nil
	}
	return &wirev1.Reply{
		Reference: &threadv1.MessageReference{MessageId: m.ID.String(), Seq: m.Seq, Author: m.Author.Party(), Excerpt: cut(m.Body, maxExcerpt)},
		PublicSeq: m.PublicSeq, AuthorPublicName: m.Author.PublicName, Internal: m.Internal,
	}
}
