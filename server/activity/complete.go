package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// tries is how often completing is begun anew when the activity was changed since
// it was looked at.
const tries = 4

// errStale says that an activity was changed since what follows it was prepared.
var errStale = errors.New("the activity changed meanwhile")

// completion is what somebody says of an activity that they did. next makes the
// activity that they schedule after it; nil leaves that to the type.
type completion struct {
	name     string
	feedback string
	files    []uuid.UUID
	next     func(ctx context.Context, a *db.Activity) (wish, error)
}

// outcome is what came of completing an activity.
type outcome struct {
	activity   *activityv1.Activity
	message    *threadv1.Message
	next       *activityv1.Activity
	suggestion *activityv1.ActivityDraft
}

// CompleteActivity implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CompleteActivity(ctx context.Context, req *activityv1.CompleteActivityRequest) (*activityv1.CompleteActivityResponse, error) {
	files, err := idsOf(req.GetFileIds(), thread.ErrNoFile)
	if err != nil {
		return nil, err
	}
	o, err := h.complete(ctx, access.FromContext(ctx), completion{name: req.GetActivityId(), feedback: req.GetFeedback(), files: files})
	if err != nil {
		return nil, err
	}
	return &activityv1.CompleteActivityResponse{Activity: o.activity, Message: o.message, Next: o.next, Suggestion: o.suggestion}, nil
}

// CompleteAndScheduleNext implements activityv1connect.ActivityServiceHandler.
func (h *Handler) CompleteAndScheduleNext(
	ctx context.Context, req *activityv1.CompleteAndScheduleNextRequest,
) (*activityv1.CompleteAndScheduleNextResponse, error) {
	c := access.FromContext(ctx)
	files, err := idsOf(req.GetFileIds(), thread.ErrNoFile)
	if err != nil {
		return nil, err
	}
	o, err := h.complete(ctx, c, completion{
		name: req.GetActivityId(), feedback: req.GetFeedback(), files: files,
		next: func(ctx context.Context, a *db.Activity) (wish, error) {
			w, err := h.wishOf(ctx, c, req.GetNextTypeId(), req.NextSummary, req.NextNote, req.GetNextAssigneeId(), req.GetNextDueDate())
			w.lastSummary, w.previous = a.Summary, fromPg(a.DueDate)
			return w, err
		},
	})
	if err != nil {
		return nil, err
	}
	return &activityv1.CompleteAndScheduleNextResponse{Activity: o.activity, Message: o.message, Next: o.next}, nil
}

// complete marks an activity as done, once: what follows it is prepared first and
// the rest is one transaction, which finds out if somebody was faster.
func (h *Handler) complete(ctx context.Context, c access.Caller, in completion) (*outcome, error) {
	in.feedback = strings.TrimSpace(in.feedback)
	if !storable(in.feedback) {
		return nil, errText.WithField("feedback")
	}
	for range tries {
		a, err := h.changeable(ctx, c, in.name)
		if err != nil {
			return nil, err
		}
		if a.Done {
			return h.completed(ctx, c, &a)
		}
		e, err := h.ending(ctx, c, &a, in)
		if err != nil {
			return nil, err
		}
		views, err := h.transact(ctx, c, func(w *work) error { return w.finish(ctx, e) })
		switch {
		case err == nil:
			return e.outcome(c, views), nil
		case !errors.Is(err, errStale):
			return nil, err
		}
	}
	return nil, store.ErrContended
}

// completed answers what an earlier try of the caller came to. Whoever was slower
// than somebody else is told so.
func (h *Handler) completed(ctx context.Context, c access.Caller, a *db.Activity) (*outcome, error) {
	views, err := h.Views(ctx, c.Workspace, slices.Concat([]uuid.UUID{a.ID}, idsIn(a.NextID)))
	if err != nil {
		return nil, err
	}
	if a.DoneBy == nil || *a.DoneBy != c.ID || a.MessageID == nil {
		return nil, errDone.WithMessage("%s has done this already", views[a.ID].GetDoneBy().GetName())
	}
	m, err := h.Log.Get(ctx, c.Workspace, a.ThreadID, *a.MessageID)
	if err != nil {
		return nil, err
	}
	o := &outcome{activity: views[a.ID], message: thread.Redact(&m, thread.AudienceOf(c))}
	if a.NextID != nil {
		o.next = views[*a.NextID]
		return o, nil
	}
	follows, mode, err := h.follower(ctx, c, a)
	if err == nil && mode == activityv1.NextMode_NEXT_MODE_SUGGEST {
		o.suggestion = follows.proposal()
	}
	return o, err
}

func idsIn(id *uuid.UUID) []uuid.UUID {
	if id == nil {
		return nil
	}
	return []uuid.UUID{*id}
}

// finish marks the activity as done, posts what tells of it, and schedules what
// comes next.
func (w *work) finish(ctx context.Context, e *ending) error {
	a, err := w.lock(ctx, e.seen.ID, e.seen.ThreadID)
	if err != nil {
		return err
	}
	if a.Done || a.Version != e.seen.Version {
		return errStale
	}
	if err := w.post(ctx, &a, e); err != nil {
		return err
	}
	read, err := w.Inbox.ReadActivity(ctx, w.tx, w.caller.Workspace, a.ID)
	if err != nil {
		return err
	}
	for _, user := range read {
		w.inboxes = append(w.inboxes, note{user: user})
	}
	now := w.Now()
	p := db.ActivityFinishParams{
		DoneBy: &w.caller.ID, DoneTime: &now, Feedback: e.feedback, MessageID: &e.message.ID, WorkspaceID: a.WorkspaceID, ID: a.ID,
	}
	if e.next != nil {
		p.NextID = &e.next.id
	}
	done, err := w.q.ActivityFinish(ctx, w.tx, p)
	if err != nil {
		return fmt.Errorf("finish activity: %w", err)
	}
	w.touched = append(w.touched, done)
	if e.next == nil {
		return nil
	}
	return w.schedule(ctx, []draft{*e.next})
}

// post writes the message that tells of a done activity, and gives it the files.
func (w *work) post(ctx context.Context, a *db.Activity, e *ending) error {
	own, err := w.filesOf(ctx, w.tx, a.WorkspaceID, []uuid.UUID{a.ID})
	if err != nil {
		return err
	}
	added, err := w.ready(ctx, a, e.files)
	if err != nil {
		return err
	}
	e.message, err = w.Log.PostTx(ctx, w.tx, thread.Draft{
		Workspace: a.WorkspaceID, Thread: a.ThreadID, RequestID: a.ID, Kind: threadv1.MessageKind_MESSAGE_KIND_ACTIVITY, Internal: true,
		Subtype: thread.SubtypeActivities, Author: thread.AuthorOf(w.caller), Body: doneText(e.kind.Name, a.Summary), Files: e.files, Notify: true,
		Extra: &wirev1.Extra{Files: slices.Concat(own[a.ID], added), Activity: &threadv1.ActivityDone{
			ActivityId: a.ID.String(), Type: e.kind.Name, Icon: e.kind.Icon, Summary: a.Summary, Note: a.Note, Feedback: e.feedback,
			Assignee: e.assignee.party(), DueDate: fromPg(a.DueDate).String(),
		}},
	})
	if err != nil {
		return err
	}
	w.messages = append(w.messages, e.message)
	return w.moveFiles(ctx, a, own[a.ID], e)
}

// doneText is what readers see who know nothing of activities.
func doneText(kind, summary string) string {
	if summary == "" {
		return kind + " done"
	}
	return kind + " done: " + summary
}

// ready are the descriptions of files that the caller sends along.
func (w *work) ready(ctx context.Context, a *db.Activity, ids []uuid.UUID) ([]*threadv1.File, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := w.q.FileListByID(ctx, w.tx, db.FileListByIDParams{
		WorkspaceID: a.WorkspaceID, ThreadID: a.ThreadID, AuthorID: w.caller.ID, Ids: ids,
	})
	if err != nil {
		return nil, fmt.Errorf("find files to send: %w", err)
	}
	var files []*threadv1.File
	for _, id := range ids {
		i := slices.IndexFunc(rows, func(f db.File) bool { return f.ID == id })
		if i < 0 || !file.Sendable(&rows[i]) {
			return nil, thread.ErrNoFile.With("file_id", id.String())
		}
		rows[i].Internal = true
		files = append(files, file.Describe(&rows[i], thread.Administrators))
	}
	return files, nil
}

// moveFiles gives the activity's files to the message; those that came with it are
// the activity's from now on.
func (w *work) moveFiles(ctx context.Context, a *db.Activity, own []*threadv1.File, e *ending) error {
	if len(own) > 0 {
		ids := make([]uuid.UUID, 0, len(own))
		for _, f := range own {
			id, err := uuid.Parse(f.GetId())
			if err != nil {
				return fmt.Errorf("read id of file: %w", err)
			}
			ids = append(ids, id)
		}
		err := w.q.ActivityFileMove(ctx, w.tx, db.ActivityFileMoveParams{
			MessageID: &e.message.ID, WorkspaceID: a.WorkspaceID, ThreadID: a.ThreadID, Ids: ids,
		})
		if err != nil {
			return fmt.Errorf("move files: %w", err)
		}
	}
	if len(e.files) == 0 {
		return nil
	}
	err := w.q.ActivityFileLink(ctx, w.tx, db.ActivityFileLinkParams{WorkspaceID: a.WorkspaceID, ActivityID: a.ID, Ids: e.files})
	if err != nil {
		return fmt.Errorf("link files: %w", err)
	}
	return nil
}
