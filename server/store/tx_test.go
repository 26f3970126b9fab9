package store_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

// counters is a schema with two rows to fight over.
func counters() fstest.MapFS {
	return fstest.MapFS{"0001_counter.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counter (id int CONSTRAINT counter_key PRIMARY KEY, n int NOT NULL);
CREATE TABLE part (id int PRIMARY KEY, counter int CONSTRAINT part_counter REFERENCES counter);
INSERT INTO counter VALUES (1, 0), (2, 0);
`)}}
}

func total(t *testing.T, db *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), `SELECT sum(n) FROM counter`).Scan(&n))
	return n
}

func add(ctx context.Context, tx pgx.Tx, id int) error {
	_, err := tx.Exec(ctx, `UPDATE counter SET n = n + 1 WHERE id = $1`, id)
	return err
}

func TestInTx_CommitsAllOrNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()))

	require.NoError(t, store.InTx(t.Context(), db, func(tx pgx.Tx) error { return add(t.Context(), tx, 1) }))
	require.Equal(t, 1, total(t, db))

	err := store.InTx(t.Context(), db, func(tx pgx.Tx) error {
		return errors.Join(add(t.Context(), tx, 1), io.EOF)
	})
	require.ErrorIs(t, err, io.EOF)
	require.Panics(t, func() {
		_ = store.InTx(t.Context(), db, func(tx pgx.Tx) error {
			_ = add(t.Context(), tx, 1)
			panic("a bug")
		})
	})
	require.Equal(t, 1, total(t, db))
}

func TestInTxV_ReturnsNothingThatWasNotCommitted(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()))
	v, err := store.InTxV(t.Context(), db, func(tx pgx.Tx) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, v)

	v, err = store.InTxV(t.Context(), db, func(pgx.Tx) (int, error) { return 7, io.EOF })
	require.ErrorIs(t, err, io.EOF)
	require.Zero(t, v)

	ctx, cancel := context.WithCancel(t.Context())
	v, err = store.InTxV(ctx, db, func(tx pgx.Tx) (int, error) { cancel(); return 7, nil })
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, v)
}

// A request that is cancelled in the middle must not hold its locks until the
// server times it out, nor cost the pool a connection.
func TestInTx_ACancelledRequestLeavesNoTransactionOpen(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()), pgtest.WithMaxConns(1))
	ctx, cancel := context.WithCancel(t.Context())

	err := store.InTx(ctx, db, func(tx pgx.Tx) error {
		require.NoError(t, add(ctx, tx, 1))
		cancel()
		return ctx.Err()
	})

	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, store.InTx(t.Context(), db, func(tx pgx.Tx) error { return add(t.Context(), tx, 1) }))
	require.Equal(t, 1, total(t, db))
	require.EqualValues(t, 1, db.Stat().NewConnsCount(), "the connection was kept")
}

func TestInTx_OnATransactionIsASavepoint(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()))
	require.NoError(t, store.InTx(t.Context(), db, func(tx pgx.Tx) error {
		require.NoError(t, add(t.Context(), tx, 1))
		inner := store.InTx(t.Context(), tx, func(tx pgx.Tx) error {
			return errors.Join(add(t.Context(), tx, 1), io.EOF)
		})
		require.ErrorIs(t, inner, io.EOF)
		return nil
	}))
	require.Equal(t, 1, total(t, db))
}

// Two transactions that take two rows in opposite order deadlock; PostgreSQL
// ends one of them, and neither caller may notice.
func TestRetry_HidesADeadlock(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()))
	var runs atomic.Int32
	var both sync.WaitGroup
	both.Add(2)
	cross := func(first, second int) error {
		met := false
		return store.Retry(t.Context(), func() error {
			return store.InTx(t.Context(), db, func(tx pgx.Tx) error {
				runs.Add(1)
				if err := add(t.Context(), tx, first); err != nil {
					return err
				}
				if !met {
					met = true
					both.Done()
					both.Wait()
				}
				return add(t.Context(), tx, second)
			})
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- cross(1, 2) }()
	go func() { errs <- cross(2, 1) }()

	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	require.Equal(t, 4, total(t, db), "each wrote exactly once")
	require.EqualValues(t, 3, runs.Load(), "one of them ran twice")
}

func TestRetry_GivesUpAfterThreeTriesAndOnlyRetriesContention(t *testing.T) {
	t.Parallel()
	contention := &pgconn.PgError{Code: "40001"}
	runs := 0
	err := store.Retry(t.Context(), func() error { runs++; return contention })
	require.Equal(t, 3, runs)
	require.ErrorIs(t, err, store.ErrContended)
	require.ErrorIs(t, err, contention)
	require.Equal(t, fault.Conflict, fault.KindOf(err))

	runs = 0
	require.ErrorIs(t, store.Retry(t.Context(), func() error { runs++; return io.EOF }), io.EOF)
	require.Equal(t, 1, runs)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, store.Retry(ctx, func() error { return contention }), context.Canceled)
}

func TestErrors_AreRecognised(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t, pgtest.WithMigrations(counters()))

	_, err := db.Exec(t.Context(), `INSERT INTO counter VALUES (1, 0)`)
	require.True(t, store.IsUnique(err, "counter_key"))
	require.True(t, store.IsUnique(err, ""))
	require.False(t, store.IsUnique(err, "another_key"))
	require.False(t, store.IsUnavailable(err))
	_, err = db.Exec(t.Context(), `INSERT INTO part VALUES (1, 99)`)
	require.True(t, store.IsForeignKey(err, "part_counter"))
	require.False(t, store.IsUnique(err, ""))
	require.True(t, store.IsNoRows(db.QueryRow(t.Context(), `SELECT n FROM counter WHERE id = 99`).Scan(new(int))))

	for _, err := range []error{nil, io.ErrClosedPipe, context.Canceled, pgx.ErrNoRows} {
		require.False(t, store.IsUnavailable(err), "%v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	require.False(t, store.IsUnavailable(db.Ping(short)), "the caller's own deadline is not the database's fault")
}
