// Package messenger sends by messengers: the connections that a workspace has,
// the templates that a messenger approves, what goes out from a record's thread,
// and what the messenger reports back. What is special to one messenger is a
// Connector in a package of its own.
//
// What is decided here beside the contract:
//
//   - A message is posted and its sending is queued in one transaction: what
//     stands in the thread is sent, and nothing else is.
//   - Before an attempt to send it is noted that one is under way, and after it
//     how it ended. An attempt of which no end is known, because the answer was
//     lost or the node died, is followed by another one that says so: the person
//     may have the message twice. If the messenger reports the first one meanwhile,
//     there is no second.
//   - A delivery only moves forward: sent, delivered, read. It fails if it was not
//     delivered yet, and rises again from a failure only if it was never known to
//     have failed. So reports may come twice, late, and in any order.
//   - A report is believed for its signature alone, made over the bytes that came.
//     It is answered with 200 when everything in it is stored.
//   - What fills a template is looked up with the rights of whoever sends it: who
//     may not read a field cannot send it.
package messenger

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/vault"
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errNoConnection = fault.New(fault.NotFound, "CONNECTION_NOT_FOUND", "there is no such connection")
	errNameTaken    = fault.New(fault.AlreadyExists, "CONNECTION_NAME_TAKEN", "there is a connection of this name; choose another name").WithField("connection.name")
	errName         = fault.New(fault.Invalid, "CONNECTION_NAME_INVALID", "a connection's name has 1 to 80 characters").WithField("connection.name")
	errKind         = fault.New(fault.Invalid, "CONNECTION_KIND_UNKNOWN", "there is no connector for this messenger").WithField("connection.kind")
	errCountry      = fault.New(fault.Invalid, "COUNTRY_UNKNOWN", "there is no country of this code").WithField("connection.country")
	errAddress      = fault.New(fault.Invalid, "ADDRESS_INVALID", egress.ErrAddress.Error()).WithField("connection.base_url")
	errForbidden    = fault.New(fault.Invalid, "ADDRESS_REFUSED", egress.ErrRefused.Error()).WithField("connection.base_url")
	errMask         = fault.New(fault.Invalid, "UPDATE_MASK_INVALID", "the mask names a field that cannot be changed").WithField("update_mask")
	errIncomplete   = fault.New(fault.Precondition, "CONNECTION_INCOMPLETE", "account, sender, token and app secret are needed first")
	errRefused      = fault.New(fault.Precondition, "MESSENGER_REFUSED", "the messenger refuses the connection")
	errUnreachable  = fault.New(fault.Unavailable, "MESSENGER_UNREACHABLE", "the messenger does not answer; try again later").WithRetry(10 * time.Second)
	errInactive     = fault.New(fault.Precondition, "CONNECTION_INACTIVE", "the template's connection is off; an administrator can activate it")

	errNoTemplate = fault.New(fault.NotFound, "TEMPLATE_NOT_FOUND", "there is no such template")
	errRecordType = fault.New(fault.Invalid, "RECORD_TYPE_UNKNOWN", "there is no such record type").WithField("template.record_type")
	errParameter  = fault.New(fault.Invalid, "PARAMETER_UNKNOWN", "the template has no such parameter").WithField("template.parameters")

	errNoRecord    = fault.New(fault.Precondition, "RECORD_NEEDED", "templates are sent from records, and this thread hangs on none")
	errNoContact   = fault.New(fault.NotFound, "CONTACT_NOT_FOUND", "there is no such contact, or you may not read it")
	errNotApproved = fault.New(fault.Precondition, "TEMPLATE_NOT_APPROVED", "WhatsApp has not approved this template; only approved ones can be sent")
	errUnsupported = fault.New(fault.Precondition, "TEMPLATE_UNSUPPORTED", "Parley cannot send templates of this shape")
	errOtherType   = fault.New(fault.Precondition, "TEMPLATE_OTHER_TYPE", "this template is not for records of this type")
	errEmpty       = fault.New(fault.Precondition, "PARAMETER_EMPTY", "a gap of the template would stay empty")
	errTooLong     = fault.New(fault.Precondition, "TEXT_TOO_LONG", "filled in, the text is longer than WhatsApp takes")
	errNoPhone     = fault.New(fault.Precondition, "CONTACT_WITHOUT_PHONE", "this contact has no telephone number that WhatsApp can reach")
)

// Log is what messengers need of threads; *thread.Log.
type Log interface {
	PostTx(ctx context.Context, tx pgx.Tx, d thread.Draft) (thread.Message, error)
	Announce(ctx context.Context, messages ...thread.Message)
	Get(ctx context.Context, workspace, thread, message uuid.UUID) (thread.Message, error)
	AmendDeliveries(ctx context.Context, workspace, thread, message uuid.UUID, change func(tx pgx.Tx, m *thread.Message) (bool, error)) (thread.Message, error)
}

// Records reads records and types with the rights of the caller in the context,
// and their update subtypes; *record.Handler.
type Records interface {
	GetRecord(ctx context.Context, req *recordv1.GetRecordRequest) (*recordv1.GetRecordResponse, error)
	GetRecordType(ctx context.Context, req *recordv1.GetRecordTypeRequest) (*recordv1.GetRecordTypeResponse, error)
	Subtypes(ctx context.Context, workspace uuid.UUID, recordType string) ([]*recordv1.Subtype, error)
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
	Jobs    Jobs
	Vault   *vault.Vault
	Egress  *egress.Client
	Pages   *rpc.Pages
	// Connectors are the messengers that there are.
	Connectors map[messengerv1.ConnectionKind]Connector
	Now        func() time.Time
	Logger     *slog.Logger
}

// Handler implements parley.messenger.v1.MessengerService, does the jobs of
// sending, and hears what messengers report. It is safe for concurrent use.
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

// newID is a fresh identifier; those made later sort later.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
