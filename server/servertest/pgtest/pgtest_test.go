package pgtest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

// schema is a migration of our own, named so that each test can have a template
// that no other uses.
func schema(name string) fstest.MapFS {
	return fstest.MapFS{"0001_" + name + ".sql": {Data: []byte(
		"-- +goose Up\nCREATE TABLE " + name + " (n int PRIMARY KEY);\nINSERT INTO " + name + " VALUES (1);\n")}}
}

func TestDB_HasParleysSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	var tables int
	require.NoError(t, db.QueryRow(t.Context(),
		`SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'workspace'`).Scan(&tables))
	require.Equal(t, 1, tables)
}

// Tests that run side by side must never see each other's rows, and those that
// come first together must agree on one template.
func TestDB_IsNobodyElses(t *testing.T) {
	t.Parallel()
	migrations := schema("alone")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			db := pgtest.DB(t, pgtest.WithMigrations(migrations), pgtest.WithMaxConns(1))
			_, err := db.Exec(t.Context(), `INSERT INTO alone VALUES (2)`)
			require.NoError(t, err)
		})
	}
	group.Wait()
}

func TestURL_IsGoneAfterTheTestEvenIfSomeoneIsConnected(t *testing.T) {
	t.Parallel()
	var url string
	var conn *pgx.Conn
	t.Run("Inner", func(t *testing.T) {
		url = pgtest.URL(t, pgtest.WithMigrations(schema("gone")))
		var err error
		conn, err = pgx.Connect(context.WithoutCancel(t.Context()), url)
		require.NoError(t, err)
	})
	defer func() { _ = conn.Close(context.Background()) }()

	require.Error(t, conn.Ping(t.Context()))
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "3D000")
}

func TestURL_NamesTheDatabaseAfterItsTestInPostgreSQLsLimits(t *testing.T) {
	t.Parallel()
	t.Run(strings.Repeat("Long Ümlaut/", 12), func(t *testing.T) {
		t.Parallel()
		config, err := pgx.ParseConfig(pgtest.URL(t, pgtest.WithMigrations(schema("named"))))
		require.NoError(t, err)
		require.LessOrEqual(t, len(config.Database), 63)
		require.True(t, strings.HasPrefix(config.Database, "test_testurl_namesthedatabase"), config.Database)
	})
}

// Spec: P1. A server of a test's own may be crashed without hurting others.
func TestServer_SurvivesACrashWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgtest.WithMigrations(schema("durable")))
	db, err := store.Open(t.Context(), store.Options{URL: server.URL()})
	require.NoError(t, err, "it is as durable as production asks for")
	defer db.Close()
	_, err = db.Exec(t.Context(), `INSERT INTO durable VALUES (2)`)
	require.NoError(t, err)

	require.NoError(t, server.Crash())
	_, err = db.Exec(t.Context(), `INSERT INTO durable VALUES (3)`)
	require.True(t, store.IsUnavailable(err), "%v", err)
	require.NoError(t, server.Restart(t.Context()))

	var rows int
	require.Eventually(t, func() bool {
		return db.QueryRow(t.Context(), `SELECT count(*) FROM durable`).Scan(&rows) == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 2, rows)
}

func TestRedis_IsOnesOwnAndMayDieAndReturn(t *testing.T) {
	t.Parallel()
	mine, others := client(t, pgtest.Redis(t).URL()), pgtest.Redis(t)
	require.NoError(t, mine.Set(t.Context(), "key", "mine", 0).Err())
	theirs := client(t, others.URL())
	require.ErrorIs(t, theirs.Get(t.Context(), "key").Err(), redis.Nil)

	require.NoError(t, others.Stop())
	require.Error(t, theirs.Ping(t.Context()).Err())
	require.NoError(t, others.Restart(t.Context()))
	require.NoError(t, theirs.Ping(t.Context()).Err())
	require.NoError(t, mine.Ping(t.Context()).Err())
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.MaxRetries, options.DialerRetries = -1, 1
	c := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func BenchmarkURL(b *testing.B) {
	for b.Loop() {
		pgtest.URL(b)
	}
}
