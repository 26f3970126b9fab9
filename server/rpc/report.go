package rpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"connectrpc.com/connect"

	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// levelCall is the level at which every call is logged.
const levelCall = slog.LevelDebug

// reporter tells the log about calls, and the caller what it may know.
type reporter struct {
	log     *slog.Logger
	observe func(procedure, code string, took time.Duration) // may be nil
}

// succeeded logs a call that went well.
func (r *reporter) succeeded(ctx context.Context, procedure string, begun time.Time) {
	r.count(procedure, "ok", begun)
	if r.log.Enabled(ctx, levelCall) {
		r.log.LogAttrs(ctx, levelCall, "call", attributes(ctx, procedure, begun)...)
	}
}

// count tells of a call that ended; one that was refused at the gate took no time.
func (r *reporter) count(procedure, code string, begun time.Time) {
	if r.observe == nil {
		return
	}
	var took time.Duration
	if !begun.IsZero() {
		took = time.Since(begun)
	}
	r.observe(procedure, code, took)
}

// failed answers what the caller may know of err. What went wrong at our side
// is logged as an error, or as a warning when a part could not be reached;
// all else is the caller's affair.
func (r *reporter) failed(ctx context.Context, procedure string, begun time.Time, err error) *connect.Error {
	answer, ours := public(ctx, err)
	r.count(procedure, answer.Code().String(), begun)
	level := levelCall
	switch {
	case ours && answer.Code() == connect.CodeUnavailable:
		level = slog.LevelWarn
	case ours:
		level = slog.LevelError
	case hidesCause(err) && answer.Code() == connect.CodeUnavailable:
		level = slog.LevelWarn
	}
	if r.log.Enabled(ctx, level) {
		list := append(attributes(ctx, procedure, begun), slog.String("code", answer.Code().String()))
		r.log.LogAttrs(ctx, level, "call failed", append(list, reasons(err)...)...)
	}
	return answer
}

// hidesCause reports whether err is a fault with a cause that only the log sees.
func hidesCause(err error) bool {
	var known *fault.Error
	return errors.As(err, &known) && known.Unwrap() != nil
}

// reasons are what the log gets to know of err: all of it.
func reasons(err error) []slog.Attr {
	list := []slog.Attr{slog.String("error", err.Error())}
	var known *fault.Error
	if !errors.As(err, &known) {
		return list
	}
	list = append(list, slog.String("reason", known.Reason))
	if cause := known.Unwrap(); cause != nil {
		list = append(list, slog.String("cause", cause.Error()))
	}
	return list
}

// attributes say which call it was and whose; never its content or token.
func attributes(ctx context.Context, procedure string, begun time.Time) []slog.Attr {
	list := make([]slog.Attr, 0, 10)
	list = append(list, slog.String("procedure", procedure), slog.String("request_id", RequestID(ctx)))
	if !begun.IsZero() {
		list = append(list, slog.Duration("took", time.Since(begun)))
	}
	if ip := ClientIP(ctx); ip.IsValid() {
		list = append(list, slog.String("client", ip.String()))
	}
	if c := access.FromContext(ctx); c.Kind != access.Nobody {
		list = append(list, slog.String("workspace", c.Workspace.String()), slog.String("caller", c.ID.String()))
	}
	return list
}
