package parley_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	parley "github.com/parley-chat/parley/clients/go"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// how is a way in which a stream ends.
type how int

const (
	byError   how = iota // the server answers UNAVAILABLE
	byEnd                // without an error, nor a goodbye
	byBreak              // the connection breaks
	byParting            // the server says goodbye
	bySilence            // nothing comes any more
	byRevoke             // the server answers UNAUTHENTICATED
	ways
)

// fault is how one stream goes wrong.
type fault struct {
	after  int // frames that are sent before
	how    how
	repeat int           // so many events before the cursor are sent once more
	hint   time.Duration // that the goodbye asks to wait
}

// liveServer is a server whose streams go wrong as they are told. Its log is what
// is true: revision n is at n-1.
type liveServer struct {
	livev1connect.UnimplementedLiveServiceHandler
	url string

	mu       sync.Mutex
	log      []*threadv1.Message
	epoch    int
	faults   []fault // of the streams to come; then streams are well
	asked    []*livev1.SubscribeRequest
	polled   []*livev1.PollRequest
	updated  int
	streams  map[string]*liveStream
	closed   map[string]bool // threads that may not be read any more
	outside  bool            // no revisions are told
	astray   bool            // another server answers updates
	lost     bool            // updates are answered, and lost
	beat     time.Duration
	failPoll bool
}

type liveStream struct {
	changes []*livev1.UpdateSubscriptionRequest
	wake    chan struct{}
}

func newLiveServer(t *testing.T) *liveServer {
	t.Helper()
	s := &liveServer{epoch: 1, streams: make(map[string]*liveStream), closed: make(map[string]bool), beat: 15 * time.Second}
	mux := http.NewServeMux()
	mux.Handle(livev1connect.NewLiveServiceHandler(s))
	s.url = listenAndServe(t, mux)
	return s
}

// listenAndServe serves until the test ends, and answers the address.
func listenAndServe(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// post adds a message or, if there is one of that id, changes it.
func (s *liveServer) post(thread, id, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rev := int64(len(s.log) + 1)
	m := &threadv1.Message{Id: id, ThreadId: thread, Body: body, Rev: rev, CreateTime: timestamppb.New(time.Unix(rev, 0))}
	for _, old := range s.log {
		if old.GetId() == id {
			m.CreateTime, m.EditTime = old.GetCreateTime(), timestamppb.New(time.Unix(rev, 0))
			break
		}
	}
	s.log = append(s.log, m)
	s.wakeAll()
}

// posts adds messages of the first thread, named for their revisions.
func (s *liveServer) posts(n int) {
	for range n {
		s.mu.Lock()
		name := fmt.Sprint("m", len(s.log)+1)
		s.mu.Unlock()
		s.post(thread1, name, name)
	}
}

// set changes how the server behaves.
func (s *liveServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.wakeAll()
}

func (s *liveServer) wakeAll() {
	for _, stream := range s.streams {
		select {
		case stream.wake <- struct{}{}:
		default:
		}
	}
}

func (s *liveServer) cursor(rev int) string { return fmt.Sprintf("%d:%d", s.epoch, rev) }

// cursors are those that streams were opened with, in the only topic.
func (s *liveServer) cursors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var cursors []string
	for _, request := range s.asked {
		cursors = append(cursors, request.GetTopics()[0].GetCursor())
	}
	return cursors
}

func (s *liveServer) count() (streams, polls, updates int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked), len(s.polled), s.updated
}

// errFault ends a stream as its fault says.
var errFault = errors.New("fault")

// Subscribe implements LiveService.
func (s *liveServer) Subscribe(ctx context.Context, req *livev1.SubscribeRequest, out *connect.ServerStream[livev1.SubscribeResponse]) error {
	s.mu.Lock()
	s.asked = append(s.asked, req)
	id := fmt.Sprint("s", len(s.asked))
	f := fault{after: -1}
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	stream := &liveStream{wake: make(chan struct{}, 1)}
	s.streams[id] = stream
	beat := s.beat
	s.mu.Unlock()
	defer s.set(func() { delete(s.streams, id) })
	sent := 0
	send := func(frame *livev1.SubscribeResponse) error {
		if sent == f.after {
			return errFault
		}
		sent++
		if err := out.Send(frame); err != nil {
			return err
		}
		if sent == f.after {
			return errFault
		}
		return nil
	}
	err := s.tell(ctx, id, req, beat, f.repeat, stream, send)
	if errors.Is(err, errFault) {
		return f.end(ctx, out)
	}
	return err
}

func (s *liveServer) tell(
	ctx context.Context, id string, req *livev1.SubscribeRequest, beat time.Duration, repeat int, stream *liveStream,
	send func(*livev1.SubscribeResponse) error,
) error {
	at := make(map[string]int)
	frames := []*livev1.SubscribeResponse{{Frame: &livev1.SubscribeResponse_Opened{
		Opened: &livev1.Opened{StreamId: id, HeartbeatSeconds: int32(beat.Seconds())},
	}}}
	for _, topic := range req.GetTopics() {
		frames = append(frames, s.open(topic, at, repeat))
	}
	timer := time.NewTicker(beat)
	defer timer.Stop()
	for {
		frames = append(frames, s.news(at, stream)...)
		for _, frame := range frames {
			if err := send(frame); err != nil {
				return err
			}
		}
		frames = nil
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stream.wake:
		case <-timer.C:
			frames = append(frames, s.heartbeat(at))
		}
	}
}

func (f fault) end(ctx context.Context, out *connect.ServerStream[livev1.SubscribeResponse]) error {
	switch f.how {
	case byError:
		return connect.NewError(connect.CodeUnavailable, errors.New("cut"))
	case byBreak:
		panic(http.ErrAbortHandler)
	case byParting:
		return out.Send(&livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Closing{
			Closing: &livev1.Closing{Reason: "DRAINING", ReconnectAfterMs: int32(f.hint.Milliseconds())},
		}})
	case bySilence:
		<-ctx.Done()
		return ctx.Err()
	case byRevoke:
		return connect.NewError(connect.CodeUnauthenticated, errors.New("revoked"))
	default:
		return nil
	}
}

// open answers how a topic begins.
func (s *liveServer) open(topic *livev1.Topic, at map[string]int, repeat int) *livev1.SubscribeResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := topic.GetThreadId()
	if s.closed[id] {
		return closedFrame(topic)
	}
	opened := &livev1.TopicOpened{Topic: topic, Continuity: livev1.Continuity_CONTINUITY_RESUMED}
	var epoch, rev int
	switch _, err := fmt.Sscanf(topic.GetCursor(), "%d:%d", &epoch, &rev); {
	case id == "":
		opened.Continuity, opened.ResetReason = livev1.Continuity_CONTINUITY_RESET, livev1.ResetReason_RESET_REASON_STATE_TOPIC
		return &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_TopicOpened{TopicOpened: opened}}
	case err != nil:
		opened.ResetReason = livev1.ResetReason_RESET_REASON_NO_CURSOR
	case epoch != s.epoch:
		opened.ResetReason = livev1.ResetReason_RESET_REASON_EPOCH_CHANGED
	}
	at[id] = max(0, rev-repeat)
	if opened.ResetReason != 0 {
		at[id] = len(s.log)
		opened.Continuity = livev1.Continuity_CONTINUITY_RESET
		opened.Topic = parley.Thread(id, s.cursor(len(s.log)))
	}
	return &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_TopicOpened{TopicOpened: opened}}
}

// news answers what came since the last time, after doing the changes of topics.
func (s *liveServer) news(at map[string]int, stream *liveStream) (frames []*livev1.SubscribeResponse) {
	s.mu.Lock()
	changes := stream.changes
	stream.changes = nil
	s.mu.Unlock()
	for _, change := range changes {
		for _, topic := range change.GetDrop() {
			delete(at, topic.GetThreadId())
		}
		for _, topic := range change.GetAdd() {
			frames = append(frames, s.open(topic, at, 0))
			frames = append(frames, s.events(at)...)
		}
	}
	return append(frames, s.events(at)...)
}

func (s *liveServer) events(at map[string]int) (frames []*livev1.SubscribeResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, rev := range at {
		if s.closed[id] {
			delete(at, id)
			frames = append(frames, closedFrame(parley.Thread(id, "")))
			continue
		}
		at[id] = len(s.log)
		for _, m := range s.log[min(rev, len(s.log)):] {
			if m.GetThreadId() != id {
				continue
			}
			event := &livev1.Event{Cursor: s.cursor(int(m.GetRev())), Change: &livev1.Event_Message{Message: proto.CloneOf(m)}}
			if s.outside {
				event.GetMessage().Rev = 0
			}
			frames = append(frames, &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Event{Event: event}})
		}
	}
	return frames
}

func closedFrame(topic *livev1.Topic) *livev1.SubscribeResponse {
	return &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_TopicClosed{
		TopicClosed: &livev1.TopicClosed{Topic: topic, Reason: "you may not read it"},
	}}
}

func (s *liveServer) heartbeat(at map[string]int) *livev1.SubscribeResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	beat := &livev1.Heartbeat{}
	for id, rev := range at {
		beat.Positions = append(beat.Positions, parley.Thread(id, s.cursor(rev)))
	}
	return &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Heartbeat{Heartbeat: beat}}
}

// UpdateSubscription implements LiveService.
func (s *liveServer) UpdateSubscription(_ context.Context, req *livev1.UpdateSubscriptionRequest) (*livev1.UpdateSubscriptionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updated++
	stream := s.streams[req.GetStreamId()]
	if stream == nil || s.astray {
		return nil, failure(connect.CodeNotFound, &errdetails.ErrorInfo{Reason: "STREAM_NOT_FOUND"})
	}
	if !s.lost {
		stream.changes = append(stream.changes, req)
		s.wakeAll()
	}
	return &livev1.UpdateSubscriptionResponse{}, nil
}

// Poll implements LiveService.
func (s *liveServer) Poll(ctx context.Context, req *livev1.PollRequest) (*livev1.PollResponse, error) {
	s.mu.Lock()
	s.polled = append(s.polled, req)
	stream := &liveStream{wake: make(chan struct{}, 1)}
	id := fmt.Sprint("p", len(s.polled))
	s.streams[id] = stream
	fails := s.failPoll
	s.mu.Unlock()
	defer s.set(func() { delete(s.streams, id) })
	if fails {
		return nil, connect.NewError(connect.CodeUnavailable, errors.New("cut"))
	}
	at := make(map[string]int)
	answer := &livev1.PollResponse{}
	for _, topic := range req.GetTopics() {
		frame := s.open(topic, at, 0)
		if frame.GetTopicOpened().GetContinuity() != livev1.Continuity_CONTINUITY_RESUMED && topic.GetCursor() != "state" {
			answer.Frames = append(answer.Frames, frame)
		}
	}
	wait := time.NewTimer(time.Duration(req.GetWaitMs()) * time.Millisecond)
	defer wait.Stop()
	for waiting := true; waiting && len(answer.Frames) == 0; {
		answer.Frames = append(answer.Frames, s.events(at)...)
		if len(answer.Frames) > 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wait.C:
			waiting = false
		case <-stream.wake:
		}
	}
	answer.Topics = s.standing(req.GetTopics(), at)
	return answer, nil
}

func (s *liveServer) standing(topics []*livev1.Topic, at map[string]int) []*livev1.Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	standing := slices.Clone(topics)
	for i, topic := range topics {
		standing[i] = proto.CloneOf(topic)
		standing[i].Cursor = "state"
		if id := topic.GetThreadId(); id != "" {
			standing[i].Cursor = s.cursor(at[id])
		}
	}
	return standing
}

// failure is an error as the server sends it.
func failure(code connect.Code, details ...proto.Message) *connect.Error {
	err := connect.NewError(code, errors.New("it went wrong"))
	for _, d := range details {
		if detail, encoding := connect.NewErrorDetail(d); encoding == nil {
			err.AddDetail(detail)
		}
	}
	return err
}

func retryIn(d time.Duration) proto.Message {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(d)}
}
