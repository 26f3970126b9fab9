package presence

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// viewScript reads a workspace with Redis' time, so that deadlines are judged
// by the clock they were made with.
const viewScript = `return {redis.call('TIME'), redis.call('HGETALL', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')}`

// viewsKept is how many workspaces are remembered that nobody watches.
const viewsKept = 4096

// view is what the other nodes said of a workspace.
type view struct {
	mu sync.Mutex
	// at is when it was read, or could not be; zero before.
	at time.Time
	// there are the users of other nodes.
	there map[uuid.UUID]bool
	// active is when users were last active, whether they are there or not.
	active map[uuid.UUID]time.Time
	// failing is since when Redis has not answered; zero if it does.
	failing time.Time
}

// Snapshot answers which users of a workspace are there; whoever is missing is
// offline. It is up to a second old. complete is false if Redis does not answer:
// then it is only what this node knows by itself, which is true as far as it
// goes.
func (t *Tracker) Snapshot(ctx context.Context, workspace uuid.UUID) (there map[uuid.UUID]Status, complete bool) {
	seen := t.see(ctx, workspace, t.Timing.Fresh)
	return seen.there, seen.complete()
}

// Lookup is Snapshot for one user.
func (t *Tracker) Lookup(ctx context.Context, workspace, user uuid.UUID) (status Status, complete bool) {
	there, complete := t.Snapshot(ctx, workspace)
	status, ok := there[user]
	if !ok {
		status.State = absent(complete)
	}
	return status, complete
}

// absent is the state of somebody who is not among those who are there.
func absent(complete bool) State {
	if complete {
		return Offline
	}
	return Unknown
}

// seen is what is known of a workspace at a moment.
type seen struct {
	// there are the users who are there.
	there map[uuid.UUID]Status
	// active is when others of its users were last active; not to be changed.
	active map[uuid.UUID]time.Time
	// failing is since when Redis has not answered; zero if it does.
	failing time.Time
}

func (s seen) complete() bool { return s.failing.IsZero() }

// see puts together what the others said, at most as old as given, and this
// node's own users, always as they are now.
func (t *Tracker) see(ctx context.Context, workspace uuid.UUID, fresh time.Duration) seen {
	v := t.view(workspace)
	v.mu.Lock()
	defer v.mu.Unlock()
	now := t.Now()
	if v.at.IsZero() || now.Sub(v.at) >= fresh {
		t.read(ctx, workspace, v)
		now = t.Now()
		v.at = now
	}
	all := make(map[uuid.UUID]Status, len(v.there))
	for user := range v.there {
		all[user] = Status{State: t.Timing.state(v.active[user], now), LastActive: v.active[user]}
	}
	t.mu.Lock()
	local := t.local(workspace, now)
	t.mu.Unlock()
	for user, active := range local {
		if active.Before(v.active[user]) {
			active = v.active[user]
		}
		all[user] = Status{State: t.Timing.state(active, now), LastActive: active}
	}
	return seen{there: all, active: v.active, failing: v.failing}
}

// view is the view of a workspace. When there are too many, those are dropped
// that nobody looks at at the moment.
func (t *Tracker) view(workspace uuid.UUID) *view {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.views[workspace]
	if v == nil {
		if len(t.views) >= viewsKept {
			clear(t.views)
		}
		v = &view{}
		t.views[workspace] = v
	}
	return v
}

// read asks Redis. If it does not answer, only what users did is kept: that
// somebody is there is for their own node to say.
func (t *Tracker) read(ctx context.Context, workspace uuid.UUID, v *view) {
	if t.Redis == nil {
		return
	}
	reply, err := t.ask(ctx, workspace)
	if err == nil {
		v.there, v.active, err = parse(reply, t.Node.String(), t.Now())
	}
	switch {
	case err == nil:
		v.failing = time.Time{}
	case errors.Is(err, context.Canceled):
	default:
		t.Log.DebugContext(ctx, "read presence", "error", err)
		v.there = nil
		if v.failing.IsZero() {
			v.failing = t.Now()
		}
	}
}

// ask runs the script. After a failure nothing is asked for a moment: with many
// workspaces and a Redis that hangs, each would wait in vain.
func (t *Tracker) ask(ctx context.Context, workspace uuid.UUID) ([]any, error) {
	if time.Now().UnixNano() < t.silent.Load() {
		return nil, errSilent
	}
	asked, cancel := context.WithTimeout(ctx, t.Timing.Call)
	defer cancel()
	reply, err := t.Redis.Eval(asked, viewScript, keys(workspace)).Slice()
	if err != nil && ctx.Err() == nil {
		t.silent.Store(time.Now().Add(t.Timing.Fresh).UnixNano())
	}
	return reply, err
}

var errSilent = errors.New("no answer from Redis a moment ago")

var errReply = errors.New("presence in Redis is not as it was written")

// parse reads the script's answer: who is there by other nodes than ours, and
// when everybody was last active by our clock.
func parse(reply []any, node string, now time.Time) (map[uuid.UUID]bool, map[uuid.UUID]time.Time, error) {
	if len(reply) != 3 {
		return nil, nil, errReply
	}
	clock, nodes, activities := texts(reply[0]), texts(reply[1]), texts(reply[2])
	if len(clock) != 2 {
		return nil, nil, errReply
	}
	at, err := millis(clock[0]+"000", nil)
	micros, err := millis(clock[1], err)
	at += micros / 1000
	there := make(map[uuid.UUID]bool)
	for i := 0; i+1 < len(nodes) && err == nil; i += 2 {
		if nodes[i] != node {
			err = addUsers(there, nodes[i+1], at)
		}
	}
	active := make(map[uuid.UUID]time.Time, len(activities)/2)
	for i := 0; i+1 < len(activities) && err == nil; i += 2 {
		var ago int64
		var user uuid.UUID
		ago, err = millis(activities[i+1], nil)
		if err == nil {
			user, err = uuid.Parse(activities[i])
		}
		active[user] = now.Add(-time.Duration(at-ago) * time.Millisecond)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read presence: %w", err)
	}
	return there, active, nil
}

// addUsers adds one node's users, if its word still holds.
func addUsers(there map[uuid.UUID]bool, value string, at int64) error {
	const digits, size = 13, 32
	if len(value) < digits || (len(value)-digits)%size != 0 {
		return errReply
	}
	deadline, err := strconv.ParseInt(value[:digits], 10, 64)
	if err != nil {
		return errReply
	}
	for rest := value[digits:]; rest != "" && at < deadline; rest = rest[size:] {
		var user uuid.UUID
		if _, err := hex.Decode(user[:], []byte(rest[:size])); err != nil {
			return errReply
		}
		there[user] = true
	}
	return nil
}

// texts is a reply's list of strings; anything else in it is left empty.
func texts(reply any) []string {
	list, _ := reply.([]any)
	out := make([]string, len(list))
	for i, item := range list {
		out[i], _ = item.(string)
	}
	return out
}

// millis reads a number of milliseconds, unless something failed before.
func millis(s string, before error) (int64, error) {
	if before != nil {
		return 0, before
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, errReply
	}
	return int64(f), nil
}
