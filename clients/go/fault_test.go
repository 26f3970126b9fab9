package parley_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	parley "github.com/parley-chat/parley/clients/go"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	"github.com/parley-chat/parley/server/servertest"
)

// network is a connection to a server that can be cut.
type network struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	conns []net.Conn
}

func newNetwork(t *testing.T, server *servertest.Server) *network {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n := &network{listener: l, server: strings.TrimPrefix(server.URL, "http://")}
	var pipes sync.WaitGroup
	pipes.Go(func() { n.accept(&pipes) })
	t.Cleanup(func() {
		_ = l.Close()
		n.cut()
		pipes.Wait()
	})
	return n
}

func (n *network) address() string { return "http://" + n.listener.Addr().String() }

func (n *network) accept(pipes *sync.WaitGroup) {
	for {
		near, err := n.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", n.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		n.mu.Lock()
		n.conns = append(n.conns, near, far)
		n.mu.Unlock()
		pipes.Go(func() { pipe(near, far) })
		pipes.Go(func() { pipe(far, near) })
	}
}

func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from) // until one of them is cut
	_ = to.Close()
	_ = from.Close()
}

// cut breaks all connections.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.conns {
		_ = conn.Close()
	}
	n.conns = nil
}

// cutAgainAndAgain breaks all connections until stop is closed.
func (n *network) cutAgainAndAgain(stop <-chan struct{}) {
	ticker := time.NewTicker(15 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			n.cut()
		}
	}
}

// Whatever is posted arrives once, though it may be posted several times, and is
// told once, though the stream is cut again and again.
//
// Spec: C1, C4
func TestClient_LosesAndDoublesNothingOnABadNetwork(t *testing.T) {
	t.Parallel()
	const posts = 200
	server := servertest.Start(t)
	good := signedIn(t, server.URL)
	for name, options := range map[string][]parley.Option{"connect": nil, "grpc": {parley.WithGRPC()}} {
		thread, cursor := lead(t, good)
		bad := newNetwork(t, server)
		client := parley.New(bad.address(), append(options, parley.WithToken(good.Token()),
			parley.WithRetry(parley.Retry{Attempts: 50, First: 20 * time.Millisecond, Most: 100 * time.Millisecond}))...)
		l := listenTo(t, client, parley.Thread(thread, cursor))
		stop := make(chan struct{})
		var cutting sync.WaitGroup
		cutting.Go(func() { bad.cutAgainAndAgain(stop) })
		var want []string
		for i := range posts {
			body := fmt.Sprint(name, i)
			want = append(want, body)
			post(t, client, thread, body)
		}
		close(stop)
		cutting.Wait()
		l.hears(t, want...)
		l.note(func() { require.Empty(t, l.resets) })
	}
}

// Spec: C4
func TestClient_IsToldOverPollsWhereStreamsAreBlocked(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	target, err := url.Parse(server.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {}, // a poll that is given up is none
	}
	address := listenAndServe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == livev1connect.LiveServiceSubscribeProcedure {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	client := signedIn(t, address)
	thread, cursor := lead(t, client)
	l := listenTo(t, client, parley.Thread(thread, cursor), parley.Inbox())
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint("m", i))
		post(t, client, thread, want[i])
	}
	l.hears(t, want...)
	post(t, client, thread, "last")
	l.hears(t, append(want, "last")...)
	l.note(func() { require.Equal(t, parley.PhasePolling, l.phase()) })
}
