package rpc_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

func redisClient(t *testing.T, server *embedded.Redis) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// Many at once on several nodes are allowed exactly as often as one after the
// other.
func TestLimiter_CountsForAllNodesTogether(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	limit := rpc.Limit{Count: 10, Per: time.Hour}
	var allowed, refused atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		node := rpc.NewLimiter(redisClient(t, server), nil, nil)
		for range 25 {
			wg.Go(func() {
				wait, ok := node.Allow(t.Context(), "key", limit)
				if ok {
					allowed.Add(1)
					return
				}
				refused.Add(1)
				if wait <= 0 || wait > limit.Per/10 {
					t.Errorf("the next is allowed in %v", wait)
				}
			})
		}
	}
	wg.Wait()
	require.Equal(t, int32(10), allowed.Load())
	require.Equal(t, int32(90), refused.Load())
	_, ok := rpc.NewLimiter(redisClient(t, server), nil, nil).Allow(t.Context(), "other key", limit)
	require.True(t, ok)
}

func TestLimiter_TakesBackWhatDidNotCount(t *testing.T) {
	t.Parallel()
	inProcess, err := embedded.StartRedis(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, inProcess.Stop()) })
	limiters := map[string]*rpc.Limiter{
		"Redis":    rpc.NewLimiter(redisClient(t, pgtest.Redis(t)), nil, nil),
		"Embedded": rpc.NewLimiter(redisClient(t, inProcess), nil, nil),
		"Local":    rpc.NewLimiter(nil, nil, nil),
	}
	for name, limiter := range limiters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := rpc.Limit{Count: 2, Per: time.Hour}
			for range 20 {
				_, ok := limiter.Allow(t.Context(), "key", limit)
				require.True(t, ok)
				limiter.Restore(t.Context(), "key", limit)
			}
			for _, want := range []bool{true, true, false} {
				_, ok := limiter.Allow(t.Context(), "key", limit)
				require.Equal(t, want, ok)
			}
			limiter.Restore(t.Context(), "key", limit)
			_, ok := limiter.Allow(t.Context(), "key", limit)
			require.True(t, ok)
			require.Equal(t, name == "Local", limiter.Fallbacks() > 0)
		})
	}
}

func TestLimiter_AllowsAgainWhenItSaid(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	limiter := rpc.NewLimiter(nil, nil, func() time.Time { return now })
	limit := rpc.Limit{Count: 3, Per: 30 * time.Second}
	for range 3 {
		_, ok := limiter.Allow(t.Context(), "key", limit)
		require.True(t, ok)
	}
	wait, ok := limiter.Allow(t.Context(), "key", limit)
	require.False(t, ok)
	require.Equal(t, 10*time.Second, wait)
	now = now.Add(wait - time.Millisecond)
	_, ok = limiter.Allow(t.Context(), "key", limit)
	require.False(t, ok)
	now = now.Add(time.Millisecond)
	_, ok = limiter.Allow(t.Context(), "key", limit)
	require.True(t, ok)
}

// Without Redis nothing is refused because of that, and limits still hold.
func TestLimiter_GoesOnWithoutRedisAndBackToIt(t *testing.T) {
	t.Parallel()
	server := pgtest.Redis(t)
	limiter := rpc.NewLimiter(redisClient(t, server), nil, nil)
	limit := rpc.Limit{Count: 3, Per: time.Hour}
	allow := func(key string) bool {
		_, ok := limiter.Allow(t.Context(), key, limit)
		return ok
	}
	require.True(t, allow("a"))
	require.Zero(t, limiter.Fallbacks())

	require.NoError(t, server.Stop())
	for _, want := range []bool{true, true, true, false} {
		require.Equal(t, want, allow("b"))
	}
	require.Positive(t, limiter.Fallbacks())

	require.NoError(t, server.Restart(context.Background()))
	require.Eventually(t, func() bool {
		before := limiter.Fallbacks()
		return allow("b") && limiter.Fallbacks() == before
	}, 10*time.Second, 50*time.Millisecond)
}
