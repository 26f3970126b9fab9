package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// sink is a handler that keeps what it gets.
type sink struct {
	accept  func(recipient string) error
	deliver func(ctx context.Context, e mail.Envelope) []error

	mu    sync.Mutex
	mails []kept
}

type kept struct {
	envelope mail.Envelope
	raw      []byte
}

// Accept implements mail.Handler. Only fernhill.test is ours.
func (s *sink) Accept(_ context.Context, _ mail.Envelope, recipient string) error {
	if s.accept != nil {
		return s.accept(recipient)
	}
	if !strings.HasSuffix(recipient, "@fernhill.test") {
		return mail.ErrNoSuchRecipient(recipient)
	}
	return nil
}

// Deliver implements mail.Handler.
func (s *sink) Deliver(ctx context.Context, e mail.Envelope, m *mail.Spool) []error {
	if s.deliver != nil {
		if results := s.deliver(ctx, e); results != nil {
			return results
		}
	}
	raw, err := io.ReadAll(m.Reader())
	if err != nil {
		return []error{err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, kept{envelope: e, raw: raw})
	return nil
}

func (s *sink) all() []kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]kept(nil), s.mails...)
}

// wait returns the first mail that comes and that is wanted.
func (s *sink) wait(t *testing.T, wanted func(kept) bool) kept {
	t.Helper()
	var found kept
	require.Eventually(t, func() bool {
		for _, m := range s.all() {
			if wanted(m) {
				found = m
				return true
			}
		}
		return false
	}, 60*time.Second, 20*time.Millisecond, "the mail never came")
	return found
}

// listen starts a listener for h, and returns its address.
func listen(t *testing.T, h mail.Handler, o mail.ListenerOptions) (*mail.Listener, string) {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	o.Dir = t.TempDir()
	l := mail.NewListener(h, o)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- l.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, l.Shutdown(ctx))
		require.NoError(t, <-served)
	})
	return l, ln.Addr().String()
}

// sender makes a sender for a URL, closed after the test.
func sender(t *testing.T, url string, o mail.SenderOptions) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender(url, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// letter is a small mail that is ready to be sent.
func letter(subject string) *mail.Spool {
	return mail.SpoolBytes([]byte("From: Fernhill <support@fernhill.test>\r\nTo: nora@fernhill.test\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@fernhill.test>\r\n\r\nHello\r\n.\r\n..\r\nGoodbye\r\n"))
}

// certificate makes one for 127.0.0.1, and the roots that trust it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// talk is a conversation with a server, line by line.
type talk struct {
	t    *testing.T
	conn net.Conn
	buf  bytes.Buffer
}

func dial(t *testing.T, addr string) *talk {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return &talk{t: t, conn: conn}
}

// say sends lines, and expects an answer that begins with each of want, in turn.
func (c *talk) say(line string, want ...string) {
	c.t.Helper()
	if line != "" {
		_, err := io.WriteString(c.conn, line+"\r\n")
		require.NoError(c.t, err)
	}
	for _, w := range want {
		got := c.line()
		for len(got) > 3 && got[3] == '-' {
			got = c.line()
		}
		require.True(c.t, strings.HasPrefix(got, w), "%q: want %q, got %q", line, w, got)
	}
}

func (c *talk) line() string {
	c.t.Helper()
	one := make([]byte, 1)
	c.buf.Reset()
	for {
		if _, err := c.conn.Read(one); err != nil {
			return "closed: " + c.buf.String()
		}
		if one[0] == '\n' {
			return strings.TrimRight(c.buf.String(), "\r")
		}
		c.buf.WriteByte(one[0])
	}
}
