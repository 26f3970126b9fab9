// Package rpc is what every call passes before and after its handler.
//
// On the way in: an id for the request, the caller, the access rule that the
// contract states for the method, and the contract's rules about the request's
// fields, in this order. So nothing of a request is decoded for somebody who may
// not make it, and a handler gets valid requests of callers who may make them.
//
// On the way out: exactly one place knows both our failures and RPC codes. A
// *fault.Error goes to the caller with its reason; every other error goes to the
// log, and the caller learns the request's id to ask about it.
package rpc

import (
	"context"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/validate"

	"github.com/parley-chat/parley/server/access"
)

const (
	// compressFrom is the size from which answers are compressed. Connect would
	// compress everything, which for a message of 200 bytes triples the work.
	compressFrom = 1024
	// maxRequest bounds a request: a part of a file has 4 MiB at most, in JSON
	// a third more.
	maxRequest = 6 << 20
)

// Authenticator knows whose a token is.
type Authenticator interface {
	// Authenticate answers the caller whose token it is. A token that is wrong,
	// expired or revoked is a fault of kind Unauthenticated. When it cannot be
	// told, that is an error, too, never a caller.
	Authenticate(ctx context.Context, token string) (access.Caller, error)
}

// Options are what the handlers of all services have in common.
type Options struct {
	Authenticator Authenticator
	// Log gets what goes wrong at our side as errors, and at level debug every
	// call. Nil is the default logger.
	Log *slog.Logger
	// Observe is told of every call that ended: with its code, "ok" or as
	// connect.Code writes it, and how long it took, a stream from its beginning.
	// It must not block. Nil is nobody.
	Observe func(procedure, code string, took time.Duration)
}

// HandlerOptions are the options that every service's handler is made with. A
// method without an access rule in its contract is refused whoever calls.
func HandlerOptions(o Options) []connect.HandlerOption {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	report := &reporter{log: o.Log, observe: o.Observe}
	return []connect.HandlerOption{
		connect.WithConditionalHandlerOptions(func(spec connect.Spec) []connect.HandlerOption {
			g := &gate{rule: ruleOf(spec), authenticator: o.Authenticator, report: report}
			return []connect.HandlerOption{connect.WithRequestGate(g.pass)}
		}),
		connect.WithInterceptors(&outermost{report: report}, validate.NewInterceptor(validate.WithoutErrorDetails())),
		connect.WithCompressMinBytes(compressFrom),
		connect.WithReadMaxBytes(maxRequest),
	}
}
