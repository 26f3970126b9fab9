package thread

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/store"
)

// ErrUnchanged is what an amendment answers that finds nothing to do: it is
// rolled back and takes no revision.
var ErrUnchanged = errors.New("nothing changed")

// Amend changes what hangs on a message and is not its text (reactions, a pin,
// how its deliveries fare) as the thread's next revision, and tells the
// thread's readers. Who may do so is the caller's to decide. edit gets the
// message locked, with an Extra that is never nil, and may write through tx.
func (l *Log) Amend(ctx context.Context, workspace, thread, message uuid.UUID, edit func(tx pgx.Tx, m *Message) error) (Message, error) {
	ctx, cancel := stay(ctx)
	defer cancel()
	m, err := store.InTxV(ctx, l.db, func(tx pgx.Tx) (Message, error) {
		return l.AmendTx(ctx, tx, workspace, thread, message, edit)
	})
	if errors.Is(err, ErrUnchanged) {
		return l.Get(ctx, workspace, thread, message)
	}
	if err != nil {
		return Message{}, err
	}
	l.announce(&m)
	return m, nil
}

// AmendTx is Amend inside a transaction of the caller's, who announces the
// message after the commit. When it answers ErrUnchanged the transaction still
// holds the thread's next revision and must be rolled back.
func (l *Log) AmendTx(ctx context.Context, tx pgx.Tx, workspace, thread, message uuid.UUID, edit func(tx pgx.Tx, m *Message) error) (Message, error) {
	t, err := l.q.ThreadAdvance(ctx, tx, db.ThreadAdvanceParams{WorkspaceID: workspace, ID: thread})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, errThreadGone
	}
	if err != nil {
		return Message{}, fmt.Errorf("advance thread: %w", err)
	}
	row, err := l.q.MessageLock(ctx, tx, db.MessageLockParams{WorkspaceID: workspace, ThreadID: thread, ID: message})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, ErrNoMessage
	}
	if err != nil {
		return Message{}, fmt.Errorf("lock message: %w", err)
	}
	m := fromRow(row)
	if m.Extra == nil {
		m.Extra = &wirev1.Extra{}
	}
	if err := edit(tx, &m); err != nil {
		return Message{}, err
	}
	m.Rev = t.Head
	extra, err := encodeExtra(m.Extra)
	if err != nil {
		return Message{}, err
	}
	err = l.q.MessageAmend(ctx, tx, db.MessageAmendParams{Rev: m.Rev, Extra: extra, WorkspaceID: workspace, ThreadID: thread, Seq: m.Seq})
	if err != nil {
		return Message{}, fmt.Errorf("amend message: %w", err)
	}
	return m, nil
}
