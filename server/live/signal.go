package live

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Message implements thread.Announcer.
func (h *Hub) Message(m *thread.Message) {
	h.message(m)
	h.Bus.Send(&wirev1.Signal{WorkspaceId: m.Workspace[:], What: &wirev1.Signal_Message{Message: thread.ToWire(m)}})
}

// message takes in a change of a thread, from this node or another.
func (h *Hub) message(m *thread.Message) {
	if t := h.existing(m.Workspace, m.Thread); t != nil {
		t.arrive(m)
	}
	h.tellIfChat(m.Workspace, m.Thread)
}

func (h *Hub) tellIfChat(workspace, id uuid.UUID) {
	if f, known, err := h.log.Facts(h.ctx, workspace, id); err == nil && known && f.Kind == access.KindChat {
		h.tellChat(workspace, id)
	}
}

// Mark implements thread.Announcer.
func (h *Hub) Mark(workspace uuid.UUID, m thread.Mark) {
	h.mark(workspace, m)
	h.Bus.Send(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_Mark{Mark: &wirev1.Mark{
		Mark:      &threadv1.ReadMark{ThreadId: m.Thread.String(), Party: m.Party, Seq: m.Seq},
		PublicSeq: m.PublicSeq, PublicName: m.PublicName,
	}}})
}

func (h *Hub) mark(workspace uuid.UUID, m thread.Mark) {
	if t := h.existing(workspace, m.Thread); t != nil {
		t.markRead(m)
	}
	h.tellIfChat(workspace, m.Thread) // its unread count may be another
}

// Notified implements thread.Announcer.
func (h *Hub) Notified(workspace uuid.UUID, users []uuid.UUID, item uuid.UUID) {
	for _, user := range users {
		h.Inbox(workspace, user, &item)
	}
}

// Inbox says that a user's inbox changed: one item, or several if none is named.
func (h *Hub) Inbox(workspace, user uuid.UUID, item *uuid.UUID) {
	h.tellInbox(workspace, user, item)
	s := &wirev1.Inbox{UserId: user[:]}
	if item != nil {
		s.ItemId = item[:]
	}
	h.Bus.Send(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_Inbox{Inbox: s}})
}

// ChatChanged says that a chat changed otherwise than by a message.
func (h *Hub) ChatChanged(workspace, chat uuid.UUID) {
	h.tellChat(workspace, chat)
	h.Bus.Send(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_ChatId{ChatId: chat[:]}})
}

// Typing says that somebody types in a thread, or stopped.
func (h *Hub) Typing(c access.Caller, id uuid.UUID, internal, stopped bool) {
	a := thread.AuthorOf(c)
	w := &wirev1.Typing{ThreadId: id.String(), Party: a.Party(), PublicName: a.PublicName, Internal: internal && !c.Outsider(), Stopped: stopped}
	h.typing(c.Workspace, w)
	h.Bus.Send(&wirev1.Signal{WorkspaceId: c.Workspace[:], What: &wirev1.Signal_Typing{Typing: w}})
}

func (h *Hub) typing(workspace uuid.UUID, w *wirev1.Typing) {
	id, err := uuid.Parse(w.GetThreadId())
	if err != nil {
		return
	}
	t := h.existing(workspace, id)
	if t == nil {
		return
	}
	who, _ := uuid.Parse(w.GetParty().GetId()) // the system types as nobody
	inside := &livev1.Typing{ThreadId: w.GetThreadId(), Party: w.GetParty(), Stopped: w.GetStopped()}
	public := &threadv1.Party{Kind: w.GetParty().GetKind(), Id: w.GetParty().GetId(), Name: w.GetPublicName()}
	outside := &livev1.Typing{ThreadId: w.GetThreadId(), Party: public, Stopped: w.GetStopped()}
	t.typing(who, w.GetInternal(),
		eventFrame(&livev1.Event{Change: &livev1.Event_Typing{Typing: inside}}),
		eventFrame(&livev1.Event{Change: &livev1.Event_Typing{Typing: outside}}))
}

// Receive takes in what another node told. Give it to the bus.
func (h *Hub) Receive(s *wirev1.Signal) {
	if len(s.GetWorkspaceId()) != len(uuid.UUID{}) {
		return
	}
	workspace := uuid.UUID(s.GetWorkspaceId())
	switch w := s.GetWhat().(type) {
	case *wirev1.Signal_Message:
		m, err := thread.FromWire(workspace, w.Message)
		if err != nil {
			h.slog.Warn("a message of another server could not be read", "error", err)
			return
		}
		h.message(m)
	case *wirev1.Signal_Mark:
		h.receiveMark(workspace, w.Mark)
	case *wirev1.Signal_Typing:
		h.typing(workspace, w.Typing)
	case *wirev1.Signal_Inbox:
		h.receiveInbox(workspace, w.Inbox)
	case *wirev1.Signal_ChatId:
		if id, err := uuid.FromBytes(w.ChatId); err == nil {
			h.tellChat(workspace, id)
		}
	case *wirev1.Signal_Revocation:
		h.revoke(workspace, w.Revocation)
	case *wirev1.Signal_Forget:
		h.forget(workspace, w.Forget)
	case *wirev1.Signal_Activity:
		h.receiveActivity(workspace, w.Activity)
	case *wirev1.Signal_Compose:
		h.receiveCompose(workspace, w.Compose)
	case *wirev1.Signal_Records:
		h.recordsChanged(workspace, w.Records)
	case *wirev1.Signal_StreamUpdate:
		h.updateFromAfar(workspace, w.StreamUpdate)
	}
}

func (h *Hub) receiveMark(workspace uuid.UUID, w *wirev1.Mark) {
	id, err := uuid.Parse(w.GetMark().GetThreadId())
	if err != nil {
		return
	}
	h.mark(workspace, thread.Mark{
		Thread: id, Party: w.GetMark().GetParty(), PublicName: w.GetPublicName(), Seq: w.GetMark().GetSeq(), PublicSeq: w.GetPublicSeq(),
	})
}

func (h *Hub) receiveInbox(workspace uuid.UUID, w *wirev1.Inbox) {
	user, err := uuid.FromBytes(w.GetUserId())
	if err != nil {
		return
	}
	var item *uuid.UUID
	if id, err := uuid.FromBytes(w.GetItemId()); err == nil {
		item = &id
	}
	h.tellInbox(workspace, user, item)
}

// revoke ends the streams of a credential that has ended. The streams of a user of
// whom something else changed are sent to come back with what they may do now.
func (h *Hub) revoke(workspace uuid.UUID, r *wirev1.Revocation) {
	credential, _ := uuid.FromBytes(r.GetCredentialId()) // absent means every one of the user's
	user, _ := uuid.FromBytes(r.GetUserId())
	for _, s := range h.all() {
		switch {
		case s.caller.Workspace != workspace:
		case credential != uuid.Nil && s.caller.Credential == credential:
			s.end(ending{err: errEnded})
		case credential == uuid.Nil && s.caller.ID == user:
			s.end(ending{reason: callerChanged})
		}
	}
}

// forget closes the topic of a thread that is gone. Who may know of the records of
// a type that changed is asked anew.
func (h *Hub) forget(workspace uuid.UUID, f *wirev1.Forget) {
	if f.GetRecordType() != "" {
		h.watches.reset(recordsKey{workspace, f.GetRecordType()})
	}
	id, err := uuid.FromBytes(f.GetThreadId())
	if err != nil {
		return
	}
	key := thread.Key{Workspace: workspace, Thread: id}
	h.mu.Lock()
	t := h.topics[key]
	delete(h.topics, key)
	h.mu.Unlock()
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	for s := range t.subs {
		s.stream.command(order{topic: threadTopic(id, ""), drop: true, reason: "the thread was deleted"})
	}
}

func (h *Hub) updateFromAfar(workspace uuid.UUID, u *wirev1.StreamUpdate) {
	req := new(livev1.UpdateSubscriptionRequest)
	if err := proto.Unmarshal(u.GetRequest(), req); err != nil {
		return
	}
	credential, err := uuid.FromBytes(u.GetCredentialId())
	if err != nil {
		return
	}
	if s := h.find(req.GetStreamId(), workspace, credential); s != nil {
		orders, err := h.orders(req.GetAdd(), req.GetDrop())
		if err == nil && !s.ask(orders) {
			h.slog.Warn("a stream was asked for more topics than it may have", "stream", req.GetStreamId())
		}
	}
}
