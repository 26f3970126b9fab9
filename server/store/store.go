// Package store opens the PostgreSQL database, brings its schema up to date and
// runs transactions on it.
//
// What a caller was told is stored is stored: Open refuses a server that would
// acknowledge a commit before it is on disk, because a thread's promise that
// nothing acknowledged is lost rests on nothing else.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultMaxConns     = 16
	defaultStartTimeout = 10 * time.Second
	connectTimeout      = 5 * time.Second
	startPause          = 200 * time.Millisecond
)

// Options say which database to open, and how.
type Options struct {
	// URL is a PostgreSQL URL or a "key=value" string. Parameters in it, such as
	// statement_timeout, win over the defaults of Open.
	URL string
	// MaxConns bounds the pool. Zero takes pool_max_conns from the URL, or 16: a
	// post holds its connection for a few milliseconds, and a server with few
	// cores is fastest with few of them busy.
	MaxConns int32
	// StartTimeout is how long Open waits for a server that says it is starting
	// up. Zero is 10 s.
	StartTimeout time.Duration
	// AllowUnsafeDurability accepts a server that acknowledges commits before
	// they are on disk. For tests only.
	AllowUnsafeDurability bool
	// Params are settings of every connection, such as plan_cache_mode. What the
	// URL says wins over them.
	Params map[string]string
	// Tracer sees every query; it may be nil.
	Tracer pgx.QueryTracer
	// Log hears of waiting. Nil is the default logger.
	Log *slog.Logger
}

// Open connects to the database and returns a pool that the caller must Close.
// It returns only once the server has answered, and its errors are for the
// person who starts the program: they name host, port and database, never the
// password, and say what to do.
func Open(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	config, err := poolConfig(o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("make connection pool: %w", err)
	}
	if err := greet(ctx, pool, o); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// poolConfig reads the URL and fills in what it leaves open.
func poolConfig(o Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, errUnreadableURL // err may quote a password
	}
	switch {
	case o.MaxConns > 0:
		config.MaxConns = o.MaxConns
	case !strings.Contains(o.URL, "pool_max_conns"):
		config.MaxConns = defaultMaxConns
	}
	config.MinIdleConns = config.MaxConns / 8 // a burst after quiet finds some ready
	config.MaxConnLifetime = time.Hour
	config.MaxConnLifetimeJitter = 10 * time.Minute
	config.MaxConnIdleTime = 10 * time.Minute
	config.PingTimeout = connectTimeout

	config.AfterConnect = uuids
	conn := config.ConnConfig
	conn.Tracer = o.Tracer
	if conn.ConnectTimeout == 0 || conn.ConnectTimeout > 2*time.Minute {
		conn.ConnectTimeout = connectTimeout
	}
	setDefault(conn.RuntimeParams, o.Params)
	setDefault(conn.RuntimeParams, map[string]string{
		"application_name":                    "parley",
		"statement_timeout":                   "30s",
		"idle_in_transaction_session_timeout": "10s",
		"timezone":                            "UTC",
	})
	return config, nil
}

// setDefault adds to params what it does not have yet.
func setDefault(params, defaults map[string]string) {
	for name, value := range defaults {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
}

// greet waits until the server takes connections, and checks its durability.
func greet(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	if err := awaitStart(ctx, pool, o); err != nil {
		return err
	}
	if o.AllowUnsafeDurability {
		return nil
	}
	var commit, fsync string
	err := pool.QueryRow(ctx, `SELECT current_setting('synchronous_commit'), current_setting('fsync')`).Scan(&commit, &fsync)
	if err != nil {
		return fmt.Errorf("read durability settings: %w", err)
	}
	return durable(commit, fsync)
}

// awaitStart pings until the server answers, as long as what it answers is that
// it is starting up.
func awaitStart(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	within := o.StartTimeout
	if within == 0 {
		within = defaultStartTimeout
	}
	log := o.Log
	if log == nil {
		log = slog.Default()
	}
	deadline := time.Now().Add(within)
	for told := false; ; told = true {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if !isStartingUp(err) || time.Now().After(deadline) {
			return unreachable(pool.Config().ConnConfig, err)
		}
		if !told {
			log.InfoContext(ctx, "waiting for PostgreSQL, which is starting up", "within", within)
		}
		if err := pause(ctx, startPause); err != nil {
			return err
		}
	}
}

// durable returns why a server with these settings would break the promise that
// what was acknowledged is not lost.
func durable(synchronousCommit, fsync string) error {
	if fsync != "on" {
		return fmt.Errorf("PostgreSQL runs with fsync=%s, so a power cut could lose messages that were acknowledged: "+
			"set fsync=on in postgresql.conf and restart it", fsync)
	}
	if synchronousCommit != "on" && synchronousCommit != "remote_apply" {
		return fmt.Errorf("PostgreSQL runs with synchronous_commit=%s, so a crash could lose messages that were acknowledged: "+
			"set it to on, with ALTER DATABASE ... SET synchronous_commit = on", synchronousCommit)
	}
	return nil
}

// pause waits for d or until ctx is done, whose error it then returns.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

var errUnreadableURL = errors.New("the database URL cannot be read: it looks like " +
	"postgres://user:password@host:5432/parley, with special characters of the password percent-encoded; " +
	"correct PARLEY_DATABASE_URL, or leave it empty to use the embedded server")
