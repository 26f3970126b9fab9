package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// Both kinds must be alike in what Parley relies on, or tests on one would say
// nothing about the other.
func TestRedis_BothKindsKeepTheSamePromises(t *testing.T) {
	t.Parallel()
	for kind, begin := range map[string]func(context.Context) (*Redis, error){
		"miniredis":    StartRedis,
		"redis-server": func(ctx context.Context) (*Redis, error) { return StartRedisServer(ctx, "") },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, err := begin(t.Context())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, r.Stop()) })
			require.Equal(t, kind, r.Kind())

			t.Run("ExpiresKeysByTheClock", func(t *testing.T) { expiresKeys(t, r) })
			t.Run("AsksForThePassword", func(t *testing.T) { asksForPassword(t, r) })
			t.Run("ComesBackEmptyAtTheSameAddress", func(t *testing.T) { comesBackEmpty(t, r) })
		})
	}
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.MaxRetries = -1
	c := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func expiresKeys(t *testing.T, r *Redis) {
	c := client(t, r.URL())
	require.NoError(t, c.Set(t.Context(), "short", "x", 50*time.Millisecond).Err())
	require.NoError(t, c.Set(t.Context(), "long", "x", time.Hour).Err())
	require.Eventually(t, func() bool { return c.Exists(t.Context(), "short").Val() == 0 }, 5*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 1, c.Exists(t.Context(), "long").Val())
}

func asksForPassword(t *testing.T, r *Redis) {
	c := client(t, "redis://"+r.addr)
	require.ErrorContains(t, c.Get(t.Context(), "long").Err(), "NOAUTH")
}

func comesBackEmpty(t *testing.T, r *Redis) {
	before := r.URL()
	c := client(t, before)
	require.NoError(t, c.Set(t.Context(), "kept", "x", 0).Err())
	require.NoError(t, r.Stop())
	require.NoError(t, r.Stop(), "stopping twice does nothing")
	require.Error(t, c.Ping(t.Context()).Err())

	require.NoError(t, r.Restart(t.Context()))

	require.Equal(t, before, r.URL())
	require.EqualValues(t, 0, client(t, r.URL()).DBSize(t.Context()).Val())
}
