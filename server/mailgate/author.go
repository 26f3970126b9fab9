package mailgate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/thread"
)

// contactType is the built-in record type of contacts.
const contactType = "contact"

// maxName is how much of a sender's name is kept, in characters.
const maxName = 200

// writer is whom a mail's message is by: always a contact, since a mail does not
// prove who sent it. Not even one from a user's address is the user's.
type writer struct {
	thread.Author
	// recognised is true for a contact who was one before.
	recognised bool
	// user is true if the address is a user's, who follows as that.
	user bool
}

// follows says whether the writer becomes a follower by writing.
func (w *writer) follows() bool { return w.recognised && !w.user }

// author finds whom a mail is by, and makes a contact for a stranger: a follower of
// the thread before a user before any contact. thread is zero for a new record.
func (h *Handler) author(ctx context.Context, workspace, threadID uuid.UUID, customer string, f *Facts) (*writer, error) {
	w := &writer{}
	if f.Sender.IsZero() { // of what was in the quarantine
		author, err := h.createContact(ctx, workspace, f.Sender.Address, f.IDs[0])
		w.Author = author
		return w, err
	}
	p, err := h.people(ctx, workspace, threadID, []string{f.Sender.Addr})
	if err != nil {
		return nil, err
	}
	w.user = len(p.users) > 0
	if len(p.contacts) > 0 && !p.contacts[0].Archived {
		c := p.contacts[0]
		w.Author, w.recognised = contactAuthor(c.ID, c.Title), true
		w.user = w.user && !c.Follows
		return w, nil
	}
	if mail.IsReplyAddress(f.Sender.Addr) && threadID != uuid.Nil {
		if found, err := h.neighbours(ctx, workspace, threadID, customer, []string{f.Sender.Domain()}); err != nil {
			return nil, err
		} else if len(found) > 0 {
			c := neighbour(found, f)
			w.Author, w.recognised = contactAuthor(c.ID, c.Title), true
			return w, nil
		}
	}
	w.Author, err = h.createContact(ctx, workspace, f.Sender.Address, f.Sender.Addr)
	return w, err
}

// neighbour is who of another Parley's addresses wrote: whom the answered mail
// went to, or else the first. Another Parley writes from a new address each time.
func neighbour(found []db.MailNeighbourFindRow, f *Facts) db.MailNeighbourFindRow {
	for _, c := range found {
		if slices.ContainsFunc(f.Replies, func(r Reference) bool { return r.Party == c.ID }) {
			return c
		}
	}
	return found[0]
}

// neighbours are the contacts at some domains whom a thread's mails go to.
func (h *Handler) neighbours(ctx context.Context, workspace, threadID uuid.UUID, customer string, domains []string) ([]db.MailNeighbourFindRow, error) {
	rows, err := h.q.MailNeighbourFind(ctx, h.DB, db.MailNeighbourFindParams{
		WorkspaceID: workspace, ThreadID: threadID, Customer: customer, Domains: domains, MaxRows: maxLooked,
	})
	if err != nil {
		return nil, fmt.Errorf("find recipients by domain: %w", err)
	}
	return rows, nil
}

// createContact makes a contact of an address, or of a name alone. Two who do so at
// once for the same make one.
func (h *Handler) createContact(ctx context.Context, workspace uuid.UUID, a mail.Address, of string) (thread.Author, error) {
	name := cut(strings.Join(strings.Fields(a.DisplayName()), " "), maxName)
	if name == "" {
		name = "Unknown sender"
	}
	values := map[string]any{"name": name}
	if !a.IsZero() {
		values["email"] = a.Addr
	}
	fields, err := structpb.NewStruct(values)
	if err != nil {
		return thread.Author{}, fmt.Errorf("describe contact: %w", err)
	}
	made, err := h.createRecord(system(ctx, workspace), contactType, fields, requestOf("contact", of))
	if err != nil {
		return thread.Author{}, err
	}
	if email := made.GetFields().AsMap()["email"]; email != values["email"] { // made before, and has another address since
		if made, err = h.createRecord(system(ctx, workspace), contactType, fields, uuid.New()); err != nil {
			return thread.Author{}, err
		}
	}
	id, err := uuid.Parse(made.GetId())
	if err != nil {
		return thread.Author{}, fmt.Errorf("read contact id: %w", err)
	}
	return contactAuthor(id, name), nil
}

func (h *Handler) createRecord(ctx context.Context, kind string, fields *structpb.Struct, request uuid.UUID) (*recordv1.Record, error) {
	res, err := h.Records.CreateRecord(ctx, &recordv1.CreateRecordRequest{
		RequestId: request.String(), Record: &recordv1.Record{Type: kind, Fields: fields},
	})
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", kind, err)
	}
	return res.GetRecord(), nil
}

func contactAuthor(id uuid.UUID, name string) thread.Author {
	return thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_CONTACT, ID: id, Name: name, PublicName: name}
}

// system is ctx with the workspace itself as the caller.
func system(ctx context.Context, workspace uuid.UUID) context.Context {
	return access.WithCaller(ctx, access.SystemCaller(workspace))
}

// requestOf is the request id of what a mail causes, the same however often it
// comes and whoever gets it.
func requestOf(parts ...string) uuid.UUID {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(p), p)
	}
	id := uuid.UUID(sum.Sum(nil)[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made in a way of one's own
	return id
}

// cut is the beginning of a text, so many characters at most.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}
