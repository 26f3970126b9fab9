package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/queries/migrations"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/store"

	"github.com/google/uuid"
)

type migrateCommand struct{ services }

// Run applies the migrations that are missing.
func (c *migrateCommand) Run(ctx context.Context, log *slog.Logger) error {
	stop, err := c.start(ctx, log)
	defer stop()
	if err != nil {
		return err
	}
	applied, err := store.Migrate(ctx, c.DatabaseURL, migrations.FS)
	if err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	fmt.Println("migrations applied:", len(applied))
	return nil
}

type workspaceCommand struct {
	services
	Name     string `arg:"" help:"Short name in lower case, used to sign in."`
	Title    string `help:"Name to show; the short name if empty."`
	Email    string `help:"Address of the first administrator." required:""`
	User     string `help:"Full name of the first administrator." default:"Administrator"`
	Password string `help:"Password of the first administrator, at least ten characters." required:"" env:"PARLEY_ADMIN_PASSWORD"`
}

// Run creates the workspace.
func (c *workspaceCommand) Run(ctx context.Context, log *slog.Logger) error {
	stop, err := c.start(ctx, log)
	defer stop()
	if err != nil {
		return err
	}
	if _, err := store.Migrate(ctx, c.DatabaseURL, migrations.FS); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	s, err := server.New(ctx, server.Config{DatabaseURL: c.DatabaseURL, RedisURL: c.RedisURL, BlobURL: "mem://", Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	title := c.Title
	if title == "" {
		title = c.Name
	}
	w, err := s.CreateWorkspace(ctx, identity.CreateWorkspaceParams{
		Name: c.Name, Title: title, AdminEmail: c.Email, AdminName: c.User, AdminPassword: c.Password,
	})
	if err != nil {
		return err
	}
	fmt.Println(created(c.Name, w))
	return nil
}

// created says what was made, with the id that other programs need.
func created(name string, made identity.Created) string {
	return fmt.Sprintf("workspace %s created with id %s", name, made.Workspace)
}

type restoredCommand struct{ services }

// Run gives the database a new epoch.
func (c *restoredCommand) Run(ctx context.Context, log *slog.Logger) error {
	stop, err := c.start(ctx, log)
	defer stop()
	if err != nil {
		return err
	}
	pool, err := store.Open(ctx, store.Options{URL: c.DatabaseURL, Log: log})
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := db.New().InstallationRenew(ctx, pool, uuid.New()); err != nil {
		return fmt.Errorf("renew the epoch: %w", err)
	}
	fmt.Println("every client will read its threads anew; restart the servers now")
	return nil
}
