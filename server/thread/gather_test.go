package thread_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/thread"
)

// Posts that are gathered share a statement, but not a fate.
func TestPost_OneThatCannotBeStoredTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var all sync.WaitGroup
	errs := make([]error, 300)
	for i := range errs {
		all.Go(func() {
			d := b.draft(b.thread, fmt.Sprint(i))
			if i%10 == 0 {
				d.Body += "\x00" // PostgreSQL stores no NUL
			}
			if i%10 == 1 {
				d.Thread = uuid.New() // there is none
			}
			_, errs[i] = b.log.Post(t.Context(), d)
		})
	}
	all.Wait()
	for i, err := range errs {
		if i%10 < 2 {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, b.all(t, b.thread, thread.Members), 240)
	for i, m := range b.all(t, b.thread, thread.Members) {
		require.Equal(t, int64(i+1), m.Rev)
	}
}

// Whoever hangs up while posting learns by trying again what became of it, and the
// readers are told in any case.
// Spec: A3
func TestPost_IsToldAlsoIfItsCallerHangsUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const posts = 200
	var g errgroup.Group
	for i := range posts {
		g.Go(func() error {
			d := b.draft(b.thread, fmt.Sprint(i))
			if i%3 == 0 {
				d.Mentions = []uuid.UUID{b.user.ID} // another way to the database
			}
			ctx, cancel := context.WithTimeout(t.Context(), rand.N(20*time.Millisecond))
			defer cancel()
			first, err := b.log.Post(ctx, d)
			if err != nil && ctx.Err() == nil {
				return err
			}
			again, err2 := b.log.Post(t.Context(), d)
			if err == nil && first.ID != again.ID {
				return fmt.Errorf("posted %v and then %v", first.ID, again.ID)
			}
			return err2
		})
	}
	require.NoError(t, g.Wait())
	require.Len(t, b.all(t, b.thread, thread.Members), posts)
	told := map[uuid.UUID]bool{}
	require.Eventually(t, func() bool {
		b.heard.mu.Lock()
		defer b.heard.mu.Unlock()
		for _, m := range b.heard.messages {
			told[m.ID] = true
		}
		return len(told) == posts
	}, 5*time.Second, time.Millisecond)
}

// A lost answer to a deletion can be asked for again.
// Spec: A2
func TestDelete_CanBeTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m, err := b.log.Post(t.Context(), b.draft(b.thread, "gone"))
	require.NoError(t, err)
	c := thread.Change{Workspace: b.workspace, Thread: b.thread, Message: m.ID, Editor: b.user}
	first, err := b.log.Delete(t.Context(), c)
	require.NoError(t, err)
	again, err := b.log.Delete(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, first.Rev, again.Rev)
	require.True(t, first.Delete.Equal(*again.Delete))
	c.Editor.ID, c.Editor.Role = uuid.New(), identityv1.Role_ROLE_AGENT
	_, err = b.log.Delete(t.Context(), c)
	require.ErrorIs(t, err, thread.ErrNotYours, "but not by anybody")
}

// Two cursors of one place look different: that one did not change must not tell
// an outsider that there is no note, nor that it did that there is one.
// Spec: C4
func TestCursor_DoesNotShowWhetherAnythingHappened(t *testing.T) {
	t.Parallel()
	s, id := sealer(t), uuid.New()
	seen := map[string]bool{}
	for range 1000 {
		c := s.Cursor(id, 7)
		require.False(t, seen[c])
		seen[c] = true
		rev, current, err := s.Rev(id, c)
		require.NoError(t, err)
		require.True(t, current)
		require.Equal(t, int64(7), rev)
	}
}
