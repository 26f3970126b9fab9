package livechat

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// opening is one attempt to open a chat.
type opening struct {
	caller  access.Caller
	channel uuid.UUID
	request uuid.UUID
	visitor db.VisitorChatsParams
	there   map[uuid.UUID]presence.Status
	// first is the visitor's message, without the chat's id.
	first thread.Draft
	// chat and message are what came of it, replayed that it was opened before.
	chat     uuid.UUID
	message  thread.Message
	replayed bool
}

// OpenChat implements VisitorService.
func (h *VisitorHandler) OpenChat(ctx context.Context, req *visitorv1.OpenChatRequest) (*visitorv1.OpenChatResponse, error) {
	c := access.FromContext(ctx)
	o := newOpening(ctx, c, req)
	if o.first.Body == "" {
		return nil, errEmpty
	}
	if err := h.openOnce(ctx, o); err != nil {
		return nil, err
	}
	if o.replayed {
		// The log answers the first message, or refuses an id used for another.
		o.first.Thread = o.chat
		m, err := h.Log.Post(ctx, o.first)
		if err != nil {
			return nil, err
		}
		o.message = m
	}
	chat, err := h.publicView(ctx, c, o.chat)
	if err != nil {
		return nil, err
	}
	return &visitorv1.OpenChatResponse{Chat: chat, Message: thread.Redact(&o.message, thread.Outside)}, nil
}

func newOpening(ctx context.Context, c access.Caller, req *visitorv1.OpenChatRequest) *opening {
	name := cleanName(req.GetName())
	author := thread.AuthorOf(c)
	if name != "" {
		author.Name, author.PublicName = name, name
	}
	request := uuid.MustParse(req.GetRequestId())
	return &opening{
		caller: c, channel: uuid.MustParse(req.GetChannelId()), request: request,
		visitor: db.VisitorChatsParams{
			WorkspaceID: c.Workspace, ID: c.ID, PageURL: cleanURL(req.GetPageUrl()), Referrer: cleanURL(req.GetReferrer()),
			Name: name, Email: strings.ToLower(strings.TrimSpace(req.GetEmail())), UserAgent: userAgent(ctx),
		},
		first: thread.Draft{
			Workspace: c.Workspace, RequestID: request, Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
			Subtype: thread.SubtypeDiscussions, Author: author, Body: cleanBody(req.GetBody()), Chat: true,
		},
	}
}

// openOnce opens the chat, or finds the one that an earlier try opened.
func (s *Service) openOnce(ctx context.Context, o *opening) error {
	if found, err := s.earlier(ctx, s.DB, o); err != nil || found {
		return err
	}
	if wait, ok := s.Limiter.Allow(ctx, "chat:"+o.caller.ID.String(), s.Limits.Chats); !ok {
		return errManyChats.WithRetry(wait)
	}
	o.there, _ = s.Presence.Snapshot(ctx, o.caller.Workspace)
	err := s.transact(ctx, func(tx pgx.Tx) ([]thread.Message, error) { return s.open(ctx, tx, o) })
	if store.IsUnique(err, "chat_request") {
		// Two tries at once into two channels: the other was first.
		_, err = s.earlier(ctx, s.DB, o)
	}
	return err
}

// earlier finds the chat that an earlier try of the same request opened.
func (s *Service) earlier(ctx context.Context, tx db.DBTX, o *opening) (found bool, err error) {
	row, err := s.q.ChatByRequest(ctx, tx, db.ChatByRequestParams{
		WorkspaceID: o.caller.Workspace, VisitorID: o.caller.ID, RequestID: o.request,
	})
	if store.IsNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find chat by request: %w", err)
	}
	if row.ChannelID != o.channel {
		return false, thread.ErrReused
	}
	o.chat, o.replayed = row.ID, true
	return true, nil
}

// open stores the chat with its first message and gives it to somebody, all or
// nothing.
func (s *Service) open(ctx context.Context, tx pgx.Tx, o *opening) ([]thread.Message, error) {
	channel, err := s.lock(ctx, tx, o.caller.Workspace, o.channel)
	if err != nil {
		return nil, err
	}
	if found, err := s.earlier(ctx, tx, o); err != nil || found {
		return nil, err
	}
	if err := s.store(ctx, tx, o); err != nil {
		return nil, err
	}
	if o.message, err = s.Log.PostTx(ctx, tx, o.first); err != nil {
		return nil, err
	}
	available, err := s.available(ctx, tx, &channel, o.there)
	if err != nil {
		return nil, err
	}
	k := channelKey{o.caller.Workspace, o.channel}
	who, found, err := s.assign(ctx, tx, k, o.chat, o.caller.ID, available)
	if err != nil {
		return nil, err
	}
	if !found {
		who = nobodyLine(o.caller.Workspace, o.chat)
	}
	lines, err := s.say(ctx, tx, who)
	return append([]thread.Message{o.message}, lines...), err
}

// store makes the rows of a new chat.
func (s *Service) store(ctx context.Context, tx pgx.Tx, o *opening) error {
	if _, err := s.q.VisitorChats(ctx, tx, o.visitor); err != nil {
		if store.IsNoRows(err) {
			return errNoRequester
		}
		return fmt.Errorf("count visitor's chat: %w", err)
	}
	o.chat = newID()
	o.first.Thread = o.chat
	err := s.q.ChatInsert(ctx, tx, db.ChatInsertParams{
		WorkspaceID: o.caller.Workspace, ID: o.chat, ChannelID: o.channel, VisitorID: o.caller.ID, PageURL: o.visitor.PageURL,
		Referrer: o.visitor.Referrer, RequestID: o.request, CreateTime: s.Now(),
	})
	if err != nil {
		return fmt.Errorf("insert chat: %w", err)
	}
	return s.Log.Create(ctx, tx, o.caller.Workspace, o.chat, access.KindChat, "")
}

// cleanName is a name fit to be shown: without line breaks, control and
// direction characters, and without space around.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c', r == '\u200d': // joiners, which some languages are written with
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, name)
	return strings.Join(strings.Fields(name), " ")
}

// cleanURL is the address of a web page, or nothing: staff will click on it.
func cleanURL(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}
