package presence_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// quick makes presence thirty times as fast as the contract promises.
var quick = presence.Timing{
	Beat: 60 * time.Millisecond, Hold: 400 * time.Millisecond, Poll: 60 * time.Millisecond, Grace: 120 * time.Millisecond,
	Heartbeat: 600 * time.Millisecond, AwayAfter: 5 * time.Minute, Fresh: 20 * time.Millisecond, Call: 300 * time.Millisecond,
}

// idling is quick with people who do nothing for long.
var idling = func() presence.Timing {
	t := quick
	t.AwayAfter = 700 * time.Millisecond
	return t
}()

const soon, tick = 5 * time.Second, 10 * time.Millisecond

// clock is the real time, which a test can move on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) move(d time.Duration) { c.ahead.Add(int64(d)) }

// bundle is an installation of several nodes.
type bundle struct {
	redis     *embedded.Redis
	db        *pgxpool.Pool
	clock     *clock
	workspace uuid.UUID

	mu    sync.Mutex
	nodes []*node
}

// node is one server of it.
type node struct {
	*presence.Tracker
	kill, stop func()

	mu   sync.Mutex
	told map[uuid.UUID]*livev1.Presence
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return &bundle{redis: pgtest.Redis(t), db: pgtest.DB(t), clock: &clock{}, workspace: uuid.New()}
}

// node starts a server that watches the workspace. kill ends it so that it tells
// Redis nothing any more; stop in the ordinary way.
func (b *bundle) node(t *testing.T, timing presence.Timing) *node {
	t.Helper()
	options, err := redis.ParseURL(b.redis.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	n := &node{told: make(map[uuid.UUID]*livev1.Presence)}
	n.Tracker = presence.New(presence.Config{
		Redis: client, DB: b.db, Node: uuid.New(), Now: b.clock.now, Timing: timing,
		Watched:  func() []uuid.UUID { return []uuid.UUID{b.workspace} },
		Announce: b.announce,
		OnChange: n.hear,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = n.Run(ctx) // always nil
	}()
	n.stop = sync.OnceFunc(func() {
		cancel()
		<-done
		_ = client.Close() // twice, if killed
	})
	n.kill = func() {
		_ = client.Close() // what follows reaches nobody
		n.stop()
	}
	t.Cleanup(n.stop)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = append(b.nodes, n)
	return n
}

// announce is the bus.
func (b *bundle) announce(workspace, user uuid.UUID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.nodes {
		n.Hear(workspace, user)
	}
}

func (n *node) hear(_ uuid.UUID, p *livev1.Presence) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told[uuid.MustParse(p.GetUserId())] = p
}

func (n *node) heard(user uuid.UUID) *livev1.Presence {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told[user]
}

func (b *bundle) user(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	_, err := b.db.Exec(t.Context(), `INSERT INTO "user" (workspace_id, id, email, name, role, password_hash, create_time)
		VALUES ($1, $2, $3, 'Somebody', 2, '', now())`, b.workspace, id, id.String()+"@example.com")
	require.NoError(t, err)
	return id
}

// is waits until a node sees a user in a state, and has told of it.
func (b *bundle) is(t *testing.T, n *node, user uuid.UUID, want presence.State) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, complete := n.Lookup(t.Context(), b.workspace, user)
		return complete && status.State == want && n.heard(user).GetState() == want
	}, soon, tick, "user should be %v", want)
}

// Spec: L7
func TestTracker_EveryNodeSeesWhoIsThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	user := b.user(t)

	here.Connected(b.workspace, user, true)
	b.is(t, here, user, presence.Online)
	b.is(t, there, user, presence.Online)

	here.Disconnected(b.workspace, user)
	b.is(t, there, user, presence.Offline)
	b.is(t, here, user, presence.Offline)
}

func TestTracker_WorksOnTheRedisInsideTheProgram(t *testing.T) {
	t.Parallel()
	inside, err := embedded.StartRedis(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, inside.Stop()) })
	b := &bundle{redis: inside, db: pgtest.DB(t), clock: &clock{}, workspace: uuid.New()}
	here, there := b.node(t, idling), b.node(t, idling)
	user := b.user(t)

	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)
	b.is(t, there, user, presence.Away)
	here.Active(b.workspace, user, b.clock.now())
	b.is(t, there, user, presence.Online)
	here.kill()
	b.is(t, there, user, presence.Offline)
}

// A reload closes one stream and opens another: nobody may see the user leave.
func TestTracker_ReconnectingDoesNotFlicker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	slow := quick
	slow.Grace = time.Minute
	here, there := b.node(t, slow), b.node(t, slow)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)

	here.Disconnected(b.workspace, user)
	status, _ := here.Lookup(t.Context(), b.workspace, user)
	require.Equal(t, presence.Online, status.State)
	there.Connected(b.workspace, user, false)
	b.clock.move(2 * time.Minute) // past the grace, short of being away
	b.is(t, here, user, presence.Online)
}

// Spec: L7
func TestTracker_KilledNodesUsersGoOffline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	lost, kept := b.user(t), b.user(t)
	here.Connected(b.workspace, lost, true)
	here.Connected(b.workspace, kept, true)
	there.Connected(b.workspace, kept, true)
	b.is(t, there, lost, presence.Online)

	here.kill()
	b.is(t, there, lost, presence.Offline)
	b.is(t, there, kept, presence.Online)
}

// The promise itself, with the durations of production.
//
// Spec: L7
func TestTracker_ConvergesWithinTenSecondsAfterANodeWasKilled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, presence.Timing{}), b.node(t, presence.Timing{})
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)

	killed := time.Now()
	here.kill()
	require.Eventually(t, func() bool { return there.heard(user).GetState() == presence.Offline }, 15*time.Second, tick)
	require.Less(t, time.Since(killed), 10*time.Second)
}

func TestTracker_StoppedNodeTakesLeave(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lasting := quick
	lasting.Hold = time.Hour
	here, there := b.node(t, lasting), b.node(t, lasting)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)

	here.stop()
	b.is(t, there, user, presence.Offline)
}

// Spec: L7
func TestTracker_HeartbeatHoldsForAWhileWithoutAStream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	user := b.user(t)

	here.Heartbeat(b.workspace, user, true)
	b.is(t, there, user, presence.Online)
	b.is(t, there, user, presence.Offline)
}

// Spec: L7
func TestTracker_AwayIsWithoutActivityForAWhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, idling), b.node(t, idling)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)
	b.is(t, there, user, presence.Away)
	b.is(t, here, user, presence.Away)

	at := b.clock.now()
	here.Active(b.workspace, user, at)
	b.is(t, there, user, presence.Online)
	status, _ := there.Lookup(t.Context(), b.workspace, user)
	require.WithinDuration(t, at, status.LastActive, 100*time.Millisecond)
}

// Streams end every few minutes: that must make nobody idle, nor active.
func TestTracker_ActivityOutlivesTheStreamAndTheNode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	user := b.user(t)
	at := b.clock.now().Add(-time.Minute)
	here.Connected(b.workspace, user, false)
	here.Active(b.workspace, user, at)
	b.is(t, there, user, presence.Online)
	here.kill()
	b.is(t, there, user, presence.Offline)

	there.Connected(b.workspace, user, false)
	b.is(t, there, user, presence.Online)
	status, _ := there.Lookup(t.Context(), b.workspace, user)
	require.WithinDuration(t, at, status.LastActive, 100*time.Millisecond)
}

func TestTracker_ActivityAloneDoesNotMakeSomebodyPresent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here := b.node(t, quick)
	program, person := b.user(t), b.user(t)

	here.Active(b.workspace, program, b.clock.now())
	here.Connected(b.workspace, person, true)
	b.is(t, here, person, presence.Online)
	status, complete := here.Lookup(t.Context(), b.workspace, program)
	require.True(t, complete)
	require.Equal(t, presence.Offline, status.State)
}

// Spec: L7
func TestTracker_WithoutRedisANodeKnowsItsOwnAndSaysSo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	mine, theirs := b.user(t), b.user(t)
	here.Connected(b.workspace, mine, true)
	there.Connected(b.workspace, theirs, true)
	b.is(t, here, theirs, presence.Online)

	require.NoError(t, b.redis.Stop())
	require.Eventually(t, func() bool {
		known, complete := here.Snapshot(t.Context(), b.workspace)
		_, other := known[theirs]
		return !complete && !other && known[mine].State == presence.Online &&
			here.heard(theirs) != nil && here.heard(theirs).GetState() == presence.Unknown
	}, soon, tick)
	require.Equal(t, presence.Online, here.heard(mine).GetState())

	require.NoError(t, b.redis.Restart(t.Context())) // and it has forgotten everything
	b.is(t, here, theirs, presence.Online)
	b.is(t, there, mine, presence.Online)
}

// A Redis that hangs must not make those wait who want to know who is there.
func TestTracker_SnapshotIsBounded(t *testing.T) {
	t.Parallel()
	hanging := redis.NewClient(&redis.Options{Addr: "192.0.2.1:6379", MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, hanging.Close()) })
	tracker := presence.New(presence.Config{Redis: hanging, Node: uuid.New(), Now: time.Now, Timing: quick})

	began := time.Now()
	_, complete := tracker.Snapshot(t.Context(), uuid.New())
	require.False(t, complete)
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestTracker_RedisThatForgetsIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)

	options, err := redis.ParseURL(b.redis.URL())
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, client.FlushAll(t.Context()).Err())
	b.is(t, there, user, presence.Online) // with the activity, too: it would be away else
}

// Spec: L7
func TestTracker_BusyIsShownAndDoesNotCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there := b.node(t, quick), b.node(t, quick)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, there, user, presence.Online)

	p, err := here.SetAvailability(t.Context(), b.workspace, user, livev1.Availability_AVAILABILITY_BUSY)
	require.NoError(t, err)
	require.Equal(t, presence.Online, p.GetState())
	require.Equal(t, livev1.Availability_AVAILABILITY_BUSY, p.GetAvailability())
	require.Eventually(t, func() bool {
		return there.heard(user).GetAvailability() == livev1.Availability_AVAILABILITY_BUSY
	}, soon, tick)
	b.is(t, there, user, presence.Online)

	got, err := there.Get(t.Context(), b.workspace, user)
	require.NoError(t, err)
	require.Equal(t, user.String(), got.GetUserId())
	require.Equal(t, livev1.Availability_AVAILABILITY_BUSY, got.GetAvailability())
}

func TestTracker_OtherWorkspacesUserIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here := b.node(t, quick)
	user := b.user(t)
	here.Connected(b.workspace, user, true)
	b.is(t, here, user, presence.Online)

	other := uuid.New()
	known, complete := here.Snapshot(t.Context(), other)
	require.True(t, complete)
	require.Empty(t, known)
	_, err := here.Get(t.Context(), other, user)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = here.SetAvailability(t.Context(), other, user, livev1.Availability_AVAILABILITY_BUSY)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestTracker_ListPagesThroughThosePresentAndThoseBusy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here := b.node(t, quick)
	want := make(map[string]presence.State)
	for range 5 {
		user := b.user(t)
		here.Connected(b.workspace, user, true)
		want[user.String()] = presence.Online
	}
	busy := b.user(t)
	_, err := here.SetAvailability(t.Context(), b.workspace, busy, livev1.Availability_AVAILABILITY_BUSY)
	require.NoError(t, err)
	want[busy.String()] = presence.Offline
	b.user(t) // neither

	got := make(map[string]presence.State)
	for after, more := uuid.Nil, true; more; {
		var page []*livev1.Presence
		var complete bool
		page, more, complete, err = here.List(t.Context(), b.workspace, after, 2)
		require.NoError(t, err)
		require.True(t, complete)
		require.LessOrEqual(t, len(page), 2)
		for _, p := range page {
			require.NotContains(t, got, p.GetUserId())
			got[p.GetUserId()] = p.GetState()
			after = uuid.MustParse(p.GetUserId())
		}
	}
	require.Equal(t, want, got)
}

// Whoever asks for nothing but what this node knows needs no Redis.
func TestTracker_OneNodeWithoutRedisIsComplete(t *testing.T) {
	t.Parallel()
	tracker := presence.New(presence.Config{Node: uuid.New(), Now: time.Now, Timing: quick})
	workspace, user := uuid.New(), uuid.New()
	tracker.Connected(workspace, user, true)
	known, complete := tracker.Snapshot(t.Context(), workspace)
	require.True(t, complete)
	require.Equal(t, presence.Online, known[user].State)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stop"))
	require.NoError(t, tracker.Run(ctx))
}
