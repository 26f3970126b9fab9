package server

import (
	"context"

	"github.com/google/uuid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/identity"
)

// states builds for the hub what the areas know.
type states struct{ s *Server }

// InboxChange implements live.States.
func (a states) InboxChange(ctx context.Context, workspace, user uuid.UUID, item *uuid.UUID) (*livev1.InboxChange, error) {
	return a.s.Chatter.InboxChange(ctx, workspace, user, item)
}

// ChatViews implements live.States.
func (a states) ChatViews(ctx context.Context, workspace, chat uuid.UUID, users []uuid.UUID) (map[uuid.UUID]*livechatv1.Chat, error) {
	return a.s.chats.ChatViews(ctx, workspace, chat, users)
}

// users gives the directory of identity to the record area.
type users struct{ d *identity.Directory }

// Find implements record.Users.
func (a users) Find(ctx context.Context, workspace uuid.UUID, query string, limit int) ([]*recordv1.Reference, error) {
	people, err := a.d.Search(ctx, workspace, query, limit)
	found := make([]*recordv1.Reference, len(people))
	for i, p := range people {
		found[i] = &recordv1.Reference{Id: p.ID.String(), Title: p.Name}
	}
	return found, err
}
