package livechat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	usualPage = 50
	mostPage  = 200

	// defaultName is what the channel of a new workspace is called.
	defaultName = "Website"
)

// InstallDefault makes the channel that every workspace has from the start, in
// the transaction that makes the workspace. Its creator is its first operator;
// the zero UUID stands for nobody.
func (s *Service) InstallDefault(ctx context.Context, tx db.DBTX, workspace, creator uuid.UUID) error {
	_, err := s.insert(ctx, tx, db.ChannelInsertParams{
		WorkspaceID: workspace, ID: newID(), Name: defaultName, IdleMinutes: int32(defaultIdle.Minutes()), AllowedOrigins: []string{},
	}, creator)
	return err
}

// insert makes a channel and its first operator.
func (s *Service) insert(ctx context.Context, tx db.DBTX, p db.ChannelInsertParams, creator uuid.UUID) (db.Channel, error) {
	p.CreateTime = s.Now()
	row, err := s.q.ChannelInsert(ctx, tx, p)
	if err != nil {
		return row, fmt.Errorf("insert channel: %w", err)
	}
	if creator == uuid.Nil {
		return row, nil
	}
	err = s.q.OperatorInsert(ctx, tx, db.OperatorInsertParams{
		WorkspaceID: row.WorkspaceID, ChannelID: row.ID, UserID: creator, JoinTime: s.Now(),
	})
	return row, wrap("insert operator", err)
}

// CreateChannel implements LiveChatService.
func (h *Handler) CreateChannel(ctx context.Context, req *livechatv1.CreateChannelRequest) (*livechatv1.CreateChannelResponse, error) {
	c := access.FromContext(ctx)
	row := db.Channel{Name: strings.TrimSpace(req.GetName())}
	if err := checkName(row.Name); err != nil {
		return nil, err
	}
	apply(&row, req.GetChannel(), settable[1:]) // the name is the request's
	request := uuid.MustParse(req.GetRequestId())
	made, err := h.create(ctx, c, row, request)
	if err != nil {
		return nil, err
	}
	channel, err := h.describe(ctx, c, made)
	if err != nil {
		return nil, err
	}
	return &livechatv1.CreateChannelResponse{Channel: channel[0]}, nil
}

// create makes a channel, or answers the one that an earlier try made.
func (s *Service) create(ctx context.Context, c access.Caller, row db.Channel, request uuid.UUID) (db.Channel, error) {
	made, err := store.InTxV(ctx, s.DB, func(tx pgx.Tx) (db.Channel, error) {
		return s.insert(ctx, tx, db.ChannelInsertParams{
			WorkspaceID: c.Workspace, ID: newID(), RequestID: &request, Name: row.Name, WelcomeText: row.WelcomeText, Title: row.Title,
			InputPlaceholder: row.InputPlaceholder, Color: row.Color, ChatLimit: row.ChatLimit, IdleMinutes: row.IdleMinutes,
			AllowedOrigins: row.AllowedOrigins,
		}, c.ID)
	})
	// Which index is asked first is the database's to say: an earlier try of the
	// same has the same name, too.
	if !store.IsUnique(err, "channel_request") && !store.IsUnique(err, "channel_name") {
		return made, err
	}
	made, err = s.q.ChannelByRequest(ctx, s.DB, db.ChannelByRequestParams{WorkspaceID: c.Workspace, RequestID: request})
	switch {
	case store.IsNoRows(err):
		return made, errNameTaken.WithField("name")
	case err != nil:
		return made, fmt.Errorf("find channel by request: %w", err)
	case made.Name != row.Name:
		return made, thread.ErrReused
	default:
		return made, nil
	}
}

// GetChannel implements LiveChatService.
func (h *Handler) GetChannel(ctx context.Context, req *livechatv1.GetChannelRequest) (*livechatv1.GetChannelResponse, error) {
	c := access.FromContext(ctx)
	row, err := h.channel(ctx, c.Workspace, uuid.MustParse(req.GetChannelId()))
	if err != nil {
		return nil, err
	}
	channel, err := h.describe(ctx, c, row)
	if err != nil {
		return nil, err
	}
	return &livechatv1.GetChannelResponse{Channel: channel[0]}, nil
}

// ListChannels implements LiveChatService.
func (h *Handler) ListChannels(ctx context.Context, req *livechatv1.ListChannelsRequest) (*livechatv1.ListChannelsResponse, error) {
	c, size := access.FromContext(ctx), rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	var after string
	if _, err := h.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	rows, err := h.q.ChannelList(ctx, h.DB, db.ChannelListParams{WorkspaceID: c.Workspace, AfterName: after, MaxRows: int32(size + 1)})
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	res := &livechatv1.ListChannelsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, rows[size-1].Name); err != nil {
			return nil, err
		}
	}
	res.Channels, err = h.describe(ctx, c, rows...)
	return res, err
}

// UpdateChannel implements LiveChatService.
func (h *Handler) UpdateChannel(ctx context.Context, req *livechatv1.UpdateChannelRequest) (*livechatv1.UpdateChannelResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetChannel().GetId())
	if err != nil {
		return nil, errNoChannel
	}
	mask, err := maskOf(req.GetUpdateMask().GetPaths(), settable, func(path string) bool { return isSet(req.GetChannel(), path) })
	if err != nil {
		return nil, err
	}
	row, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (db.Channel, error) {
		row, err := h.lock(ctx, tx, c.Workspace, id)
		if err != nil {
			return row, err
		}
		apply(&row, req.GetChannel(), mask)
		if err := checkName(row.Name); err != nil {
			return row, err
		}
		return h.q.ChannelUpdate(ctx, tx, db.ChannelUpdateParams{
			WorkspaceID: c.Workspace, ID: id, Name: row.Name, WelcomeText: row.WelcomeText, Title: row.Title,
			InputPlaceholder: row.InputPlaceholder, Color: row.Color, ChatLimit: row.ChatLimit, IdleMinutes: row.IdleMinutes,
			AllowedOrigins: row.AllowedOrigins,
		})
	})
	if store.IsUnique(err, "channel_name") {
		err = errNameTaken.WithField("channel.name")
	}
	if err != nil {
		return nil, err
	}
	h.offer(c.Workspace, id) // the limit may be higher now
	channel, err := h.describe(ctx, c, row)
	if err != nil {
		return nil, err
	}
	return &livechatv1.UpdateChannelResponse{Channel: channel[0]}, nil
}

// channel reads one channel.
func (s *Service) channel(ctx context.Context, workspace, id uuid.UUID) (db.Channel, error) {
	row, err := s.q.ChannelGet(ctx, s.DB, db.ChannelGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return row, errNoChannel
	}
	return row, wrap("find channel", err)
}

// settable are the fields of a channel that can be changed.
var settable = []string{"name", "welcome_text", "title", "input_placeholder", "color", "chat_limit", "idle_minutes", "allowed_origins"}

// apply takes over the fields of the mask.
func apply(row *db.Channel, from *livechatv1.Channel, mask []string) {
	for _, path := range mask {
		switch path {
		case "name":
			row.Name = strings.TrimSpace(from.GetName())
		case "welcome_text":
			row.WelcomeText = from.GetWelcomeText()
		case "title":
			row.Title = from.GetTitle()
		case "input_placeholder":
			row.InputPlaceholder = from.GetInputPlaceholder()
		case "color":
			row.Color = strings.ToLower(from.GetColor())
		case "chat_limit":
			row.ChatLimit = from.GetChatLimit()
		case "idle_minutes":
			if row.IdleMinutes = from.GetIdleMinutes(); row.IdleMinutes == 0 {
				row.IdleMinutes = int32(defaultIdle.Minutes())
			}
		case "allowed_origins":
			row.AllowedOrigins = append([]string{}, from.GetAllowedOrigins()...)
		}
	}
}

// maskOf is the mask of an update: as given if every path can be set, or if none
// is given, all that have a value.
func maskOf(given, settable []string, isSet func(path string) bool) ([]string, error) {
	for _, path := range given {
		if !slices.Contains(settable, path) {
			return nil, errMask.WithField("update_mask")
		}
	}
	if len(given) > 0 {
		return given, nil
	}
	var set []string
	for _, path := range settable {
		if isSet(path) {
			set = append(set, path)
		}
	}
	return set, nil
}

// isSet reports whether a field of a channel has a value.
func isSet(c *livechatv1.Channel, path string) bool {
	m := c.ProtoReflect()
	return m.Has(m.Descriptor().Fields().ByTextName(path))
}

func checkName(name string) *fault.Error {
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n < 1 || n > 80 {
		return errName.WithField("name")
	}
	return nil
}

// describe is channels as a user sees them, in three queries however many.
func (s *Service) describe(ctx context.Context, c access.Caller, rows ...db.Channel) ([]*livechatv1.Channel, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	there, _ := s.Presence.Snapshot(ctx, c.Workspace)
	loads, err := s.loads(ctx, s.DB, c.Workspace, ids...)
	if err != nil {
		return nil, err
	}
	joined, err := s.q.OperatorChannels(ctx, s.DB, db.OperatorChannelsParams{WorkspaceID: c.Workspace, UserID: c.ID, ChannelIds: ids})
	if err != nil {
		return nil, fmt.Errorf("read memberships: %w", err)
	}
	out := make([]*livechatv1.Channel, len(rows))
	for i := range rows {
		out[i] = channelOf(&rows[i])
		out[i].AvailableOperatorCount = int32(len(availableOf(&rows[i], loads, there, s.Now())))
		out[i].Joined = slices.Contains(joined, rows[i].ID)
	}
	return out, nil
}

func channelOf(c *db.Channel) *livechatv1.Channel {
	return &livechatv1.Channel{
		Id: c.ID.String(), Name: c.Name, WelcomeText: c.WelcomeText, Title: c.Title, InputPlaceholder: c.InputPlaceholder,
		Color: c.Color, ChatLimit: c.ChatLimit, IdleMinutes: c.IdleMinutes, AllowedOrigins: c.AllowedOrigins,
		CreateTime: timestamppb.New(c.CreateTime),
	}
}
