package livechat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	stateOpen   int16 = 1
	stateClosed int16 = 2
)

// end closes a chat with the lines that say so. A chat that is closed already
// stays as it is: of two who close it at once, one writes the lines.
func (s *Service) end(ctx context.Context, c access.Caller, chat uuid.UUID) error {
	facts, err := s.facts(ctx, c.Workspace, chat)
	if err != nil {
		return err
	}
	changed := false
	err = s.transact(ctx, func(tx pgx.Tx) (_ []thread.Message, err error) {
		changed, err = s.Log.SetClosed(ctx, tx, c.Workspace, chat, true)
		if err != nil || !changed {
			return nil, err
		}
		err = s.q.ChatClose(ctx, tx, db.ChatCloseParams{WorkspaceID: c.Workspace, ID: chat, CloseTime: s.Now()})
		if err != nil {
			return nil, fmt.Errorf("close chat: %w", err)
		}
		who := thread.AuthorOf(c)
		closed := line(c.Workspace, chat, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_CLOSED, &who)
		if c.Kind == access.Visitor {
			return s.say(ctx, tx, line(c.Workspace, chat, threadv1.SystemEvent_SYSTEM_EVENT_VISITOR_LEFT, &who), closed)
		}
		return s.say(ctx, tx, closed)
	})
	if err == nil && changed {
		s.offer(c.Workspace, facts.ChannelID) // somebody has one chat less
	}
	return err
}

// reopen opens a closed chat again. A user who does so keeps it with whoever had
// it, or takes it if nobody had. For a visitor it is as a new chat: with the
// operator of before if they are available, else with another, or it waits.
func (s *Service) reopen(ctx context.Context, c access.Caller, chat uuid.UUID) error {
	facts, err := s.facts(ctx, c.Workspace, chat)
	if err != nil {
		return err
	}
	there, _ := s.Presence.Snapshot(ctx, c.Workspace)
	k := channelKey{c.Workspace, facts.ChannelID}
	return s.transact(ctx, func(tx pgx.Tx) ([]thread.Message, error) {
		channel, err := s.lock(ctx, tx, k.workspace, k.channel)
		if err != nil {
			return nil, err
		}
		changed, err := s.Log.SetClosed(ctx, tx, c.Workspace, chat, false)
		if err != nil || !changed {
			return nil, err
		}
		row, err := s.q.ChatLock(ctx, tx, db.ChatLockParams{WorkspaceID: c.Workspace, ID: chat})
		if err != nil {
			return nil, fmt.Errorf("lock chat: %w", err)
		}
		by := thread.AuthorOf(c)
		lines := []thread.Draft{line(c.Workspace, chat, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_REOPENED, &by)}
		var who []thread.Draft
		if c.Kind == access.Visitor {
			who, err = s.reopenForVisitor(ctx, tx, &channel, &row, there)
		} else {
			who, err = s.reopenForUser(ctx, tx, c, k, &row)
		}
		if err != nil {
			return nil, err
		}
		return s.say(ctx, tx, append(lines, who...)...)
	})
}

func (s *Service) reopenForUser(ctx context.Context, tx pgx.Tx, c access.Caller, k channelKey, row *db.Chat) ([]thread.Draft, error) {
	if err := s.setOpen(ctx, tx, row, row.OperatorID); err != nil || row.OperatorID != nil {
		return nil, err
	}
	done, err := s.give(ctx, tx, k, row.ID, c.ID)
	if err != nil || !done {
		return nil, err
	}
	return []thread.Draft{joinedLine(k.workspace, row.ID, c.ID, c.ChatName)}, nil
}

func (s *Service) reopenForVisitor(ctx context.Context, tx pgx.Tx, channel *db.Channel, row *db.Chat, there map[uuid.UUID]presence.Status) ([]thread.Draft, error) {
	available, err := s.available(ctx, tx, channel, there)
	if err != nil {
		return nil, err
	}
	for _, a := range available {
		if row.OperatorID != nil && a.user == *row.OperatorID {
			return nil, s.setOpen(ctx, tx, row, row.OperatorID)
		}
	}
	if err := s.setOpen(ctx, tx, row, nil); err != nil {
		return nil, err
	}
	k := channelKey{channel.WorkspaceID, channel.ID}
	joined, found, err := s.assign(ctx, tx, k, row.ID, row.VisitorID, available)
	if err != nil {
		return nil, err
	}
	if !found {
		joined = nobodyLine(k.workspace, row.ID)
	}
	return []thread.Draft{joined}, nil
}

func (s *Service) setOpen(ctx context.Context, tx pgx.Tx, row *db.Chat, operator *uuid.UUID) error {
	err := s.q.ChatReopen(ctx, tx, db.ChatReopenParams{WorkspaceID: row.WorkspaceID, ID: row.ID, OperatorID: operator})
	return wrap("reopen chat", err)
}

// nobodyLine tells the visitor that they have to wait.
func nobodyLine(workspace, chat uuid.UUID) thread.Draft {
	return line(workspace, chat, threadv1.SystemEvent_SYSTEM_EVENT_NO_OPERATOR, nil)
}

// take makes a user the operator of a chat that nobody has. If another has it,
// the failure names them.
func (s *Service) take(ctx context.Context, c access.Caller, chat uuid.UUID) error {
	facts, err := s.facts(ctx, c.Workspace, chat)
	if err != nil {
		return err
	}
	k := channelKey{c.Workspace, facts.ChannelID}
	return s.transact(ctx, func(tx pgx.Tx) ([]thread.Message, error) {
		if _, err := s.lock(ctx, tx, k.workspace, k.channel); err != nil {
			return nil, err
		}
		if err := s.lockThread(ctx, tx, c.Workspace, chat); err != nil {
			return nil, err
		}
		row, err := s.q.ChatLock(ctx, tx, db.ChatLockParams{WorkspaceID: c.Workspace, ID: chat})
		if err != nil {
			return nil, fmt.Errorf("lock chat: %w", err)
		}
		switch {
		case row.OperatorID != nil && *row.OperatorID == c.ID:
			return nil, nil
		case row.OperatorID != nil:
			return nil, s.takenBy(ctx, tx, c.Workspace, *row.OperatorID)
		case row.State != stateOpen:
			return nil, thread.ErrClosed
		}
		if _, err := s.give(ctx, tx, k, chat, c.ID); err != nil {
			return nil, err
		}
		return s.say(ctx, tx, joinedLine(c.Workspace, chat, c.ID, c.ChatName))
	})
}

// takenBy says who was quicker.
func (s *Service) takenBy(ctx context.Context, tx pgx.Tx, workspace, user uuid.UUID) error {
	row, err := s.q.OperatorAgentFind(ctx, tx, db.OperatorAgentFindParams{WorkspaceID: workspace, ID: user})
	if err != nil && !store.IsNoRows(err) {
		return fmt.Errorf("find user: %w", err)
	}
	return errTaken.WithMessage("%s has this chat already", row.Name).With("operator_id", user.String()).With("operator_name", row.Name)
}
