package rpc_test

import (
	"bytes"
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
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
)

// tokens is an Authenticator that knows its callers by heart.
type tokens map[string]access.Caller

func (t tokens) Authenticate(_ context.Context, token string) (access.Caller, error) {
	if token == "unprovable" {
		return access.Caller{}, fault.New(fault.Unavailable, "CREDENTIAL_UNPROVABLE", "later").Wrap(errors.New("secret cause"))
	}
	c, ok := t[token]
	if !ok {
		return access.Caller{}, fault.New(fault.Unauthenticated, "CREDENTIAL_INVALID", "sign in again")
	}
	return c, nil
}

func user(role identityv1.Role, scopes ...accessv1.Scope) access.Caller {
	return access.Caller{Kind: access.User, Workspace: uuid.New(), ID: uuid.New(), Role: role, Session: scopes == nil, Scopes: scopes}
}

func callers() tokens {
	return tokens{
		"member":        user(identityv1.Role_ROLE_MEMBER),
		"agent":         user(identityv1.Role_ROLE_AGENT),
		"administrator": user(identityv1.Role_ROLE_ADMINISTRATOR),
		"reader":        user(identityv1.Role_ROLE_ADMINISTRATOR, accessv1.Scope_SCOPE_IDENTITY_READ),
		"nothing":       user(identityv1.Role_ROLE_ADMINISTRATOR, []accessv1.Scope{}...),
		"visitor":       {Kind: access.Visitor, Workspace: uuid.New(), ID: uuid.New()},
	}
}

// service answers what a test tells it to.
type service struct {
	identityv1connect.UnimplementedIdentityServiceHandler
	threadv1connect.UnimplementedFileServiceHandler
	answer func(ctx context.Context) error
	frames func(ctx context.Context, send func() error) error
}

func (s *service) GetUser(ctx context.Context, req *identityv1.GetUserRequest) (*identityv1.GetUserResponse, error) {
	if err := s.answer(ctx); err != nil {
		return nil, err
	}
	return &identityv1.GetUserResponse{User: &identityv1.User{Id: req.GetUserId(), Name: access.FromContext(ctx).ID.String()}}, nil
}

func (s *service) SignIn(ctx context.Context, _ *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	return &identityv1.SignInResponse{Token: access.FromContext(ctx).ID.String()}, s.answer(ctx)
}

func (s *service) UpdateWorkspace(ctx context.Context, _ *identityv1.UpdateWorkspaceRequest) (*identityv1.UpdateWorkspaceResponse, error) {
	return &identityv1.UpdateWorkspaceResponse{}, s.answer(ctx)
}

func (s *service) ReadFile(ctx context.Context, _ *threadv1.ReadFileRequest, stream *connect.ServerStream[threadv1.ReadFileResponse]) error {
	return s.frames(ctx, func() error {
		return stream.Send(&threadv1.ReadFileResponse{Data: make([]byte, 512)})
	})
}

// bundle is a server with what every call passes around a service.
type bundle struct {
	*service
	callers tokens
	server  *httptest.Server
	log     *buffer
}

// buffer is a log that a test reads while the server writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func setup(t *testing.T, level slog.Level) *bundle {
	t.Helper()
	b := &bundle{callers: callers(), log: new(buffer), service: &service{answer: func(context.Context) error { return nil }}}
	options := rpc.HandlerOptions(rpc.Options{
		Authenticator: b.callers,
		Log:           slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: level})),
	})
	mux := http.NewServeMux()
	mux.Handle(identityv1connect.NewIdentityServiceHandler(b.service, options...))
	mux.Handle(threadv1connect.NewFileServiceHandler(b.service, options...))
	b.server = httptest.NewUnstartedServer(rpc.Wrap(rpc.HTTPOptions{WriteWithin: 10 * time.Second}, mux))
	b.server.EnableHTTP2 = true
	b.server.StartTLS()
	t.Cleanup(b.server.Close)
	return b
}

// as is a client option that sends a token.
func as(token string) connect.ClientOption {
	return connect.WithInterceptors(&bearer{token})
}

type bearer struct{ token string }

func (b *bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		req.Header().Set("Authorization", "Bearer "+b.token)
		return next(ctx, req)
	}
}

func (b *bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("Authorization", "Bearer "+b.token)
		return conn
	}
}

func (b *bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (b *bundle) identity(options ...connect.ClientOption) identityv1connect.IdentityServiceClient {
	return identityv1connect.NewIdentityServiceClient(b.server.Client(), b.server.URL, options...)
}

func (b *bundle) files(options ...connect.ClientOption) threadv1connect.FileServiceClient {
	return threadv1connect.NewFileServiceClient(b.server.Client(), b.server.URL, options...)
}

func aUser() *identityv1.GetUserRequest { return &identityv1.GetUserRequest{UserId: uuid.NewString()} }

// detail finds a detail of an error.
func detail[T proto.Message](t *testing.T, err error) T {
	t.Helper()
	var found *connect.Error
	require.ErrorAs(t, err, &found)
	for _, d := range found.Details() {
		value, err := d.Value()
		require.NoError(t, err)
		if typed, ok := value.(T); ok {
			return typed
		}
	}
	require.FailNow(t, "no such detail", "%v", err)
	var none T
	return none
}

func requireFault(t *testing.T, err error, code connect.Code, reason string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code.String(), connect.CodeOf(err).String(), "%v", err)
	info := detail[*errdetails.ErrorInfo](t, err)
	require.Equal(t, reason, info.GetReason())
	require.Equal(t, "parley.chat", info.GetDomain())
	require.NotEmpty(t, detail[*errdetails.RequestInfo](t, err).GetRequestId())
}

// protocols are the three that one port speaks.
func protocols() map[string][]connect.ClientOption {
	return map[string][]connect.ClientOption{
		"connect": nil, "json": {connect.WithProtoJSON()}, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()},
		"get": {connect.WithHTTPGet()},
	}
}
