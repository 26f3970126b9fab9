package parley_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	parley "github.com/parley-chat/parley/clients/go"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

func TestTopics_ComeAndGoOnTheOpenStream(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, l.isLive)
	require.NoError(t, l.sub.Add(parley.Thread(thread2, s.cursor(0))))
	s.post(thread2, "a", "a")
	l.hears(t, "a")
	l.sub.Drop(parley.Thread(thread1, ""))
	s.post(thread1, "b", "b")
	s.post(thread2, "c", "c")
	l.hears(t, "a", "c")
	streams, _, _ := s.count()
	require.Equal(t, 1, streams)
}

func TestTopics_MakeAnotherStreamWhenTheirChangeIsLost(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*liveServer){
		"another server answered":  func(s *liveServer) { s.astray = true },
		"lost between two servers": func(s *liveServer) { s.lost = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLiveServer(t)
			l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
			l.until(t, l.isLive)
			s.set(func() { spoil(s) })
			require.NoError(t, l.sub.Add(parley.Thread(thread2, s.cursor(0))))
			s.post(thread2, "a", "a")
			l.hears(t, "a")
			streams, _, _ := s.count()
			require.Equal(t, 2, streams)
		})
	}
}

func TestTopics_DroppedAndAddedAtOnceFromAnEarlierCursorLoseNothing(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.posts(5)
	l := listen(t, s)
	l.until(t, l.isLive)
	require.NoError(t, l.sub.Add(parley.Thread(thread1, s.cursor(3))))
	l.sub.Drop(parley.Thread(thread1, ""))
	require.NoError(t, l.sub.Add(parley.Thread(thread1, s.cursor(1))))
	l.until(t, func() bool { return slices.Contains(l.bodies, "m2") })
	l.until(t, func() bool { return l.bodies[len(l.bodies)-1] == "m5" })
	l.note(func() { require.Equal(t, names(2, 5), l.bodies[len(l.bodies)-4:]) })
}

func TestTopics_ThatMayNotBeReadAnyMoreAreClosed(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	l := listen(t, s, parley.Thread(thread1, ""), parley.Thread(thread2, ""))
	l.until(t, func() bool { return len(l.resets) == 2 })
	s.set(func() { s.closed[thread1] = true })
	l.until(t, func() bool { return len(l.closed) == 1 })
	topics := l.sub.Topics()
	require.Len(t, topics, 1)
	require.Equal(t, thread2, topics[0].GetThreadId())
}

func TestTopics_AreAtMost200(t *testing.T) {
	t.Parallel()
	many := make([]*livev1.Topic, 201)
	for i := range many {
		many[i] = parley.Thread(fmt.Sprint(i), "")
	}
	client := parley.New("http://localhost:1")
	sub := client.Subscribe(parley.SubscribeOptions{})
	require.ErrorContains(t, sub.Add(many...), "200")
	require.Empty(t, sub.Topics())
	for _, err := range client.Subscribe(parley.SubscribeOptions{}, many...).Updates(t.Context()) {
		require.ErrorContains(t, err, "200")
	}
}

// Whatever happens to the streams, each message is told once and in order.
//
// Spec: C4
func TestSubscription_IsCompleteAndWithoutDoublesOverAnyFaults(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newLiveServer(t)
		s.beat = time.Second
		s.outside = rapid.Bool().Draw(rt, "outside")
		s.faults = rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) fault {
			ways := []how{byError, byEnd, byBreak, byParting} // silence takes its time, and is tested by itself
			return fault{
				after:  rapid.IntRange(0, 5).Draw(rt, "after"),
				how:    rapid.SampledFrom(ways).Draw(rt, "how"),
				repeat: rapid.IntRange(0, 4).Draw(rt, "repeat"),
				hint:   time.Duration(rapid.IntRange(0, 1000).Draw(rt, "hint")) * time.Millisecond,
			}
		}), 0, 10).Draw(rt, "faults")
		posts := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 8).Draw(rt, "posts")
		l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
		defer l.stop()
		total := 0
		for _, n := range posts {
			s.posts(n)
			total += n
			l.hears(t, names(1, total)...)
		}
		l.note(func() { require.Empty(t, l.resets) })
	})
}
