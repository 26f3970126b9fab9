package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/servertest/pgtest"
)

func TestRun_PassesOnTheCommandsEnd(t *testing.T) {
	t.Setenv(pgtest.URLVariable, "postgres://given") // so that no server is started

	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -TERM $$": 143} {
		code, err := run(t.Context(), []string{"--", "sh", "-c", script}, nil, nil)
		require.NoError(t, err, script)
		require.Equal(t, want, code, script)
	}
	code, err := run(t.Context(), []string{"/nowhere/command"}, nil, nil)
	require.ErrorContains(t, err, "/nowhere/command")
	require.Equal(t, exitFailed, code)
	code, err = run(t.Context(), []string{"--"}, nil, nil)
	require.ErrorContains(t, err, "usage")
	require.Equal(t, exitFailed, code)
}

// The command must find a server that answers, and nothing of it may be left
// when pgtestd has ended.
func TestRun_TheServerLivesAsLongAsTheCommand(t *testing.T) {
	t.Setenv(pgtest.URLVariable, "")
	var out bytes.Buffer

	code, err := run(t.Context(), []string{"--", "sh", "-c", `echo "$` + pgtest.URLVariable + `"`}, &out, &out)

	require.NoError(t, err)
	require.Zero(t, code)
	url := strings.TrimSpace(out.String())
	require.Contains(t, url, "postgres://")
	_, err = pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "refused")
}
