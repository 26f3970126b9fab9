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

// WrapStreamingHandler implements connect.Interceptor. What it has on the stack is
// there as long as the stream is open, so it is little.
func (o *outermost) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) (err error) {
		defer o.beginStream(ctx, conn).end(&err)
		return next(ctx, conn)
	}
}

// openStream is a stream's call, kept on the heap for the sake of the stack.
type openStream struct {
	report *reporter
	ctx    context.Context //nolint:containedctx // it is the call's, as this is
	conn   connect.StreamingHandlerConn
	begun  time.Time
}

func (o *outermost) beginStream(ctx context.Context, conn connect.StreamingHandlerConn) *openStream {
	conn.ResponseHeader()["X-Accel-Buffering"] = []string{"no"} // a proxy that collects frames would hold them back
	return &openStream{report: o.report, ctx: ctx, conn: conn, begun: o.report.begin(ctx)}
}

// end is to be deferred: it makes an error of a panic.
func (s *openStream) end(err *error) {
	if cause := recovered(recover()); cause != nil {
		*err = cause
	}
	procedure := s.conn.Spec().Procedure
	if *err != nil {
		*err = s.report.failed(s.ctx, procedure, s.begun, *err)
	} else if !s.begun.IsZero() {
		s.report.succeeded(s.ctx, procedure, s.begun)
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
	if r.observe == nil && !r.log.Enabled(ctx, levelCall) {
		return time.Time{}
	}
	return time.Now()
}
