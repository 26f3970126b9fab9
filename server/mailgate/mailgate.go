// Package mailgate connects threads with e-mail (C14).
//
// Out: a message's deliveries are written with it, in its own statement. The
// pump hands those that are due to jobs, and a job sends one mail to one person.
// So a mail exists exactly if its message does, waits while it can still be
// undone, and is tried again until the server takes it. A node that dies after
// the server took a mail and before that was noted sends it once more, under the
// same Message-ID.
//
// In: a mail is routed by a plain function over what is known of it (route.go):
// bounce, answer, alias, else the quarantine.
//
// What leaves is decided twice: when the delivery is written, and again when it
// is sent, by the same Redact that streams and pages go through.
package mailgate

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/jobs"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/recent"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/vault"
)

// Files is the file store as mails need it.
type Files interface {
	// Open reads a file.
	Open(ctx context.Context, workspace, id uuid.UUID) (io.ReadCloser, *threadv1.File, error)
	// Store keeps a file of a thread, ready for a message of its author.
	Store(ctx context.Context, workspace, thread uuid.UUID, author thread.Author, name string, r io.Reader, internal bool) (*threadv1.File, error)
}

// Titles answers what people call records.
type Titles interface {
	Titles(ctx context.Context, workspace uuid.UUID, threads []uuid.UUID) (map[uuid.UUID]string, error)
}

// Records makes records of mails, as the system and for whoever delivers from
// the quarantine.
type Records interface {
	// CreateRecord makes a record as the caller in the context; request ids make it
	// happen once.
	CreateRecord(ctx context.Context, req *recordv1.CreateRecordRequest) (*recordv1.CreateRecordResponse, error)
	// GetRecordType answers a type.
	GetRecordType(ctx context.Context, req *recordv1.GetRecordTypeRequest) (*recordv1.GetRecordTypeResponse, error)
	// Subtypes answers the update subtypes of a type.
	Subtypes(ctx context.Context, workspace uuid.UUID, recordType string) ([]*recordv1.Subtype, error)
	// ImportRecords finds out whether records could be made so.
	ImportRecords(ctx context.Context, req *recordv1.ImportRecordsRequest) (*recordv1.ImportRecordsResponse, error)
}

// Links makes addresses at which the caller in the context loads a file.
type Links interface {
	CreateFileLink(ctx context.Context, req *threadv1.CreateFileLinkRequest) (*threadv1.CreateFileLinkResponse, error)
}

// Config is what a Handler stands on.
type Config struct {
	DB      *pgxpool.Pool
	Gate    *access.Gate
	Log     *thread.Log
	Files   Files
	Links   Links
	Titles  Titles
	Records Records
	Jobs    *jobs.Jobs
	Vault   *vault.Vault
	Signer  *mail.Signer
	Pages   *rpc.Pages
	// PublicURL is where people reach this server, without a slash at its end.
	PublicURL string
	Now       func() time.Time
	Logger    *slog.Logger
}

// Handler implements parley.mail.v1.MailService, sends what is due, and takes
// in what comes. It is safe for concurrent use.
type Handler struct {
	Config
	q        *db.Queries
	settings *recent.Cache[uuid.UUID, *settings]
	senders  *senders
	wake     chan struct{}
	// holding bounds how many mails are whole in memory on their way to the quarantine.
	holding chan struct{}
}

// settingsTTL is how long a node may go on with settings that another changed.
const settingsTTL = 10 * time.Second

// New makes a Handler and registers its jobs.
func New(c Config) *Handler {
	h := &Handler{
		Config: c, q: db.New(), settings: recent.New[uuid.UUID, *settings](1<<12, settingsTTL, c.Now), senders: newSenders(),
		wake: make(chan struct{}, 1), holding: make(chan struct{}, maxHolding),
	}
	jobs.Register(c.Jobs, h.send)
	jobs.Register(c.Jobs, h.notify)
	c.Jobs.Every("mail_prune", pruneEvery, h.prune)
	return h
}

// Run hands mails that are due to jobs, until ctx ends.
func (h *Handler) Run(ctx context.Context) error {
	defer h.senders.close()
	return h.pump(ctx)
}

// jobTries is how often a mail is tried: with River's growing pauses that is
// about five days, as RFC 5321 (4.5.4.1) asks for.
const jobTries = 18

func jobOptions() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: jobTries} }

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errOff     = fault.New(fault.Precondition, "MAIL_NOT_SET_UP", "mail is not set up in this workspace; an administrator can do that in the settings")
	errNotSent = fault.New(fault.Precondition, "MAIL_NOT_SENT", "the mail server did not take the mail")
)
