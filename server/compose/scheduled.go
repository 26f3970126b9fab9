package compose

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// The states of a scheduled message as they are stored.
const (
	waiting   = int16(composev1.ScheduledState_SCHEDULED_STATE_WAITING)
	sending   = int16(composev1.ScheduledState_SCHEDULED_STATE_SENDING)
	sent      = int16(composev1.ScheduledState_SCHEDULED_STATE_SENT)
	failed    = int16(composev1.ScheduledState_SCHEDULED_STATE_FAILED)
	cancelled = int16(composev1.ScheduledState_SCHEDULED_STATE_CANCELLED)
)

// sendTime is the rule of when a message can be scheduled for, as it is stored.
func sendTime(at *timestamppb.Timestamp, now time.Time) (time.Time, error) {
	t := at.AsTime().Truncate(time.Microsecond)
	switch {
	case !t.After(now):
		return t, errTimePast
	case t.After(now.Add(maxAhead)):
		return t, errTimeFar
	default:
		return t, nil
	}
}

// postOf is the request that posts a scheduled message: its id makes it happen
// once.
func postOf(m *db.ScheduledMessage, c *composev1.Content) *chatterv1.PostMessageRequest {
	return &chatterv1.PostMessageRequest{
		RequestId: m.ID.String(), ThreadId: m.ThreadID.String(), Internal: m.Internal, Body: c.GetBody(), Format: c.GetFormat(),
		Subject: c.GetSubject(), MentionIds: c.GetMentionIds(), FileIds: c.GetFileIds(), ReplyToId: c.GetReplyToId(),
		RecipientIds: c.GetRecipientIds(), ExceptIds: c.GetExceptIds(),
	}
}

// scheduledVisible reads a scheduled message that the caller may see: who may read
// its thread, and its author, for ever.
func (h *Handler) scheduledVisible(ctx context.Context, name string) (db.ScheduledGetRow, access.Rights, error) {
	c := access.FromContext(ctx)
	id, err := idOf(name, errScheduledNotFound)
	if err != nil {
		return db.ScheduledGetRow{}, access.Rights{}, err
	}
	row, err := h.q.ScheduledGet(ctx, h.DB, db.ScheduledGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return row, access.Rights{}, errScheduledNotFound
	}
	if err != nil {
		return row, access.Rights{}, fmt.Errorf("find scheduled message: %w", err)
	}
	rights, err := h.Gate.Read(ctx, c, row.ScheduledMessage.ThreadID)
	if isUnreadable(err) {
		if row.ScheduledMessage.AuthorID == c.ID {
			return row, rights, nil
		}
		return row, rights, errScheduledNotFound
	}
	return row, rights, err
}

// mayChange is the rule of who changes a scheduled message or sends it now.
func mayChange(c access.Caller, m *db.ScheduledMessage) bool {
	return c.Administrator() || m.AuthorID == c.ID
}

// scheduledLocked answers a scheduled message that stays as it is until the
// transaction ends.
func (h *Handler) scheduledLocked(ctx context.Context, tx pgx.Tx, workspace, id uuid.UUID) (db.ScheduledMessage, error) {
	m, err := h.q.ScheduledLock(ctx, tx, db.ScheduledLockParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return m, errScheduledNotFound
	}
	if err != nil {
		return m, fmt.Errorf("lock scheduled message: %w", err)
	}
	return m, nil
}

// set saves a scheduled message that is locked.
func (h *Handler) set(ctx context.Context, tx pgx.Tx, m *db.ScheduledMessage) error {
	err := h.q.ScheduledSet(ctx, tx, db.ScheduledSetParams{
		Content: m.Content, SendTime: m.SendTime, State: m.State, FailureReason: m.FailureReason, FailureMessage: m.FailureMessage,
		MessageID: m.MessageID, Now: h.Now(), WorkspaceID: m.WorkspaceID, ID: m.ID,
	})
	if err != nil {
		return fmt.Errorf("save scheduled message: %w", err)
	}
	return nil
}

// over saves a scheduled message that nothing more will come of: its content and
// its files are let go of.
func (h *Handler) over(ctx context.Context, tx pgx.Tx, m *db.ScheduledMessage, state int16) error {
	m.State, m.Content, m.FailureReason, m.FailureMessage = state, []byte{}, "", ""
	if err := h.set(ctx, tx, m); err != nil {
		return err
	}
	return h.release(ctx, tx, m.WorkspaceID, []uuid.UUID{m.ID}, nil)
}

// scheduledViews are rows as a caller sees them.
func (h *Handler) scheduledViews(ctx context.Context, c access.Caller, rows ...db.ScheduledGetRow) ([]*composev1.ScheduledMessage, error) {
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ScheduledMessage.ID
	}
	held, err := h.held(ctx, c.Workspace, ids)
	if err != nil {
		return nil, err
	}
	views := make([]*composev1.ScheduledMessage, len(rows))
	for i := range rows {
		m := &rows[i].ScheduledMessage
		if views[i], err = viewOf(c, m, rows[i].AuthorName); err != nil {
			return nil, err
		}
		views[i].Files = held[m.ID]
		content := views[i].GetContent()
		content.FileIds = slices.DeleteFunc(content.GetFileIds(), func(id string) bool { return !contains(held[m.ID], id) })
	}
	return views, nil
}

// viewOf is a scheduled message as a caller sees it, without its files.
func viewOf(c access.Caller, m *db.ScheduledMessage, author string) (*composev1.ScheduledMessage, error) {
	content, err := decode(m.Content)
	if err != nil {
		return nil, err
	}
	view := &composev1.ScheduledMessage{
		Id: m.ID.String(), ThreadId: m.ThreadID.String(), Author: userParty(m.AuthorID, author), Internal: m.Internal, Content: content,
		SendTime: timestamppb.New(m.SendTime), State: composev1.ScheduledState(m.State), FailureReason: m.FailureReason,
		FailureMessage: m.FailureMessage, Etag: etagOf(m.Version), Editable: mayChange(c, m), CreateTime: timestamppb.New(m.CreateTime),
		UpdateTime: timestamppb.New(m.UpdateTime),
	}
	if m.MessageID != nil {
		view.MessageId = m.MessageID.String()
	}
	return view, nil
}

// scheduledView reads a scheduled message anew, as a caller sees it.
func (h *Handler) scheduledView(ctx context.Context, c access.Caller, id uuid.UUID) (*composev1.ScheduledMessage, error) {
	row, err := h.q.ScheduledGet(ctx, h.DB, db.ScheduledGetParams{WorkspaceID: c.Workspace, ID: id})
	if store.IsNoRows(err) {
		return nil, errScheduledNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find scheduled message: %w", err)
	}
	views, err := h.scheduledViews(ctx, c, row)
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// changedView is scheduledView after a change, of which the author is told,
// whoever made it.
func (h *Handler) changedView(ctx context.Context, c access.Caller, author, id uuid.UUID) (*composev1.ScheduledMessage, error) {
	ctx = context.WithoutCancel(ctx) // who hung up has still changed something
	view, err := h.scheduledView(ctx, c, id)
	if err != nil {
		return nil, err
	}
	h.tellScheduled(c.Workspace, author, view)
	return view, nil
}

// tellScheduled tells the author's devices of a scheduled message as it is now.
func (h *Handler) tellScheduled(workspace, author uuid.UUID, view *composev1.ScheduledMessage) {
	h.Live.Scheduled(workspace, author, &composev1.ScheduledChange{ScheduledMessage: view})
}
