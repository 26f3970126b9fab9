package livechat

import (
	"context"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/access"
)

// Scope answers which chats the caller may read without being asked for one: an
// agent all, others none, by the same rules as Rights. A visitor names theirs.
func (s *Service) Scope(_ context.Context, c access.Caller) (access.Scope, error) {
	if c.Agent() || c.Kind == access.System {
		return access.Scope{All: []string{""}}, nil
	}
	return access.Scope{}, nil
}

// Readable is never asked: with chats it depends on none of them.
func (s *Service) Readable(context.Context, access.Caller, map[string][]uuid.UUID) (map[uuid.UUID]bool, error) {
	return nil, nil
}
