package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SenderOptions tune a Sender. The zero value is fit for use.
type SenderOptions struct {
	// Hello is the name given in EHLO; "" is localhost.
	Hello string
	// Connections bounds how many there are at once; 0 is 8.
	Connections int
	// MailsPerConnection is after how many mails a connection is closed; 0 is 100.
	MailsPerConnection int
	// Idle is how long an unused connection is kept; 0 is 30 s.
	Idle time.Duration
	// Timeout bounds each exchange with the server; 0 is 30 s. The last one, in
	// which the server takes the mail, has four times as long.
	Timeout time.Duration
	// TLS is the base of the TLS configuration; nil trusts the system's roots.
	TLS *tls.Config
}

// tlsMode is how a connection is encrypted.
type tlsMode int

const (
	tlsOffered  tlsMode = iota // STARTTLS if the server offers it
	tlsRequired                // STARTTLS, or nothing is sent
	tlsOff
	tlsAlways // from the start
)

// Sender hands mails to one SMTP server. It is safe for concurrent use.
type Sender struct {
	o              SenderOptions
	host, addr     string
	user, password string
	mode           tlsMode

	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []*connection
	closed bool
}

// NewSender makes a sender for smtp://user:password@host:port (STARTTLS when the
// server offers it; insisted on with ?tls=required; never with ?tls=off, which also allows
// the password to be sent in the clear) or smtps:// (TLS from the start). Without a port it is 587
// with a user, 25 without one, and 465 for smtps. The server's certificate is
// checked, except where encryption is only taken as offered and there is no password to lose.
// Nothing is connected yet. It fails with ErrServerURL.
func NewSender(server string, o SenderOptions) (*Sender, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, ErrServerURL // without the cause, which would repeat the password
	}
	s := &Sender{o: o.withDefaults(), host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.mode, err = readMode(u); err != nil {
		return nil, err
	}
	port := cmp.Or(u.Port(), defaultPort(s.mode, s.user))
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, ErrServerURL
	}
	s.addr = net.JoinHostPort(s.host, port)
	s.slots = make(chan struct{}, s.o.Connections)
	return s, nil
}

func (o SenderOptions) withDefaults() SenderOptions {
	const connections, mails, idle, timeout = 8, 100, 30 * time.Second, 30 * time.Second
	o.Hello = cmp.Or(o.Hello, "localhost")
	o.Connections = cmp.Or(o.Connections, connections)
	o.MailsPerConnection = cmp.Or(o.MailsPerConnection, mails)
	o.Idle = cmp.Or(o.Idle, idle)
	o.Timeout = cmp.Or(o.Timeout, timeout)
	return o
}

func readMode(u *url.URL) (tlsMode, error) {
	query := u.Query()
	wish := query.Get("tls")
	query.Del("tls")
	switch {
	case len(query) > 0:
	case u.Scheme == "smtps" && wish == "":
		return tlsAlways, nil
	case u.Scheme == "smtp" && (wish == "" || wish == "offered"):
		return tlsOffered, nil
	case u.Scheme == "smtp" && wish == "required":
		return tlsRequired, nil
	case u.Scheme == "smtp" && wish == "off":
		return tlsOff, nil
	}
	return 0, ErrServerURL
}

func defaultPort(mode tlsMode, user string) string {
	switch {
	case mode == tlsAlways:
		return "465"
	case user != "":
		return "587"
	}
	return "25"
}

// Server returns the server's host and port.
func (s *Sender) Server() string { return s.addr }

// Receipt is a server's acknowledgement.
type Receipt struct {
	Server string // host:port
	Answer string // what it said, such as "2.0.0 Ok: queued as 4F2D1"
}

// Send gives one mail to the server. from is the envelope's sender, "" for a mail
// that must never be answered. Every failure is a *SendError. A failure after the
// mail was on its way may mean that the server took it and only its answer was lost.
func (s *Sender) Send(ctx context.Context, from, to string, m *Spool) (Receipt, error) {
	for _, addr := range []string{from, to} {
		if norm, ok := normalizeAddr(addr); addr != "" && (!ok || norm != addr) || to == "" {
			return Receipt{}, &SendError{Permanent: true, Phase: phaseMail, Answer: "this is not an e-mail address: " + strconv.Quote(truncate(addr, maxLocal)), cause: ErrAddress}
		}
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return Receipt{}, s.sendError(phaseConnect, ctx.Err())
	}
	if c := s.reuse(); c != nil {
		receipt, err := s.sendOn(ctx, c, from, to, m)
		if !isStale(err) {
			return receipt, err
		}
	}
	c, err := s.connect(ctx)
	if err != nil {
		return Receipt{}, err
	}
	return s.sendOn(ctx, c, from, to, m)
}

// isStale tells whether a kept connection had died, so that nothing was sent yet.
func isStale(err error) bool {
	var e *SendError
	return errors.As(err, &e) && (e.Code == 0 || e.Code == 421) && !e.Permanent && e.Phase == phaseMail
}

// sendOn sends on one connection, and keeps it if it is still good.
func (s *Sender) sendOn(ctx context.Context, c *connection, from, to string, m *Spool) (Receipt, error) {
	stop := c.bind(ctx)
	answer, phase, err := c.send(from, to, m, s.o.Timeout)
	usable := stop() && (err == nil || c.reset(s.o.Timeout, phase, err))
	if !usable {
		_ = c.close()
	} else {
		s.keep(c)
	}
	if err != nil {
		return Receipt{}, s.sendError(phase, withContext(ctx, err))
	}
	return Receipt{Server: s.addr, Answer: truncate(cleanLine(answer), maxAnswer)}, nil
}

// withContext says that ctx ended where that is why a connection broke.
func withContext(ctx context.Context, err error) error {
	var timeout net.Error
	if ctx.Err() != nil && (errors.As(err, &timeout) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF)) {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// Check connects, signs in and says goodbye: is the setting right? Every failure is a *SendError.
func (s *Sender) Check(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	return c.quit(s.o.Timeout)
}

// reuse returns a kept connection, or nil.
func (s *Sender) reuse() *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		c := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if c.expiry.Stop() {
			return c
		}
	}
	return nil
}

// keep puts a connection aside for the next mail, for some time.
func (s *Sender) keep(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || c.mails >= s.o.MailsPerConnection || len(s.idle) >= s.o.Connections {
		go func() { _ = c.quit(s.o.Timeout) }()
		return
	}
	c.expiry = time.AfterFunc(s.o.Idle, func() {
		s.drop(c)
		_ = c.quit(s.o.Timeout)
	})
	s.idle = append(s.idle, c)
}

func (s *Sender) drop(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.idle {
		if s.idle[i] == c {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return
		}
	}
}

// Close closes the connections that are kept. Later sends connect anew, and keep none.
func (s *Sender) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		if c.expiry.Stop() {
			_ = c.quit(s.o.Timeout)
		}
	}
	return nil
}
