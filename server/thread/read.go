package thread

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
)

// Place says which stretch of a thread to read; at most one of the numbers is
// set, in the numbering of the reader. The zero Place is the newest messages.
type Place struct {
	Before int64
	After  int64
	Around int64
	// FromStart makes After count even when it is 0.
	FromStart bool
}

// Page is a stretch of a thread, oldest message first.
type Page struct {
	Messages  []Message
	HasBefore bool
	HasAfter  bool
	// Cursor is where a subscription goes on from: it was read before the
	// messages were, so nothing falls between.
	Cursor string
}

// Page reads a stretch of a thread for an audience.
func (l *Log) Page(ctx context.Context, workspace, thread uuid.UUID, at Place, size int, to Audience) (Page, error) {
	t, err := l.q.ThreadGet(ctx, l.db, db.ThreadGetParams{WorkspaceID: workspace, ID: thread})
	if errors.Is(err, pgx.ErrNoRows) {
		return Page{}, errThreadGone
	}
	if err != nil {
		return Page{}, fmt.Errorf("find thread: %w", err)
	}
	p := Page{Cursor: l.sealer.Cursor(thread, t.Head)}
	r := reader{l: l, workspace: workspace, thread: thread, outside: to == Outside}
	switch {
	case at.Around > 0:
		err = r.around(ctx, &p, at.Around, size)
	case at.After > 0 || at.FromStart:
		p.HasBefore = at.After > 0
		p.Messages, p.HasAfter, err = r.after(ctx, at.After, size)
	default:
		before := at.Before
		p.HasAfter = before > 0
		if before == 0 {
			before = maxRev
		}
		p.Messages, p.HasBefore, err = r.before(ctx, before, size)
	}
	return p, err
}

// reader pages in one thread, in the numbering of users or of outsiders.
type reader struct {
	l                 *Log
	workspace, thread uuid.UUID
	outside           bool
}

func (r reader) around(ctx context.Context, p *Page, seq int64, size int) error {
	older, hasBefore, err := r.before(ctx, seq, size/2)
	if err != nil {
		return err
	}
	newer, hasAfter, err := r.after(ctx, seq-1, max(size-len(older), 1))
	if err != nil {
		return err
	}
	p.Messages, p.HasBefore, p.HasAfter = append(older, newer...), hasBefore, hasAfter
	return nil
}

func (r reader) before(ctx context.Context, seq int64, size int) (messages []Message, more bool, err error) {
	var rows []db.Message
	if r.outside {
		rows, err = r.l.q.MessagePublicBefore(ctx, r.l.db, db.MessagePublicBeforeParams{
			WorkspaceID: r.workspace, ThreadID: r.thread, BeforeSeq: seq, MaxRows: int32(size + 1)})
	} else {
		rows, err = r.l.q.MessageBefore(ctx, r.l.db, db.MessageBeforeParams{
			WorkspaceID: r.workspace, ThreadID: r.thread, BeforeSeq: seq, MaxRows: int32(size + 1)})
	}
	messages, more, err = cut(rows, size, err)
	slices.Reverse(messages)
	return messages, more, err
}

func (r reader) after(ctx context.Context, seq int64, size int) (messages []Message, more bool, err error) {
	var rows []db.Message
	if r.outside {
		rows, err = r.l.q.MessagePublicAfter(ctx, r.l.db, db.MessagePublicAfterParams{
			WorkspaceID: r.workspace, ThreadID: r.thread, AfterSeq: seq, MaxRows: int32(size + 1)})
	} else {
		rows, err = r.l.q.MessageAfter(ctx, r.l.db, db.MessageAfterParams{
			WorkspaceID: r.workspace, ThreadID: r.thread, AfterSeq: seq, MaxRows: int32(size + 1)})
	}
	return cut(rows, size, err)
}

// cut takes off the row that was read only to learn that there are more.
func cut(rows []db.Message, size int, err error) ([]Message, bool, error) {
	if err != nil {
		return nil, false, fmt.Errorf("read messages: %w", err)
	}
	more := len(rows) > size
	if more {
		rows = rows[:size]
	}
	out := make([]Message, len(rows))
	for i, row := range rows {
		out[i] = fromRow(row)
	}
	return out, more, nil
}

// Since reads the log after rev: at most size messages, in the order of their
// last change, and the head up to which the reader is complete with them. A
// message that changed twice comes once, as it is now.
func (l *Log) Since(ctx context.Context, workspace, thread uuid.UUID, rev int64, size int) (messages []Message, upTo int64, err error) {
	rows, err := l.q.MessageSince(ctx, l.db, db.MessageSinceParams{
		WorkspaceID: workspace, ThreadID: thread, Rev: rev, MaxRows: int32(size),
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read log: %w", err)
	}
	upTo = rev
	for _, row := range rows {
		messages = append(messages, fromRow(row.Message))
		upTo = row.Message.Rev
	}
	if len(rows) > 0 && len(rows) < size {
		upTo = rows[0].Head
	}
	return messages, upTo, nil
}

// Head is a thread's head; found is false if there is no such thread.
func (l *Log) Head(ctx context.Context, workspace, thread uuid.UUID) (head int64, found bool, err error) {
	t, err := l.q.ThreadGet(ctx, l.db, db.ThreadGetParams{WorkspaceID: workspace, ID: thread})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("find thread: %w", err)
	}
	return t.Head, true, nil
}

// Key names a thread.
type Key struct{ Workspace, Thread uuid.UUID }

// Heads are the heads of many threads, read in one query. Threads that do not
// exist are left out.
func (l *Log) Heads(ctx context.Context, keys []Key) (map[Key]int64, error) {
	var p db.ThreadHeadsParams
	for _, k := range keys {
		p.WorkspaceIds, p.ThreadIds = append(p.WorkspaceIds, k.Workspace), append(p.ThreadIds, k.Thread)
	}
	rows, err := l.q.ThreadHeads(ctx, l.db, p)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	heads := make(map[Key]int64, len(rows))
	for _, r := range rows {
		heads[Key{r.WorkspaceID, r.ID}] = r.Head
	}
	return heads, nil
}

// Get is one message by id.
func (l *Log) Get(ctx context.Context, workspace, thread, message uuid.UUID) (Message, error) {
	row, err := l.q.MessageGet(ctx, l.db, db.MessageGetParams{WorkspaceID: workspace, ThreadID: thread, ID: message})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, ErrNoMessage
	}
	if err != nil {
		return Message{}, fmt.Errorf("find message: %w", err)
	}
	return fromRow(row), nil
}

// FromRow is a message as another query of this database answers it.
func FromRow(row db.Message) Message { return fromRow(row) }
