package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/access"
)

// sink is where a stream's frames go. more says that another follows at once, so
// that there is no need to flush yet.
type sink func(f *Frame, more bool) error

// feed does all that waits, and answers whether the stream goes on.
func (s *stream) feed(ctx context.Context, out sink) (goOn bool, err error) {
	w := s.take()
	last := len(w.frames) - 1
	for i, q := range w.frames {
		if !s.has(q.sub) {
			continue // its topic was closed while it waited
		}
		if err := out(q.frame, i < last); err != nil {
			return false, err
		}
	}
	for _, o := range w.orders {
		if err := s.obey(ctx, o, out); err != nil {
			return false, err
		}
	}
	for _, sub := range w.lagging {
		if !s.has(sub) {
			continue
		}
		if err := s.catchUp(ctx, sub, out); err != nil {
			return false, err
		}
	}
	for kind, lost := range w.lost {
		if lost && s.states[kind] {
			if err := out(stateReset(stateKind(kind)), false); err != nil {
				return false, err
			}
		}
	}
	if err := s.reopenRecords(ctx, w.lostRecords, out); err != nil {
		return false, err
	}
	if w.heartbeat {
		if err := s.sendHeartbeat(ctx, out); err != nil {
			return false, err
		}
		s.beaten.Store(s.hub.now().UnixMilli())
	}
	return s.finish(w.ending, out)
}

// has is true unless the subscription was closed.
func (s *stream) has(sub *subscription) bool {
	return sub == nil || !sub.closed
}

// on is the subscription to a thread, or nil. Most streams have one or two, for
// which a map would be large.
func (s *stream) on(thread uuid.UUID) *subscription {
	for _, sub := range s.subs {
		if sub.topic.key.Thread == thread {
			return sub
		}
	}
	return nil
}

// finish ends the stream if it was asked to.
func (s *stream) finish(e *ending, out sink) (goOn bool, err error) {
	if e == nil {
		return true, nil
	}
	if e.err != nil {
		return false, e.err
	}
	return false, out(&Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Closing{
		Closing: &livev1.Closing{Reason: e.reason, ReconnectAfterMs: int32(e.after.Milliseconds())},
	}}}, false)
}

// obey opens or closes one topic.
func (s *stream) obey(ctx context.Context, o order, out sink) error {
	kind, isState := stateOf(o.topic)
	switch {
	case isState && o.drop:
		s.states[kind] = false
		s.hub.leaveState(s, kind)
		return nil
	case isState:
		return s.openState(o.topic, kind, out)
	case o.topic.GetRecords() != nil && o.drop:
		s.closeRecords(o.topic.GetRecords().GetType())
		return nil
	case o.topic.GetRecords() != nil:
		return s.openRecords(ctx, o.topic.GetRecords().GetType(), out)
	default:
		id, err := uuid.Parse(o.topic.GetThreadId())
		if err != nil {
			return out(closedFrame(o.topic, "a topic has to say what it is about"), false)
		}
		if !o.drop {
			return s.openThread(ctx, o, id, out)
		}
		s.closeThread(id)
		if o.reason == "" {
			return nil
		}
		return out(closedFrame(threadTopic(id, ""), o.reason), false)
	}
}

func (s *stream) openState(topic *livev1.Topic, kind stateKind, out sink) error {
	if reason := s.hub.refuses(s.caller, kind); reason != "" {
		return out(closedFrame(topic, reason), false)
	}
	s.states[kind] = true
	s.hub.joinState(s, kind) // first, so that nothing falls between this and the reader's list
	return out(stateReset(kind), false)
}

func stateReset(kind stateKind) *Frame {
	return openedFrame(&livev1.TopicOpened{
		Topic: stateTopic(kind), Continuity: livev1.Continuity_CONTINUITY_RESET, ResetReason: livev1.ResetReason_RESET_REASON_STATE_TOPIC,
	})
}

// openThread registers first, then reads the log, then is live: no gap, no double.
func (s *stream) openThread(ctx context.Context, o order, id uuid.UUID, out sink) error {
	s.closeThread(id) // asked for anew
	if _, err := s.hub.gate.Read(ctx, s.caller, id); err != nil {
		if errors.Is(err, access.ErrThreadNotFound) {
			return out(closedFrame(threadTopic(id, ""), "there is no such thread, or you may not read it"), false)
		}
		return err
	}
	sub := s.join(id, o.rev)
	t := sub.topic
	if err := t.load(ctx); err != nil {
		return err
	}
	if err := t.check(ctx, &o); err != nil {
		return err
	}
	opened := &livev1.TopicOpened{Continuity: livev1.Continuity_CONTINUITY_RESUMED, ReadMarks: t.tellMarks(sub)}
	if reason := t.resetReason(o); reason != livev1.ResetReason_RESET_REASON_UNSPECIFIED {
		opened.Continuity, opened.ResetReason = livev1.Continuity_CONTINUITY_RESET, reason
		t.mu.Lock()
		sub.rev = t.head
		t.mu.Unlock()
	}
	opened.Topic = threadTopic(id, s.hub.sealer.Cursor(id, t.position(sub)))
	if err := out(openedFrame(opened), true); err != nil {
		return err
	}
	return s.catchUp(ctx, sub, out)
}

// join registers with the topic of a thread.
func (s *stream) join(id uuid.UUID, rev int64) *subscription {
	for {
		sub := &subscription{stream: s, topic: s.hub.topicOf(s.caller.Workspace, id), audience: s.audience, rev: rev}
		if sub.topic.join(sub) {
			s.subs = append(s.subs, sub)
			s.threads.Add(1)
			return sub
		}
	}
}

// check finds out whether a cursor is ahead of the database, which happens only
// when that was replaced by an older copy. Being ahead of this node is nothing.
func (t *topic) check(ctx context.Context, o *order) error {
	t.mu.Lock()
	behind := t.head < o.rev
	t.mu.Unlock()
	if !behind {
		return nil
	}
	head, _, err := t.hub.log.Head(ctx, t.key.Workspace, t.key.Thread)
	o.stale = o.stale || head < o.rev
	return err
}

// resetReason is why a reader cannot go on where it was.
func (t *topic) resetReason(o order) livev1.ResetReason {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case o.fresh:
		return livev1.ResetReason_RESET_REASON_NO_CURSOR
	case o.stale:
		return livev1.ResetReason_RESET_REASON_EPOCH_CHANGED
	case t.head-o.rev > maxMissed:
		return livev1.ResetReason_RESET_REASON_TOO_MUCH_MISSED
	default:
		return livev1.ResetReason_RESET_REASON_UNSPECIFIED
	}
}

// catchUp feeds a subscription from the log until it has everything, from where
// on it is live.
func (s *stream) catchUp(ctx context.Context, sub *subscription, out sink) error {
	for {
		changes, ok := sub.topic.catchUp(sub)
		if !ok {
			var err error
			if changes, err = s.readLog(ctx, sub); err != nil {
				return err
			}
		}
		for i, c := range changes {
			if f := c.frame(s.audience); f != nil {
				if err := out(f, i < len(changes)-1); err != nil {
					return err
				}
			}
		}
		if !ok {
			continue
		}
		for _, m := range sub.topic.lostMarks(sub) {
			if err := out(markFrame(m), true); err != nil {
				return err
			}
		}
		if err := out(sub.topic.lostActivities(sub), true); err != nil {
			return err
		}
		return out(sub.topic.lostRecord(sub), false)
	}
}

// readLog reads one page of the log for a subscription.
func (s *stream) readLog(ctx context.Context, sub *subscription) ([]*change, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	messages, upTo, err := s.hub.log.Since(ctx, sub.topic.key.Workspace, sub.topic.key.Thread, sub.rev, pageSize)
	if err != nil {
		return nil, err
	}
	changes := make([]*change, len(messages))
	for i := range messages {
		changes[i] = sub.topic.change(&messages[i])
	}
	sub.topic.advance(sub, upTo)
	return changes, nil
}

// advance moves a subscription that is not live yet. A log that has nothing more
// to give means that the reader is complete, whatever it was told before.
func (t *topic) advance(sub *subscription, upTo int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if upTo == sub.rev {
		upTo = t.head
	}
	sub.rev = upTo
}

// readTime bounds a read of the log for one stream.
const readTime = 10 * time.Second

func (s *stream) closeThread(id uuid.UUID) {
	if sub := s.on(id); sub != nil {
		sub.topic.leave(sub)
		sub.closed = true
		at := slices.Index(s.subs, sub)
		s.subs = slices.Delete(s.subs, at, at+1)
		s.threads.Add(-1)
	}
}

// sendHeartbeat says where every thread stands, after asking whether the caller
// may still read it.
func (s *stream) sendHeartbeat(ctx context.Context, out sink) error {
	beat := &livev1.Heartbeat{}
	for _, sub := range slices.Clone(s.subs) {
		id := sub.topic.key.Thread
		if _, err := s.hub.gate.Read(ctx, s.caller, id); errors.Is(err, access.ErrThreadNotFound) {
			s.closeThread(id)
			if err := out(closedFrame(threadTopic(id, ""), "you may not read this thread any more"), true); err != nil {
				return err
			}
			continue
		}
		beat.Positions = append(beat.Positions, threadTopic(id, s.hub.sealer.Cursor(id, sub.topic.position(sub))))
	}
	return out(&Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Heartbeat{Heartbeat: beat}}}, false)
}

// leaveAll takes the stream off everything, when it ends.
func (s *stream) leaveAll() {
	for _, sub := range s.subs {
		sub.topic.leave(sub)
	}
	for kind := range stateKinds {
		if s.states[kind] {
			s.hub.leaveState(s, kind)
		}
	}
	for _, w := range s.watches {
		s.hub.watches.leave(w)
	}
}
