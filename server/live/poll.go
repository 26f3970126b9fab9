package live

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/access"
)

// pollBytes is about how much one Poll answers; the next one goes on from there.
const pollBytes = 1 << 20

var errEnough = errors.New("a poll has gathered enough")

// Poll implements LiveService: a stream that ends with the first thing to say.
func (h *Hub) Poll(ctx context.Context, req *livev1.PollRequest) (*livev1.PollResponse, error) {
	orders, err := h.orders(req.GetTopics(), nil)
	if err != nil {
		return nil, err
	}
	moment := h.changed.moment()
	s, err := h.open(access.FromContext(ctx))
	if err != nil {
		return nil, err
	}
	defer h.close(s)
	s.orders = orders
	p := poll{stream: s, asked: req.GetTopics(), at: make(map[string]string), closed: make(map[string]bool)}
	wait := time.Duration(req.GetWaitMs()) * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, wait+readTime)
	defer cancel()
	waited := time.NewTimer(wait)
	defer waited.Stop()
	for {
		goOn, err := s.feed(ctx, p.collect)
		if errors.Is(err, errEnough) {
			return p.begun(moment), nil
		}
		if err != nil {
			return nil, err
		}
		if p.news || !goOn {
			return p.answer(moment), nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-waited.C:
			return p.answer(moment), nil
		case <-s.wake:
		}
	}
}

// poll gathers the frames of one Poll.
type poll struct {
	stream *stream
	asked  []*livev1.Topic
	frames []*livev1.SubscribeResponse
	size   int
	news   bool
	at     map[string]string // by thread, the cursor of what was gathered
	closed map[string]bool   // by topic
}

// collect keeps what is news to the poller. That a list is to be read anew which
// did not change is none. Nor is it that a topic goes on, but whatever is answered
// says so, for the sake of the marks that moved between two polls.
func (p *poll) collect(f *Frame, _ bool) error {
	if f == nil || f.message.GetHeartbeat() != nil {
		return nil
	}
	o, e, c := f.message.GetTopicOpened(), f.message.GetEvent(), f.message.GetTopicClosed()
	if kind, isState := stateOf(o.GetTopic()); o != nil && isState && p.stream.hub.quiet(p.stream.caller, kind, p.cursorOf(kind)) {
		return nil
	}
	if name := o.GetTopic().GetRecords().GetType(); name != "" && p.quietRecords(name) {
		return nil
	}
	switch {
	case o != nil && o.GetTopic().GetThreadId() != "":
		p.at[o.GetTopic().GetThreadId()] = o.GetTopic().GetCursor()
	case e.GetMessage() != nil:
		p.at[e.GetMessage().GetThreadId()] = e.GetCursor()
	case c != nil:
		p.closed[nameOf(c.GetTopic())] = true
	}
	p.frames = append(p.frames, f.message)
	p.news = p.news || o.GetContinuity() != livev1.Continuity_CONTINUITY_RESUMED
	if p.size += f.size(); p.size >= pollBytes {
		return errEnough
	}
	return nil
}

func (p *poll) cursorOf(kind stateKind) string {
	for _, t := range p.asked {
		if k, isState := stateOf(t); isState && k == kind {
			return t.GetCursor()
		}
	}
	return ""
}

// answer is what was gathered, and where every topic stands. Topics that were
// closed are left out.
func (p *poll) answer(moment int64) *livev1.PollResponse {
	res := &livev1.PollResponse{Frames: p.frames}
	s := p.stream
	for _, sub := range s.subs {
		id := sub.topic.key.Thread
		res.Topics = append(res.Topics, threadTopic(id, s.hub.sealer.Cursor(id, sub.topic.position(sub))))
	}
	for kind := range stateKinds {
		if s.states[kind] {
			res.Topics = append(res.Topics, p.stateAt(kind, moment))
		}
	}
	for _, w := range s.watches {
		res.Topics = append(res.Topics, recordsTopic(w.key.kind, s.hub.stateCursor(moment)))
	}
	return res
}

// quietRecords is true if no record of the type changed since the poll before.
func (p *poll) quietRecords(kind string) bool {
	s := p.stream
	for _, t := range p.asked {
		if t.GetRecords().GetType() == kind {
			return s.hub.quietSince(recordsState, recordsKey{s.caller.Workspace, kind}.id(), t.GetCursor())
		}
	}
	return false
}

// begun is answer when not everything was gathered: a thread stands where the last
// of its frames is, and what was not come to is asked for again as it was.
func (p *poll) begun(moment int64) *livev1.PollResponse {
	res := &livev1.PollResponse{Frames: p.frames}
	for _, t := range p.asked {
		if p.closed[nameOf(t)] {
			continue
		}
		if kind, isState := stateOf(t); isState && p.stream.states[kind] {
			t = p.stateAt(kind, moment)
		}
		if kind := t.GetRecords().GetType(); kind != "" {
			t = recordsTopic(kind, p.stream.hub.stateCursor(moment))
		}
		if id, err := uuid.Parse(t.GetThreadId()); err == nil && p.at[id.String()] != "" {
			t = threadTopic(id, p.at[id.String()])
		}
		res.Topics = append(res.Topics, t)
	}
	return res
}

func (p *poll) stateAt(kind stateKind, moment int64) *livev1.Topic {
	t := stateTopic(kind)
	t.Cursor = p.stream.hub.stateCursor(moment)
	return t
}

// nameOf tells topics apart.
func nameOf(t *livev1.Topic) string {
	if kind, isState := stateOf(t); isState {
		return string(rune('0' + kind))
	}
	if kind := t.GetRecords().GetType(); kind != "" {
		return "records " + kind
	}
	id, _ := uuid.Parse(t.GetThreadId()) // one that is none was refused before
	return id.String()
}
