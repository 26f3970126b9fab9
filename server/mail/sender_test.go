package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// A mail comes through byte by byte, many over few connections.
// Spec: C14
func TestSenderSends(t *testing.T) {
	t.Parallel()
	box := &sink{}
	var hellos sync.Map
	box.deliver = func(_ context.Context, e mail.Envelope) []error {
		hellos.Store(e.Hello, true)
		return nil
	}
	_, addr := listen(t, box, mail.ListenerOptions{})
	s := sender(t, "smtp://"+addr, mail.SenderOptions{Hello: "parley.test", Connections: 2, MailsPerConnection: 5})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			receipt, err := s.Send(t.Context(), "", "nora@fernhill.test", letter(fmt.Sprint("n", i)))
			if err != nil || receipt.Answer == "" || receipt.Server != addr {
				t.Errorf("mail %d: %v %v", i, receipt, err)
			}
		})
	}
	wg.Wait()
	require.Len(t, box.all(), 20)
	for _, m := range box.all() {
		require.Contains(t, string(m.raw), "Hello\r\n.\r\n..\r\nGoodbye\r\n")
		require.Empty(t, m.envelope.From)
	}
	_, ok := hellos.Load("parley.test")
	require.True(t, ok)
	require.NoError(t, s.Check(t.Context()))
}

// script is a server that answers each command as it is told to.
func script(t *testing.T, answers map[string]string) (addr string, seen *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	seen = new(atomic.Int32)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			seen.Add(1)
			go converse(conn, answers)
		}
	}()
	return ln.Addr().String(), seen
}

func converse(conn net.Conn, answers map[string]string) {
	defer conn.Close()
	usual := map[string]string{
		"": "220 hi", "EHLO": "250-hi\r\n250 8BITMIME", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", ".": "250 taken",
		"RSET": "250 ok", "QUIT": "221 bye", "AUTH": "235 ok",
	}
	say := func(command string) bool {
		answer, ok := answers[command]
		if !ok {
			answer = usual[command]
		}
		if answer == "" {
			return false
		}
		_, err := fmt.Fprint(conn, answer+"\r\n")
		return err == nil
	}
	if !say("") {
		return
	}
	lines := bufio.NewScanner(conn)
	for data := false; lines.Scan(); {
		line := lines.Text()
		command, _, _ := strings.Cut(line, " ")
		if data && line != "." {
			continue
		}
		data = command == "DATA" && strings.HasPrefix(cmpOr(answers["DATA"], "354"), "354")
		if !say(command) || answers[command+"close"] != "" {
			return
		}
	}
}

// hangsUp is a server that closes each connection once it took a mail.
func hangsUp(t *testing.T) (addr string, seen *atomic.Int32) {
	t.Helper()
	return script(t, map[string]string{".": "250 taken", ".close": "yes"})
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Every failure says whether to try again, and what the server said.
// Spec: C14
func TestSenderClassifies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers   map[string]string
		permanent bool
		phase     string
		code      int
		status    string
		answer    string
	}{
		"unknown recipient":  {map[string]string{"RCPT": "550-5.1.1 Nobody\r\n550 5.1.1 here"}, true, "rcpt", 550, "5.1.1", "Nobody here"},
		"greylisted":         {map[string]string{"RCPT": "450 4.2.0 come back"}, false, "rcpt", 450, "4.2.0", "come back"},
		"sender refused":     {map[string]string{"MAIL": "553 5.7.1 not you"}, true, "mail", 553, "5.7.1", "not you"},
		"content refused":    {map[string]string{".": "554 5.7.1 spam"}, true, "data", 554, "5.7.1", "spam"},
		"content not now":    {map[string]string{".": "451 later"}, false, "data", 451, "", "later"},
		"data refused":       {map[string]string{"DATA": "554 no valid recipients"}, true, "data", 554, "", "no valid recipients"},
		"greeting refused":   {map[string]string{"": "554 go away"}, false, "connect", 554, "", "go away"},
		"closed in greeting": {map[string]string{"EHLO": "", "HELO": ""}, false, "connect", 0, "", "EOF"},
		"closed after data":  {map[string]string{".": ""}, false, "data", 0, "", "EOF"},
		"no tls":             {map[string]string{}, false, "tls", 0, "", "the server does not offer STARTTLS, and tls=required is set"},
		"no auth":            {map[string]string{}, false, "auth", 0, "", "the server does not offer to sign in"},
		"unknown auth":       {map[string]string{"EHLO": "250-hi\r\n250 AUTH GSSAPI"}, false, "auth", 0, "", "GSSAPI"},
		"wrong password":     {map[string]string{"EHLO": "250-hi\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong: hunter2 is no password"}, false, "auth", 535, "5.7.8", "wrong: *** is no password"},
		"sign in first":      {map[string]string{"MAIL": "530 5.7.0 sign in"}, false, "mail", 530, "5.7.0", "sign in"},
		"too large":          {map[string]string{"EHLO": "250-hi\r\n250 SIZE 10"}, true, "mail", 0, "5.3.4", "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, _ := script(t, c.answers)
			url := "smtp://" + addr
			switch {
			case strings.Contains(name, "tls"):
				url += "?tls=required"
			case strings.Contains(name, "auth"), strings.Contains(name, "password"):
				url = "smtp://me:hunter2@" + addr + "?tls=off"
			}
			s := sender(t, url, mail.SenderOptions{Timeout: 5 * time.Second})
			_, err := s.Send(t.Context(), "a@b.test", "c@d.test", letter("x"))
			var failed *mail.SendError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.permanent, failed.Permanent, failed)
			require.Equal(t, c.phase, failed.Phase, failed)
			require.Equal(t, c.code, failed.Code, failed)
			require.Equal(t, c.status, failed.Status, failed)
			require.Contains(t, failed.Answer, c.answer)
			require.NotContains(t, failed.Error(), "hunter2")
		})
	}
}

// A connection that died while it was kept costs no mail, and one that refused a
// recipient is used again.
// Spec: C14
func TestSenderKeepsConnections(t *testing.T) {
	t.Parallel()
	t.Run("refused, then taken", func(t *testing.T) {
		t.Parallel()
		box := &sink{}
		_, addr := listen(t, box, mail.ListenerOptions{MaxConnections: 1})
		s := sender(t, "smtp://"+addr, mail.SenderOptions{})
		_, err := s.Send(t.Context(), "", "c@elsewhere.test", letter("one"))
		require.ErrorContains(t, err, "550 5.1.1")
		for range 3 {
			_, err = s.Send(t.Context(), "", "nora@fernhill.test", letter("two"))
			require.NoError(t, err, "there is room for one connection only")
		}
	})
	t.Run("died", func(t *testing.T) {
		t.Parallel()
		addr, seen := script(t, map[string]string{"MAIL": ""})
		s := sender(t, "smtp://"+addr, mail.SenderOptions{})
		_, err := s.Send(t.Context(), "", "nora@fernhill.test", letter("x"))
		require.Error(t, err)
		require.EqualValues(t, 1, seen.Load(), "a new connection that fails is not tried twice")

		addr, seen = hangsUp(t)
		s = sender(t, "smtp://"+addr, mail.SenderOptions{})
		for range 3 {
			_, err = s.Send(t.Context(), "", "nora@fernhill.test", letter("x"))
			require.NoError(t, err)
		}
		require.EqualValues(t, 3, seen.Load())
	})
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		addr, seen := script(t, nil)
		s := sender(t, "smtp://"+addr, mail.SenderOptions{})
		require.NoError(t, s.Close())
		for range 2 {
			_, err := s.Send(t.Context(), "", "nora@fernhill.test", letter("x"))
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, seen.Load())
	})
}

// A server that says nothing holds nobody up for longer than was set.
func TestSenderHasDeadlines(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	s := sender(t, "smtp://"+ln.Addr().String(), mail.SenderOptions{Timeout: 200 * time.Millisecond, Connections: 1})
	_, err = s.Send(t.Context(), "", "nora@fernhill.test", letter("x"))
	var failed *mail.SendError
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.Permanent)

	patient := sender(t, "smtp://"+ln.Addr().String(), mail.SenderOptions{Connections: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = patient.Send(ctx, "", "nora@fernhill.test", letter("x"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorAs(t, err, &failed)
}

// Nothing is sent where nobody listens, and that is not for good.
func TestSenderUnreachable(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	s := sender(t, "smtp://me:hunter2@"+ln.Addr().String(), mail.SenderOptions{})
	var failed *mail.SendError
	require.ErrorAs(t, s.Check(t.Context()), &failed)
	require.False(t, failed.Permanent)
	require.Equal(t, "connect", failed.Phase)
	_, err = s.Send(t.Context(), "x\r\nRCPT TO:<y@z.test>", "nora@fernhill.test", letter("x"))
	require.ErrorIs(t, err, mail.ErrAddress)
}

// A certificate that nobody vouches for is refused where a password would be sent, or TLS was insisted on.
func TestSenderChecksCertificates(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	box := &sink{}
	_, addr := listen(t, box, mail.ListenerOptions{TLS: config})
	for url, good := range map[string]bool{"smtp://" + addr: true, "smtp://" + addr + "?tls=required": false, "smtp://me:pw@" + addr: false} {
		_, err := sender(t, url, mail.SenderOptions{}).Send(t.Context(), "", "nora@fernhill.test", letter("x"))
		if good {
			require.NoError(t, err, url)
			continue
		}
		var unknown *tls.CertificateVerificationError
		require.True(t, errors.As(err, &unknown), "%s: %v", url, err)
	}
	require.True(t, box.all()[0].envelope.TLS, "encryption is taken where it is offered")

	ln, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go converse(conn, map[string]string{"EHLO": "250-hi\r\n250 AUTH LOGIN PLAIN"})
		}
	}()
	s := sender(t, "smtps://me:hunter2@"+ln.Addr().String(), mail.SenderOptions{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	_, err = s.Send(t.Context(), "", "nora@fernhill.test", letter("x"))
	require.NoError(t, err)
}

// A setting that makes no sense is refused, and its password not repeated.
func TestSenderURL(t *testing.T) {
	t.Parallel()
	for url, addr := range map[string]string{
		"smtp://mx.test": "mx.test:25", "smtp://me:pw@mx.test": "mx.test:587", "smtps://mx.test": "mx.test:465",
		"smtp://mx.test:2525?tls=off": "mx.test:2525", "smtp://me%40x.test:p%2Fw@[::1]:25": "[::1]:25",
	} {
		require.Equal(t, addr, sender(t, url, mail.SenderOptions{}).Server())
	}
	for _, url := range []string{"", "mx.test", "http://mx.test", "smtp://", "smtp://me:hunter2@mx.test:99999", "smtp://me:hunter2@mx.test/path", "smtp://mx.test?tls=maybe", "smtp://mx.test?x=y", "smtps://mx.test?tls=off", "smtp://me:hun ter2@mx.test:x"} {
		_, err := mail.NewSender(url, mail.SenderOptions{})
		require.ErrorIs(t, err, mail.ErrServerURL, url)
		require.NotContains(t, fmt.Sprint(err, errors.Unwrap(err)), "hun")
	}
}
