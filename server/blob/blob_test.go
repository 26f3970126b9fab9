package blob_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/blob/blobtest"
)

// stores are one store of each sort, with the folder of the one that has one.
func stores(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"memory": "mem://", "folder": "file://" + filepath.ToSlash(t.TempDir()) + "/deep/files", "S3": blobtest.S3(t),
	}
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

// Spec: C10
func TestStore_OneOfManyWritersOfAPartWins(t *testing.T) {
	t.Parallel()
	for name, address := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, address), part(0)
			nodes := []*blob.Store{s, s}
			if name != "memory" { // which no two nodes share
				nodes[1] = open(t, address)
			}
			var wg sync.WaitGroup
			results := make([]error, 16)
			for i := range results {
				wg.Go(func() { results[i] = nodes[i%2].Write(t.Context(), p, bytes.Repeat([]byte{byte(i)}, 1000)) })
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
			small := p
			small.Number = blob.Preview
			require.NoError(t, s.Write(t.Context(), small, []byte("a")))
			if s.Signs() {
				require.NoError(t, s.Join(t.Context(), p.Workspace, p.File, strings.NewReader("a")))
			}
			require.NoError(t, s.Write(t.Context(), other, []byte("b")))

			require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File))
			require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File))

			for _, n := range []int32{0, blob.Preview, blob.Whole} {
				p.Number = n
				_, err := s.Read(t.Context(), p, 0)
				require.ErrorIs(t, err, blob.ErrNotFound)
			}
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
	require.NoError(t, s.Delete(t.Context(), p.Workspace, p.File))
	require.NoDirExists(t, filepath.Join(root, p.Workspace.String(), p.File.String()))
}

func TestOpen_RefusesAnAddressItCannotKeepFilesAt(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "files", "file://files", "ftp://host/files", "file:files", ":",
		"s3://", "s3://user:password@bucket?region=x", "s3://bucket/folder?region=x", "s3://bucket?unknown=1",
	} {
		_, err := blob.Open(address)
		require.Error(t, err, address)
	}
}

// Twelve MiB are more than one piece of a multipart upload.
func TestStore_JoinsAFileFromAStream(t *testing.T) {
	t.Parallel()
	s, p := open(t, blobtest.S3(t)), part(0)
	data := bytes.Repeat([]byte("0123456789ab"), 1<<20)
	require.NoError(t, s.Write(t.Context(), p, data[:1<<20]))

	require.NoError(t, s.Join(t.Context(), p.Workspace, p.File, iotest.OneByteReader(bytes.NewReader(data[:100]))))
	require.NoError(t, s.Join(t.Context(), p.Workspace, p.File, struct{ io.Reader }{bytes.NewReader(data)}))
	require.NoError(t, s.DeleteParts(t.Context(), p.Workspace, p.File, 2))

	_, err := s.Read(t.Context(), p, 0)
	require.ErrorIs(t, err, blob.ErrNotFound)
	p.Number = blob.Whole
	require.True(t, bytes.Equal(data, read(t, s, p, 0)))
	require.True(t, bytes.Equal(data[7<<20:], read(t, s, p, 7<<20)))
	require.Error(t, open(t, "mem://").Join(t.Context(), p.Workspace, p.File, bytes.NewReader(data)))
}

// What is cut off while it is joined is not there at all.
func TestStore_JoinsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, p := open(t, blobtest.S3(t)), part(blob.Whole)
	for _, size := range []int{100, 12 << 20} {
		cut := io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(errors.New("cut")))
		require.Error(t, s.Join(t.Context(), p.Workspace, p.File, cut))
		_, err := s.Read(t.Context(), p, 0)
		require.ErrorIs(t, err, blob.ErrNotFound)
	}
}

// Spec: C10
func TestStore_GivesAPartAwayAsItIsTold(t *testing.T) {
	t.Parallel()
	s, p := open(t, blobtest.S3(t)), part(0)
	require.True(t, s.Signs())
	require.NoError(t, s.Write(t.Context(), p, []byte("<script>")))

	address, err := s.URL(t.Context(), p, blob.Given{
		For: time.Minute, MediaType: "application/octet-stream", Disposition: `attachment; filename="a b.html"`,
	})

	require.NoError(t, err)
	res, err := http.Get(address)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "<script>", string(body))
	require.Equal(t, "application/octet-stream", res.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="a b.html"`, res.Header.Get("Content-Disposition"))
	require.False(t, open(t, "mem://").Signs())
}

// Spec: C10
func TestStore_AFullDiskTakesAllOfAPartOrNothing(t *testing.T) {
	blobtest.OnDisk(t, func(t *testing.T, d blobtest.Disk) {
		s, first := open(t, "file://"+filepath.ToSlash(d.Folder)+"/files"), part(0)
		data := bytes.Repeat([]byte("x"), 1<<20)
		require.NoError(t, s.Write(t.Context(), first, data))
		second := first
		second.Number = 1
		d.Fill()

		require.ErrorIs(t, s.Write(t.Context(), second, data), blob.ErrFull)
		require.ErrorIs(t, s.Write(t.Context(), part(0), data), blob.ErrFull)

		_, err := s.Read(t.Context(), second, 0)
		require.ErrorIs(t, err, blob.ErrNotFound)
		require.Equal(t, data, read(t, s, first, 0))
		d.Free()
		require.NoError(t, s.Write(t.Context(), second, data), "nothing had to be repaired")
		require.Equal(t, data, read(t, s, second, 0))
	})
}

// This is how versitygw and MinIO say it.
//
// Spec: C10
func TestStore_KnowsAFullS3(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{
		"InsufficientStorage": http.StatusInsufficientStorage, "XMinioStorageFull": http.StatusInsufficientStorage,
		"QuotaExceeded": http.StatusForbidden,
	} {
		blobtest.S3(t) // sets the credentials
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>no room</Message></Error>")
		}))
		t.Cleanup(server.Close)
		s := open(t, "s3://bucket?region=us-east-1&use_path_style=true&endpoint="+url.QueryEscape(server.URL))
		require.ErrorIs(t, s.Write(t.Context(), part(0), []byte("a")), blob.ErrFull, code)
	}
}
