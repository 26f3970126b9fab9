package mail

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"
)

// session is one client's conversation with a listener.
type session struct {
	l     *Listener
	conn  *guardedConn // nil if it is none of ours
	about Envelope     // what stays the same for all its mails
	from  string
	given []string // recipients as the client wrote them
	to    []string // normalised, each once
}

func (l *Listener) session(c *smtp.Conn) (smtp.Session, error) {
	s := &session{l: l, about: Envelope{Protocol: "smtp", Hello: truncate(cleanLine(c.Hostname()), maxDomain)}}
	if l.o.LMTP {
		s.about.Protocol = "lmtp"
	}
	_, s.about.TLS = c.TLSConnectionState()
	if addr, err := netip.ParseAddrPort(c.Conn().RemoteAddr().String()); err == nil {
		s.about.Remote = addr.Addr().Unmap()
	}
	s.conn = guardOf(c.Conn())
	return s, nil
}

// guardOf finds our connection below TLS.
func guardOf(conn net.Conn) *guardedConn {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn()
	}
	guarded, _ := conn.(*guardedConn)
	return guarded
}

func (s *session) envelope() Envelope {
	e := s.about
	e.From, e.To = s.from, slices.Clone(s.to)
	return e
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.given, s.to = "", nil, nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.Reset()
	if from == "" {
		return nil
	}
	addr, ok := normalizeAddr(from)
	if !ok {
		return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 1, 7}, Message: "The sender is not an e-mail address"}
	}
	s.from = addr
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	addr, ok := normalizeAddr(to)
	if !ok {
		return s.answer(ErrNoSuchRecipient(to))
	}
	if !slices.Contains(s.to, addr) {
		ctx, cancel := context.WithTimeout(s.l.ctx, s.l.o.Delivery)
		defer cancel()
		if err := s.l.handler.Accept(ctx, s.envelope(), addr); err != nil {
			return s.answer(err)
		}
		s.to = append(s.to, addr)
	}
	s.given = append(s.given, to)
	return nil
}

// Data implements smtp.Session. One answer stands for all recipients: if any of them has
// to be tried again, then the whole mail has; it is refused only if all of them are.
func (s *session) Data(r io.Reader) error {
	results, err := s.deliver(r)
	if err != nil {
		return err
	}
	var refused error
	taken := len(results) == 0
	for _, result := range results {
		var no *Refusal
		switch {
		case result == nil:
			taken = true
		case errors.As(result, &no):
			refused = result
		default:
			return s.answer(result)
		}
	}
	if taken {
		return nil
	}
	return s.answer(refused)
}

// LMTPData implements smtp.LMTPSession, which has an answer for each recipient.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	results, err := s.deliver(r)
	if err != nil || len(results) == 0 {
		return err
	}
	for _, given := range s.given {
		addr, _ := normalizeAddr(given)
		status.SetStatus(given, s.answer(results[slices.Index(s.to, addr)]))
	}
	return nil
}

// deliver spools a mail and hands it over. err is an answer for all recipients.
func (s *session) deliver(r io.Reader) (results []error, err error) {
	if s.conn != nil {
		s.conn.work(true)
		defer s.conn.work(false)
	}
	m, err := NewSpool(r, s.l.o.Dir, s.l.o.MaxBytes)
	if err != nil {
		return nil, s.answer(err)
	}
	defer m.Close()
	ctx, cancel := context.WithTimeout(s.l.ctx, s.l.o.Delivery)
	defer cancel()
	results = s.l.handler.Deliver(ctx, s.envelope(), m)
	if len(results) != 0 && len(results) != len(s.to) {
		return nil, s.answer(errors.New("the handler has not as many results as recipients"))
	}
	return results, nil
}

// answer says to the client what became of it. What we failed at is logged, and nothing of it told.
func (s *session) answer(err error) error {
	var no *Refusal
	var protocol *smtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return no.protocol()
	case errors.Is(err, ErrTooLarge):
		return smtp.ErrDataTooLarge
	case errors.As(err, &protocol):
		return protocol
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, smtp.ErrDataReset):
		s.l.o.Logger.Info("mail cut off on its way", "remote", s.about.Remote, "from", s.from)
	default:
		s.l.o.Logger.Error("mail not taken", "remote", s.about.Remote, "from", s.from, "to", s.to, "error", err)
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "We could not take this mail now, please try again later"}
}

func (r *Refusal) protocol() *smtp.SMTPError {
	e := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 0, 0}, Message: truncate(cleanLine(r.Sentence), maxReason)}
	if r.Code/100 == 5 {
		e.Code = r.Code
	}
	for i, digits := range strings.SplitN(r.Status, ".", len(e.EnhancedCode)) {
		if n, err := strconv.Atoi(digits); err == nil {
			e.EnhancedCode[i] = n
		}
	}
	return e
}
