package server

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/activity"
	"github.com/parley-chat/parley/server/chatter"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/live"
	"github.com/parley-chat/parley/server/mailgate"
	"github.com/parley-chat/parley/server/search"
	"github.com/parley-chat/parley/server/thread"
)

// states builds for the hub what the areas know.
type states struct{ s *Server }

// InboxChange implements live.States.
func (a states) InboxChange(ctx context.Context, workspace, user uuid.UUID, item *uuid.UUID) (*livev1.InboxChange, error) {
	return a.s.Chatter.InboxChange(ctx, workspace, user, item)
}

// ChatViews implements live.States.
func (a states) ChatViews(ctx context.Context, workspace, chat uuid.UUID, users []uuid.UUID) (map[uuid.UUID]*livechatv1.Chat, error) {
	return a.s.chats.ChatViews(ctx, workspace, chat, users)
}

// records gives the hub what it asks of records, which are made after it.
type records struct{ s *Server }

// Watchable implements live.Records.
func (a records) Watchable(ctx context.Context, c access.Caller, kind string) (ok, nameless bool, err error) {
	return a.s.Records.Watchable(ctx, c, kind)
}

// Standing implements live.Records.
func (a records) Standing(ctx context.Context, keys []thread.Key) (map[thread.Key]*recordv1.RecordChange, error) {
	return a.s.Records.Standing(ctx, keys)
}

// users gives the directory of identity to the record area.
type users struct{ d *identity.Directory }

// Find implements record.Users.
func (a users) Find(ctx context.Context, workspace uuid.UUID, query string, limit int) ([]*recordv1.Reference, error) {
	people, err := a.d.Search(ctx, workspace, query, limit)
	found := make([]*recordv1.Reference, len(people))
	for i, p := range people {
		found[i] = &recordv1.Reference{Id: p.ID.String(), Title: p.Name}
	}
	return found, err
}

// announcers tell the index of what was said, besides the readers.
type announcers struct {
	*live.Hub
	index *search.Indexer
}

// Message implements thread.Announcer.
func (a announcers) Message(m *thread.Message) {
	a.Hub.Message(m)
	a.index.Touch(m.Workspace, m.Thread)
}

// mails gives the areas what they need of mail, which is made after them.
type mails struct{ s *Server }

// Outgoing implements chatter.Mail.
func (a mails) Outgoing(ctx context.Context, workspace uuid.UUID) (bool, time.Duration, error) {
	return a.s.Mail.Outgoing(ctx, workspace)
}

// Invite implements chatter.Mail.
func (a mails) Invite(ctx context.Context, workspace, _ uuid.UUID, to chatter.Invitee, by access.Caller, subject, body string) error {
	return a.s.Mail.Notify(ctx, mailgate.Notice{
		Workspace: workspace, Name: to.Name, Address: to.Address, Author: thread.AuthorOf(by).PublicName, Subject: subject, Body: body,
	})
}

// SendDigest implements activity.Mailer. A workspace without mail sends none.
func (a mails) SendDigest(ctx context.Context, tx pgx.Tx, d activity.Digest) error {
	on, _, err := a.s.Mail.Outgoing(ctx, d.Workspace)
	if err != nil || !on {
		return err
	}
	return a.s.Mail.NotifyTx(ctx, tx, mailgate.Notice{
		Workspace: d.Workspace, Name: d.Name, Address: d.Email, Locale: d.Locale, Subject: d.Subject, Body: d.Text,
	})
}
