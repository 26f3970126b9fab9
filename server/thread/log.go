package thread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/recent"
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	ErrClosed     = fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed; open it again to write in it")
	ErrNoMessage  = fault.New(fault.NotFound, "MESSAGE_NOT_FOUND", "there is no such message in this thread")
	ErrNotYours   = fault.New(fault.Denied, "NOT_YOUR_MESSAGE", "only its author or an administrator may change a message")
	ErrUneditable = fault.New(fault.Precondition, "NOT_EDITABLE", "only messages and notes can be changed, and deleted ones not any more")
	ErrReused     = fault.New(fault.Invalid, "REQUEST_ID_REUSED", "this request_id was used for another message; make up a new one for each message")
	ErrNoFile     = fault.New(fault.Invalid, "FILE_UNKNOWN", "a file is not finished, not yours, of another thread, or already sent; upload it again")
)

// Announcer is told of what was committed, to pass it on to readers. It must not
// block: posting waits for it.
type Announcer interface {
	Message(m *Message)
	Mark(workspace uuid.UUID, m Mark)
	// Notified says whose inbox has a new item.
	Notified(workspace uuid.UUID, users []uuid.UUID, item uuid.UUID)
}

// Log is the log of every thread.
type Log struct {
	db        *pgxpool.Pool
	posting   *pgxpool.Pool
	q         *db.Queries
	now       func() time.Time
	log       *slog.Logger
	announcer Announcer
	sealer    *Sealer
	commit    *committer
	facts     *recent.Cache[factsKey, access.Facts]
	mailed    func()
	posted    atomic.Int64
}

type factsKey struct{ workspace, thread uuid.UUID }

// Config is what a Log stands on.
type Config struct {
	DB *pgxpool.Pool
	// Posting is where posts are written, so that they do not wait for others'
	// queries; nil means DB. Its plan_cache_mode should be force_generic_plan: to
	// plan the posting statement costs more than to run it.
	Posting   *pgxpool.Pool
	Now       func() time.Time
	Log       *slog.Logger
	Announcer Announcer
	Sealer    *Sealer
	// Mailed is told, without any more, that deliveries were written; it must not
	// block. nil for nobody.
	Mailed func()
	// Lanes is how many posting statements a node has on their way at once, at
	// most; 0 means the default.
	Lanes int
}

// New makes a Log.
func New(c Config) *Log {
	l := &Log{
		db: c.DB, posting: cmp.Or(c.Posting, c.DB), q: db.New(), now: c.Now, log: c.Log, announcer: c.Announcer, sealer: c.Sealer,
		facts: recent.New[factsKey, access.Facts](1<<16, access.FactsTTL, c.Now),
	}
	if l.mailed = c.Mailed; l.mailed == nil {
		l.mailed = func() {}
	}
	l.commit = newCommitter(c.Lanes, l.postOne, l.postMany, l.announce)
	return l
}

// Create makes the thread of a record or chat that is being made in tx.
func (l *Log) Create(ctx context.Context, tx db.DBTX, workspace, id uuid.UUID, kind int16, recordType string) error {
	err := l.q.ThreadCreate(ctx, tx, db.ThreadCreateParams{
		WorkspaceID: workspace, ID: id, Kind: kind, RecordType: recordType, CreateTime: l.now(),
	})
	if err != nil {
		return fmt.Errorf("create thread: %w", err)
	}
	return nil
}

// Facts implements access.Directory.
func (l *Log) Facts(ctx context.Context, workspace, thread uuid.UUID) (access.Facts, bool, error) {
	key := factsKey{workspace, thread}
	if f, ok := l.facts.Get(key); ok {
		return f, true, nil
	}
	row, err := l.q.ThreadFacts(ctx, l.db, db.ThreadFactsParams{WorkspaceID: workspace, ID: thread})
	if errors.Is(err, pgx.ErrNoRows) {
		return access.Facts{}, false, nil
	}
	if err != nil {
		return access.Facts{}, false, fmt.Errorf("find thread: %w", err)
	}
	f := access.Facts{ID: row.ID, Kind: row.Kind, RecordType: row.RecordType}
	l.facts.Put(key, f)
	return f, true, nil
}

// Forget drops what is remembered of a thread, when it was deleted.
func (l *Log) Forget(workspace, thread uuid.UUID) { l.facts.Delete(factsKey{workspace, thread}) }

// SetClosed lets a thread take no more posts, or again. It answers whether that
// changed anything, so that of two who close at once one knows it was the other.
func (l *Log) SetClosed(ctx context.Context, tx db.DBTX, workspace, thread uuid.UUID, closed bool) (changed bool, err error) {
	n, err := l.q.ThreadSetClosed(ctx, tx, db.ThreadSetClosedParams{WorkspaceID: workspace, ID: thread, Closed: closed})
	if err != nil {
		return false, fmt.Errorf("close thread: %w", err)
	}
	return n > 0, nil
}

// Drop removes a thread with everything that hangs on it, in tx.
func (l *Log) Drop(ctx context.Context, tx db.DBTX, workspace, thread uuid.UUID) error {
	if err := l.q.ThreadDrop(ctx, tx, db.ThreadDropParams{WorkspaceID: workspace, ID: thread}); err != nil {
		return fmt.Errorf("drop thread: %w", err)
	}
	l.Forget(workspace, thread)
	return nil
}

// Announce tells the readers of messages that were posted by PostTx. Call it
// after the commit, never before.
func (l *Log) Announce(_ context.Context, messages ...Message) {
	for i := range messages {
		l.announce(&messages[i])
	}
}

// Posted counts the messages that this node wrote, those of a transaction that was
// rolled back in the end included.
func (l *Log) Posted() int64 { return l.posted.Load() }

func (l *Log) announce(m *Message) {
	l.announcer.Message(m)
	if len(m.notified) > 0 {
		l.announcer.Notified(m.Workspace, m.notified, ItemID(m))
	}
}

// violates is true if err is the violation of the unique index.
func violates(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}

// edited is the kind of message that people write and may change.
const edited = threadv1.MessageKind_MESSAGE_KIND_COMMENT

// errNotTaken says that the posting statement wrote nothing: the thread is
// missing or closed, or the post was made before.
var errNotTaken = errors.New("message was not taken")

var errThreadGone = access.ErrThreadNotFound
