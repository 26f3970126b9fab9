package livechat

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/presence"
)

const (
	// countsFor is how long after its last message an open chat counts against an
	// operator's limit, and weighsFor how long it counts as load.
	countsFor = 15 * time.Minute
	weighsFor = 30 * time.Minute

	defaultIdle = 30 * time.Minute
)

// candidate is an operator as the choice sees them.
type candidate struct {
	user uuid.UUID
	// chatName is what visitors see.
	chatName string
	// status is how present they are; its state is unset if they are not.
	status presence.Status
	// limit is how many chats they may have; 0 is no limit.
	limit int
	// counted are the chats that count against the limit, load those by which the
	// work is spread.
	counted, load int
	// assigned is when they last got a chat; zero if never.
	assigned time.Time
	joined   time.Time
}

// available is the rule of who can be given a chat.
func (c *candidate) available(now time.Time, idle time.Duration) bool {
	return stateOf(c.status, now, idle) != livechatv1.OperatorState_OPERATOR_STATE_OFFLINE && (c.limit == 0 || c.counted < c.limit)
}

// stateOf is the rule of how present an operator is for a channel: whoever does
// nothing for longer than it allows is as good as gone.
func stateOf(s presence.Status, now time.Time, idle time.Duration) livechatv1.OperatorState {
	switch {
	case s.State != presence.Online && s.State != presence.Away, now.Sub(s.LastActive) >= idle:
		return livechatv1.OperatorState_OPERATOR_STATE_OFFLINE
	case s.State == presence.Away:
		return livechatv1.OperatorState_OPERATOR_STATE_AWAY
	default:
		return livechatv1.OperatorState_OPERATOR_STATE_ONLINE
	}
}

// choose is the rule of who gets a chat, of those available. previous is who last
// had one with the visitor, or the zero UUID.
func choose(available []candidate, previous uuid.UUID) (chosen candidate, ok bool) {
	if len(available) == 0 {
		return candidate{}, false
	}
	for _, c := range available {
		if c.user == previous {
			return c, true
		}
	}
	return slices.MinFunc(available, before), true
}

// before orders candidates: negative if a is to be chosen rather than b. No two
// users are equal, so it leaves nothing to chance.
func before(a, b candidate) int {
	return cmp.Or(
		cmp.Compare(away(a), away(b)),
		cmp.Compare(a.load, b.load),
		a.assigned.Compare(b.assigned),
		a.joined.Compare(b.joined),
		bytes.Compare(a.user[:], b.user[:]),
	)
}

func away(c candidate) int {
	if c.status.State == presence.Away {
		return 1
	}
	return 0
}

// availableOf are the available operators of a channel.
func availableOf(channel *db.Channel, loads []db.OperatorLoadsRow, there map[uuid.UUID]presence.Status, now time.Time) []candidate {
	var out []candidate
	for _, l := range loads {
		if l.ChannelID != channel.ID {
			continue
		}
		c := candidate{
			user: l.UserID, chatName: cmp.Or(l.ChatName, l.Name), status: there[l.UserID],
			limit: int(cmp.Or(l.ChatLimit, channel.ChatLimit)), counted: int(l.LimitCount), load: int(l.LoadCount), joined: l.JoinTime,
		}
		if l.LastAssignTime != nil {
			c.assigned = *l.LastAssignTime
		}
		if c.available(now, idleOf(channel)) {
			out = append(out, c)
		}
	}
	return out
}

func idleOf(channel *db.Channel) time.Duration {
	return cmp.Or(time.Duration(channel.IdleMinutes)*time.Minute, defaultIdle)
}
