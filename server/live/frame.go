package live

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/thread"
)

// Frame is one frame of a stream. It is encoded once for each codec, however
// many streams send it: what costs is writing it out.
type Frame struct {
	message *livev1.SubscribeResponse
	codecs  [2]encoding
}

type encoding struct {
	once  sync.Once
	bytes []byte
	err   error
}

const (
	asProto = iota
	asJSON
)

func (f *Frame) encode(as int) ([]byte, error) {
	e := &f.codecs[as]
	e.once.Do(func() {
		if as == asProto {
			e.bytes, e.err = proto.Marshal(f.message)
		} else {
			e.bytes, e.err = protojson.Marshal(f.message)
		}
	})
	return e.bytes, e.err
}

// size is about how much memory a waiting frame takes.
func (f *Frame) size() int {
	if e := f.message.GetEvent(); e != nil {
		return 200 + len(e.GetMessage().GetBody()) + len(e.GetActivity().GetActivity().GetNote())
	}
	return 200
}

// codec hands out the ready bytes of frames, and treats every other message as
// connect's own codec of that name would.
type codec struct {
	name string
	as   int
}

// Name implements connect.Codec.
func (c codec) Name() string { return c.name }

// Marshal implements connect.Codec.
func (c codec) Marshal(message any) ([]byte, error) { return c.MarshalAppend(nil, message) }

// MarshalAppend is what connect calls instead of Marshal where there is one. A
// frame's bytes are copied and never handed out: connect keeps the memory it is
// given for the messages that follow, which may be another reader's.
func (c codec) MarshalAppend(to []byte, message any) ([]byte, error) {
	switch m := message.(type) {
	case *Frame:
		encoded, err := m.encode(c.as)
		return append(to, encoded...), err
	case proto.Message:
		if c.as == asProto {
			return proto.MarshalOptions{}.MarshalAppend(to, m)
		}
		return protojson.MarshalOptions{}.MarshalAppend(to, m)
	default:
		return nil, fmt.Errorf("encode %T: not a message", message)
	}
}

// Unmarshal implements connect.Codec.
func (c codec) Unmarshal(data []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("decode %T: not a message", message)
	}
	if c.as == asProto {
		return proto.Unmarshal(data, m)
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, m)
}

// change is one change of a thread, and its frames by audience.
type change struct {
	rev    int64
	m      *thread.Message
	cursor string
	frames [thread.Audiences]struct {
		once  sync.Once
		frame *Frame
	}
}

// frame is the change as an audience gets it; nil if it must not know.
func (c *change) frame(to thread.Audience) *Frame {
	if to != thread.Outside && c.m.Uniform() {
		to = thread.Members
	}
	f := &c.frames[to]
	f.once.Do(func() {
		if m := thread.Redact(c.m, to); m != nil {
			f.frame = eventFrame(&livev1.Event{Cursor: c.cursor, Change: &livev1.Event_Message{Message: m}})
		}
	})
	return f.frame
}

func eventFrame(e *livev1.Event) *Frame {
	return &Frame{message: &livev1.SubscribeResponse{Frame: &livev1.SubscribeResponse_Event{Event: e}}}
}
