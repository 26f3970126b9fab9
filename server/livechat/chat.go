package livechat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

// chatPlace is a place in a list of chats.
type chatPlace struct {
	Time time.Time
	ID   uuid.UUID
}

// newest is before every chat.
var newest = chatPlace{Time: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: uuid.Max}

// ListChats implements LiveChatService.
func (h *Handler) ListChats(ctx context.Context, req *livechatv1.ListChatsRequest) (*livechatv1.ListChatsResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	before := newest
	if _, err := h.Pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	p := db.ChatListParams{WorkspaceID: c.Workspace, BeforeTime: before.Time, BeforeID: before.ID, MaxRows: int32(size + 1)}
	if req.GetChannelId() != "" {
		channel := uuid.MustParse(req.GetChannelId())
		p.ChannelID = &channel
	}
	if state := int16(req.GetState()); state != 0 {
		p.State = &state
	}
	rows, err := h.places(ctx, c, req.GetView(), p)
	if err != nil {
		return nil, fmt.Errorf("list chats: %w", err)
	}
	res := &livechatv1.ListChatsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, rows[size-1]); err != nil {
			return nil, err
		}
	}
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	res.Chats, err = h.views(ctx, c, ids...)
	return res, err
}

// places are the places of a page, each view by the index that fits it.
func (s *Service) places(ctx context.Context, c access.Caller, view livechatv1.ChatView, p db.ChatListParams) ([]chatPlace, error) {
	var out []chatPlace
	switch view {
	case livechatv1.ChatView_CHAT_VIEW_MINE:
		rows, err := s.q.ChatListOfOperator(ctx, s.DB, db.ChatListOfOperatorParams{
			WorkspaceID: p.WorkspaceID, OperatorID: c.ID, BeforeTime: p.BeforeTime, BeforeID: p.BeforeID,
			ChannelID: p.ChannelID, State: p.State, MaxRows: p.MaxRows,
		})
		for _, r := range rows {
			out = append(out, chatPlace{r.LastMessageTime, r.ID})
		}
		return out, err
	case livechatv1.ChatView_CHAT_VIEW_UNASSIGNED:
		rows, err := s.q.ChatListUnassigned(ctx, s.DB, db.ChatListUnassignedParams(p))
		for _, r := range rows {
			out = append(out, chatPlace{r.LastMessageTime, r.ID})
		}
		return out, err
	default:
		rows, err := s.q.ChatList(ctx, s.DB, p)
		for _, r := range rows {
			out = append(out, chatPlace{r.LastMessageTime, r.ID})
		}
		return out, err
	}
}

// GetChat implements LiveChatService.
func (h *Handler) GetChat(ctx context.Context, req *livechatv1.GetChatRequest) (*livechatv1.GetChatResponse, error) {
	chat, err := h.view(ctx, access.FromContext(ctx), uuid.MustParse(req.GetChatId()))
	if err != nil {
		return nil, err
	}
	return &livechatv1.GetChatResponse{Chat: chat}, nil
}

// TakeChat implements LiveChatService.
func (h *Handler) TakeChat(ctx context.Context, req *livechatv1.TakeChatRequest) (*livechatv1.TakeChatResponse, error) {
	c, id := access.FromContext(ctx), uuid.MustParse(req.GetChatId())
	h.Presence.Active(c.Workspace, c.ID, h.Now())
	if err := h.take(ctx, c, id); err != nil {
		return nil, err
	}
	chat, err := h.view(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return &livechatv1.TakeChatResponse{Chat: chat}, nil
}

// CloseChat implements LiveChatService.
func (h *Handler) CloseChat(ctx context.Context, req *livechatv1.CloseChatRequest) (*livechatv1.CloseChatResponse, error) {
	c, id := access.FromContext(ctx), uuid.MustParse(req.GetChatId())
	if err := h.end(ctx, c, id); err != nil {
		return nil, err
	}
	chat, err := h.view(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return &livechatv1.CloseChatResponse{Chat: chat}, nil
}

// ReopenChat implements LiveChatService.
func (h *Handler) ReopenChat(ctx context.Context, req *livechatv1.ReopenChatRequest) (*livechatv1.ReopenChatResponse, error) {
	c, id := access.FromContext(ctx), uuid.MustParse(req.GetChatId())
	if err := h.reopen(ctx, c, id); err != nil {
		return nil, err
	}
	chat, err := h.view(ctx, c, id)
	if err != nil {
		return nil, err
	}
	return &livechatv1.ReopenChatResponse{Chat: chat}, nil
}
