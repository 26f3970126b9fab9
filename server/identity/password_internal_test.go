package identity

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHash_IsOfOnePassword(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	hash, err := h.hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.True(t, matches(hash, "correct horse"))
	require.False(t, matches(hash, "correct horsf"))
	require.False(t, matches(h.dummy(), ""))
	again, err := h.hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "each has a salt of its own")
}

func TestHash_BrokenOnesMatchNothing(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	hash, err := h.hash(t.Context(), "")
	require.NoError(t, err)
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=64,t=1,p=1$", hash[:len(hash)-44], strings.Replace(hash, "t=1", "t=0", 1),
		strings.Replace(hash, "argon2id", "argon2i", 1), strings.Replace(hash, "p=1$", "p=1$!", 1)} {
		require.False(t, matches(broken, ""), broken)
	}
}

// A burst of sign-ins takes turns, and what cannot be served soon is told so.
func TestHasher_BoundsTheWorkAndTheQueue(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	var leaves []func()
	for range cap(h.slots) {
		leave, err := h.enter(t.Context())
		require.NoError(t, err)
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiters := make(chan error, hashQueue)
	for range hashQueue {
		go func() {
			_, err := h.enter(ctx)
			waiters <- err
		}()
	}
	require.Eventually(t, func() bool { return h.waiting.Load() == hashQueue }, 10*time.Second, time.Millisecond)
	_, err := h.enter(t.Context())
	require.ErrorIs(t, err, errBusy)
	cancel()
	for range hashQueue {
		require.ErrorIs(t, <-waiters, context.Canceled)
	}
	for _, leave := range leaves {
		leave()
	}
	leave, err := h.enter(t.Context())
	require.NoError(t, err)
	leave()
}

func TestToken_IsReadAsWritten(t *testing.T) {
	t.Parallel()
	for kind := kindSession; kind <= kindVisitor; kind++ {
		made := newToken(kind, newID())
		read, ok := parseToken(made.String())
		require.True(t, ok)
		require.Equal(t, made, read)
	}
}

// Every call reads a token.
func TestToken_IsReadWithoutAllocating(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts for the whole process
	made := newToken(kindSession, newID())
	sent := made.String()
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = parseToken(sent) }))
}
