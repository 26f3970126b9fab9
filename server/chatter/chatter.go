// Package chatter is the conversation on a record, and the users' side of every
// other thread: messages and notes, who follows and is told of what, and the
// inbox where that arrives.
//
// The log itself (order, numbers, editing) is server/thread's; who may read or
// write a thread is asked at the gate on every call. What is decided here beside
// the contract:
//
//   - Mentioning a user who may not read the thread is refused and names them:
//     neither would they find what they are called to, nor would the author
//     learn that nobody came.
//   - Who writes on a record follows it; who writes in a chat does not, because
//     chats have a list of their own.
//   - Anybody who may write may add followers; taking others away, and setting
//     what others are told, is for those who may change the record.
//   - A follower who may no longer read a thread keeps their subscription and
//     finds nothing of the thread in the inbox, neither items nor counts.
//   - An inbox counts its newest thousand unread items: people see "99+" long
//     before, and an inbox that nobody reads must not cost more than another.
package chatter

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// Live tells readers of what is not in the log.
type Live interface {
	// Inbox says that a user's inbox changed: one item, or several if none is
	// named.
	Inbox(workspace, user uuid.UUID, item *uuid.UUID)
	// Typing says that somebody types in a thread, or stopped.
	Typing(c access.Caller, thread uuid.UUID, internal, stopped bool)
}

// Types answers the update subtypes of a record type, and its field that names
// the customer. It is asked at every post, so it answers from memory.
type Types interface {
	Subtypes(ctx context.Context, workspace uuid.UUID, recordType string) ([]*recordv1.Subtype, error)
	CustomerField(ctx context.Context, workspace uuid.UUID, recordType string) (string, error)
}

// Mail is how messages leave Parley.
type Mail interface {
	// Outgoing answers whether a workspace can send mails, and how long they are
	// held before. It is asked at every post, so it answers from memory.
	Outgoing(ctx context.Context, workspace uuid.UUID) (on bool, hold time.Duration, err error)
	// Invite sends an invitation to follow a thread, once for a follower.
	Invite(ctx context.Context, workspace, thread uuid.UUID, to Invitee, by access.Caller, subject, body string) error
}

// Invitee is whom an invitation is for.
type Invitee struct {
	Kind    threadv1.PartyKind
	ID      uuid.UUID
	Name    string
	Address string
}

// Titles answers what people call the threads of one kind: a record's title, or
// whom a chat is with.
type Titles interface {
	Titles(ctx context.Context, workspace uuid.UUID, threads []uuid.UUID) (map[uuid.UUID]string, error)
}

// References finds records that the caller in the context may read, by the
// beginnings of the words of their titles.
type References interface {
	SearchReferences(ctx context.Context, req *recordv1.SearchReferencesRequest) (*recordv1.SearchReferencesResponse, error)
}

// Config is what a Handler stands on.
type Config struct {
	DB    *pgxpool.Pool
	Gate  *access.Gate
	Log   *thread.Log
	Live  Live
	Types Types
	// Titles by the kind of thread.
	Titles     map[int16]Titles
	References References
	// Activities may be nil: then the inbox tells of none.
	Activities Activities
	// Mail may be nil: then nothing leaves.
	Mail  Mail
	Pages *rpc.Pages
	Now   func() time.Time
}

// Handler implements parley.chatter.v1.ChatterService. It is safe for concurrent
// use.
type Handler struct {
	db         *pgxpool.Pool
	q          *db.Queries
	gate       *access.Gate
	log        *thread.Log
	live       Live
	types      Types
	titles     map[int16]Titles
	references References
	activities Activities
	mail       Mail
	pages      *rpc.Pages
	now        func() time.Time
}

// New makes a Handler.
func New(c Config) *Handler {
	return &Handler{
		db: c.DB, q: db.New(), gate: c.Gate, log: c.Log, live: c.Live, types: c.Types, titles: c.Titles, references: c.References, mail: c.Mail,
		activities: c.Activities, pages: c.Pages, now: c.Now,
	}
}

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errBodyEmpty        = fault.New(fault.Invalid, "BODY_EMPTY", "write something, or add a file").WithField("body")
	errBodyInvalid      = fault.New(fault.Invalid, "BODY_INVALID", "the text has characters that cannot be stored").WithField("body")
	errMentionUnknown   = fault.New(fault.Invalid, "MENTION_UNKNOWN", "somebody who is mentioned is no active user and no contact of this workspace").WithField("mention_ids")
	errMentionDenied    = fault.New(fault.Invalid, "MENTION_DENIED", "somebody who is mentioned may not read this").WithField("mention_ids")
	errFileInternal     = fault.New(fault.Invalid, "FILE_INTERNAL", "an internal file can only be sent with a note").WithField("file_ids")
	errNoMessage        = thread.ErrNoMessage
	errNoItem           = fault.New(fault.NotFound, "INBOX_ITEM_NOT_FOUND", "there is no such item in your inbox")
	errNoFollower       = fault.New(fault.NotFound, "FOLLOWER_NOT_FOUND", "nobody of this id follows the thread")
	errNoParty          = fault.New(fault.NotFound, "PARTY_NOT_FOUND", "there is no such user or contact")
	errPartyInactive    = fault.New(fault.Precondition, "PARTY_INACTIVE", "this user was deactivated, or this contact archived; they cannot follow").WithField("party_id")
	errPartyDenied      = fault.New(fault.Precondition, "PARTY_DENIED", "they may not read this").WithField("party_id")
	errManage           = fault.New(fault.Denied, "FOLLOWER_DENIED", "only who may change this may change what others are told of it")
	errReplyInternal    = fault.New(fault.Invalid, "REPLY_INTERNAL", "an answer to a note is a note; set internal").WithField("internal")
	errReplyUnknown     = fault.New(fault.Invalid, "REPLY_UNKNOWN", "the message to be answered is not in this thread").WithField("reply_to_id")
	errRecipientUnknown = fault.New(fault.Invalid, "RECIPIENT_UNKNOWN", "a recipient is no active user and no contact of this workspace").WithField("recipient_ids")
	errRecipientOutside = fault.New(fault.Invalid, "RECIPIENT_OUTSIDE", "a note goes to nobody outside; write a message instead").WithField("recipient_ids")
	errNoAddress        = fault.New(fault.Precondition, "ADDRESS_MISSING", "they have no e-mail address").WithField("recipient_ids")
	errMailOff          = fault.New(fault.Precondition, "MAIL_NOT_SET_UP", "mail is not set up in this workspace; an administrator can do that in the settings")
	errEmojiInvalid     = fault.New(fault.Invalid, "EMOJI_INVALID", "give one emoji").WithField("emoji")
	errReactionsFull    = fault.New(fault.Precondition, "REACTIONS_FULL", "a message takes up to 20 different emoji")
	errPinsFull         = fault.New(fault.Precondition, "PINS_FULL", "50 messages are pinned here; take one off first")
	errNoDelivery       = fault.New(fault.NotFound, "DELIVERY_NOT_FOUND", "there is no such delivery in this thread")
	errDeliveryOnItsWay = fault.New(fault.Precondition, "DELIVERY_NOT_FAILED", "it is on its way or has arrived; only what failed can be sent again")
	errQuietHours       = fault.New(fault.Invalid, "QUIET_HOURS_INVALID", "give both ends of the quiet hours, and different ones, or neither").WithField("settings")
	errSubtypeUnknown   = fault.New(fault.Invalid, "SUBTYPE_UNKNOWN", "there is no such update subtype").WithField("subtypes")
)

// kindOf is a kind of thread as the contract has it.
func kindOf(kind int16) chatterv1.ThreadKind {
	switch kind {
	case access.KindRecord:
		return chatterv1.ThreadKind_THREAD_KIND_RECORD
	case access.KindChat:
		return chatterv1.ThreadKind_THREAD_KIND_CHAT
	default:
		return chatterv1.ThreadKind_THREAD_KIND_UNSPECIFIED
	}
}

// threadID is a thread's id in a request. What is no id is no thread's.
func threadID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return id, access.ErrThreadNotFound
	}
	return id, nil
}
