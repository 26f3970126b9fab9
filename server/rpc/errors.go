package rpc

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
)

// Domain says in google.rpc.ErrorInfo whose the reasons are.
const Domain = "parley.chat"

const headerRetryAfter = "Retry-After"

// Failures that are not any area's.
var (
	errInternal    = errors.New("internal error; if it stays, ask the operator of this server and name the request id")
	errUnavailable = fault.New(fault.Unavailable, "UNAVAILABLE", "the server cannot do this at the moment; try again").
			WithRetry(time.Second)
	errText     = fault.New(fault.Invalid, "TEXT_INVALID", "a text holds a NUL character; leave it out")
	errCanceled = errors.New("the call was canceled")
	errDeadline = errors.New("the call's deadline has passed")
)

// public answers what the caller may know of err. ours is true for what went
// wrong at our side.
func public(ctx context.Context, err error) (answer *connect.Error, ours bool) {
	var known *fault.Error
	var invalid *protovalidate.ValidationError
	var coded *connect.Error
	switch {
	case errors.As(err, &known):
		return ofFault(ctx, known), false
	case errors.As(err, &invalid):
		return ofViolations(ctx, invalid), false
	case errors.As(err, &coded) && ofConnect(coded):
		return detailed(ctx, connect.NewError(coded.Code(), errors.New(coded.Message())), reasonOf(coded.Code())), false
	case ctx.Err() != nil && (isContext(err) || coded != nil): // connect's other errors are of writing to who is gone
		return ofContext(ctx), false
	case isUnstorable(err):
		return ofFault(ctx, errText), false
	case isUnavailable(err):
		return ofFault(ctx, errUnavailable), true
	default:
		return detailed(ctx, connect.NewError(connect.CodeInternal, errInternal), "INTERNAL"), true
	}
}

// isUnavailable reports whether err is about a part that cannot be reached in
// time. A context that ended while the caller's goes on is such a case: a pool
// without a free connection, a server that stops.
func isUnavailable(err error) bool {
	return isContext(err) || store.IsUnavailable(err)
}

// isUnstorable reports whether PostgreSQL refused a text: it knows no NUL
// character, which protobuf strings may hold.
func isUnstorable(err error) bool {
	const characterNotInRepertoire, untranslatableCharacter = "22021", "22P05"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == characterNotInRepertoire || pg.Code == untranslatableCharacter)
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// ofConnect reports whether an error of the connect library is about the
// request, and its text the caller's to see. Handlers make no such errors.
func ofConnect(err *connect.Error) bool {
	switch err.Code() {
	case connect.CodeInvalidArgument, connect.CodeResourceExhausted, connect.CodeUnimplemented,
		connect.CodeCanceled, connect.CodeDeadlineExceeded:
		return !connect.IsWireError(err)
	default:
		return false
	}
}

func ofContext(ctx context.Context) *connect.Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return detailed(ctx, connect.NewError(connect.CodeDeadlineExceeded, errDeadline), "DEADLINE_EXCEEDED")
	}
	return detailed(ctx, connect.NewError(connect.CodeCanceled, errCanceled), "CANCELED")
}

func reasonOf(code connect.Code) string {
	switch code {
	case connect.CodeResourceExhausted:
		return "REQUEST_TOO_LARGE"
	case connect.CodeUnimplemented:
		return "UNIMPLEMENTED"
	case connect.CodeCanceled:
		return "CANCELED"
	case connect.CodeDeadlineExceeded:
		return "DEADLINE_EXCEEDED"
	default:
		return reasonInvalid
	}
}

const reasonInvalid = "REQUEST_INVALID"

// ofFault gives a failure its code and details. The cause stays here.
func ofFault(ctx context.Context, f *fault.Error) *connect.Error {
	answer := connect.NewError(codeOf(f.Kind), errors.New(f.Message))
	attach(answer, &errdetails.ErrorInfo{Reason: f.Reason, Domain: Domain, Metadata: f.Metadata})
	if f.Field != "" {
		attach(answer, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: f.Field, Description: f.Message, Reason: f.Reason},
		}})
	}
	if f.RetryAfter > 0 {
		attach(answer, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
		answer.Meta().Set(headerRetryAfter, strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	return named(ctx, answer)
}

// ofViolations tells which fields break the contract, in the library's own
// detail and in the one that all Google APIs use.
func ofViolations(ctx context.Context, v *protovalidate.ValidationError) *connect.Error {
	answer := connect.NewError(connect.CodeInvalidArgument, v)
	fields := make([]*errdetails.BadRequest_FieldViolation, len(v.Violations))
	for i, violation := range v.Violations {
		fields[i] = &errdetails.BadRequest_FieldViolation{
			Field:       protovalidate.FieldPathString(violation.Proto.GetField()),
			Description: violation.Proto.GetMessage(),
			Reason:      violation.Proto.GetRuleId(),
		}
	}
	attach(answer, &errdetails.ErrorInfo{Reason: reasonInvalid, Domain: Domain})
	attach(answer, &errdetails.BadRequest{FieldViolations: fields})
	attach(answer, v.ToProto())
	return named(ctx, answer)
}

// detailed gives an error a reason and the request's id.
func detailed(ctx context.Context, answer *connect.Error, reason string) *connect.Error {
	attach(answer, &errdetails.ErrorInfo{Reason: reason, Domain: Domain})
	return named(ctx, answer)
}

// named adds the request's id, for people who write to support.
func named(ctx context.Context, answer *connect.Error) *connect.Error {
	if id := RequestID(ctx); id != "" {
		attach(answer, &errdetails.RequestInfo{RequestId: id})
	}
	return answer
}

func attach(answer *connect.Error, detail proto.Message) {
	if d, err := connect.NewErrorDetail(detail); err == nil { // our own messages always encode
		answer.AddDetail(d)
	}
}

// codeOf is the RPC code of a kind of failure.
func codeOf(kind fault.Kind) connect.Code {
	switch kind {
	case fault.NotFound:
		return connect.CodeNotFound
	case fault.Invalid:
		return connect.CodeInvalidArgument
	case fault.Precondition:
		return connect.CodeFailedPrecondition
	case fault.Conflict:
		return connect.CodeAborted
	case fault.Denied:
		return connect.CodePermissionDenied
	case fault.Exhausted:
		return connect.CodeResourceExhausted
	case fault.Unauthenticated:
		return connect.CodeUnauthenticated
	case fault.Unavailable:
		return connect.CodeUnavailable
	case fault.AlreadyExists:
		return connect.CodeAlreadyExists
	default:
		return connect.CodeInternal
	}
}
