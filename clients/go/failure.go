package parley

import (
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// Reason is the stable name of a failure, such as "CHAT_CLOSED", for programs to
// branch on; empty if err is no answer of a server.
func Reason(err error) string {
	info, _ := detail[*errdetails.ErrorInfo](err)
	return info.GetReason()
}

// Metadata are the facts that a failure tells programs, such as the part that an
// upload wants; it may be nil.
func Metadata(err error) map[string]string {
	info, _ := detail[*errdetails.ErrorInfo](err)
	return info.GetMetadata()
}

// RequestID names the failed request in the server's log, for a message to
// support; empty if it never got there.
func RequestID(err error) string {
	if info, ok := detail[*errdetails.RequestInfo](err); ok {
		return info.GetRequestId()
	}
	var failure *connect.Error
	if errors.As(err, &failure) {
		return failure.Meta().Get("X-Request-Id")
	}
	return ""
}

// RetryAfter is how long the server asks to wait before trying again; ok is false
// if it does not say.
func RetryAfter(err error) (wait time.Duration, ok bool) {
	info, ok := detail[*errdetails.RetryInfo](err)
	return info.GetRetryDelay().AsDuration(), ok
}

// detail is the first detail of its type that err carries.
func detail[D any](err error) (found D, ok bool) {
	var failure *connect.Error
	if !errors.As(err, &failure) {
		return found, false
	}
	for _, d := range failure.Details() {
		value, err := d.Value()
		if err != nil {
			continue
		}
		if found, ok = value.(D); ok {
			return found, true
		}
	}
	return found, false
}

// isPassing reports whether trying again may help. An answer of the server says
// so itself; otherwise the connection failed, unless the request could not even be
// written. That the caller gave up is for the caller to see.
func isPassing(err error) bool {
	code := connect.CodeOf(err)
	if !connect.IsWireError(err) {
		switch code {
		case connect.CodeUnavailable, connect.CodeUnknown, connect.CodeCanceled, connect.CodeDeadlineExceeded:
			return true
		case connect.CodeInternal:
			return !strings.Contains(err.Error(), "marshal message")
		default:
			return false
		}
	}
	switch code {
	case connect.CodeUnavailable:
		return true
	case connect.CodeAborted, connect.CodeResourceExhausted:
		_, says := RetryAfter(err)
		return says
	default:
		return false
	}
}

// isFinal reports whether trying again does not help a subscription: only answers
// of a server are, since a broken connection can look like anything.
func isFinal(err error) bool {
	if !connect.IsWireError(err) {
		return false
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeUnimplemented:
		return true
	default:
		return false
	}
}
