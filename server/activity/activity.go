// Package activity plans what is to be done about records: activities of types,
// one after the other or a whole plan at once, and tells whose they are.
//
// Whoever may read a record's thread sees its activities, and nobody else does:
// that is asked at the gate on every call. Whether an activity is overdue, due
// today or planned is judged by the day that it is where its assignee lives, and
// never stored: day.go has the rule.
//
// What is decided here beside the contract:
//
//   - An activity that was done keeps its row, so that a lost answer can be asked
//     for again and that what was done can be listed. One that was cancelled has
//     none.
//   - The next activity goes to its type's assignee, or else to who completed the
//     one before; it keeps the summary if its type has none. An assignee of the
//     type who was deactivated or may not read the record is passed over.
//   - Who is given an activity does not follow the record by that: they are told
//     what is to be done, not all that is said.
//   - An assignment stands in the inbox as one item an activity and user. It goes
//     when the activity is cancelled or given to somebody else, and is read when it
//     is done.
//   - What was planned for a user who is deactivated is gone with them.
package activity

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// Log is what activities need of the threads of their records.
type Log interface {
	PostTx(ctx context.Context, tx pgx.Tx, d thread.Draft) (thread.Message, error)
	Get(ctx context.Context, workspace, thread, message uuid.UUID) (thread.Message, error)
	Announce(ctx context.Context, messages ...thread.Message)
}

// Inbox is what activities need of the inboxes of users. All of it happens in the
// caller's transaction.
type Inbox interface {
	// Activity puts an activity into a user's inbox, once, and answers the item; nil
	// if the user was deactivated.
	Activity(ctx context.Context, tx pgx.Tx, workspace, record, user, activity uuid.UUID) (item *uuid.UUID, err error)
	// DropActivity takes it out of all inboxes but one, and answers whose.
	DropActivity(ctx context.Context, tx pgx.Tx, workspace, activity, keep uuid.UUID) ([]uuid.UUID, error)
	// ReadActivity marks it as read in all inboxes, and answers in whose it was not.
	ReadActivity(ctx context.Context, tx pgx.Tx, workspace, activity uuid.UUID) ([]uuid.UUID, error)
}

// Live tells readers of what is not in the log.
type Live interface {
	// Activity says what changed of a record's activities, to the subscribers of its
	// thread and of the inboxes of these users.
	Activity(workspace uuid.UUID, change *activityv1.ActivityChange, users []uuid.UUID)
	// Inbox says that a user's inbox changed: one item, or several if none is named.
	Inbox(workspace, user uuid.UUID, item *uuid.UUID)
}

// Titles answers what records are called.
type Titles interface {
	Titles(ctx context.Context, workspace uuid.UUID, records []uuid.UUID) (map[uuid.UUID]string, error)
}

// Config is what a Handler stands on.
type Config struct {
	DB     *pgxpool.Pool
	Gate   *access.Gate
	Log    Log
	Inbox  Inbox
	Live   Live
	Titles Titles
	Pages  *rpc.Pages
	// Mailer takes digests. While it is nil none is made, and none counts as sent.
	Mailer Mailer
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler implements parley.activity.v1.ActivityService. It is safe for
// concurrent use.
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

// The bounds of what one call does.
const (
	defaultPage = 50
	maxPage     = 200
	maxTypes    = 200
	maxFiles    = 20
	// maxScheduled is how many activities one call schedules.
	maxScheduled = 500
	// maxCounted is how many records are counted for a badge.
	maxCounted = 2000
	// maxCells is how many activities a page of the activity view looks at.
	maxCells = 5000
	// maxCalendar and maxDays bound a calendar.
	maxCalendar = 1000
	maxDays     = 62
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errNotFound      = fault.New(fault.NotFound, "ACTIVITY_NOT_FOUND", "there is no such activity, or you may not see it")
	errTypeNotFound  = fault.New(fault.NotFound, "ACTIVITY_TYPE_NOT_FOUND", "there is no such type of activity")
	errPlanNotFound  = fault.New(fault.NotFound, "ACTIVITY_PLAN_NOT_FOUND", "there is no such plan")
	errUserNotFound  = fault.New(fault.NotFound, "USER_NOT_FOUND", "there is no such user")
	errDenied        = fault.New(fault.Denied, "ACTIVITY_DENIED", "only who may write on the record and the assignee may change this activity")
	errDone          = fault.New(fault.Precondition, "ACTIVITY_DONE", "this activity was done already")
	errEtag          = fault.New(fault.Conflict, "ETAG_MISMATCH", "it was changed since you read it; read it again").WithField("etag")
	errTypeUnfit     = fault.New(fault.Precondition, "ACTIVITY_TYPE_UNFIT", "this type of activity is archived, or for other records").WithField("type_id")
	errPlanUnfit     = fault.New(fault.Precondition, "ACTIVITY_PLAN_UNFIT", "this plan is archived, or for other records").WithField("plan_id")
	errInactive      = fault.New(fault.Precondition, "ASSIGNEE_INACTIVE", "this user was deactivated; give it to somebody else").WithField("assignee_id")
	errAssignee      = fault.New(fault.Precondition, "ASSIGNEE_DENIED", "they may not read the record; give it to somebody else").WithField("assignee_id")
	errDate          = fault.New(fault.Invalid, "DATE_INVALID", "a date looks like 2026-11-30 and lies between 1900 and 2200")
	errRange         = fault.New(fault.Invalid, "DATE_RANGE_INVALID", "ask for 1 to 62 days, the first one first").WithField("due_to")
	errStates        = fault.New(fault.Invalid, "STATES_MIXED", "those that are done are listed alone").WithField("states")
	errFileRecords   = fault.New(fault.Invalid, "FILE_RECORDS", "files can only be given with one record").WithField("file_ids")
	errTooManyFiles  = fault.New(fault.Precondition, "TOO_MANY_FILES", "an activity has up to 20 files; take some off first")
	errTypeTaken     = fault.New(fault.AlreadyExists, "ACTIVITY_TYPE_TAKEN", "there is a type of this name for the same records").WithField("type.name")
	errTooManyTypes  = fault.New(fault.Exhausted, "TOO_MANY_ACTIVITY_TYPES", "a workspace has up to 200 types of activity; change one that is archived")
	errTypeRecord    = fault.New(fault.Invalid, "RECORD_TYPE_UNKNOWN", "there is no such record type")
	errName          = fault.New(fault.Invalid, "NAME_EMPTY", "give it a name")
	errText          = fault.New(fault.Invalid, "TEXT_INVALID", "the text has characters that cannot be stored")
	errNext          = fault.New(fault.Invalid, "NEXT_TYPE_INVALID", "name a type that comes next, or none").WithField("type.next_type_id")
	errMask          = fault.New(fault.Invalid, "UPDATE_MASK_INVALID", "the update mask names a field that cannot be changed").WithField("update_mask")
	errPlanTaken     = fault.New(fault.AlreadyExists, "ACTIVITY_PLAN_TAKEN", "there is a plan of this name").WithField("plan.name")
	errPlanEmpty     = fault.New(fault.Invalid, "ACTIVITY_PLAN_EMPTY", "a plan has at least one activity").WithField("plan.items")
	errPlanItem      = fault.New(fault.Invalid, "ACTIVITY_PLAN_INVALID", "an activity of the plan cannot be scheduled")
	errResponsible   = fault.New(fault.Invalid, "RESPONSIBLE_MISSING", "name who is to do what has nobody").WithField("assignee_id")
	errTooMany       = fault.New(fault.Invalid, "TOO_MANY_ACTIVITIES", "one call schedules up to 500 activities; name fewer records").WithField("record_ids")
	errRequestReused = fault.New(fault.Invalid, "REQUEST_ID_REUSED", "this request_id was used for something else; make up a new one").WithField("request_id")
)

// idOf is an id in a request, or the failure for what is none.
func idOf(s string, failure error) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil {
		return uuid.Nil, failure
	}
	return id, nil
}

// idsOf is idOf for a list.
func idsOf(list []string, failure error) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(list))
	for i, s := range list {
		id, err := idOf(s, failure)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// orNil is an id in a request that may be empty.
func orNil(s string, failure error) (*uuid.UUID, error) {
	if s == "" {
		return nil, nil
	}
	id, err := idOf(s, failure)
	return &id, err
}
