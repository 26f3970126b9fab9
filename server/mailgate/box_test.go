package mailgate_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// box is a mail server that keeps what it gets.
type box struct {
	mu      sync.Mutex
	mails   []kept
	deliver func(e mail.Envelope) error
	accept  func(recipient string) error
}

type kept struct {
	envelope mail.Envelope
	raw      []byte
	*mail.Incoming
}

// Accept implements mail.Handler.
func (b *box) Accept(_ context.Context, _ mail.Envelope, recipient string) error {
	b.mu.Lock()
	accept := b.accept
	b.mu.Unlock()
	if accept != nil {
		return accept(recipient)
	}
	return nil
}

// Deliver implements mail.Handler.
func (b *box) Deliver(_ context.Context, e mail.Envelope, m *mail.Spool) []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deliver != nil {
		if err := b.deliver(e); err != nil {
			return []error{err}
		}
	}
	raw, err := io.ReadAll(m.Reader())
	if err != nil {
		return []error{err}
	}
	in, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return []error{err}
	}
	b.mails = append(b.mails, kept{e, raw, in})
	return nil
}

// listen starts it, and answers its address.
func (b *box) listen(t *testing.T) string {
	t.Helper()
	return listen(t, b)
}

// listen starts a mail server, and answers its address.
func listen(t *testing.T, h mail.Handler) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := mail.NewListener(h, mail.ListenerOptions{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	go func() { _ = l.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = l.Shutdown(ctx)
	})
	return ln.Addr().String()
}

// to are the mails that came for an address.
func (b *box) to(address string) []kept {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []kept
	for _, m := range b.mails {
		if m.envelope.To[0] == address {
			out = append(out, m)
		}
	}
	return out
}

func (b *box) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.mails)
}

// wait answers the n-th mail for an address, from 1.
func (b *box) wait(t *testing.T, address string, n int) kept {
	t.Helper()
	require.Eventually(t, func() bool { return len(b.to(address)) >= n }, 30*time.Second, 20*time.Millisecond, "no mail for %s", address)
	return b.to(address)[n-1]
}

// reply is an answer to a mail that came.
func (k kept) reply(from, id, body string, head ...string) string {
	return letter(from, k.From.Addr, "Re: "+k.Subject, id, body, append(head, "In-Reply-To: <"+k.MessageID+">", "References: <"+k.MessageID+">")...)
}
