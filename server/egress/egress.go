// Package egress is the one way out: every HTTP call to an address that is not
// ours goes through a Client, and every other connection through its DialContext.
//
// The address of such a call is often somebody's setting, and a call from here
// can reach what its author cannot: the machine itself, its network, the cloud's
// metadata service. So the address is judged where it is dialled, after the name
// was resolved and for each connection anew: what was checked is what is called,
// whatever a name server says the next moment. Private, loopback and link-local
// addresses are refused unless the operator of the server allows them
// (PARLEY_EGRESS_ALLOW).
//
// Beside that every call has a deadline, an answer has a largest size, also
// after decompression, no proxy is taken from the environment, and a redirect is
// followed three times at most, judged like the first address, never with a
// body, and never with the caller's headers to another host. Errors name no
// address and carry nothing of the answer: keys may stand in one, and what is
// inside a network in the other.
package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// Why a call did not come to an answer.
var (
	// ErrAddress is the answer for what is no address of an HTTP service.
	ErrAddress = errors.New("the address must begin with http:// or https:// and name a host, without user and password")
	// ErrRefused is the answer for an address that may not be called.
	ErrRefused = errors.New("the address is in a private or reserved network, which this server does not call; its operator can allow it with PARLEY_EGRESS_ALLOW")
	// ErrTooLarge says that the answer was larger than the caller takes.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrRedirect says that a redirect was not to be followed.
	ErrRedirect = errors.New("the server answers with a redirect that is not followed")
)

const (
	usualTimeout = 10 * time.Second
	usualSize    = 1 << 20
	dialTime     = 5 * time.Second
	idleTime     = 30 * time.Second
	maxHeader    = 64 << 10
	maxRedirects = 3
	maxConns     = 16
	userAgent    = "Parley"
)

// Config says what a Client may do. The zero value of a field takes its default.
type Config struct {
	// Allow are networks that may be called although they are not public.
	Allow []netip.Prefix
	// Timeout bounds a call as a whole; 10 s.
	Timeout time.Duration
	// MaxSize bounds an answer, in bytes; 1 MiB.
	MaxSize int64
	// Resolver resolves names; the system's.
	Resolver *net.Resolver
	// TLS is for tests with certificates of their own.
	TLS *tls.Config
}

// Client makes calls to others. It is safe for concurrent use.
type Client struct {
	allow   []netip.Prefix
	timeout time.Duration
	maxSize int64
	dialer  *net.Dialer
	http    *http.Client
}

// New makes a Client.
func New(config Config) *Client {
	c := &Client{allow: config.Allow, timeout: config.Timeout, maxSize: config.MaxSize}
	if c.timeout <= 0 {
		c.timeout = usualTimeout
	}
	if c.maxSize <= 0 {
		c.maxSize = usualSize
	}
	c.dialer = &net.Dialer{Timeout: dialTime, Resolver: config.Resolver, Control: c.control}
	c.http = &http.Client{
		Timeout: c.timeout, CheckRedirect: c.redirect,
		Transport: &http.Transport{
			DialContext: c.dialer.DialContext, TLSClientConfig: config.TLS, TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: c.timeout,
			IdleConnTimeout: idleTime, MaxConnsPerHost: maxConns, MaxResponseHeaderBytes: maxHeader, ForceAttemptHTTP2: true,
		},
	}
	return c
}

// DialContext connects to an address that may be called, for protocols other than
// HTTP. The network is a kind of "tcp".
func (c *Client) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return c.dialer.DialContext(ctx, network, address)
}

// control sees every address right before it is dialled.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrRefused
	}
	return c.admit(at.Addr())
}

// redirect decides about a redirect. A call that is more than a question is not
// repeated elsewhere: its body may hold a secret.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > maxRedirects || first.Method != http.MethodGet && first.Method != http.MethodHead {
		return ErrRedirect
	}
	if err := c.check(req.URL); err != nil {
		return err
	}
	if first.URL.Scheme == "https" && req.URL.Scheme != "https" {
		return ErrRedirect
	}
	if req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme {
		req.Header = http.Header{"User-Agent": {userAgent}}
	}
	return nil
}

// Response is an answer, whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes a call and reads its answer. An answer of any status is no error; every
// error is an *Error.
func (c *Client) Do(req *http.Request) (*Response, error) {
	if err := c.check(req.URL); err != nil {
		return nil, &Error{cause: err}
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", userAgent)
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	res, err := c.http.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return nil, failure(err, sent.Load())
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.maxSize+1))
	if err != nil {
		return nil, failure(err, true)
	}
	if int64(len(body)) > c.maxSize {
		return nil, &Error{Sent: true, cause: ErrTooLarge}
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}

// Error says why a call has no answer.
type Error struct {
	// Sent is false if the other side certainly did not get the request, so that
	// making it again cannot do anything twice.
	Sent  bool
	cause error
}

// Error says what went wrong, without address and answer.
func (e *Error) Error() string { return "call another server: " + e.cause.Error() }

// Unwrap is one of this package's errors, or of the network.
func (e *Error) Unwrap() error { return e.cause }

// failure is the error of a call. Its address is left out, and so is what a
// server wrote in place of HTTP.
func failure(err error, sent bool) error {
	for _, known := range []error{ErrRefused, ErrRedirect, ErrAddress, context.Canceled} {
		if errors.Is(err, known) {
			return &Error{Sent: sent && known != ErrRefused, cause: known}
		}
	}
	var network net.Error
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &network) && network.Timeout():
		return &Error{Sent: sent, cause: fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)}
	case errors.As(err, &dns):
		return &Error{cause: errors.New("its name cannot be resolved")}
	case errors.As(err, &certificate):
		return &Error{cause: errors.New("its certificate is not valid")}
	case errors.As(err, &op):
		return &Error{Sent: sent, cause: fmt.Errorf("%s: %w", op.Op, op.Err)}
	default:
		return &Error{Sent: sent, cause: errors.New("it does not answer as HTTP asks")}
	}
}
