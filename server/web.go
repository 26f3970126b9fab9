package server

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/web"
)

// mountWeb puts console, widget and demo website at their addresses.
func (s *Server) mountWeb() error {
	pictures, err := s.Files.Origins(context.Background())
	if err != nil {
		return err
	}
	c := web.Config{Origins: s.origins, Pictures: pictures, Log: s.Config.Log}
	if s.DemoWorkspace != "" {
		c.DemoChannel = s.demoChannel
	}
	pages, err := web.New(c)
	if err != nil {
		return fmt.Errorf("read the web applications: %w", err)
	}
	s.mux.Handle("/", pages)
	return nil
}

// origins answers which websites may show a channel's widget.
func (s *Server) origins(ctx context.Context, channel uuid.UUID) ([]string, error) {
	origins, found, err := s.chats.AllowedOrigins(ctx, channel)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "CHANNEL_NOT_FOUND", "there is no such channel")
	}
	return origins, err
}

// demoChannel answers the first channel of the demo workspace.
func (s *Server) demoChannel(ctx context.Context) (uuid.UUID, error) {
	q := db.New()
	w, err := q.WorkspaceGetByName(ctx, s.Pool, s.DemoWorkspace)
	if store.IsNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find the demo workspace: %w", err)
	}
	id, err := q.ChannelFirst(ctx, s.Pool, w.WorkspaceID)
	if store.IsNoRows(err) {
		return uuid.Nil, nil
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("find the demo channel: %w", err)
	}
	return id, nil
}
