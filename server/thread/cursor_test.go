package thread_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/thread"
)

func sealer(t require.TestingT) *thread.Sealer {
	s, err := thread.NewSealer(uuid.MustParse("018f0000-0000-7000-8000-000000000001"), make([]byte, 32))
	require.NoError(t, err)
	return s
}

func TestCursor_NamesTheSamePlaceAgain(t *testing.T) {
	t.Parallel()
	s := sealer(t)
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "thread"))
		rev := rapid.Int64Range(0, 1<<40-1).Draw(t, "rev")
		got, current, err := s.Rev(id, s.Cursor(id, rev))
		require.NoError(t, err)
		require.True(t, current)
		require.Equal(t, rev, got)
	})
}

func TestCursor_OfAnotherThreadIsRefused(t *testing.T) {
	t.Parallel()
	s := sealer(t)
	_, _, err := s.Rev(uuid.New(), s.Cursor(uuid.New(), 7))
	require.ErrorIs(t, err, thread.ErrCursor)
}

func TestCursor_OfAnOlderDatabaseIsKnown(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	old, err := thread.NewSealer(uuid.New(), make([]byte, 32))
	require.NoError(t, err)
	rev, current, err := sealer(t).Rev(id, old.Cursor(id, 7))
	require.NoError(t, err)
	require.False(t, current)
	require.Equal(t, int64(7), rev)
}

func FuzzCursor(f *testing.F) {
	id := uuid.MustParse("018f0000-0000-7000-8000-000000000002")
	f.Add("")
	f.Add(sealer(f).Cursor(id, 7))
	f.Add("AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		s := sealer(t)
		rev, current, err := s.Rev(id, cursor)
		if err == nil && (rev < 0 || rev >= 1<<40) {
			t.Fatalf("%q was taken for rev %d (%v)", cursor, rev, current)
		}
	})
}
