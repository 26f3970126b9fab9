package mail_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// Mail for us is taken, mail for others is not, and a relay nobody is made of us.
// Spec: C14
func TestListenerTakesOnlyOurs(t *testing.T) {
	t.Parallel()
	box := &sink{}
	_, addr := listen(t, box, mail.ListenerOptions{MaxRecipients: 3, MaxBytes: 10_000})
	c := dial(t, addr)
	c.say("", "220")
	c.say("MAIL FROM:<a@b.test>", "502")
	c.say("EHLO mx.navy.test", "250 ")
	c.say("RCPT TO:<nora@fernhill.test>", "502")
	c.say("MAIL FROM:<Grace@Navy.test>", "250")
	c.say("RCPT TO:<victim@elsewhere.test>", "550 5.1.1 There is nobody at <victim@elsewhere.test> here.")
	c.say("RCPT TO:<@fernhill.test:victim@elsewhere.test>", "550 5.1.1")
	c.say("RCPT TO:<victim%elsewhere.test@elsewhere.test>", "550 5.1.1")
	c.say("DATA", "502")
	c.say("RCPT TO:<Nora@FERNHILL.test>", "250")
	c.say("RCPT TO:<nora@fernhill.test>", "250")
	c.say("RCPT TO:<amir@fernhill.test>", "250")
	c.say("RCPT TO:<lena@fernhill.test>", "452")
	c.say("DATA", "354")
	c.say("Subject: Hi\r\n\r\n..\r\nbody\n.\nno end\r\n.", "250")
	c.say("MAIL FROM:<> SIZE=100000", "552")
	c.say("MAIL FROM:<>", "250")
	c.say("RCPT TO:<nora@fernhill.test>", "250")
	c.say("DATA", "354")
	c.say(strings.Repeat("x", 80)+"\r\n"+strings.Repeat(strings.Repeat("y", 78)+"\r\n", 200)+".", "552")
	c.say("MAIL FROM:<>", "250")
	c.say("RSET", "250")
	c.say("QUIT", "221")

	mails := box.all()
	require.Len(t, mails, 1)
	require.Equal(t, "Subject: Hi\r\n\r\n.\r\nbody\n.\nno end\r\n", string(mails[0].raw))
	e := mails[0].envelope
	require.Equal(t, []string{"nora@fernhill.test", "amir@fernhill.test"}, e.To)
	require.Equal(t, "grace@navy.test", e.From)
	require.Equal(t, "mx.navy.test", e.Hello)
	require.Equal(t, "127.0.0.1", e.Remote.String())
	require.Equal(t, "smtp", e.Protocol)
	require.False(t, e.TLS)
}

// A mail is acknowledged only when it is stored; what fails is told as something to try again, without its cause.
// Spec: C14
func TestListenerAnswers(t *testing.T) {
	t.Parallel()
	no := &mail.Refusal{Code: 552, Status: "5.2.2", Sentence: "The box\r\n250 is full"}
	broken := errors.New("password=secret: database is down")
	for name, c := range map[string]struct {
		results []error
		want    string
	}{
		"stored":           {nil, "250"},
		"stored each":      {[]error{nil, nil}, "250"},
		"one refused":      {[]error{nil, no}, "250"},
		"all refused":      {[]error{no, no}, "552 5.2.2 The box 250 is full"},
		"one to try again": {[]error{nil, broken}, "451 4.3.0 We could not take this mail now"},
		"wrong results":    {[]error{nil}, "451"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &sink{deliver: func(context.Context, mail.Envelope) []error { return c.results }}
			_, addr := listen(t, box, mail.ListenerOptions{})
			k := dial(t, addr)
			k.say("", "220")
			k.say("HELO x", "250")
			k.say("MAIL FROM:<a@b.test>", "250")
			k.say("RCPT TO:<one@fernhill.test>", "250")
			k.say("RCPT TO:<two@fernhill.test>", "250")
			k.say("DATA", "354")
			k.say("Hi\r\n.", c.want)
			k.say("QUIT", "221")
		})
	}
}

// LMTP answers for each recipient.
// Spec: C14
func TestListenerLMTP(t *testing.T) {
	t.Parallel()
	box := &sink{deliver: func(_ context.Context, e mail.Envelope) []error {
		results := make([]error, len(e.To))
		for i, to := range e.To {
			switch to {
			case "full@fernhill.test":
				results[i] = &mail.Refusal{Sentence: "full"}
			case "down@fernhill.test":
				results[i] = errors.New("down")
			}
		}
		return results
	}}
	_, addr := listen(t, box, mail.ListenerOptions{LMTP: true})
	c := dial(t, addr)
	c.say("", "220")
	c.say("EHLO x", "500")
	c.say("LHLO x", "250")
	c.say("MAIL FROM:<a@b.test>", "250")
	for _, to := range []string{"full", "one", "down", "ONE"} {
		c.say("RCPT TO:<"+to+"@fernhill.test>", "250")
	}
	c.say("RCPT TO:<nobody@elsewhere.test>", "550")
	c.say("DATA", "354")
	c.say("Hi\r\n.", "550 5.0.0 <full@fernhill.test>", "250 2.0.0 <one@fernhill.test>", "451 4.3.0 <down@fernhill.test>", "250 2.0.0 <ONE@fernhill.test>")
	c.say("QUIT", "221")
}

// A recipient that cannot be looked up now is not refused for good.
func TestListenerAcceptFails(t *testing.T) {
	t.Parallel()
	box := &sink{accept: func(string) error { return errors.New("database is down") }}
	_, addr := listen(t, box, mail.ListenerOptions{})
	c := dial(t, addr)
	c.say("", "220")
	c.say("HELO x", "250")
	c.say("MAIL FROM:<>", "250")
	c.say("RCPT TO:<nora@fernhill.test>", "451 4.3.0")
}

// Silent clients are told goodbye, and too many are told to come back.
func TestListenerBounds(t *testing.T) {
	t.Parallel()
	_, addr := listen(t, &sink{}, mail.ListenerOptions{MaxConnections: 2, Idle: 300 * time.Millisecond, Lifetime: time.Minute})
	one, two := dial(t, addr), dial(t, addr)
	one.say("", "220")
	two.say("", "220")
	dial(t, addr).say("", "421 4.3.2 Too many connections")
	one.say("", "421")
	two.say("", "421")
	require.Eventually(t, func() bool {
		return strings.HasPrefix(dial(t, addr).line(), "220")
	}, 10*time.Second, 20*time.Millisecond, "places become free again")
}

// A listener that stops says goodbye to who is idle, and finishes the mail that is on its way.
// Spec: C14
func TestListenerShutdown(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	box := &sink{deliver: func(context.Context, mail.Envelope) []error {
		close(entered)
		<-leave
		return nil
	}}
	l, addr := listen(t, box, mail.ListenerOptions{})
	idle, busy := dial(t, addr), dial(t, addr)
	idle.say("", "220")
	busy.say("", "220")
	busy.say("HELO x", "250")
	busy.say("MAIL FROM:<a@b.test>", "250")
	busy.say("RCPT TO:<nora@fernhill.test>", "250")
	busy.say("DATA", "354")
	busy.say("Hi\r\n.")
	<-entered
	done := make(chan error, 1)
	go func() { done <- l.Shutdown(context.Background()) }()
	idle.say("", "421")
	close(leave)
	busy.say("", "250", "421")
	require.NoError(t, <-done)
	require.Len(t, box.all(), 1)
	require.NoError(t, l.Shutdown(context.Background()), "stopping twice is no mistake")
}

// When time is up, what is not stored is cut off without an acknowledgement.
func TestListenerShutdownCutsOff(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	box := &sink{deliver: func(ctx context.Context, _ mail.Envelope) []error {
		close(entered)
		<-ctx.Done()
		return []error{ctx.Err()}
	}}
	l, addr := listen(t, box, mail.ListenerOptions{})
	c := dial(t, addr)
	c.say("", "220")
	c.say("HELO x", "250")
	c.say("MAIL FROM:<a@b.test>", "250")
	c.say("RCPT TO:<nora@fernhill.test>", "250")
	c.say("DATA", "354")
	c.say("Hi\r\n.")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, l.Shutdown(ctx))
	rest, _ := io.ReadAll(c.conn)
	require.NotContains(t, string(rest), "250")
	require.Empty(t, box.all())
}

// A mail that is cut off on its way is not stored.
func TestListenerHalfMail(t *testing.T) {
	t.Parallel()
	box := &sink{}
	_, addr := listen(t, box, mail.ListenerOptions{MaxConnections: 1})
	c := dial(t, addr)
	c.say("", "220")
	c.say("HELO x", "250")
	c.say("MAIL FROM:<a@b.test>", "250")
	c.say("RCPT TO:<nora@fernhill.test>", "250")
	c.say("DATA", "354")
	c.say("Half a mail")
	require.NoError(t, c.conn.Close())
	require.Eventually(t, func() bool { return strings.HasPrefix(dial(t, addr).line(), "220") }, 10*time.Second, 20*time.Millisecond)
	require.Empty(t, box.all())
}

// STARTTLS is offered when there is a certificate.
func TestListenerTLS(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	box := &sink{}
	_, addr := listen(t, box, mail.ListenerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}})
	s := sender(t, "smtp://"+addr+"?tls=required", mail.SenderOptions{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	_, err := s.Send(t.Context(), "a@b.test", "nora@fernhill.test", letter("tls"))
	require.NoError(t, err)
	require.True(t, box.all()[0].envelope.TLS)
	require.Equal(t, "127.0.0.1", box.all()[0].envelope.Remote.String())
}
