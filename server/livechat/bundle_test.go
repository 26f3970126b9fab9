package livechat_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/gen/parley/livechat/v1/livechatv1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// noon is when the tests' clock starts.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// bundle is live chat on a database of its own, behind the real interceptors.
type bundle struct {
	db      *pgxpool.Pool
	service *livechat.Service
	log     *thread.Log
	clock   *clock
	people  *people
	told    *told
	url     string
	doors   *doors
	channel uuid.UUID
	// workspace is that of the channel.
	workspace uuid.UUID
}

func setup(t *testing.T, change ...func(*livechat.Config)) *bundle {
	t.Helper()
	b := &bundle{
		db: pgtest.DB(t), clock: &clock{at: noon}, people: &people{there: make(map[uuid.UUID]presence.Status)}, told: &told{},
		doors: &doors{callers: make(map[string]access.Caller)}, workspace: uuid.New(),
	}
	sealer, err := thread.LoadSealer(t.Context(), b.db, noon)
	require.NoError(t, err)
	b.log = thread.New(thread.Config{DB: b.db, Now: b.clock.now, Log: slog.New(slog.DiscardHandler), Announcer: b.told, Sealer: sealer})
	pages, err := rpc.NewPages(make([]byte, 32), b.clock.now)
	require.NoError(t, err)
	config := livechat.Config{
		DB: b.db, Log: b.log, Presence: b.people, Hub: b.told, Tokens: b.doors, Pages: pages, Now: b.clock.now, MaxFileSize: 1 << 20,
		Limiter: rpc.NewLimiter(nil, nil, b.clock.now),
		Limits:  livechat.Limits{Chats: rpc.Limit{Count: 10_000, Per: time.Minute}},
	}
	for _, f := range change {
		f(&config)
	}
	b.service = livechat.New(config)
	b.url = b.serve(t)
	require.NoError(t, b.service.InstallDefault(t.Context(), b.db, b.workspace, uuid.Nil))
	require.NoError(t, b.db.QueryRow(t.Context(), "SELECT id FROM channel WHERE workspace_id = $1", b.workspace).Scan(&b.channel))
	return b
}

// serve puts the two services behind what every call passes.
func (b *bundle) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	options := rpc.HandlerOptions(rpc.Options{Authenticator: b.doors, Log: slog.New(slog.DiscardHandler)})
	mux.Handle(livechatv1connect.NewLiveChatServiceHandler(b.service.Staff(), options...))
	mux.Handle(visitorv1connect.NewVisitorServiceHandler(b.service.Website(), options...))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// clock stands still unless it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// now moves on by a microsecond each time, so that no two moments are the same.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// people are those who are there, as the test says.
type people struct {
	mu    sync.Mutex
	there map[uuid.UUID]presence.Status
}

func (p *people) Snapshot(context.Context, uuid.UUID) (map[uuid.UUID]presence.Status, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[uuid.UUID]presence.Status, len(p.there))
	for user, status := range p.there {
		all[user] = status
	}
	return all, true
}

func (p *people) Active(_, user uuid.UUID, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if status, ok := p.there[user]; ok {
		p.there[user] = presence.Status{State: status.State, LastActive: at}
	}
}

func (p *people) set(user uuid.UUID, state presence.State, lastActive time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if state == presence.Offline {
		delete(p.there, user)
		return
	}
	p.there[user] = presence.Status{State: state, LastActive: lastActive}
}

// told remembers what readers were told.
type told struct {
	mu       sync.Mutex
	messages []thread.Message
	typing   []uuid.UUID
}

func (r *told) Message(m *thread.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, *m)
}

func (r *told) Mark(uuid.UUID, thread.Mark)                     {}
func (r *told) Notified(uuid.UUID, []uuid.UUID, uuid.UUID)      {}
func (r *told) Typing(_ access.Caller, id uuid.UUID, _, _ bool) { r.note(id) }

func (r *told) note(id uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.typing = append(r.typing, id)
}

func (r *told) of(chat string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, m := range r.messages {
		if m.Thread.String() == chat {
			n++
		}
	}
	return n
}

// doors knows callers by a token, which is their credential's id.
type doors struct {
	mu      sync.Mutex
	callers map[string]access.Caller
}

func (d *doors) Authenticate(_ context.Context, token string) (access.Caller, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.callers[token], nil
}

func (d *doors) admit(c access.Caller) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Credential = uuid.New()
	d.callers[c.Credential.String()] = c
	return c.Credential.String()
}

func (d *doors) IssueVisitor(_ context.Context, _ db.DBTX, workspace, visitor uuid.UUID) (string, error) {
	return d.admit(access.Caller{Kind: access.Visitor, Workspace: workspace, ID: visitor, Name: "Visitor", ChatName: "Visitor"}), nil
}

func (d *doors) Revoke(_ context.Context, _, _, credential uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.callers, credential.String())
	return nil
}

// user is somebody who works there, with the clients that they call with.
type user struct {
	access.Caller
	livechatv1connect.LiveChatServiceClient
}

// visitor is somebody on the website.
type visitor struct {
	access.Caller
	visitorv1connect.VisitorServiceClient
}

func (b *bundle) user(t *testing.T, name string, role identityv1.Role) *user {
	t.Helper()
	return b.userOf(t, b.workspace, name, role)
}

func (b *bundle) userOf(t *testing.T, workspace uuid.UUID, name string, role identityv1.Role) *user {
	t.Helper()
	c := access.Caller{
		Kind: access.User, Workspace: workspace, ID: uuid.New(), Session: true, Role: role, Name: name + " Realname",
		ChatName: name, Email: strings.ToLower(name) + "@secret.example",
	}
	_, err := b.db.Exec(t.Context(), `INSERT INTO "user" (workspace_id, id, email, name, chat_name, role, password_hash, create_time)
		VALUES ($1, $2, $3, $4, $5, $6, '', now())`, c.Workspace, c.ID, c.ID.String()+c.Email, c.Name, c.ChatName, int16(role))
	require.NoError(t, err)
	return &user{c, livechatv1connect.NewLiveChatServiceClient(http.DefaultClient, b.url, bearer(b.doors.admit(c)))}
}

// operator is an agent who is there and answers the channel's chats.
func (b *bundle) operator(t *testing.T, name string) *user {
	t.Helper()
	u := b.user(t, name, identityv1.Role_ROLE_AGENT)
	b.people.set(u.ID, presence.Online, b.clock.now())
	_, err := u.JoinChannel(t.Context(), &livechatv1.JoinChannelRequest{ChannelId: b.channel.String()})
	require.NoError(t, err)
	return u
}

// visitor begins a visit.
func (b *bundle) visitor(t *testing.T) *visitor {
	t.Helper()
	anybody := visitorv1connect.NewVisitorServiceClient(http.DefaultClient, b.url)
	res, err := anybody.StartVisit(t.Context(), &visitorv1.StartVisitRequest{ChannelId: b.channel.String(), Locale: "de", TimeZone: "Europe/Berlin"})
	require.NoError(t, err)
	caller, err := b.doors.Authenticate(t.Context(), res.GetToken())
	require.NoError(t, err)
	return &visitor{caller, visitorv1connect.NewVisitorServiceClient(http.DefaultClient, b.url, bearer(res.GetToken()))}
}

func bearer(token string) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}))
}

// open opens a chat with a message.
func (b *bundle) open(t *testing.T, v *visitor) *livechatv1.Chat {
	t.Helper()
	res, err := v.OpenChat(t.Context(), b.opening())
	require.NoError(t, err)
	return res.GetChat()
}

func (b *bundle) opening() *visitorv1.OpenChatRequest {
	return &visitorv1.OpenChatRequest{
		RequestId: uuid.NewString(), ChannelId: b.channel.String(), Body: "Hello", PageUrl: "https://shop.example/cart",
		Referrer: "https://search.example/",
	}
}

// events are the system lines of a chat as the visitor reads them.
func (b *bundle) events(t *testing.T, v *visitor, chat string) []threadv1.SystemEvent {
	t.Helper()
	res, err := v.ListMessages(t.Context(), &visitorv1.ListMessagesRequest{ChatId: chat})
	require.NoError(t, err)
	var out []threadv1.SystemEvent
	for _, m := range res.GetMessages() {
		if m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_SYSTEM {
			out = append(out, m.GetSystem().GetEvent())
		}
	}
	return out
}

// assigned counts the open chats of every operator; the zero UUID's are those
// that wait.
func (b *bundle) assigned(t *testing.T) map[uuid.UUID]int {
	t.Helper()
	rows, err := b.db.Query(t.Context(), `SELECT coalesce(operator_id, '00000000-0000-0000-0000-000000000000'), count(*) FROM chat
		WHERE workspace_id = $1 AND state = 1 GROUP BY 1`, b.workspace)
	require.NoError(t, err)
	defer rows.Close()
	out := make(map[uuid.UUID]int)
	for rows.Next() {
		var id uuid.UUID
		var n int
		require.NoError(t, rows.Scan(&id, &n))
		out[id] = n
	}
	require.NoError(t, rows.Err())
	return out
}

// together runs do n times at the same moment.
func together(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}

// requireFault checks code and reason of a failure, and answers its metadata.
func requireFault(t *testing.T, err error, code connect.Code, reason string) map[string]string {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, connect.CodeOf(err), "%v", err)
	info := infoOf(err)
	require.Equal(t, reason, info.GetReason(), "%v", err)
	return info.GetMetadata()
}

func infoOf(err error) *errdetails.ErrorInfo {
	var failed *connect.Error
	if !connectError(err, &failed) {
		return nil
	}
	for _, d := range failed.Details() {
		if v, err := d.Value(); err == nil {
			if info, ok := v.(*errdetails.ErrorInfo); ok {
				return info
			}
		}
	}
	return nil
}
