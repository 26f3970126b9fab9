package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// lockWaitSeconds is how long a node waits for another that is migrating.
const lockWaitSeconds = 300

// Migrate applies the migrations that the database at url has not seen, in
// order, and returns the names of their files. Nodes that start together take
// turns by an advisory lock, so that each migration runs once. A failed one is
// rolled back, and those before it stay.
//
// It uses a connection of its own, without the pool's statement timeout: the
// index of a large table may take longer than any request.
//
// The tables of background jobs are brought up to date after them.
//
// A database that cannot be reached is told of as by Open.
func Migrate(ctx context.Context, url string, migrations fs.FS) (applied []string, err error) {
	reached, err := Open(ctx, Options{URL: url, MaxConns: 1, AllowUnsafeDurability: true}) // migrating acknowledges nothing to anybody
	if err != nil {
		return nil, err
	}
	reached.Close()
	db, err := migrationDB(url)
	if err != nil {
		return nil, err
	}
	provider, err := migrationProvider(db, migrations)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	defer func() { err = errors.Join(err, provider.Close()) }() // closes db, too

	results, err := provider.Up(ctx)
	var partial *goose.PartialError
	switch {
	case errors.As(err, &partial):
		results = partial.Applied
		err = fmt.Errorf("migrate database: %s: %w", fileOf(partial.Failed), partial.Err)
	case err != nil:
		err = fmt.Errorf("migrate database: %w", err)
	}
	for _, result := range results {
		applied = append(applied, fileOf(result))
	}
	if err != nil {
		return applied, err
	}
	return applied, migrateJobs(ctx, url)
}

func fileOf(result *goose.MigrationResult) string { return path.Base(result.Source.Path) }

// migrationDB is the database as goose wants it.
func migrationDB(url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errUnreadableURL
	}
	for name := range config.RuntimeParams {
		if strings.HasPrefix(name, "pool_") { // pgxpool's, unknown to the server
			delete(config.RuntimeParams, name)
		}
	}
	forMigration(config)
	return stdlib.OpenDB(*config), nil
}

// forMigration sets what every connection that migrates needs.
func forMigration(config *pgx.ConnConfig) {
	config.RuntimeParams["application_name"] = "parley migrate"
	config.RuntimeParams["statement_timeout"] = "0"
	config.RuntimeParams["timezone"] = "UTC"
}

func migrationProvider(db *sql.DB, migrations fs.FS) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockWaitSeconds))
	if err != nil {
		return nil, fmt.Errorf("make migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
