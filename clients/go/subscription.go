package parley

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"connectrpc.com/connect"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
)

// SubscribeOptions say how to be told. The zero value will do.
type SubscribeOptions struct {
	// Active, if set, is asked at each connecting whether the user of this client
	// is active.
	Active func() bool
	// OnState, if set, is called whenever the state changes, from the goroutine
	// that goes through the updates.
	OnState func(State)
}

// Update is something that a subscription tells. One field is set.
type Update struct {
	// Event is a change. No state of a message is told twice.
	Event *livev1.Event
	// Reset says that a topic begins here, and what was before may have been
	// missed: read its state anew. Topics that are not threads say so at each
	// connecting.
	Reset *livev1.TopicOpened
	// Resumed says that a thread goes on and nothing was missed. The read marks in
	// it may be newer than those known.
	Resumed *livev1.TopicOpened
	// Closed says that a topic has ended, since it may not be read any more. The
	// subscription goes on without it.
	Closed *livev1.TopicClosed
}

// Phase is how a subscription is connected.
type Phase int

// The phases of a subscription.
const (
	// PhaseConnecting: a stream is being opened.
	PhaseConnecting Phase = iota
	// PhaseLive: changes are told as they happen.
	PhaseLive
	// PhasePolling: streams break on this network, so changes are asked for, over
	// and over.
	PhasePolling
	// PhaseWaiting: it is cut off, and connects anew in a while.
	PhaseWaiting
)

// State is how a subscription is.
type State struct {
	// Phase is how it is connected.
	Phase Phase
	// RetryIn is how long it waits, when it does.
	RetryIn time.Duration
	// Err is why it waits, unless the server ended the stream well.
	Err error
}

// Subscription tells what changes: see [Client.Subscribe]. Its methods may be
// called from any goroutine, also while it runs.
type Subscription struct {
	live    livev1connect.LiveServiceClient
	options SubscribeOptions
	tempo   tempo
	retry   Retry
	book    *book
	invalid error // why it cannot run

	mu      sync.Mutex
	running bool
	stream  *stream            // the one that is open or being opened
	repoll  context.CancelFunc // ends the poll that waits
}

// tempo is what the library needs of time besides Retry; tests hurry it.
type tempo struct {
	sleep      func(context.Context, time.Duration) error
	firstFrame time.Duration // how long the first frame of a stream may take
	update     time.Duration // how long a change of topics may take, and then its topics to open
	poll       time.Duration // how long a poll waits
	pollLimit  time.Duration // how long a poll may take in all
}

func usualTempo() tempo {
	return tempo{
		sleep: sleep, firstFrame: 10 * time.Second, update: 10 * time.Second, poll: 25 * time.Second, pollLimit: 40 * time.Second,
	}
}

// sleep waits, or answers why the context ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Subscribe makes a subscription to topics, up to 200; it begins with
// [Subscription.Updates].
func (c *Client) Subscribe(options SubscribeOptions, topics ...*livev1.Topic) *Subscription {
	s := &Subscription{live: c.Live, options: options, tempo: c.tempo, retry: c.retry, book: newBook()}
	_, s.invalid = s.book.add(topics)
	return s
}

// Updates goes through what the subscription tells, for as long as ctx and the
// loop go on, over lost connections and servers that restart. An update that was
// handed over counts as seen: leaving the loop and going through Updates again
// goes on after it.
//
// It ends with an error when ctx ends, and with what trying again does not cure:
// an answer with code Unauthenticated, PermissionDenied, InvalidArgument or
// Unimplemented. Only one loop at a time may go through the updates.
func (s *Subscription) Updates(ctx context.Context) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		if err := s.begin(); err != nil {
			yield(Update{}, err)
			return
		}
		defer s.end()
		if err := s.run(ctx, func(u Update) bool { return yield(u, nil) }); err != nil {
			yield(Update{}, err)
		}
	}
}

// Add adds topics, up to 200 in all; those that are there already stay as they
// are.
func (s *Subscription) Add(topics ...*livev1.Topic) error {
	added, err := s.book.add(topics)
	if err == nil && len(added) > 0 {
		s.changed(added, nil)
	}
	return err
}

// Drop drops topics, whatever their cursors.
func (s *Subscription) Drop(topics ...*livev1.Topic) {
	if dropped := s.book.drop(topics); len(dropped) > 0 {
		s.changed(nil, dropped)
	}
}

// Topics are the topics with the cursors to go on from, here or in another
// process.
func (s *Subscription) Topics() []*livev1.Topic { return s.book.topics() }

func (s *Subscription) changed(added, dropped []*livev1.Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stream != nil {
		s.stream.change(added, dropped)
	}
	if s.repoll != nil {
		s.repoll()
	}
}

func (s *Subscription) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return errors.New("subscribe: another loop goes through the updates already")
	}
	s.running = s.invalid == nil
	return s.invalid
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

// run runs one stream or poll after another. It answers nil once nobody listens.
func (s *Subscription) run(ctx context.Context, tell func(Update) bool) error {
	p := plan{retry: s.retry}
	for {
		began := time.Now()
		attempt := s.runStream
		polls := p.polls(began)
		if polls {
			attempt = s.runPoll
		}
		o, goOn := attempt(ctx, tell)
		switch {
		case !goOn:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case isFinal(o.err):
			return o.err
		}
		o.lasted = time.Since(began)
		if asked, ok := RetryAfter(o.err); ok {
			o.hint = asked
		}
		if err := s.pause(ctx, &p, o, polls); err != nil {
			return err
		}
	}
}

func (s *Subscription) pause(ctx context.Context, p *plan, o outcome, polled bool) error {
	var wait time.Duration
	if polled {
		wait = p.polled(o)
	} else {
		wait = p.streamed(o, time.Now())
	}
	if polled && o.err == nil {
		s.become(State{Phase: PhasePolling})
	} else {
		s.become(State{Phase: PhaseWaiting, RetryIn: wait, Err: o.err})
	}
	if wait == 0 {
		return nil
	}
	return s.tempo.sleep(ctx, wait)
}

func (s *Subscription) runStream(ctx context.Context, tell func(Update) bool) (o outcome, goOn bool) {
	s.become(State{Phase: PhaseConnecting})
	one := newStream(s.live, s.book, s.tempo, func() { s.become(State{Phase: PhaseLive}) })
	s.hold(one, nil)
	defer s.hold(nil, nil)
	return one.run(ctx, s.options.Active != nil && s.options.Active(), tell)
}

// runPoll asks once for changes, and tells them.
func (s *Subscription) runPoll(ctx context.Context, tell func(Update) bool) (o outcome, goOn bool) {
	asking, cancel := context.WithTimeout(withoutRetry(ctx), s.tempo.pollLimit)
	defer cancel()
	s.hold(nil, cancel)
	defer s.hold(nil, nil)
	topics, settle := s.book.beginPoll()
	if len(topics) == 0 {
		_ = s.tempo.sleep(asking, s.tempo.poll) // until a topic is added, or for as long as a poll
		return outcome{heard: true}, true
	}
	answer, err := s.live.Poll(asking, &livev1.PollRequest{Topics: topics, WaitMs: int32(s.tempo.poll.Milliseconds())})
	if errors.Is(asking.Err(), context.Canceled) && connect.CodeOf(err) == connect.CodeCanceled {
		return outcome{heard: true}, true // the topics changed: ask for the new ones
	}
	if err != nil {
		return outcome{err: err}, true
	}
	heard := false
	for _, frame := range answer.GetFrames() {
		heard = heard || frame.GetEvent() != nil
		if !s.book.take(frame, tell) {
			return outcome{}, false
		}
	}
	settle(answer.GetTopics())
	return outcome{heard: heard}, true
}

// hold keeps what changes of the topics are told to.
func (s *Subscription) hold(one *stream, repoll context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream, s.repoll = one, repoll
}

func (s *Subscription) become(state State) {
	if s.options.OnState != nil {
		s.options.OnState(state)
	}
}
