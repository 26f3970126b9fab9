package presence

import (
	"time"

	"github.com/google/uuid"
)

// person is what this node knows of one user.
type person struct {
	streams int
	// until is how long they are there without a stream.
	until time.Time
	// active is their last activity known here; zero if none is.
	active time.Time
	// told is the activity that Redis knows of.
	told time.Time
	// there is what the others were told.
	there bool
}

// present is the rule: an open stream, or a heartbeat or stream of a moment ago.
func (p *person) present(now time.Time) bool { return p.streams > 0 || now.Before(p.until) }

// stay prolongs the time that somebody is there without a stream.
func (p *person) stay(until time.Time) {
	if until.After(p.until) {
		p.until = until
	}
}

// act notes an activity.
func (p *person) act(at time.Time) {
	if at.After(p.active) {
		p.active = at
	}
}

// room is this node's users of one workspace.
type room struct {
	people map[uuid.UUID]*person
	// dirty asks for a write before the next beat.
	dirty bool
	// written is true while Redis may hold something of this node.
	written bool
}

// Connected says that a user opened a stream to this node, and whether they are
// active. For each call there must be one of Disconnected.
func (t *Tracker) Connected(workspace, user uuid.UUID, active bool) {
	t.update(workspace, user, func(p *person, now time.Time) {
		p.streams++
		if active {
			p.act(now)
		}
	})
}

// Disconnected says that a stream of a user ended.
func (t *Tracker) Disconnected(workspace, user uuid.UUID) {
	t.update(workspace, user, func(p *person, now time.Time) {
		if p.streams > 0 {
			p.streams--
		}
		if p.streams == 0 {
			p.stay(now.Add(t.Timing.Grace))
		}
	})
}

// Active says that a user did something at a moment. It does not say that they
// are there: a program may act for them.
func (t *Tracker) Active(workspace, user uuid.UUID, at time.Time) {
	t.update(workspace, user, func(p *person, _ time.Time) { p.act(at) })
}

// Heartbeat says that a user's client is there without a stream, and whether
// they did something. It holds for 90 seconds.
func (t *Tracker) Heartbeat(workspace, user uuid.UUID, active bool) {
	t.update(workspace, user, func(p *person, now time.Time) {
		p.stay(now.Add(t.Timing.Heartbeat))
		if active {
			p.act(now)
		}
	})
}

// update changes what is known of a user, and has it written at once if the
// others would see a difference: somebody new, or one who is active again.
func (t *Tracker) update(workspace, user uuid.UUID, do func(p *person, now time.Time)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rooms[workspace]
	if r == nil {
		r = &room{people: make(map[uuid.UUID]*person)}
		t.rooms[workspace] = r
	}
	p := r.people[user]
	if p == nil {
		p = &person{}
		r.people[user] = p
	}
	now := t.Now()
	before := t.Timing.state(p.active, now)
	do(p, now)
	if p.present(now) != p.there || before != t.Timing.state(p.active, now) {
		r.dirty = true
		nudge(t.beats)
	}
}

// local are this node's users of a workspace. The caller holds mu.
func (t *Tracker) local(workspace uuid.UUID, now time.Time) map[uuid.UUID]time.Time {
	r := t.rooms[workspace]
	if r == nil {
		return nil
	}
	there := make(map[uuid.UUID]time.Time, len(r.people))
	for user, p := range r.people {
		if p.present(now) {
			there[user] = p.active
		}
	}
	return there
}

// forget drops whoever left and was written off; an activity that Redis has not
// got yet is kept for it as long as it makes a difference. The caller holds mu.
func (t *Tracker) forget(now time.Time) {
	for workspace, r := range t.rooms {
		for user, p := range r.people {
			untold := p.active.After(p.told) && now.Sub(p.active) < t.Timing.AwayAfter
			if !p.present(now) && !p.there && !untold {
				delete(r.people, user)
			}
		}
		if len(r.people) == 0 && !r.written {
			delete(t.rooms, workspace)
		}
	}
}
