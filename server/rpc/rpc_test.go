package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
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

// Spec: A1, A4
func TestCall_TellsTheCallerWhatTheyCanCureAndNothingElse(t *testing.T) {
	t.Parallel()
	closed := fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed")
	secret := errors.New("secret: password of db.internal")
	tests := map[string]struct {
		err    error
		code   connect.Code
		reason string
	}{
		"NotFound":        {fault.New(fault.NotFound, "R", "m"), connect.CodeNotFound, "R"},
		"Invalid":         {fault.New(fault.Invalid, "R", "m"), connect.CodeInvalidArgument, "R"},
		"Precondition":    {closed, connect.CodeFailedPrecondition, "CHAT_CLOSED"},
		"Conflict":        {fault.New(fault.Conflict, "R", "m"), connect.CodeAborted, "R"},
		"Denied":          {fault.New(fault.Denied, "R", "m"), connect.CodePermissionDenied, "R"},
		"Exhausted":       {fault.New(fault.Exhausted, "R", "m"), connect.CodeResourceExhausted, "R"},
		"Unauthenticated": {fault.New(fault.Unauthenticated, "R", "m"), connect.CodeUnauthenticated, "R"},
		"Unavailable":     {fault.New(fault.Unavailable, "R", "m"), connect.CodeUnavailable, "R"},
		"AlreadyExists":   {fault.New(fault.AlreadyExists, "R", "m"), connect.CodeAlreadyExists, "R"},
		"Wrapped":         {fmt.Errorf("post %w: %w", secret, closed.Wrap(secret)), connect.CodeFailedPrecondition, "CHAT_CLOSED"},
		"Unknown":         {secret, connect.CodeInternal, "INTERNAL"},
		"ConnectsOwn":     {connect.NewError(connect.CodeUnknown, secret), connect.CodeInternal, "INTERNAL"},
		"AnothersAnswer":  {connect.NewWireError(connect.CodeInvalidArgument, secret), connect.CodeInternal, "INTERNAL"},
		"OwnDeadline":     {fmt.Errorf("%w: %w", secret, context.DeadlineExceeded), connect.CodeUnavailable, "UNAVAILABLE"},
		"Stopping":        {fmt.Errorf("%w: %w", secret, context.Canceled), connect.CodeUnavailable, "UNAVAILABLE"},
		"DatabaseGone":    {fmt.Errorf("%w: %w", secret, &pgconn.PgError{Code: "57P01"}), connect.CodeUnavailable, "UNAVAILABLE"},
		"NUL":             {fmt.Errorf("%w: %w", secret, &pgconn.PgError{Code: "22021"}), connect.CodeInvalidArgument, "TEXT_INVALID"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, slog.LevelInfo)
			b.answer = func(context.Context) error { return test.err }
			for protocol, options := range protocols() {
				_, err := b.identity(append(options, as("member"))...).GetUser(t.Context(), aUser())
				requireFault(t, err, test.code, test.reason)
				require.NotContains(t, err.Error(), "secret", protocol)
			}
		})
	}
}

func TestCall_LogsWhatItHidesWithTheRequestsID(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	b.answer = func(context.Context) error { panic("the secret panics") }
	_, err := b.identity(as("member")).GetUser(t.Context(), aUser())
	requireFault(t, err, connect.CodeInternal, "INTERNAL")
	require.NotContains(t, err.Error(), "panics")
	require.Contains(t, b.log.String(), "the secret panics")
	require.Contains(t, b.log.String(), detail[*errdetails.RequestInfo](t, err).GetRequestId())
	require.Contains(t, b.log.String(), "level=ERROR")

	_, err = b.identity(as("unprovable")).GetUser(t.Context(), aUser())
	requireFault(t, err, connect.CodeUnavailable, "CREDENTIAL_UNPROVABLE")
	require.Contains(t, b.log.String(), "secret cause")
	require.Contains(t, b.log.String(), "level=WARN")
}

func TestCall_IsLoggedAtDebugWithoutTokenOrContent(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelDebug)
	ask := aUser()
	_, err := b.identity(as("member")).GetUser(t.Context(), ask)
	require.NoError(t, err)
	b.answer = func(context.Context) error { return fault.New(fault.Denied, "NOT_THIS", "no") }
	_, err = b.identity(as("member")).GetUser(t.Context(), ask)
	requireFault(t, err, connect.CodePermissionDenied, "NOT_THIS")
	log := b.log.String()
	for _, want := range []string{"procedure=/parley.identity.v1.IdentityService/GetUser", "took=", "client=127.0.0.1",
		"workspace=" + b.callers["member"].Workspace.String(), "reason=NOT_THIS", "code=permission_denied"} {
		require.Contains(t, log, want)
	}
	require.NotContains(t, log, ask.GetUserId())
	require.NotContains(t, log, "Bearer")
}

func TestCall_NamesTheFieldsThatBreakTheContract(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	for _, options := range protocols() {
		_, err := b.identity(append(options, as("member"))...).GetUser(t.Context(), &identityv1.GetUserRequest{UserId: "seven"})
		requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_INVALID")
		violations := detail[*errdetails.BadRequest](t, err).GetFieldViolations()
		require.Len(t, violations, 1)
		require.Equal(t, "user_id", violations[0].GetField())
		require.NotEmpty(t, violations[0].GetDescription())
	}
	stream, err := b.files(as("member")).ReadFile(t.Context(), &threadv1.ReadFileRequest{FileId: "seven"})
	require.NoError(t, err)
	require.False(t, stream.Receive())
	requireFault(t, stream.Err(), connect.CodeInvalidArgument, "REQUEST_INVALID")
	require.Equal(t, "file_id", detail[*errdetails.BadRequest](t, stream.Err()).GetFieldViolations()[0].GetField())
}

func TestCall_TellsWhenToTryAgainAndWhichFieldIsAtFault(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	b.answer = func(context.Context) error {
		return fault.New(fault.Exhausted, "TOO_MANY", "wait").WithRetry(1500*time.Millisecond).WithField("user_id").With("limit", "7")
	}
	_, err := b.identity(as("member")).GetUser(t.Context(), aUser())
	requireFault(t, err, connect.CodeResourceExhausted, "TOO_MANY")
	require.Equal(t, 1500*time.Millisecond, detail[*errdetails.RetryInfo](t, err).GetRetryDelay().AsDuration())
	require.Equal(t, "user_id", detail[*errdetails.BadRequest](t, err).GetFieldViolations()[0].GetField())
	require.Equal(t, "7", detail[*errdetails.ErrorInfo](t, err).GetMetadata()["limit"])
	var answer *connect.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, "2", answer.Meta().Get("Retry-After"))
}

func TestCall_EndsAsItsDeadlineSays(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	seen := make(chan error, 1)
	b.answer = func(ctx context.Context) error {
		<-ctx.Done()
		seen <- ctx.Err()
		return fmt.Errorf("query: %w", ctx.Err())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := b.identity(as("member")).GetUser(ctx, aUser())
	require.Equal(t, connect.CodeDeadlineExceeded, connect.CodeOf(err))
	<-seen
	require.NotContains(t, b.log.String(), "level=ERROR")
}

// curl posts JSON by hand, as the README's examples do.
func (b *bundle) curl(t *testing.T, body string, header ...string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		b.server.URL+identityv1connect.IdentityServiceGetUserProcedure, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.server.Client().Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	answer := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &answer), string(raw))
	return res, answer
}

// Spec: A1
func TestCall_WorksByCurl(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	id := uuid.NewString()
	res, answer := b.curl(t, `{"userId":"`+id+`"}`, "Authorization", "bearer member", "Accept-Encoding", "gzip")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, id, answer["user"].(map[string]any)["id"])
	require.Empty(t, res.Header.Get("Content-Encoding"), "small answers are not worth compressing")

	query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {`{"userId":"` + id + `"}`}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		b.server.URL+identityv1connect.IdentityServiceGetUserProcedure+"?"+query.Encode(), nil)
	require.NoError(t, err)
	res, err = b.server.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	seen := make(chan string, 10)
	b.answer = func(ctx context.Context) error {
		seen <- rpc.RequestID(ctx)
		return nil
	}
	valid := `{"userId":"` + uuid.NewString() + `"}`
	res, _ := b.curl(t, valid, "Authorization", "Bearer member", "X-Request-Id", "mine-1.2_3")
	require.Equal(t, "mine-1.2_3", res.Header.Get("X-Request-Id"))
	require.Equal(t, "mine-1.2_3", <-seen)

	for _, forged := range []string{"", "two words", "log\tentry", strings.Repeat("x", 65)} {
		res, _ := b.curl(t, valid, "Authorization", "Bearer member", "X-Request-Id", forged)
		id := res.Header.Get("X-Request-Id")
		require.Regexp(t, "^[0-9a-f]{32}$", id)
		require.Equal(t, id, <-seen)
	}

	// What cannot even be decoded still has an id to ask about.
	res, answer := b.curl(t, `{"userId":`, "Authorization", "Bearer member")
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.Equal(t, "invalid_argument", answer["code"])
	require.NotEmpty(t, res.Header.Get("X-Request-Id"))
}

// Spec: A1
func TestCORS_LetsAnyOriginCallWithoutCredentials(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	for _, origin := range []string{"https://shop.example", "null", "https://parley.example.evil.test"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions,
			b.server.URL+identityv1connect.IdentityServiceGetUserProcedure, nil)
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "authorization,connect-protocol-version,content-type,x-request-id")
		res, err := b.server.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "*", res.Header.Get("Access-Control-Allow-Origin"), "the origin is never reflected")
		require.Contains(t, res.Header.Get("Access-Control-Allow-Headers"), "authorization")
		require.Empty(t, res.Header.Get("Access-Control-Allow-Credentials"))

		answer, _ := b.curl(t, `{"userId":"`+uuid.NewString()+`"}`, "Authorization", "Bearer member", "Origin", origin)
		require.Equal(t, "*", answer.Header.Get("Access-Control-Allow-Origin"))
		require.Contains(t, answer.Header.Get("Access-Control-Expose-Headers"), "X-Request-Id")
	}
}

// A browser sends cookies unasked, and addresses are logged everywhere.
func TestCredential_IsTakenFromItsHeaderOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	valid := `{"userId":"` + uuid.NewString() + `"}`
	for _, header := range [][]string{
		{"Cookie", "Authorization=Bearer member; token=member"}, {"Authorization", "Basic member"}, {"Authorization", "member"},
		{"Authorization", "Bearer "}, {"X-Authorization", "Bearer member"}, {"Proxy-Authorization", "Bearer member"},
	} {
		res, _ := b.curl(t, valid, header...)
		require.Equal(t, http.StatusUnauthorized, res.StatusCode, header)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		b.server.URL+identityv1connect.IdentityServiceGetUserProcedure+"?access_token=member&authorization=Bearer+member", strings.NewReader(valid))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := b.server.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
}

func TestRequest_IsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	_, err := b.identity(as("member")).GetUser(t.Context(), &identityv1.GetUserRequest{UserId: strings.Repeat("x", 7<<20)})
	require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err))
}
