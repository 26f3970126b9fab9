package live_test

import (
	"os"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

// TestMain also serves as the node that a fault test kills and as the readers of a
// benchmark, and looks for
// goroutines that any stream of any test left behind.
func TestMain(m *testing.M) {
	logging.Disable() // of a Redis that is stopped it says the same a hundred times
	if os.Getenv(victimVariable) != "" {
		os.Exit(victim())
	}
	if os.Getenv(crowdVariable) != "" {
		os.Exit(gather())
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/parley-chat/parley/server/embedded.(*process).run"), // the tests' servers
	)
}
