package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/parley-chat/parley/server/egress"
)

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

func get(t *testing.T, c *egress.Client, address string) (*egress.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	return c.Do(req)
}

// serve is a server of this machine that counts its calls.
func serve(t *testing.T, h http.HandlerFunc) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }

func TestPublic_KnowsWhatIsNotTheOpenInternet(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
		"fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1",
		"fe80::1%eth0", "2606:4700::1111%eth0",
	} {
		require.False(t, egress.Public(netip.MustParseAddr(text)), text)
	}
	require.False(t, egress.Public(netip.Addr{}))
	for _, text := range []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"} {
		require.True(t, egress.Public(netip.MustParseAddr(text)), text)
	}
}

func TestCheckURL_RefusesEveryWayToWriteThisMachine(t *testing.T) {
	t.Parallel()
	c := egress.New(egress.Config{})
	for _, address := range []string{
		"http://127.0.0.1/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://0x7f000001/", "http://017700000001/",
		"http://127.1/", "http://127.0.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
		"http://[::]/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://127.0.0.1./", "http://1.1.1.1./",
		"http://[fe80::1%25eth0]/", "http://example.0x7f/",
	} {
		_, err := c.CheckURL(address)
		require.ErrorIs(t, err, egress.ErrRefused, address)
		_, err = get(t, c, address)
		require.ErrorIs(t, err, egress.ErrRefused, address)
	}
	for _, address := range []string{
		"gopher://example.com/", "file:///etc/passwd", "ftp://example.com/", "http:///x", "http://user:secret@example.com/", "http:example.com",
		"//example.com/", "", "http://" + strings.Repeat("a.", 127) + "example",
	} {
		_, err := c.CheckURL(address)
		require.ErrorIs(t, err, egress.ErrAddress, address)
	}
	for _, address := range []string{"https://example.com/x?y=z", "http://1.1.1.1:8080/", "https://[2606:4700:4700::1111]/"} {
		u, err := c.CheckURL(address)
		require.NoError(t, err, address)
		require.Equal(t, address, u.String())
	}
}

func TestDo_CallsThisMachineOnlyIfAllowed(t *testing.T) {
	t.Parallel()
	address, calls := serve(t, hello)
	_, err := get(t, egress.New(egress.Config{}), address)
	require.ErrorIs(t, err, egress.ErrRefused)
	_, err = get(t, egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}), address)
	require.ErrorIs(t, err, egress.ErrRefused)
	_, err = get(t, egress.New(egress.Config{}), strings.Replace(address, "127.0.0.1", "localhost", 1))
	require.ErrorIs(t, err, egress.ErrRefused, "a name is judged by its address")
	require.Zero(t, calls.Load())

	res, err := get(t, egress.New(egress.Config{Allow: here}), address)
	require.NoError(t, err)
	require.Equal(t, "hello", string(res.Body))
	require.Equal(t, http.StatusOK, res.Status)
}

func TestDialContext_RefusesLikeDo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	_, err = egress.New(egress.Config{}).DialContext(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, egress.ErrRefused)
	conn, err := egress.New(egress.Config{Allow: here}).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

// names is a name server whose answers the test gives, one after the other; the
// last one stays.
type names struct {
	mu      sync.Mutex
	answers []string
	asked   atomic.Int64
}

func (n *names) next() netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked.Add(1)
	a := n.answers[0]
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	return netip.MustParseAddr(a)
}

func (n *names) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go n.serve(conn)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *names) serve(conn net.PacketConn) {
	for buf := make([]byte, 1500); ; {
		size, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Authoritative, m.Additionals = true, true, nil
		if q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: n.next().As4()},
			}}
		}
		if out, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(out, from)
		}
	}
}

// A name that stands for a harmless address when it is checked and for this
// machine when it is called is refused: the address that is dialled is judged.
func TestDo_IsNotFooledByANameThatChanges(t *testing.T) {
	t.Parallel()
	address, calls := serve(t, hello)
	port := address[strings.LastIndex(address, ":"):]
	n := &names{answers: []string{"127.0.0.1", "169.254.169.254"}}
	c := egress.New(egress.Config{Allow: here, Resolver: n.resolver(t)})
	_, err := c.CheckURL("http://rebind.example" + port)
	require.NoError(t, err)
	res, err := get(t, c, "http://rebind.example"+port)
	require.NoError(t, err)
	require.Equal(t, "hello", string(res.Body))

	second := egress.New(egress.Config{Allow: here, Resolver: n.resolver(t)})
	_, err = get(t, second, "http://rebind.example"+port)
	require.ErrorIs(t, err, egress.ErrRefused)
	require.EqualValues(t, 1, calls.Load())
	require.GreaterOrEqual(t, n.asked.Load(), int64(2))
}

func TestDo_JudgesEveryRedirect(t *testing.T) {
	t.Parallel()
	c := egress.New(egress.Config{Allow: here})
	for _, target := range []string{
		"http://169.254.169.254/latest/meta-data/", "http://127.0.0.2/", "http://2130706433/", "http://[::ffff:10.0.0.1]/", "http://0x7f.1/",
	} {
		address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) })
		_, err := get(t, c, address)
		require.ErrorIs(t, err, egress.ErrRefused, target)
	}
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "gopher://example.com/", http.StatusFound)
	})
	_, err := get(t, c, address)
	require.ErrorIs(t, err, egress.ErrAddress)
	address, calls := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	_, err = get(t, c, address)
	require.ErrorIs(t, err, egress.ErrRedirect)
	require.EqualValues(t, 4, calls.Load(), "the first call and three redirects")
}

func TestDo_CarriesNoSecretElsewhere(t *testing.T) {
	t.Parallel()
	var seen http.Header
	other, calls := serve(t, func(w http.ResponseWriter, r *http.Request) { seen = r.Header.Clone(); hello(w, r) })
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	c := egress.New(egress.Config{Allow: here})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	req.Header.Set("X-Goog-Api-Key", "secret")
	req.Header.Set("Authorization", "Bearer secret")
	_, err = c.Do(req)
	require.NoError(t, err)
	require.Empty(t, seen.Get("X-Goog-Api-Key")+seen.Get("Authorization"))

	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("secret"))
	require.NoError(t, err)
	_, err = c.Do(post)
	require.ErrorIs(t, err, egress.ErrRedirect)
	require.EqualValues(t, 1, calls.Load(), "a body is not sent on")
}

func TestDo_TakesNoMoreThanItsFill(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	address, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bomb" {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, _ = z.Write(zeros)
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
			return
		}
		_, _ = w.Write(zeros)
	})
	c := egress.New(egress.Config{Allow: here, MaxSize: 64 << 10})
	for _, path := range []string{"/", "/bomb"} {
		_, err := get(t, c, address+path)
		require.ErrorIs(t, err, egress.ErrTooLarge, path)
	}
}

func TestDo_WaitsNoLongerThanItsTime(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	address, _ := serve(t, func(http.ResponseWriter, *http.Request) { <-done })
	t.Cleanup(func() { close(done) })
	c := egress.New(egress.Config{Allow: here, Timeout: 50 * time.Millisecond})
	_, err := get(t, c, address)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	var failed *egress.Error
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Sent, "it may have done what it was asked")
}

func TestDo_SaysWhatCertainlyDidNotHappen(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := "http://" + l.Addr().String() + "/?key=secret"
	require.NoError(t, l.Close())
	_, err = get(t, egress.New(egress.Config{Allow: here}), address)
	var failed *egress.Error
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.Sent)
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "127.0.0.1")
	var u *url.Error
	require.False(t, errors.As(err, &u), "the address is nowhere in the chain")
}

// Not parallel: it changes the environment.
func TestDo_TakesNoProxyFromTheEnvironment(t *testing.T) {
	proxy, calls := serve(t, hello)
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	n := &names{answers: []string{"169.254.169.254"}}
	_, err := get(t, egress.New(egress.Config{Allow: here, Resolver: n.resolver(t)}), "http://metadata.example/")
	require.ErrorIs(t, err, egress.ErrRefused)
	require.Zero(t, calls.Load())
}
