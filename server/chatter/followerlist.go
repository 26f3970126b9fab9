package chatter

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

// followerPlace is where a page of followers ends.
type followerPlace struct {
	Time time.Time
	ID   uuid.UUID
}

// ListFollowers implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) ListFollowers(ctx context.Context, req *chatterv1.ListFollowersRequest) (*chatterv1.ListFollowersResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	in := db.FollowerListParams{WorkspaceID: c.Workspace, ThreadID: id, MaxRows: int32(size + 1)}
	var place followerPlace
	more, err := h.pages.Decode(ctx, req, &place)
	if err != nil {
		return nil, err
	}
	if more {
		in.AfterTime, in.AfterID = &place.Time, place.ID
	}
	rows, err := h.q.FollowerList(ctx, h.db, in)
	if err != nil {
		return nil, fmt.Errorf("list followers: %w", err)
	}
	known, err := h.subtypes(ctx, c.Workspace, rights.Facts)
	if err != nil {
		return nil, err
	}
	res := &chatterv1.ListFollowersResponse{}
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1].Follower
		if res.NextPageToken, err = h.pages.Encode(ctx, req, followerPlace{Time: last.CreateTime, ID: last.PartyID}); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		res.Followers = append(res.Followers, follower(&rows[i].Follower, rows[i].Name, known))
	}
	return res, nil
}
