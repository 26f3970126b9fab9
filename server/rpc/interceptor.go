package rpc

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"
)

// outermost is the interceptor around all others: it turns whatever comes out
// of a call, a panic too, into what the caller may know.
type outermost struct {
	report *reporter
}

// WrapUnary implements connect.Interceptor.
func (o *outermost) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (res connect.AnyResponse, err error) {
		begun := o.report.begin(ctx)
		defer func() {
			if cause := recovered(recover()); cause != nil {
				res, err = nil, cause
			}
			if err != nil {
				res, err = nil, o.report.failed(ctx, req.Spec().Procedure, begun, err)
			} else if !begun.IsZero() {
				o.report.succeeded(ctx, req.Spec().Procedure, begun)
			}
		}()
		return next(ctx, req)
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (o *outermost) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) (err error) {
		conn.ResponseHeader()["X-Accel-Buffering"] = []string{"no"} // a proxy that collects frames would hold them back
		procedure := conn.Spec().Procedure
		begun := o.report.begin(ctx)
		defer func() {
			if cause := recovered(recover()); cause != nil {
				err = cause
			}
			if err != nil {
				err = o.report.failed(ctx, procedure, begun, err)
			} else if !begun.IsZero() {
				o.report.succeeded(ctx, procedure, begun)
			}
		}()
		return next(ctx, conn)
	}
}

// WrapStreamingClient implements connect.Interceptor; clients pass as they are.
func (o *outermost) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// recovered makes an error of what a handler panicked with. What aborts a
// connection on purpose goes on to net/http.
func recovered(value any) error {
	if value == nil {
		return nil
	}
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
		panic(value)
	}
	return fmt.Errorf("panic: %v\n%s", value, debug.Stack())
}

// begin is when a call began, if anybody wants to know.
func (r *reporter) begin(ctx context.Context) time.Time {
	if !r.log.Enabled(ctx, levelCall) {
		return time.Time{}
	}
	return time.Now()
}
