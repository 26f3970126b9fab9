package search

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// bundle is the search on a database of its own, with threads that some may read.
type bundle struct {
	t         *testing.T
	db        *pgxpool.Pool
	log       *thread.Log
	indexer   *Indexer
	handler   *Handler
	clock     *clock
	area      *area
	workspace uuid.UUID
	// anna is a member, ben an agent, cleo an administrator.
	anna, ben, cleo, visitor access.Caller
	record, chat             uuid.UUID
}

func setup(t *testing.T) *bundle {
	t.Helper()
	return setupOn(t, pgtest.DB(t))
}

// setupOn makes one more workspace on a database.
func setupOn(t *testing.T, pool *pgxpool.Pool) *bundle {
	t.Helper()
	b := &bundle{t: t, db: pool, workspace: uuid.New(), clock: &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}}
	b.indexer = NewIndexer(b.db, slog.New(slog.DiscardHandler))
	sealer, err := thread.NewSealer(uuid.New(), bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	b.log = thread.New(thread.Config{DB: b.db, Now: b.clock.now, Log: slog.New(slog.DiscardHandler), Announcer: heard{b.indexer}, Sealer: sealer})
	pages, err := rpc.NewPages(bytes.Repeat([]byte{2}, 32), b.clock.now)
	require.NoError(t, err)
	b.anna, b.ben, b.cleo = b.user("Anna", identityv1.Role_ROLE_MEMBER), b.user("Ben", identityv1.Role_ROLE_AGENT), b.user("Cleo", identityv1.Role_ROLE_ADMINISTRATOR)
	b.visitor = access.Caller{Kind: access.Visitor, Workspace: b.workspace, ID: uuid.New(), Name: "Vera", ChatName: "Vera"}
	b.area = &area{shut: map[shutKey]bool{}, chats: map[uuid.UUID]uuid.UUID{}}
	gate := &access.Gate{Directory: b.log, Doors: map[int16]access.Door{access.KindRecord: b.area, access.KindChat: b.area}}
	b.handler = New(Config{DB: b.db, Gate: gate, Log: b.log, Pages: pages, Sources: map[int16]Source{
		access.KindRecord: &records{b.area}, access.KindChat: &chats{b.area},
	}})
	b.record, b.chat = b.thread("ticket"), b.thread("")
	b.area.chats[b.chat] = b.visitor.ID
	return b
}

func (b *bundle) user(name string, role identityv1.Role) access.Caller {
	return access.Caller{Kind: access.User, Workspace: b.workspace, ID: uuid.New(), Name: name, ChatName: name[:1], Role: role}
}

// thread makes the thread of a record of a type, or of a chat.
func (b *bundle) thread(recordType string) uuid.UUID {
	b.t.Helper()
	id, kind := uuid.Must(uuid.NewV7()), access.KindRecord
	if recordType == "" {
		kind = access.KindChat
	}
	require.NoError(b.t, b.log.Create(b.t.Context(), b.db, b.workspace, id, kind, recordType))
	return id
}

func (b *bundle) post(d thread.Draft) thread.Message {
	b.t.Helper()
	d.Workspace, d.RequestID = b.workspace, uuid.New()
	if d.Thread == uuid.Nil {
		d.Thread = b.record
	}
	if d.Kind == 0 {
		d.Kind = threadv1.MessageKind_MESSAGE_KIND_COMMENT
	}
	if d.Author.ID == uuid.Nil {
		d.Author = thread.AuthorOf(b.anna)
	}
	m, err := b.log.Post(b.t.Context(), d)
	require.NoError(b.t, err)
	return m
}

func (b *bundle) say(body string) thread.Message {
	b.t.Helper()
	return b.post(thread.Draft{Body: body})
}

func (b *bundle) edit(m thread.Message, body string) {
	b.t.Helper()
	_, err := b.log.Edit(b.t.Context(), thread.Change{Workspace: m.Workspace, Thread: m.Thread, Message: m.ID, Editor: b.cleo}, body)
	require.NoError(b.t, err)
}

func (b *bundle) remove(m thread.Message) {
	b.t.Helper()
	_, err := b.log.Delete(b.t.Context(), thread.Change{Workspace: m.Workspace, Thread: m.Thread, Message: m.ID, Editor: b.cleo})
	require.NoError(b.t, err)
}

// settle indexes all that was touched.
func (b *bundle) settle() {
	b.t.Helper()
	for keys := b.indexer.take(); len(keys) > 0; keys = b.indexer.take() {
		require.NoError(b.t, b.indexer.step(b.t.Context(), keys))
	}
}

// search is the answer to a query, which c makes.
func (b *bundle) search(c access.Caller, req *searchv1.SearchMessagesRequest) *searchv1.SearchMessagesResponse {
	b.t.Helper()
	res, err := b.handler.SearchMessages(access.WithCaller(b.t.Context(), c), req)
	require.NoError(b.t, err)
	return res
}

// bodies are the results' excerpts, with hits in brackets.
func bodies(res *searchv1.SearchMessagesResponse) []string {
	var out []string
	for _, r := range res.GetResults() {
		var all []string
		for _, e := range r.GetExcerpts() {
			var s strings.Builder
			for _, piece := range e.GetSegments() {
				if piece.GetHit() {
					s.WriteString("[" + piece.GetText() + "]")
				} else {
					s.WriteString(piece.GetText())
				}
			}
			all = append(all, s.String())
		}
		out = append(out, strings.Join(all, " | "))
	}
	return out
}

// found are the excerpts that Anna finds by a query.
func (b *bundle) found(query string) []string {
	b.t.Helper()
	return bodies(b.search(b.anna, &searchv1.SearchMessagesRequest{Query: query}))
}

func change(roles []identityv1.Role, from, to string) *wirev1.Change {
	return &wirev1.Change{Roles: roles, Change: &threadv1.FieldChange{Field: "f", Label: "Field", OldValue: from, NewValue: to}}
}

// heard tells the indexer what was posted.
type heard struct{ x *Indexer }

func (h heard) Message(m *thread.Message)                { h.x.Touch(m.Workspace, m.Thread) }
func (heard) Mark(uuid.UUID, thread.Mark)                {}
func (heard) Notified(uuid.UUID, []uuid.UUID, uuid.UUID) {}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type shutKey struct{ user, thread uuid.UUID }

// area stands in for the areas that own records and chats. Records of type
// "secret" are for administrators, and of type "own" some are shut to some.
type area struct {
	mu    sync.Mutex
	shut  map[shutKey]bool
	chats map[uuid.UUID]uuid.UUID
	asked int
}

func (a *area) Rights(_ context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	read := false
	switch {
	case f.Kind == access.KindChat:
		read = c.Agent() || a.chats[f.ID] == c.ID
	case c.Kind != access.User:
	case f.RecordType == "secret":
		read = c.Administrator()
	case f.RecordType == "own":
		read = !a.shut[shutKey{c.ID, f.ID}]
	default:
		read = true
	}
	return access.Rights{Facts: f, Read: read, Post: read}, nil
}

func (a *area) Titles(_ context.Context, _ uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	titles := map[uuid.UUID]string{}
	for _, id := range ids {
		titles[id] = "Title"
	}
	return titles, nil
}

type records struct{ *area }

func (records) Scope(_ context.Context, c access.Caller) (access.Scope, error) {
	s := access.Scope{All: []string{"ticket", "lead"}, Depends: []string{"own"}}
	if c.Administrator() {
		s.All = append(s.All, "secret")
	}
	return s, nil
}

func (r records) Readable(_ context.Context, c access.Caller, threads map[string][]uuid.UUID) (map[uuid.UUID]bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	out := map[uuid.UUID]bool{}
	for kind, ids := range threads {
		for _, id := range ids {
			out[id] = kind == "own" && !r.shut[shutKey{c.ID, id}]
		}
	}
	return out, nil
}

type chats struct{ *area }

func (chats) Scope(_ context.Context, c access.Caller) (access.Scope, error) {
	if c.Agent() {
		return access.Scope{All: []string{""}}, nil
	}
	return access.Scope{}, nil
}

func (chats) Readable(context.Context, access.Caller, map[string][]uuid.UUID) (map[uuid.UUID]bool, error) {
	return nil, nil
}

func sorted(s []string) []string { slices.Sort(s); return s }
