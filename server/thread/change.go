package thread

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// Change names a message to change and who wants it.
type Change struct {
	Workspace, Thread, Message uuid.UUID
	Editor                     access.Caller
}

// Edit replaces a message's text; what it was is kept for administrators. In a
// closed thread nobody says anything new, not by an edit either; to ask again for
// an edit that was made before is answered there, too.
func (l *Log) Edit(ctx context.Context, c Change, body string) (Message, error) {
	return l.change(ctx, c, func(m *Message, closed bool, now time.Time) error {
		switch {
		case m.Delete != nil:
			return ErrUneditable
		case m.Body == body:
			return ErrUnchanged
		case closed:
			return ErrClosed
		}
		m.Body, m.Edit = body, &now
		return nil
	})
}

// Delete leaves a tombstone in a message's place. To delete it again is nothing,
// so that a lost answer can be asked for again. A closed thread does not keep what
// somebody takes back.
func (l *Log) Delete(ctx context.Context, c Change) (Message, error) {
	m, err := l.change(ctx, c, func(m *Message, _ bool, now time.Time) error {
		if m.Delete != nil {
			return ErrUnchanged
		}
		m.Body, m.Delete = "", &now
		m.Extra = &wirev1.Extra{DeletedBy: AuthorOf(c.Editor).Party()}
		return nil
	})
	if err != nil {
		return Message{}, err
	}
	return m, l.unquote(ctx, c)
}

// maxQuotes is how many answers to a deleted message lose its words at once.
const maxQuotes = 200

// unquote takes the words of a deleted message out of the answers to it. Deleting
// again goes on where this was cut off.
func (l *Log) unquote(ctx context.Context, c Change) error {
	ids, err := l.q.MessageReplyList(ctx, l.db, db.MessageReplyListParams{
		WorkspaceID: c.Workspace, ThreadID: c.Thread, Quoted: c.Message.String(), MaxRows: maxQuotes,
	})
	if err != nil {
		return fmt.Errorf("find answers: %w", err)
	}
	for _, id := range ids {
		_, err := l.Amend(ctx, c.Workspace, c.Thread, id, func(_ pgx.Tx, m *Message) error {
			ref := m.Extra.GetReplyTo().GetReference()
			if ref.GetMessageId() != c.Message.String() || ref.GetExcerpt() == "" {
				return ErrUnchanged
			}
			ref.Excerpt = ""
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// change runs edit on a message that the editor may change, as the thread's next
// revision. edit is told whether the thread is closed. Nothing happens if it says
// that nothing changed.
func (l *Log) change(ctx context.Context, c Change, edit func(m *Message, closed bool, now time.Time) error) (Message, error) {
	ctx, cancel := stay(ctx)
	defer cancel()
	m, err := store.InTxV(ctx, l.db, func(tx pgx.Tx) (Message, error) {
		// The thread's row first, as every post does: two orders would deadlock.
		t, err := l.q.ThreadAdvance(ctx, tx, db.ThreadAdvanceParams{WorkspaceID: c.Workspace, ID: c.Thread})
		if errors.Is(err, pgx.ErrNoRows) {
			return Message{}, errThreadGone
		}
		if err != nil {
			return Message{}, fmt.Errorf("advance thread: %w", err)
		}
		row, err := l.q.MessageLock(ctx, tx, db.MessageLockParams{WorkspaceID: c.Workspace, ThreadID: c.Thread, ID: c.Message})
		if errors.Is(err, pgx.ErrNoRows) {
			return Message{}, ErrNoMessage
		}
		if err != nil {
			return Message{}, fmt.Errorf("lock message: %w", err)
		}
		before := fromRow(row)
		if err := before.mayChange(c.Editor); err != nil {
			return Message{}, err
		}
		after := before
		if err := edit(&after, t.Closed, l.now().Truncate(time.Microsecond).UTC()); err != nil {
			return Message{}, err
		}
		after.Rev = t.Head
		return after, l.replace(ctx, tx, c, row, &after)
	})
	if errors.Is(err, ErrUnchanged) {
		return l.Get(ctx, c.Workspace, c.Thread, c.Message)
	}
	if err != nil {
		return Message{}, err
	}
	l.announce(&m)
	return m, nil
}

// mayChange is the rule of who changes which message.
func (m *Message) mayChange(editor access.Caller) error {
	switch {
	case m.Internal && editor.Outsider():
		return ErrNoMessage
	case m.Kind != edited:
		return ErrUneditable
	case m.Author.ID != editor.ID && !editor.Administrator():
		return ErrNotYours
	default:
		return nil
	}
}

// replace stores what the message is now, and keeps what it was.
func (l *Log) replace(ctx context.Context, tx pgx.Tx, c Change, before db.Message, m *Message) error {
	err := l.q.MessageVersionInsert(ctx, tx, db.MessageVersionInsertParams{
		WorkspaceID: c.Workspace, ThreadID: c.Thread, Seq: before.Seq, Rev: before.Rev, Body: before.Body, Extra: before.Extra,
		EditorID: c.Editor.ID, ReplaceTime: l.now(),
	})
	if err != nil {
		return fmt.Errorf("keep version: %w", err)
	}
	extra, err := encodeExtra(m.Extra)
	if err != nil {
		return err
	}
	if _, err := l.q.MessageReplace(ctx, tx, db.MessageReplaceParams{
		Rev: m.Rev, Body: m.Body, Extra: extra, EditTime: m.Edit, DeleteTime: m.Delete, WorkspaceID: c.Workspace, ThreadID: c.Thread, Seq: m.Seq,
	}); err != nil {
		return fmt.Errorf("replace message: %w", err)
	}
	if m.Delete == nil {
		return nil
	}
	if err := l.q.FileDetach(ctx, tx, db.FileDetachParams{WorkspaceID: c.Workspace, ThreadID: c.Thread, MessageID: &m.ID}); err != nil {
		return fmt.Errorf("detach files: %w", err)
	}
	return nil
}
