package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// owner is the database's superuser, as whom Parley connects.
	owner = "parley"
	// maxLog is the size at which a start begins a new log.
	maxLog = 8 << 20
	// launches is how often a start is tried when something is in its way that
	// goes by itself, such as another program on the port.
	launches = 5
)

// cluster is a data folder with the programs that fit it.
type cluster struct {
	place    place
	programs installation
	fast     bool
	log      *slog.Logger
}

// create makes the data folder. It appears under its name only when it is
// complete, so that an interrupted start leaves nothing half made.
func (c *cluster) create(ctx context.Context, password string) error {
	fresh := c.place.data() + ".new"
	secret := fresh + ".password"
	defer func() { _ = os.Remove(secret) }()
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700), c.place.account.own(fresh)); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	if err := errors.Join(os.WriteFile(secret, []byte(password+"\n"), 0o600), c.place.account.own(secret)); err != nil {
		return fmt.Errorf("hand over the password: %w", err)
	}
	method := "--auth=scram-sha-256"
	if c.fast {
		// A scram handshake costs milliseconds on purpose, which tests with
		// their thousands of connections cannot afford.
		method = "--auth=md5"
	}
	args := []string{"--pgdata", fresh, "--username", owner, "--pwfile", secret, method, "--encoding=UTF8", "--locale=C.UTF-8"}
	if c.fast {
		args = append(args, "--no-sync")
	}
	cmd := c.command("initdb", args...)
	signalWhenOrphaned(cmd.SysProcAttr, syscall.SIGKILL)
	if err := runCommand(ctx, cmd); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if err := os.Rename(fresh, c.place.data()); err != nil {
		return fmt.Errorf("put the cluster in place: %w", err)
	}
	return nil
}

// command is one of PostgreSQL's programs, run as the account and with nothing
// of our environment: PGDATA and its kin would change what it does.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.programs.bin, program), args...)
	cmd.SysProcAttr = c.place.account.attributes()
	cmd.Dir = c.place.base
	cmd.Env = []string{"PATH=" + c.programs.bin + ":/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	return cmd
}

// launch starts the server and returns when it takes connections, with the port
// that it is on.
func (c *cluster) launch(ctx context.Context, port int) (*process, int, error) {
	var err error
	for range launches {
		at := port
		if at == 0 {
			if at, err = freePort(); err != nil {
				return nil, 0, err
			}
		}
		var proc *process
		if proc, err = c.launchOn(ctx, at); err == nil {
			return proc, at, nil
		}
		if !errors.Is(err, errInTheWay) || ctx.Err() != nil {
			break
		}
		if err := pauseFor(ctx, 200*time.Millisecond); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, err
}

// errInTheWay marks a start that failed for something that goes by itself.
var errInTheWay = errors.New("something is in the way")

// launchOn starts the server on the port and waits until it is ready.
func (c *cluster) launchOn(ctx context.Context, port int) (*process, error) {
	log, err := openLog(c.place.logFile())
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the server has its own handle
	begin, _ := log.Seek(0, io.SeekEnd)

	cmd := c.command("postgres", append([]string{"-D", c.place.data()}, settings(c.fast, port)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	orphaned := syscall.SIGINT
	if c.fast {
		orphaned = syscall.SIGQUIT
	}
	proc, err := startProcess(cmd, orphaned)
	if err != nil {
		return nil, err
	}
	err = poll(ctx, func() (bool, error) {
		if !proc.running() {
			return false, c.whyEnded(begin)
		}
		return isReady(c.place.data(), cmd.Process.Pid)
	})
	if err != nil {
		_ = proc.stop(5*time.Second, syscall.SIGINT, syscall.SIGQUIT)
		return nil, fmt.Errorf("wait for the server: %w", err)
	}
	return proc, nil
}

// whyEnded is what the server wrote since the given place of its log.
func (c *cluster) whyEnded(begin int64) error {
	text, err := os.ReadFile(c.place.logFile())
	if err != nil || int64(len(text)) < begin {
		return fmt.Errorf("postgres ended; see %s", c.place.logFile())
	}
	said := strings.TrimSpace(string(text[begin:]))
	if strings.Contains(said, "could not bind") || strings.Contains(said, "shared memory block") ||
		strings.Contains(said, "lock file") {
		return fmt.Errorf("%w: postgres ended: %s", errInTheWay, said)
	}
	return fmt.Errorf("postgres ended: %s", lastLines(said, 12))
}

// settings are what the server is told beyond PostgreSQL's defaults, which are
// durable. They are given at each start, so that a newer Parley's apply to an
// older cluster.
func settings(fast bool, port int) []string {
	options := []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=", // a socket's path has at most 107 bytes
		"max_connections=300",
		"shared_buffers=256MB",
		"max_wal_size=2GB", // rarer checkpoints, steadier posting
		"random_page_cost=1.1",
		"jit=off", // its compiling takes longer than our queries
		"timezone=UTC",
		"log_timezone=UTC",
		"log_line_prefix=%m [%p] %a ",
	}
	if fast {
		options = append(options,
			"fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal",
			"max_wal_senders=0", "autovacuum=off", "shared_buffers=128MB", "log_checkpoints=off",
			"dynamic_shared_memory_type=mmap") // in the folder, so that it is removed with it
	}
	args := make([]string, 0, 2*len(options))
	for _, option := range options {
		args = append(args, "-c", option)
	}
	return args
}

// ensureDatabase makes the database if it is not there.
func ensureDatabase(ctx context.Context, adminURL string) (err error) {
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'parley')`).Scan(&there); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, `CREATE DATABASE parley`); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

// openLog opens the server's log for appending, and begins anew if it is long.
func openLog(path string) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	log, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	return log, nil
}

// freePort asks the kernel for a port that nobody listens on now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// runCommand runs cmd to its end or ctx's; its error has what it printed.
func runCommand(ctx context.Context, cmd *exec.Cmd) error {
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", errors.Join(err, ctx.Err()), lastLines(strings.TrimSpace(out.String()), 12))
	}
	return nil
}

// lastLines returns at most n lines from the end of text.
func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// pauseFor waits for d, or fails when ctx is done.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
