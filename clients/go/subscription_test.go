package parley_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	parley "github.com/parley-chat/parley/clients/go"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

const (
	thread1 = "5f0c8f0e-6f0e-4c8e-9a34-0b5d3c1d0001"
	thread2 = "5f0c8f0e-6f0e-4c8e-9a34-0b5d3c1d0002"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// listener goes through a subscription's updates and remembers them.
type listener struct {
	sub    *parley.Subscription
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	bodies  []string
	resets  []livev1.ResetReason
	resumed int
	closed  []string
	states  []parley.State
	waits   []time.Duration
	err     error
}

// listen subscribes; back-offs pass in no time.
func listen(t *testing.T, s *liveServer, topics ...*livev1.Topic) *listener {
	t.Helper()
	l := &listener{done: make(chan struct{})}
	sleep := func(ctx context.Context, d time.Duration) error {
		l.note(func() { l.waits = append(l.waits, d) })
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d / 1000):
			return nil
		}
	}
	limits := parley.Limits{FirstFrame: time.Second, Update: time.Second, Poll: 5 * time.Second}
	l.start(t, parley.New(s.url, parley.WithTestTempo(sleep, limits)), topics)
	return l
}

// listenTo subscribes through a client.
func listenTo(t *testing.T, client *parley.Client, topics ...*livev1.Topic) *listener {
	t.Helper()
	l := &listener{done: make(chan struct{})}
	l.start(t, client, topics)
	return l
}

func (l *listener) start(t *testing.T, client *parley.Client, topics []*livev1.Topic) {
	t.Helper()
	l.sub = client.Subscribe(parley.SubscribeOptions{OnState: func(state parley.State) {
		l.note(func() { l.states = append(l.states, state) })
	}}, topics...)
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	go l.run(ctx)
	t.Cleanup(l.stop)
}

func (l *listener) run(ctx context.Context) {
	defer close(l.done)
	for update, err := range l.sub.Updates(ctx) {
		l.note(func() {
			switch {
			case err != nil:
				l.err = err
			case update.Event.GetMessage() != nil:
				l.bodies = append(l.bodies, update.Event.GetMessage().GetBody())
			case update.Reset != nil:
				l.resets = append(l.resets, update.Reset.GetResetReason())
			case update.Resumed != nil:
				l.resumed++
			case update.Closed != nil:
				l.closed = append(l.closed, update.Closed.GetTopic().GetThreadId())
			}
		})
	}
}

func (l *listener) stop() {
	l.cancel()
	<-l.done
}

func (l *listener) note(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// until waits until something is so.
func (l *listener) until(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return is()
	}, patience, time.Millisecond)
}

// hears waits until exactly these messages were told.
func (l *listener) hears(t *testing.T, bodies ...string) {
	t.Helper()
	l.until(t, func() bool { return len(l.bodies) >= len(bodies) })
	l.note(func() { require.Equal(t, bodies, l.bodies) })
}

func (l *listener) phase() parley.Phase {
	if len(l.states) == 0 {
		return parley.PhaseConnecting
	}
	return l.states[len(l.states)-1].Phase
}

func (l *listener) isLive() bool { return l.phase() == parley.PhaseLive }

// names are what posts calls messages.
func names(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint("m", i))
	}
	return all
}

func TestSubscription_TellsWhatIsPostedWhileItIsPosted(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, l.isLive)
	s.posts(2)
	l.hears(t, "m1", "m2")
}

// Spec: C4
func TestSubscription_TellsEachMessageOnceHoweverStreamsEnd(t *testing.T) {
	t.Parallel()
	for way := byError; way < byRevoke; way++ {
		t.Run(fmt.Sprint(way), func(t *testing.T) {
			t.Parallel()
			s := newLiveServer(t)
			s.beat = time.Second
			s.posts(7)
			s.faults = []fault{{after: 4, how: way}, {after: 3, how: way}, {after: 4, how: way}}
			l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
			l.hears(t, names(1, 7)...)
			l.until(t, l.isLive)
			require.Equal(t, []string{"1:0", "1:2", "1:3", "1:5"}, s.cursors())
			l.note(func() { require.Empty(t, l.resets) })
		})
	}
}

func TestSubscription_TellsNothingTwiceThatTheServerRepeats(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.posts(6)
	s.faults = []fault{{after: 6, how: byBreak}, {after: 4, how: byEnd, repeat: 3}, {after: -1, repeat: 6}}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.hears(t, names(1, 6)...)
	s.posts(1)
	l.hears(t, names(1, 7)...)
}

func TestSubscription_TellsAnOutsiderEachStateOfAMessageOnce(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.outside = true
	s.post(thread1, "a", "one")
	s.post(thread1, "b", "two")
	s.post(thread1, "a", "one, mended")
	s.faults = []fault{{after: 4, how: byError}, {after: 5, how: byError, repeat: 3}}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, func() bool { return len(l.states) > 6 && l.isLive() })
	s.post(thread1, "c", "three")
	l.hears(t, "one", "two", "one, mended", "three")
}

func TestSubscription_TellsLateChangesButNeverAnOlderStateOfAMessage(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.post(thread1, "a", "one")
	s.post(thread1, "b", "two")
	s.post(thread1, "a", "one, mended")
	s.post(thread1, "c", "three")
	s.log[0], s.log[2] = s.log[2], s.log[0]
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.hears(t, "one, mended", "two", "three")
}

func TestSubscription_GoesOnFromAHeartbeatsPosition(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.beat = time.Second
	s.faults = []fault{{after: 3, how: byBreak}}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, l.isLive)
	s.post(thread2, "x", "x")
	l.until(t, func() bool { return l.resumed == 2 })
	require.Equal(t, []string{"1:0", "1:1"}, s.cursors())
}

func TestSubscription_SaysThatAThreadIsToBeReadAnewAndGoesOnFromThere(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.posts(2)
	s.faults = []fault{{after: 4, how: byBreak}}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	s.set(func() { s.epoch = 2 }) // the database is an older copy
	l.until(t, func() bool { return len(l.resets) > 0 })
	l.note(func() {
		require.Equal(t, []livev1.ResetReason{livev1.ResetReason_RESET_REASON_EPOCH_CHANGED}, l.resets)
		l.bodies = nil
	})
	s.set(func() { s.log = s.log[:1] })
	s.posts(0)
	s.post(thread1, "again", "again")
	s.post(thread1, "more", "more")
	l.until(t, func() bool { return len(l.bodies) > 0 })
	l.note(func() { require.Equal(t, []string{"more"}, l.bodies) })
	require.Equal(t, "2:3", l.sub.Topics()[0].GetCursor())
}

func TestSubscription_SaysAtEachConnectingThatStatesAreToBeReadAnew(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.faults = []fault{{after: 4, how: byBreak}}
	l := listen(t, s, parley.Inbox(), parley.Presence(), parley.Chats())
	l.until(t, func() bool { return len(l.resets) == 6 })
}

func TestSubscription_WaitsAsLongAsTheServerAsks(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.beat = 2500 * time.Millisecond // so that the stream is a good one
	s.faults = []fault{{after: 3, how: byParting, hint: 7 * time.Second}}
	l := listen(t, s, parley.Thread(thread1, ""))
	l.until(t, func() bool { return len(l.waits) == 1 })
	l.note(func() { require.Equal(t, []time.Duration{7 * time.Second}, l.waits) })
}

func TestSubscription_WaitsLongerTheMoreOftenItFails(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.failPoll = true
	for range 40 {
		s.faults = append(s.faults, fault{how: byError})
	}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, func() bool { return len(l.waits) >= 30 })
	l.note(func() {
		limit := 300 * time.Millisecond
		for _, wait := range l.waits {
			require.LessOrEqual(t, wait, limit)
			limit = min(2*limit, 20*time.Second)
		}
		require.Greater(t, maxOf(l.waits), 5*time.Second)
	})
}

func maxOf(waits []time.Duration) (most time.Duration) {
	for _, wait := range waits {
		most = max(most, wait)
	}
	return most
}

func TestSubscription_EndsWithWhatTryingAgainDoesNotCure(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.faults = []fault{{after: 2, how: byRevoke}}
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	<-l.done
	require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(l.err))
	streams, _, _ := s.count()
	require.Equal(t, 1, streams)
}

func TestSubscription_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	l := listen(t, s, parley.Thread(thread1, s.cursor(0)))
	l.until(t, l.isLive)
	l.stop()
	require.ErrorIs(t, l.err, context.Canceled)
}

func TestSubscription_LeavingTheLoopLosesNothing(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	s.posts(3)
	sub := parley.New(s.url).Subscribe(parley.SubscribeOptions{}, parley.Thread(thread1, s.cursor(0)))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var heard []string
	for range 3 {
		for update, err := range sub.Updates(ctx) {
			require.NoError(t, err)
			if m := update.Event.GetMessage(); m != nil {
				heard = append(heard, m.GetBody())
				break
			}
		}
	}
	require.Equal(t, names(1, 3), heard)
}

func TestSubscription_OnlyOneLoopMayRun(t *testing.T) {
	t.Parallel()
	s := newLiveServer(t)
	l := listen(t, s, parley.Thread(thread1, ""))
	l.until(t, l.isLive)
	for _, err := range l.sub.Updates(context.Background()) {
		require.ErrorContains(t, err, "another loop")
	}
}

func TestSubscription_PollsWhereStreamsBreakBeforeTheirFirstFrame(t *testing.T) {
	t.Parallel()
	for _, way := range []how{byError, bySilence} {
		t.Run(fmt.Sprint(way), func(t *testing.T) {
			t.Parallel()
			s := newLiveServer(t)
			s.posts(3)
			s.faults = []fault{{after: 4, how: byBreak}, {how: way}, {how: way}, {how: way}}
			l := listen(t, s, parley.Thread(thread1, s.cursor(0)), parley.Inbox())
			l.until(t, func() bool { return l.phase() == parley.PhasePolling })
			s.posts(2)
			l.hears(t, names(1, 5)...)
			streams, polls, _ := s.count()
			require.Equal(t, 4, streams)
			require.Positive(t, polls)

			require.NoError(t, l.sub.Add(parley.Thread(thread2, s.cursor(0))))
			s.post(thread2, "other", "other")
			l.hears(t, append(names(1, 5), "other")...)
		})
	}
}
