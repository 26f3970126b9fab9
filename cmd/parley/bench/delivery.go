package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
)

// crowd are subscribers of one thread and what they saw.
type crowd struct {
	readers  []*reader
	wg       sync.WaitGroup
	received atomic.Int64
	doubled  atomic.Int64
	mu       sync.Mutex
	delays   []time.Duration
}

// gather opens n streams on a thread and begins to read them.
func (b *bench) gather(ctx context.Context, n int, thread string) (*crowd, error) {
	c := &crowd{}
	for i := range n {
		r, err := b.stage.dial(ctx, b.stage.tokens[i%len(b.stage.tokens)], thread, "")
		if err != nil {
			return c, err
		}
		if _, err := r.opened(); err != nil {
			return c, fmt.Errorf("open topic: %w", err)
		}
		c.readers = append(c.readers, r)
		c.wg.Go(func() { c.read(r) })
	}
	return c, nil
}

func (c *crowd) read(r *reader) {
	var buf []byte
	var err error
	last := int64(-1)
	delays := make([]time.Duration, 0, 64)
	for {
		if buf, err = r.frame(buf); err != nil {
			break
		}
		nanos, number, ok := sentAt(buf)
		if !ok {
			continue
		}
		delays = append(delays, time.Duration(time.Now().UnixNano()-nanos))
		if number == last {
			c.doubled.Add(1)
		}
		last = number
		c.received.Add(1)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delays = append(c.delays, delays...)
}

// wait waits until all was received, or for so long.
func (c *crowd) wait(want int64, d time.Duration) {
	for end := time.Now().Add(d); c.received.Load() < want && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
}

func (c *crowd) disperse() {
	for _, r := range c.readers {
		r.stop()
	}
	c.wg.Wait()
}

// delivery measures the way from the post to the subscribers.
func (b *bench) delivery(ctx context.Context) error {
	for _, open := range []struct {
		subscribers, rate int
		goal              float64
	}{{2, 100, 0}, {100, 50, 5}, {1000, 10, 0}} {
		if open.subscribers > b.Most {
			continue
		}
		if err := b.openLoop(ctx, open.subscribers, open.rate, open.goal); err != nil {
			return err
		}
	}
	return b.saturate(ctx, min(1000, b.Most))
}

// openLoop posts at a rate, whatever the answers.
func (b *bench) openLoop(ctx context.Context, subscribers, rate int, goal float64) error {
	if err := b.stage.restart(ctx); err != nil {
		return err
	}
	thread := b.stage.threads[subscribers%benchThreads]
	c, err := b.gather(ctx, subscribers, thread)
	defer c.disperse()
	if err != nil {
		return err
	}
	number := b.post(ctx, thread)
	if err := number(0); err != nil { // the first post pays for connections and caches
		return err
	}
	c.wait(int64(subscribers), 5*time.Second)
	c.received.Store(0)
	total := int(b.Seconds*2) * rate
	server := cpu(b.stage.node.cmd.Process.Pid)
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	var failed atomic.Pointer[error]
	var posting sync.WaitGroup
	for i := range total {
		<-ticker.C
		posting.Go(func() {
			if err := number(int64(i + 1)); err != nil {
				failed.Store(&err)
			}
		})
	}
	posting.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	want := int64(total * subscribers)
	c.wait(want, 10*time.Second)
	used := cpu(b.stage.node.cmd.Process.Pid) - server
	c.disperse()
	delays := c.delays[min(subscribers, len(c.delays)):]
	name := fmt.Sprintf("delivery to %d subscribers at %d posts/s", subscribers, rate)
	b.add(Result{Part: "delivery", Name: name + ", p99", Value: percentile(delays, .99), Unit: "ms", Goal: goal, AtMost: true, Detail: fmt.Sprintf(
		"p50 %.1f ms; %.0f µs processor time a delivery", percentile(delays, .5), float64(used.Microseconds())/float64(want))})
	b.count(c, want)
	return nil
}

func (b *bench) count(c *crowd, want int64) {
	b.report.Doubled += c.doubled.Load()
	if missing := want - c.received.Load(); missing > 0 {
		b.report.Lost += missing
	} else if missing < 0 {
		b.report.Doubled += -missing
	}
}

// post answers a function that posts a stamped message to a thread.
func (b *bench) post(ctx context.Context, thread string) func(number int64) error {
	client := chatterv1connect.NewChatterServiceClient(&http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 64, DisableCompression: true,
	}}, b.stage.node.url, bearer(b.stage.tokens[0]))
	return func(number int64) error {
		_, err := client.PostMessage(ctx, &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: thread, Body: stamped(number)})
		return err
	}
}

// saturate posts into one thread as fast as the subscribers can be told.
func (b *bench) saturate(ctx context.Context, subscribers int) error {
	if err := b.stage.restart(ctx); err != nil {
		return err
	}
	thread := b.stage.threads[7]
	c, err := b.gather(ctx, subscribers, thread)
	defer c.disperse()
	if err != nil {
		return err
	}
	number := b.post(ctx, thread)
	var next, posted atomic.Int64
	server := cpu(b.stage.node.cmd.Process.Pid)
	began := time.Now()
	_, took, err := drive(ctx, 8, time.Duration(b.Seconds*float64(time.Second)), func(context.Context, int) error {
		// No further ahead of the readers than they can be told in a moment: what
		// is measured is delivering, and not how far one can fall behind.
		for posted.Load()*int64(subscribers)-c.received.Load() > int64(subscribers)*100 {
			time.Sleep(200 * time.Microsecond)
		}
		posted.Add(1)
		return number(next.Add(1))
	})
	if err != nil {
		return err
	}
	want := int64(len(took)) * int64(subscribers)
	c.wait(want, 20*time.Second)
	elapsed := time.Since(began)
	used := cpu(b.stage.node.cmd.Process.Pid) - server
	c.disperse()
	b.add(Result{Part: "delivery", Name: fmt.Sprintf("saturated deliveries to %d subscribers", subscribers), Value: float64(c.received.Load()) / elapsed.Seconds(),
		Unit: "/s", Goal: 70_000, Detail: fmt.Sprintf("%.0f durable posts/s; %.1f µs processor time a delivery",
			float64(len(took))/elapsed.Seconds(), float64(used.Microseconds())/float64(want))})
	b.count(c, want)
	return nil
}
