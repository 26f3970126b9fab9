package live_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// town is an installation: a database, a Redis, and a workspace with people.
type town struct {
	t         testing.TB
	database  string
	redis     *embedded.Redis
	workspace uuid.UUID
	doors     *doors

	administrator, agent, member, visitor *person
}

// person is somebody with a token. Users' names hold the word that no outsider may
// read.
type person struct {
	caller access.Caller
	token  string
}

const (
	password = "correct horse battery"
	// secret is in everything that outsiders must not learn.
	secret = "classified"
)

func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{t: t, database: pgtest.URL(t), redis: pgtest.Redis(t), doors: &doors{chats: map[uuid.UUID]uuid.UUID{}, shut: map[uuid.UUID]bool{}}}
	office, err := startNode(t.Context(), nodeConfig{database: w.database, doors: w.doors})
	require.NoError(t, err)
	defer office.close()
	made, err := office.identity.CreateWorkspace(t.Context(), identity.CreateWorkspaceParams{
		Name: "acme", Title: "Acme", AdminEmail: "ann@acme.example", AdminName: "Ann " + secret, AdminPassword: password,
	})
	require.NoError(t, err)
	w.workspace = made.Workspace
	_, err = office.pool.Exec(t.Context(), `UPDATE "user" SET chat_name = 'Ann'`)
	require.NoError(t, err)
	w.administrator = w.signIn(office, "ann@acme.example")
	w.agent = w.hire(office, "bob", identityv1.Role_ROLE_AGENT)
	w.member = w.hire(office, "cid", identityv1.Role_ROLE_MEMBER)
	w.visitor = w.visit(office)
	return w
}

func (w *town) signIn(n *node, email string) *person {
	w.t.Helper()
	res, err := n.identity.SignIn(w.t.Context(), &identityv1.SignInRequest{Workspace: "acme", Email: email, Password: password})
	require.NoError(w.t, err)
	return w.known(n, res.GetToken())
}

func (w *town) known(n *node, token string) *person {
	w.t.Helper()
	caller, err := n.identity.Credentials.Authenticate(w.t.Context(), token)
	require.NoError(w.t, err)
	return &person{caller: caller, token: token}
}

func (w *town) hire(n *node, name string, role identityv1.Role) *person {
	w.t.Helper()
	email := name + "@acme.example"
	_, err := n.identity.CreateUser(access.WithCaller(w.t.Context(), w.administrator.caller), &identityv1.CreateUserRequest{
		RequestId: uuid.NewString(), Email: email, Name: name + " " + secret, ChatName: name, Role: role, Password: password,
	})
	require.NoError(w.t, err)
	return w.signIn(n, email)
}

func (w *town) visit(n *node) *person {
	w.t.Helper()
	id := uuid.New()
	_, err := n.pool.Exec(w.t.Context(),
		`INSERT INTO visitor (workspace_id, id, name, create_time) VALUES ($1, $2, 'Visitor 7', now())`, w.workspace, id)
	require.NoError(w.t, err)
	token, err := n.identity.Credentials.IssueVisitor(w.t.Context(), n.pool, w.workspace, id)
	require.NoError(w.t, err)
	return w.known(n, token)
}

// node starts a server on the town's database and Redis.
func (w *town) node(c nodeConfig) *node {
	w.t.Helper()
	c.database, c.redis, c.doors = w.database, w.redis.URL(), w.doors
	n, err := startNode(w.t.Context(), c)
	require.NoError(w.t, err)
	w.t.Cleanup(n.close)
	require.Eventually(w.t, n.bus.Healthy, 10*time.Second, 2*time.Millisecond)
	return n
}

// chat makes a thread that the visitor may read.
func (w *town) chat(n *node) uuid.UUID {
	w.t.Helper()
	id := uuid.Must(uuid.NewV7())
	require.NoError(w.t, n.log.Create(w.t.Context(), n.pool, w.workspace, id, access.KindChat, ""))
	w.doors.give(id, w.visitor.caller.ID)
	return id
}

// draft is a message by somebody, or a note.
func (w *town) draft(by *person, id uuid.UUID, body string) thread.Draft {
	return thread.Draft{
		Workspace: w.workspace, Thread: id, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
		Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(by.caller), Body: body,
	}
}

func (w *town) note(by *person, id uuid.UUID, body string) thread.Draft {
	d := w.draft(by, id, secret+" "+body)
	d.Internal, d.Subtype = true, thread.SubtypeNotes
	return d
}

func (w *town) post(n *node, d thread.Draft) thread.Message {
	w.t.Helper()
	m, err := n.log.Post(w.t.Context(), d)
	require.NoError(w.t, err)
	return m
}

// long is a text that does not get shorter by compressing.
func long() string {
	text := make([]byte, 4<<10)
	_, _ = rand.Read(text) // never fails
	return hex.EncodeToString(text)
}

// bearer sends a token with every call.
type bearer string

func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		req.Header().Set("Authorization", "Bearer "+string(b))
		return next(ctx, req)
	}
}

func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("Authorization", "Bearer "+string(b))
		return conn
	}
}

func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// protocols are the ways to call, all on one port.
var protocols = map[string][]connect.ClientOption{
	"connect": nil, "json": {connect.WithProtoJSON()}, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}, "h2": nil,
}

// dial is a client with connections of its own.
func (n *node) dial(p *person, protocol string) (client livev1connect.LiveServiceClient, hangUp func()) {
	return n.dialWith(new(net.Dialer).DialContext, p, protocol)
}

// dialNarrow is dial with little room in the connection, so that a reader who stops
// is noticed soon.
func (n *node) dialNarrow(p *person, protocol string) (client livev1connect.LiveServiceClient, hangUp func()) {
	return n.dialWith(func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetReadBuffer(64 << 10)
		}
		return c, err
	}, p, protocol)
}

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func (n *node) dialWith(dial dialer, p *person, protocol string) (client livev1connect.LiveServiceClient, hangUp func()) {
	transport := &http.Transport{DialContext: dial}
	if protocol == "grpc" || protocol == "h2" {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
		transport.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerConnection: 128 << 10, MaxReceiveBufferPerStream: 64 << 10}
	}
	options := append([]connect.ClientOption{connect.WithInterceptors(bearer(p.token))}, protocols[protocol]...)
	return livev1connect.NewLiveServiceClient(&http.Client{Transport: transport}, n.url, options...), transport.CloseIdleConnections
}

func topicOf(id uuid.UUID, cursor string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: id.String()}, Cursor: cursor}
}

// requireFault requires a code and a reason, which are the API.
func requireFault(t testing.TB, err error, code connect.Code, reason string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code.String(), connect.CodeOf(err).String(), "%v", err)
	var answer *connect.Error
	require.ErrorAs(t, err, &answer)
	for _, d := range answer.Details() {
		if value, err := d.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				require.Equal(t, reason, info.GetReason())
				return
			}
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
}
