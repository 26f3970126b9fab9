package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
)

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
