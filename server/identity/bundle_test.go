package identity_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

const password = "correct horse battery"

// clock is the time as a test sets it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// node is one server of an installation.
type node struct {
	t       testing.TB
	pool    *pgxpool.Pool
	clock   *clock
	bus     *bus.Bus
	handler *identity.Handler
	server  *httptest.Server
}

// cheap makes tests fast; nothing is kept by it.
func cheap() identity.Cost { return identity.Cost{Memory: 64, Time: 1, Threads: 1} }

// startNode starts a node that hears of nothing but itself.
func startNode(t testing.TB, pool *pgxpool.Pool, c *clock) *node {
	t.Helper()
	return startNodeOn(t, pool, c, bus.New(nil, uuid.New(), slog.New(slog.DiscardHandler)))
}

func startNodeOn(t testing.TB, pool *pgxpool.Pool, c *clock, b *bus.Bus) *node {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	n := &node{t: t, pool: pool, clock: c, bus: b}
	pages, err := rpc.NewPages(bytes.Repeat([]byte{1}, 32), c.now)
	require.NoError(t, err)
	n.handler = identity.New(identity.Config{
		Pool: pool, Bus: n.bus, Limiter: rpc.NewLimiter(nil, log, c.now), Pages: pages, Cost: cheap(), Now: c.now,
	})
	mux := http.NewServeMux()
	mux.Handle(identityv1connect.NewIdentityServiceHandler(n.handler,
		rpc.HandlerOptions(rpc.Options{Authenticator: n.handler.Credentials, Log: log})...))
	n.server = httptest.NewServer(rpc.Wrap(rpc.HTTPOptions{WriteWithin: 10 * time.Second}, mux))
	t.Cleanup(n.server.Close)
	return n
}

// setup is a server with a workspace "acme", whose administrator is Ann.
func setup(t testing.TB) (*node, *member) {
	t.Helper()
	n := startNode(t, pgtest.DB(t), &clock{at: time.Now().Truncate(time.Microsecond)})
	n.workspace("acme")
	return n, n.signIn("acme", "ann@acme.example", password)
}

func (n *node) workspace(name string) identity.Created {
	n.t.Helper()
	made, err := n.handler.CreateWorkspace(n.t.Context(), identity.CreateWorkspaceParams{
		Name: name, Title: "Title of " + name, AdminEmail: "ann@" + name + ".example", AdminName: "Ann", AdminPassword: password,
	})
	require.NoError(n.t, err)
	return made
}

// member is somebody signed in.
type member struct {
	identityv1connect.IdentityServiceClient
	n       *node
	token   string
	user    *identityv1.User
	session *identityv1.Session
}

type bearer string

func (b bearer) interceptor(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if b != "" {
			req.Header().Set("Authorization", "Bearer "+string(b))
		}
		req.Header().Set("User-Agent", "test/1")
		return next(ctx, req)
	}
}

// client calls with a token, or without one if it is empty.
func (n *node) client(token string) identityv1connect.IdentityServiceClient {
	return identityv1connect.NewIdentityServiceClient(n.server.Client(), n.server.URL,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(bearer(token).interceptor)))
}

func (n *node) signIn(workspace, email, password string) *member {
	n.t.Helper()
	res, err := n.client("").SignIn(n.t.Context(), &identityv1.SignInRequest{Workspace: workspace, Email: email, Password: password})
	require.NoError(n.t, err)
	return &member{
		IdentityServiceClient: n.client(res.GetToken()), n: n, token: res.GetToken(), user: res.GetUser(), session: res.GetSession(),
	}
}

// add makes a colleague and signs them in.
func (m *member) add(name string, role identityv1.Role) *member {
	m.n.t.Helper()
	email := fmt.Sprintf("%s-%s@acme.example", name, uuid.NewString()[:8])
	_, err := m.CreateUser(m.n.t.Context(), &identityv1.CreateUserRequest{
		RequestId: uuid.NewString(), Email: email, Name: name, Role: role, Password: password,
	})
	require.NoError(m.n.t, err)
	return m.n.signIn("acme", email, password)
}

// works requires that the token is in force; ended, that it is not.
func (m *member) works() {
	m.n.t.Helper()
	_, err := m.GetCaller(m.n.t.Context(), &identityv1.GetCallerRequest{})
	require.NoError(m.n.t, err)
}

func (m *member) ended() {
	m.n.t.Helper()
	_, err := m.GetCaller(m.n.t.Context(), &identityv1.GetCallerRequest{})
	requireFault(m.n.t, err, connect.CodeUnauthenticated, "CREDENTIAL_INVALID")
}

// visitor stores a visitor and answers a token for it.
func (n *node) visitor(workspace uuid.UUID) (id uuid.UUID, token string) {
	n.t.Helper()
	id = uuid.New()
	_, err := n.pool.Exec(n.t.Context(),
		`INSERT INTO visitor (workspace_id, id, name, create_time) VALUES ($1, $2, 'Visitor 7', $3)`, workspace, id, n.clock.now())
	require.NoError(n.t, err)
	token, err = n.handler.Credentials.IssueVisitor(n.t.Context(), db.DBTX(n.pool), workspace, id)
	require.NoError(n.t, err)
	return id, token
}

// revocations collects what the node tells others to forget.
func (n *node) revocations() *revocations {
	r := new(revocations)
	n.bus.Handle(r.heard)
	return r
}

type revocations struct {
	mu   sync.Mutex
	seen []*wirev1.Revocation
}

func (r *revocations) heard(s *wirev1.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := s.GetRevocation(); v != nil {
		r.seen = append(r.seen, v)
	}
}

func (r *revocations) all() []*wirev1.Revocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

func requireFault(t testing.TB, err error, code connect.Code, reason string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code.String(), connect.CodeOf(err).String(), "%v", err)
	var answer *connect.Error
	require.ErrorAs(t, err, &answer)
	for _, d := range answer.Details() {
		value, err := d.Value()
		require.NoError(t, err)
		if info, ok := value.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason())
			return
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
}
