// Command parley is the whole product in one binary: the server, its database
// migrations, the demo and the benchmark.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9"
)

// commands are what the binary can do. Every flag can be set in the environment.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Run the server."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date and exit."`
	Workspace workspaceCommand `cmd:"" help:"Create a workspace with its first administrator."`
	Restored  restoredCommand  `cmd:"" help:"Say that the database was restored from a copy: clients read everything anew."`
	Mail      mailCommand      `cmd:"" help:"Hand a mail from the standard input to a server, as from the pipe of a mail server."`
	Bench     benchCommand     `cmd:"" help:"Measure posts, deliveries, memory and reconnects on this machine."`

	LogLevel slog.Level `help:"Least level to log: debug, info, warn, error." default:"info" env:"PARLEY_LOG_LEVEL"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "parley:", err)
		var exit *exitError
		if errors.As(err, &exit) {
			os.Exit(exit.status)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("parley"), kong.Description("Conversations between a business and the people it serves."), kong.UsageOnError())
	if err != nil {
		return fmt.Errorf("read commands: %w", err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.LogLevel}))
	slog.SetDefault(log)
	redis.SetLogger(&redisLog{log: log, now: time.Now}) // the library has one for the whole process
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(log)
}
