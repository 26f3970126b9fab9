package mail

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// connSet knows the connections that are open.
type connSet struct {
	mu       sync.Mutex
	open     map[*guardedConn]struct{}
	stopping bool
}

func (s *connSet) add(c *guardedConn, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || len(s.open) >= most {
		return false
	}
	s.open[c] = struct{}{}
	return true
}

func (s *connSet) remove(c *guardedConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// stop lets connections end after the mail that they are at.
func (s *connSet) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for c := range s.open {
		c.stop()
	}
}

func (s *connSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Conn.Close()
	}
}

// guardedListener turns away what is too much.
type guardedListener struct {
	net.Listener
	l *Listener
}

// Accept implements net.Listener.
func (g *guardedListener) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &guardedConn{Conn: conn, set: g.l.conns, idle: g.l.o.Idle, end: time.Now().Add(g.l.o.Lifetime)}
		if g.l.conns.add(c, g.l.o.MaxConnections) {
			return c, nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("421 4.3.2 Too many connections, please try again later\r\n"))
		_ = conn.Close()
	}
}

// guardedConn gives a client so long for each piece, and so long for everything.
type guardedConn struct {
	net.Conn
	set  *connSet
	idle time.Duration
	end  time.Time

	mu       sync.Mutex
	busy     bool // at a mail
	stopping bool
}

// SetReadDeadline does nothing: each Read has its own, so that a long mail on a slow
// line is not cut off while it comes.
func (c *guardedConn) SetReadDeadline(time.Time) error { return nil }

// Read implements net.Conn.
func (c *guardedConn) Read(p []byte) (int, error) {
	if err := c.allow(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// allow sets the deadline of the next read. It is under the lock, so that stop cannot be overtaken.
func (c *guardedConn) allow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping && !c.busy {
		return os.ErrDeadlineExceeded
	}
	until := time.Now().Add(c.idle)
	if c.end.Before(until) {
		until = c.end
	}
	return c.Conn.SetReadDeadline(until)
}

// work says whether the connection is at a mail, which stop waits for.
func (c *guardedConn) work(busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = busy
}

func (c *guardedConn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	if !c.busy {
		_ = c.Conn.SetReadDeadline(time.Now())
	}
}

// Close implements net.Conn.
func (c *guardedConn) Close() error {
	c.set.remove(c)
	err := c.Conn.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
