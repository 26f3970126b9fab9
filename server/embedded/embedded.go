// Package embedded runs PostgreSQL and Redis for a machine that has neither, so
// that Parley starts with one command, its tests need no preparation, and its
// measurements are taken on a server of known settings.
//
// PostgreSQL is the real server, as durable as any: only the looking after is
// ours. Its programs are found where Debian or npm put them. It listens on the
// loopback interface only and asks for a password that is kept in a file of its
// owner, because other people may be signed in to the machine. PostgreSQL refuses
// to run as root, so for root it runs as the account "postgres", or "nobody".
//
// Redis is miniredis inside this process, or for tests and measurements the
// redis-server that is installed.
//
// Nothing outlives its owner: whatever way the process ends, the kernel tells
// the servers to end too, and what is left of a crash is cleared away by the
// next start.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// startWithin bounds the start of a server that has nothing to recover; one that
// has is bounded by the caller's context alone.
const startWithin = 60 * time.Second

// Config says where a PostgreSQL server keeps its data and how it treats it.
type Config struct {
	// Dir is the data folder, which is made if it is not there. The server's
	// files in it begin with "postgres". Empty with Fast is a folder in memory
	// that vanishes with the process, however that ends.
	Dir string
	// Fast gives up all durability for speed. For tests only.
	Fast bool
	// Binaries is a folder with the programs postgres and initdb, to be taken
	// before those that the system has. The variable PARLEY_POSTGRES_BIN wins
	// over it.
	Binaries string
	// Elsewhere is the folder that takes the cluster when this process is root
	// and the account that the server runs as cannot reach Dir. Empty is
	// /var/lib/parley.
	Elsewhere string
	// Log hears of what a person may want to know. Nil is the default logger.
	Log *slog.Logger
}

// Postgres is a running server. Its methods may be called from any goroutine.
type Postgres struct {
	cluster  *cluster
	scratch  *scratch // nil if the data is to be kept
	unlock   func() error
	password string
	port     int

	mu   sync.Mutex
	proc *process
}

// Start starts a server on the data folder and returns when it takes
// connections to a database called "parley". ctx bounds the start, not the life:
// the server runs until Stop.
//
// A folder belongs to one process at a time; a second Start on it fails and
// names the first. A server that a crashed process left running is ended
// cleanly before.
func Start(ctx context.Context, config Config) (_ *Postgres, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if config.Log == nil {
		config.Log = slog.Default()
	}
	p := &Postgres{unlock: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.release())
		}
	}()
	if config.Dir == "" {
		if !config.Fast {
			return nil, errors.New("embedded PostgreSQL needs a folder for its data")
		}
		if p.scratch, err = newScratch(); err != nil {
			return nil, err
		}
		config.Dir = p.scratch.dir
	}
	if err := p.prepare(ctx, config); err != nil {
		return nil, fmt.Errorf("start embedded PostgreSQL: %w", err)
	}
	if err := p.launch(ctx, 0); err != nil {
		return nil, fmt.Errorf("start embedded PostgreSQL: %w", err)
	}
	if err := ensureDatabase(ctx, p.url("postgres")); err != nil {
		return nil, errors.Join(fmt.Errorf("start embedded PostgreSQL: %w", err), p.halt())
	}
	return p, nil
}

// prepare finds the programs, takes the folder and makes the cluster if there is
// none yet.
func (p *Postgres) prepare(ctx context.Context, config Config) error {
	place, err := findPlace(config)
	if err != nil {
		return err
	}
	if p.unlock, err = lockFolder(place.base); err != nil {
		p.unlock = func() error { return nil }
		return err
	}
	version, err := place.version()
	if err != nil {
		return err
	}
	found, err := findInstallation(ctx, config.Binaries, version, place.data())
	if err != nil {
		return err
	}
	if found, err = found.reachableFor(place.account, place.elsewhere); err != nil {
		return err
	}
	p.cluster = &cluster{place: place, programs: found, fast: config.Fast, log: config.Log}
	if version == 0 {
		config.Log.InfoContext(ctx, "making a new PostgreSQL cluster", "version", found.full, "folder", place.data())
		return p.create(ctx)
	}
	if p.password, err = place.readPassword(); err != nil {
		return err
	}
	return stopLeftover(ctx, place.data(), config.Log)
}

// create makes the cluster with a new password.
func (p *Postgres) create(ctx context.Context) (err error) {
	if p.password, err = p.cluster.place.newPassword(); err != nil {
		return err
	}
	return p.cluster.create(ctx, p.password)
}

// launch starts the server process; a port of 0 chooses a free one.
func (p *Postgres) launch(ctx context.Context, port int) error {
	proc, port, err := p.cluster.launch(ctx, port)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proc, p.port = proc, port
	return nil
}

// URL is the address of the database, with the password in it: it is for
// programs, not for logs. It stays the same until Stop, also over Restart.
func (p *Postgres) URL() string { return p.url("parley") }

func (p *Postgres) url(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(owner, p.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Version is what the server calls itself, such as "15.18".
func (p *Postgres) Version() string { return p.cluster.programs.full }

// Folder is where the cluster's files are.
func (p *Postgres) Folder() string { return p.cluster.place.data() }

// Done is closed when the server process has ended, for whatever reason. After
// Restart, ask again.
func (p *Postgres) Done() <-chan struct{} { return p.current().done }

func (p *Postgres) current() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc
}

// Crash kills all of the server's processes at once, as a power cut would, but
// for what the kernel still writes: nothing is flushed and no client is told.
func (p *Postgres) Crash() error {
	proc := p.current()
	if !proc.running() {
		return nil
	}
	_ = proc.cmd.Process.Signal(syscall.SIGSTOP) // it must not fork meanwhile
	backends := children(proc.cmd.Process.Pid)
	err := proc.stop(10*time.Second, syscall.SIGKILL)
	for _, pid := range backends {
		_ = syscall.Kill(pid, syscall.SIGKILL) // may have seen to it already
	}
	return err
}

// Restart starts the server again on the same port after Crash, or stops it
// first if it runs.
func (p *Postgres) Restart(ctx context.Context) error {
	if err := p.halt(); err != nil {
		return err
	}
	if err := p.launch(ctx, p.port); err != nil {
		return fmt.Errorf("restart embedded PostgreSQL: %w", err)
	}
	return nil
}

// Stop ends the server, cutting off who is still connected, and gives the
// folder free. It waits for the data to be on disk, for at most 30 s. Stopping
// twice does nothing.
func (p *Postgres) Stop() error {
	return errors.Join(p.halt(), p.release())
}

// halt ends the server process if it runs.
func (p *Postgres) halt() error {
	proc := p.current()
	if proc == nil {
		return nil
	}
	if p.cluster.fast { // nothing here is worth a checkpoint
		return proc.stop(5*time.Second, syscall.SIGQUIT)
	}
	return proc.stop(25*time.Second, syscall.SIGINT, syscall.SIGQUIT)
}

// release gives back what is held beside the process.
func (p *Postgres) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	unlock, scratch := p.unlock, p.scratch
	p.unlock, p.scratch = func() error { return nil }, nil
	err := unlock()
	if scratch != nil {
		err = errors.Join(err, scratch.remove())
	}
	return err
}
