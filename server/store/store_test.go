package store_test

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

const secret = "s3cret-Word"

// The person who starts Parley with a wrong setting must learn which server is
// meant and what to do, and the log must not learn the password.
func TestOpen_SaysWhichServerAndWhatToDoButNeverThePassword(t *testing.T) {
	t.Parallel()
	closed := closedPort(t)
	admin := pgtest.URL(t)
	for name, c := range map[string]struct {
		url  string
		says []string
	}{
		"NobodyListens": {"postgres://u:" + secret + "@" + closed + "/parley",
			[]string{closed, `database "parley"`, "connection refused", "PARLEY_DATABASE_URL", "leave it empty"}},
		"UnknownHost": {"postgres://u:" + secret + "@no-such-host.invalid:5433/parley",
			[]string{"no-such-host.invalid:5433", "cannot be resolved"}},
		"NoDatabase":    {alter(t, admin, func(u *url.URL) { u.Path = "/nowhere" }), []string{`"nowhere"`, "CREATE DATABASE"}},
		"WrongPassword": {alter(t, admin, func(u *url.URL) { u.User = url.UserPassword("parley", secret) }), []string{"refuses this user or password"}},
		"MissingAt":     {"postgres://u:" + secret, []string{"cannot be read", "postgres://user:password@host:5432/parley"}},
		"BadEscape":     {"postgres://u:%zz" + secret + "@host/parley", []string{"cannot be read"}},
		"BadParameter":  {"postgres://u:" + secret + "@host/parley?sslmode=perhaps", []string{"cannot be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := store.Open(t.Context(), store.Options{URL: c.url})
			require.Error(t, err)
			for _, part := range c.says {
				require.ErrorContains(t, err, part)
			}
			require.NotContains(t, err.Error(), secret)
			if name != "UnknownHost" { // a resolver has its own idea of time
				require.Less(t, time.Since(began), 5*time.Second, "a wrong setting is told at once")
			}
		})
	}
}

func TestOpen_SetsBoundsThatTheURLMayChange(t *testing.T) {
	t.Parallel()
	plain := pgtest.URL(t)
	for name, c := range map[string]struct {
		options store.Options
		conns   int32
		timeout string
	}{
		"Defaults": {store.Options{URL: plain}, 16, "30s"},
		"Option":   {store.Options{URL: plain, MaxConns: 3}, 3, "30s"},
		"URL": {store.Options{URL: alter(t, plain, func(u *url.URL) {
			u.RawQuery += "&pool_max_conns=5&statement_timeout=2000"
		})}, 5, "2s"},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.AllowUnsafeDurability = true
			db, err := store.Open(t.Context(), c.options)
			require.NoError(t, err)
			defer db.Close()
			require.Equal(t, c.conns, db.Config().MaxConns)
			require.Equal(t, c.timeout, setting(t, db, "statement_timeout"))
			require.Equal(t, "10s", setting(t, db, "idle_in_transaction_session_timeout"))
			require.Equal(t, "parley", setting(t, db, "application_name"))
		})
	}
}

// Spec: P1. A server that acknowledges before it has written must not be used.
func TestOpen_RefusesAServerThatForgets(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	db, err := store.Open(t.Context(), store.Options{URL: server.URL()})
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), `ALTER DATABASE parley SET synchronous_commit = off`)
	require.NoError(t, err)
	db.Close()

	_, err = store.Open(t.Context(), store.Options{URL: server.URL()})
	require.ErrorContains(t, err, "synchronous_commit=off")
	forgetful := pgtest.URL(t)
	_, err = store.Open(t.Context(), store.Options{URL: alter(t, forgetful, func(u *url.URL) { u.RawQuery += "&synchronous_commit=on" })})
	require.ErrorContains(t, err, "fsync=off")

	db, err = store.Open(t.Context(), store.Options{URL: server.URL(), AllowUnsafeDurability: true})
	require.NoError(t, err)
	db.Close()
}

// A database that is started together with Parley, or recovers from a crash,
// says so for some seconds.
func TestOpen_WaitsForAServerThatIsStartingUp(t *testing.T) {
	t.Parallel()
	greetings := make(chan struct{}, 100)
	addr := startingServer(t, greetings)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opened := make(chan error, 1)
	go func() {
		_, err := store.Open(ctx, store.Options{
			URL: "postgres://u:" + secret + "@" + addr + "/parley?sslmode=disable", StartTimeout: time.Minute, Log: slog.New(slog.DiscardHandler)})
		opened <- err
	}()

	<-greetings
	<-greetings // it asks again
	cancel()
	require.ErrorIs(t, <-opened, context.Canceled)

	_, err := store.Open(t.Context(), store.Options{
		URL: "postgres://u:" + secret + "@" + addr + "/parley?sslmode=disable", StartTimeout: time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "is still starting up")
}

// startingServer is a PostgreSQL that never gets beyond starting up.
func startingServer(t *testing.T, greetings chan<- struct{}) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server := pgproto3.NewBackend(conn, conn)
			if _, err := server.ReceiveStartupMessage(); err == nil {
				server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P03", Message: "the database system is starting up"})
				_ = server.Flush()
			}
			_ = conn.Close()
			select {
			case greetings <- struct{}{}:
			default:
			}
		}
	}()
	return listener.Addr().String()
}

// closedPort is an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func alter(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	change(u)
	return u.String()
}

func setting(t *testing.T, db *pgxpool.Pool, name string) (value string) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value))
	return value
}
