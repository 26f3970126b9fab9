// Package pgtest gives each test a PostgreSQL database of its own with the
// schema of Parley in it, and a Redis of its own.
//
// Nothing is mocked and nothing is shared, so tests run in parallel and see what
// production would do. A database is the copy of a template that is migrated
// once, which takes some 30 ms.
//
// The server is the one of PARLEY_TEST_DATABASE_URL, which "make test" sets by
// running the tests under pgtestd; its user must be allowed to create
// databases. Without the variable a test binary starts a server in memory when
// its first test asks for one (half a second); it goes when the binary ends, by
// whatever end, and needs no TestMain. A package that looks for goroutine leaks
// has to leave out the one that waits for that server:
//
//	goleak.IgnoreAnyFunction("github.com/parley-chat/parley/server/embedded.(*process).run")
package pgtest

import (
	"context"
	"crypto/rand"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/queries/migrations"
	"github.com/parley-chat/parley/server/store"
)

const (
	// URLVariable names the server that test databases are made on.
	URLVariable = "PARLEY_TEST_DATABASE_URL"
	// KeepVariable, set to anything, keeps the databases of failed tests on the
	// server of URLVariable; one that the test binary started takes them along.
	KeepVariable = "PARLEY_KEEP_DB"

	setupWithin = time.Minute
	defaultPool = 8
)

// Option changes what a test gets.
type Option func(*options)

type options struct {
	migrations fs.FS
	maxConns   int32
}

// WithMigrations takes another schema than Parley's.
func WithMigrations(migrations fs.FS) Option {
	return func(o *options) { o.migrations = migrations }
}

// WithMaxConns bounds the pool of DB, which otherwise has up to 8 connections.
func WithMaxConns(n int32) Option {
	return func(o *options) { o.maxConns = n }
}

func collect(given []Option) options {
	o := options{migrations: migrations.FS, maxConns: defaultPool}
	for _, option := range given {
		option(&o)
	}
	return o
}

// DB returns a pool on a new database, which is closed and removed when the test
// ends.
func DB(t testing.TB, given ...Option) *pgxpool.Pool {
	t.Helper()
	return Open(t, URL(t, given...), given...)
}

// Open returns a pool on the database at url, which is closed when the test
// ends: for a second node on the same database, or one behind a proxy.
func Open(t testing.TB, url string, given ...Option) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), setupWithin)
	defer cancel()
	pool, err := store.Open(ctx, store.Options{URL: url, MaxConns: collect(given).maxConns, AllowUnsafeDurability: true})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a new database, which is removed when the test
// ends, no matter who is still connected. With PARLEY_KEEP_DB set, that of a
// failed test stays, and the test's log says where.
func URL(t testing.TB, given ...Option) string {
	t.Helper()
	o := collect(given)
	ctx, cancel := context.WithTimeout(t.Context(), setupWithin)
	defer cancel()
	admin, err := adminURL()
	require.NoError(t, err, "a test database needs a PostgreSQL server")
	conn := connect(ctx, t, admin)
	defer disconnect(conn)

	template, err := ensureTemplate(ctx, conn, admin, o.migrations)
	require.NoError(t, err)
	name := databaseName(t.Name())
	_, err = conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template)+" STRATEGY FILE_COPY")
	require.NoError(t, err)
	t.Cleanup(func() { drop(t, admin, name) })
	return withDatabase(admin, name)
}

// drop removes a test's database, unless it is to be looked at.
func drop(t testing.TB, admin, name string) {
	if t.Failed() && os.Getenv(KeepVariable) != "" {
		t.Logf("kept the database: %s", withDatabase(admin, name))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupWithin) // t's is over
	defer cancel()
	conn := connect(ctx, t, admin)
	defer disconnect(conn)
	_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
	require.NoError(t, err)
}

// connect opens one connection: a pool would keep goroutines between tests.
func connect(ctx context.Context, t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err, "connect to the server of the test databases")
	return conn
}

func disconnect(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Close(ctx) // what was done on it is done
}

// databaseName tells a person whose database it is, and is unique.
func databaseName(test string) string {
	readable := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, test)
	const longest = 63 // PostgreSQL cuts names there
	unique := "_" + strings.ToLower(rand.Text()[:12])
	readable = "test_" + readable
	return readable[:min(len(readable), longest-len(unique))] + unique
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// withDatabase is the address of another database on the same server.
func withDatabase(admin, name string) string {
	u, err := url.Parse(admin)
	if err != nil { // adminURL has read it before
		return admin
	}
	u.Path = "/" + name
	return u.String()
}
