package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/parley-chat/parley/server/access"
)

// gate decides, by a request's headers alone, whether a call may go on: one for
// each method, made when the server is put together.
type gate struct {
	rule          rule
	authenticator Authenticator
	report        *reporter
}

// pass implements connect.RequestGateFunc. The context that it returns carries
// the caller.
func (g *gate) pass(ctx context.Context, spec connect.Spec, _ connect.Peer, header http.Header) (context.Context, error) {
	caller, err := g.identify(ctx, header)
	if err == nil {
		err = g.rule.check(&caller)
	}
	if err != nil {
		return nil, g.report.failed(access.WithCaller(ctx, caller), spec.Procedure, time.Time{}, err)
	}
	if caller.Kind == access.Nobody {
		return ctx, nil
	}
	return access.WithCaller(ctx, caller), nil
}

// identify answers whose token the request carries. Where the method is for
// everybody alike, nobody looks at the token: a browser that still sends an old
// one must be able to sign in again.
func (g *gate) identify(ctx context.Context, header http.Header) (access.Caller, error) {
	if !g.rule.identify {
		return access.Caller{}, nil
	}
	token := bearer(header)
	if token == "" {
		return access.Caller{}, nil
	}
	return g.authenticator.Authenticate(ctx, token)
}

// bearer is the token of the Authorization header, the only place where one is
// looked for: cookies are sent by browsers unasked, and addresses end up in logs.
func bearer(header http.Header) string {
	const scheme = "Bearer "
	values := header["Authorization"]
	if len(values) != 1 || len(values[0]) <= len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return ""
	}
	return strings.TrimSpace(values[0][len(scheme):])
}
