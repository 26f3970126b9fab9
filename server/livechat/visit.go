package livechat

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// What a window shows where the channel says nothing.
const (
	defaultColor = "#0f766e"
)

// mostUserAgent is how much is kept of how a browser names itself.
const mostUserAgent = 400

// AllowedOrigins answers which websites may show the widget of a channel, by its
// public id; none means every one. found is false if there is no such channel.
func (s *Service) AllowedOrigins(ctx context.Context, channel uuid.UUID) (origins []string, found bool, err error) {
	row, err := s.publicChannel(ctx, channel)
	if errors.Is(err, errNoChannel) {
		return nil, false, nil
	}
	return row.AllowedOrigins, err == nil, err
}

// publicChannel finds a channel by what stands in a website's script tag.
func (s *Service) publicChannel(ctx context.Context, id uuid.UUID) (db.Channel, error) {
	row, err := s.q.ChannelGetPublic(ctx, s.DB, id)
	if store.IsNoRows(err) {
		return row, errNoChannel
	}
	return row, wrap("find channel", err)
}

// GetWidget implements VisitorService.
func (h *VisitorHandler) GetWidget(ctx context.Context, req *visitorv1.GetWidgetRequest) (*visitorv1.GetWidgetResponse, error) {
	row, err := h.publicChannel(ctx, uuid.MustParse(req.GetChannelId()))
	if err != nil {
		return nil, err
	}
	there, _ := h.Presence.Snapshot(ctx, row.WorkspaceID)
	available, err := h.available(ctx, h.DB, &row, there)
	if err != nil {
		return nil, err
	}
	return &visitorv1.GetWidgetResponse{Widget: &visitorv1.Widget{
		ChannelId: row.ID.String(), Title: row.Title, WelcomeText: row.WelcomeText,
		InputPlaceholder: row.InputPlaceholder, Color: cmp.Or(row.Color, defaultColor),
		Online: len(available) > 0, MaxFileSize: h.MaxFileSize,
	}}, nil
}

// StartVisit implements VisitorService.
func (h *VisitorHandler) StartVisit(ctx context.Context, req *visitorv1.StartVisitRequest) (*visitorv1.StartVisitResponse, error) {
	row, err := h.publicChannel(ctx, uuid.MustParse(req.GetChannelId()))
	if err != nil {
		return nil, err
	}
	if wait, ok := h.Limiter.Allow(ctx, "visit:"+rpc.ClientNetwork(ctx), h.Limits.Visits); !ok {
		return nil, errManyVisits.WithRetry(wait)
	}
	res := &visitorv1.StartVisitResponse{}
	id := newID()
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		visitor, err := h.q.VisitorInsert(ctx, tx, db.VisitorInsertParams{
			WorkspaceID: row.WorkspaceID, ID: id, Name: nameOf(id), Locale: req.GetLocale(), TimeZone: req.GetTimeZone(),
			UserAgent: userAgent(ctx), CreateTime: h.Now(),
		})
		if err != nil {
			return fmt.Errorf("insert visitor: %w", err)
		}
		res.Visitor = &livechatv1.Visitor{Id: visitor.ID.String(), Name: visitor.Name}
		res.Token, err = h.Tokens.IssueVisitor(ctx, tx, row.WorkspaceID, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// EndVisit implements VisitorService. The visitor's open chats end with it:
// nobody could write in them for the visitor any more.
func (h *VisitorHandler) EndVisit(ctx context.Context, _ *visitorv1.EndVisitRequest) (*visitorv1.EndVisitResponse, error) {
	c := access.FromContext(ctx)
	open, err := h.q.ChatOpenOfVisitor(ctx, h.DB, db.ChatOpenOfVisitorParams{WorkspaceID: c.Workspace, VisitorID: c.ID, MaxRows: mostPage})
	if err != nil {
		return nil, fmt.Errorf("find open chats: %w", err)
	}
	for _, chat := range open {
		if err := h.end(ctx, c, chat); err != nil {
			return nil, err
		}
	}
	if err := h.Tokens.Revoke(ctx, c.Workspace, uuid.Nil, c.Credential); err != nil {
		return nil, err
	}
	return &visitorv1.EndVisitResponse{}, nil
}

// nameOf makes up a name for somebody who gave none, such as "Visitor 4F2A".
func nameOf(visitor uuid.UUID) string {
	return "Visitor " + strings.ToUpper(hex.EncodeToString(visitor[14:]))
}

// userAgent is the browser of the call as it names itself.
func userAgent(ctx context.Context) string {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return ""
	}
	agent := strings.ToValidUTF8(info.RequestHeader().Get("User-Agent"), "")
	return cleanName(agent[:min(len(agent), mostUserAgent)])
}
