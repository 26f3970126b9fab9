package mail_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/mail/mailtest"
)

// A mail goes through a real Postfix and arrives as it was, its signature still good. One to nobody comes
// back as Postfix's own bounce, which tells which mail it was. One that we could not store is tried again.
// Spec: C14
func TestPostfix(t *testing.T) {
	t.Parallel()
	p := startRelayed(t)
	t.Run("arrives", func(t *testing.T) {
		t.Parallel()
		id := p.send(t, "nora@fernhill.test")
		got := p.box.wait(t, sentTo("nora@fernhill.test"))
		require.NoError(t, verify(t, p.key, string(got.raw)))
		in := parse(t, got.raw)
		found, ok := p.signer.Message(in.MessageID)
		require.True(t, ok)
		require.Equal(t, id, found)
		require.Equal(t, outgoing().Subject, in.Subject)
	})
	t.Run("bounces", func(t *testing.T) {
		t.Parallel()
		id := p.send(t, "nobody@fernhill.test")
		got := p.box.wait(t, sentTo(p.signer.BounceAddress(id, "fernhill.test")))
		require.Empty(t, got.envelope.From)
		in := parse(t, got.raw)
		require.Equal(t, mail.AutomaticBounce, in.Automatic)
		require.NotNil(t, in.Bounce)
		require.Equal(t, "nobody@fernhill.test", in.Bounce.Recipient.Addr)
		require.True(t, in.Bounce.Permanent)
		require.Equal(t, "5.1.1", in.Bounce.Status)
		require.Contains(t, in.Bounce.Reason, "There is nobody at <nobody@fernhill.test> here.")
		require.Equal(t, "relay.test", in.Bounce.Reporter)
		found, ok := p.signer.Bounce(got.envelope.To[0])
		require.True(t, ok)
		require.Equal(t, id, found)
		require.Contains(t, in.Bounce.MessageIDs, p.signer.MessageID(id, "fernhill.test"))
	})
	t.Run("is tried again", func(t *testing.T) {
		t.Parallel()
		p.send(t, "later@fernhill.test")
		p.box.wait(t, sentTo("later@fernhill.test"))
		require.EqualValues(t, 2, p.failures.Load())
	})
	t.Run("by LMTP", func(t *testing.T) {
		t.Parallel()
		p.send(t, "amir@lmtp.test")
		require.Equal(t, "lmtp", p.lmtpBox.wait(t, sentTo("amir@lmtp.test")).envelope.Protocol)
	})
}

// relayed is a sender and two listeners with a Postfix between them.
type relayed struct {
	box, lmtpBox *sink
	failures     atomic.Int32 // of later@fernhill.test
	sender       *mail.Sender
	signer       *mail.Signer
	key          *mail.DKIM
}

func startRelayed(t *testing.T) *relayed {
	t.Helper()
	p := &relayed{box: &sink{}, lmtpBox: &sink{accept: func(string) error { return nil }}, key: dkimKey(t)}
	p.box.accept = func(recipient string) error {
		if strings.HasPrefix(recipient, "nobody@") {
			return mail.ErrNoSuchRecipient(recipient)
		}
		return nil
	}
	p.box.deliver = func(_ context.Context, e mail.Envelope) []error {
		if e.To[0] == "later@fernhill.test" && p.failures.Add(1) == 1 {
			return []error{errors.New("the database is down")}
		}
		return nil
	}
	_, addr := listen(t, p.box, mail.ListenerOptions{})
	_, lmtpAddr := listen(t, p.lmtpBox, mail.ListenerOptions{LMTP: true})
	relay := mailtest.StartPostfix(t, addr, map[string]string{"lmtp.test": lmtpAddr})
	p.sender = sender(t, "smtp://"+relay.Addr, mail.SenderOptions{})
	var err error
	p.signer, err = mail.NewSigner(bytes.Repeat([]byte("k"), 32))
	require.NoError(t, err)
	return p
}

func (p *relayed) send(t *testing.T, to string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	o := outgoing()
	o.To.Addr, o.MessageID = to, p.signer.MessageID(id, "fernhill.test")
	m, err := o.Compose(t.Context(), p.key, 1<<20)
	require.NoError(t, err)
	defer m.Close()
	receipt, err := p.sender.Send(t.Context(), p.signer.BounceAddress(id, "fernhill.test"), to, m)
	require.NoError(t, err)
	require.Contains(t, receipt.Answer, "queued as")
	return id
}

func sentTo(addr string) func(kept) bool {
	return func(m kept) bool { return m.envelope.To[0] == addr }
}

func dkimKey(t *testing.T) *mail.DKIM {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	key, err := mail.NewDKIM("fernhill.test", "parley1", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	require.NoError(t, err)
	return key
}

// swaks hands over mails with files, over SMTP and LMTP, and is told why one is refused.
// Spec: C14
func TestSwaks(t *testing.T) {
	t.Parallel()
	box := &sink{}
	_, addr := listen(t, box, mail.ListenerOptions{MaxBytes: 1 << 20})
	_, lmtp := listen(t, box, mail.ListenerOptions{LMTP: true})
	file := filepath.Join(t.TempDir(), "order.bin")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte{0, 1, 2, 0xff}, 10_000), 0o600))

	out, err := mailtest.Swaks(t, addr, "--from", "grace@navy.test", "--to", "nora@fernhill.test", "--header", "Subject: =?utf-8?Q?F=C3=A4rgen?=",
		"--body", "Hej från swaks", "--attach-type", "application/x-order", "--attach-name", "order.bin", "--attach", "@"+file)
	require.NoError(t, err, out)
	in := parse(t, box.wait(t, sentTo("nora@fernhill.test")).raw)
	require.Equal(t, "Färgen", in.Subject)
	require.Equal(t, "Hej från swaks", in.Text)
	require.Equal(t, "grace@navy.test", in.From.Addr)
	require.Len(t, in.Attachments, 1)
	require.Equal(t, "order.bin", in.Attachments[0].Name)

	out, err = mailtest.Swaks(t, lmtp, "--protocol", "LMTP", "--from", "<>", "--to", "amir@fernhill.test")
	require.NoError(t, err, out)
	require.Equal(t, "lmtp", box.wait(t, sentTo("amir@fernhill.test")).envelope.Protocol)

	out, err = mailtest.Swaks(t, addr, "--from", "grace@navy.test", "--to", "victim@elsewhere.test")
	require.Error(t, err)
	require.Contains(t, out, "550 5.1.1 There is nobody at <victim@elsewhere.test> here.")
	out, err = mailtest.Swaks(t, addr, "--from", "grace@navy.test", "--to", "nora@fernhill.test", "--attach", "@"+bigFile(t))
	require.Error(t, err)
	require.Contains(t, out, "552")
	require.Len(t, box.all(), 2)
}

func bigFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "big.bin")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("x"), 2<<20), 0o600))
	return file
}
