package fault

// Kind is what a caller can do about a failure.
type Kind uint8

// The kinds, each with the advice that it gives.
const (
	NotFound        Kind = iota + 1 // no such thing, or none that the caller may see
	Invalid                         // never right: change the request
	Precondition                    // not right now: change the state, then try again
	Conflict                        // lost a race: try again
	Denied                          // the caller may see it, but not do this
	Exhausted                       // too much: wait, then try again
	Unauthenticated                 // who the caller is was not proved: sign in, then try again
	Unavailable                     // a part of the service cannot be reached: try again later
	AlreadyExists                   // the name or key is taken: choose another, or use what is there
)

// String names the kind for logs and test failures; it is no part of the API.
func (k Kind) String() string {
	names := [...]string{
		NotFound: "not found", Invalid: "invalid", Precondition: "precondition", Conflict: "conflict",
		Denied: "denied", Exhausted: "exhausted", Unauthenticated: "unauthenticated",
		Unavailable: "unavailable", AlreadyExists: "already exists",
	}
	if k == 0 || int(k) >= len(names) {
		return "unknown"
	}
	return names[k]
}
