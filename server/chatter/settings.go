package chatter

import (
	"context"
	"fmt"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
)

// GetNotificationSettings implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) GetNotificationSettings(ctx context.Context, _ *chatterv1.GetNotificationSettingsRequest) (*chatterv1.GetNotificationSettingsResponse, error) {
	s, err := h.settings(ctx, access.FromContext(ctx))
	return &chatterv1.GetNotificationSettingsResponse{Settings: s}, err
}

// UpdateNotificationSettings implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) UpdateNotificationSettings(ctx context.Context, req *chatterv1.UpdateNotificationSettingsRequest) (*chatterv1.UpdateNotificationSettingsResponse, error) {
	c, s := access.FromContext(ctx), req.GetSettings()
	if (s.GetQuietFrom() == "") != (s.GetQuietTo() == "") || s.GetQuietFrom() != "" && s.GetQuietFrom() == s.GetQuietTo() {
		return nil, errQuietHours
	}
	err := h.q.NotificationSettingsSet(ctx, h.db, db.NotificationSettingsSetParams{
		NotifyBy:  int16(max(s.GetNotifyBy(), chatterv1.NotifyBy_NOTIFY_BY_INBOX)),
		QuietFrom: s.GetQuietFrom(), QuietTo: s.GetQuietTo(), NotifyBrowser: s.GetBrowser(), ActivityDigest: s.GetActivityDigest(),
		WorkspaceID: c.Workspace, ID: c.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("save notification settings: %w", err)
	}
	saved, err := h.settings(ctx, c)
	return &chatterv1.UpdateNotificationSettingsResponse{Settings: saved}, err
}

func (h *Handler) settings(ctx context.Context, c access.Caller) (*chatterv1.NotificationSettings, error) {
	row, err := h.q.NotificationSettingsGet(ctx, h.db, db.NotificationSettingsGetParams{WorkspaceID: c.Workspace, ID: c.ID})
	if err != nil {
		return nil, fmt.Errorf("read notification settings: %w", err)
	}
	return &chatterv1.NotificationSettings{
		NotifyBy: chatterv1.NotifyBy(row.NotifyBy), QuietFrom: row.QuietFrom, QuietTo: row.QuietTo, Browser: row.NotifyBrowser,
		ActivityDigest: row.ActivityDigest,
	}, nil
}
