package live_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/thread"
)

// reader is somebody's client of one thread: it folds what it is told into a view,
// as a screen does, and checks every frame on the way.
type reader struct {
	who      *person
	protocol string // or "poll"
	thread   uuid.UUID
	audience thread.Audience

	hangUp  func() // nil while it is away
	reading sync.WaitGroup
	gate    sync.RWMutex // a paused reader cannot enter it
	paused  bool

	mu     sync.Mutex
	node   *node
	view   map[string]*threadv1.Message
	marks  map[string]int64
	told   map[string]int64 // marks that this connection was told of
	seen   map[string]bool  // states of messages that it was told
	rev    int64
	cursor string
	resets []livev1.ResetReason
	lagged bool
	wrong  error // the first broken promise
}

func newReader(who *person, protocol string, id uuid.UUID) *reader {
	return &reader{who: who, protocol: protocol, thread: id, audience: thread.AudienceOf(who.caller),
		view: map[string]*threadv1.Message{}, marks: map[string]int64{}, seen: map[string]bool{}}
}

func (r *reader) String() string { return r.who.caller.Name + " by " + r.protocol }

// come connects to a node, to go on where it stopped.
func (r *reader) come(n *node) {
	r.leave()
	ctx, cancel := context.WithCancel(context.Background())
	client, closeIdle := n.dialNarrow(r.who, r.protocol)
	r.mu.Lock()
	r.node = n
	r.mu.Unlock()
	r.hangUp = func() { cancel(); closeIdle() }
	r.reading.Go(func() {
		if r.protocol == "poll" {
			r.poll(ctx, client)
		} else {
			r.stream(ctx, client)
		}
	})
}

// leave cuts its connection, whatever it was doing.
func (r *reader) leave() {
	if r.hangUp == nil {
		return
	}
	r.hangUp()
	r.goOn()
	r.reading.Wait()
	r.hangUp()
	r.hangUp = nil
}

// pause makes it stop reading, as a computer that was put to sleep.
func (r *reader) pause() {
	if !r.paused {
		r.paused = true
		r.gate.Lock()
		r.mu.Lock()
		r.lagged = true
		r.mu.Unlock()
	}
}

func (r *reader) goOn() {
	if r.paused {
		r.paused = false
		r.gate.Unlock()
	}
}

func (r *reader) stream(ctx context.Context, client livev1connect.LiveServiceClient) {
	stream, err := client.Subscribe(ctx, &livev1.SubscribeRequest{Topics: []*livev1.Topic{topicOf(r.thread, r.cursor)}})
	if err != nil {
		return // cut off at once
	}
	defer func() { _ = stream.Close() }()
	for stream.Receive() {
		r.gate.RLock()
		err := r.take(stream.Msg())
		r.gate.RUnlock()
		if err != nil {
			r.fail(err)
			return
		}
	}
	if ctx.Err() == nil {
		r.fail(fmt.Errorf("the stream ended: %w", stream.Err()))
	}
}

func (r *reader) poll(ctx context.Context, client livev1connect.LiveServiceClient) {
	for ctx.Err() == nil {
		res, err := client.Poll(ctx, &livev1.PollRequest{Topics: []*livev1.Topic{topicOf(r.thread, r.cursor)}, WaitMs: 300})
		if err != nil {
			if ctx.Err() == nil {
				r.fail(fmt.Errorf("poll: %w", err))
			}
			return
		}
		r.gate.RLock()
		for _, f := range res.GetFrames() {
			if err := r.take(f); err != nil {
				r.fail(err)
			}
		}
		r.mu.Lock()
		for _, t := range res.GetTopics() {
			r.cursor = t.GetCursor()
		}
		r.mu.Unlock()
		r.gate.RUnlock()
	}
}

func (r *reader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong == nil {
		r.wrong = fmt.Errorf("%v: %w", r, err)
	}
}

func (r *reader) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong
}

// take folds one frame into the view.
func (r *reader) take(f *livev1.SubscribeResponse) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.redacted(f); err != nil {
		return err
	}
	switch f := f.GetFrame().(type) {
	case *livev1.SubscribeResponse_TopicOpened:
		return r.opened(f.TopicOpened)
	case *livev1.SubscribeResponse_Event:
		if f.Event.GetCursor() != "" {
			r.cursor = f.Event.GetCursor()
		}
		if m := f.Event.GetMessage(); m != nil {
			return r.message(m)
		}
		return r.mark(f.Event.GetReadMark())
	case *livev1.SubscribeResponse_Heartbeat:
		for _, t := range f.Heartbeat.GetPositions() {
			r.cursor = t.GetCursor()
		}
	case *livev1.SubscribeResponse_TopicClosed:
		return fmt.Errorf("the topic was closed: %s", f.TopicClosed.GetReason())
	}
	return nil
}

// redacted checks that a frame holds nothing that its reader must not know.
func (r *reader) redacted(f *livev1.SubscribeResponse) error {
	if r.audience != thread.Outside {
		return nil
	}
	m := f.GetEvent().GetMessage()
	if m.GetRev() != 0 || m.GetInternal() || m.GetSubtype() != "" || strings.Contains(protojson.Format(f), secret) {
		return fmt.Errorf("an outsider was told %v", f)
	}
	return nil
}

func (r *reader) opened(o *livev1.TopicOpened) error {
	if o.GetContinuity() == livev1.Continuity_CONTINUITY_RESUMED {
		if r.cursor == "" {
			return errors.New("resumed from nowhere")
		}
	} else {
		if o.GetResetReason() == livev1.ResetReason_RESET_REASON_UNSPECIFIED {
			return errors.New("reset without a reason")
		}
		r.resets = append(r.resets, o.GetResetReason())
		view, err := r.load(r.node)
		if err != nil {
			return err
		}
		r.view = view
	}
	r.cursor = o.GetTopic().GetCursor()
	r.told = map[string]int64{}
	for _, m := range o.GetReadMarks() {
		r.see(m)
	}
	return nil
}

// see remembers a mark, if it is further: another node may have heard less.
func (r *reader) see(m *threadv1.ReadMark) {
	id := m.GetParty().GetId()
	r.told[id] = m.GetSeq()
	r.marks[id] = max(r.marks[id], m.GetSeq())
}

// message takes in a message as it is now, which must be news.
func (r *reader) message(m *threadv1.Message) error {
	state := fmt.Sprint(m.GetId(), m.GetBody(), m.GetEditTime().AsTime(), m.GetDeleteTime().AsTime())
	if r.seen[state] {
		return fmt.Errorf("told twice of %v", m)
	}
	r.seen[state] = true
	if r.audience != thread.Outside {
		if m.GetRev() <= r.rev {
			return fmt.Errorf("rev %d after rev %d", m.GetRev(), r.rev)
		}
		r.rev = m.GetRev()
		if m.GetRev() <= r.view[m.GetId()].GetRev() {
			return nil // the list that was read at the reset is newer
		}
	}
	r.view[m.GetId()] = m
	return nil
}

func (r *reader) mark(m *threadv1.ReadMark) error {
	if m == nil {
		return nil
	}
	before, known := r.told[m.GetParty().GetId()]
	switch {
	case m.GetSeq() < before:
		return fmt.Errorf("a read mark went back from %d: %v", before, m)
	case known && m.GetSeq() == before && !r.lagged:
		return fmt.Errorf("a read mark was told that did not move: %v", m)
	}
	r.see(m)
	return nil
}

// load reads the thread as the reader would who opens it now.
func (r *reader) load(n *node) (map[string]*threadv1.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	page, err := n.log.Page(ctx, r.who.caller.Workspace, r.thread, thread.Place{FromStart: true}, 100_000, r.audience)
	if err != nil {
		return nil, err
	}
	view := map[string]*threadv1.Message{}
	for i := range page.Messages {
		if m := thread.Redact(&page.Messages[i], r.audience); m != nil {
			view[m.GetId()] = m
		}
	}
	return view, nil
}

// behind says in what its view differs from a fresh load; empty if in nothing.
func (r *reader) behind(n *node) string {
	fresh, err := r.load(n)
	if err != nil {
		return err.Error()
	}
	marks, err := n.log.Marks(context.Background(), r.who.caller.Workspace, r.thread)
	if err != nil {
		return err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(fresh) != len(r.view) {
		return fmt.Sprintf("%v knows %d of %d messages", r, len(r.view), len(fresh))
	}
	if diff := cmp.Diff(fresh, r.view, protocmp.Transform()); diff != "" {
		return fmt.Sprintf("%v sees other than is there (- there, + seen):\n%s", r, diff)
	}
	want := map[string]int64{}
	for _, m := range marks {
		if seq := thread.RedactMark(m, r.audience).GetSeq(); r.audience != thread.Outside || seq > 0 {
			want[m.Party.GetId()] = seq
		}
	}
	if !maps.Equal(want, r.marks) {
		return fmt.Sprintf("%v sees the marks %v, not %v", r, r.marks, want)
	}
	return ""
}

// catchUp waits until its view is what is there.
func (r *reader) catchUp(n *node) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(30 * time.Second); ; <-ticker.C {
		behind := r.behind(n)
		switch err := r.failure(); {
		case err != nil:
			return err
		case behind == "":
			return r.gapless()
		case time.Now().After(end):
			return errors.New(behind)
		}
	}
}

// gapless is what its view must be at any quiet moment: seq 1..n.
func (r *reader) gapless() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	seqs := make([]int64, 0, len(r.view))
	for _, m := range r.view {
		seqs = append(seqs, m.GetSeq())
	}
	slices.Sort(seqs)
	for i, seq := range seqs {
		if seq != int64(i+1) {
			return fmt.Errorf("%v: place %d has seq %d", r, i+1, seq)
		}
	}
	return nil
}
