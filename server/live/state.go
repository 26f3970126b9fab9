package live

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/access"
)

// States builds what the hub tells of topics that hold states; the areas that own
// them implement it.
type States interface {
	// InboxChange is a user's inbox as it is now, with the item if it is named.
	InboxChange(ctx context.Context, workspace, user uuid.UUID, item *uuid.UUID) (*livev1.InboxChange, error)
	// ChatViews is a chat as each of the users sees it.
	ChatViews(ctx context.Context, workspace, chat uuid.UUID, users []uuid.UUID) (map[uuid.UUID]*livechatv1.Chat, error)
}

// Presence is told who has a stream open; the presence package implements it.
type Presence interface {
	Connected(workspace, user uuid.UUID, active bool)
	Disconnected(workspace, user uuid.UUID)
}

// coalescer runs one job a key at a time; whoever asks while it runs makes it run
// once more, not once each.
type coalescer struct {
	mu      sync.Mutex
	running map[uuid.UUID]bool // true if it was asked for again
}

// begin is true if the caller is to run the job.
func (c *coalescer) begin(key uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = make(map[uuid.UUID]bool)
	}
	if _, running := c.running[key]; running {
		c.running[key] = true
		return false
	}
	c.running[key] = false
	return true
}

// again is true if the job was asked for while it ran, and is to run once more.
func (c *coalescer) again(key uuid.UUID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[key] {
		c.running[key] = false
		return true
	}
	delete(c.running, key)
	return false
}

// tellChat builds a chat once for all users who listen, and tells them.
func (h *Hub) tellChat(workspace, chat uuid.UUID) {
	h.changed.note(chatsState, workspace)
	if len(h.listeners(chatsState, workspace)) == 0 || !h.chats.begin(chat) {
		return
	}
	h.background(func(ctx context.Context) {
		for {
			h.sendChat(ctx, workspace, chat)
			if !h.chats.again(chat) {
				return
			}
		}
	})
}

func (h *Hub) sendChat(ctx context.Context, workspace, chat uuid.UUID) {
	streams := h.listeners(chatsState, workspace)
	byUser := make(map[uuid.UUID][]*stream)
	var users []uuid.UUID
	for _, s := range streams {
		if byUser[s.caller.ID] == nil {
			users = append(users, s.caller.ID)
		}
		byUser[s.caller.ID] = append(byUser[s.caller.ID], s)
	}
	views, err := h.Config.States.ChatViews(ctx, workspace, chat, users)
	if err != nil {
		h.slog.Warn("a chat could not be read for its list", "chat", chat, "error", err)
		for _, s := range streams {
			s.lose(chatsState)
		}
		return
	}
	for user, view := range views {
		f := eventFrame(&livev1.Event{Change: &livev1.Event_Chat{Chat: view}})
		for _, s := range byUser[user] {
			s.pushState(chatsState, f)
		}
	}
}

// tellInbox tells a user's streams what is new in the inbox, one reading after
// the other, so that the last word is the newest.
func (h *Hub) tellInbox(workspace, user uuid.UUID, item *uuid.UUID) {
	h.changed.note(inboxState, user)
	if len(h.listeners(inboxState, user)) == 0 || !h.inboxes.begin(user) {
		return
	}
	h.background(func(ctx context.Context) {
		for {
			h.sendInbox(ctx, workspace, user, item)
			if !h.inboxes.again(user) {
				return
			}
			item = nil // several may have changed
		}
	})
}

func (h *Hub) sendInbox(ctx context.Context, workspace, user uuid.UUID, item *uuid.UUID) {
	streams := h.listeners(inboxState, user)
	change, err := h.Config.States.InboxChange(ctx, workspace, user, item)
	if err != nil {
		h.slog.Warn("an inbox could not be read", "user", user, "error", err)
		for _, s := range streams {
			s.lose(inboxState)
		}
		return
	}
	f := eventFrame(&livev1.Event{Change: &livev1.Event_Inbox{Inbox: change}})
	for _, s := range streams {
		s.pushState(inboxState, f)
	}
}

// PresenceChanged tells those who listen how present a user is now.
func (h *Hub) PresenceChanged(workspace uuid.UUID, p *livev1.Presence) {
	h.changed.note(presenceState, workspace)
	f := eventFrame(&livev1.Event{Change: &livev1.Event_Presence{Presence: p}})
	for _, s := range h.listeners(presenceState, workspace) {
		s.pushState(presenceState, f)
	}
}

// changes remembers when state topics last changed on this node, so that a poll
// can tell whether anything happened since the one before.
type changes struct {
	mu    sync.Mutex
	clock int64
	floor int64 // nothing is known of before
	last  map[changeKey]int64
}

type changeKey struct {
	kind stateKind
	key  uuid.UUID
}

const changesSize = 100_000

func newChanges() *changes { return &changes{last: make(map[changeKey]int64)} }

func (c *changes) note(kind stateKind, key uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last) >= changesSize {
		clear(c.last)
		c.floor = c.clock
	}
	c.clock++
	c.last[changeKey{kind, key}] = c.clock
}

// forgetAll says that changes may have been missed.
func (c *changes) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.last)
	c.clock++
	c.floor = c.clock
}

// since is true if the topic may have changed after the moment.
func (c *changes) since(kind stateKind, key uuid.UUID, moment int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return moment < c.floor || c.last[changeKey{kind, key}] > moment
}

func (c *changes) moment() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock
}

// stateCursor is a moment on this node, which another node knows nothing of.
func (h *Hub) stateCursor(moment int64) string {
	return h.Node.String()[:13] + "." + strconv.FormatInt(moment, 36)
}

// quiet is true if the topic did not change since the cursor.
func (h *Hub) quiet(c access.Caller, kind stateKind, cursor string) bool {
	return h.quietSince(kind, stateKey(c, kind), cursor)
}

func (h *Hub) quietSince(kind stateKind, key uuid.UUID, cursor string) bool {
	node, moment, ok := strings.Cut(cursor, ".")
	at, err := strconv.ParseInt(moment, 36, 64)
	return ok && err == nil && node == h.Node.String()[:13] && !h.changed.since(kind, key, at)
}
