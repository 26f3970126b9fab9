package chatter

import (
	"context"

	"github.com/google/uuid"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// EditMessage implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) EditMessage(ctx context.Context, req *chatterv1.EditMessageRequest) (*chatterv1.EditMessageResponse, error) {
	change, err := h.change(ctx, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	body, err := cleanBody(req.GetBody(), false)
	if err != nil {
		return nil, err
	}
	m, err := h.log.Edit(ctx, change, body)
	if err != nil {
		return nil, err
	}
	return &chatterv1.EditMessageResponse{Message: thread.Redact(&m, thread.AudienceOf(change.Editor))}, nil
}

// DeleteMessage implements chatterv1connect.ChatterServiceHandler. Its files go
// with it.
func (h *Handler) DeleteMessage(ctx context.Context, req *chatterv1.DeleteMessageRequest) (*chatterv1.DeleteMessageResponse, error) {
	change, err := h.change(ctx, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	m, err := h.log.Delete(ctx, change)
	if err != nil {
		return nil, err
	}
	return &chatterv1.DeleteMessageResponse{Message: thread.Redact(&m, thread.AudienceOf(change.Editor))}, nil
}

// change is a message of a thread that the caller may write in. Whose message it
// is, is the log's to judge.
func (h *Handler) change(ctx context.Context, threadName, messageName string) (thread.Change, error) {
	c := access.FromContext(ctx)
	id, err := threadID(threadName)
	if err != nil {
		return thread.Change{}, err
	}
	if _, err := h.gate.Post(ctx, c, id); err != nil {
		return thread.Change{}, err
	}
	message, err := uuid.Parse(messageName)
	if err != nil {
		return thread.Change{}, errNoMessage
	}
	return thread.Change{Workspace: c.Workspace, Thread: id, Message: message, Editor: c}, nil
}

// ListMessages implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) ListMessages(ctx context.Context, req *chatterv1.ListMessagesRequest) (*chatterv1.ListMessagesResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	to := thread.AudienceOf(c)
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	page, err := h.log.Page(ctx, c.Workspace, id, placeOf(req), size, to)
	if err != nil {
		return nil, err
	}
	res := &chatterv1.ListMessagesResponse{HasBefore: page.HasBefore, HasAfter: page.HasAfter, Cursor: page.Cursor}
	for range hiddenPages {
		res.Messages = shown(page.Messages, to)
		next, more := beyond(req, page)
		if len(res.Messages) > 0 || !more {
			break
		}
		if page, err = h.log.Page(ctx, c.Workspace, id, next, size, to); err != nil {
			return nil, err
		}
		if next.FromStart {
			res.HasAfter = page.HasAfter
		} else {
			res.HasBefore = page.HasBefore
		}
	}
	return res, nil
}

// hiddenPages bounds how many pages of changes that the reader may not see are
// skipped for one answer.
const hiddenPages = 20

func shown(messages []thread.Message, to thread.Audience) []*threadv1.Message {
	var out []*threadv1.Message
	for i := range messages {
		if m := thread.Redact(&messages[i], to); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// beyond is where the page after one goes on, in the direction of the request; more
// is false if there is none.
func beyond(req *chatterv1.ListMessagesRequest, page thread.Page) (next thread.Place, more bool) {
	if len(page.Messages) == 0 {
		return next, false
	}
	if _, after := req.GetPlace().(*chatterv1.ListMessagesRequest_AfterSeq); after {
		return thread.Place{After: page.Messages[len(page.Messages)-1].Seq, FromStart: true}, page.HasAfter
	}
	return thread.Place{Before: page.Messages[0].Seq}, page.HasBefore
}

// placeOf is where a request looks.
func placeOf(req *chatterv1.ListMessagesRequest) thread.Place {
	switch at := req.GetPlace().(type) {
	case *chatterv1.ListMessagesRequest_BeforeSeq:
		return thread.Place{Before: at.BeforeSeq}
	case *chatterv1.ListMessagesRequest_AfterSeq:
		return thread.Place{After: at.AfterSeq, FromStart: true}
	case *chatterv1.ListMessagesRequest_AroundSeq:
		return thread.Place{Around: at.AroundSeq}
	default:
		return thread.Place{}
	}
}
