package thread

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// database is what a committer writes to, as it looks from there: it notices when
// two statements meet in one thread.
type database struct {
	mu       sync.Mutex
	inside   map[uuid.UUID]bool
	stored   map[uuid.UUID][]uuid.UUID // by thread, the requests in their order
	met      []uuid.UUID
	largest  int
	failing  map[uuid.UUID]bool
	released chan struct{} // nil: statements do not wait
}

var errRefused = errors.New("refused")

func newDatabase() *database {
	return &database{inside: map[uuid.UUID]bool{}, stored: map[uuid.UUID][]uuid.UUID{}, failing: map[uuid.UUID]bool{}}
}

func (d *database) enter(threads map[uuid.UUID]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for t := range threads {
		if d.inside[t] {
			d.met = append(d.met, t)
		}
		d.inside[t] = true
	}
}

func (d *database) leave(threads map[uuid.UUID]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for t := range threads {
		d.inside[t] = false
	}
}

func (d *database) refuse(request uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing[request] = true
}

func (d *database) one(_ context.Context, draft *Draft) (Message, error) {
	p := &post{draft: draft}
	d.many(context.Background(), []*post{p})
	return p.result, p.err
}

func (d *database) many(_ context.Context, posts []*post) {
	threads := map[uuid.UUID]bool{}
	for _, p := range posts {
		threads[p.draft.Thread] = true
	}
	d.enter(threads)
	defer d.leave(threads)
	if d.released != nil {
		<-d.released
	}
	if rand.IntN(4) == 0 {
		<-time.After(rand.N(3 * patience)) // as one that waits for a lock
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.largest = max(d.largest, len(posts))
	for _, p := range posts {
		if d.failing[p.draft.RequestID] {
			p.err = errRefused
			continue
		}
		d.stored[p.draft.Thread] = append(d.stored[p.draft.Thread], p.draft.RequestID)
		p.result = Message{ID: p.draft.RequestID, Seq: int64(len(d.stored[p.draft.Thread]))}
	}
}

// Whatever meets whatever: no thread is in two statements at once, no statement is
// larger than allowed, and every caller gets the answer to their own post.
func TestCommitter_KeepsThreadsApartAndLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDatabase()
		c := newCommitter(rapid.IntRange(0, 8).Draw(t, "lanes"), d.one, d.many, func(*Message) {})
		threads := make([]uuid.UUID, rapid.IntRange(1, 20).Draw(t, "threads"))
		for i := range threads {
			threads[i] = uuid.New()
		}
		posts := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 400).Draw(t, "posts")
		var all sync.WaitGroup
		errs := make([]error, len(posts))
		want := 0
		for i, n := range posts {
			draft := &Draft{Thread: threads[n%len(threads)], RequestID: uuid.New()}
			refused := n < 5
			if refused {
				d.refuse(draft.RequestID)
			} else {
				want++
			}
			all.Go(func() {
				m, err := c.do(context.Background(), draft)
				switch {
				case refused && !errors.Is(err, errRefused):
					errs[i] = fmt.Errorf("a refused post was answered with %v", err)
				case !refused && (err != nil || m.ID != draft.RequestID):
					errs[i] = fmt.Errorf("post %v was answered with %v, %v", draft.RequestID, m.ID, err)
				}
			})
			if n%7 == 0 {
				runtime.Gosched()
			}
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Empty(t, d.met, "two statements met in a thread")
		require.LessOrEqual(t, d.largest, batchSize)
		got := 0
		for _, requests := range d.stored {
			got += len(requests)
		}
		require.Equal(t, want, got)
		require.Eventually(t, func() bool { // a post is answered a moment before its thread is free
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.busy)+c.running+len(c.waiting) == 0
		}, 5*time.Second, 10*time.Microsecond)
	})
}

// Posts into one thread by one caller after the other are stored in that order, and
// those that wait together keep the order they came in.
func TestCommitter_KeepsTheOrderOfAThread(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	d.released = make(chan struct{})
	c := newCommitter(1, d.one, d.many, func(*Message) {})
	hot := uuid.New()
	var all sync.WaitGroup
	var want []uuid.UUID
	for i := range 300 {
		draft := &Draft{Thread: hot, RequestID: uuid.New()}
		want = append(want, draft.RequestID)
		all.Go(func() { _, _ = c.do(context.Background(), draft) })
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.running+len(c.waiting) == i+1
		}, 5*time.Second, 10*time.Microsecond)
	}
	close(d.released)
	all.Wait()
	require.Equal(t, want, d.stored[hot])
	require.Equal(t, batchSize, d.largest, "what waits goes together")
}

// Who hangs up gets no answer, but what is stored then is told all the same.
func TestCommitter_TellsOfWhatItsCallerDidNotWaitFor(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	d.released = make(chan struct{})
	late := make(chan *Message, 1)
	c := newCommitter(1, d.one, d.many, func(m *Message) { late <- m })
	hot := uuid.New()
	var first sync.WaitGroup
	first.Go(func() { _, _ = c.do(context.Background(), &Draft{Thread: hot, RequestID: uuid.New()}) })
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.running == 1
	}, 5*time.Second, time.Millisecond)
	ctx, hangUp := context.WithCancel(context.Background())
	hangUp()
	draft := &Draft{Thread: hot, RequestID: uuid.New()}
	_, err := c.do(ctx, draft)
	require.ErrorIs(t, err, context.Canceled)
	close(d.released)
	first.Wait()
	select {
	case m := <-late:
		require.Equal(t, draft.RequestID, m.ID)
	case <-time.After(5 * time.Second):
		require.Fail(t, "nobody was told")
	}
}

func TestCommitter_RefusesMoreThanItCanServe(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	d.released = make(chan struct{})
	c := newCommitter(1, d.one, d.many, func(*Message) {})
	hot := uuid.New()
	var all sync.WaitGroup
	all.Go(func() { _, _ = c.do(context.Background(), &Draft{Thread: hot}) })
	for range queueSize {
		all.Go(func() { _, _ = c.do(context.Background(), &Draft{Thread: hot}) })
	}
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.waiting) == queueSize
	}, 10*time.Second, time.Millisecond)
	_, err := c.do(context.Background(), &Draft{Thread: hot})
	require.ErrorIs(t, err, errBusy)
	close(d.released)
	all.Wait()
}

func BenchmarkCommitter(b *testing.B) {
	none := func(context.Context, *Draft) (Message, error) { return Message{}, nil }
	c := newCommitter(0, none, func(context.Context, []*post) {}, func(*Message) {})
	threads := make([]uuid.UUID, 1000)
	for i := range threads {
		threads[i] = uuid.New()
	}
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.do(context.Background(), &Draft{Thread: threads[rand.IntN(len(threads))]}); err != nil {
				b.Error(err)
			}
		}
	})
}
