package parley

import (
	"context"
	"errors"
	"sync"
	"time"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
)

var (
	errSilent = errors.New("the stream was silent for too long")
	// errAnew ends a stream that another has to take the place of.
	errAnew = errors.New("the server that has the stream did not get a change of its topics")
)

// stream is one stream, from its opening to its end, and the changes of its
// topics.
type stream struct {
	live   livev1connect.LiveServiceClient
	book   *book
	tempo  tempo
	cancel context.CancelCauseFunc
	opened func()
	heard  bool // the server said anything

	kick    chan struct{}
	mu      sync.Mutex
	id      string
	changes []*livev1.UpdateSubscriptionRequest
}

func newStream(live livev1connect.LiveServiceClient, b *book, tempo tempo, opened func()) *stream {
	return &stream{live: live, book: b, tempo: tempo, opened: opened, kick: make(chan struct{}, 1)}
}

// run runs until the stream ends. parted is true if the server ended it well, and
// then hint is how long it asked to wait. goOn is false once nobody listens.
func (s *stream) run(ctx context.Context, active bool, tell func(Update) bool) (o outcome, goOn bool) {
	ctx, s.cancel = context.WithCancelCause(ctx)
	var changing sync.WaitGroup
	defer changing.Wait()
	defer s.cancel(nil)
	changing.Go(func() { s.sendChanges(ctx) })
	o, goOn = s.read(ctx, active, tell)
	o.heard = s.heard
	return o, goOn
}

func (s *stream) read(ctx context.Context, active bool, tell func(Update) bool) (o outcome, goOn bool) {
	patience := s.tempo.firstFrame
	watch := time.AfterFunc(patience, func() { s.cancel(errSilent) })
	defer watch.Stop()
	frames, err := s.live.Subscribe(ctx, &livev1.SubscribeRequest{Topics: s.book.beginStream(), Active: active})
	if err != nil {
		return outcome{err: why(ctx, err)}, true
	}
	defer func() {
		s.cancel(nil)      // so that closing does not read the rest
		_ = frames.Close() // what went wrong is in Err
	}()
	for frames.Receive() {
		watch.Stop()
		s.heard = true
		switch f := frames.Msg().GetFrame().(type) {
		case *livev1.SubscribeResponse_Closing:
			return outcome{parted: true, hint: time.Duration(f.Closing.GetReconnectAfterMs()) * time.Millisecond}, true
		case *livev1.SubscribeResponse_Opened:
			patience = 2 * time.Duration(max(1, f.Opened.GetHeartbeatSeconds())) * time.Second
			s.begin(f.Opened.GetStreamId())
		default:
			if !s.book.take(frames.Msg(), tell) {
				return outcome{}, false
			}
		}
		watch.Reset(patience)
	}
	return outcome{err: why(ctx, frames.Err())}, true
}

// why is why a stream ended: the reason for which it was cut, if it was.
func why(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *stream) begin(id string) {
	s.mu.Lock()
	s.id = id
	s.mu.Unlock()
	s.opened()
	s.poke()
}

// change tells the server of topics that were added to the book or dropped from
// it. The order of changes counts.
func (s *stream) change(add, drop []*livev1.Topic) {
	s.mu.Lock()
	s.changes = append(s.changes, &livev1.UpdateSubscriptionRequest{Add: add, Drop: drop})
	s.mu.Unlock()
	s.poke()
}

func (s *stream) poke() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// next is the next change to send; nil if there is none, or no stream yet.
func (s *stream) next() *livev1.UpdateSubscriptionRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == "" || len(s.changes) == 0 {
		return nil
	}
	change := s.changes[0]
	s.changes = s.changes[1:]
	change.StreamId = s.id
	return change
}

// sendChanges sends one change after another until the stream ends. If another
// server than the stream's answered, or none, all begins anew with all topics.
func (s *stream) sendChanges(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		}
		for change := s.next(); change != nil; change = s.next() {
			if err := s.send(ctx, change); err != nil {
				s.cancel(err)
				return
			}
		}
	}
}

func (s *stream) send(ctx context.Context, change *livev1.UpdateSubscriptionRequest) error {
	limited, done := context.WithTimeout(withoutRetry(ctx), s.tempo.update)
	defer done()
	_, err := s.live.UpdateSubscription(limited, change)
	switch {
	case Reason(err) == "STREAM_NOT_FOUND":
		return errAnew
	case err != nil:
		return err
	case len(change.GetAdd()) > 0:
		s.expect(ctx, change.GetAdd())
	}
	return nil
}

// expect sees to it that topics open: the server that answered may have had to
// pass the change on, and it may have been lost on the way.
func (s *stream) expect(ctx context.Context, topics []*livev1.Topic) {
	timer := time.AfterFunc(s.tempo.update, func() {
		if s.book.awaits(topics) {
			s.cancel(errAnew)
		}
	})
	context.AfterFunc(ctx, func() { timer.Stop() })
}
