package embedded

import (
	"context"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// folder is a temporary folder that every account may enter, which t.TempDir's
// is not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "parley-embedded-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// start starts a server that is stopped when the test ends.
func start(t *testing.T, config Config) *Postgres {
	t.Helper()
	if config.Elsewhere == "" {
		config.Elsewhere = folder(t)
	}
	config.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	p, err := Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop()) })
	return p
}

// query runs SQL on the server and returns the one value that it answers with.
func query(t *testing.T, p *Postgres, sql string) (value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&value))
	return value
}

// keep commits something, and kept reads it.
func keep(t *testing.T, p *Postgres) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	_, err = conn.Exec(t.Context(), `CREATE TABLE kept AS SELECT 1 AS n`)
	require.NoError(t, err)
}

func kept(t *testing.T, p *Postgres) string {
	t.Helper()
	return query(t, p, `SELECT n::text FROM kept`)
}

func TestStart_KeepsTheDataAndComesBackQuickly(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, Config{Dir: dir})
	require.Equal(t, "on on on", query(t, first,
		`SELECT current_setting('fsync') || ' ' || current_setting('synchronous_commit') || ' ' || current_setting('full_page_writes')`))
	keep(t, first)
	require.NoError(t, first.Stop())

	began := time.Now()
	second := start(t, Config{Dir: dir})
	took := time.Since(began)

	require.Equal(t, "1", kept(t, second))
	require.Less(t, took, 2*time.Second, "a second start must feel like none")
	t.Logf("the second start took %v", took)
}

// Two servers on one folder would destroy it, so the second must be told whom to
// stop.
func TestStart_RefusesAFolderThatIsInUse(t *testing.T) {
	t.Parallel()
	p := start(t, Config{Dir: folder(t), Fast: true})

	_, err := Start(t.Context(), Config{Dir: p.cluster.place.base, Fast: true})

	require.ErrorContains(t, err, "another Parley (process ")
	require.Equal(t, "still here", query(t, p, `SELECT 'still here'`))
}

// A process that was killed may leave its server running, where the kernel does
// not end it. The next start must neither fail nor lose what was committed.
func TestStart_TakesOverFromACrashedRun(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	crashed := start(t, Config{Dir: dir})
	keep(t, crashed)
	require.NoError(t, crashed.release(), "what the kernel does for a process that dies")

	p := start(t, Config{Dir: dir})

	require.False(t, crashed.current().running())
	require.Equal(t, "1", kept(t, p))
}

// After a reboot the number in the pid file may be that of any process.
func TestStart_IsNotConfusedByAForeignProcessID(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := start(t, Config{Dir: dir, Fast: true})
	file := filepath.Join(first.Folder(), pidFile)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, first.Stop())
	_, rest, _ := strings.Cut(string(text), "\n")
	require.NoError(t, os.WriteFile(file, []byte("1\n"+rest), 0o600))
	require.Error(t, stopLeftover(t.Context(), first.Folder(), first.cluster.log), "process 1 is never ours")
	foreign := first.cluster.place.account
	require.NoError(t, os.WriteFile(file, []byte(itoa(os.Getpid())+"\n"+rest), 0o600))
	require.NoError(t, foreign.own(file))

	p := start(t, Config{Dir: dir, Fast: true})

	require.Equal(t, "up", query(t, p, `SELECT 'up'`))
}

func TestPostgres_AsksForThePasswordThatOnlyItsOwnerCanRead(t *testing.T) {
	t.Parallel()
	for name, fast := range map[string]bool{"Durable": false, "Fast": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, Config{Dir: folder(t), Fast: fast})
			info, err := os.Stat(p.cluster.place.passwordFile())
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

			u, err := url.Parse(p.URL())
			require.NoError(t, err)
			u.User = url.UserPassword(owner, "a guess")
			_, err = pgx.Connect(t.Context(), u.String())
			require.ErrorContains(t, err, "28P01")
		})
	}
}

// Spec: P1. What was committed survives the server's sudden death.
func TestPostgres_KeepsCommitsOverACrashAndItsAddressOverARestart(t *testing.T) {
	t.Parallel()
	p := start(t, Config{Dir: folder(t)})
	before := p.URL()
	keep(t, p)

	require.NoError(t, p.Crash())
	_, err := pgx.Connect(t.Context(), p.URL())
	require.Error(t, err)
	require.NoError(t, p.Restart(t.Context()))

	require.Equal(t, before, p.URL())
	require.Equal(t, "1", kept(t, p))
}

func TestPostgres_StoppingTwiceDoesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, Config{Fast: true})
	dir := p.cluster.place.base
	require.NoError(t, p.Stop())
	require.NoError(t, p.Stop())
	require.NoDirExists(t, dir, "a folder in memory is given back")
	<-p.Done()
}

// Root's home is closed to the account that the server runs as, and yet
// "make run" has to work there.
func TestStart_GoesElsewhereIfRootsFolderIsClosed(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "home", "data")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o700))
	elsewhere := folder(t)

	p := start(t, Config{Dir: dir, Fast: true, Elsewhere: elsewhere})

	if os.Geteuid() != 0 {
		require.Equal(t, filepath.Join(dir, "postgres"), p.Folder())
		return
	}
	require.True(t, strings.HasPrefix(p.Folder(), elsewhere), p.Folder())
	note, err := os.ReadFile(filepath.Join(dir, noteName))
	require.NoError(t, err)
	require.Contains(t, string(note), filepath.Dir(p.Folder()))

	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, p.Stop())
	again := start(t, Config{Dir: dir, Fast: true, Elsewhere: elsewhere})
	require.Equal(t, p.Folder(), again.Folder(), "a cluster that is there is never forgotten")
}

func TestStart_SaysWhatToDoAboutAForeignVersion(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	data := filepath.Join(dir, "postgres")
	require.NoError(t, os.Mkdir(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("11\n"), 0o600))
	if os.Geteuid() == 0 {
		account, err := unprivileged()
		require.NoError(t, err)
		require.NoError(t, account.own(data))
	}

	_, err := Start(t.Context(), Config{Dir: dir})

	require.ErrorContains(t, err, "were made by PostgreSQL 11")
	require.ErrorContains(t, err, "install PostgreSQL 11")
}

func TestStart_NeedsAFolderForDataThatIsToLast(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{})
	require.ErrorContains(t, err, "folder")
}
