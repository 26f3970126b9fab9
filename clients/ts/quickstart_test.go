// Package client_test runs the TypeScript quick start against a live server. What
// it tests is in the files beside; it is written in Go because that is where a
// server can be had for a test.
package client_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/servertest"
)

// Spec: C1
func TestQuickstart_PrintsItsMessage(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	run := exec.CommandContext(t.Context(), "npm", "run", "--silent", "quickstart")
	run.Env = append(os.Environ(), "PARLEY_URL="+server.URL, "PARLEY_EMAIL="+servertest.Admin, "PARLEY_PASSWORD="+servertest.Password)
	var complaints bytes.Buffer
	run.Stderr = &complaints
	out, err := run.Output()
	require.NoError(t, err, complaints.String())
	require.Equal(t, "Ada Admin: Hello from TypeScript\n", string(out))
}
