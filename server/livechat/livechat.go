// Package livechat is the chat between the visitors of a website and the
// operators of a channel.
//
// A chat is a thread with another door: what is said in it is the log's matter.
// Here it is decided who gets a chat, and when it ends.
//
// # Who gets a chat
//
// Available is an operator of the channel, agent or administrator, who is
// present, did something within the channel's idle minutes, and has fewer chats
// than the limit. Of those the visitor's previous operator comes first; then
// those online before those away, the one with the fewest chats, the one longest
// without a new one, the oldest member. So the choice is the same whichever node
// makes it (choose). Chats count that are open, in this channel: against the
// limit those with a message in the last 15 minutes, as load those of the last
// 30. To be shown as busy counts for nothing.
//
// Whoever gives a chat to somebody holds the channel's row until the commit.
// Thus each sees the counts after the one before: nobody gets more than the
// limit, and a chat has one operator. Locks are taken in one order, channel,
// thread, chat, which is also that of a post.
//
// A chat that finds nobody waits. It is given out when something changes that
// this node hears of, and besides every node looks every two seconds; they do
// not get in each other's way.
package livechat

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/recent"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errNoChannel   = fault.New(fault.NotFound, "CHANNEL_NOT_FOUND", "there is no such channel")
	errNoOperator  = fault.New(fault.NotFound, "OPERATOR_NOT_FOUND", "this user is no operator of the channel")
	errNoUser      = fault.New(fault.NotFound, "USER_NOT_FOUND", "there is no such user")
	errNoChat      = fault.New(fault.NotFound, "CHAT_NOT_FOUND", "there is no such chat, or you may not read it")
	errNameTaken   = fault.New(fault.AlreadyExists, "CHANNEL_NAME_TAKEN", "there is a channel of this name; choose another name")
	errName        = fault.New(fault.Invalid, "CHANNEL_NAME_INVALID", "a channel's name has 1 to 80 characters")
	errMask        = fault.New(fault.Invalid, "UPDATE_MASK_INVALID", "the mask names a field that cannot be changed")
	errNotAgent    = fault.New(fault.Precondition, "NOT_AN_AGENT", "only agents and administrators can be operators; change the user's role first")
	errOthers      = fault.New(fault.Denied, "NOT_YOUR_SETTINGS", "you may change your own languages and skills; the rest is for administrators")
	errTaken       = fault.New(fault.Conflict, "CHAT_TAKEN", "somebody else has this chat already")
	errEmpty       = fault.New(fault.Invalid, "BODY_EMPTY", "write something, or add a file").WithField("body")
	errManyVisits  = fault.New(fault.Exhausted, "TOO_MANY_VISITS", "too many visits began at your address; try again later")
	errManyChats   = fault.New(fault.Exhausted, "TOO_MANY_CHATS", "you opened too many chats; write in one of them, or try again later")
	errManyPosts   = fault.New(fault.Exhausted, "TOO_MANY_MESSAGES", "you send messages too quickly; wait a moment")
	errNoRequester = fault.New(fault.Precondition, "VISITOR_UNKNOWN", "the visit has ended; begin another")
)

// Presence knows who is there; *presence.Tracker.
type Presence interface {
	Snapshot(ctx context.Context, workspace uuid.UUID) (there map[uuid.UUID]presence.Status, complete bool)
	Active(workspace, user uuid.UUID, at time.Time)
}

// Hub tells readers what is no message; *live.Hub.
type Hub interface {
	Typing(c access.Caller, thread uuid.UUID, internal, stopped bool)
}

// Tokens are what visitors prove themselves with; *identity.Credentials.
type Tokens interface {
	IssueVisitor(ctx context.Context, tx db.DBTX, workspace, visitor uuid.UUID) (token string, err error)
	Revoke(ctx context.Context, workspace, user, credential uuid.UUID) error
}

// Limiter counts what may happen so often only; *rpc.Limiter.
type Limiter interface {
	Allow(ctx context.Context, key string, limit rpc.Limit) (retryAfter time.Duration, ok bool)
}

// Limits are how often visitors may do something. A zero limit takes its default.
type Limits struct {
	// Visits begun from one network: 60 a minute, which is an office.
	Visits rpc.Limit
	// Chats opened by one visitor: 10 in ten minutes.
	Chats rpc.Limit
	// Posts of one visitor: 120 a minute.
	Posts rpc.Limit
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Visits: cmp.Or(l.Visits, rpc.Limit{Count: 60, Per: time.Minute}),
		Chats:  cmp.Or(l.Chats, rpc.Limit{Count: 10, Per: 10 * time.Minute}),
		Posts:  cmp.Or(l.Posts, rpc.Limit{Count: 120, Per: time.Minute}),
	}
}

// Config is what live chat stands on.
type Config struct {
	DB       *pgxpool.Pool
	Log      *thread.Log
	Presence Presence
	Hub      Hub
	Tokens   Tokens
	Limiter  Limiter
	Pages    *rpc.Pages
	// MaxFileSize in bytes is told to widgets.
	MaxFileSize int64
	Now         func() time.Time
	Slog        *slog.Logger
	Limits      Limits
	// Sweep is the time between two looks for chats that wait; 0 means 2 s.
	Sweep time.Duration
}

// Service is live chat: what its two handlers and other areas need of it.
type Service struct {
	Config
	q *db.Queries
	// owners remembers whose a chat is, which never changes.
	owners *recent.Cache[chatKey, db.ChatFactsRow]
	// changed are the channels in which somebody may have become available.
	changed chan channelKey
}

type (
	chatKey    struct{ workspace, chat uuid.UUID }
	channelKey struct{ workspace, channel uuid.UUID }
)

// New makes the service. Run it to have waiting chats given out.
func New(c Config) *Service {
	c.Limits = c.Limits.withDefaults()
	c.Sweep = cmp.Or(c.Sweep, 2*time.Second)
	if c.Slog == nil {
		c.Slog = slog.Default()
	}
	return &Service{
		Config: c, q: db.New(), owners: recent.New[chatKey, db.ChatFactsRow](1<<16, time.Hour, c.Now),
		changed: make(chan channelKey, 1024),
	}
}

// Handler implements LiveChatService, the staff's side.
type Handler struct{ *Service }

// VisitorHandler implements VisitorService, the website's side.
type VisitorHandler struct{ *Service }

// Staff is the staff's side.
func (s *Service) Staff() *Handler { return &Handler{s} }

// Website is the visitors' side.
func (s *Service) Website() *VisitorHandler { return &VisitorHandler{s} }

// transact runs do in a transaction, again if another was in its way, and then
// tells the readers of what it posted.
func (s *Service) transact(ctx context.Context, do func(tx pgx.Tx) ([]thread.Message, error)) error {
	var posted []thread.Message
	err := store.Retry(ctx, func() (err error) {
		posted, err = store.InTxV(ctx, s.DB, do)
		return err
	})
	if err != nil {
		return err
	}
	s.Log.Announce(ctx, posted...)
	return nil
}

// line is a system line that says what happened to a chat, and by whom; nil if by
// nobody.
func line(workspace, chat uuid.UUID, event threadv1.SystemEvent, about *thread.Author) thread.Draft {
	return thread.Draft{
		Workspace: workspace, Thread: chat, RequestID: newID(), Kind: threadv1.MessageKind_MESSAGE_KIND_SYSTEM,
		Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(access.SystemCaller(workspace)),
		Extra: thread.ChatLine(event, about), Chat: true,
	}
}

// say posts system lines in a transaction, one after the other.
func (s *Service) say(ctx context.Context, tx pgx.Tx, lines ...thread.Draft) ([]thread.Message, error) {
	posted := make([]thread.Message, 0, len(lines))
	for _, d := range lines {
		m, err := s.Log.PostTx(ctx, tx, d)
		if err != nil {
			return nil, fmt.Errorf("post system line: %w", err)
		}
		posted = append(posted, m)
	}
	return posted, nil
}

// newID is a fresh identifier; those made later sort later.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
