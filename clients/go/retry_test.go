package parley_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	parley "github.com/parley-chat/parley/clients/go"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// flaky is a server whose answers are scripted. answer is asked for each call,
// counted from 1, and fails it if it answers an error.
type flaky struct {
	chatterv1connect.UnimplementedChatterServiceHandler
	identityv1connect.UnimplementedIdentityServiceHandler
	answer func(ctx context.Context, call int) error
	calls  atomic.Int64
	ids    chan string
	tokens chan string
}

func (f *flaky) next(ctx context.Context) error {
	return f.answer(ctx, int(f.calls.Add(1)))
}

// PostMessage implements ChatterService.
func (f *flaky) PostMessage(ctx context.Context, req *chatterv1.PostMessageRequest) (*chatterv1.PostMessageResponse, error) {
	f.ids <- req.GetRequestId()
	if err := f.next(ctx); err != nil {
		return nil, err
	}
	return &chatterv1.PostMessageResponse{Message: &threadv1.Message{RequestId: req.GetRequestId()}}, nil
}

// GetThread implements ChatterService.
func (f *flaky) GetThread(ctx context.Context, _ *chatterv1.GetThreadRequest) (*chatterv1.GetThreadResponse, error) {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		f.tokens <- info.RequestHeader().Get("Authorization")
	}
	return &chatterv1.GetThreadResponse{}, f.next(ctx)
}

// SignIn implements IdentityService.
func (f *flaky) SignIn(ctx context.Context, _ *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	return &identityv1.SignInResponse{Token: "fresh"}, f.next(ctx)
}

// SignOut implements IdentityService.
func (f *flaky) SignOut(context.Context, *identityv1.SignOutRequest) (*identityv1.SignOutResponse, error) {
	return &identityv1.SignOutResponse{}, nil
}

// setup starts the server; what was waited between attempts is sent to waits.
func (f *flaky) setup(t *testing.T, options ...parley.Option) (client *parley.Client, waits chan time.Duration) {
	t.Helper()
	f.ids, f.tokens, waits = make(chan string, 20), make(chan string, 20), make(chan time.Duration, 20)
	mux := http.NewServeMux()
	mux.Handle(chatterv1connect.NewChatterServiceHandler(f))
	mux.Handle(identityv1connect.NewIdentityServiceHandler(f))
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	options = append(options, parley.WithToken("secret"), parley.WithTestTempo(func(ctx context.Context, d time.Duration) error {
		waits <- d
		return ctx.Err()
	}, parley.Limits{}))
	return parley.New(server.URL, options...), waits
}

func fails(times int, err error) func(context.Context, int) error {
	return func(_ context.Context, call int) error {
		if call > times {
			return nil
		}
		return err
	}
}

var errAway = connect.NewError(connect.CodeUnavailable, errors.New("away"))

// Spec: C1
func TestRetry_PostsWithTheSameRequestIDUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]parley.Option{"connect": nil, "grpc": {parley.WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &flaky{answer: fails(3, errAway)}
			client, waits := f.setup(t, options...)
			request := &chatterv1.PostMessageRequest{Body: "hello"}
			answer, err := client.Chatter.PostMessage(t.Context(), request)
			require.NoError(t, err)
			id := answer.GetMessage().GetRequestId()
			require.NoError(t, uuid.Validate(id))
			for range 4 {
				require.Equal(t, id, <-f.ids)
			}
			require.Len(t, waits, 3)
			require.Empty(t, request.GetRequestId(), "the caller's request is theirs")

			_, err = client.Chatter.PostMessage(t.Context(), request)
			require.NoError(t, err)
			require.NotEqual(t, id, <-f.ids, "another call is another message")
		})
	}
}

func TestRetry_KeepsARequestIDOfTheCaller(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: fails(0, nil)}
	client, _ := f.setup(t)
	_, err := client.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{RequestId: "mine"})
	require.NoError(t, err)
	require.Equal(t, "mine", <-f.ids)
}

// Spec: C1
func TestRetry_TriesAgainWhenTheConnectionBreaksInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]parley.Option{"connect": nil, "grpc": {parley.WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &flaky{answer: func(_ context.Context, call int) error {
				if call < 3 {
					panic(http.ErrAbortHandler)
				}
				return nil
			}}
			client, _ := f.setup(t, options...)
			_, err := client.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{})
			require.NoError(t, err)
			require.Equal(t, <-f.ids, <-f.ids)
		})
	}
}

func TestRetry_GivesUpAfterItsAttempts(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: fails(100, errAway)}
	client, _ := f.setup(t, parley.WithRetry(parley.Retry{Attempts: 3}))
	_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
	require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
	require.EqualValues(t, 3, f.calls.Load())
}

func TestRetry_DoesNotRepeatWhatMayBeDoneTwice(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: fails(100, errAway)}
	client, _ := f.setup(t)
	_, err := client.SignIn(t.Context(), "", "ann@example.com", "secret")
	require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
	require.EqualValues(t, 1, f.calls.Load())
}

func TestRetry_RepeatsWhatNeverReachedTheServer(t *testing.T) {
	t.Parallel()
	attempts := 0
	client := parley.New("http://127.0.0.1:1", parley.WithTestTempo(func(context.Context, time.Duration) error {
		attempts++
		return nil
	}, parley.Limits{}))
	_, err := client.SignIn(t.Context(), "", "ann@example.com", "secret")
	var dial *net.OpError
	require.ErrorAs(t, err, &dial)
	require.Equal(t, 5, attempts)
}

func TestRetry_TakesAnAnswerForAnAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"a refusal":       failure(connect.CodeFailedPrecondition, &errdetails.ErrorInfo{Reason: "CHAT_CLOSED"}),
		"a conflict":      failure(connect.CodeAborted, &errdetails.ErrorInfo{Reason: "ETAG_MISMATCH"}),
		"wait for long":   failure(connect.CodeResourceExhausted, retryIn(21*time.Second)),
		"a broken server": failure(connect.CodeInternal),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &flaky{answer: fails(100, answer)}
			client, waits := f.setup(t)
			_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
			require.Equal(t, connect.CodeOf(answer), connect.CodeOf(err))
			require.Empty(t, waits)
		})
	}
}

func TestRetry_WaitsAsLongAsTheServerAsks(t *testing.T) {
	t.Parallel()
	for _, code := range []connect.Code{connect.CodeAborted, connect.CodeResourceExhausted, connect.CodeUnavailable} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			f := &flaky{answer: fails(1, failure(code, retryIn(7500*time.Millisecond)))}
			client, waits := f.setup(t)
			_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
			require.NoError(t, err)
			require.Equal(t, 7500*time.Millisecond, <-waits)
		})
	}
}

func TestRetry_DoesNotWaitForAServerThatHangs(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: func(ctx context.Context, call int) error {
		if call == 1 {
			<-ctx.Done()
		}
		return ctx.Err()
	}}
	client, _ := f.setup(t, parley.WithRetry(parley.Retry{PerAttempt: 50 * time.Millisecond}))
	_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, f.calls.Load(), int64(2))
}

func TestRetry_EndsWithTheCallsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := &flaky{answer: func(context.Context, int) error {
		cancel()
		return errAway
	}}
	client, _ := f.setup(t)
	_, err := client.Chatter.GetThread(ctx, &chatterv1.GetThreadRequest{})
	require.Error(t, err)
	require.EqualValues(t, 1, f.calls.Load())
}

func TestClient_SendsTheTokenAlongUntilSigningOut(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: fails(0, nil)}
	client, _ := f.setup(t)
	call := func() string {
		_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
		require.NoError(t, err)
		return <-f.tokens
	}
	require.Equal(t, "Bearer secret", call())
	_, err := client.SignIn(t.Context(), "", "ann@example.com", "secret")
	require.NoError(t, err)
	require.Equal(t, "Bearer fresh", call())
	require.NoError(t, client.SignOut(t.Context()))
	require.Empty(t, call())
}

func TestFailure_TellsWhatTheServerTold(t *testing.T) {
	t.Parallel()
	f := &flaky{answer: fails(100, failure(connect.CodeFailedPrecondition,
		&errdetails.ErrorInfo{Reason: "PART_OUT_OF_ORDER", Metadata: map[string]string{"part": "3"}},
		&errdetails.RequestInfo{RequestId: "0123abcd"}, retryIn(2*time.Second)))}
	client, _ := f.setup(t)
	_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{})
	require.Equal(t, "PART_OUT_OF_ORDER", parley.Reason(err))
	require.Equal(t, map[string]string{"part": "3"}, parley.Metadata(err))
	require.Equal(t, "0123abcd", parley.RequestID(err))
	wait, ok := parley.RetryAfter(err)
	require.True(t, ok)
	require.Equal(t, 2*time.Second, wait)
}

func TestFailure_OfAnotherKindTellsNothing(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF} {
		require.Empty(t, parley.Reason(err))
		require.Empty(t, parley.RequestID(err))
		_, ok := parley.RetryAfter(err)
		require.False(t, ok)
	}
}
