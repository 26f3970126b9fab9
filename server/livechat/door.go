package livechat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

// Rights implements access.Door for the threads of chats: a visitor has their
// own, agents and administrators have all of the workspace, members have none.
// Whether a chat is closed is for the log to say, which knows it for certain.
func (s *Service) Rights(ctx context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	full := access.Rights{Facts: f, Read: true, Post: true}
	switch {
	case c.Agent(), c.Kind == access.System:
		full.Manage = true
		return full, nil
	case c.Kind == access.Visitor:
		facts, err := s.facts(ctx, c.Workspace, f.ID)
		if err != nil && !errors.Is(err, errNoChat) {
			return access.Rights{}, err
		}
		if err == nil && facts.VisitorID == c.ID {
			return full, nil
		}
	}
	return access.Rights{Facts: f}, nil
}

// facts answers what never changes about a chat.
func (s *Service) facts(ctx context.Context, workspace, chat uuid.UUID) (db.ChatFactsRow, error) {
	key := chatKey{workspace, chat}
	if f, ok := s.owners.Get(key); ok {
		return f, nil
	}
	f, err := s.q.ChatFacts(ctx, s.DB, db.ChatFactsParams{WorkspaceID: workspace, ID: chat})
	if store.IsNoRows(err) {
		return f, errNoChat
	}
	if err != nil {
		return f, fmt.Errorf("find chat: %w", err)
	}
	s.owners.Put(key, f)
	return f, nil
}

// own answers the chat that a visitor names, if it is theirs.
func (s *Service) own(ctx context.Context, c access.Caller, id string) (uuid.UUID, db.ChatFactsRow, error) {
	chat, err := uuid.Parse(id)
	if err != nil {
		return uuid.Nil, db.ChatFactsRow{}, errNoChat
	}
	f, err := s.facts(ctx, c.Workspace, chat)
	if err == nil && f.VisitorID != c.ID {
		err = errNoChat
	}
	return chat, f, err
}

// Titles answers what to call the threads of some chats: the visitor's name.
func (s *Service) Titles(ctx context.Context, workspace uuid.UUID, chats []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := s.q.ChatTitles(ctx, s.DB, db.ChatTitlesParams{WorkspaceID: workspace, Ids: chats})
	if err != nil {
		return nil, fmt.Errorf("read chats' titles: %w", err)
	}
	titles := make(map[uuid.UUID]string, len(rows))
	for _, r := range rows {
		titles[r.ID] = r.Name
	}
	return titles, nil
}
