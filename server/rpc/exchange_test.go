package rpc_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/rpc"
)

const within = 100 * time.Millisecond

// start serves h behind Wrap, with HTTP/2 or without.
func start(t *testing.T, two bool, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(rpc.Wrap(rpc.HTTPOptions{WriteWithin: within}, h))
	s.EnableHTTP2 = two
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, s *httptest.Server) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	require.NoError(t, err)
	res, err := s.Client().Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func both(t *testing.T, test func(t *testing.T, two bool)) {
	t.Helper()
	for name, two := range map[string]bool{"HTTP1": false, "HTTP2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, two)
		})
	}
}

// A client that stops reading must not hold its handler, nor its memory.
func TestWrite_IsCutOffWhenTheClientStopsReading(t *testing.T) {
	t.Parallel()
	for name, flush := range map[string]bool{"Answer": false, "Stream": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, two bool) {
				t.Helper()
				ended := make(chan error, 1)
				s := start(t, two, func(w http.ResponseWriter, _ *http.Request) {
					var err error
					for chunk := make([]byte, 1<<16); err == nil; {
						_, err = w.Write(chunk)
						if flusher, ok := w.(http.Flusher); ok && flush {
							flusher.Flush()
						}
					}
					ended <- err
				})
				_ = get(t, s)
				select {
				case err := <-ended:
					require.Error(t, err)
				case <-time.After(10 * time.Second):
					require.Fail(t, "the handler hangs")
				}
			})
		})
	}
}

// A deadline that is not disarmed would end a stream that has nothing to say.
func TestWrite_ALongSilenceDoesNotEndAStream(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, two bool) {
		t.Helper()
		s := start(t, two, func(w http.ResponseWriter, r *http.Request) {
			flusher, ok := w.(http.Flusher)
			for range 3 {
				_, err := io.WriteString(w, "frame ")
				if err != nil || !ok {
					return
				}
				flusher.Flush()
				silence(r.Context(), 3*within)
			}
			_, _ = io.WriteString(w, "end")
		})
		for range 2 { // the second over the same connection: nothing is left of the first
			body, err := io.ReadAll(get(t, s).Body)
			require.NoError(t, err)
			require.Equal(t, "frame frame frame end", string(body))
		}
	})
}

// silence is time that passes in a handler.
func silence(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

// A kept connection must not inherit the deadline of the answer before.
func TestWrite_TheNextRequestOnAConnectionHasItsOwnTime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, two bool) {
		t.Helper()
		s := start(t, two, func(w http.ResponseWriter, r *http.Request) {
			silence(r.Context(), 2*within)
			_, _ = io.WriteString(w, "answer")
		})
		for i := range 3 {
			var reused bool
			trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
			req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, s.URL, nil)
			require.NoError(t, err)
			res, err := s.Client().Do(req)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, "answer", string(body))
			require.Equal(t, i > 0, reused, "the same connection serves them all")
		}
	})
}

// "100 Continue" is written by net/http itself, before any handler writes.
func TestWrite_AContinueIsNotCutOffByTheAnswerBefore(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, _ = w.Write(body)
		}
	})
	transport, ok := s.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport.ExpectContinueTimeout = time.Minute
	for i := range 2 {
		var reused []bool // a second entry is a second try, over a new connection
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = append(reused, info.Reused) }}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, s.URL, strings.NewReader("body"))
		require.NoError(t, err)
		req.Header.Set("Expect", "100-continue")
		res, err := s.Client().Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "body", string(body))
		require.Equal(t, []bool{i > 0}, reused)
		silence(t.Context(), 2*within)
	}
}

// flushCounter counts the flushes that reach the connection.
type flushCounter struct {
	http.ResponseWriter
	flushes *atomic.Int32
}

func (c *flushCounter) Flush() {
	c.flushes.Add(1)
	_ = http.NewResponseController(c.ResponseWriter).Flush()
}

func (c *flushCounter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func TestHoldFlush_SendsManyFramesWithOneFlush(t *testing.T) {
	t.Parallel()
	const frames = 20
	for _, hold := range []bool{false, true} {
		b := setup(t, slog.LevelInfo)
		var flushes atomic.Int32
		b.frames = func(ctx context.Context, send func() error) error {
			rpc.HoldFlush(ctx, hold)
			defer rpc.HoldFlush(ctx, false)
			for range frames {
				if err := send(); err != nil {
					return err
				}
			}
			return nil
		}
		inner := b.server.Config.Handler
		b.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(&flushCounter{w, &flushes}, r)
		})
		stream, err := b.files(as("member")).ReadFile(t.Context(), &threadv1.ReadFileRequest{FileId: aUser().GetUserId()})
		require.NoError(t, err)
		seen := 0
		for stream.Receive() {
			seen++
		}
		require.NoError(t, stream.Err())
		require.Equal(t, frames, seen)
		const end = 1 // connect's last frame, with the stream's outcome
		if hold {
			require.Equal(t, int32(1+end), flushes.Load())
		} else {
			require.Equal(t, int32(frames+end), flushes.Load())
		}
	}
}

func TestContext_IsEmptyOutsideARequest(t *testing.T) {
	t.Parallel()
	require.Empty(t, rpc.RequestID(t.Context()))
	require.False(t, rpc.ClientIP(t.Context()).IsValid())
	require.Equal(t, "unknown", rpc.ClientNetwork(t.Context()))
	rpc.HoldFlush(t.Context(), true)
}
