package store_test

import (
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

func sqlFile(sql string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
}

func TestMigrate_AppliesEachFileOnceAndSaysWhich(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, pgtest.WithMigrations(fstest.MapFS{"0001_a.sql": sqlFile(`CREATE TABLE a (n int);`)}))
	files := fstest.MapFS{
		"0001_a.sql": sqlFile(`CREATE TABLE a (n int);`), "0002_b.sql": sqlFile(`CREATE TABLE b (n int);`),
		"0003_c.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY b_n ON b (n);\n")},
	}

	applied, err := store.Migrate(t.Context(), url, files)
	require.NoError(t, err)
	require.Equal(t, []string{"0002_b.sql", "0003_c.sql"}, applied)
	applied, err = store.Migrate(t.Context(), url+"&pool_max_conns=3&statement_timeout=1", files)
	require.NoError(t, err, "the pool's parameters mean nothing here")
	require.Empty(t, applied)
}

// Nodes of a new release start together.
func TestMigrate_NodesThatStartTogetherTakeTurns(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, pgtest.WithMigrations(fstest.MapFS{"0001_a.sql": sqlFile(`SELECT 1;`)}))
	files := fstest.MapFS{"0001_a.sql": sqlFile(`SELECT 1;`), "0002_slow.sql": sqlFile("CREATE TABLE b (n int);\nSELECT pg_sleep(0.2);")}
	var mu sync.Mutex
	var all []string
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			applied, err := store.Migrate(t.Context(), url, files)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			all = append(all, applied...)
		})
	}
	group.Wait()
	require.Equal(t, []string{"0002_slow.sql"}, all)
}

func TestMigrate_AFailureNamesItsFileAndKeepsWhatWentBefore(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t, pgtest.WithMigrations(fstest.MapFS{"0001_a.sql": sqlFile(`SELECT 1;`)}))
	files := fstest.MapFS{
		"0001_a.sql": sqlFile(`SELECT 1;`), "0002_good.sql": sqlFile(`CREATE TABLE good (n int);`),
		"0003_bad.sql": sqlFile("CREATE TABLE half (n int);\nCREATE TABLE good (n int);"),
	}

	applied, err := store.Migrate(t.Context(), url, files)
	require.ErrorContains(t, err, "0003_bad.sql")
	require.Equal(t, []string{"0002_good.sql"}, applied)

	files["0003_bad.sql"] = sqlFile(`CREATE TABLE half (n int);`)
	applied, err = store.Migrate(t.Context(), url, files)
	require.NoError(t, err, "nothing of the failed file had stayed")
	require.Equal(t, []string{"0003_bad.sql"}, applied)
}

func TestMigrate_SaysWhatIsWrongWithItsSettings(t *testing.T) {
	t.Parallel()
	_, err := store.Migrate(t.Context(), "postgres://u:"+secret, fstest.MapFS{"0001_a.sql": sqlFile(`SELECT 1;`)})
	require.ErrorContains(t, err, "cannot be read")
	require.NotContains(t, err.Error(), secret)

	began := time.Now()
	_, err = store.Migrate(t.Context(), "postgres://u:"+secret+"@"+closedPort(t)+"/parley", fstest.MapFS{"0001_a.sql": sqlFile(`SELECT 1;`)})
	require.ErrorContains(t, err, "refused")
	require.NotContains(t, err.Error(), secret)
	require.Less(t, time.Since(began), 10*time.Second)
}
