// Package bus is how the servers of one installation tell each other what
// happened, through Redis.
//
// It is an accelerator and never the truth. A signal may be lost, late or
// repeated: whoever needs to be certain compares with PostgreSQL. So publishing
// never waits and never fails; when Redis is gone, or slower than we are, signals
// are dropped and the listeners are told that there is a gap to heal.
//
// Signals go out on sharded pub/sub, by the thread they are about, so that in a
// Redis Cluster the load spreads over its nodes. A server without sharded pub/sub
// (the embedded one) gets the plain kind.
package bus

import (
	"context"
	"hash/fnv"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/proto"

	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
)

const (
	shards     = 4
	queueSize  = 8192
	pipeline   = 256
	callTime   = 2 * time.Second
	retryAfter = 250 * time.Millisecond
	pingEvery  = 3 * time.Second
	probeEvery = 250 * time.Millisecond
	// helloEffect is after how long a node that said hello may count on hearing
	// everything.
	helloEffect = 300 * time.Millisecond
)

// Bus tells other servers, and hears from them. Make it with New, register
// handlers, then Run it.
type Bus struct {
	redis   redis.UniversalClient
	node    uuid.UUID
	log     *slog.Logger
	out     chan outgoing
	up      atomic.Int32 // shards that are being heard
	others  atomic.Int64 // signs of life of other nodes, and one
	aloneAt atomic.Int64 // how many there were when nobody else heard us; 0 if somebody did
	probed  atomic.Int64 // when that was last tried, in Unix milliseconds
	dropped atomic.Int64
	plain   atomic.Bool

	mu       sync.RWMutex
	handlers []func(*wirev1.Signal)
	gaps     []func()
}

type outgoing struct {
	shard   int
	payload []byte
}

// New makes a bus over Redis. Without Redis (nil) it still serves its own node.
func New(client redis.UniversalClient, node uuid.UUID, log *slog.Logger) *Bus {
	b := &Bus{redis: client, node: node, log: log, out: make(chan outgoing, queueSize)}
	b.others.Store(1)
	return b
}

// Handle registers what is called with every signal, of this node and of the
// others. It must not block. Register before Run.
func (b *Bus) Handle(f func(*wirev1.Signal)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handlers = append(b.handlers, f)
}

// OnGap registers what is called when signals of other nodes may have been lost,
// and those that follow will be heard: once Redis is there, and again whenever it
// was gone. Until then Healthy is false.
func (b *Bus) OnGap(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaps = append(b.gaps, f)
}

// Healthy is false while signals of other nodes may not arrive.
func (b *Bus) Healthy() bool { return b.redis == nil || b.up.Load() == shards }

// Dropped counts the signals that were not sent.
func (b *Bus) Dropped() int64 { return b.dropped.Load() }

// Publish tells this node's handlers at once and the other nodes soon.
func (b *Bus) Publish(s *wirev1.Signal) {
	b.deliver(s)
	b.Send(s)
}

// Send tells the other nodes only. While there are none, of what a gap heals only
// one signal a quarter of a second goes out, to learn whether that is still so; a
// node that comes says so itself and compares with PostgreSQL a moment later, so it
// misses nothing. What is not healed so, such as that a credential has ended, is
// rare and always goes out.
func (b *Bus) Send(s *wirev1.Signal) {
	if b.redis == nil || (healable(s) && b.alone() && !b.dueProbe()) {
		return
	}
	s.NodeId = b.node[:]
	payload, err := proto.Marshal(s)
	if err != nil {
		b.log.Error("encode signal", "error", err)
		return
	}
	select {
	case b.out <- outgoing{shard: shardOf(s), payload: payload}:
	default:
		b.dropped.Add(1)
	}
}

// healable is true for what a node finds in PostgreSQL after a gap.
func healable(s *wirev1.Signal) bool {
	switch s.GetWhat().(type) {
	case *wirev1.Signal_Message, *wirev1.Signal_Mark, *wirev1.Signal_Inbox, *wirev1.Signal_ChatId, *wirev1.Signal_Records:
		return true
	default:
		return false
	}
}

// alone is true if nobody else heard us when that was last looked at, and nobody
// came since: not even while the answer was on its way.
func (b *Bus) alone() bool { return b.aloneAt.Load() == b.others.Load() }

// dueProbe is true once in a while.
func (b *Bus) dueProbe() bool {
	now, last := time.Now().UnixMilli(), b.probed.Load()
	return now-last >= probeEvery.Milliseconds() && b.probed.CompareAndSwap(last, now)
}

// Run sends and receives until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	if b.redis == nil {
		<-ctx.Done()
		return nil
	}
	var wg sync.WaitGroup
	wg.Go(func() { b.sendAll(ctx) })
	for shard := range shards {
		wg.Go(func() { b.receiveAll(ctx, shard) })
	}
	wg.Wait()
	return nil
}

// sendAll writes what waits, as much as there is in one round trip.
func (b *Bus) sendAll(ctx context.Context) {
	batch := make([]outgoing, 0, pipeline)
	for {
		batch = batch[:0]
		select {
		case <-ctx.Done():
			return
		case o := <-b.out:
			batch = append(batch, o)
		}
		for len(batch) < pipeline && len(b.out) > 0 {
			batch = append(batch, <-b.out)
		}
		_ = b.sendBatch(ctx, batch) // what was lost is healed from PostgreSQL
	}
}

func (b *Bus) sendBatch(running context.Context, batch []outgoing) error {
	ctx, cancel := context.WithTimeout(running, callTime)
	defer cancel()
	others := b.others.Load() // before anything is sent
	p := b.redis.Pipeline()
	for _, o := range batch {
		if b.plain.Load() {
			p.Publish(ctx, channel(o.shard), o.payload)
		} else {
			p.SPublish(ctx, channel(o.shard), o.payload)
		}
	}
	answers, err := p.Exec(ctx)
	if err != nil && running.Err() == nil {
		b.dropped.Add(int64(len(batch)))
		b.log.Debug("signals were not sent", "count", len(batch), "error", err)
	}
	if err != nil || b.up.Load() != shards || !heardByOne(answers) {
		others = 0
	}
	b.aloneAt.Store(others)
	return err
}

// heardByOne is true if every signal reached one node, which is this one.
func heardByOne(answers []redis.Cmder) bool {
	for _, a := range answers {
		if n, ok := a.(*redis.IntCmd); !ok || n.Val() > 1 {
			return false
		}
	}
	return true
}

// hello tells the other nodes that there is one more to tell. What they kept to
// themselves until they heard it is a gap.
func (b *Bus) hello(ctx context.Context, shard int) error {
	payload, err := proto.Marshal(&wirev1.Signal{NodeId: b.node[:]})
	if err != nil {
		return err
	}
	if err := b.sendBatch(ctx, []outgoing{{shard: shard, payload: payload}}); err != nil {
		return err
	}
	time.AfterFunc(helloEffect, func() {
		if ctx.Err() == nil {
			b.gap()
		}
	})
	return nil
}

// receiveAll listens to a shard, and again whenever the connection was lost.
func (b *Bus) receiveAll(ctx context.Context, shard int) {
	for ctx.Err() == nil {
		heard, err := b.receive(ctx, shard)
		if heard && b.up.Add(-1) == shards-1 && ctx.Err() == nil {
			b.log.Warn("Redis is gone; live delivery goes on from PostgreSQL, within a second", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// receive listens until something breaks. heard is true if it came so far as to
// hear anything, and so counted the shard as up.
func (b *Bus) receive(ctx context.Context, shard int) (heard bool, err error) {
	if err := b.probe(ctx); err != nil {
		return false, err
	}
	sub := b.subscribe(ctx, shard)
	defer func() { _ = sub.Close() }()
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })() // a read of Redis does not end with its context
	if _, err := sub.ReceiveTimeout(ctx, callTime); err != nil {
		return false, err
	}
	if b.up.Add(1) == shards {
		b.log.Info("Redis is there; live delivery goes through it")
		b.gap() // what was sent before the last subscription stood is lost
	}
	if err := b.hello(ctx, shard); err != nil {
		return true, err
	}
	return true, b.listen(ctx, sub)
}

// listen hands on what arrives. A connection that is silent is asked whether it
// still stands: a dead network says nothing by itself.
func (b *Bus) listen(ctx context.Context, sub *redis.PubSub) error {
	silent := 0
	for ctx.Err() == nil {
		got, err := sub.ReceiveTimeout(ctx, pingEvery)
		switch {
		case isTimeout(err):
			if silent++; silent > 1 {
				return err
			}
			if err := sub.Ping(ctx); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			silent = 0
			if m, ok := got.(*redis.Message); ok {
				b.arrived(m.Payload)
			}
		}
	}
	return ctx.Err()
}

func (b *Bus) subscribe(ctx context.Context, shard int) *redis.PubSub {
	if b.plain.Load() {
		return b.redis.Subscribe(ctx, channel(shard))
	}
	return b.redis.SSubscribe(ctx, channel(shard))
}

// probe finds out whether Redis is there and knows sharded pub/sub.
func (b *Bus) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := b.redis.SPublish(ctx, channel(0), []byte{}).Err()
	if err != nil && strings.Contains(strings.ToLower(err.Error()), "unknown command") {
		b.plain.Store(true)
		return b.redis.Ping(ctx).Err()
	}
	return err
}

func (b *Bus) arrived(payload string) {
	s := new(wirev1.Signal)
	if err := proto.Unmarshal([]byte(payload), s); err != nil {
		b.log.Warn("a signal could not be read", "error", err)
		return
	}
	node, err := uuid.FromBytes(s.GetNodeId())
	if err != nil || node == b.node {
		return // nobody's, or our own
	}
	b.others.Add(1)
	if s.GetWhat() != nil { // more than a hello
		b.deliver(s)
	}
}

func (b *Bus) deliver(s *wirev1.Signal) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, f := range b.handlers {
		f(s)
	}
}

func (b *Bus) gap() {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, f := range b.gaps {
		f()
	}
}

// channel names a shard; each has a slot of its own in a Cluster.
func channel(shard int) string { return "{parley:" + strconv.Itoa(shard) + "}:signal" }

// shardOf keeps the signals of one thread in order, and of a workspace those that
// are about no thread.
func shardOf(s *wirev1.Signal) int {
	h := fnv.New32a()
	if id := s.GetMessage().GetMessage().GetThreadId(); id != "" {
		_, _ = h.Write([]byte(id))
	} else {
		_, _ = h.Write(s.GetWorkspaceId())
	}
	return int(h.Sum32() % shards)
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}
