package egress_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever calls out goes through this package: there is no other HTTP client in
// the server.
func TestServer_HasOneWayOut(t *testing.T) {
	t.Parallel()
	another := regexp.MustCompile(`http\.(Client\{|DefaultClient|DefaultTransport|Get\(|Post\(|PostForm\(|Head\(|Transport\{)`)
	seen := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasSuffix(path, "test") || entry.Name() == "egress" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		seen++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		require.NotRegexp(t, another, string(text), "%s calls out by itself", path)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, seen, 50)
}
