package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose_SaysWhatToDoIfNothingFits(t *testing.T) {
	t.Parallel()
	old := installation{bin: "/opt/11/bin", full: "11.2", major: 11}
	debian := installation{bin: "/usr/lib/postgresql/15/bin", full: "15.18", major: 15}

	for _, c := range []struct {
		name   string
		found  []installation
		wanted int
		err    string
	}{
		{"nothing is there", nil, 0, "apt-get install postgresql"},
		{"too old", []installation{old}, 0, "PostgreSQL 15 or newer is needed, and there is only 11.2 in /opt/11/bin"},
		{"not the data's version", []installation{old, debian}, 18, "install PostgreSQL 18"},
	} {
		_, err := choose(c.found, c.wanted, "/data", []string{"/usr/bin"})
		require.ErrorContains(t, err, c.err, c.name)
	}
	got, err := choose([]installation{old, debian}, 0, "/data", nil)
	require.NoError(t, err)
	require.Equal(t, debian, got)
	got, err = choose([]installation{debian, old}, 11, "/data", nil)
	require.NoError(t, err)
	require.Equal(t, old, got)
}

func TestCandidates_LooksWhereItIsToldFirstAndNowhereTwice(t *testing.T) {
	t.Parallel()
	bins := candidates("/preferred/bin")
	require.Equal(t, "/preferred/bin", bins[0])
	seen := map[string]bool{}
	for _, bin := range bins {
		require.False(t, seen[bin], bin)
		seen[bin] = true
	}
}

// The server must be found able to reach a folder only if every folder on the
// way lets it through.
func TestAccount_ReachesOnlyWhatEveryFolderOnTheWayAllows(t *testing.T) {
	t.Parallel()
	top := folder(t)
	inner := filepath.Join(top, "a", "b")
	require.NoError(t, os.MkdirAll(inner, 0o755))
	self := account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid()), switched: true}
	other := account{uid: self.uid + 4711, gid: self.gid + 4711, switched: true}
	member := account{uid: self.uid + 4711, gid: self.gid, switched: true}

	require.True(t, other.reaches(inner))
	require.True(t, other.reaches(filepath.Join(inner, "not", "there", "yet")))
	require.NoError(t, os.Chmod(filepath.Dir(inner), 0o710))
	require.False(t, other.reaches(inner))
	require.True(t, member.reaches(inner))
	require.True(t, self.reaches(inner))
	require.True(t, account{uid: 4711}.reaches(inner), "who is not switched is who opens the files anyway")

	link := filepath.Join(top, "link")
	require.NoError(t, os.Symlink(inner, link))
	require.False(t, other.reaches(link), "a link is as closed as what it leads to")
}

// npm cannot carry symbolic links, and a copy has to work where the original
// cannot be reached.
func TestInstallation_NpmPackageIsMadeWholeAndCopied(t *testing.T) {
	t.Parallel()
	pkg := folder(t)
	tree := filepath.Join(pkg, "native")
	for path, text := range map[string]string{
		"bin/postgres": "#!/bin/sh\necho 'postgres (PostgreSQL) 18.4 (npm)'\n", "bin/initdb": "#!/bin/sh\n",
		"lib/libx.so.1.2": "x", "lib/libx.a": "static",
		linksFile: `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(tree, path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(tree, path), []byte(text), 0o755))
	}

	found, err := inspect(t.Context(), filepath.Join(tree, "bin"))
	require.NoError(t, err)
	require.Equal(t, installation{bin: filepath.Join(tree, "bin"), tree: tree, full: "18.4", major: 18}, found)
	require.FileExists(t, filepath.Join(tree, "lib", "libx.so.1"))

	require.NoError(t, os.Chmod(tree, 0o700))
	stranger := account{uid: uint32(os.Geteuid()) + 4711, gid: uint32(os.Getegid()) + 4711, switched: true}
	elsewhere := folder(t)
	for range 2 { // the second finds the copy
		copied, err := found.reachableFor(stranger, elsewhere)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(elsewhere, "postgresql-18.4", "bin"), copied.bin)
		require.True(t, stranger.reaches(filepath.Join(copied.bin, "postgres")))
		require.FileExists(t, filepath.Join(copied.tree, "lib", "libx.so.1"))
		require.NoFileExists(t, filepath.Join(copied.tree, "lib", "libx.a"))
	}
}

func TestRestoreLinks_StaysInsideThePackage(t *testing.T) {
	t.Parallel()
	tree := filepath.Join(folder(t), "native")
	require.NoError(t, os.Mkdir(tree, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(tree, linksFile), []byte(`[{"source":"native/x","target":"../../x"}]`), 0o600))
	require.ErrorContains(t, restoreLinks(tree), "leads out of the package")
}

func TestInspect_NamesWhatIsMissingOrBroken(t *testing.T) {
	t.Parallel()
	bin := folder(t)
	_, err := inspect(t.Context(), bin)
	require.ErrorContains(t, err, "there is no postgres in "+bin)

	for _, program := range []string{"postgres", "initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\necho no library; exit 127\n"), 0o755))
	}
	_, err = inspect(t.Context(), bin)
	require.ErrorContains(t, err, "does not run")
	require.ErrorContains(t, err, "no library")
}

func TestOpenLog_DoesNotGrowForEver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(folder(t), "log")
	require.NoError(t, os.WriteFile(path, make([]byte, maxLog+1), 0o600))
	log, err := openLog(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close()) }()
	info, err := log.Stat()
	require.NoError(t, err)
	require.Zero(t, info.Size())
}
