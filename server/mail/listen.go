package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/emersion/go-smtp"
)

// Envelope is what a server says about a mail, apart from the mail itself.
type Envelope struct {
	Protocol string     // "smtp", "lmtp" or "pipe"
	Remote   netip.Addr // invalid for a pipe or a Unix socket
	Hello    string     // the name that the server gave
	TLS      bool
	From     string   // the return path, normalised; "" is the null sender
	To       []string // the accepted recipients, normalised, each once
}

// Handler takes what arrives. Its methods are called by many connections at once; ctx
// ends when their time is up, or when the listener is cut off.
type Handler interface {
	// Accept says whether mail for a recipient is taken at all: nil, a *Refusal that
	// the sender's server is told, or any other error for "try again later".
	// e holds the recipients before this one.
	Accept(ctx context.Context, e Envelope, recipient string) error
	// Deliver stores a mail for good. It returns nil if it is stored for all, or one
	// result for each of e.To: nil, a *Refusal, or any other error for "try again later".
	// The same mail may come again, and then must not be stored twice. m is
	// closed after Deliver returned.
	Deliver(ctx context.Context, e Envelope, m *Spool) []error
}

// Refusal is a lasting no. Its sentence is told to the sender.
type Refusal struct {
	Code     int    // 550 if 0
	Status   string // such as "5.1.1"; "5.0.0" if ""
	Sentence string
}

// Error implements error.
func (r *Refusal) Error() string { return r.Sentence }

// ErrNoSuchRecipient refuses an address that is not ours. It is also the answer to
// every attempt to relay.
func ErrNoSuchRecipient(recipient string) *Refusal {
	return &Refusal{Code: 550, Status: "5.1.1", Sentence: fmt.Sprintf("There is nobody at <%s> here. Please check the address.", cleanLine(recipient))}
}

// ListenerOptions tune a Listener. Zero values mean the defaults.
type ListenerOptions struct {
	LMTP bool
	// Domain is the name in the greeting; "" is localhost.
	Domain string
	// MaxBytes is the largest mail; 0 is 35 MiB, which holds 25 MiB of files.
	MaxBytes int64
	// MaxRecipients bounds the recipients of one mail; 0 is 100.
	MaxRecipients int
	// MaxConnections bounds the connections at once; 0 is 100. Those above are told to come back.
	MaxConnections int
	// Idle is how long a client may be silent; 0 is 2 minutes.
	Idle time.Duration
	// Lifetime bounds a connection as a whole; 0 is 30 minutes.
	Lifetime time.Duration
	// Delivery bounds one call of the handler; 0 is 1 minute.
	Delivery time.Duration
	// TLS offers STARTTLS; nil does not.
	TLS *tls.Config
	// Dir is where large mails wait; "" is the system's place.
	Dir string
	// Logger gets what goes wrong; nil is slog.Default.
	Logger *slog.Logger
}

func (o ListenerOptions) withDefaults() ListenerOptions {
	o.Domain = cmp.Or(o.Domain, "localhost")
	o.MaxBytes = cmp.Or(o.MaxBytes, 35<<20)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 100)
	o.MaxConnections = cmp.Or(o.MaxConnections, 100)
	o.Idle = cmp.Or(o.Idle, 2*time.Minute)
	o.Lifetime = cmp.Or(o.Lifetime, 30*time.Minute)
	o.Delivery = cmp.Or(o.Delivery, time.Minute)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	return o
}

// Listener is an SMTP or LMTP server that takes mail for us and relays nothing.
type Listener struct {
	o       ListenerOptions
	handler Handler
	server  *smtp.Server
	ctx     context.Context // of the handler's calls; ends when the listener is cut off
	cutOff  context.CancelFunc
	conns   *connSet
}

// maxLineBytes is longer than the standard's 998, since many programs write HTML on one line.
const maxLineBytes = 1 << 20

// NewListener makes a listener; Serve starts it.
func NewListener(h Handler, o ListenerOptions) *Listener {
	l := &Listener{o: o.withDefaults(), handler: h}
	l.ctx, l.cutOff = context.WithCancel(context.Background())
	l.conns = &connSet{open: make(map[*guardedConn]struct{})}
	l.server = smtp.NewServer(smtp.BackendFunc(l.session))
	l.server.LMTP = o.LMTP
	l.server.Domain = l.o.Domain
	l.server.MaxRecipients = l.o.MaxRecipients
	l.server.MaxMessageBytes = l.o.MaxBytes
	l.server.MaxLineLength = maxLineBytes
	l.server.ReadTimeout = l.o.Idle
	l.server.WriteTimeout = l.o.Idle
	l.server.TLSConfig = l.o.TLS
	l.server.EnableSMTPUTF8 = true
	l.server.ErrorLog = serverLog{l.o.Logger}
	return l
}

// Serve answers connections until Shutdown or a failure of ln. It returns nil after Shutdown.
func (l *Listener) Serve(ln net.Listener) error {
	if err := l.server.Serve(&guardedListener{Listener: ln, l: l}); err != nil {
		return fmt.Errorf("listen for mail: %w", err)
	}
	return nil
}

// Shutdown takes no new connections, tells idle ones goodbye, and waits for mails
// that are on their way; when ctx ends first, they are cut off unacknowledged.
func (l *Listener) Shutdown(ctx context.Context) error {
	defer l.cutOff()
	done := make(chan error, 1)
	go func() { done <- l.server.Shutdown(context.WithoutCancel(ctx)) }()
	l.conns.stop()
	select {
	case err := <-done:
		return ignoreClosed(err)
	case <-ctx.Done():
		l.cutOff()
		l.conns.close()
		return ignoreClosed(<-done)
	}
}

func ignoreClosed(err error) error {
	if err == nil || err == smtp.ErrServerClosed {
		return nil
	}
	return fmt.Errorf("stop listening for mail: %w", err)
}

// serverLog writes what the protocol's server has to say, which is mostly about clients.
type serverLog struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (s serverLog) Printf(format string, args ...any) {
	s.log.Info("mail connection", "detail", cleanLine(fmt.Sprintf(format, args...)))
}

// Println implements smtp.Logger.
func (s serverLog) Println(args ...any) {
	s.log.Info("mail connection", "detail", cleanLine(fmt.Sprint(args...)))
}
