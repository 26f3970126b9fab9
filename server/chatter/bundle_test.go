package chatter_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/chatter"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// bundle is the chatter over HTTP, on a database of its own, with a record's
// thread and a chat in one workspace, and people to talk there.
type bundle struct {
	t       *testing.T
	db      *pgxpool.Pool
	queries *counter
	log     *thread.Log
	handler *chatter.Handler
	clock   *clock
	area    *area
	live    *live
	server  *httptest.Server
	tokens  tokens

	workspace    uuid.UUID
	record, chat uuid.UUID
	// anna is a member, ben an agent, cleo an administrator; dan is an
	// administrator of another workspace.
	anna, ben, cleo, dan access.Caller
	visitor              access.Caller
	mail                 mail
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{
		t: t, queries: &counter{}, clock: &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, live: &live{},
		tokens: tokens{}, workspace: uuid.New(), record: uuid.Must(uuid.NewV7()), chat: uuid.Must(uuid.NewV7()),
	}
	b.db = b.pool()
	b.area = &area{db: b.db, shut: map[key]bool{}, readOnly: map[key]bool{}}
	sealer, err := thread.NewSealer(uuid.New(), bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	b.log = thread.New(thread.Config{DB: b.db, Now: b.clock.now, Log: slog.New(slog.DiscardHandler), Announcer: b.live, Sealer: sealer})
	pages, err := rpc.NewPages(bytes.Repeat([]byte{2}, 32), b.clock.now)
	require.NoError(t, err)
	_, err = b.db.Exec(t.Context(), `INSERT INTO record_type (workspace_id, name, label, definition, create_time, update_time)
		VALUES ($1, 'ticket', 'Ticket', '{}', now(), now()), ($1, 'contact', 'Contact', '{}', now(), now())`, b.workspace)
	require.NoError(t, err)
	b.anna, b.ben = b.user("Anna Muster", identityv1.Role_ROLE_MEMBER), b.user("Ben Beispiel", identityv1.Role_ROLE_AGENT)
	b.cleo = b.user("Cleo Chef", identityv1.Role_ROLE_ADMINISTRATOR)
	home := b.workspace
	b.workspace = uuid.New()
	b.dan = b.user("Dan Dritter", identityv1.Role_ROLE_ADMINISTRATOR)
	b.workspace = home
	b.visitor = access.Caller{Kind: access.Visitor, Workspace: home, ID: uuid.New(), Credential: uuid.New(), Name: "Visitor", ChatName: "Visitor"}
	b.tokens[b.visitor.Credential.String()] = b.visitor
	b.addRecord(b.record, "ticket", "Printer on fire", "")
	require.NoError(t, b.log.Create(t.Context(), b.db, b.workspace, b.chat, access.KindChat, ""))
	gate := &access.Gate{Directory: b.log, Doors: map[int16]access.Door{access.KindRecord: b.area, access.KindChat: b.area}}
	b.handler = chatter.New(chatter.Config{
		DB: b.db, Gate: gate, Log: b.log, Live: b.live, Types: b.area, References: b.area, Pages: pages, Now: b.clock.now,
		Titles: map[int16]chatter.Titles{access.KindRecord: b.area, access.KindChat: chats{}}, Mail: &b.mail,
	})
	b.serve()
	return b
}

// pool counts what is asked of the database.
func (b *bundle) pool() *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(pgtest.URL(b.t))
	require.NoError(b.t, err)
	config.ConnConfig.Tracer, config.MaxConns = b.queries, 8
	pool, err := pgxpool.NewWithConfig(b.t.Context(), config)
	require.NoError(b.t, err)
	b.t.Cleanup(pool.Close)
	return pool
}

// serve mounts the service as the program does: with its access rules, its
// validation and its errors.
func (b *bundle) serve() {
	mux := http.NewServeMux()
	options := rpc.HandlerOptions(rpc.Options{Authenticator: b.tokens, Log: slog.New(slog.DiscardHandler)})
	mux.Handle(chatterv1connect.NewChatterServiceHandler(b.handler, options...))
	b.server = httptest.NewServer(rpc.Wrap(rpc.HTTPOptions{}, mux))
	b.t.Cleanup(b.server.Close)
}

func (b *bundle) user(name string, role identityv1.Role) access.Caller {
	b.t.Helper()
	c := access.Caller{
		Kind: access.User, Workspace: b.workspace, ID: uuid.Must(uuid.NewV7()), Credential: uuid.New(), Role: role, Name: name, ChatName: "Chat " + name,
		Email: strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@firma.example",
	}
	_, err := b.db.Exec(b.t.Context(), `INSERT INTO "user" (workspace_id, id, email, name, chat_name, role, password_hash, create_time)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7)`, c.Workspace, c.ID, c.Email, c.Name, c.ChatName, int16(role), b.clock.now())
	require.NoError(b.t, err)
	b.tokens[c.Credential.String()] = c
	return c
}

func (b *bundle) deactivate(c access.Caller) {
	b.t.Helper()
	_, err := b.db.Exec(b.t.Context(), `UPDATE "user" SET active = false WHERE workspace_id = $1 AND id = $2`, c.Workspace, c.ID)
	require.NoError(b.t, err)
}

// addRecord makes a record with its thread.
func (b *bundle) addRecord(id uuid.UUID, kind, title, email string) {
	b.t.Helper()
	_, err := b.db.Exec(b.t.Context(), `INSERT INTO record (workspace_id, id, type, title, fields, create_time, update_time)
		VALUES ($1, $2, $3, $4, jsonb_build_object('email', $5::text), now(), now())`, b.workspace, id, kind, title, email)
	require.NoError(b.t, err)
	require.NoError(b.t, b.log.Create(b.t.Context(), b.db, b.workspace, id, access.KindRecord, kind))
}

func (b *bundle) contact(name, email string) uuid.UUID {
	b.t.Helper()
	id := uuid.Must(uuid.NewV7())
	b.addRecord(id, "contact", name, email)
	return id
}

// as is a client that calls as somebody.
func (b *bundle) as(c access.Caller) chatterv1connect.ChatterServiceClient {
	token := c.Credential.String()
	return chatterv1connect.NewChatterServiceClient(b.server.Client(), b.server.URL, connect.WithInterceptors(
		connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				req.Header().Set("Authorization", "Bearer "+token)
				return next(ctx, req)
			}
		})))
}

// say is a message to be changed and posted.
func say(id uuid.UUID, body string) *chatterv1.PostMessageRequest {
	return &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: id.String(), Body: body}
}

func note(id uuid.UUID, body string) *chatterv1.PostMessageRequest {
	req := say(id, body)
	req.Internal = true
	return req
}

func mention(req *chatterv1.PostMessageRequest, ids ...uuid.UUID) *chatterv1.PostMessageRequest {
	for _, id := range ids {
		req.MentionIds = append(req.MentionIds, id.String())
	}
	return req
}

func (b *bundle) post(c access.Caller, req *chatterv1.PostMessageRequest) *threadv1.Message {
	b.t.Helper()
	res, err := b.as(c).PostMessage(b.t.Context(), req)
	require.NoError(b.t, err)
	return res.GetMessage()
}

// refuse asserts that a message is not taken, and why.
func (b *bundle) refuse(reason string, c access.Caller, req *chatterv1.PostMessageRequest) error {
	b.t.Helper()
	_, err := b.as(c).PostMessage(b.t.Context(), req)
	requireReason(b.t, reason, err)
	return err
}

func (b *bundle) follow(c access.Caller, id uuid.UUID) *chatterv1.Follower {
	b.t.Helper()
	res, err := b.as(c).Follow(b.t.Context(), &chatterv1.FollowRequest{ThreadId: id.String()})
	require.NoError(b.t, err)
	return res.GetFollower()
}

// inbox is what somebody finds there, newest first.
func (b *bundle) inbox(c access.Caller, view chatterv1.InboxView) []*chatterv1.InboxItem {
	b.t.Helper()
	res, err := b.as(c).ListInbox(b.t.Context(), &chatterv1.ListInboxRequest{View: view})
	require.NoError(b.t, err)
	return res.GetItems()
}

func (b *bundle) unread(c access.Caller) int32 {
	b.t.Helper()
	res, err := b.as(c).GetInboxCounts(b.t.Context(), &chatterv1.GetInboxCountsRequest{})
	require.NoError(b.t, err)
	return res.GetUnreadCount()
}

func (b *bundle) thread(c access.Caller, id uuid.UUID) *chatterv1.Thread {
	b.t.Helper()
	res, err := b.as(c).GetThread(b.t.Context(), &chatterv1.GetThreadRequest{ThreadId: id.String()})
	require.NoError(b.t, err)
	return res.GetThread()
}

// followers are who follows a thread, by name, with their subtypes.
func (b *bundle) followers(c access.Caller, id uuid.UUID) map[string][]string {
	b.t.Helper()
	res, err := b.as(c).ListFollowers(b.t.Context(), &chatterv1.ListFollowersRequest{ThreadId: id.String()})
	require.NoError(b.t, err)
	all := map[string][]string{}
	for _, f := range res.GetFollowers() {
		all[f.GetParty().GetName()] = f.GetSubtypes()
	}
	return all
}

// inTx runs what another area does in a transaction of its own.
func (b *bundle) inTx(do func(tx pgx.Tx) error) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.db, do))
}

// requireReason asserts what a program would branch on.
func requireReason(t require.TestingT, reason string, err error) {
	require.Error(t, err)
	var coded *connect.Error
	require.True(t, errors.As(err, &coded), "%v", err)
	for _, detail := range coded.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				require.Equal(t, reason, info.GetReason(), "%v", coded)
				return
			}
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

// now moves on with every look, so that what happens later is later.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

type tokens map[string]access.Caller

func (t tokens) Authenticate(_ context.Context, token string) (access.Caller, error) {
	c, ok := t[token]
	if !ok {
		return access.Caller{}, fault.New(fault.Unauthenticated, "CREDENTIAL_INVALID", "unknown")
	}
	return c, nil
}

type key struct{ user, thread uuid.UUID }

// area stands in for the areas that own records and chats: it lets every user
// into everything that is not shut to them.
type area struct {
	db       *pgxpool.Pool
	mu       sync.Mutex
	shut     map[key]bool
	readOnly map[key]bool
}

func (a *area) Rights(_ context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k := key{c.ID, f.ID}
	ok := c.Kind == access.User && !a.shut[k]
	return access.Rights{Facts: f, Read: ok, Post: ok && !a.readOnly[k], Manage: ok && !a.readOnly[k]}, nil
}

// lock takes somebody's access to a thread away, or gives it back.
func (a *area) lock(c access.Caller, id uuid.UUID, locked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shut[key{c.ID, id}] = locked
}

func (a *area) protect(c access.Caller, id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.readOnly[key{c.ID, id}] = true
}

// mail is the mail of a workspace: off until a test turns it on.
type mail struct {
	mu      sync.Mutex
	on      bool
	hold    time.Duration
	invited []chatter.Invitee
}

func (m *mail) Outgoing(context.Context, uuid.UUID) (bool, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on, m.hold, nil
}

func (m *mail) Invite(_ context.Context, _, _ uuid.UUID, to chatter.Invitee, _ access.Caller, _, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invited = append(m.invited, to)
	return nil
}

func (m *mail) turnOn(hold time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on, m.hold = true, hold
}

func (a *area) CustomerField(context.Context, uuid.UUID, string) (string, error) {
	return "customer", nil
}

func (a *area) Subtypes(context.Context, uuid.UUID, string) ([]*recordv1.Subtype, error) {
	return []*recordv1.Subtype{
		{Name: "discussions", Label: "Discussions", Default: true},
		{Name: "notes", Label: "Notes", Default: true, Internal: true},
		{Name: "stage_changed", Label: "Stage changed"},
		{Name: "escalated", Label: "Escalated", Internal: true},
	}, nil
}

func (a *area) Titles(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := a.db.Query(ctx, `SELECT id, title FROM record WHERE workspace_id = $1 AND id = ANY ($2)`, workspace, ids)
	if err != nil {
		return nil, err
	}
	titles := map[uuid.UUID]string{}
	var id uuid.UUID
	var title string
	_, err = pgx.ForEachRow(rows, []any{&id, &title}, func() error { titles[id] = title; return nil })
	return titles, err
}

func (a *area) SearchReferences(ctx context.Context, req *recordv1.SearchReferencesRequest) (*recordv1.SearchReferencesResponse, error) {
	c := access.FromContext(ctx)
	rows, err := a.db.Query(ctx, `SELECT id::text, title FROM record WHERE workspace_id = $1 AND type = $2 AND ' ' || title ILIKE '% ' || $3 || '%'
		ORDER BY title LIMIT $4`, c.Workspace, req.GetType(), req.GetQuery(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	res := &recordv1.SearchReferencesResponse{}
	var id, title string
	_, err = pgx.ForEachRow(rows, []any{&id, &title}, func() error {
		res.References = append(res.References, &recordv1.Reference{Id: id, Title: title})
		return nil
	})
	return res, err
}

type chats struct{}

func (chats) Titles(_ context.Context, _ uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	titles := map[uuid.UUID]string{}
	for _, id := range ids {
		titles[id] = "Visitor"
	}
	return titles, nil
}

// counter counts statements.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *counter) reset() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = 0
	return n
}

// live is what readers were told.
type live struct {
	mu       sync.Mutex
	messages []thread.Message
	inboxes  []inboxSignal
	typing   []typingSignal
}

type inboxSignal struct {
	user uuid.UUID
	item uuid.UUID // zero for several
}

type typingSignal struct {
	user, thread      uuid.UUID
	internal, stopped bool
}

func (l *live) Message(m *thread.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = append(l.messages, *m)
}

func (l *live) Mark(uuid.UUID, thread.Mark) {}

func (l *live) Notified(workspace uuid.UUID, users []uuid.UUID, item uuid.UUID) {
	for _, user := range users {
		l.Inbox(workspace, user, &item)
	}
}

func (l *live) Inbox(_ uuid.UUID, user uuid.UUID, item *uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := inboxSignal{user: user}
	if item != nil {
		s.item = *item
	}
	l.inboxes = append(l.inboxes, s)
}

func (l *live) Typing(c access.Caller, id uuid.UUID, internal, stopped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.typing = append(l.typing, typingSignal{c.ID, id, internal, stopped})
}

// told answers whose inboxes changed since the last look.
func (l *live) told() []inboxSignal {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := l.inboxes
	l.inboxes = nil
	return told
}
