package parley

import (
	"hash/fnv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// remembered is how many messages a position remembers at least; at most it is
// twice as many.
const remembered = 256

// position is where a subscription stands in one topic, and what it has seen.
type position struct {
	topic      *livev1.Topic
	pollCursor string // where a topic that is not a log stands, between polls

	// What was seen of messages, the newest in seen. Whatever has the revision
	// floor or an earlier one, and is not remembered, was seen as well.
	seen, before map[string]version
	floor        int64
}

func newPosition(t *livev1.Topic) *position {
	return &position{topic: proto.CloneOf(t)}
}

// advance moves on; an empty cursor says nothing.
func (p *position) advance(cursor string) {
	if cursor != "" {
		p.topic.Cursor = cursor
	}
}

// reset begins anew at a cursor, and forgets what was seen: the database may be
// an older copy.
func (p *position) reset(cursor string) {
	p.topic.Cursor = cursor
	p.seen, p.before, p.floor = nil, nil, 0
}

// forPoll is the topic as a poll asks for it.
func (p *position) forPoll() *livev1.Topic {
	t := proto.CloneOf(p.topic)
	if t.GetCursor() == "" {
		t.Cursor = p.pollCursor
	}
	return t
}

// isNew reports whether this state of a message is newer than what was seen of
// it; then it is remembered.
func (p *position) isNew(m *threadv1.Message) bool {
	v := versionOf(m)
	known, ok := p.seen[m.GetId()]
	if !ok {
		known, ok = p.before[m.GetId()]
	}
	if ok && !v.after(known) || !ok && v.rev != 0 && v.rev <= p.floor {
		return false
	}
	if p.seen == nil {
		p.seen = make(map[string]version)
	}
	p.seen[m.GetId()] = v
	if len(p.seen) >= remembered {
		for _, old := range p.before {
			p.floor = max(p.floor, old.rev)
		}
		p.seen, p.before = nil, p.seen
	}
	return true
}

// version is a state of a message: by its revision or, for those who are told
// none, by its times and content.
type version struct {
	rev     int64
	time    time.Time
	content uint64
}

func versionOf(m *threadv1.Message) version {
	if m.GetRev() > 0 {
		return version{rev: m.GetRev()}
	}
	v := version{}
	for _, t := range []*timestamppb.Timestamp{m.GetCreateTime(), m.GetEditTime(), m.GetDeleteTime()} {
		if t != nil && t.AsTime().After(v.time) {
			v.time = t.AsTime()
		}
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return v // what came over the wire can be written again
	}
	hash := fnv.New64a()
	_, _ = hash.Write(bytes) // never fails
	v.content = hash.Sum64()
	return v
}

func (v version) after(known version) bool {
	if v.rev != known.rev {
		return v.rev > known.rev
	}
	return v.time.After(known.time) || v.time.Equal(known.time) && v.content != known.content
}
