package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
)

// body is what every message says: 120 bytes.
var body = strings.Repeat("So it goes. ", 10)

const rounds = 3

// baseline is the same work by plain SQL: the least that a durable, ordered post
// can be.
const baselineSchema = `
DROP TABLE IF EXISTS bench_message; DROP TABLE IF EXISTS bench_thread;
CREATE TABLE bench_thread (id bigint PRIMARY KEY, seq bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE bench_message (thread_id bigint, seq bigint, body text NOT NULL, create_time timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (thread_id, seq));
INSERT INTO bench_thread SELECT i, 0 FROM generate_series(0, 999) AS i;`

const oneStatement = `WITH t AS (UPDATE bench_thread SET seq = seq + 1 WHERE id = $1 RETURNING id, seq)
INSERT INTO bench_message (thread_id, seq, body) SELECT id, seq, $2 FROM t RETURNING seq`

// posts measures durable posts a second.
func (b *bench) posts(ctx context.Context) error {
	if _, err := b.stage.pool.Exec(ctx, baselineSchema); err != nil {
		return fmt.Errorf("make the baseline's tables: %w", err)
	}
	if err := b.warm(ctx); err != nil {
		return err
	}
	for _, hot := range []bool{false, true} {
		for _, workers := range []int{1, 8, 32, 128} {
			if err := b.compare(ctx, workers, hot); err != nil {
				return err
			}
		}
	}
	return nil
}

// warm posts to every thread once, so that caches and statements are there.
func (b *bench) warm(ctx context.Context) error {
	post, done := b.poster(8)
	defer done()
	_, _, err := drive(ctx, 8, time.Second, func(ctx context.Context, w int) error { return post(ctx, w, false) })
	return err
}

// compare runs the RPC and the two baselines by turns.
func (b *bench) compare(ctx context.Context, workers int, hot bool) error {
	each := time.Duration(b.Seconds / rounds * float64(time.Second))
	post, done := b.poster(workers)
	defer done()
	var tx, one, rpc []float64
	var latencies []time.Duration
	var serverCPU, databaseCPU time.Duration
	var posted float64
	for range rounds {
		n, _, err := drive(ctx, workers, each, func(ctx context.Context, _ int) error { return b.plainTransaction(ctx, hot) })
		if err != nil {
			return err
		}
		tx = append(tx, n)
		if n, _, err = drive(ctx, workers, each, func(ctx context.Context, _ int) error { return b.oneStatementPost(ctx, hot) }); err != nil {
			return err
		}
		one = append(one, n)
		server, database := cpu(b.stage.node.cmd.Process.Pid), cpu(b.stage.postmaster())
		n, took, err := drive(ctx, workers, each, func(ctx context.Context, w int) error { return post(ctx, w, hot) })
		if err != nil {
			return err
		}
		serverCPU += cpu(b.stage.node.cmd.Process.Pid) - server
		databaseCPU += cpu(b.stage.postmaster()) - database
		rpc, latencies, posted = append(rpc, n), append(latencies, took...), posted+float64(len(took))
	}
	name := fmt.Sprintf("posts, 1,000 threads, %d in flight", workers)
	if hot {
		name = fmt.Sprintf("posts, one hot thread, %d in flight", workers)
	}
	b.add(Result{Part: "posts", Name: name, Value: median(rpc), Unit: "/s", Detail: fmt.Sprintf(
		"p50 %.1f p99 %.1f ms; server %.0f + database %.0f µs processor time a post",
		percentile(latencies, .5), percentile(latencies, .99),
		float64(serverCPU.Microseconds())/posted, float64(databaseCPU.Microseconds())/posted)})
	goalTx, goalOne := goals(workers, hot)
	b.add(Result{Part: "posts", Name: name + " ÷ plain transaction", Value: median(rpc) / median(tx), Unit: "×", Goal: goalTx, Detail: fmt.Sprintf("of %.0f/s", median(tx))})
	b.add(Result{Part: "posts", Name: name + " ÷ one statement", Value: median(rpc) / median(one), Unit: "×", Goal: goalOne, Detail: fmt.Sprintf("of %.0f/s", median(one))})
	return nil
}

// goals are the ratios to reach, where there is one.
func goals(workers int, hot bool) (tx, one float64) {
	if hot {
		if workers == 32 {
			return 0, 2
		}
		return 0, 0
	}
	switch workers {
	case 8:
		return 0, 0.33
	case 32:
		return 0.75, 0.38
	case 128:
		return 1.2, 0.60
	default:
		return 0, 0
	}
}

func target(hot bool) int {
	if hot {
		return 0
	}
	return rand.IntN(benchThreads)
}

func (b *bench) plainTransaction(ctx context.Context, hot bool) error {
	return pgx.BeginFunc(ctx, b.stage.pool, func(tx pgx.Tx) error {
		var seq int64
		id := target(hot)
		if err := tx.QueryRow(ctx, "UPDATE bench_thread SET seq = seq + 1 WHERE id = $1 RETURNING seq", id).Scan(&seq); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO bench_message (thread_id, seq, body) VALUES ($1, $2, $3)", id, seq, body)
		return err
	})
}

func (b *bench) oneStatementPost(ctx context.Context, hot bool) error {
	var seq int64
	return b.stage.pool.QueryRow(ctx, oneStatement, target(hot), body).Scan(&seq)
}

// poster answers a function that posts through the RPC with the generated client,
// over HTTP/1.1 connections that are kept. Each thread has one author, so that
// nobody else follows it: what is measured is the post, as in the baselines, and
// not an inbox item for every follower.
func (b *bench) poster(workers int) (post func(ctx context.Context, worker int, hot bool) error, done func()) {
	transport := &http.Transport{MaxIdleConnsPerHost: workers, MaxConnsPerHost: workers, DisableCompression: true}
	clients := make([]chatterv1connect.ChatterServiceClient, len(b.stage.tokens))
	for i, token := range b.stage.tokens {
		clients[i] = chatterv1connect.NewChatterServiceClient(&http.Client{Transport: transport}, b.stage.node.url, bearer(token))
	}
	return func(ctx context.Context, w int, hot bool) error {
		user, thread := w%len(clients), target(hot)
		if hot {
			user = 0
		} else {
			thread = thread - thread%len(clients) + user
		}
		_, err := clients[user].PostMessage(ctx, &chatterv1.PostMessageRequest{
			RequestId: uuid.NewString(), ThreadId: b.stage.threads[thread], Body: body,
		})
		return err
	}, transport.CloseIdleConnections
}

// drive runs do in a closed loop by so many workers for so long. It answers how
// often a second it was done, and how long each took.
func drive(ctx context.Context, workers int, d time.Duration, do func(ctx context.Context, worker int) error) (perSecond float64, took []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, d+30*time.Second)
	defer cancel()
	var stop atomic.Bool
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for w := range workers {
		wg.Go(func() {
			var mine []time.Duration
			for !stop.Load() {
				t := time.Now()
				if e := do(ctx, w); e != nil {
					mu.Lock()
					err = e
					mu.Unlock()
					stop.Store(true)
					return
				}
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	stop.Store(true)
	wg.Wait()
	return float64(len(took)) / time.Since(began).Seconds(), took, err
}
