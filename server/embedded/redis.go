package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// ErrNoRedisServer is the failure of StartRedisServer where none is installed.
var ErrNoRedisServer = errors.New("redis-server is not installed: apt-get install redis-server")

// Redis is a running Redis that keeps nothing on disk. Its methods may be called
// from any goroutine.
type Redis struct {
	kind     string
	addr     string
	password string
	engine   redisEngine

	mu      sync.Mutex
	running bool
}

// redisEngine is what is behind the address: a thread of ours, or a process.
type redisEngine interface {
	start(ctx context.Context) error
	stop() error
}

// StartRedis starts a Redis inside this process, which needs nothing installed.
// It is good for one node: it lacks some commands, among them sharded pub/sub,
// CONFIG and CLIENT. Keys expire by the wall clock, as in the real one.
func StartRedis(ctx context.Context) (*Redis, error) {
	server := miniredis.NewMiniRedis()
	r := &Redis{kind: "miniredis", password: rand.Text()}
	server.RequireAuth(r.password)
	server.ClockTTL(true)
	if err := r.launch(ctx, &inProcess{server: server}); err != nil {
		return nil, err
	}
	r.addr = server.Addr()
	return r, nil
}

// StartRedisServer starts the redis-server that is installed, on a free port,
// with dir as its working folder. It writes nothing there. The error is
// ErrNoRedisServer if there is none.
func StartRedisServer(ctx context.Context, dir string) (*Redis, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNoRedisServer
	}
	for range launches {
		var port int
		if port, err = freePort(); err != nil {
			return nil, err
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		r := &Redis{kind: "redis-server", password: rand.Text(), addr: addr}
		engine := &redisProcess{program: program, dir: dir, port: port, addr: addr, password: r.password}
		if err = r.launch(ctx, engine); err == nil {
			return r, nil
		}
		if !errors.Is(err, errInTheWay) {
			break
		}
	}
	return nil, err
}

func (r *Redis) launch(ctx context.Context, engine redisEngine) error {
	if err := engine.start(ctx); err != nil {
		return fmt.Errorf("start embedded Redis: %w", err)
	}
	r.engine, r.running = engine, true
	return nil
}

// URL is the address, with the password in it: it is for programs, not for
// logs. It stays the same over Restart.
func (r *Redis) URL() string {
	u := url.URL{Scheme: "redis", User: url.UserPassword("", r.password), Host: r.addr, Path: "/0"}
	return u.String()
}

// Kind says what is behind the address: "miniredis" or "redis-server".
func (r *Redis) Kind() string { return r.kind }

// Stop ends it: its clients are cut off and what it held is gone. Stopping twice
// does nothing.
func (r *Redis) Stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running {
		return nil
	}
	r.running = false
	return r.engine.stop()
}

// Restart starts it again, empty, on the same port; if it runs, it is stopped
// first.
func (r *Redis) Restart(ctx context.Context) error {
	if err := r.Stop(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.engine.start(ctx); err != nil {
		return fmt.Errorf("restart embedded Redis: %w", err)
	}
	r.running = true
	return nil
}

// inProcess is miniredis.
type inProcess struct {
	server *miniredis.Miniredis
	addr   string // empty before the first start
}

func (e *inProcess) start(context.Context) error {
	if e.addr == "" {
		if err := e.server.StartAddr("127.0.0.1:0"); err != nil {
			return err
		}
		e.addr = e.server.Addr()
		return nil
	}
	e.server.FlushAll()
	return e.server.Restart()
}

func (e *inProcess) stop() error {
	e.server.Close()
	return nil
}

// redisProcess is the real server.
type redisProcess struct {
	program, dir, addr, password string
	port                         int
	proc                         *process
}

func (e *redisProcess) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	log, err := os.CreateTemp("", "parley-redis-*.log")
	if err != nil {
		return fmt.Errorf("make a log: %w", err)
	}
	defer func() { _ = log.Close() }()
	defer func() { _ = os.Remove(log.Name()) }() // read once, if the start fails

	cmd := exec.Command(e.program, "-") // its settings come by stdin: others can read arguments
	cmd.Dir = e.dir
	cmd.Stdin = strings.NewReader(e.settings())
	cmd.Stdout, cmd.Stderr = log, log
	if e.proc, err = startProcess(cmd, syscall.SIGKILL); err != nil {
		return err
	}
	err = poll(ctx, func() (bool, error) {
		if !e.proc.running() {
			return false, redisEnded(log.Name())
		}
		return answers(ctx, e.addr, e.password), nil
	})
	if err != nil {
		return errors.Join(err, e.stop())
	}
	return nil
}

func (e *redisProcess) stop() error { return e.proc.stop(5*time.Second, syscall.SIGTERM) }

// settings are the whole configuration: loopback, a password, nothing on disk.
func (e *redisProcess) settings() string {
	return fmt.Sprintf("port %d\nbind 127.0.0.1\nrequirepass %s\nsave \"\"\nappendonly no\ndaemonize no\n", e.port, e.password)
}

// redisEnded says why the server ended at its start.
func redisEnded(log string) error {
	text, _ := os.ReadFile(log)
	said := lastLines(strings.TrimSpace(string(text)), 5)
	if strings.Contains(said, "Address already in use") {
		return fmt.Errorf("%w: redis-server ended: %s", errInTheWay, said)
	}
	return fmt.Errorf("redis-server ended: %s", said)
}

// answers reports whether the Redis at the address takes commands. It speaks the
// protocol by itself: a client would complain in the log of a server that is not
// up yet.
func answers(ctx context.Context, addr, password string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return false
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", password); err != nil {
		return false
	}
	const want = "+OK\r\n+PONG\r\n"
	got := make([]byte, len(want))
	_, err = io.ReadFull(conn, got)
	return err == nil && string(got) == want
}
