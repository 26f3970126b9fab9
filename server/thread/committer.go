package thread

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/fault"
)

// The committer's limits. They were found by `parley bench` on two cores shared
// with PostgreSQL and the clients; more of either only makes statements wait for
// each other.
const (
	defaultLanes = 6                    // statements on their way at once, at most
	patience     = 5 * time.Millisecond // before a second one overtakes the first
	batchSize    = 128                  // posts in one statement
	queueSize    = 4096
	commitTime   = 15 * time.Second
)

// errBusy is the answer when more posts wait than could be served in time.
var errBusy = fault.New(fault.Unavailable, "POSTING_BUSY", "too many messages are waiting to be stored; try again in a moment").WithRetry(time.Second)

// committer is the group commit of a node. A post that finds nothing on its way
// goes to the database at once and alone. Those that come meanwhile are gathered,
// and go together in one statement with one commit as soon as the one before is
// back: the more there is to do, the more goes at once, and no post ever waits for
// others to come. A statement that takes long, because it waits for a lock, is
// overtaken after a moment by what does not need that lock.
//
// Two statements of a node never touch one thread at the same time: the second
// would only wait for the first one's row lock, and a hot thread is served best
// by one statement after the other, each with all that waits.
type committer struct {
	lanes   int
	one     func(context.Context, *Draft) (Message, error)
	many    func(context.Context, []*post)
	late    func(*Message)
	mu      sync.Mutex
	waiting []*post
	busy    map[uuid.UUID]struct{}
	running int
	began   time.Time // when the newest statement was sent off
	watch   *time.Timer
	watched bool
}

// post is a draft on its way.
type post struct {
	draft  *Draft
	done   chan struct{}
	result Message
	err    error
}

// newCommitter makes a committer of what stores one draft and many; late is told of
// a message whose caller did not wait for it.
func newCommitter(
	lanes int, one func(context.Context, *Draft) (Message, error), many func(context.Context, []*post), late func(*Message),
) *committer {
	if lanes <= 0 {
		lanes = defaultLanes
	}
	return &committer{lanes: lanes, one: one, many: many, late: late, busy: make(map[uuid.UUID]struct{})}
}

// do commits one draft and answers when it is durable. If ctx ends first the
// post may still be committed; the caller learns that by trying again with the
// same request id.
func (c *committer) do(ctx context.Context, d *Draft) (Message, error) {
	c.mu.Lock()
	if _, busy := c.busy[d.Thread]; !busy && len(c.waiting) == 0 && c.free() {
		c.busy[d.Thread] = struct{}{}
		c.begin()
		c.mu.Unlock()
		m, err := c.one(ctx, d)
		c.finish(d.Thread)
		return m, err
	}
	if len(c.waiting) >= queueSize {
		c.mu.Unlock()
		return Message{}, errBusy
	}
	p := &post{draft: d, done: make(chan struct{})}
	c.waiting = append(c.waiting, p)
	c.dispatch()
	c.mu.Unlock()
	select {
	case <-p.done:
		return p.result, p.err
	case <-ctx.Done():
		go func() {
			if <-p.done; p.err == nil {
				c.late(&p.result)
			}
		}()
		return Message{}, ctx.Err()
	}
}

// free is true if one more statement may be sent off. The caller holds mu.
func (c *committer) free() bool {
	return c.running == 0 || (c.running < c.lanes && time.Since(c.began) >= patience)
}

func (c *committer) begin() {
	c.running++
	c.began = time.Now()
}

// dispatch sends off what may go now, and sees to it that what may not is looked
// at again. The caller holds mu.
func (c *committer) dispatch() {
	defer c.lookAgain()
	for c.free() {
		batch := c.take()
		if len(batch) == 0 {
			return
		}
		c.begin()
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), commitTime)
			c.many(ctx, batch)
			cancel()
			threads := make([]uuid.UUID, 0, len(batch))
			for _, p := range batch {
				threads = append(threads, p.draft.Thread)
				close(p.done)
			}
			c.finish(threads...)
		}()
	}
}

// lookAgain makes a slow statement be overtaken even if nobody else posts. The
// caller holds mu.
func (c *committer) lookAgain() {
	if len(c.waiting) == 0 || c.watched {
		return
	}
	c.watched = true
	if c.watch != nil {
		c.watch.Reset(patience)
		return
	}
	c.watch = time.AfterFunc(patience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watched = false
		c.dispatch()
	})
}

// take removes from the queue the posts that can go in one statement: those
// whose threads are free, in the order they came.
func (c *committer) take() []*post {
	var batch []*post
	mine := make(map[uuid.UUID]struct{})
	rest := c.waiting[:0]
	for _, p := range c.waiting {
		_, busy := c.busy[p.draft.Thread]
		_, own := mine[p.draft.Thread]
		if len(batch) == batchSize || (busy && !own) {
			rest = append(rest, p)
			continue
		}
		mine[p.draft.Thread] = struct{}{}
		c.busy[p.draft.Thread] = struct{}{}
		batch = append(batch, p)
	}
	clear(c.waiting[len(rest):])
	c.waiting = rest
	return batch
}

// finish frees threads and sends off what waited for them.
func (c *committer) finish(threads ...uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	for _, t := range threads {
		delete(c.busy, t)
	}
	if len(c.waiting) > 0 {
		c.dispatch()
	}
}
