// Package presence knows which users of a workspace are there.
//
// Every node knows its own users: those with an open stream, and those whose
// client sends heartbeats. It writes them to Redis every two seconds, all of a
// workspace in one value that holds for seven. So nothing has to be undone: a
// node that is killed is forgotten by itself, and with the two seconds between
// looks its users are offline everywhere within nine. The deadline is of Redis'
// own clock, which all nodes share. Who leaves in the ordinary way is told at
// once, but for two seconds in which a page may be loaded anew.
//
// When somebody was last active is kept apart and for a day, so that a lost
// connection does not make an idle user look active, nor an active one idle.
//
// Redis is the only place: presence is a hint that converges, and is worth no
// table. While Redis cannot be reached a node knows its own users and says that
// this is not all.
//
// That a user wishes to be shown as busy is another matter: a setting, kept in
// the database, that takes no part in who gets a chat.
package presence

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/parley-chat/parley/gen/db"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// State is how present somebody is. Its zero value means that it is not known.
type State = livev1.PresenceState

// The states.
const (
	Unknown = livev1.PresenceState_PRESENCE_STATE_UNSPECIFIED
	Online  = livev1.PresenceState_PRESENCE_STATE_ONLINE
	Away    = livev1.PresenceState_PRESENCE_STATE_AWAY
	Offline = livev1.PresenceState_PRESENCE_STATE_OFFLINE
)

// Status is what is known of a user who is there.
type Status struct {
	// State is Online or Away.
	State State
	// LastActive is when they last did something; zero if not within a day.
	LastActive time.Time
}

// Timing are the durations of presence. A zero field takes its default, which
// is what the contract promises; tests take shorter ones.
type Timing struct {
	// Beat is the time between two writes to Redis: 2 s.
	Beat time.Duration
	// Hold is how long a write holds: 7 s.
	Hold time.Duration
	// Poll is the time between two looks at a workspace that is watched: 2 s.
	Poll time.Duration
	// Grace is how long a user stays after their last stream ended: 2 s.
	Grace time.Duration
	// Heartbeat is how long a heartbeat without a stream holds: 90 s.
	Heartbeat time.Duration
	// AwayAfter is how long without activity makes somebody away: 5 min.
	AwayAfter time.Duration
	// Fresh is how old what Snapshot answers may be: 1 s.
	Fresh time.Duration
	// Call bounds every call to Redis: 500 ms.
	Call time.Duration
}

func (t Timing) withDefaults() Timing {
	return Timing{
		Beat:      cmp.Or(t.Beat, 2*time.Second),
		Hold:      cmp.Or(t.Hold, 7*time.Second),
		Poll:      cmp.Or(t.Poll, 2*time.Second),
		Grace:     cmp.Or(t.Grace, 2*time.Second),
		Heartbeat: cmp.Or(t.Heartbeat, 90*time.Second),
		AwayAfter: cmp.Or(t.AwayAfter, 5*time.Minute),
		Fresh:     cmp.Or(t.Fresh, time.Second),
		Call:      cmp.Or(t.Call, 500*time.Millisecond),
	}
}

// state is the rule: who is there is online, and away once they did nothing for
// a while.
func (t Timing) state(lastActive, now time.Time) State {
	if now.Sub(lastActive) < t.AwayAfter {
		return Online
	}
	return Away
}

// Config is what a Tracker stands on.
type Config struct {
	// Redis may be nil: then this node is all there is.
	Redis redis.UniversalClient
	// DB has the users' availability.
	DB db.DBTX
	// Node tells this node from the others and is new with each start.
	Node uuid.UUID
	Now  func() time.Time
	Log  *slog.Logger
	// Announce is called, if set, after something about a user was changed by
	// this node and written to Redis: to tell all nodes (this one too) to Hear of
	// it at once and not at their next look. It must not block.
	Announce func(workspace, user uuid.UUID)
	// Watched answers the workspaces whose changes somebody on this node wants to
	// be told of. It is asked before each look.
	Watched func() []uuid.UUID
	// OnChange is called for every user of a watched workspace whose presence is
	// another than before, as it is now; at first for all of them. It must not
	// block.
	OnChange func(workspace uuid.UUID, p *livev1.Presence)
	Timing   Timing
}

// Tracker keeps the presence of all users. Make it with New and Run it; its
// methods may be called from any goroutine.
type Tracker struct {
	Config
	q *db.Queries

	mu    sync.Mutex
	rooms map[uuid.UUID]*room
	views map[uuid.UUID]*view
	// beats and looks wake the loops before their time.
	beats, looks chan struct{}
	watches      map[uuid.UUID]*watch
	// silent is until when Redis is not asked again, in Unix nanoseconds.
	silent atomic.Int64
}

// New makes a Tracker.
func New(c Config) *Tracker {
	c.Timing = c.Timing.withDefaults()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Tracker{
		Config: c, q: db.New(),
		rooms: make(map[uuid.UUID]*room), views: make(map[uuid.UUID]*view), watches: make(map[uuid.UUID]*watch),
		beats: make(chan struct{}, 1), looks: make(chan struct{}, 1),
	}
}

// Run writes this node's users and looks for changes until ctx is done. Then it
// takes leave of Redis: this node's users are gone after the grace in which
// they may come back at another.
func (t *Tracker) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { t.every(ctx, t.Timing.Beat/4, t.beats, t.newBeats()) })
	loops.Go(func() { t.every(ctx, t.Timing.Poll, t.looks, t.look) })
	loops.Wait()
	t.leave(context.WithoutCancel(ctx))
	return nil
}

// every runs do at an interval and whenever it is woken. early is true if it was
// woken.
func (t *Tracker) every(ctx context.Context, interval time.Duration, woken <-chan struct{}, do func(ctx context.Context, early bool)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do(ctx, false)
		case <-woken:
			do(ctx, true)
		}
	}
}

// nudge wakes a loop that is not awake already.
func nudge(loop chan<- struct{}) {
	select {
	case loop <- struct{}{}:
	default:
	}
}

// wait waits for d or until ctx is done.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
