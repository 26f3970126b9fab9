//go:build mutation

package server_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The proof that a note never leaks is worth something: it goes red for each way of
// breaking what keeps notes inside.
//
// It builds the server anew and runs the proof once for each mutant.
//
// Spec: C4 P5
func TestNote_ProofSeesEveryLeak(t *testing.T) {
	t.Parallel()
	program := mutated(t)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
			defer cancel()
			run := exec.CommandContext(ctx, program, "-test.run=^TestNote_NeverLeaks$")
			run.Env = append(os.Environ(), "PARLEY_TEST_MUTANT="+m.name)
			out, err := run.CombinedOutput()
			require.Error(t, err, "nobody notices")
			for _, line := range strings.Split(m.says, "\n") {
				assert.Contains(t, string(out), line)
			}
		})
	}
}

// mutated builds these tests over a server that has all the mutants, asleep.
func mutated(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for path, text := range mutatedFiles(t) {
		replace[path] = filepath.Join(dir, strings.ReplaceAll(path, string(filepath.Separator), "_"))
		require.NoError(t, os.WriteFile(replace[path], []byte(text), 0o600))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program := filepath.Join(dir, "mutated.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}
