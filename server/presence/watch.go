package presence

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// watch is a workspace whose changes somebody wants to be told of.
type watch struct {
	// known is what was told last; nil before the first look.
	known map[uuid.UUID]State
	// heard are the users who are said to have changed.
	heard map[uuid.UUID]bool
}

// Hear says that another node, or this one, announced a change of a user: a
// workspace that is watched is looked at at once, and the user's presence is
// told even if only their wish has changed.
func (t *Tracker) Hear(workspace, user uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w := t.watches[workspace]; w != nil {
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
	for workspace, w := range t.todo(early) {
		if ctx.Err() != nil {
			return
		}
		if err := t.compare(ctx, workspace, w); err != nil && ctx.Err() == nil {
			t.Log.WarnContext(ctx, "look at presence", "workspace", workspace, "error", err)
		}
	}
}

// todo are the watches to look at. Those that nobody wants any more end.
func (t *Tracker) todo(early bool) map[uuid.UUID]*watch {
	var wanted []uuid.UUID
	if t.Watched != nil {
		wanted = t.Watched()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make(map[uuid.UUID]*watch, len(wanted))
	out := make(map[uuid.UUID]*watch, len(wanted))
	for _, workspace := range wanted {
		w := t.watches[workspace]
		if w == nil {
			w = &watch{heard: make(map[uuid.UUID]bool)}
		}
		kept[workspace] = w
		if !early || len(w.heard) > 0 {
			out[workspace] = w
		}
	}
	t.watches = kept
	return out
}

// compare tells of whoever differs from what was told last. If that fails,
// nothing counts as told.
func (t *Tracker) compare(ctx context.Context, workspace uuid.UUID, w *watch) error {
	seen := t.see(ctx, workspace, 0)
	lost := !seen.complete() && t.Now().Sub(seen.failing) >= t.Timing.Hold
	t.mu.Lock()
	heard := w.heard
	w.heard = make(map[uuid.UUID]bool)
	t.mu.Unlock()

	known := w.known
	if known == nil { // whoever left a moment before the first look is told of, too
		known = make(map[uuid.UUID]State, len(seen.active))
		for user := range seen.active {
			known[user] = Unknown
		}
	}
	next, changed := differences(known, seen.there, seen.complete(), lost)
	for user := range heard {
		if _, ok := next[user]; !ok {
			next[user] = absent(seen.complete())
		}
		changed[user] = next[user]
	}
	presences, err := t.wishes(ctx, workspace, changed)
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		for user := range heard {
			w.heard[user] = true
		}
		return err
	}
	w.known = next
	for _, p := range presences {
		t.OnChange(workspace, p)
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
