package parley

import "time"

const (
	// barrenStreams is how many streams in a row may end without a frame before
	// polls are tried instead.
	barrenStreams = 3
	// pollFor is how long polls go on before a stream is tried again.
	pollFor = 5 * time.Minute
	// goodStream is how long a good stream lasts at least.
	goodStream = 2 * time.Second
	// pollPause is the least time between polls that tell nothing.
	pollPause = time.Second
)

// outcome is how a stream or a poll went.
type outcome struct {
	heard  bool          // the server told anything
	lasted time.Duration // how long it was
	hint   time.Duration // how long the server asked to wait
	parted bool          // the server ended it, and well
	err    error         // why it ended, if it did not end well
}

// plan decides what a subscription does next: a stream or a poll, and how long to
// wait before.
type plan struct {
	retry     Retry
	failures  int
	barren    int
	pollUntil time.Time
}

// polls reports whether a poll comes next.
func (p *plan) polls(now time.Time) bool { return now.Before(p.pollUntil) }

// streamed takes in how a stream went, and answers how long to wait.
func (p *plan) streamed(o outcome, now time.Time) time.Duration {
	if o.heard {
		p.barren = 0
	} else if p.barren++; p.barren >= barrenStreams {
		p.pollUntil = now.Add(pollFor)
	}
	good := o.heard && o.lasted >= goodStream
	if good {
		p.failures = 0
	}
	if good && o.parted {
		return o.hint
	}
	return p.wait(o.hint)
}

// polled takes in how a poll went, and answers how long to wait.
func (p *plan) polled(o outcome) time.Duration {
	if o.err != nil {
		p.pollUntil = time.Time{}
		return p.wait(o.hint)
	}
	p.failures = 0
	if o.heard || o.lasted >= pollPause {
		return 0
	}
	return pollPause
}

func (p *plan) wait(hint time.Duration) time.Duration {
	p.failures++
	return max(hint, p.retry.pause(p.failures-1))
}
