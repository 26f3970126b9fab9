package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/server/store"
)

// ensureTemplate returns the name of the database that has the schema, and
// makes it if nobody has yet. It bears its name only once it is complete, so a
// test run that was killed meanwhile leaves nothing half migrated.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, admin string, migrations fs.FS) (name string, err error) {
	sum, err := hashOf(migrations)
	if err != nil {
		return "", err
	}
	name = "parley_template_" + sum
	if there, err := databaseExists(ctx, conn, name); there || err != nil {
		return name, err
	}
	// All test binaries of a run come here at the same time.
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, name); err != nil {
		return "", fmt.Errorf("lock template: %w", err)
	}
	defer func() {
		_, unlockErr := conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name)
		err = errors.Join(err, unlockErr)
	}()
	if there, err := databaseExists(ctx, conn, name); there || err != nil {
		return name, err
	}
	return name, buildTemplate(ctx, conn, admin, name, migrations)
}

// buildTemplate makes and migrates the database under a passing name.
func buildTemplate(ctx context.Context, conn *pgx.Conn, admin, name string, migrations fs.FS) error {
	building := name + "_new"
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + quote(building) + " WITH (FORCE)",
		"CREATE DATABASE " + quote(building),
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make template: %w", err)
		}
	}
	if _, err := store.Migrate(ctx, withDatabase(admin, building), migrations); err != nil {
		return fmt.Errorf("make template: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+quote(building)+" RENAME TO "+quote(name)); err != nil {
		return fmt.Errorf("make template: %w", err)
	}
	return nil
}

func databaseExists(ctx context.Context, conn *pgx.Conn, name string) (there bool, err error) {
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("look for template: %w", err)
	}
	return there, nil
}

// hashOf names the schema by what is in its files, so that a changed migration
// gets a new template.
func hashOf(migrations fs.FS) (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read migrations: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}
