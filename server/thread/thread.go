// Package thread is the log that everything people say lives in.
//
// A thread has a head, which counts its changes, and a seq, which counts its
// messages. Both are handed out by one UPDATE under the row's lock, in the same
// statement that writes the message, so they have no gaps and grow in commit
// order. A message keeps its seq for ever; its rev is the head at its last
// change. A reader who knows everything up to rev N and asks for what has
// rev > N is therefore complete. There is no second event table.
//
// Outsiders count differently: public_seq numbers only what they may see, and
// they hold a sealed cursor instead of a rev, so that a note leaves no gap that
// they could notice. Redact is the one place where that is decided.
package thread

import (
	"time"

	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
)

// Subtypes that every thread has.
const (
	SubtypeDiscussions = "discussions"
	SubtypeNotes       = "notes"
	// SubtypeActivities is that of activities that were done.
	SubtypeActivities = "activities"
)

// Author is who writes a message.
type Author struct {
	Kind threadv1.PartyKind
	// ID is the zero UUID for the system.
	ID         uuid.UUID
	Name       string
	PublicName string
}

// AuthorOf is the author that a caller is.
func AuthorOf(c access.Caller) Author {
	return Author{Kind: c.PartyKind(), ID: c.ID, Name: c.Name, PublicName: c.ChatName}
}

// Party is the author as users see it.
func (a Author) Party() *threadv1.Party {
	p := &threadv1.Party{Kind: a.Kind, Name: a.Name}
	if a.ID != uuid.Nil {
		p.Id = a.ID.String()
	}
	return p
}

// Draft is a message to post.
type Draft struct {
	Workspace uuid.UUID
	Thread    uuid.UUID
	// RequestID makes the post happen once: unique for ever for one author in
	// one thread.
	RequestID uuid.UUID
	Kind      threadv1.MessageKind
	Internal  bool
	// Subtype decides which followers are told.
	Subtype string
	Author  Author
	Body    string
	// Extra may be nil.
	Extra *wirev1.Extra
	// Files are the ids of finished files to attach; their descriptions stand in
	// Extra.
	Files []uuid.UUID
	// Mentions are the ids of users to tell besides the followers.
	Mentions []uuid.UUID
	// Added are the ids of users who are told of this one message.
	Added []uuid.UUID
	// Except are the ids of users and contacts who are not told of it.
	Except []uuid.UUID
	// Notify is false for lines that nobody's inbox is told of.
	Notify bool
	// Follow makes the author, if a user, a follower with these subtypes.
	Follow []string
	// Chat is true for the thread of a chat, whose list entry moves with it.
	Chat bool
	// Mail says who is to get it by mail besides; nil for nobody.
	Mail *Mail
}

// Mail says how a message leaves Parley: a delivery is written with it for
// every follower outside who is subscribed to it, for the record's customer, and
// for the users among those it tells who want mail.
type Mail struct {
	// Send is when the deliveries may go.
	Send time.Time
	// Outside is true if contacts are told who follow or are the customer: never
	// of a note.
	Outside bool
	// Customer is the record's field that names the customer; empty for none.
	Customer string
	// Contacts get it besides: those mentioned, and those added.
	Contacts []uuid.UUID
}

// special is true for a draft that names people of its own, which the statement
// for many drafts does not know.
func (d *Draft) special() bool {
	return len(d.Mentions)+len(d.Added)+len(d.Except) > 0 || d.Mail != nil && len(d.Mail.Contacts) > 0
}

// Message is a stored message in full.
type Message struct {
	Workspace uuid.UUID
	Thread    uuid.UUID
	ID        uuid.UUID
	RequestID uuid.UUID
	Seq       int64
	Rev       int64
	PublicSeq int64
	Kind      threadv1.MessageKind
	Internal  bool
	Subtype   string
	Author    Author
	Body      string
	Extra     *wirev1.Extra
	Create    time.Time
	Edit      *time.Time
	Delete    *time.Time

	// notified are the users whose inbox got an item by this post.
	notified []uuid.UUID
}

// Mark says how far somebody has read, in both numberings.
type Mark struct {
	Thread     uuid.UUID
	Party      *threadv1.Party
	PublicName string
	Seq        int64
	PublicSeq  int64
}
