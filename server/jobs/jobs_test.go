package jobs_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/jobs"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

type errand struct {
	Number int `json:"number"`
}

func (errand) Kind() string { return "errand" }

func start(t *testing.T, register func(*jobs.Jobs)) (*jobs.Jobs, func(func(pgx.Tx) error) error) {
	pool := pgtest.DB(t)
	j := jobs.New(pool, slog.New(slog.DiscardHandler))
	register(j)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return j, func(work func(pgx.Tx) error) error { return store.InTx(t.Context(), pool, work) }
}

func TestInsertTx_RunsOnlyWhatWasCommitted(t *testing.T) {
	t.Parallel()
	done := make(chan int, 10)
	j, inTx := start(t, func(j *jobs.Jobs) {
		jobs.Register(j, func(_ context.Context, job *river.Job[errand]) error {
			done <- job.Args.Number
			return nil
		})
	})
	failure := context.Canceled
	require.ErrorIs(t, inTx(func(tx pgx.Tx) error {
		require.NoError(t, j.InsertTx(t.Context(), tx, errand{Number: 1}, nil))
		return failure
	}), failure)
	require.NoError(t, inTx(func(tx pgx.Tx) error { return j.InsertTx(t.Context(), tx, errand{Number: 2}, nil) }))
	select {
	case n := <-done:
		require.Equal(t, 2, n)
	case <-time.After(20 * time.Second):
		t.Fatal("the job did not run")
	}
	require.Empty(t, done)
}

func TestEvery_RunsSoonAfterTheStart(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	start(t, func(j *jobs.Jobs) {
		j.Every("count", time.Hour, func(context.Context) error {
			runs.Add(1)
			return nil
		})
	})
	require.Eventually(t, func() bool { return runs.Load() == 1 }, 30*time.Second, 20*time.Millisecond)
}
