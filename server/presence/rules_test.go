package presence

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whoever applies every difference to what they knew knows what is; nobody is
// told twice of the same.
func TestDifferences_LeadFromOneStateToTheNext(t *testing.T) {
	t.Parallel()
	users := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
	rapid.Check(t, func(t *rapid.T) {
		shown, known := make(map[uuid.UUID]State), map[uuid.UUID]State(nil)
		for range rapid.IntRange(1, 8).Draw(t, "looks") {
			there := make(map[uuid.UUID]Status)
			for _, u := range users {
				if rapid.Bool().Draw(t, "there") {
					there[u] = Status{State: rapid.SampledFrom([]State{Online, Away}).Draw(t, "state")}
				}
			}
			complete, lost := rapid.Bool().Draw(t, "complete"), rapid.Bool().Draw(t, "lost")
			next, changed := differences(known, there, complete, lost)
			for u, s := range changed {
				require.NotEqual(t, known[u], s, "told again")
				shown[u] = s
			}
			for _, u := range users {
				status, here := there[u]
				switch {
				case here:
					require.Equal(t, status.State, shown[u])
				case complete:
					require.Contains(t, []State{Unknown, Offline}, shown[u])
					require.NotEqual(t, Online, shown[u])
				}
			}
			known = next
		}
	})
}

func TestTiming_DefaultsKeepThePromiseOfTenSeconds(t *testing.T) {
	t.Parallel()
	d := Timing{}.withDefaults()
	require.Less(t, d.Hold+d.Poll+d.Call, 10*time.Second)
	require.Greater(t, d.Hold, 3*d.Beat, "two writes may be lost")
}

// What another version or program wrote must not be taken for users.
func FuzzAddUsers(f *testing.F) {
	user := uuid.New()
	f.Add("0000000000009"+"00112233445566778899aabbccddeeff", int64(1))
	f.Add("", int64(0))
	f.Add("0000000000009"+user.String(), int64(1))
	f.Fuzz(func(t *testing.T, value string, at int64) {
		there := make(map[uuid.UUID]bool)
		if addUsers(there, value, at) == nil {
			require.LessOrEqual(t, len(there)*32, len(value))
		}
	})
}
