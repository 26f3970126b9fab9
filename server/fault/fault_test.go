package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/fault"
)

// Areas declare failures once and refine them per request; a refinement that
// leaked into the declaration would tell one caller of another's request.
func TestError_RefiningNeverChangesTheDeclaration(t *testing.T) {
	t.Parallel()
	declared := fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed")
	first := declared.With("chat", "1")

	refined := first.With("chat", "2").WithField("chat_id").WithRetry(time.Second).Wrap(io.EOF).WithMessage("chat %d", 7)

	require.Equal(t, fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed"), declared)
	require.Equal(t, map[string]string{"chat": "1"}, first.Metadata)
	require.Equal(t, map[string]string{"chat": "2"}, refined.Metadata)
	require.Equal(t, "chat_id", refined.Field)
	require.Equal(t, time.Second, refined.RetryAfter)
	require.EqualError(t, refined, "chat 7")
}

func TestError_IsTheSameFailureByReasonAlone(t *testing.T) {
	t.Parallel()
	declared := fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed")
	seen := fmt.Errorf("post: %w", declared.With("chat", "2").WithMessage("closed since noon"))

	require.ErrorIs(t, seen, declared)
	require.NotErrorIs(t, seen, fault.New(fault.Precondition, "CHAT_FULL", "the chat is closed"))
	require.NotErrorIs(t, seen, errors.New("the chat is closed"))
}

// The cause is for the log: it must be found by errors.Is and never be in the
// text that the caller reads.
func TestError_KeepsItsCauseOutOfItsText(t *testing.T) {
	t.Parallel()
	err := fault.Newf(fault.Unavailable, "STORE_DOWN", "storage %q does not answer", "files").Wrap(io.ErrUnexpectedEOF)

	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, `storage "files" does not answer`)
}

func TestKindOfAndReasonOf_SeeThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("open: %w", fault.New(fault.Denied, "NOT_YOURS", "not yours"))

	require.Equal(t, fault.Denied, fault.KindOf(err))
	require.Equal(t, "NOT_YOURS", fault.ReasonOf(err))
	require.Zero(t, fault.KindOf(io.EOF))
	require.Empty(t, fault.ReasonOf(nil))
}

func TestKind_EveryKindHasItsOwnName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := fault.NotFound; k <= fault.AlreadyExists; k++ {
		require.NotEqual(t, "unknown", k.String())
		require.False(t, seen[k.String()], k.String())
		seen[k.String()] = true
	}
	require.Equal(t, "unknown", fault.Kind(0).String())
	require.Equal(t, "unknown", (fault.AlreadyExists + 1).String())
}
