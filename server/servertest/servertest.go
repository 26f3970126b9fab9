// Package servertest runs a whole server for a test: the real program over a
// database and a Redis of its own, behind a real listener.
package servertest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/gen/parley/activity/v1/activityv1connect"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	"github.com/parley-chat/parley/gen/parley/compose/v1/composev1connect"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	"github.com/parley-chat/parley/gen/parley/livechat/v1/livechatv1connect"
	"github.com/parley-chat/parley/gen/parley/mail/v1/mailv1connect"
	"github.com/parley-chat/parley/gen/parley/messenger/v1/messengerv1connect"
	"github.com/parley-chat/parley/gen/parley/record/v1/recordv1connect"
	"github.com/parley-chat/parley/gen/parley/search/v1/searchv1connect"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
	"github.com/parley-chat/parley/gen/parley/translation/v1/translationv1connect"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// What every workspace of a test has.
const (
	Workspace = "acme"
	Password  = "correct horse battery"
	Admin     = "admin@acme.example"
)

// Server is a node under test.
type Server struct {
	*server.Server
	// URL is where it listens.
	URL string
	// Workspace is the id of the workspace that Start made; zero for a node
	// started by Join.
	Workspace uuid.UUID
	// AdminID is the user of Admin.
	AdminID uuid.UUID

	stop func()
}

// Option changes how a node is started.
type Option func(*server.Config)

// Start runs a node with one workspace on a new database. It ends with the test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	c := server.Config{DatabaseURL: pgtest.URL(t), RedisURL: pgtest.Redis(t).URL(), BlobURL: "file://" + t.TempDir()}
	s := start(t, c, options)
	made, err := s.CreateWorkspace(t.Context(), identity.CreateWorkspaceParams{
		Name: Workspace, Title: "Acme", AdminEmail: Admin, AdminName: "Ada Admin", AdminPassword: Password,
	})
	require.NoError(t, err)
	s.Workspace, s.AdminID = made.Workspace, made.Administrator
	return s
}

// Join runs one more node beside s, on the same database and Redis.
func (s *Server) Join(t testing.TB, options ...Option) *Server {
	t.Helper()
	c := server.Config{DatabaseURL: s.DatabaseURL, RedisURL: s.RedisURL, BlobURL: s.BlobURL}
	joined := start(t, c, options)
	joined.Workspace, joined.AdminID = s.Workspace, s.AdminID
	return joined
}

func start(t testing.TB, c server.Config, options []Option) *Server {
	t.Helper()
	c.AllowUnsafeDurability, c.Reflection, c.MaxConns = true, true, 8
	c.EgressAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} // where the fakes are
	c.Cost = identity.Cost{Memory: 64, Time: 1, Threads: 1}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, o := range options {
		o(&c)
	}
	s, err := server.New(t.Context(), c)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l, 5*time.Second) }()
	out := &Server{Server: s, URL: "http://" + l.Addr().String()}
	out.stop = func() {
		cancel()
		if served != nil {
			<-served
			served = nil
			s.Close()
		}
	}
	t.Cleanup(out.stop)
	return out
}

// Stop ends the node before the test does.
func (s *Server) Stop() { s.stop() }

// Client is somebody who calls a node.
type Client struct {
	Token       string
	UserID      uuid.UUID
	Identity    identityv1connect.IdentityServiceClient
	Records     recordv1connect.RecordServiceClient
	Chatter     chatterv1connect.ChatterServiceClient
	Activity    activityv1connect.ActivityServiceClient
	Compose     composev1connect.ComposeServiceClient
	Files       threadv1connect.FileServiceClient
	Search      searchv1connect.SearchServiceClient
	LiveChat    livechatv1connect.LiveChatServiceClient
	Visitor     visitorv1connect.VisitorServiceClient
	Live        livev1connect.LiveServiceClient
	Translation translationv1connect.TranslationServiceClient
	Messenger   messengerv1connect.MessengerServiceClient
	Mail        mailv1connect.MailServiceClient
}

// As is a client that calls with the token, or as nobody if it is empty.
func (s *Server) As(token string, options ...connect.ClientOption) *Client {
	options = append(options, connect.WithInterceptors(bearer(token)))
	h := http.DefaultClient
	return &Client{
		Token:       token,
		Identity:    identityv1connect.NewIdentityServiceClient(h, s.URL, options...),
		Records:     recordv1connect.NewRecordServiceClient(h, s.URL, options...),
		Chatter:     chatterv1connect.NewChatterServiceClient(h, s.URL, options...),
		Activity:    activityv1connect.NewActivityServiceClient(h, s.URL, options...),
		Compose:     composev1connect.NewComposeServiceClient(h, s.URL, options...),
		Files:       threadv1connect.NewFileServiceClient(h, s.URL, options...),
		Search:      searchv1connect.NewSearchServiceClient(h, s.URL, options...),
		LiveChat:    livechatv1connect.NewLiveChatServiceClient(h, s.URL, options...),
		Visitor:     visitorv1connect.NewVisitorServiceClient(h, s.URL, options...),
		Live:        livev1connect.NewLiveServiceClient(h, s.URL, options...),
		Translation: translationv1connect.NewTranslationServiceClient(h, s.URL, options...),
		Messenger:   messengerv1connect.NewMessengerServiceClient(h, s.URL, options...),
		Mail:        mailv1connect.NewMailServiceClient(h, s.URL, options...),
	}
}

// SignIn signs a user in.
func (s *Server) SignIn(t testing.TB, email string) *Client {
	t.Helper()
	res, err := s.As("").Identity.SignIn(t.Context(), &identityv1.SignInRequest{Workspace: Workspace, Email: email, Password: Password})
	require.NoError(t, err)
	c := s.As(res.GetToken())
	c.UserID = uuid.MustParse(res.GetUser().GetId())
	return c
}

// User makes a user with a role and signs them in.
func (s *Server) User(t testing.TB, email string, role identityv1.Role) *Client {
	t.Helper()
	_, err := s.SignIn(t, Admin).Identity.CreateUser(t.Context(), &identityv1.CreateUserRequest{
		RequestId: uuid.NewString(), Email: email, Name: "Name of " + email, ChatName: "Chat " + email[:1], Role: role, Password: Password,
	})
	require.NoError(t, err)
	return s.SignIn(t, email)
}

// bearer sends a token with every call.
type bearer string

// WrapUnary implements connect.Interceptor.
func (b bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		b.set(req.Header())
		return next(ctx, req)
	}
}

// WrapStreamingClient implements connect.Interceptor.
func (b bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		b.set(conn.RequestHeader())
		return conn
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (b bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (b bearer) set(h http.Header) {
	if b != "" {
		h.Set("Authorization", "Bearer "+string(b))
	}
}
