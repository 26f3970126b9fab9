package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start runs the program as the command line does, until it fails.
func start(t *testing.T, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	began := time.Now()
	err := run(ctx, append([]string{"serve", "--data-dir", t.TempDir()}, args...))
	require.NoError(t, ctx.Err(), "it went on for %s", time.Since(began))
	return err
}

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// A second start on a used port fails before it touches anything, and says what
// to do.
func TestServe_SaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	err = start(t, "--addr", l.Addr().String())
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "address already in use")
	require.ErrorContains(t, err, "--addr")
	require.ErrorContains(t, err, "PARLEY_ADDR")
}

// An unreachable database is named, with what to do about it and without the
// password.
func TestServe_SaysWhichDatabaseCannotBeReached(t *testing.T) {
	t.Parallel()
	where := freeAddr(t)
	err := start(t, "--addr", "127.0.0.1:0", "--database-url", "postgres://parley:s3cret@"+where+"/chats?sslmode=disable")
	require.ErrorContains(t, err, where)
	require.ErrorContains(t, err, `"chats"`)
	require.ErrorContains(t, err, "PARLEY_DATABASE_URL")
	require.NotContains(t, err.Error(), "s3cret")

	err = start(t, "--addr", "127.0.0.1:0", "--database-url", "postgres://parley:s3cret@no-such-host.invalid/chats")
	require.ErrorContains(t, err, "no-such-host.invalid")
	require.ErrorContains(t, err, "PARLEY_DATABASE_URL")
	require.NotContains(t, err.Error(), "s3cret")

	err = start(t, "--addr", "127.0.0.1:0", "--database-url", "postgres://parley:s3cret@[half")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}

// The metrics' address is taken as early, and named for what it is.
func TestServe_SaysThatTheMetricsPortIsTaken(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	err = start(t, "--addr", "127.0.0.1:0", "--metrics-addr", l.Addr().String())
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "PARLEY_METRICS_ADDR")
}

func TestServe_SaysWhatIsWrongWithASetting(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, start(t, "--max-conns", "many"), "max-conns")
	require.ErrorContains(t, start(t, "--no-such-flag"), "no-such-flag")
}
