// Package compose is what happens before a message is posted: templates to begin
// with, drafts that follow their author from device to device, and messages that
// are posted later.
//
// What is decided here beside the contract:
//
//   - A template is written with its author's eyes and filled in with the caller's:
//     a field that somebody may not read does not exist for them. So nobody learns
//     from a template what they could not read, and a template can be kept by
//     somebody who may not read all that it names only as long as they leave those
//     names alone.
//   - A template's files are in a thread of its own, so that they are uploaded,
//     listed and removed as all files are; users read it, the template's editors
//     write to it, and no message is ever in it. Who fills the template in gets
//     copies, which share the bytes.
//   - Placeholders are filled in when a message is begun and not when it is sent:
//     what its author saw is what is posted.
//   - Of two devices that save a draft the one with the larger revision wins. A
//     draft that was deleted leaves its revision behind for a day, so that a save
//     that comes late does not bring it back. Posting does not look for drafts,
//     because it is to be fast: who posts deletes the draft.
//   - A scheduled message is posted as its author, by the way that every message
//     takes, with its own id as the request id: so it is posted once, however often
//     it is tried. It is checked when it is scheduled, and again then. What failed
//     for good stays listed with its reason, and its author is told; nobody else's
//     message waits for it.
//   - What waits in a draft or a scheduled message keeps its files from being swept.
package compose

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// Log is what composing needs of threads; *thread.Log.
type Log interface {
	Create(ctx context.Context, tx db.DBTX, workspace, id uuid.UUID, kind int16, recordType string) error
	Drop(ctx context.Context, tx db.DBTX, workspace, thread uuid.UUID) error
	Get(ctx context.Context, workspace, thread, message uuid.UUID) (thread.Message, error)
	Earlier(ctx context.Context, d *thread.Draft, failure error) (thread.Message, error)
}

// Records reads records and types with the rights of the caller in the context.
type Records interface {
	GetRecord(ctx context.Context, req *recordv1.GetRecordRequest) (*recordv1.GetRecordResponse, error)
	GetRecordType(ctx context.Context, req *recordv1.GetRecordTypeRequest) (*recordv1.GetRecordTypeResponse, error)
}

// Titles answers what people call the threads of one kind.
type Titles interface {
	Titles(ctx context.Context, workspace uuid.UUID, threads []uuid.UUID) (map[uuid.UUID]string, error)
}

// Poster posts messages as the caller in the context.
type Poster interface {
	PostMessage(ctx context.Context, req *chatterv1.PostMessageRequest) (*chatterv1.PostMessageResponse, error)
	// CheckMessage fails as PostMessage would, and posts nothing.
	CheckMessage(ctx context.Context, req *chatterv1.PostMessageRequest) error
}

// Copier makes a file of another's bytes, for a thread and an author, which waits
// for its message.
type Copier interface {
	Copy(ctx context.Context, tx db.DBTX, workspace, from, toThread uuid.UUID, author thread.Author) (*threadv1.File, error)
}

// Live tells a user's devices what changed, and nobody else's.
type Live interface {
	Draft(workspace, user uuid.UUID, change *composev1.DraftChange)
	Scheduled(workspace, user uuid.UUID, change *composev1.ScheduledChange)
}

// Jobs takes work to be done after a commit; *jobs.Jobs.
type Jobs interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) error
}

// Config is what a Handler stands on.
type Config struct {
	DB      *pgxpool.Pool
	Gate    *access.Gate
	Log     Log
	Records Records
	// Titles by the kind of thread.
	Titles map[int16]Titles
	Poster Poster
	Files  Copier
	Live   Live
	Jobs   Jobs
	Pages  *rpc.Pages
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler implements parley.compose.v1.ComposeService, the door of templates'
// threads, and the job that posts. It is safe for concurrent use.
type Handler struct {
	Config
	q *db.Queries
}

// New makes a Handler.
func New(c Config) *Handler {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Handler{Config: c, q: db.New()}
}

// The bounds of what one call does, and of what somebody may keep.
const (
	defaultPage     = 50
	maxPage         = 200
	maxTemplates    = 1000
	maxPlaceholders = 500
	maxFiles        = 20
	// maxPending is how many files of somebody may wait for their message before no
	// template adds to them; as for uploads.
	maxPending   = 100
	maxDrafts    = 500
	maxScheduled = 500
	// maxAhead is how far ahead a message can be scheduled.
	maxAhead = 366 * 24 * time.Hour
	// The lengths of a message, in characters.
	maxSubject = 300
	maxBody    = 20_000
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errTemplateNotFound = fault.New(fault.NotFound, "TEMPLATE_NOT_FOUND", "there is no such template, or you may not see it")
	errTemplateDenied   = fault.New(fault.Denied, "TEMPLATE_DENIED", "only its author and administrators may change a template")
	errTemplateTaken    = fault.New(fault.AlreadyExists, "TEMPLATE_TAKEN", "there is a template of this name for the same records").WithField("name")
	errTooManyTemplates = fault.New(fault.Exhausted, "TOO_MANY_TEMPLATES", "a workspace has up to 1,000 templates; remove one that nobody needs")
	errOtherType        = fault.New(fault.Precondition, "TEMPLATE_OTHER_TYPE", "this template is for other records")
	errRecordType       = fault.New(fault.Invalid, "RECORD_TYPE_UNKNOWN", "there is no such record type").WithField("record_type")
	errName             = fault.New(fault.Invalid, "NAME_EMPTY", "give it a name").WithField("name")
	errText             = fault.New(fault.Invalid, "TEXT_INVALID", "the text has characters that cannot be stored")
	errTextTooLong      = fault.New(fault.Precondition, "TEXT_TOO_LONG", "the text is longer than a message may be")
	errNotCopied        = fault.New(fault.Precondition, "MESSAGE_UNFIT", "only messages and notes on records can be made templates")
	errEtag             = fault.New(fault.Conflict, "ETAG_MISMATCH", "it was changed since you read it; read it again").WithField("etag")
	errReused           = fault.New(fault.Invalid, "REQUEST_ID_REUSED", "this request_id was used for something else; make up a new one").WithField("request_id")
	errTooManyUploads   = fault.New(fault.Exhausted, "TOO_MANY_UPLOADS", "too many of your files are still waiting for their message; send or remove some first")

	errScheduledNotFound = fault.New(fault.NotFound, "SCHEDULED_NOT_FOUND", "there is no such scheduled message, or you may not see it")
	errScheduledDenied   = fault.New(fault.Denied, "SCHEDULED_DENIED", "only its author and administrators may change a scheduled message or send it now")
	errScheduledDone     = fault.New(fault.Precondition, "SCHEDULED_DONE", "it was sent, is being sent, or was cancelled")
	errTooManyScheduled  = fault.New(fault.Exhausted, "TOO_MANY_SCHEDULED", "500 of your messages wait to be sent; cancel some first")
	errTimePast          = fault.New(fault.Invalid, "TIME_PAST", "choose a time in the future").WithField("send_time")
	errTimeFar           = fault.New(fault.Invalid, "TIME_FAR", "a message can be scheduled up to a year ahead").WithField("send_time")
	errAuthorGone        = fault.New(fault.Precondition, "AUTHOR_INACTIVE", "its author was deactivated")
	errGivenUp           = fault.New(fault.Precondition, "NOT_POSTED", "it could not be posted for many hours, because of a failure of the server")
)

// newID is a fresh identifier; those made later sort later.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// idOf is an id in a request, or the failure for what is none.
func idOf(s string, failure error) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return uuid.Nil, failure
	}
	return id, nil
}

// idsOf is idOf for ids of which those that are none are left out.
func idsOf(list []string) []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(list))
	for _, s := range list {
		if id, err := uuid.Parse(s); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// derived is an id that follows from others, so that what is done twice is done
// once.
func derived(from uuid.UUID, parts ...string) uuid.UUID {
	return uuid.NewSHA1(from, []byte(strings.Join(parts, "/")))
}

// isUnreadable is true for the failure of a thread that must not exist for the
// caller.
func isUnreadable(err error) bool {
	return fault.ReasonOf(err) == access.ErrThreadNotFound.Reason
}

// place is where a page of a list by time begins.
type place struct {
	Time time.Time
	ID   uuid.UUID
}

// writable is what the caller may do in a thread that takes messages from them.
func (h *Handler) writable(ctx context.Context, c access.Caller, name string) (access.Rights, error) {
	id, err := idOf(name, access.ErrThreadNotFound)
	if err != nil {
		return access.Rights{}, err
	}
	rights, err := h.Gate.Post(ctx, c, id)
	if err == nil && rights.Kind == access.KindTemplate {
		return rights, access.ErrPostDenied
	}
	return rights, err
}
