package compose

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// timeUnit is how exactly PostgreSQL keeps a time.
	timeUnit = time.Microsecond
	// headStart is what an answer has before a job does the same.
	headStart = 30 * time.Second
	// maxTries is how often posting is tried: for half a day, less and less often.
	maxTries = 12
	// overdue is how late a message is when it is looked at without its job, and
	// overdueBatch how many at a time. CatchUpEvery is when.
	overdue      = 2 * time.Minute
	overdueBatch = 100
	// CatchUpEvery is how often CatchUp is to run.
	CatchUpEvery = time.Minute
	// PruneEvery is how often Prune is to run.
	PruneEvery = time.Hour
	// overLife and deletedLife are how long is remembered what was sent or
	// cancelled, and which drafts were deleted.
	overLife    = 30 * 24 * time.Hour
	deletedLife = 24 * time.Hour
)

// PostArgs name a scheduled message, and the time that the job was made for.
type PostArgs struct {
	Workspace uuid.UUID `json:"workspace"`
	ID        uuid.UUID `json:"id"`
	SendTime  time.Time `json:"send_time"`
}

// Kind implements river.JobArgs.
func (PostArgs) Kind() string { return "scheduled_message" }

func argsOf(m *db.ScheduledMessage) PostArgs {
	return PostArgs{Workspace: m.WorkspaceID, ID: m.ID, SendTime: m.SendTime.UTC()}
}

func (h *Handler) postAt(at time.Time) *river.InsertOpts {
	return &river.InsertOpts{ScheduledAt: at, MaxAttempts: maxTries}
}

// Work posts a scheduled message whose time has come. It may run twice, or for a
// message that was posted, changed or cancelled meanwhile.
func (h *Handler) Work(ctx context.Context, job *river.Job[PostArgs]) error {
	m, err := h.claim(ctx, job.Args)
	if err != nil || m.State != sending {
		return err
	}
	err = h.deliver(ctx, &m)
	if err == nil || final(err) {
		return nil // the author was told
	}
	if job.Attempt >= maxTries {
		return h.fail(ctx, &m, errGivenUp)
	}
	return err
}

// claim takes a message to be posted, if it is what the job was made for.
func (h *Handler) claim(ctx context.Context, args PostArgs) (db.ScheduledMessage, error) {
	none := db.ScheduledMessage{}
	return store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.ScheduledMessage, error) {
		m, err := h.scheduledLocked(ctx, tx, args.Workspace, args.ID)
		if errors.Is(err, errScheduledNotFound) {
			return none, nil // it went with its thread
		}
		if err != nil || m.State != waiting && m.State != sending || !m.SendTime.Equal(args.SendTime) {
			return none, err
		}
		if early := m.SendTime.Sub(h.Now()); early > 0 {
			return none, river.JobSnooze(early)
		}
		if m.State == sending {
			return m, nil
		}
		m.State = sending
		return m, h.set(ctx, tx, &m)
	})
}

// final is true for a failure that another try would not mend.
func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Invalid, fault.Precondition, fault.Denied, fault.AlreadyExists:
		return true
	default:
		return false
	}
}

// deliver posts a message that is being sent, as its author, and notes what came
// of it. Others may do the same at the same moment: all of them get the one
// message.
func (h *Handler) deliver(ctx context.Context, m *db.ScheduledMessage) error {
	ctx = context.WithoutCancel(ctx)
	id, err := h.post(ctx, m)
	if err == nil {
		m.MessageID = &id
		return h.succeed(ctx, m)
	}
	if !final(err) {
		return err
	}
	d := &thread.Draft{Workspace: m.WorkspaceID, Thread: m.ThreadID, RequestID: m.ID, Internal: m.Internal, Author: thread.Author{
		Kind: userParty(m.AuthorID, "").GetKind(), ID: m.AuthorID,
	}}
	if content, other := decode(m.Content); other == nil {
		d.Body = content.GetBody()
	}
	if posted, other := h.Log.Earlier(ctx, d, err); other == nil { // by a try that could not tell
		m.MessageID = &posted.ID
		return h.succeed(ctx, m)
	}
	if other := h.fail(ctx, m, err); other != nil {
		return other
	}
	return err
}

// postTime bounds one try to post.
const postTime = time.Minute

// post has the message posted, and answers its id.
func (h *Handler) post(ctx context.Context, m *db.ScheduledMessage) (uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	content, err := decode(m.Content)
	if err != nil {
		return uuid.Nil, err
	}
	author, err := h.author(ctx, m.WorkspaceID, m.AuthorID)
	if err != nil {
		return uuid.Nil, err
	}
	res, err := h.Poster.PostMessage(access.WithCaller(ctx, author), postOf(m, content))
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.Parse(res.GetMessage().GetId())
}

// succeed notes which message was posted.
func (h *Handler) succeed(ctx context.Context, m *db.ScheduledMessage) error {
	return h.settle(ctx, m, func(tx pgx.Tx, now *db.ScheduledMessage) (bool, error) {
		if now.State == sent {
			return false, nil
		}
		now.MessageID = m.MessageID
		return true, h.over(ctx, tx, now, sent)
	})
}

// fail notes why a message was not posted, unless another try did post it.
func (h *Handler) fail(ctx context.Context, m *db.ScheduledMessage, failure error) error {
	return h.settle(ctx, m, func(tx pgx.Tx, now *db.ScheduledMessage) (bool, error) {
		if now.State != sending {
			return false, nil
		}
		now.State, now.FailureReason, now.FailureMessage = failed, fault.ReasonOf(failure), failure.Error()
		return true, h.set(ctx, tx, now)
	})
}

// settle changes a scheduled message as it is now, and tells its author if that
// was a change.
func (h *Handler) settle(ctx context.Context, m *db.ScheduledMessage, change func(tx pgx.Tx, now *db.ScheduledMessage) (bool, error)) error {
	changed, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (bool, error) {
		now, err := h.scheduledLocked(ctx, tx, m.WorkspaceID, m.ID)
		if errors.Is(err, errScheduledNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return change(tx, &now)
	})
	if err != nil || !changed {
		return err
	}
	view, err := h.scheduledView(ctx, access.Caller{Kind: access.User, Workspace: m.WorkspaceID, ID: m.AuthorID}, m.ID)
	if err != nil {
		h.Logger.WarnContext(ctx, "an author could not be told of a scheduled message", "message", m.ID, "error", err)
		view = &composev1.ScheduledMessage{Id: m.ID.String(), ThreadId: m.ThreadID.String()}
	}
	h.tellScheduled(m.WorkspaceID, m.AuthorID, view)
	return nil
}

// CatchUp posts what should have been posted a while ago, whatever became of its
// job.
func (h *Handler) CatchUp(ctx context.Context) error {
	rows, err := h.q.ScheduledOverdue(ctx, h.DB, db.ScheduledOverdueParams{Before: h.Now().Add(-overdue), MaxRows: overdueBatch})
	if err != nil {
		return fmt.Errorf("list overdue messages: %w", err)
	}
	for _, row := range rows {
		m, err := h.claim(ctx, PostArgs{Workspace: row.WorkspaceID, ID: row.ID, SendTime: row.SendTime})
		if err == nil && m.State == sending {
			err = h.deliver(ctx, &m)
		}
		if err != nil && !final(err) {
			h.Logger.WarnContext(ctx, "a scheduled message could not be posted; it is tried again", "message", row.ID, "error", err)
		}
	}
	return nil
}

// Prune forgets what was sent, cancelled or deleted long ago.
func (h *Handler) Prune(ctx context.Context) error {
	if _, err := h.q.ScheduledPrune(ctx, h.DB, h.Now().Add(-overLife)); err != nil {
		return fmt.Errorf("forget scheduled messages: %w", err)
	}
	if _, err := h.q.DraftPrune(ctx, h.DB, h.Now().Add(-deletedLife)); err != nil {
		return fmt.Errorf("forget deleted drafts: %w", err)
	}
	return nil
}
