package recent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/recent"
)

func TestCache(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }

	t.Run("KeepsWhatIsUsedAndDropsTheRest", func(t *testing.T) {
		t.Parallel()
		c := recent.New[int, int](10, time.Hour, clock)
		for i := range 100 {
			c.Put(i, i)
			_, ok := c.Get(0)
			require.True(t, ok, "an entry in use must stay")
		}
		_, ok := c.Get(50)
		require.False(t, ok)
		_, ok = c.Get(99)
		require.True(t, ok)
	})

	t.Run("ForgetsAfterItsTime", func(t *testing.T) {
		t.Parallel()
		now := now
		c := recent.New[int, int](10, time.Minute, func() time.Time { return now })
		c.Put(1, 1)
		now = now.Add(time.Minute)
		_, ok := c.Get(1)
		require.False(t, ok)
	})

	t.Run("ForgetsWhatItIsToldTo", func(t *testing.T) {
		t.Parallel()
		c := recent.New[int, string](2, time.Hour, clock)
		for i, v := range []string{"a", "b", "a", "c"} {
			c.Put(i, v)
		}
		c.DeleteFunc(func(_ int, v string) bool { return v == "a" })
		_, ok := c.Get(2)
		require.False(t, ok)
		_, ok = c.Get(3)
		require.True(t, ok)
		c.Delete(3)
		_, ok = c.Get(3)
		require.False(t, ok)
	})
}
