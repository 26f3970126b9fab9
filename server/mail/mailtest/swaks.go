package mailtest

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Swaks sends a mail to addr with swaks's options, and returns the conversation. The error
// is swaks's exit status: nil if the server took the mail.
func Swaks(t testing.TB, addr string, options ...string) (transcript string, err error) {
	t.Helper()
	program, err := exec.LookPath("swaks")
	if err != nil {
		program = "/usr/bin/swaks"
	}
	require.FileExists(t, program, "swaks is not installed: run tools/setup machine")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, append([]string{"--server", addr}, options...)...).CombinedOutput()
	return string(out), err
}
