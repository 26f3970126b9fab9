package live

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
)

var (
	errEnded      = fault.New(fault.Unauthenticated, "CREDENTIAL_ENDED", "the credential of this stream has ended; sign in again")
	errNoStream   = fault.New(fault.NotFound, "STREAM_NOT_FOUND", "there is no such stream any more; subscribe again with all topics")
	errTopicEmpty = fault.New(fault.Invalid, "TOPIC_EMPTY", "every topic has to say what it is about")
	errTooMany    = fault.New(fault.Exhausted, "TOO_MANY_TOPICS", "a stream has at most 500 topics; drop some first")
)

const (
	maxTopics = 500
	// flushAfter is how much is written at most before it is flushed, in bytes:
	// a slow reader who goes on reading is not cut off.
	flushAfter = 64 << 10
)

// SubscribeHandler serves LiveService.Subscribe. It is made by hand, and not by
// the generated code, because its answers are frames that are encoded already.
func (h *Hub) SubscribeHandler(options ...connect.HandlerOption) (path string, handler *connect.Handler) {
	schema := livev1.File_parley_live_v1_live_service_proto.Services().ByName("LiveService").Methods().ByName("Subscribe")
	options = append(options,
		connect.WithSchema(schema), connect.WithIdempotency(connect.IdempotencyNoSideEffects),
		connect.WithCodec(codec{name: "proto", as: asProto}), connect.WithCodec(codec{name: "json", as: asJSON}))
	procedure := livev1connect.LiveServiceSubscribeProcedure
	return procedure, connect.NewServerStreamHandlerSimple(procedure, h.subscribe, options...)
}

// subscribe does little itself: what it has on the stack is there as long as the
// stream is open, see run.
func (h *Hub) subscribe(ctx context.Context, req *livev1.SubscribeRequest, out *connect.ServerStream[Frame]) error {
	s, err := h.admit(ctx, req)
	if err != nil {
		return err
	}
	defer h.dismiss(s)
	return s.run(ctx, out)
}

// admit opens the stream that a request asks for.
func (h *Hub) admit(ctx context.Context, req *livev1.SubscribeRequest) (*stream, error) {
	c := access.FromContext(ctx)
	orders, err := h.orders(req.GetTopics(), nil)
	if err != nil {
		return nil, err
	}
	s, err := h.open(c)
	if err != nil {
		return nil, err
	}
	s.orders = orders
	if c.Kind == access.User {
		h.Presence.Connected(c.Workspace, c.ID, req.GetActive())
	}
	return s, nil
}

// dismiss ends what admit began.
func (h *Hub) dismiss(s *stream) {
	defer h.close(s)
	if s.caller.Kind == access.User {
		h.Presence.Disconnected(s.caller.Workspace, s.caller.ID)
	}
}

// run writes frames until the stream ends. While it waits, what it and its callers
// have on the stack counts: the beginning of a call needs 16 KiB, and the garbage
// collector halves that only while less than a quarter is in use.
func (s *stream) run(ctx context.Context, out *connect.ServerStream[Frame]) error {
	held := 0
	write := func(f *Frame, more bool) error {
		if f != nil {
			held += f.size()
			rpc.HoldFlush(ctx, true)
			if err := out.Send(f); err != nil {
				return err
			}
		}
		if !more || held >= flushAfter { // the time of one write is for so much
			held = 0
			rpc.HoldFlush(ctx, false)
		}
		return nil
	}
	if err := write(s.openedFrame(), true); err != nil {
		return err
	}
	for {
		goOn, err := s.feed(ctx, write)
		if err != nil || !goOn {
			return err
		}
		rpc.HoldFlush(ctx, false)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
		}
	}
}

func (s *stream) openedFrame() *Frame {
	return &Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Opened{
		Opened: &livev1.Opened{StreamId: s.id, HeartbeatSeconds: int32((s.hub.Heartbeat + time.Second) / time.Second)},
	}}}
}

// orders reads the topics of a request; a cursor that was never given out is an
// error at once, before anything is sent.
func (h *Hub) orders(add, drop []*livev1.Topic) ([]order, error) {
	orders := make([]order, 0, len(add)+len(drop))
	for _, t := range drop {
		orders = append(orders, order{topic: t, drop: true})
	}
	for _, t := range add {
		o := order{topic: t, fresh: t.GetCursor() == ""}
		if t.GetKind() == nil {
			return nil, errTopicEmpty
		}
		if _, isState := stateOf(t); !isState && t.GetRecords() == nil && !o.fresh {
			id, err := uuid.Parse(t.GetThreadId())
			if err != nil {
				return nil, errTopicEmpty
			}
			rev, current, err := h.sealer.Rev(id, t.GetCursor())
			if err != nil {
				return nil, err
			}
			o.rev, o.stale = rev, !current
		}
		orders = append(orders, o)
	}
	return orders, nil
}

// find is the stream of that name, if it was opened with the credential.
func (h *Hub) find(id string, workspace, credential uuid.UUID) *stream {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s := h.streams[id]
	if s == nil || s.caller.Workspace != workspace || s.caller.Credential != credential {
		return nil
	}
	return s
}

// UpdateSubscription implements LiveService. The stream may be on another node:
// its name says on which.
func (h *Hub) UpdateSubscription(ctx context.Context, req *livev1.UpdateSubscriptionRequest) (*livev1.UpdateSubscriptionResponse, error) {
	c := access.FromContext(ctx)
	orders, err := h.orders(req.GetAdd(), req.GetDrop())
	if err != nil {
		return nil, err
	}
	if s := h.find(req.GetStreamId(), c.Workspace, c.Credential); s != nil {
		if !s.ask(orders) {
			return nil, errTooMany
		}
		return &livev1.UpdateSubscriptionResponse{}, nil
	}
	node, _, ok := strings.Cut(req.GetStreamId(), ".")
	if !ok || node == hex.EncodeToString(h.Node[:]) || !h.Bus.Healthy() {
		return nil, errNoStream
	}
	encoded, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	h.Bus.Send(&wirev1.Signal{WorkspaceId: c.Workspace[:], What: &wirev1.Signal_StreamUpdate{
		StreamUpdate: &wirev1.StreamUpdate{CredentialId: c.Credential[:], Request: encoded},
	}})
	return &livev1.UpdateSubscriptionResponse{}, nil
}

// jitter is a duration less up to a fifth, so that what began together does not
// end together.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(mathrand.Int64N(int64(d/5)+1))
}

func newStreamID() []byte {
	id := make([]byte, 9)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the program first
	return id
}
