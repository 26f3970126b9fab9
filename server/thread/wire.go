package thread

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
)

// ToWire is a message as servers tell each other of it: in full.
func ToWire(m *Message) *wirev1.Message {
	return &wirev1.Message{
		Message: &threadv1.Message{
			Id: m.ID.String(), ThreadId: m.Thread.String(), Seq: m.Seq, Rev: m.Rev, Kind: m.Kind, Internal: m.Internal,
			Subtype: m.Subtype, Author: m.Author.Party(), Body: m.Body, RequestId: m.RequestID.String(),
			CreateTime: timestamppb.New(m.Create), EditTime: optionalTime(m.Edit), DeleteTime: optionalTime(m.Delete),
		},
		PublicSeq: m.PublicSeq, AuthorPublicName: m.Author.PublicName, Extra: m.Extra,
	}
}

// FromWire is the message that another server told of.
func FromWire(workspace uuid.UUID, w *wirev1.Message) (*Message, error) {
	p := w.GetMessage()
	m := &Message{
		Workspace: workspace, Seq: p.GetSeq(), Rev: p.GetRev(), PublicSeq: w.GetPublicSeq(), Kind: p.GetKind(), Internal: p.GetInternal(),
		Subtype: p.GetSubtype(), Body: p.GetBody(), Extra: w.GetExtra(), Create: p.GetCreateTime().AsTime(),
		Edit: timeOf(p.GetEditTime()), Delete: timeOf(p.GetDeleteTime()),
		Author: Author{Kind: p.GetAuthor().GetKind(), Name: p.GetAuthor().GetName(), PublicName: w.GetAuthorPublicName()},
	}
	for _, id := range []struct {
		from string
		to   *uuid.UUID
	}{{p.GetId(), &m.ID}, {p.GetThreadId(), &m.Thread}, {p.GetRequestId(), &m.RequestID}, {p.GetAuthor().GetId(), &m.Author.ID}} {
		if id.from == "" {
			continue
		}
		parsed, err := uuid.Parse(id.from)
		if err != nil {
			return nil, fmt.Errorf("read message from another server: %w", err)
		}
		*id.to = parsed
	}
	return m, nil
}

func timeOf(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	out := t.AsTime()
	return &out
}
