package rpc

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"
)

// HTTPOptions say how requests are received.
type HTTPOptions struct {
	// WriteWithin is how long one write may take before its client counts as
	// gone. Zero sets no deadline.
	WriteWithin time.Duration
	// Proxies are the addresses of reverse proxies whose X-Forwarded-For is
	// believed. What anybody else says there is ignored.
	Proxies []netip.Prefix
}

type middleware struct {
	HTTPOptions
	next http.Handler
}

// Wrap is the outermost handler of the server. It gives every request an id,
// which the answer's X-Request-Id repeats; bounds every write; knows the
// client's address; and lets scripts of any origin call, without credentials:
// the only identity is a token in a header, which a script must know to send.
// So a page that is open in the same browser can neither borrow a sign-in nor
// forge a request.
//
// The server itself needs ReadHeaderTimeout and IdleTimeout, and no
// WriteTimeout.
func Wrap(o HTTPOptions, next http.Handler) http.Handler {
	return crossOrigin(&middleware{HTTPOptions: o, next: next})
}

// ServeHTTP implements http.Handler.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, request: r, server: m}
	x.id[0] = requestID(r.Header)
	w.Header()[HeaderRequestID] = x.id[:]
	defer x.finish()
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	bounded(r.Context(), r)
	m.next.ServeHTTP(x, r)
}

// corsMaxAge is how long a browser may remember what is allowed: two hours, the
// longest that browsers grant.
const corsMaxAge = 2 * 60 * 60

// crossOrigin answers preflight requests and marks answers as readable by
// scripts of any origin.
func crossOrigin(next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", HeaderRequestID),
		ExposedHeaders: append(connectcors.ExposedHeaders(), HeaderRequestID, headerRetryAfter),
		MaxAge:         corsMaxAge,
	}).Handler(next)
}
