// Package record keeps records and their types. A type is data: its fields, who
// may do what, and which changes followers hear of are read from the database,
// so a lead, a ticket and a customer's own types go through the same code.
//
// What is decided here beside the contract:
//
//   - Values are checked and brought into one form when they are written (value.go),
//     so that equal values are equal bytes and every stored value can be cast by a
//     filter. A decimal or amount keeps the digits it was written with; 12.5 and
//     12.50 are the same value, and changing one to the other changes nothing.
//   - A field that only some roles may read does not exist for the others: not in
//     records, display, types, filters, orders, imports or errors. The title and
//     the unique field are readable by everybody, because they show elsewhere.
//   - A reference can only be set to what its writer may read. What it points to
//     may be deleted later: the reference stays and is displayed as nothing. The
//     change log keeps the names as they were, for whoever may read the field.
//   - Every save is one transaction with its line in the thread. It holds the
//     record's type as it was checked against, so a field that is being removed
//     never gets another value.
//   - Every save is told to the readers of the record and of its type, whether the
//     thread says anything of it or not, so that no screen is stale.
//   - Numbers of a type are taken inside the transaction that saves, so those who
//     create records of one type take turns for that moment; what fails leaves a gap.
//   - Who follows the parts of a parent becomes a follower of a part when it comes to
//     the parent, and stays one when it leaves. Nobody is told of that.
//   - A change of the assignee is always logged. An import tells nobody of the
//     records that it makes; what it changes is told as any change is.
package record

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/recent"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// typeTTL bounds how long a node goes on with a type after a change of which
	// it was not told.
	typeTTL = 5 * time.Second
	// typesKept is how many types a node remembers.
	typesKept = 4096
)

// Log is what records need of the threads that hang on them.
type Log interface {
	Create(ctx context.Context, tx db.DBTX, workspace, id uuid.UUID, kind int16, recordType string) error
	PostTx(ctx context.Context, tx pgx.Tx, d thread.Draft) (thread.Message, error)
	Announce(ctx context.Context, messages ...thread.Message)
	Drop(ctx context.Context, tx db.DBTX, workspace, id uuid.UUID) error
}

// Followers is what records need of the people who follow them.
type Followers interface {
	// Follow makes a user a follower with these subtypes, unless they are one.
	Follow(ctx context.Context, tx pgx.Tx, workspace, thread, user uuid.UUID, subtypes []string) error
	// Assigned puts the assignment, which the newest message of the thread tells
	// of, into the user's inbox, as the item of this id.
	Assigned(ctx context.Context, tx pgx.Tx, workspace, thread, user, actor, item uuid.UUID) error
}

// Users is what records need of the people of a workspace. Their names are read
// here, in the transaction that needs them.
type Users interface {
	// Find answers active users for what was typed of a name, at most limit.
	Find(ctx context.Context, workspace uuid.UUID, query string, limit int) ([]*recordv1.Reference, error)
}

// Signals tells all servers what changed.
type Signals interface {
	Publish(s *wirev1.Signal)
}

// Mail is what records need of the way out by mail.
type Mail interface {
	// Outgoing answers whether a workspace sends mails.
	Outgoing(ctx context.Context, workspace uuid.UUID) (on bool, hold time.Duration, err error)
}

// Config is what a Handler stands on.
type Config struct {
	DB        *pgxpool.Pool
	Log       Log
	Followers Followers
	Users     Users
	Signals   Signals
	Pages     *rpc.Pages
	Now       func() time.Time
	// Mail tells those of changes who want to be told by mail; nil where none is sent.
	Mail Mail
	// Logger hears of imports. Nil is the default logger.
	Logger *slog.Logger
}

// Handler implements RecordService, and access.Door for the threads of records.
type Handler struct {
	db        *pgxpool.Pool
	q         *db.Queries
	log       Log
	followers Followers
	users     Users
	signals   Signals
	pages     *rpc.Pages
	mail      Mail
	now       func() time.Time
	logger    *slog.Logger
	types     *recent.Cache[typeKey, *Type]
	reading   singleflight.Group
}

// New makes a Handler.
func New(c Config) *Handler {
	return &Handler{
		db: c.DB, q: db.New(), log: c.Log, followers: c.Followers, users: c.Users, signals: c.Signals, pages: c.Pages,
		mail: c.Mail, now: c.Now, logger: cmp.Or(c.Logger, slog.Default()), types: recent.New[typeKey, *Type](typesKept, typeTTL, c.Now),
	}
}
