package presence

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// watch is a workspace whose changes somebody wants to be told of.
type watch struct {
	watchers int
	// known is what was told last; nil before the first look.
	known map[uuid.UUID]State
	// heard are the users who are said to have changed.
	heard map[uuid.UUID]bool
}

// Watch has OnChange called for a workspace from now on, first with everybody
// who is there, until the returned function is called.
func (t *Tracker) Watch(workspace uuid.UUID) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.watched[workspace]
	if w == nil {
		w = &watch{heard: make(map[uuid.UUID]bool)}
		t.watched[workspace] = w
		nudge(t.looks)
	}
	w.watchers++
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		w.watchers--
		if w.watchers == 0 && t.watched[workspace] == w {
			delete(t.watched, workspace)
		}
	})
}

// Hear says that another node, or this one, announced a change of a user: a
// workspace that is watched is looked at at once, and the user's presence is
// told even if only their wish has changed.
func (t *Tracker) Hear(workspace, user uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.watched[workspace]; w != nil {
		w.heard[user] = true
		nudge(t.looks)
	}
}

// look is the watching loop's step: it looks at every watched workspace, or if
// woken early at those that something was heard of.
func (t *Tracker) look(ctx context.Context, early bool) {
	if early {
		wait(ctx, gather)
	}
	t.mu.Lock()
	todo := make(map[uuid.UUID]*watch)
	for workspace, w := range t.watched {
		if !early || len(w.heard) > 0 || w.known == nil {
			todo[workspace] = w
		}
	}
	t.mu.Unlock()
	for workspace, w := range todo {
		if ctx.Err() != nil {
			return
		}
		if err := t.compare(ctx, workspace, w); err != nil {
			t.Log.WarnContext(ctx, "look at presence", "workspace", workspace, "error", err)
		}
	}
}

// compare tells of whoever differs from what was told last. If that fails,
// nothing counts as told.
func (t *Tracker) compare(ctx context.Context, workspace uuid.UUID, w *watch) error {
	there, failing := t.snapshot(ctx, workspace, 0)
	lost := !failing.IsZero() && t.Now().Sub(failing) >= t.Timing.Hold
	t.mu.Lock()
	next, changed := differences(w.known, there, failing.IsZero(), lost)
	for user := range w.heard {
		if _, ok := next[user]; !ok {
			next[user] = absent(failing.IsZero())
		}
		changed[user] = next[user]
	}
	heard := w.heard
	w.heard = make(map[uuid.UUID]bool)
	t.mu.Unlock()

	presences, err := t.wishes(ctx, workspace, changed)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		for user := range heard {
			w.heard[user] = true
		}
		return err
	}
	w.known = next
	if len(presences) > 0 && t.OnChange != nil && w.watchers > 0 {
		t.OnChange(workspace, presences)
	}
	return nil
}

// differences is the rule of what to tell. While Redis does not answer, those of
// other nodes stay as they were for as long as their node's word would have held;
// then nothing is known of them.
func differences(known map[uuid.UUID]State, there map[uuid.UUID]Status, complete, lost bool) (next, changed map[uuid.UUID]State) {
	next, changed = make(map[uuid.UUID]State, len(there)), make(map[uuid.UUID]State)
	for user, status := range there {
		next[user] = status.State
	}
	for user, before := range known {
		_, here := there[user]
		switch {
		case here:
		case complete && before != Offline:
			changed[user] = Offline
		case complete:
		case lost && before != Offline:
			next[user] = Unknown
		default:
			next[user] = before
		}
	}
	for user, now := range next {
		if before, ok := known[user]; !ok || before != now {
			changed[user] = now
		}
	}
	return next, changed
}

// wishes completes states to presences, with what the users wish to be shown as.
func (t *Tracker) wishes(ctx context.Context, workspace uuid.UUID, states map[uuid.UUID]State) ([]*livev1.Presence, error) {
	if len(states) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, 0, len(states))
	for user := range states {
		ids = append(ids, user)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	rows, err := t.q.UserAvailabilityList(ctx, t.DB, db.UserAvailabilityListParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("read availability: %w", err)
	}
	out := make([]*livev1.Presence, len(rows))
	for i, r := range rows {
		out[i] = presence(r.ID, states[r.ID], r.Availability)
	}
	return out, nil
}

func presence(user uuid.UUID, state State, availability int16) *livev1.Presence {
	return &livev1.Presence{UserId: user.String(), State: state, Availability: livev1.Availability(availability)}
}
