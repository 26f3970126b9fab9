package activity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// ending is all that is needed to finish an activity.
type ending struct {
	completion
	// seen is the activity that it was prepared for.
	seen     db.Activity
	kind     *db.ActivityType
	assignee *person
	// next is scheduled, suggestion is not; at most one of them is there.
	next, suggestion *draft
	message          thread.Message
}

// ending prepares what follows an activity.
func (h *Handler) ending(ctx context.Context, c access.Caller, a *db.Activity, in completion) (*ending, error) {
	e := &ending{completion: in, seen: *a}
	types, _, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return nil, err
	}
	if e.kind = types[a.TypeID]; e.kind == nil {
		return nil, fmt.Errorf("activity %s has a type that is not there", a.ID)
	}
	people, err := h.people(ctx, h.DB, c.Workspace, []uuid.UUID{a.AssigneeID})
	if err != nil {
		return nil, err
	}
	e.assignee = people[a.AssigneeID]
	if in.next != nil {
		e.next, err = h.asked(ctx, c, a, in)
		return e, err
	}
	follows, mode, err := h.follower(ctx, c, a)
	switch mode {
	case activityv1.NextMode_NEXT_MODE_AUTOMATIC:
		e.next = follows
	case activityv1.NextMode_NEXT_MODE_SUGGEST:
		e.suggestion = follows
	}
	return e, err
}

// recordOf is the record of an activity, for questions about it.
func recordOf(a *db.Activity) []access.Rights {
	return []access.Rights{{Facts: access.Facts{ID: a.ThreadID, Kind: access.KindRecord, RecordType: a.RecordType}}}
}

// asked is the next activity that the caller wants. To schedule it they must be
// allowed to post.
func (h *Handler) asked(ctx context.Context, c access.Caller, a *db.Activity, in completion) (*draft, error) {
	records, err := h.writable(ctx, c, []string{a.ThreadID.String()})
	if err != nil {
		return nil, err
	}
	w, err := in.next(ctx, a)
	if err != nil {
		return nil, err
	}
	drafts, err := h.drafts(ctx, c, w, records)
	if err != nil {
		return nil, err
	}
	drafts[0].id = activityID(c.ID, a.ID, a.ThreadID, 0)
	return &drafts[0], nil
}

// follower is what the type of an activity says comes next; the mode is none if
// nothing does, or nothing that fits.
func (h *Handler) follower(ctx context.Context, c access.Caller, a *db.Activity) (*draft, activityv1.NextMode, error) {
	const none = activityv1.NextMode_NEXT_MODE_NONE
	types, _, err := h.types(ctx, h.DB, c.Workspace)
	if err != nil {
		return nil, none, err
	}
	kind := types[a.TypeID]
	if kind == nil || kind.NextTypeID == nil {
		return nil, none, nil
	}
	next := types[*kind.NextTypeID]
	if next == nil || !fits(next, a.RecordType) {
		return nil, none, nil
	}
	drafts, err := h.drafts(ctx, c, wish{kind: next, lastSummary: a.Summary, previous: fromPg(a.DueDate)}, recordOf(a))
	if err != nil {
		return nil, none, err
	}
	drafts[0].id = activityID(c.ID, a.ID, a.ThreadID, 0)
	return &drafts[0], activityv1.NextMode(kind.NextMode), nil
}

// outcome is what the caller is told. The activity is the first that was touched,
// what follows it the second.
func (e *ending) outcome(c access.Caller, views []*activityv1.Activity) *outcome {
	o := &outcome{activity: views[0], message: thread.Redact(&e.message, thread.AudienceOf(c))}
	if len(views) > 1 {
		o.next = views[1]
	}
	if e.suggestion != nil {
		o.suggestion = e.suggestion.proposal()
	}
	return o
}
