package livechat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// operatorPlace is a place in a list of operators.
type operatorPlace struct {
	Join time.Time
	User uuid.UUID
}

// ListOperators implements LiveChatService.
func (h *Handler) ListOperators(ctx context.Context, req *livechatv1.ListOperatorsRequest) (*livechatv1.ListOperatorsResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	channel, err := h.channel(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()))
	if err != nil {
		return nil, err
	}
	var after operatorPlace
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	rows, err := h.q.OperatorList(ctx, h.DB, db.OperatorListParams{
		WorkspaceID: c.Workspace, ChannelID: channel.ID, AfterTime: after.Join, AfterID: after.User, MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	res := &livechatv1.ListOperatorsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1].Operator
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, operatorPlace{last.JoinTime, last.UserID}); err != nil {
			return nil, err
		}
	}
	res.Operators = h.operators(ctx, &channel, rows)
	return res, nil
}

// operators are operators as users see them.
func (s *Service) operators(ctx context.Context, channel *db.Channel, rows []db.OperatorListRow) []*livechatv1.Operator {
	there, _ := s.Presence.Snapshot(ctx, channel.WorkspaceID)
	out := make([]*livechatv1.Operator, len(rows))
	for i, r := range rows {
		out[i] = &livechatv1.Operator{
			UserId: r.Operator.UserID.String(), Name: r.Name, ChatName: cmp.Or(r.ChatName, r.Name), Languages: r.Operator.Languages,
			Skills: r.Operator.Skills, ChatLimit: r.Operator.ChatLimit, OpenChatCount: r.OpenCount,
			State:    stateOf(there[r.Operator.UserID], s.Now(), idleOf(channel)),
			JoinTime: timestamppb.New(r.Operator.JoinTime),
		}
	}
	return out
}

// operator answers one operator of a channel.
func (s *Service) operator(ctx context.Context, channel *db.Channel, user uuid.UUID) (*livechatv1.Operator, error) {
	rows, err := s.q.OperatorList(ctx, s.DB, db.OperatorListParams{
		WorkspaceID: channel.WorkspaceID, ChannelID: channel.ID, UserID: &user, MaxRows: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("find operator: %w", err)
	}
	if len(rows) == 0 {
		return nil, errNoOperator
	}
	return s.operators(ctx, channel, rows)[0], nil
}

// join makes a user an operator, and has the chats that wait given out.
func (s *Service) join(ctx context.Context, workspace, channel, user uuid.UUID) (*livechatv1.Operator, error) {
	row, err := s.channel(ctx, workspace, channel)
	if err != nil {
		return nil, err
	}
	err = s.q.OperatorInsert(ctx, s.DB, db.OperatorInsertParams{
		WorkspaceID: workspace, ChannelID: channel, UserID: user, JoinTime: s.Now(),
	})
	if err != nil {
		return nil, fmt.Errorf("insert operator: %w", err)
	}
	s.offer(workspace, channel)
	return s.operator(ctx, &row, user)
}

// AddOperator implements LiveChatService.
func (h *Handler) AddOperator(ctx context.Context, req *livechatv1.AddOperatorRequest) (*livechatv1.AddOperatorResponse, error) {
	c, user := access.FromContext(ctx), uuid.MustParse(req.GetUserId())
	found, err := h.q.OperatorAgentFind(ctx, h.DB, db.OperatorAgentFindParams{WorkspaceID: c.Workspace, ID: user})
	switch {
	case store.IsNoRows(err):
		return nil, errNoUser
	case err != nil:
		return nil, fmt.Errorf("find user: %w", err)
	case !found.Active || identityv1.Role(found.Role) < identityv1.Role_ROLE_AGENT:
		return nil, errNotAgent
	}
	operator, err := h.join(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()), user)
	if err != nil {
		return nil, err
	}
	return &livechatv1.AddOperatorResponse{Operator: operator}, nil
}

// JoinChannel implements LiveChatService. Whoever joins is active.
func (h *Handler) JoinChannel(ctx context.Context, req *livechatv1.JoinChannelRequest) (*livechatv1.JoinChannelResponse, error) {
	c := access.FromContext(ctx)
	h.Presence.Active(c.Workspace, c.ID, h.Now())
	operator, err := h.join(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()), c.ID)
	if err != nil {
		return nil, err
	}
	return &livechatv1.JoinChannelResponse{Operator: operator}, nil
}

// LeaveChannel implements LiveChatService. Whoever is no operator is none after.
func (h *Handler) LeaveChannel(ctx context.Context, req *livechatv1.LeaveChannelRequest) (*livechatv1.LeaveChannelResponse, error) {
	c := access.FromContext(ctx)
	return &livechatv1.LeaveChannelResponse{}, h.remove(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()), c.ID)
}

// RemoveOperator implements LiveChatService.
func (h *Handler) RemoveOperator(ctx context.Context, req *livechatv1.RemoveOperatorRequest) (*livechatv1.RemoveOperatorResponse, error) {
	c := access.FromContext(ctx)
	err := h.remove(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()), uuid.MustParse(req.GetUserId()))
	return &livechatv1.RemoveOperatorResponse{}, err
}

// remove takes a user off a channel. It holds the channel, so that no chat is
// given to them after.
func (s *Service) remove(ctx context.Context, workspace, channel, user uuid.UUID) error {
	return store.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := s.lock(ctx, tx, workspace, channel); err != nil {
			return err
		}
		_, err := s.q.OperatorDelete(ctx, tx, db.OperatorDeleteParams{WorkspaceID: workspace, ChannelID: channel, UserID: user})
		return wrap("delete operator", err)
	})
}

// operatorFields are the fields of an operator that can be changed.
var operatorFields = []string{"languages", "skills", "chat_limit"}

// UpdateOperator implements LiveChatService.
func (h *Handler) UpdateOperator(ctx context.Context, req *livechatv1.UpdateOperatorRequest) (*livechatv1.UpdateOperatorResponse, error) {
	c, given := access.FromContext(ctx), req.GetOperator()
	user, err := uuid.Parse(given.GetUserId())
	if err != nil {
		return nil, errNoOperator
	}
	mask, err := maskOf(req.GetUpdateMask().GetPaths(), operatorFields, func(path string) bool {
		m := given.ProtoReflect()
		return m.Has(m.Descriptor().Fields().ByTextName(path))
	})
	if err != nil {
		return nil, err
	}
	if !c.Administrator() && (user != c.ID || slices.Contains(mask, "chat_limit")) {
		return nil, errOthers
	}
	channel, err := h.channel(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()))
	if err != nil {
		return nil, err
	}
	if err := h.change(ctx, &channel, user, given, mask); err != nil {
		return nil, err
	}
	h.offer(c.Workspace, channel.ID)
	operator, err := h.operator(ctx, &channel, user)
	if err != nil {
		return nil, err
	}
	return &livechatv1.UpdateOperatorResponse{Operator: operator}, nil
}

// change takes over the fields of the mask.
func (s *Service) change(ctx context.Context, channel *db.Channel, user uuid.UUID, given *livechatv1.Operator, mask []string) error {
	return store.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		row, err := s.q.OperatorLock(ctx, tx, db.OperatorLockParams{
			WorkspaceID: channel.WorkspaceID, ChannelID: channel.ID, UserID: user,
		})
		if store.IsNoRows(err) {
			return errNoOperator
		}
		if err != nil {
			return fmt.Errorf("lock operator: %w", err)
		}
		p := db.OperatorUpdateParams{
			WorkspaceID: channel.WorkspaceID, ChannelID: channel.ID, UserID: user,
			Languages: row.Languages, Skills: row.Skills, ChatLimit: row.ChatLimit,
		}
		for _, path := range mask {
			switch path {
			case "languages":
				p.Languages = append([]string{}, given.GetLanguages()...)
			case "skills":
				p.Skills = append([]string{}, given.GetSkills()...)
			case "chat_limit":
				p.ChatLimit = given.GetChatLimit()
			}
		}
		return wrap("update operator", s.q.OperatorUpdate(ctx, tx, p))
	})
}
