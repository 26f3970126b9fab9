package blobtest

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// mount puts a small disk in memory at a folder; false if we may not.
func mount(t *testing.T, dir string) bool {
	t.Helper()
	if os.Getenv(limitVariable) != "" || syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=0700") != nil {
		return false
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	return true
}
