package parley

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Retry says how calls that fail for a passing reason are tried again: a lost
// connection, a server that is away, or one that asks to wait. Zero fields mean
// the defaults.
//
// Tried again are methods that change nothing or may be repeated, by the
// contract's idempotency levels, requests that carry a request id, and calls that
// never reached the server. A request id that is empty is filled in once, before
// the first attempt, so that what was done is never done twice. The call's context
// bounds all attempts together.
type Retry struct {
	// Attempts is how often a call is tried in all: 6. 1 means never again.
	Attempts int
	// First is the most to wait before the second attempt: 300 ms. It doubles from
	// there, and each wait is a random part of it, so that many clients that failed
	// together do not come back together.
	First time.Duration
	// Most is the most to wait before any attempt: 20 s. A server that asks to wait
	// for longer is not asked again.
	Most time.Duration
	// PerAttempt is how long one attempt may take before the next: 30 s.
	PerAttempt time.Duration
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Attempts:   cmp.Or(r.Attempts, 6),
		First:      cmp.Or(r.First, 300*time.Millisecond),
		Most:       cmp.Or(r.Most, 20*time.Second),
		PerAttempt: cmp.Or(r.PerAttempt, 30*time.Second),
	}
}

// pause is how long to wait after so many failures, counted from 0.
func (r Retry) pause(failures int) time.Duration {
	limit := r.First << min(failures, 30)
	if limit > r.Most || limit <= 0 {
		limit = r.Most
	}
	return rand.N(limit + 1)
}

// retrier is the interceptor that does what Retry says. It leaves streams alone.
type retrier struct {
	Retry
	sleep func(context.Context, time.Duration) error
}

type onceKey struct{}

// withoutRetry is for a caller that tries again by itself.
func withoutRetry(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, true)
}

// WrapUnary implements connect.Interceptor.
func (r *retrier) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		if ctx.Value(onceKey{}) != nil {
			return next(ctx, request)
		}
		request, named := withRequestID(request)
		repeatable := named || request.Spec().IdempotencyLevel != connect.IdempotencyUnknown
		for failures := 0; ; failures++ {
			answer, late, err := r.attempt(ctx, request, next)
			if err == nil {
				return answer, nil
			}
			wait, again := r.next(ctx, err, failures, repeatable, late)
			if !again || r.sleep(ctx, wait) != nil {
				return nil, err
			}
		}
	}
}

// attempt makes one attempt. late is true if its time was over.
func (r *retrier) attempt(
	ctx context.Context, request connect.AnyRequest, next connect.UnaryFunc,
) (answer connect.AnyResponse, late bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.PerAttempt)
	defer cancel()
	answer, err = next(ctx, request)
	return answer, ctx.Err() != nil || connect.CodeOf(err) == connect.CodeDeadlineExceeded, err
}

// next answers whether there is another attempt after a failure, and how long to
// wait for it.
func (r *retrier) next(ctx context.Context, err error, failures int, repeatable, late bool) (wait time.Duration, again bool) {
	asked, _ := RetryAfter(err)
	switch {
	case ctx.Err() != nil, failures+1 >= r.Attempts, asked > r.Most:
		return 0, false
	case !late && !isPassing(err), !repeatable && !neverSent(err):
		return 0, false
	default:
		return max(asked, r.pause(failures)), true
	}
}

// neverSent reports whether no connection was made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// WrapStreamingClient implements connect.Interceptor.
func (r *retrier) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (r *retrier) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// withRequestID fills in the request id, if the method has one and it is empty.
// What it fills in is a copy, so that the caller may use theirs for another call.
func withRequestID(request connect.AnyRequest) (filled connect.AnyRequest, named bool) {
	message, ok := request.Any().(proto.Message)
	if !ok {
		return request, false
	}
	field := message.ProtoReflect().Descriptor().Fields().ByName("request_id")
	if field == nil || field.Kind() != protoreflect.StringKind {
		return request, false
	}
	if message.ProtoReflect().Get(field).String() != "" {
		return request, true
	}
	message = proto.Clone(message)
	message.ProtoReflect().Set(field, protoreflect.ValueOfString(uuid.NewString()))
	return namedRequest{AnyRequest: request, message: message}, true
}

// namedRequest is a request with another message in it.
type namedRequest struct {
	connect.AnyRequest
	message proto.Message
}

// Any implements connect.AnyRequest.
func (r namedRequest) Any() any { return r.message }
