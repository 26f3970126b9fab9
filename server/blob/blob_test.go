package blob_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/blob"
)

// stores are one store of each sort, with the folder of the one that has one.
func stores(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"memory": "mem://", "folder": "file://" + filepath.ToSlash(t.TempDir()) + "/deep/files"}
}

func open(t *testing.T, address string) *blob.Store {
	t.Helper()
	s, err := blob.Open(address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func part(n int32) blob.Part {
	return blob.Part{Workspace: uuid.New(), File: uuid.New(), Number: n}
}

func read(t *testing.T, s *blob.Store, p blob.Part, offset int64) []byte {
	t.Helper()
	r, err := s.Read(t.Context(), p, offset)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

func TestStore_GivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, address), part(3)
			data := bytes.Repeat([]byte("0123456789"), 100_000)

			require.NoError(t, s.Write(t.Context(), p, data))

			require.Equal(t, data, read(t, s, p, 0))
			require.Equal(t, data[999_990:], read(t, s, p, 999_990))
		})
	}
}

// An upload that was cut off sends the part again: what is there must stay, or
// two who upload at once could tear a file.
func TestStore_NeverReplacesAPart(t *testing.T) {
	t.Parallel()
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, address), part(0)
			require.NoError(t, s.Write(t.Context(), p, []byte("first")))

			require.ErrorIs(t, s.Write(t.Context(), p, []byte("other")), blob.ErrExists)

			require.Equal(t, []byte("first"), read(t, s, p, 0))
		})
	}
}

func TestStore_OneOfManyWritersOfAPartWins(t *testing.T) {
	t.Parallel()
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, address), part(0)
			var wg sync.WaitGroup
			results := make([]error, 16)
			for i := range results {
				wg.Go(func() { results[i] = s.Write(t.Context(), p, bytes.Repeat([]byte{byte(i)}, 1000)) })
			}
			wg.Wait()

			winner := -1
			for i, err := range results {
				if err == nil {
					require.Equal(t, -1, winner, "two were told that they wrote the part")
					winner = i
					continue
				}
				require.ErrorIs(t, err, blob.ErrExists)
			}
			require.Equal(t, bytes.Repeat([]byte{byte(winner)}, 1000), read(t, s, p, 0))
		})
	}
}

func TestStore_DeleteLeavesNothingAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, address), part(0)
			other := part(0)
			require.NoError(t, s.Write(t.Context(), p, []byte("a")))
			require.NoError(t, s.Write(t.Context(), other, []byte("b")))

			require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File, 2))
			require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File, 2))

			_, err := s.Read(t.Context(), p, 0)
			require.ErrorIs(t, err, blob.ErrNotFound)
			require.Equal(t, []byte("b"), read(t, s, other, 0))
		})
	}
}

// Files hold what customers sent: other accounts of the machine have no business
// with them, and no leftovers may pile up.
func TestStore_AFolderIsPrivateAndClean(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "files")
	s, p := open(t, "file://"+filepath.ToSlash(root)), part(0)
	require.NoError(t, s.Write(t.Context(), p, []byte("a")))
	require.ErrorIs(t, s.Write(t.Context(), p, []byte("a")), blob.ErrExists)

	info, err := os.Stat(root)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Join(root, p.Workspace.String(), p.File.String()))
	require.NoError(t, err)
	require.Len(t, entries, 1, "an interrupted write left its temporary file")
	require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File, 1))
	require.NoDirExists(t, filepath.Join(root, p.Workspace.String(), p.File.String()))
}

func TestOpen_RefusesAnAddressItCannotKeepFilesAt(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "files", "file://files", "ftp://host/files", "file:files", ":"} {
		_, err := blob.Open(address)
		require.Error(t, err, address)
	}
}
