package livechat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// GetChat implements VisitorService.
func (h *VisitorHandler) GetChat(ctx context.Context, req *visitorv1.GetChatRequest) (*visitorv1.GetChatResponse, error) {
	chat, err := h.publicView(ctx, access.FromContext(ctx), uuid.MustParse(req.GetChatId()))
	if err != nil {
		return nil, err
	}
	return &visitorv1.GetChatResponse{Chat: chat}, nil
}

// ListChats implements VisitorService.
func (h *VisitorHandler) ListChats(ctx context.Context, req *visitorv1.ListChatsRequest) (*visitorv1.ListChatsResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	before := uuid.Max
	if _, err := h.Pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	ids, err := h.q.ChatListOfVisitor(ctx, h.DB, db.ChatListOfVisitorParams{
		WorkspaceID: c.Workspace, VisitorID: c.ID, BeforeID: before, MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list chats: %w", err)
	}
	res := &visitorv1.ListChatsResponse{}
	if len(ids) > size {
		ids = ids[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, ids[size-1]); err != nil {
			return nil, err
		}
	}
	res.Chats, err = h.publicViews(ctx, c, ids...)
	return res, err
}

// PostMessage implements VisitorService.
func (h *VisitorHandler) PostMessage(ctx context.Context, req *visitorv1.PostMessageRequest) (*visitorv1.PostMessageResponse, error) {
	c := access.FromContext(ctx)
	chat, _, err := h.own(ctx, c, req.GetChatId())
	if err != nil {
		return nil, err
	}
	d := thread.Draft{
		Workspace: c.Workspace, Thread: chat, RequestID: uuid.MustParse(req.GetRequestId()),
		Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT, Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(c),
		Body: cleanBody(req.GetBody()), Chat: true,
	}
	if d.Body == "" && len(req.GetFileIds()) == 0 {
		return nil, errEmpty
	}
	if wait, ok := h.Limiter.Allow(ctx, "post:"+c.ID.String(), h.Limits.Posts); !ok {
		return nil, errManyPosts.WithRetry(wait)
	}
	m, err := h.post(ctx, d, req.GetFileIds())
	if err != nil {
		return nil, err
	}
	return &visitorv1.PostMessageResponse{Message: thread.Redact(&m, thread.Outside)}, nil
}

// post posts a message with the files that are named. A file that cannot be sent
// is no failure if an earlier try of the same request sent it.
func (s *Service) post(ctx context.Context, d thread.Draft, files []string) (thread.Message, error) {
	failure := s.addFiles(ctx, &d, files)
	if failure == nil {
		return s.Log.Post(ctx, d)
	}
	return s.Log.Earlier(ctx, &d, failure)
}

// addFiles gives a draft its files with their descriptions. The log takes them,
// or none, when it posts.
func (s *Service) addFiles(ctx context.Context, d *thread.Draft, files []string) error {
	if len(files) == 0 {
		return nil
	}
	for _, id := range files {
		d.Files = append(d.Files, uuid.MustParse(id))
	}
	rows, err := s.q.FileListByID(ctx, s.DB, db.FileListByIDParams{
		WorkspaceID: d.Workspace, ThreadID: d.Thread, AuthorID: d.Author.ID, Ids: d.Files,
	})
	if err != nil {
		return fmt.Errorf("find files to send: %w", err)
	}
	d.Extra = &wirev1.Extra{}
	for _, id := range d.Files {
		i := slices.IndexFunc(rows, func(f db.File) bool { return f.ID == id })
		if i < 0 || !file.Sendable(&rows[i]) {
			return thread.ErrNoFile.With("file_id", id.String())
		}
		d.Extra.Files = append(d.Extra.Files, file.Describe(&rows[i], thread.Administrators))
	}
	return nil
}

// cleanBody is a text as it is stored: without space around it, lines ended in
// one way.
func cleanBody(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// ListMessages implements VisitorService.
func (h *VisitorHandler) ListMessages(ctx context.Context, req *visitorv1.ListMessagesRequest) (*visitorv1.ListMessagesResponse, error) {
	c := access.FromContext(ctx)
	chat, _, err := h.own(ctx, c, req.GetChatId())
	if err != nil {
		return nil, err
	}
	var at thread.Place
	switch place := req.GetPlace().(type) {
	case *visitorv1.ListMessagesRequest_BeforeSeq:
		at.Before = place.BeforeSeq
	case *visitorv1.ListMessagesRequest_AfterSeq:
		at.After, at.FromStart = place.AfterSeq, true
	}
	page, err := h.Log.Page(ctx, c.Workspace, chat, at, rpc.PageSize(req.GetPageSize(), usualPage, mostPage), thread.Outside)
	if err != nil {
		return nil, err
	}
	res := &visitorv1.ListMessagesResponse{HasBefore: page.HasBefore, HasAfter: page.HasAfter, Cursor: page.Cursor}
	for i := range page.Messages {
		if m := thread.Redact(&page.Messages[i], thread.Outside); m != nil {
			res.Messages = append(res.Messages, m)
		}
	}
	marks, err := h.Log.Marks(ctx, c.Workspace, chat)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		if m.Party.GetId() != c.ID.String() && m.PublicSeq > 0 {
			res.ReadMarks = append(res.ReadMarks, thread.RedactMark(m, thread.Outside))
		}
	}
	return res, nil
}

// MarkRead implements VisitorService.
func (h *VisitorHandler) MarkRead(ctx context.Context, req *visitorv1.MarkReadRequest) (*visitorv1.MarkReadResponse, error) {
	c := access.FromContext(ctx)
	chat, _, err := h.own(ctx, c, req.GetChatId())
	if err != nil {
		return nil, err
	}
	m, err := h.Log.MarkRead(ctx, c.Workspace, chat, thread.AuthorOf(c), req.GetSeq(), thread.Outside)
	if err != nil {
		return nil, err
	}
	return &visitorv1.MarkReadResponse{ReadMark: thread.RedactMark(m, thread.Outside)}, nil
}

// SetTyping implements VisitorService.
func (h *VisitorHandler) SetTyping(ctx context.Context, req *visitorv1.SetTypingRequest) (*visitorv1.SetTypingResponse, error) {
	c := access.FromContext(ctx)
	chat, _, err := h.own(ctx, c, req.GetChatId())
	if err != nil {
		return nil, err
	}
	h.Hub.Typing(c, chat, false, req.GetStopped())
	return &visitorv1.SetTypingResponse{}, nil
}

// CloseChat implements VisitorService.
func (h *VisitorHandler) CloseChat(ctx context.Context, req *visitorv1.CloseChatRequest) (*visitorv1.CloseChatResponse, error) {
	chat, err := h.turn(ctx, req.GetChatId(), h.end)
	if err != nil {
		return nil, err
	}
	return &visitorv1.CloseChatResponse{Chat: chat}, nil
}

// ReopenChat implements VisitorService.
func (h *VisitorHandler) ReopenChat(ctx context.Context, req *visitorv1.ReopenChatRequest) (*visitorv1.ReopenChatResponse, error) {
	chat, err := h.turn(ctx, req.GetChatId(), h.reopen)
	if err != nil {
		return nil, err
	}
	return &visitorv1.ReopenChatResponse{Chat: chat}, nil
}

// turn does something to the visitor's own chat and answers it as it is then.
func (h *VisitorHandler) turn(ctx context.Context, id string, do func(context.Context, access.Caller, uuid.UUID) error) (*livechatv1.Chat, error) {
	c := access.FromContext(ctx)
	chat, _, err := h.own(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if err := do(ctx, c, chat); err != nil {
		return nil, err
	}
	return h.publicView(ctx, c, chat)
}
