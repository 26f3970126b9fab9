package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const dialing = 64 // streams being opened at once

// way is a way to open many streams.
type way struct {
	name string
	goal float64
	// per is how many streams share a connection; 0 is HTTP/1.1.
	per int
}

// memory measures what an idle stream costs the server.
func (b *bench) memory(ctx context.Context) error {
	for _, n := range []int{1000, 10_000} {
		if n > b.Most {
			continue
		}
		for _, w := range []way{{"HTTP/1.1", 35, 0}, {"HTTP/2, one a connection", 0, 1}, {"HTTP/2, 100 a connection", 30, 100}} {
			if err := b.idle(ctx, n, w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) idle(ctx context.Context, n int, w way) error {
	if err := b.stage.restart(ctx); err != nil {
		return err
	}
	settle()
	before, err := b.stage.node.memory()
	if err != nil {
		return err
	}
	readers, closeAll, err := b.openMany(ctx, n, w)
	defer closeAll()
	if err != nil {
		return err
	}
	settle()
	after, err := b.stage.node.memory()
	if err != nil {
		return err
	}
	b.add(Result{Part: "memory", Name: fmt.Sprintf("idle stream, %d over %s", n, w.name), Value: float64(after-before) / float64(len(readers)) / 1024,
		Unit: "KiB", Goal: w.goal, AtMost: true})
	return nil
}

// settle gives what was just opened the two seconds that the definition wants.
func settle() { time.Sleep(2 * time.Second) }

// openMany opens n streams, spread over twenty threads.
func (b *bench) openMany(ctx context.Context, n int, w way) (readers []*reader, closeAll func(), err error) {
	readers = make([]*reader, n)
	var clients []*http.Client
	for range clientsFor(n, w.per) {
		t := &http.Transport{DisableCompression: true, Protocols: new(http.Protocols), MaxConnsPerHost: 1}
		t.Protocols.SetUnencryptedHTTP2(true)
		clients = append(clients, &http.Client{Transport: t})
	}
	closeAll = func() {
		for _, r := range readers {
			if r != nil {
				r.stop()
			}
		}
		for _, c := range clients {
			c.CloseIdleConnections()
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(dialing)
	for i := range n {
		g.Go(func() error {
			if gctx.Err() != nil {
				return gctx.Err()
			}
			token, thread := b.stage.tokens[i%len(b.stage.tokens)], b.stage.threads[i%20]
			var r *reader
			var err error
			if w.per == 0 {
				r, err = b.stage.dial(ctx, token, thread, "")
			} else {
				r, err = b.stage.over(ctx, clients[i/w.per], token, thread, "")
			}
			if err != nil {
				return err
			}
			readers[i] = r
			_, err = r.opened()
			return err
		})
	}
	return readers, closeAll, g.Wait()
}

func clientsFor(n, per int) int {
	if per == 0 {
		return 0
	}
	return (n + per - 1) / per
}

const missed = 20 // messages that each subscriber missed

// storm cuts all subscribers off and measures how soon they are back and complete.
func (b *bench) storm(ctx context.Context) error {
	for _, n := range []int{1000, 10_000} {
		if n > b.Most {
			continue
		}
		if err := b.comeBack(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) comeBack(ctx context.Context, n int) error {
	if err := b.stage.restart(ctx); err != nil {
		return err
	}
	cursors, err := b.cutOff(ctx, n)
	if err != nil {
		return err
	}
	var number int64
	for thread := range 20 {
		post := b.post(ctx, b.stage.threads[thread])
		for range missed {
			number++
			if err := post(number); err != nil {
				return err
			}
		}
	}
	queries, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	server := cpu(b.stage.node.cmd.Process.Pid)
	began := time.Now()
	each, err := b.reconnect(ctx, cursors)
	if err != nil {
		return err
	}
	took := time.Since(began)
	used := cpu(b.stage.node.cmd.Process.Pid) - server
	after, err := b.transactions(ctx)
	if err != nil {
		return err
	}
	r := Result{Part: "storm", Name: fmt.Sprintf("%d subscribers back, %d missed each", n, missed), Value: took.Seconds(), Unit: "s", AtMost: true, Detail: fmt.Sprintf(
		"each p50 %.0f p99 %.0f ms; %.1f s of server; %d queries, %.0f/s", percentile(each, .5), percentile(each, .99), used.Seconds(),
		after-queries, float64(after-queries)/took.Seconds())}
	if n == 10_000 {
		r.Goal = 30
	}
	b.add(r)
	return nil
}

// reconnect brings all subscribers back at once, each from where it stood, and
// answers how long each took until it had everything. They stay until all are back.
func (b *bench) reconnect(ctx context.Context, cursors []string) (each []time.Duration, err error) {
	var lost, doubled atomic.Int64
	var mu sync.Mutex
	var readers []*reader
	defer func() {
		for _, r := range readers {
			r.stop()
		}
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(dialing)
	for i := range cursors {
		g.Go(func() error {
			if gctx.Err() != nil {
				return gctx.Err()
			}
			t := time.Now()
			r, err := b.stage.dial(ctx, b.stage.tokens[i%len(b.stage.tokens)], b.stage.threads[i%20], cursors[i])
			if err != nil {
				return err
			}
			seen, twice, err := r.catchUp(missed)
			lost.Add(missed - seen)
			doubled.Add(twice)
			mu.Lock()
			defer mu.Unlock()
			each, readers = append(each, time.Since(t)), append(readers, r)
			return err
		})
	}
	err = g.Wait()
	b.report.Lost += lost.Load()
	b.report.Doubled += doubled.Load()
	return each, err
}

// cutOff opens n streams, remembers where each stood, and cuts them.
func (b *bench) cutOff(ctx context.Context, n int) ([]string, error) {
	cursors := make([]string, n)
	readers := make([]*reader, n)
	g := new(errgroup.Group)
	g.SetLimit(dialing)
	for i := range n {
		g.Go(func() (err error) {
			if readers[i], err = b.stage.dial(ctx, b.stage.tokens[i%len(b.stage.tokens)], b.stage.threads[i%20], ""); err != nil {
				return err
			}
			cursors[i], err = readers[i].opened()
			return err
		})
	}
	err := g.Wait()
	for _, r := range readers {
		if r != nil {
			r.stop()
		}
	}
	return cursors, err
}

// catchUp reads until so many messages were seen.
func (r *reader) catchUp(want int64) (seen, twice int64, err error) {
	var buf []byte
	numbers := make(map[int64]bool, want)
	for int64(len(numbers)) < want {
		if buf, err = r.frame(buf); err != nil {
			return int64(len(numbers)), twice, err
		}
		if _, number, ok := sentAt(buf); ok {
			if numbers[number] {
				twice++
			}
			numbers[number] = true
		}
	}
	return int64(len(numbers)), twice, nil
}

// transactions is how many the database has run; its statistics are a second
// late.
func (b *bench) transactions(ctx context.Context) (int64, error) {
	time.Sleep(1500 * time.Millisecond)
	var n int64
	err := b.stage.pool.QueryRow(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count queries: %w", err)
	}
	return n, nil
}
