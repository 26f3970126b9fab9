package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRedisLog_WarnsOnceAMinute(t *testing.T) {
	t.Parallel()
	var written bytes.Buffer
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	log := &redisLog{log: slog.New(slog.NewTextHandler(&written, nil)), now: func() time.Time { return now }}
	for range 100 {
		log.Printf(t.Context(), "dial %s: %v", "127.0.0.1:6379", "refused")
	}
	require.Equal(t, 1, strings.Count(written.String(), "level=WARN"))
	require.Contains(t, written.String(), "dial 127.0.0.1:6379: refused")

	now = now.Add(redisQuiet)
	log.Printf(t.Context(), "still gone")
	require.Equal(t, 2, strings.Count(written.String(), "\n"))
	require.Contains(t, written.String(), "others=99")
}
