package bus_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

func TestMain(m *testing.M) {
	logging.Disable() // of a Redis that is stopped it says the same a hundred times
	code := m.Run()
	if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/parley-chat/parley/server/embedded.(*process).run")); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

const soon = 10 * time.Second

// node is a bus that remembers what it heard.
type node struct {
	*bus.Bus
	mu    sync.Mutex
	heard map[string]int // by thread, how often
	order []string
	gaps  atomic.Int32
	stop  func() // waits for the end
}

func (n *node) hear(s *wirev1.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := s.GetMessage().GetMessage().GetThreadId()
	n.heard[id]++
	n.order = append(n.order, s.GetMessage().GetMessage().GetBody())
}

func (n *node) times(id string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard[id]
}

func start(t testing.TB, url string) *node {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	client := redis.NewClient(options)
	id := uuid.New()
	n := &node{Bus: bus.New(client, id, slog.New(slog.DiscardHandler)), heard: map[string]int{}}
	n.Handle(n.hear)
	n.OnGap(func() { n.gaps.Add(1) })
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = n.Run(ctx) })
	n.stop = sync.OnceFunc(func() { cancel(); running.Wait(); _ = client.Close() })
	t.Cleanup(n.stop)
	require.Eventually(t, n.Healthy, soon, time.Millisecond)
	return n
}

func signal(thread, body string) *wirev1.Signal {
	w := uuid.New()
	return &wirev1.Signal{WorkspaceId: w[:], What: &wirev1.Signal_Message{Message: &wirev1.Message{
		Message: &threadv1.Message{ThreadId: thread, Body: body},
	}}}
}

// reaches publishes until the other hears it: one that has just come may be told a
// moment later.
func reaches(t testing.TB, from, to *node) {
	t.Helper()
	require.Eventually(t, func() bool {
		id := uuid.NewString()
		from.Send(signal(id, ""))
		return waitFor(func() bool { return to.times(id) == 1 }, 50*time.Millisecond)
	}, soon, time.Millisecond)
}

func waitFor(done func() bool, d time.Duration) bool {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-ticker.C {
		if done() {
			return true
		}
	}
	return done()
}

// servers are the kinds of Redis that there are: with sharded pub/sub and without.
func servers(t *testing.T) map[string]*embedded.Redis {
	t.Helper()
	small, err := embedded.StartRedis(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, small.Stop()) })
	return map[string]*embedded.Redis{"real": pgtest.Redis(t), "embedded": small}
}

func TestBus_TellsEveryNodeOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for kind, server := range servers(t) {
		t.Run(kind, func(t *testing.T) {
			nodes := []*node{start(t, server.URL()), start(t, server.URL()), start(t, server.URL())}
			for _, n := range nodes[1:] {
				reaches(t, nodes[0], n)
				reaches(t, n, nodes[0])
			}
			id := uuid.NewString()
			var want []string
			for i := range 500 {
				want = append(want, fmt.Sprint(i))
				nodes[0].Publish(signal(id, want[i]))
			}
			for i, n := range nodes {
				require.Eventually(t, func() bool { return n.times(id) == 500 }, soon, time.Millisecond, i)
				n.mu.Lock()
				require.Equal(t, want, n.order[len(n.order)-500:])
				n.mu.Unlock()
			}
			require.Zero(t, nodes[0].Dropped())
		})
	}
}

// Whoever comes is told of everything from then on, and learns that there was
// something before.
func TestBus_ANewNodeIsHeardAndHears(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	first := start(t, server.URL())
	require.Equal(t, int32(1), first.gaps.Load(), "what was before is a gap")
	for range 20 {
		first.Send(signal(uuid.NewString(), "to nobody"))
	}
	for range 5 {
		late := start(t, server.URL())
		id := uuid.NewString()
		require.Eventually(t, func() bool {
			first.Send(signal(id, ""))
			return late.times(id) > 0 || late.gaps.Load() >= 2
		}, soon, 5*time.Millisecond, "it must hear, or be told of a gap after it could")
		reaches(t, first, late)
		reaches(t, late, first)
		late.stop()
		require.Eventually(t, func() bool { // alone again, and others come back
			first.Send(signal(uuid.NewString(), ""))
			return true
		}, soon, time.Millisecond)
	}
}

// A node that kept quiet because it was alone tells a new one everything, from the
// first signal on, however short before the other came it had looked.
func TestBus_TellsANewNodeAllOfABurst(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	for range 20 {
		first, late := start(t, server.URL()), start(t, server.URL())
		require.Eventually(t, func() bool { return late.gaps.Load() >= 5 }, soon, time.Millisecond) // it said hello on every shard
		id := uuid.NewString()
		for range 10 {
			first.Send(signal(id, ""))
		}
		require.Eventually(t, func() bool { return late.times(id) == 10 }, soon, time.Millisecond)
		first.stop()
		late.stop()
	}
}

// Redis dies and comes back empty: nobody waits for it, and everybody learns that
// there was a gap.
func TestBus_SurvivesRedis(t *testing.T) {
	t.Parallel()
	for kind, server := range servers(t) {
		t.Run(kind, func(t *testing.T) {
			a, b := start(t, server.URL()), start(t, server.URL())
			reaches(t, a, b)
			for range 2 {
				before := b.gaps.Load()
				require.NoError(t, server.Stop())
				require.Eventually(t, func() bool { return !a.Healthy() && !b.Healthy() }, soon, time.Millisecond)
				began := time.Now()
				for range 20_000 { // more than the queue holds
					a.Publish(signal(uuid.NewString(), ""))
				}
				require.Less(t, time.Since(began), 5*time.Second, "posting waited for Redis")
				require.Positive(t, a.Dropped())
				require.NoError(t, server.Restart(t.Context()))
				require.Eventually(t, func() bool { return a.Healthy() && b.Healthy() && b.gaps.Load() > before }, soon, time.Millisecond)
				reaches(t, a, b)
				reaches(t, b, a)
			}
		})
	}
}

// While Redis is down listeners must not be sent to the database over and over.
func TestBus_SaysOnceThatThereWasAGap(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	n := start(t, server.URL())
	require.Eventually(t, func() bool { return n.gaps.Load() >= 5 }, soon, time.Millisecond) // one, and one for each hello
	require.NoError(t, server.Stop())
	require.Eventually(t, func() bool { return !n.Healthy() }, soon, time.Millisecond)
	before := n.gaps.Load()
	require.False(t, waitFor(func() bool { return n.gaps.Load() > before }, time.Second))
	require.NoError(t, server.Restart(t.Context()))
	require.Eventually(t, func() bool { return n.gaps.Load() > before }, soon, time.Millisecond)
}

// What anybody may write into Redis must not harm a node.
func TestBus_IgnoresWhatItCannotRead(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	n, other := start(t, server.URL()), start(t, server.URL())
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for shard := range 4 {
		for _, payload := range []string{"", "nonsense", "\x12\x01\x00", "\x12\x03abc"} {
			require.NoError(t, client.SPublish(t.Context(), fmt.Sprintf("{parley:%d}:signal", shard), payload).Err())
		}
	}
	reaches(t, other, n)
	require.True(t, n.Healthy())
}

func TestBus_WithoutRedisServesItsOwnNode(t *testing.T) {
	t.Parallel()
	b := bus.New(nil, uuid.New(), slog.New(slog.DiscardHandler))
	heard := 0
	b.Handle(func(*wirev1.Signal) { heard++ })
	require.True(t, b.Healthy())
	b.Publish(signal("", ""))
	b.Send(signal("", ""))
	require.Equal(t, 1, heard)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.Run(ctx))
}

// A node that is told to stop does so at once.
func TestBus_EndsPromptly(t *testing.T) {
	t.Parallel()
	n := start(t, pgtest.Redis(t).URL())
	began := time.Now()
	n.stop()
	require.Less(t, time.Since(began), time.Second)
}

func BenchmarkSend(b *testing.B) {
	server := pgtest.Redis(b)
	from, to := start(b, server.URL()), start(b, server.URL())
	reaches(b, from, to)
	s := signal(uuid.NewString(), "a message of some length, as people write them to each other")
	b.ReportAllocs()
	for b.Loop() {
		from.Send(s)
	}
	b.ReportMetric(float64(from.Dropped())/float64(b.N), "dropped/op")
}
