package record_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/gen/parley/record/v1/recordv1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/chatter"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/record"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// node is the record area on a database of its own, served over HTTP, with real
// identity, threads and signals beside it.
type node struct {
	pool    *pgxpool.Pool
	clock   *clock
	users   *identity.Handler
	threads *thread.Log
	heard   *announcements
	records *record.Handler
	url     string
	callers *callers
}

// clock is a time that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond) // no two moments are the same
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// callers is an Authenticator that knows its callers by heart.
type callers struct {
	mu sync.Mutex
	by map[string]access.Caller
}

func (c *callers) Authenticate(_ context.Context, token string) (access.Caller, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if caller, ok := c.by[token]; ok {
		return caller, nil
	}
	return access.Caller{}, fault.New(fault.Unauthenticated, "CREDENTIAL_INVALID", "sign in again")
}

// announcements hears what readers would.
type announcements struct {
	mu       sync.Mutex
	messages []thread.Message
	notified map[uuid.UUID]int
}

func (a *announcements) Message(m *thread.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.messages = append(a.messages, *m)
}

func (a *announcements) Mark(uuid.UUID, thread.Mark) {}

func (a *announcements) Notified(_ uuid.UUID, users []uuid.UUID, _ uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, u := range users {
		a.notified[u]++
	}
}

// signal counts what an inbox is told of an item.
func (a *announcements) signal(s *wirev1.Signal) {
	if in := s.GetInbox(); in != nil {
		a.Notified(uuid.UUID(s.GetWorkspaceId()), []uuid.UUID{uuid.UUID(in.GetUserId())}, uuid.UUID(in.GetItemId()))
	}
}

// people finds users as the server does, through identity.
type people struct{ directory *identity.Directory }

func (p people) Find(ctx context.Context, workspace uuid.UUID, query string, limit int) ([]*recordv1.Reference, error) {
	found, err := p.directory.Search(ctx, workspace, query, limit)
	if err != nil {
		return nil, err
	}
	out := make([]*recordv1.Reference, len(found))
	for i, person := range found {
		out[i] = &recordv1.Reference{Id: person.ID.String(), Title: person.Name}
	}
	return out, nil
}

func newNode(t *testing.T) *node {
	t.Helper()
	return nodeOn(t, pgtest.DB(t))
}

func nodeOn(t *testing.T, pool *pgxpool.Pool) *node {
	t.Helper()
	n := &node{
		pool: pool, clock: &clock{at: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)},
		heard: &announcements{notified: map[uuid.UUID]int{}}, callers: &callers{by: map[string]access.Caller{}},
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	sealer, err := thread.LoadSealer(t.Context(), pool, n.clock.now())
	require.NoError(t, err)
	key, err := sealer.Key("page")
	require.NoError(t, err)
	pages, err := rpc.NewPages(key, n.clock.now)
	require.NoError(t, err)
	signals := bus.New(nil, uuid.New(), log)
	n.users = identity.New(identity.Config{
		Pool: pool, Bus: signals, Limiter: rpc.NewLimiter(nil, log, n.clock.now), Pages: pages, Now: n.clock.now,
		Cost: identity.Cost{Memory: 8, Time: 1, Threads: 1},
	})
	n.threads = thread.New(thread.Config{DB: pool, Now: n.clock.now, Log: log, Announcer: n.heard, Sealer: sealer})
	n.records = record.New(record.Config{
		DB: pool, Log: n.threads, Followers: chatter.NewFollowers(n.clock.now), Users: people{n.users.Directory}, Signals: signals, Pages: pages,
		Now: n.clock.now,
	})
	signals.Handle(n.records.Hear)
	signals.Handle(n.heard.signal)
	mux := http.NewServeMux()
	mux.Handle(recordv1connect.NewRecordServiceHandler(n.records, rpc.HandlerOptions(rpc.Options{Authenticator: n.callers, Log: log})...))
	server := httptest.NewServer(rpc.Wrap(rpc.HTTPOptions{}, mux))
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

// workspace makes a workspace with its built-in types, and answers its
// administrator.
func (n *node) workspace(t *testing.T, name string) *person {
	t.Helper()
	made, err := n.users.CreateWorkspace(t.Context(), identity.CreateWorkspaceParams{
		Name: name, Title: name, AdminEmail: "ada@" + name + ".example", AdminName: "Ada", AdminPassword: "correct horse",
		Then: []identity.SetUp{func(ctx context.Context, tx pgx.Tx, made identity.Created) error {
			return n.records.InstallBuiltins(ctx, tx, made.Workspace)
		}},
	})
	require.NoError(t, err)
	return n.person(t, access.Caller{
		Kind: access.User, Workspace: made.Workspace, ID: made.Administrator, Session: true, Name: "Ada", ChatName: "Ada",
		Email: "ada@" + name + ".example", Locale: "en", Role: identityv1.Role_ROLE_ADMINISTRATOR,
	})
}

// person is a user with a client of their own.
type person struct {
	*node
	access.Caller
	api recordv1connect.RecordServiceClient
}

func (n *node) person(t *testing.T, c access.Caller) *person {
	t.Helper()
	n.callers.mu.Lock()
	n.callers.by[c.ID.String()] = c
	n.callers.mu.Unlock()
	return &person{node: n, Caller: c, api: recordv1connect.NewRecordServiceClient(http.DefaultClient, n.url, connect.WithInterceptors(
		connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
				req.Header().Set("Authorization", "Bearer "+c.ID.String())
				return next(ctx, req)
			}
		})))}
}

// colleague adds a user to the person's workspace.
func (p *person) colleague(t *testing.T, name string, role identityv1.Role) *person {
	t.Helper()
	res, err := p.users.CreateUser(access.WithCaller(t.Context(), p.Caller), &identityv1.CreateUserRequest{
		RequestId: uuid.NewString(), Name: name, Email: name + "@example.com", Role: role, Password: "correct horse",
	})
	require.NoError(t, err)
	c := p.Caller
	c.ID, c.Name, c.ChatName, c.Email, c.Role = uuid.MustParse(res.GetUser().GetId()), name, name, name+"@example.com", role
	return p.person(t, c)
}

// fields makes a record's fields of Go values.
func fields(t testing.TB, v map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(v)
	require.NoError(t, err)
	return s
}

func (p *person) create(t *testing.T, kind string, v map[string]any) *recordv1.Record {
	t.Helper()
	r, err := p.tryCreate(t, kind, v)
	require.NoError(t, err)
	return r
}

func (p *person) tryCreate(t *testing.T, kind string, v map[string]any) (*recordv1.Record, error) {
	t.Helper()
	res, err := p.api.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: kind, Fields: fields(t, v)},
	})
	return res.GetRecord(), err
}

func (p *person) update(t *testing.T, id string, v map[string]any, mask ...string) *recordv1.Record {
	t.Helper()
	r, err := p.tryUpdate(t, id, v, mask...)
	require.NoError(t, err)
	return r
}

func (p *person) tryUpdate(t *testing.T, id string, v map[string]any, mask ...string) (*recordv1.Record, error) {
	t.Helper()
	req := &recordv1.UpdateRecordRequest{Record: &recordv1.Record{Id: id, Fields: fields(t, v)}}
	if len(mask) > 0 {
		req.UpdateMask = &fieldmaskpb.FieldMask{Paths: mask}
	}
	res, err := p.api.UpdateRecord(t.Context(), req)
	return res.GetRecord(), err
}

func (p *person) get(t *testing.T, id string) *recordv1.Record {
	t.Helper()
	res, err := p.api.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: id})
	require.NoError(t, err)
	return res.GetRecord()
}

// titles lists the titles of the records that match a filter, in an order.
func (p *person) titles(t *testing.T, kind, filter, order string) []string {
	t.Helper()
	res, err := p.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: kind, Filter: filter, OrderBy: order})
	require.NoError(t, err)
	out := []string{}
	for _, r := range res.GetRecords() {
		out = append(out, r.GetTitle())
	}
	return out
}

func (p *person) makeType(t *testing.T, def *recordv1.RecordType) *recordv1.RecordType {
	t.Helper()
	def, err := p.tryMakeType(t, def)
	require.NoError(t, err)
	return def
}

func (p *person) tryMakeType(t *testing.T, def *recordv1.RecordType) (*recordv1.RecordType, error) {
	t.Helper()
	res, err := p.api.CreateRecordType(t.Context(), &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: def})
	return res.GetRecordType(), err
}

// log is a record's thread as somebody reads it, oldest first.
func (p *person) log(t *testing.T, id string) []*threadv1.Message {
	t.Helper()
	page, err := p.threads.Page(t.Context(), p.Workspace, uuid.MustParse(id), thread.Place{}, 100, thread.AudienceOf(p.Caller))
	require.NoError(t, err)
	var out []*threadv1.Message
	for i := range page.Messages {
		if m := thread.Redact(&page.Messages[i], thread.AudienceOf(p.Caller)); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// changes are the changes of the newest entry, each as "label: old -> new".
func (p *person) changes(t *testing.T, id string) []string {
	t.Helper()
	entries := p.log(t, id)
	out := []string{}
	for _, c := range entries[len(entries)-1].GetChanges() {
		out = append(out, c.GetLabel()+": "+c.GetOldValue()+" -> "+c.GetNewValue())
	}
	return out
}

// inbox counts a user's inbox items about a record, by reason.
func (p *person) inbox(t *testing.T, id string) map[int16]int {
	t.Helper()
	rows, err := p.pool.Query(t.Context(), `SELECT reason, count(*)::integer FROM inbox_item
		WHERE workspace_id = $1 AND user_id = $2 AND thread_id = $3 GROUP BY reason`, p.Workspace, p.ID, uuid.MustParse(id))
	require.NoError(t, err)
	items := map[int16]int{}
	var reason int16
	var count int
	_, err = pgx.ForEachRow(rows, []any{&reason, &count}, func() error {
		items[reason] = count
		return nil
	})
	require.NoError(t, err)
	return items
}

// follows answers the subtypes that the person follows a record with; nil if
// they do not follow it.
func (p *person) follows(t *testing.T, id string) []string {
	t.Helper()
	var subtypes []string
	err := p.pool.QueryRow(t.Context(), `SELECT subtypes FROM follower WHERE workspace_id = $1 AND thread_id = $2 AND party_id = $3`,
		p.Workspace, uuid.MustParse(id), p.ID).Scan(&subtypes)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	require.NoError(t, err)
	return subtypes
}

// refused asserts that a call failed for a reason, and answers the request's
// field at fault.
func refused(t *testing.T, err error, code connect.Code, reason string) string {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, connect.CodeOf(err), err)
	var found, field string
	var ce *connect.Error
	require.ErrorAs(t, err, &ce)
	for _, d := range ce.Details() {
		v, err := d.Value()
		require.NoError(t, err)
		switch v := v.(type) {
		case *errdetails.ErrorInfo:
			found = v.GetReason()
		case *errdetails.BadRequest:
			field = v.GetFieldViolations()[0].GetField()
		}
	}
	require.Equal(t, reason, found, err)
	return field
}
