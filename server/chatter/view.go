package chatter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// GetThread implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) GetThread(ctx context.Context, req *chatterv1.GetThreadRequest) (*chatterv1.GetThreadResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return nil, err
	}
	view, err := h.q.ThreadView(ctx, h.db, db.ThreadViewParams{WorkspaceID: c.Workspace, UserID: c.ID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, access.ErrThreadNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("view thread: %w", err)
	}
	marks, err := h.log.Marks(ctx, c.Workspace, id)
	if err != nil {
		return nil, err
	}
	titles, err := h.titlesOf(ctx, c.Workspace, map[int16][]uuid.UUID{rights.Kind: {id}})
	if err != nil {
		return nil, err
	}
	t := describe(c, rights, &view, marks, titles[id])
	mail, err := h.mailOf(ctx, c.Workspace, rights.Facts, false)
	if err != nil {
		return nil, err
	}
	if mail != nil {
		t.CanMail, t.HoldSeconds = true, int32(mail.Send.Sub(h.now()).Round(time.Second)/time.Second)
	}
	return &chatterv1.GetThreadResponse{Thread: t}, nil
}

// describe is a thread as the caller sees it.
func describe(c access.Caller, rights access.Rights, view *db.ThreadViewRow, marks []thread.Mark, title string) *chatterv1.Thread {
	t := &chatterv1.Thread{
		Id: rights.ID.String(), Kind: kindOf(view.Kind), Title: title, RecordType: view.RecordType, LastSeq: view.Seq,
		ReadSeq: view.ReadSeq, UnreadCount: view.UnreadCount, FollowerCount: view.FollowerCount, CanPost: rights.Post && !view.Closed,
	}
	if view.FollowTime != nil {
		t.Follower = &chatterv1.Follower{
			Party: thread.AuthorOf(c).Party(), Subtypes: view.Subtypes, CreateTime: timestamppb.New(*view.FollowTime),
		}
	}
	for i := range marks {
		if marks[i].Party.GetId() != c.ID.String() {
			t.ReadMarks = append(t.ReadMarks, thread.RedactMark(marks[i], thread.AudienceOf(c)))
		}
	}
	return t
}

// titlesOf are the titles of threads, given by kind: one question for each kind.
func (h *Handler) titlesOf(ctx context.Context, workspace uuid.UUID, threads map[int16][]uuid.UUID) (map[uuid.UUID]string, error) {
	all := make(map[uuid.UUID]string)
	for kind, ids := range threads {
		source := h.titles[kind]
		if source == nil {
			continue
		}
		titles, err := source.Titles(ctx, workspace, ids)
		if err != nil {
			return nil, fmt.Errorf("find titles: %w", err)
		}
		for id, title := range titles {
			all[id] = title
		}
	}
	return all, nil
}

// MarkRead implements chatterv1connect.ChatterServiceHandler. What was read in the
// thread is read in the inbox.
func (h *Handler) MarkRead(ctx context.Context, req *chatterv1.MarkReadRequest) (*chatterv1.MarkReadResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	to := thread.AudienceOf(c)
	mark, err := h.log.MarkRead(ctx, c.Workspace, id, thread.AuthorOf(c), req.GetSeq(), to)
	if err != nil {
		return nil, err
	}
	if _, err := h.markThreadRead(ctx, c, id, mark.Seq); err != nil {
		return nil, err
	}
	return &chatterv1.MarkReadResponse{ReadMark: thread.RedactMark(mark, to)}, nil
}

// SetTyping implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) SetTyping(ctx context.Context, req *chatterv1.SetTypingRequest) (*chatterv1.SetTypingResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Post(ctx, c, id); err != nil {
		return nil, err
	}
	h.live.Typing(c, id, req.GetInternal(), req.GetStopped())
	return &chatterv1.SetTypingResponse{}, nil
}
