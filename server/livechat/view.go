package livechat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// views are chats as a user sees them, in the order of the ids; those that do
// not exist are left out.
func (s *Service) views(ctx context.Context, c access.Caller, ids ...uuid.UUID) ([]*livechatv1.Chat, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.q.ChatViews(ctx, s.DB, db.ChatViewsParams{WorkspaceID: c.Workspace, ReaderID: c.ID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("read chats: %w", err)
	}
	byID := make(map[uuid.UUID]*livechatv1.Chat, len(rows))
	for i := range rows {
		byID[rows[i].Chat.ID] = staffView(&rows[i], thread.AudienceOf(c))
	}
	return inOrder(ids, byID), nil
}

// view is one chat as a user sees it.
func (s *Service) view(ctx context.Context, c access.Caller, id uuid.UUID) (*livechatv1.Chat, error) {
	found, err := s.views(ctx, c, id)
	if err == nil && len(found) == 0 {
		err = errNoChat
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// publicViews are a visitor's own chats as they see them.
func (s *Service) publicViews(ctx context.Context, c access.Caller, ids ...uuid.UUID) ([]*livechatv1.Chat, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.q.ChatViewsPublic(ctx, s.DB, db.ChatViewsPublicParams{WorkspaceID: c.Workspace, VisitorID: c.ID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("read chats: %w", err)
	}
	byID := make(map[uuid.UUID]*livechatv1.Chat, len(rows))
	for i := range rows {
		byID[rows[i].Chat.ID] = publicView(&rows[i])
	}
	return inOrder(ids, byID), nil
}

// publicView answers one of a visitor's own chats.
func (s *Service) publicView(ctx context.Context, c access.Caller, id uuid.UUID) (*livechatv1.Chat, error) {
	found, err := s.publicViews(ctx, c, id)
	if err == nil && len(found) == 0 {
		err = errNoChat
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func inOrder(ids []uuid.UUID, byID map[uuid.UUID]*livechatv1.Chat) []*livechatv1.Chat {
	out := make([]*livechatv1.Chat, 0, len(ids))
	for _, id := range ids {
		if chat := byID[id]; chat != nil {
			out = append(out, chat)
		}
	}
	return out
}

// ChatViews is a chat as each of some users sees it, all of them agents or
// administrators: two queries, however many users. A chat that does not exist is
// nobody's.
func (s *Service) ChatViews(ctx context.Context, workspace, chat uuid.UUID, users []uuid.UUID) (map[uuid.UUID]*livechatv1.Chat, error) {
	rows, err := s.q.ChatViews(ctx, s.DB, db.ChatViewsParams{WorkspaceID: workspace, Ids: []uuid.UUID{chat}})
	if err != nil {
		return nil, fmt.Errorf("read chat: %w", err)
	}
	if len(rows) == 0 || len(users) == 0 {
		return nil, nil
	}
	readers, err := s.q.ChatReaders(ctx, s.DB, db.ChatReadersParams{WorkspaceID: workspace, ChatID: chat, UserIds: users})
	if err != nil {
		return nil, fmt.Errorf("read chat's readers: %w", err)
	}
	out := make(map[uuid.UUID]*livechatv1.Chat, len(readers))
	for _, r := range readers {
		row := rows[0]
		row.ReadSeq, row.UnreadCount = r.ReadSeq, r.UnreadCount
		out[r.UserID] = staffView(&row, thread.Agents)
	}
	return out, nil
}

func staffView(r *db.ChatViewsRow, to thread.Audience) *livechatv1.Chat {
	last := thread.FromRow(r.Message)
	chat := chatOf(&r.Chat)
	chat.LastMessage, chat.LastSeq, chat.ReadSeq, chat.UnreadCount = thread.Redact(&last, to), last.Seq, r.ReadSeq, r.UnreadCount
	chat.Visitor = visitorOf(&r.Visitor)
	chat.Visitor.PageUrl, chat.Visitor.Referrer = r.Chat.PageURL, r.Chat.Referrer
	if r.Chat.OperatorID != nil {
		chat.Operator = userParty(*r.Chat.OperatorID, r.OperatorName)
	}
	return chat
}

// publicView leaves out what a visitor must not know: of themselves they get
// what they gave, of the operator the live chat name.
func publicView(r *db.ChatViewsPublicRow) *livechatv1.Chat {
	last := thread.FromRow(r.Message)
	chat := chatOf(&r.Chat)
	chat.LastMessage, chat.LastSeq = thread.Redact(&last, thread.Outside), last.PublicSeq
	chat.ReadSeq, chat.UnreadCount = r.ReadPublicSeq, r.UnreadCount
	chat.Visitor = &livechatv1.Visitor{Id: r.Visitor.ID.String(), Name: r.Visitor.Name}
	// That a note moved the list entry, and how often, is not for visitors.
	chat.LastMessageTime, chat.Version = timestamppb.New(last.Create), last.PublicSeq
	if r.Chat.OperatorID != nil {
		chat.Operator = userParty(*r.Chat.OperatorID, r.OperatorChatName)
	}
	return chat
}

func chatOf(c *db.Chat) *livechatv1.Chat {
	chat := &livechatv1.Chat{
		Id: c.ID.String(), ChannelId: c.ChannelID.String(), State: livechatv1.ChatState(c.State),
		CreateTime: timestamppb.New(c.CreateTime), LastMessageTime: timestamppb.New(c.LastMessageTime), Version: c.Version,
	}
	if c.CloseTime != nil {
		chat.CloseTime = timestamppb.New(*c.CloseTime)
	}
	return chat
}

func visitorOf(v *db.Visitor) *livechatv1.Visitor {
	return &livechatv1.Visitor{
		Id: v.ID.String(), Name: v.Name, Email: v.Email, PageUrl: v.PageURL, Referrer: v.Referrer, Locale: v.Locale,
		UserAgent: v.UserAgent, TimeZone: v.TimeZone, CreateTime: timestamppb.New(v.CreateTime), ChatCount: v.ChatCount,
	}
}

func userParty(user uuid.UUID, name string) *threadv1.Party {
	return &threadv1.Party{Kind: threadv1.PartyKind_PARTY_KIND_USER, Id: user.String(), Name: name}
}
