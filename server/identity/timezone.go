package identity

import (
	"time"
	_ "time/tzdata" // names mean the same on machines that have no list of their own
)

// isTimeZone reports whether a name is that of a time zone. The machine's own
// zone has none: it would be another on each node.
func isTimeZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
