package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/mail"
)

// mail gives acme a mail server, an alias, a mail that nobody knew where to put, and
// one to Carla that is held back for long.
func (w *world) mail(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	w.letters = &letters{}
	_, err := w.admin.Mail.UpdateMailSettings(ctx, &mailv1.UpdateMailSettingsRequest{Settings: &mailv1.MailSettings{
		Domain: "mail.acme.example", ServerUrl: "smtp://" + w.letters.listen(t), HoldSeconds: 300,
	}})
	require.NoError(t, err)
	said, err := w.admin.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: "Dear Carla, " + markRecord,
	})
	require.NoError(t, err)
	sent, err := w.admin.Chatter.ListDeliveries(ctx, &chatterv1.ListDeliveriesRequest{ThreadId: w.record.thread, MessageId: said.GetMessage().GetId()})
	require.NoError(t, err)
	require.Len(t, sent.GetDeliveries(), 1)
	w.delivery = sent.GetDeliveries()[0].GetId()
	made, err := w.admin.Mail.CreateMailAlias(ctx, &mailv1.CreateMailAliasRequest{
		RequestId: uuid.NewString(), Alias: &mailv1.MailAlias{Name: "help", RecordType: "ticket"},
	})
	require.NoError(t, err)
	w.alias = made.GetAlias().GetId()
	res, err := w.admin.Mail.DeliverMail(ctx, &mailv1.DeliverMailRequest{
		Mail: []byte("From: lost@elsewhere.example\r\nSubject: Lost " + markRecord + "\r\n\r\nWhere am I?"), Recipients: []string{"nobody@mail.acme.example"},
	})
	require.NoError(t, err)
	w.quarantined = res.GetResults()[0].GetQuarantineId()
	require.NotEmpty(t, w.quarantined)
}

// letters is a mail server that keeps what it gets.
type letters struct {
	mu  sync.Mutex
	all []posted
}

// posted is a mail as it came.
type posted struct {
	to, raw string
}

// Accept implements mail.Handler.
func (*letters) Accept(context.Context, mail.Envelope, string) error { return nil }

// Deliver implements mail.Handler.
func (l *letters) Deliver(_ context.Context, e mail.Envelope, m *mail.Spool) []error {
	raw, err := io.ReadAll(m.Reader())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, posted{to: strings.Join(e.To, " "), raw: string(raw)})
	return []error{err}
}

// listen starts it, and answers its address.
func (l *letters) listen(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := mail.NewListener(l, mail.ListenerOptions{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	go func() { _ = listener.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = listener.Shutdown(ctx)
	})
	return ln.Addr().String()
}

// came are all that came so far.
func (l *letters) came() []posted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]posted(nil), l.all...)
}

// wait answers the n-th mail for an address, from 1.
func (l *letters) wait(t *testing.T, to string, n int) posted {
	t.Helper()
	var found posted
	require.Eventually(t, func() bool {
		k := 0
		for _, m := range l.came() {
			if m.to == to {
				if k++; k == n {
					found = m
				}
			}
		}
		return k >= n
	}, 20*time.Second, 20*time.Millisecond, "mail %d for %s", n, to)
	return found
}
