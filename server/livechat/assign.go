package livechat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// sweepChannels is how many channels one look goes through; the next look
	// goes on after them.
	sweepChannels = 100
	// dispatched is how many chats one Dispatch gives out at most.
	dispatched   = 200
	dispatchTime = 15 * time.Second
)

// lock holds a channel for whoever is about to give a chat of it to somebody.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, workspace, channel uuid.UUID) (db.Channel, error) {
	row, err := s.q.ChannelLock(ctx, tx, db.ChannelLockParams{WorkspaceID: workspace, ID: channel})
	if store.IsNoRows(err) {
		return row, errNoChannel
	}
	if err != nil {
		return row, fmt.Errorf("lock channel: %w", err)
	}
	return row, nil
}

// available are the operators of a channel who can be given a chat now.
func (s *Service) available(ctx context.Context, tx db.DBTX, channel *db.Channel, there map[uuid.UUID]presence.Status) ([]candidate, error) {
	if len(there) == 0 {
		return nil, nil
	}
	loads, err := s.loads(ctx, tx, channel.WorkspaceID, channel.ID)
	if err != nil {
		return nil, err
	}
	return availableOf(channel, loads, there, s.Now()), nil
}

func (s *Service) loads(ctx context.Context, tx db.DBTX, workspace uuid.UUID, channels ...uuid.UUID) ([]db.OperatorLoadsRow, error) {
	now := s.Now()
	loads, err := s.q.OperatorLoads(ctx, tx, db.OperatorLoadsParams{
		WorkspaceID: workspace, ChannelIds: channels, LimitSince: now.Add(-countsFor), LoadSince: now.Add(-weighsFor),
	})
	if err != nil {
		return nil, fmt.Errorf("read operators' chats: %w", err)
	}
	return loads, nil
}

// assign gives an open chat that nobody has to the right one of those available,
// and answers the line that says so. found is false if there is none, or if
// somebody else was quicker. The caller holds the channel and the chat's thread.
func (s *Service) assign(ctx context.Context, tx pgx.Tx, k channelKey, chat, visitor uuid.UUID, available []candidate) (joined thread.Draft, found bool, err error) {
	if len(available) == 0 {
		return thread.Draft{}, false, nil
	}
	previous, err := s.q.ChatPrevious(ctx, tx, db.ChatPreviousParams{WorkspaceID: k.workspace, VisitorID: visitor, ChannelID: k.channel})
	if err != nil && !store.IsNoRows(err) {
		return thread.Draft{}, false, fmt.Errorf("find previous operator: %w", err)
	}
	chosen, _ := choose(available, previous)
	taken, err := s.give(ctx, tx, k, chat, chosen.user)
	if err != nil || !taken {
		return thread.Draft{}, false, err
	}
	return joinedLine(k.workspace, chat, chosen.user, chosen.chatName), true, nil
}

// give makes a user the operator of an open chat that nobody has; done is false
// if it is another's by now.
func (s *Service) give(ctx context.Context, tx pgx.Tx, k channelKey, chat, user uuid.UUID) (done bool, err error) {
	n, err := s.q.ChatAssign(ctx, tx, db.ChatAssignParams{WorkspaceID: k.workspace, ID: chat, OperatorID: user})
	if err != nil {
		return false, fmt.Errorf("assign chat: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	err = s.q.OperatorAssigned(ctx, tx, db.OperatorAssignedParams{
		WorkspaceID: k.workspace, ChannelID: k.channel, UserID: user, AssignTime: s.Now(),
	})
	if err != nil {
		return false, fmt.Errorf("note assignment: %w", err)
	}
	return true, nil
}

// joinedLine tells the visitor who answers: by the name that visitors see.
func joinedLine(workspace, chat, user uuid.UUID, chatName string) thread.Draft {
	who := thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_USER, ID: user, PublicName: chatName}
	return line(workspace, chat, threadv1.SystemEvent_SYSTEM_EVENT_OPERATOR_JOINED, &who)
}

// Dispatch gives the waiting chats of a channel to whoever is available, those
// that came first first, and answers how many. Any number of nodes may do so at
// the same time.
func (s *Service) Dispatch(ctx context.Context, workspace, channel uuid.UUID) (given int, err error) {
	for given < dispatched {
		there, _ := s.Presence.Snapshot(ctx, workspace)
		row, err := s.channel(ctx, workspace, channel)
		if err != nil {
			return given, err
		}
		// Where nobody is available, which is most often, no lock is taken.
		available, err := s.available(ctx, s.DB, &row, there)
		if err != nil || len(available) == 0 {
			return given, err
		}
		step, err := s.dispatchNext(ctx, channelKey{workspace, channel}, there)
		if err != nil || step == nothingWaits {
			return given, err
		}
		if step == chatGiven {
			given++
		}
	}
	return given, nil
}

// step is how the attempt to give out one chat ended.
type step uint8

const (
	nothingWaits  step = iota // or nobody is available any more
	chatGiven                 // somebody has it now
	chatElsewhere             // it was taken or closed meanwhile: look again
)

// dispatchNext gives out the chat of a channel that waits longest.
func (s *Service) dispatchNext(ctx context.Context, k channelKey, there map[uuid.UUID]presence.Status) (done step, err error) {
	err = s.transact(ctx, func(tx pgx.Tx) ([]thread.Message, error) {
		done = nothingWaits
		row, err := s.lock(ctx, tx, k.workspace, k.channel)
		if err != nil {
			return nil, err
		}
		waiting, err := s.q.ChatWaiting(ctx, tx, db.ChatWaitingParams{WorkspaceID: k.workspace, ChannelID: k.channel, MaxRows: 1})
		if err != nil || len(waiting) == 0 {
			return nil, wrap("find waiting chat", err)
		}
		chat := waiting[0]
		if err := s.lockThread(ctx, tx, k.workspace, chat.ID); err != nil {
			return nil, err
		}
		available, err := s.available(ctx, tx, &row, there)
		if err != nil || len(available) == 0 {
			return nil, err
		}
		joined, found, err := s.assign(ctx, tx, k, chat.ID, chat.VisitorID, available)
		if err != nil || !found {
			done = chatElsewhere
			return nil, err
		}
		done = chatGiven
		return s.say(ctx, tx, joined)
	})
	return done, err
}

// lockThread holds a chat's thread, as every post does before it touches the
// chat's row.
func (s *Service) lockThread(ctx context.Context, tx pgx.Tx, workspace, chat uuid.UUID) error {
	_, err := s.q.ChatThreadLock(ctx, tx, db.ChatThreadLockParams{WorkspaceID: workspace, ID: chat})
	if store.IsNoRows(err) {
		return errNoChat
	}
	return wrap("lock thread", err)
}

// offer asks for a channel's waiting chats to be given out soon. If too many ask
// at once, the next look finds it.
func (s *Service) offer(workspace, channel uuid.UUID) {
	select {
	case s.changed <- channelKey{workspace, channel}:
	default:
	}
}

// Run gives out waiting chats until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.Sweep)
	defer ticker.Stop()
	var place channelKey
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-s.changed:
			s.dispatch(ctx, c)
		case <-ticker.C:
			place = s.sweep(ctx, place)
		}
	}
}

// sweep looks through some of the channels in which chats wait, after the place
// where it left off, and answers where it leaves off now.
func (s *Service) sweep(ctx context.Context, place channelKey) channelKey {
	bounded, cancel := context.WithTimeout(ctx, dispatchTime)
	rows, err := s.q.ChatWaitingChannels(bounded, s.DB, db.ChatWaitingChannelsParams{
		AfterWorkspace: place.workspace, AfterChannel: place.channel, MaxRows: sweepChannels,
	})
	cancel()
	if err != nil {
		if ctx.Err() == nil {
			s.Slog.WarnContext(ctx, "find waiting chats", "error", err)
		}
		return place
	}
	next := channelKey{}
	for _, r := range rows {
		next = channelKey{r.WorkspaceID, r.ChannelID}
		s.dispatch(ctx, next)
	}
	if len(rows) < sweepChannels {
		return channelKey{} // from the beginning
	}
	return next
}

func (s *Service) dispatch(ctx context.Context, c channelKey) {
	bounded, cancel := context.WithTimeout(ctx, dispatchTime)
	defer cancel()
	if _, err := s.Dispatch(bounded, c.workspace, c.channel); err != nil && ctx.Err() == nil {
		s.Slog.WarnContext(ctx, "give out waiting chats", "channel", c.channel, "error", err)
	}
}

// wrap says what failed, if something did.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
