//go:build unix

package blobtest

import (
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// limitVariable is set in a process whose files may not grow while its disk is
// full.
const limitVariable = "PARLEY_TEST_FILE_LIMIT"

// Disk is a folder on a disk that can be full.
type Disk struct {
	Folder string
	// Fill leaves no room on it, and Free gives all back.
	Fill, Free func()
}

// OnDisk runs a test with a disk of its own: a small one in memory where the
// machine allows to mount one. Elsewhere the test runs in a process of its own,
// in which every write to a file fails while the disk is said to be full.
func OnDisk(t *testing.T, run func(t *testing.T, d Disk)) {
	t.Helper()
	dir := t.TempDir()
	if mount(t, dir) {
		run(t, Disk{Folder: dir, Fill: func() { fill(t, dir) }, Free: func() { require.NoError(t, os.Remove(filler(dir))) }})
		return
	}
	if os.Getenv(limitVariable) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
		child.Env = append(os.Environ(), limitVariable+"=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	run(t, Disk{Folder: dir, Fill: func() { limit(t, 0) }, Free: func() { limit(t, math.MaxUint64) }})
}

func filler(dir string) string { return filepath.Join(dir, "filler") }

// fill writes until there is no room.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filler(dir))
	require.NoError(t, err)
	defer f.Close()
	_, err = io.Copy(f, zeros{})
	require.True(t, errors.Is(err, syscall.ENOSPC), "%v", err)
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func limit(t *testing.T, most uint64) {
	t.Helper()
	var now syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now))
	now.Cur = min(most, now.Max)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now))
}
