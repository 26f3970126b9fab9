package pgtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/store"
)

// lazyServer starts the server of this test binary, once. It is a variable of
// the package because nothing smaller lives as long as the process does; it is
// never stopped because embedded lets no server in memory outlive its process.
var lazyServer = sync.OnceValues(func() (string, error) {
	server, err := embedded.Start(context.Background(), embedded.Config{Fast: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	return server.URL(), nil
})

// adminURL is the address by which databases are made.
func adminURL() (string, error) {
	given := os.Getenv(URLVariable)
	if given == "" {
		return lazyServer()
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", fmt.Errorf("%s is no URL of the form postgres://user:password@host:port/database", URLVariable)
	}
	return given, nil
}

// Server starts a PostgreSQL for this test alone, with Parley's schema in it and
// as durable as in production: for tests that crash it. It is stopped when the
// test ends.
func Server(t testing.TB, given ...Option) *embedded.Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), setupWithin)
	defer cancel()
	dir := openFolder(t)
	server, err := embedded.Start(ctx, embedded.Config{Dir: dir, Elsewhere: dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	_, err = store.Migrate(ctx, server.URL(), collect(given).migrations)
	require.NoError(t, err)
	return server
}

// Redis starts a Redis for this test alone, which it may stop and restart: the
// redis-server that is installed, or else miniredis, in the test's log. It is
// stopped when the test ends.
func Redis(t testing.TB) *embedded.Redis {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), setupWithin)
	defer cancel()
	server, err := embedded.StartRedisServer(ctx, "")
	if errors.Is(err, embedded.ErrNoRedisServer) {
		t.Log("redis-server is not installed: this test runs on miniredis")
		server, err = embedded.StartRedis(ctx)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return server
}

// openFolder is t.TempDir, but any account may enter it: for root the server
// runs as another.
func openFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-pgtest-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}
