package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// connection is one conversation with an SMTP server.
type connection struct {
	conn   net.Conn // below TLS, for the deadlines
	client *smtp.Client
	mails  int
	expiry *time.Timer // set while it is kept
}

// connect opens a connection and signs in.
func (s *Sender) connect(ctx context.Context) (*connection, error) {
	dialer := net.Dialer{Timeout: s.o.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, s.sendError(phaseConnect, err)
	}
	c := &connection{conn: conn}
	stop := c.bind(ctx)
	phase, err := s.greet(c)
	stop()
	if err != nil {
		_ = conn.Close()
		return nil, s.sendError(phase, withContext(ctx, err))
	}
	return c, nil
}

// greet goes as far as the first mail.
func (s *Sender) greet(c *connection) (phase string, err error) {
	c.deadline(s.o.Timeout)
	conn := c.conn
	if s.mode == tlsAlways {
		wrapped := tls.Client(conn, s.tlsConfig())
		if err := wrapped.Handshake(); err != nil {
			return phaseTLS, err
		}
		conn = wrapped
	}
	if c.client, err = smtp.NewClient(conn, s.host); err != nil {
		return phaseConnect, err
	}
	c.deadline(s.o.Timeout)
	if err := c.client.Hello(s.o.Hello); err != nil {
		return phaseConnect, err
	}
	if err := s.startTLS(c); err != nil {
		return phaseTLS, err
	}
	return phaseAuth, s.signIn(c)
}

func (s *Sender) startTLS(c *connection) error {
	if s.mode == tlsAlways || s.mode == tlsOff {
		return nil
	}
	offered, _ := c.client.Extension("STARTTLS")
	if !offered {
		if s.mode == tlsRequired {
			return errors.New("the server does not offer STARTTLS, and tls=required is set")
		}
		return nil
	}
	c.deadline(s.o.Timeout)
	return c.client.StartTLS(s.tlsConfig())
}

// tlsConfig checks certificates unless anybody could have stripped the encryption
// anyway, and there is no password to lose.
func (s *Sender) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.o.TLS != nil {
		config = s.o.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = s.host
	}
	if s.mode == tlsOffered && s.password == "" {
		config.InsecureSkipVerify = true //nolint:gosec // see above
	}
	return config
}

// signIn uses the best way to sign in that the server offers.
func (s *Sender) signIn(c *connection) error {
	if s.user == "" {
		return nil
	}
	ok, offered := c.client.Extension("AUTH")
	if !ok {
		return errors.New("the server does not offer to sign in")
	}
	auth, err := s.mechanism(strings.Fields(strings.ToUpper(offered)))
	if err != nil {
		return err
	}
	c.deadline(s.o.Timeout)
	return c.client.Auth(auth)
}

func (s *Sender) mechanism(offered []string) (smtp.Auth, error) {
	clear := s.mode == tlsOff
	for _, known := range []struct {
		name string
		auth func() smtp.Auth
	}{
		{"SCRAM-SHA-256", func() smtp.Auth { return smtp.ScramSHA256Auth(s.user, s.password) }},
		{"PLAIN", func() smtp.Auth { return smtp.PlainAuth("", s.user, s.password, s.host, clear) }},
		{"LOGIN", func() smtp.Auth { return smtp.LoginAuth(s.user, s.password, s.host, clear) }},
		{"SCRAM-SHA-1", func() smtp.Auth { return smtp.ScramSHA1Auth(s.user, s.password) }},
		{"CRAM-MD5", func() smtp.Auth { return smtp.CRAMMD5Auth(s.user, s.password) }},
	} {
		for _, name := range offered {
			if name == known.name {
				return known.auth(), nil
			}
		}
	}
	return nil, fmt.Errorf("the server offers no way to sign in that is known here: %s", strings.Join(offered, ", "))
}

// send gives the server one mail.
func (c *connection) send(from, to string, m *Spool, timeout time.Duration) (answer, phase string, err error) {
	c.mails++
	if err := c.fits(m); err != nil {
		return "", phaseMail, err
	}
	c.deadline(timeout)
	c.client.SkipSMTPUTF8(isASCII(from) && isASCII(to))
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return "", phaseMail, err
	}
	c.deadline(timeout)
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return "", phaseRcpt, err
	}
	c.deadline(timeout)
	w, err := c.client.Data()
	if err != nil {
		return "", phaseData, err
	}
	if _, err := io.Copy(w, &pacedReader{c: c, r: m.Reader(), timeout: timeout}); err != nil {
		_ = c.conn.Close() // never w.Close, which would end half a mail as if it were whole
		return "", phaseData, fmt.Errorf("send the mail's content: %w", err)
	}
	const patience = 4 // a server may look at the whole mail before it answers
	c.deadline(patience * timeout)
	err = w.Close()
	if data, ok := w.(*smtp.DataCloser); ok {
		answer = data.ServerResponse()
	}
	return answer, phaseData, err
}

// fits asks what size the server takes, before all of it is sent for nothing.
func (c *connection) fits(m *Spool) error {
	_, size := c.client.Extension("SIZE")
	if limit, err := strconv.ParseInt(size, 10, 64); err == nil && limit > 0 && m.Size() > limit {
		return &SendError{
			Permanent: true, Phase: phaseMail, Status: "5.3.4",
			Answer: fmt.Sprintf("the mail has %d bytes, and the server takes %d", m.Size(), limit), cause: ErrTooLarge,
		}
	}
	return nil
}

// reset makes the connection ready for another mail after a refused one.
func (c *connection) reset(timeout time.Duration, phase string, err error) bool {
	var answer *textproto.Error
	if !errors.As(err, &answer) || answer.Code == 421 || phase == "" {
		return false
	}
	c.deadline(timeout)
	return c.client.Reset() == nil
}

// bind breaks the connection when ctx ends. stop unbinds it, and says whether ctx had not ended.
func (c *connection) bind(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.conn.Close() })
}

func (c *connection) deadline(d time.Duration) { _ = c.conn.SetDeadline(time.Now().Add(d)) }

func (c *connection) quit(timeout time.Duration) error {
	c.deadline(timeout)
	err := c.client.Quit()
	_ = c.conn.Close()
	if err != nil {
		return &SendError{Phase: phaseConnect, Answer: err.Error(), cause: err}
	}
	return nil
}

func (c *connection) close() error { return c.conn.Close() }

// pacedReader gives each piece of a mail its own time to be sent.
type pacedReader struct {
	c       *connection
	r       io.Reader
	timeout time.Duration
}

// Read implements io.Reader.
func (p *pacedReader) Read(b []byte) (int, error) {
	p.c.deadline(p.timeout)
	return p.r.Read(b)
}
