package chatter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// maxReactions is how many different emoji one message takes.
	maxReactions = 20
	// maxReactors is how many people one emoji names; further ones change nothing.
	maxReactors = 200
	// maxPins is how many messages a thread has pinned.
	maxPins = 50
)

// SetReaction implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) SetReaction(ctx context.Context, req *chatterv1.SetReactionRequest) (*chatterv1.SetReactionResponse, error) {
	change, err := h.change(ctx, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	if !emoji(req.GetEmoji()) {
		return nil, errEmojiInvalid
	}
	c := change.Editor
	m, err := h.log.Amend(ctx, c.Workspace, change.Thread, change.Message, func(_ pgx.Tx, m *thread.Message) error {
		if m.Delete != nil {
			return thread.ErrUneditable
		}
		reactions, err := react(m.Extra.GetReactions(), thread.AuthorOf(c).Party(), req.GetEmoji(), req.GetRemoved())
		m.Extra.Reactions = reactions
		return err
	})
	if err != nil {
		return nil, err
	}
	return &chatterv1.SetReactionResponse{Message: thread.Redact(&m, thread.AudienceOf(c))}, nil
}

// react is what stands under a message after somebody answered it with an emoji,
// or took that back.
func react(reactions []*threadv1.Reaction, who *threadv1.Party, emoji string, removed bool) ([]*threadv1.Reaction, error) {
	at := slices.IndexFunc(reactions, func(r *threadv1.Reaction) bool { return r.GetEmoji() == emoji })
	mine := -1
	if at >= 0 {
		mine = slices.IndexFunc(reactions[at].GetParties(), func(p *threadv1.Party) bool { return p.GetId() == who.GetId() })
	}
	switch {
	case removed == (mine < 0):
		return reactions, thread.ErrUnchanged
	case removed && len(reactions[at].GetParties()) == 1:
		return slices.Delete(reactions, at, at+1), nil
	case removed:
		reactions[at].Parties = slices.Delete(reactions[at].GetParties(), mine, mine+1)
		return reactions, nil
	case at < 0 && len(reactions) >= maxReactions:
		return reactions, errReactionsFull
	case at < 0:
		return append(reactions, &threadv1.Reaction{Emoji: emoji, Parties: []*threadv1.Party{who}}), nil
	case len(reactions[at].GetParties()) >= maxReactors:
		return reactions, thread.ErrUnchanged
	default:
		reactions[at].Parties = append(reactions[at].GetParties(), who)
		return reactions, nil
	}
}

// emoji is true for a text of pictures only, with what joins and colours them. It
// lets a few other symbols pass and no letter.
func emoji(s string) bool {
	pictures := 0
	for _, r := range s {
		switch {
		case unicode.Is(unicode.So, r) || unicode.Is(unicode.Sm, r) || r >= 0x203C && r <= 0x3299 && !unicode.IsLetter(r) && unicode.IsGraphic(r):
			pictures++
		case r == 0x200D || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Sk, r) || r >= 0xE0020 && r <= 0xE007F:
		case r == 0x20E3 || r == '#' || r == '*' || r >= '0' && r <= '9': // keycaps
			if r == 0x20E3 {
				pictures++
			}
		default:
			return false
		}
	}
	return pictures > 0 && pictures <= 10
}

// SetPinned implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) SetPinned(ctx context.Context, req *chatterv1.SetPinnedRequest) (*chatterv1.SetPinnedResponse, error) {
	change, err := h.change(ctx, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	c := change.Editor
	m, err := h.log.Amend(ctx, c.Workspace, change.Thread, change.Message, func(tx pgx.Tx, m *thread.Message) error {
		if !req.GetPinned() {
			return h.unpin(ctx, tx, m)
		}
		return h.pin(ctx, tx, m, c)
	})
	if err != nil {
		return nil, err
	}
	return &chatterv1.SetPinnedResponse{Message: thread.Redact(&m, thread.AudienceOf(c))}, nil
}

// pin runs under the thread's lock, so that the count holds.
func (h *Handler) pin(ctx context.Context, tx pgx.Tx, m *thread.Message, c access.Caller) error {
	if m.Delete != nil {
		return thread.ErrUneditable
	}
	count, err := h.q.PinCount(ctx, tx, db.PinCountParams{WorkspaceID: m.Workspace, ThreadID: m.Thread})
	if err != nil {
		return fmt.Errorf("count pins: %w", err)
	}
	n, err := h.q.PinInsert(ctx, tx, db.PinInsertParams{WorkspaceID: m.Workspace, ThreadID: m.Thread, Seq: m.Seq, CreateTime: h.now()})
	switch {
	case err != nil:
		return fmt.Errorf("pin message: %w", err)
	case n == 0:
		return thread.ErrUnchanged
	case count >= maxPins:
		return errPinsFull
	}
	m.Extra.PinnedBy = thread.AuthorOf(c).Party()
	return nil
}

func (h *Handler) unpin(ctx context.Context, tx pgx.Tx, m *thread.Message) error {
	n, err := h.q.PinDelete(ctx, tx, db.PinDeleteParams{WorkspaceID: m.Workspace, ThreadID: m.Thread, Seq: m.Seq})
	if err != nil {
		return fmt.Errorf("unpin message: %w", err)
	}
	if n == 0 {
		return thread.ErrUnchanged
	}
	m.Extra.PinnedBy = nil
	return nil
}

// ListPinnedMessages implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) ListPinnedMessages(ctx context.Context, req *chatterv1.ListPinnedMessagesRequest) (*chatterv1.ListPinnedMessagesResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	rows, err := h.q.PinList(ctx, h.db, db.PinListParams{WorkspaceID: c.Workspace, ThreadID: id, MaxRows: maxPins})
	if err != nil {
		return nil, fmt.Errorf("list pins: %w", err)
	}
	res := &chatterv1.ListPinnedMessagesResponse{}
	for _, row := range rows {
		m := thread.FromRow(row)
		if shown := thread.Redact(&m, thread.AudienceOf(c)); shown != nil {
			res.Messages = append(res.Messages, shown)
		}
	}
	return res, nil
}

// SetStarred implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) SetStarred(ctx context.Context, req *chatterv1.SetStarredRequest) (*chatterv1.SetStarredResponse, error) {
	c := access.FromContext(ctx)
	m, err := h.log.Readable(ctx, h.gate, c, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	key := db.InboxUnstarParams{WorkspaceID: c.Workspace, UserID: c.ID, ThreadID: m.Thread, Seq: m.Seq}
	if !req.GetStarred() {
		if _, err := h.q.InboxUnstar(ctx, h.db, key); err != nil {
			return nil, fmt.Errorf("unstar message: %w", err)
		}
		h.live.Inbox(c.Workspace, c.ID, nil)
		return &chatterv1.SetStarredResponse{}, nil
	}
	id, err := h.q.InboxStar(ctx, h.db, db.InboxStarParams{
		WorkspaceID: c.Workspace, UserID: c.ID, ItemID: thread.ItemID(&m), ThreadID: m.Thread, Seq: m.Seq, CreateTime: m.Create,
	})
	if err != nil {
		return nil, fmt.Errorf("star message: %w", err)
	}
	h.live.Inbox(c.Workspace, c.ID, &id)
	item, err := h.item(ctx, c, id)
	if errors.Is(err, errNoItem) { // unstarred at this very moment
		return &chatterv1.SetStarredResponse{}, nil
	}
	return &chatterv1.SetStarredResponse{Item: item}, err
}
