package mailgate

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/mail"
)

// Facts are what a workspace knows of a mail's addresses and ids.
type Facts struct {
	// Domain is the workspace's mail domain.
	Domain string
	// IDs are the mail's own: its Message-ID and, past providers that give
	// others, the one it was first sent with.
	IDs []string
	// Envelope are the recipients that the server named, apart from the headers.
	Envelope []string
	// Aliases by name.
	Aliases map[string]*db.MailAlias
	// Known are the messages that have one of the ids in the mail.
	Known []Reference
	// Replies are the messages whose signed reply addresses the mail went to.
	Replies []Reference
	// Bounced is the delivery that a bounce is about; nil if that is not known.
	Bounced *Bounced
	Sender  Sender
	// Recent is how many mails of the sender came in lately, Limit how many may.
	Recent, Limit int
	// Trusted is true for a sender whom the settings name.
	Trusted bool
}

// Sender is whom a mail is taken to be from. That is never proved.
type Sender struct {
	mail.Address
	// Own is true for an address of the workspace's own, from which nobody writes.
	Own bool
	// Known is true if a contact or a user has the address.
	Known bool
}

// Reference is a message that a mail refers to.
type Reference struct {
	MailID          string
	Place           string
	Thread, Message uuid.UUID
	Seq             int64
	RecordType      string
	// Note is true if an answer to it is a note.
	Note     bool
	Incoming bool
	Time     time.Time
	// Party is whom the delivery of a signed reply address went to.
	Party   uuid.UUID
	Address string
}

// Bounced is a delivery that came back.
type Bounced struct {
	Delivery, Thread, Message uuid.UUID
	Address                   string
}

// Destination is where a mail goes, and what it becomes there.
type Destination struct {
	Outcome mailv1.MailOutcome
	// Why is for people who look for a mail.
	Why string
	// Parent is the message that an answer answers.
	Parent *Reference
	// Alias opens a record.
	Alias *db.MailAlias
	// Reason is that of the quarantine.
	Reason mailv1.QuarantineReason
}

// place tells the records apart that one mail opens.
func (d *Destination) place() string {
	if d.Alias == nil || d.Outcome == mailv1.MailOutcome_MAIL_OUTCOME_ANSWER {
		return ""
	}
	return d.Alias.ID.String()
}

// answersAsNote says whether an answer to a message is a note: to whatever
// outsiders do not see, but for the system's own notices.
func answersAsNote(internal bool, kind, authorKind int16) bool {
	hidden := internal || kind == int16(threadv1.MessageKind_MESSAGE_KIND_CHANGE) || kind == int16(threadv1.MessageKind_MESSAGE_KIND_ACTIVITY)
	return hidden && authorKind != int16(threadv1.PartyKind_PARTY_KIND_SYSTEM)
}

// Route decides where a mail goes, in the order of C14: bounce, answer, aliases,
// quarantine. It never answers nothing. What came before is a duplicate; what a
// program wrote is quarantined wherever it would have gone.
func Route(in *mail.Incoming, f *Facts) []Destination {
	if d, ok := bounce(in, f); ok {
		return []Destination{d}
	}
	all := deliveries(in, f)
	if !slices.ContainsFunc(all, func(d Destination) bool { return d.Outcome != mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE }) {
		return all
	}
	if d, held := screen(in, f); held {
		return []Destination{d}
	}
	return all
}

// bounce finds out whether the mail is about one of ours that did not arrive.
func bounce(in *mail.Incoming, f *Facts) (Destination, bool) {
	toBounce := slices.ContainsFunc(recipients(in, f), func(a string) bool { return mail.IsBounceAddress(a) && ours(a, f.Domain) })
	switch {
	case in.Bounce == nil && !toBounce:
		return Destination{}, false
	case in.Bounce == nil && in.Automatic == mail.AutomaticReply:
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_AUTOMATIC, "an automatic answer to a mail of ours"), true
	case in.Bounce == nil:
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_BOUNCE, "it is addressed as a bounce, and is no report"), true
	case f.Bounced == nil:
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_BOUNCE, "it reports about a mail that is not ours: "+in.Bounce.Reason), true
	case !in.Bounce.Permanent:
		return Destination{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_BOUNCE, Why: "a report that nothing is lost (" + in.Bounce.Action + ")"}, true
	}
	return Destination{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_BOUNCE, Why: in.Bounce.Reason}, true
}

// deliveries are where the mail goes as far as its addresses and ids say.
func deliveries(in *mail.Incoming, f *Facts) []Destination {
	if f.stored("") {
		return []Destination{{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE, Why: "it is in a thread already"}}
	}
	first, copied := aliases(in, f)
	if parent := parentOf(in, f); parent != nil {
		other := slices.ContainsFunc(first, func(a *db.MailAlias) bool { return a.RecordType != parent.RecordType })
		if !other {
			return []Destination{{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_ANSWER, Parent: parent, Why: "an answer"}}
		}
		first = slices.DeleteFunc(first, func(a *db.MailAlias) bool { return a.RecordType == parent.RecordType })
		copied = nil
	}
	if all := append(first, copied...); len(all) > 0 {
		return opened(all, f)
	}
	if bad := slices.IndexFunc(recipients(in, f), func(a string) bool { return mail.IsReplyAddress(a) && ours(a, f.Domain) }); bad >= 0 {
		return []Destination{quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_BAD_REPLY, "its reply address is forged, or its thread is gone")}
	}
	return []Destination{quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_ADDRESS, "none of its addresses is known here")}
}

// opened is one record for each alias that takes the sender's mails.
func opened(all []*db.MailAlias, f *Facts) []Destination {
	var out []Destination
	held := false
	for _, alias := range all {
		switch {
		case f.stored(alias.ID.String()):
			out = append(out, Destination{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_DUPLICATE, Alias: alias, Why: "it opened a record already"})
		case alias.Writers == int16(mailv1.AliasWriters_ALIAS_WRITERS_CONTACTS) && !f.Sender.Known:
			if !held {
				out = append(out, quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_SENDER_UNKNOWN, alias.Name+" takes mails of known people only"))
			}
			held = true
		default:
			out = append(out, Destination{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_RECORD, Alias: alias, Why: "a mail to " + alias.Name})
		}
	}
	return out
}

// screen holds back what a program wrote, what goes round in circles, and what
// says that we wrote it ourselves.
func screen(in *mail.Incoming, f *Facts) (Destination, bool) {
	switch {
	case slices.Contains(in.Hops, f.Domain):
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_LOOP, "it is a mail of ours that came back"), true
	case in.Automatic == mail.AutomaticLoop:
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_LOOP, "another Parley sent it on its own, or too many passed it on"), true
	case f.Sender.Own:
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_OWN_ADDRESS, "it says that it is from "+f.Sender.Addr), true
	case f.Sender.IsZero():
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_SENDER_UNKNOWN, "it does not say whom it is from"), true
	case programs(in, f.Trusted):
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_AUTOMATIC, "a program wrote it ("+string(in.Automatic)+")"), true
	case f.Recent >= f.Limit && !f.Trusted:
		why := fmt.Sprintf("%d mails of %s came in a short time", f.Recent, f.Sender.Addr)
		return quarantine(mailv1.QuarantineReason_QUARANTINE_REASON_LOOP, why), true
	}
	return Destination{}, false
}

// programs is true for what a program wrote: but for the lists and notices of whom
// the settings trust, and what a person wrote in another Parley, which lets its
// readers unsubscribe as lists do.
func programs(in *mail.Incoming, trusted bool) bool {
	switch in.Automatic {
	case "":
		return false
	case mail.AutomaticList:
		person := in.ListID == "" && len(in.Hops) > 0 && mail.IsReplyAddress(in.From.Addr)
		return !person && !trusted
	case mail.AutomaticNotice:
		return !trusted
	default:
		return true
	}
}

func quarantine(reason mailv1.QuarantineReason, why string) Destination {
	return Destination{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_QUARANTINE, Reason: reason, Why: why}
}

// stored is true if the mail is a message already, at this place.
func (f *Facts) stored(place string) bool {
	return slices.ContainsFunc(f.Known, func(r Reference) bool { return r.Place == place && slices.Contains(f.IDs, r.MailID) })
}

// parentOf is the newest message that the mail answers. A signed address decides
// which thread that is: ids can be guessed.
func parentOf(in *mail.Incoming, f *Facts) *Reference {
	signed := newest(f.Replies)
	var answered []Reference
	for _, r := range f.Known {
		named := slices.Contains(in.InReplyTo, r.MailID) || slices.Contains(in.References, r.MailID)
		if named && !slices.Contains(f.IDs, r.MailID) && (signed == nil || r.Thread == signed.Thread) {
			answered = append(answered, r)
		}
	}
	if signed != nil {
		answered = append(answered, *signed)
	}
	parent := newest(answered)
	if parent == nil {
		return nil
	}
	parent = preferred(answered, parent, in, f)
	parent.Note = parent.Note || answersNote(in, f, parent.Thread)
	return parent
}

// answersNote is true for a mail that answers a note of the thread, even if it names
// a newer message, too: it may quote the note.
func answersNote(in *mail.Incoming, f *Facts, thread uuid.UUID) bool {
	return slices.ContainsFunc(f.Replies, func(r Reference) bool { return r.Note && r.Thread == thread }) ||
		slices.ContainsFunc(f.Known, func(r Reference) bool { return r.Note && r.Thread == thread && slices.Contains(in.InReplyTo, r.MailID) })
}

// preferred chooses among the records that one mail opened: that of the alias
// which the answer went to, too.
func preferred(answered []Reference, parent *Reference, in *mail.Incoming, f *Facts) *Reference {
	first, copied := aliases(in, f)
	for i, r := range answered {
		same := r.MailID != "" && r.MailID == parent.MailID
		if same && slices.ContainsFunc(append(first, copied...), func(a *db.MailAlias) bool { return a.ID.String() == r.Place }) {
			return &answered[i]
		}
	}
	return parent
}

func newest(all []Reference) *Reference {
	if len(all) == 0 {
		return nil
	}
	last := slices.MaxFunc(all, func(a, b Reference) int {
		if a.Thread == b.Thread {
			return int(a.Seq - b.Seq)
		}
		return a.Time.Compare(b.Time)
	})
	return &last
}
