package presence

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	// pipelined is how many workspaces are written in one go.
	pipelined = 128
	// completeEvery is after how many beats everything is written and not only
	// what is new, which mends a Redis that forgot something.
	completeEvery = 5
	// gather is how long a change waits for others to be written with it.
	gather = 20 * time.Millisecond
)

// beatScript writes one node's users of one workspace, by Redis' own clock.
// KEYS: the nodes, the activities. ARGV: node, milliseconds it holds, its users
// in hexadecimal ("" to remove the node), then pairs of user and milliseconds
// since they were active.
const beatScript = `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(string.sub(all[i + 1], 1, 13)) < now - 60000 then redis.call('HDEL', KEYS[1], all[i]) end
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%013.0f', now + tonumber(ARGV[2])) .. ARGV[3])
  redis.call('PEXPIRE', KEYS[1], 120000)
end
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[2], 'GT', string.format('%.0f', now - tonumber(ARGV[i + 1])), ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - 86400000))
redis.call('PEXPIRE', KEYS[2], 86400000)
return 1`

// keys are the workspace's two keys; the braces keep them on one node of a
// cluster.
func keys(workspace uuid.UUID) []string {
	prefix := "parley:presence:{" + workspace.String() + "}:"
	return []string{prefix + "nodes", prefix + "active"}
}

// entry is one workspace's write.
type entry struct {
	workspace uuid.UUID
	args      []any
	// there are the users that it says are there; acted is their activity in it.
	there map[uuid.UUID]bool
	acted map[uuid.UUID]time.Time
}

// newBeats makes the loop's step: it writes what changed, and everything when
// it is time.
func (t *Tracker) newBeats() func(context.Context, bool) {
	var last time.Time
	count := 0
	return func(ctx context.Context, early bool) {
		if early { // what comes at the same moment goes together
			wait(ctx, gather)
		}
		now := time.Now() // the loop's own pace, not presence
		due := now.Sub(last) >= t.Timing.Beat
		if due {
			last = now
			count++
		}
		t.beat(ctx, due, due && count%completeEvery == 1)
	}
}

// beat writes the workspaces that changed, or all.
func (t *Tracker) beat(ctx context.Context, all, complete bool) {
	entries := t.entries(all, complete, t.Timing.Hold)
	for len(entries) > 0 {
		n := min(len(entries), pipelined)
		t.written(entries[:n], t.write(ctx, entries[:n]))
		entries = entries[n:]
	}
	t.mu.Lock()
	t.forget(t.Now())
	t.mu.Unlock()
}

// entries are the writes to make. Who came or went since the last look makes a
// workspace one that changed.
func (t *Tracker) entries(all, complete bool, hold time.Duration) []entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.Now()
	var out []entry
	for workspace, r := range t.rooms {
		for _, p := range r.people {
			r.dirty = r.dirty || p.present(now) != p.there
		}
		if r.dirty || (all && len(r.people) > 0) {
			r.dirty = false
			out = append(out, t.entry(workspace, r, now, complete, hold))
		}
	}
	return out
}

func (t *Tracker) entry(workspace uuid.UUID, r *room, now time.Time, complete bool, hold time.Duration) entry {
	e := entry{workspace: workspace, there: make(map[uuid.UUID]bool), acted: make(map[uuid.UUID]time.Time)}
	var users []byte
	var activities []any
	for user, p := range r.people {
		if p.present(now) {
			e.there[user] = true
			users = hex.AppendEncode(users, user[:])
		}
		if !p.active.IsZero() && (complete || p.active.After(p.told)) {
			e.acted[user] = p.active
			activities = append(activities, hex.EncodeToString(user[:]), max(now.Sub(p.active), 0).Milliseconds())
		}
	}
	e.args = append([]any{t.Node.String(), hold.Milliseconds(), users}, activities...)
	return e
}

// write sends the writes to Redis in one go and reports whether all were done.
func (t *Tracker) write(ctx context.Context, entries []entry) bool {
	if t.Redis == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timing.Call)
	defer cancel()
	_, err := t.Redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, e := range entries {
			pipe.Eval(ctx, beatScript, keys(e.workspace), e.args...)
		}
		return nil
	})
	if err != nil {
		t.Log.DebugContext(ctx, "write presence", "error", err)
	}
	return err == nil
}

// change names a user of whom the others now know something else.
type change struct{ workspace, user uuid.UUID }

// written notes what the others know now, and tells them of the difference.
// What could not be written is tried again with the next step.
func (t *Tracker) written(entries []entry, done bool) {
	var changed []change
	t.mu.Lock()
	for _, e := range entries {
		switch r := t.rooms[e.workspace]; {
		case r == nil:
		case !done:
			r.dirty = true
		default:
			changed = r.note(e, t.Timing.AwayAfter, changed)
		}
	}
	t.mu.Unlock()
	if t.Announce == nil {
		return
	}
	for _, c := range changed {
		t.Announce(c.workspace, c.user)
	}
}

// note takes down what a write told the others, and adds to changed whoever came
// or went with it, or is active again.
func (r *room) note(e entry, awayAfter time.Duration, changed []change) []change {
	r.written = len(e.there) > 0
	for user, p := range r.people {
		acted, told := e.acted[user]
		if e.there[user] != p.there || (told && acted.Sub(p.told) >= awayAfter) {
			changed = append(changed, change{e.workspace, user})
		}
		p.there = e.there[user]
		if told {
			p.told = acted
		}
	}
	return changed
}

// leave is the last write: what this node knows holds only for the grace.
func (t *Tracker) leave(ctx context.Context) {
	entries := t.entries(true, true, t.Timing.Grace)
	for len(entries) > 0 {
		n := min(len(entries), pipelined)
		t.write(ctx, entries[:n])
		entries = entries[n:]
	}
}
