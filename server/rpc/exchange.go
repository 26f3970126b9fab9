package rpc

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// HeaderRequestID names a request in logs, answers and errors. A client may
// choose it; otherwise it is made up.
const HeaderRequestID = "X-Request-Id"

// requestIDMax bounds a request id that comes from outside.
const requestIDMax = 64

// exchange is one HTTP request and its answer: the response writer that
// handlers get, and what is known about the request. It is found again through
// the context, which is all that a stream costs here while it is idle.
//
// Every write has a deadline of its own. A server-wide WriteTimeout would cut
// long streams; without any, a client that stops reading would hold its handler
// for ever. An answer that is written in one go sets the connection's deadline
// once. The first flush makes it a stream, which may be silent for long: from
// then on a timer, which is cheaper than two changes of the deadline a frame,
// watches over each write and sets a deadline only when one hangs.
type exchange struct {
	http.ResponseWriter
	request *http.Request
	server  *middleware
	// id is an array so that the header can share it.
	id [1]string

	streaming bool // was flushed before
	armed     bool // the timer runs
	held      bool // flushes wait
	unflushed bool // a flush waited

	watch *time.Timer
	mu    sync.Mutex // of over, between the handler and the timer
	over  bool
}

type exchangeKey struct{}

// exchangeOf answers the exchange that ctx belongs to, or nil outside the
// middleware.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID is the id of the request that ctx belongs to, as in the answer's
// X-Request-Id; empty outside a request.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id[0]
	}
	return ""
}

// HoldFlush lets a stream's handler that has several frames ready send them
// with one flush instead of one each: hold, send them all, then HoldFlush(ctx,
// false), which flushes what waits. Never hold while waiting for the next frame.
// It is for the handler's own goroutine, and does nothing outside a request.
func HoldFlush(ctx context.Context, hold bool) {
	x := exchangeOf(ctx)
	if x == nil {
		return
	}
	x.held = hold
	if !hold && x.unflushed {
		x.Flush()
	}
}

// Unwrap lets http.ResponseController reach the server's own writer.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Write implements http.ResponseWriter, within the deadline.
func (x *exchange) Write(b []byte) (int, error) {
	x.arm()
	n, err := x.ResponseWriter.Write(b)
	if x.streaming && !x.held {
		x.disarm()
	}
	return n, err
}

// Flush implements http.Flusher, within the deadline, unless flushes are held.
func (x *exchange) Flush() {
	if x.held {
		x.unflushed = true
		return
	}
	x.unflushed = false
	x.arm()
	_ = http.NewResponseController(x.ResponseWriter).Flush() // a broken connection shows in the next write
	if x.streaming {
		x.disarm()
		return
	}
	x.streaming = true
	x.setDeadline(time.Time{})
}

// arm starts the clock of a write.
func (x *exchange) arm() {
	switch within := x.server.WriteWithin; {
	case within <= 0 || x.armed:
	case !x.streaming:
		x.setDeadline(time.Now().Add(within))
	case x.watch == nil:
		x.armed = true
		x.watch = time.AfterFunc(within, x.expire)
	default:
		x.armed = true
		x.watch.Reset(within)
	}
}

// disarm stops the clock: on HTTP/2 a deadline that passes between two writes
// would end the stream, too.
func (x *exchange) disarm() {
	if x.armed {
		x.armed = false
		x.watch.Stop()
	}
}

// expire ends a write that hangs. The writer must not be touched once the
// handler has returned.
func (x *exchange) expire() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		x.setDeadline(time.Unix(1, 0))
	}
}

// finish ends the exchange: after it, no timer touches the writer.
func (x *exchange) finish() {
	x.disarm()
	if x.watch == nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
}

func (x *exchange) setDeadline(at time.Time) {
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(at) // a writer without deadlines is a test's
}

// requestID answers the id that the client chose, if it is fit for logs and
// headers, or a new one.
func requestID(h http.Header) string {
	if given := h[HeaderRequestID]; len(given) == 1 && plain(given[0]) {
		return given[0]
	}
	var random [16]byte
	for i := 0; i < len(random); i += 8 {
		n := rand.Uint64()
		for j := range 8 {
			random[i+j] = byte(n >> (8 * j))
		}
	}
	return hex.EncodeToString(random[:])
}

// plain reports whether an id consists of letters, digits and ._- only.
func plain(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return id != "" && len(id) <= requestIDMax
}
