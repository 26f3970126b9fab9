package live

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

// Tracker knows how present the users are; *presence.Tracker.
type Tracker interface {
	Heartbeat(workspace, user uuid.UUID, active bool)
	Get(ctx context.Context, workspace, user uuid.UUID) (*livev1.Presence, error)
	SetAvailability(ctx context.Context, workspace, user uuid.UUID, wish livev1.Availability) (*livev1.Presence, error)
	List(ctx context.Context, workspace, after uuid.UUID, size int) (page []*livev1.Presence, more, complete bool, err error)
}

// Service implements LiveService over a hub and what knows of presence.
type Service struct {
	*Hub
	Tracker Tracker
	Pages   *rpc.Pages
}

// Subscribe is not for calling: Mount puts SubscribeHandler, which sends frames
// that are encoded already, in its place.
func (s *Service) Subscribe(context.Context, *livev1.SubscribeRequest, *connect.ServerStream[livev1.SubscribeResponse]) error {
	return connect.NewError(connect.CodeUnimplemented, errors.New("streams are served by the hub"))
}

// Mount serves LiveService on mux.
func (s *Service) Mount(mux *http.ServeMux, options ...connect.HandlerOption) {
	mux.Handle(livev1connect.NewLiveServiceHandler(s, options...))
	path, handler := s.SubscribeHandler(options...)
	mux.Handle(path, handler) // the longer path wins
}

// Heartbeat implements LiveService.
func (s *Service) Heartbeat(ctx context.Context, req *livev1.HeartbeatRequest) (*livev1.HeartbeatResponse, error) {
	c := access.FromContext(ctx)
	s.Tracker.Heartbeat(c.Workspace, c.ID, req.GetActive())
	p, err := s.Tracker.Get(ctx, c.Workspace, c.ID)
	return &livev1.HeartbeatResponse{Presence: p}, err
}

// SetAvailability implements LiveService.
func (s *Service) SetAvailability(ctx context.Context, req *livev1.SetAvailabilityRequest) (*livev1.SetAvailabilityResponse, error) {
	c := access.FromContext(ctx)
	p, err := s.Tracker.SetAvailability(ctx, c.Workspace, c.ID, req.GetAvailability())
	return &livev1.SetAvailabilityResponse{Presence: p}, err
}

// ListPresence implements LiveService.
func (s *Service) ListPresence(ctx context.Context, req *livev1.ListPresenceRequest) (*livev1.ListPresenceResponse, error) {
	c := access.FromContext(ctx)
	var after uuid.UUID
	if _, err := s.Pages.Decode(ctx, req, &after); err != nil {
		return nil, err
	}
	page, more, complete, err := s.Tracker.List(ctx, c.Workspace, after, rpc.PageSize(req.GetPageSize(), 50, 200))
	if err != nil {
		return nil, err
	}
	res := &livev1.ListPresenceResponse{Presences: page, Complete: complete, ReadTime: timestamppb.New(s.now())}
	if !more || len(page) == 0 {
		return res, nil
	}
	last, err := uuid.Parse(page[len(page)-1].GetUserId())
	if err != nil {
		return nil, err
	}
	res.NextPageToken, err = s.Pages.Encode(ctx, req, last)
	return res, err
}
