package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/server/fault"
)

// ErrContended is what a caller hears when others kept changing the same rows.
var ErrContended = fault.New(fault.Conflict, "CONTENDED", "others changed the same thing at the same moment; try again")

// retries is how often Retry runs a transaction at most.
const retries = 3

// Beginner starts transactions: a pool, a connection, or a transaction, in which
// case the new one is a savepoint.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// InTx runs do in a transaction: it commits if do returns nil, and rolls back
// otherwise, also when do panics or ctx is done.
//
// do may write to the database and nowhere else. What must also happen outside
// (a mail, a webhook, a wake-up) is inserted as a job in the same transaction,
// or done after InTx has returned.
func InTx(ctx context.Context, db Beginner, do func(tx pgx.Tx) error) error {
	_, err := InTxV(ctx, db, func(tx pgx.Tx) (struct{}, error) { return struct{}{}, do(tx) })
	return err
}

// InTxV is InTx for a do that returns a value, which is the zero value unless
// the transaction was committed.
func InTxV[T any](ctx context.Context, db Beginner, do func(tx pgx.Tx) (T, error)) (T, error) {
	var zero T
	tx, err := db.Begin(ctx)
	if err != nil {
		return zero, fmt.Errorf("begin transaction: %w", err)
	}
	defer rollback(ctx, tx) // does nothing after a commit

	value, err := do(tx)
	if err != nil {
		return zero, err
	}
	if err := tx.Commit(ctx); err != nil {
		return zero, fmt.Errorf("commit transaction: %w", err)
	}
	return value, nil
}

// rollback gives the server a moment to hear of it even if ctx is done, because
// a connection that cannot be rolled back is lost to the pool.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = tx.Rollback(ctx) // the caller hears why, from do or the commit
}

// Retry runs do, a whole transaction, up to three times as long as it fails
// because another transaction was in its way (serialization failure, deadlock).
// If it still fails, the error is ErrContended. Since do may run more than once,
// it keeps nothing from a run that failed.
func Retry(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if !isContention(err) {
			return err
		}
		if try == retries {
			return ErrContended.Wrap(err)
		}
		// The two that met wait differently long, so that they do not meet again.
		wait := time.Duration(try) * (time.Millisecond + rand.N(9*time.Millisecond))
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// isContention reports whether the transaction would have succeeded alone.
func isContention(err error) bool {
	code := sqlState(err)
	return code == codeSerializationFailure || code == codeDeadlock
}
