package search

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// gather is how long changes are gathered before they are indexed.
	gather = 100 * time.Millisecond
	// resting is how much longer than it works the indexer rests, so that it takes
	// no more than a quarter of one connection from whoever posts; and yielding is
	// the same while many post: a twentieth, until the rush is over.
	resting   = 3
	yielding  = 19
	rushRate  = 1000 // changes a second
	batchSize = 64
	// maxWaiting bounds the threads that a node knows to be behind; the sweep finds
	// the others.
	maxWaiting = 100_000
	sweepEvery = 5 * time.Minute
	sweepPage  = 2000
	// enough threads wait when the sweep stops to look for more.
	enough    = 2000
	tellEvery = 10 * time.Second
	failPause = 5 * time.Second
)

// Indexer writes what can be found. It hears of changed threads through Touch,
// and reads what changed from the log, from where the thread's position stands:
// the position moves on in the transaction that writes, so nothing is left out or
// done twice, by however many nodes and whenever one of them ends. What it did not
// hear of, a sweep finds: at the start, and every five minutes.
type Indexer struct {
	db   *pgxpool.Pool
	q    *db.Queries
	slog *slog.Logger

	mu       sync.Mutex
	waiting  map[thread.Key]struct{}
	inHand   int
	sweeping bool
	done     int64
	touched  int64 // since the last batch
	wake     chan struct{}
}

// NewIndexer makes an Indexer. Run it.
func NewIndexer(pool *pgxpool.Pool, log *slog.Logger) *Indexer {
	return &Indexer{
		db: pool, q: db.New(), slog: log, waiting: make(map[thread.Key]struct{}), wake: make(chan struct{}, 1), sweeping: true,
	}
}

// Touch says that a thread changed, or is gone. It does not block.
func (x *Indexer) Touch(workspace, id uuid.UUID) {
	x.mu.Lock()
	x.touched++
	if len(x.waiting) < maxWaiting {
		x.waiting[thread.Key{Workspace: workspace, Thread: id}] = struct{}{}
	}
	x.mu.Unlock()
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// Settled reports whether everything that this node heard of is indexed, and it
// has looked for the rest.
func (x *Indexer) Settled() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return !x.sweeping && len(x.waiting)+x.inHand == 0
}

// Run indexes until ctx ends.
func (x *Indexer) Run(ctx context.Context) error {
	var working sync.WaitGroup
	working.Go(func() { x.sweepAlways(ctx) })
	defer working.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-x.wake:
		}
		if !pause(ctx, gather) {
			return nil
		}
		last := time.Now()
		for keys := x.take(); len(keys) > 0; keys = x.take() {
			began := time.Now()
			rest := x.rest(began.Sub(last))
			last = began
			if err := x.step(ctx, keys); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				x.slog.Warn("messages could not be made findable; it is tried again", "error", err)
				rest = 0
				if !pause(ctx, failPause) {
					return nil
				}
			}
			if !pause(ctx, time.Duration(rest)*time.Since(began)) {
				return nil
			}
		}
	}
}

// rest is how much longer to rest than to work, by how many changes were heard of
// in a time.
func (x *Indexer) rest(in time.Duration) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := x.touched
	x.touched = 0
	if float64(n) > rushRate*max(in, gather).Seconds() {
		return yielding
	}
	return resting
}

// step indexes some threads. Those that are not done go back in the queue.
func (x *Indexer) step(ctx context.Context, keys []thread.Key) error {
	rest, n, err := x.index(ctx, keys)
	if err != nil {
		rest = keys
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, key := range rest {
		x.waiting[key] = struct{}{}
	}
	x.inHand = 0
	x.done += int64(n)
	return err
}

// take takes some threads from the queue, in the order in which every node locks
// them.
func (x *Indexer) take() []thread.Key {
	x.mu.Lock()
	defer x.mu.Unlock()
	keys := make([]thread.Key, 0, batchSize)
	for key := range x.waiting {
		if len(keys) == batchSize {
			break
		}
		keys = append(keys, key)
		delete(x.waiting, key)
	}
	x.inHand = len(keys)
	slices.SortFunc(keys, compareKeys)
	return keys
}

func compareKeys(a, b thread.Key) int {
	return cmp.Or(bytes.Compare(a.Workspace[:], b.Workspace[:]), bytes.Compare(a.Thread[:], b.Thread[:]))
}

// pause waits; it answers false if ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// sweepAlways looks for what was not heard of, now and every few minutes.
func (x *Indexer) sweepAlways(ctx context.Context) {
	for {
		x.mu.Lock()
		x.sweeping = true
		x.mu.Unlock()
		if err := x.sweep(ctx); err != nil && ctx.Err() == nil {
			x.slog.Warn("threads could not be checked for messages that cannot be found yet", "error", err)
		}
		x.mu.Lock()
		x.sweeping = false
		x.mu.Unlock()
		if !pause(ctx, sweepEvery+rand.N(sweepEvery/5)) {
			return
		}
	}
}

// sweep queues the threads that are behind, and those that are gone.
func (x *Indexer) sweep(ctx context.Context) error {
	p := &progress{x: x, told: time.Now()}
	for at := (db.SearchBehindParams{MaxRows: sweepPage}); ; {
		rows, err := x.q.SearchBehind(ctx, x.db, at)
		if err != nil {
			return err
		}
		for _, r := range rows {
			at.WorkspaceID, at.ID = r.WorkspaceID, r.ID
			if r.Behind {
				p.queue(r.WorkspaceID, r.ID)
			}
		}
		if !p.wait(ctx, enough) {
			return ctx.Err()
		}
		if len(rows) < sweepPage {
			break
		}
	}
	for at := (db.SearchGoneParams{MaxRows: sweepPage}); ; {
		rows, err := x.q.SearchGone(ctx, x.db, at)
		if err != nil {
			return err
		}
		for _, r := range rows {
			at.WorkspaceID, at.ThreadID = r.WorkspaceID, r.ThreadID
			if r.Gone {
				p.queue(r.WorkspaceID, r.ThreadID)
			}
		}
		if !p.wait(ctx, enough) {
			return ctx.Err()
		}
		if len(rows) < sweepPage {
			break
		}
	}
	p.finish()
	return nil
}

// progress tells how a sweep that has much to do comes along.
type progress struct {
	x       *Indexer
	threads int
	told    time.Time
	loud    bool
	before  int64
}

func (p *progress) queue(workspace, id uuid.UUID) {
	if p.threads == 0 {
		p.before = p.x.count()
	}
	p.threads++
	p.x.Touch(workspace, id)
}

// wait waits until fewer threads wait than most.
func (p *progress) wait(ctx context.Context, most int) bool {
	for p.x.backlog() > most {
		if !pause(ctx, gather) {
			return false
		}
		if time.Since(p.told) > tellEvery {
			p.told, p.loud = time.Now(), true
			p.x.slog.Info("making messages findable", "threads", p.threads-p.x.backlog(), "messages", p.x.count()-p.before)
		}
	}
	return ctx.Err() == nil
}

func (p *progress) finish() {
	if p.loud {
		p.x.slog.Info("messages are findable but for the last threads", "threads", p.threads, "messages", p.x.count()-p.before)
	}
}

func (x *Indexer) backlog() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.waiting) + x.inHand
}

func (x *Indexer) count() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.done
}
