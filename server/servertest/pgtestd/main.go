// Command pgtestd runs a command with a PostgreSQL server for its tests:
//
//	go run ./server/servertest/pgtestd -- go test ./...
//
// The server is in memory, as fast as it gets and as durable as nothing. The
// command finds its address in PARLEY_TEST_DATABASE_URL, where package pgtest
// looks. When the command ends, so does the server; pgtestd ends with the
// command's exit code, or 125 if it could not get that far. If the variable is
// set already, no server is started.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// exitFailed tells a failure of pgtestd from one of the command, as does env(1).
const exitFailed = 125

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// Ctrl+C reaches the command, too, and we wait for its end. Caught and not
	// ignored, since the command would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtestd:", err)
	}
	os.Exit(code)
}

// run starts the server, runs the command to its end and stops the server.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int, err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return exitFailed, errors.New("usage: pgtestd -- command [argument ...]")
	}
	env := os.Environ()
	if os.Getenv(pgtest.URLVariable) == "" {
		server, startErr := embedded.Start(ctx, embedded.Config{Fast: true, Log: slog.New(slog.DiscardHandler)})
		if startErr != nil {
			return exitFailed, startErr
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		env = append(env, pgtest.URLVariable+"="+server.URL())
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, os.Stdin, stdout, stderr
	return exitCode(cmd.Run())
}

// exitCode is the code of a command that ended so, by a shell's conventions.
func exitCode(err error) (int, error) {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &ended):
		return exitFailed, fmt.Errorf("run the command: %w", err)
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return ended.ExitCode(), nil
}
