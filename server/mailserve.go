package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parley-chat/parley/server/mail"
)

// mailDrain is how long mails on their way in have to arrive when the server stops.
const mailDrain = 10 * time.Second

// mailPort is one address at which mails come in.
type mailPort struct {
	net.Listener
	receiver *mail.Listener
}

// listenForMail takes the addresses at which mails come in, so that one in use is
// told of at the start.
func (s *Server) listenForMail(ctx context.Context) error {
	for _, port := range []struct {
		addr string
		lmtp bool
	}{{s.SMTPListen, false}, {s.LMTPListen, true}} {
		if port.addr == "" {
			continue
		}
		l, err := listenAt(ctx, port.addr)
		if err != nil {
			return err
		}
		s.mailPorts = append(s.mailPorts, mailPort{l, mail.NewListener(s.Mail.Receiver(), mail.ListenerOptions{
			LMTP: port.lmtp, Domain: s.mailName(), TLS: s.TLS, Logger: s.Config.Log,
		})})
	}
	return nil
}

// listenAt listens at a host and port, or at the path of a Unix socket; one that a
// server which is gone left behind is replaced.
func listenAt(ctx context.Context, addr string) (net.Listener, error) {
	network := "tcp"
	if strings.Contains(addr, "/") {
		network = "unix"
		info, err := os.Stat(addr)
		if err == nil && info.Mode()&fs.ModeSocket != 0 && !answers(addr) {
			err = os.Remove(addr)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("make way for the socket %s: %w", addr, err)
		}
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for mail on %s: %w; stop what uses it, or choose another address", addr, err)
	}
	return l, nil
}

// answers is true if somebody listens at a Unix socket.
func answers(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close() // it was only to see
	return true
}

// mailName is the name that mail servers are greeted with.
func (s *Server) mailName() string {
	if u, err := url.Parse(s.PublicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	name, _ := os.Hostname() // one without a name is localhost
	return cmp.Or(name, "localhost")
}

// MailAddrs are where mails come in: SMTP first, then LMTP.
func (s *Server) MailAddrs() []net.Addr {
	var addrs []net.Addr
	for _, p := range s.mailPorts {
		addrs = append(addrs, p.Addr())
	}
	return addrs
}

// receiveMail takes mails in until ctx ends; then those on their way have a moment to
// arrive.
func (s *Server) receiveMail(ctx context.Context) error {
	var g errgroup.Group
	for _, p := range s.mailPorts {
		g.Go(func() error { return p.receiver.Serve(p.Listener) })
		g.Go(func() error {
			<-ctx.Done()
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailDrain)
			defer cancel()
			return p.receiver.Shutdown(closing)
		})
	}
	return g.Wait()
}
