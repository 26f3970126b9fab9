package thread

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
)

// Audience is a group of readers to whom a message looks the same.
type Audience uint8

// The audiences. There are few, so that an event is encoded once for each and
// not once for each reader.
const (
	Outside Audience = iota
	Members
	Agents
	Administrators
	Audiences // how many there are
)

// AudienceOf is the audience that a caller belongs to.
func AudienceOf(c access.Caller) Audience {
	switch {
	case c.Outsider():
		return Outside
	case c.Role == identityv1.Role_ROLE_ADMINISTRATOR || c.Kind == access.System:
		return Administrators
	case c.Role == identityv1.Role_ROLE_AGENT:
		return Agents
	default:
		return Members
	}
}

var audienceRoles = [Audiences]identityv1.Role{
	Members:        identityv1.Role_ROLE_MEMBER,
	Agents:         identityv1.Role_ROLE_AGENT,
	Administrators: identityv1.Role_ROLE_ADMINISTRATOR,
}

// Uniform is true if all users see the message alike, so that one encoding
// serves Members, Agents and Administrators.
func (m *Message) Uniform() bool {
	for _, c := range m.Extra.GetChanges() {
		if len(c.GetRoles()) > 0 {
			return false
		}
	}
	return true
}

// Redact is the message as an audience sees it, or nil if it must not exist for
// it. It is the only way from a stored message to one that leaves the server:
// what an outsider may know is decided here and nowhere else.
func Redact(m *Message, to Audience) *threadv1.Message {
	if to == Outside && (m.Internal || m.Kind == threadv1.MessageKind_MESSAGE_KIND_CHANGE || m.Kind == threadv1.MessageKind_MESSAGE_KIND_ACTIVITY) {
		return nil
	}
	out := &threadv1.Message{
		Id: m.ID.String(), ThreadId: m.Thread.String(), Seq: m.Seq, Rev: m.Rev, Kind: m.Kind, Internal: m.Internal,
		Subtype: m.Subtype, Author: m.Author.Party(), Body: m.Body, RequestId: m.RequestID.String(),
		CreateTime: timestamppb.New(m.Create), EditTime: optionalTime(m.Edit), DeleteTime: optionalTime(m.Delete),
		Subject: m.Extra.GetSubject(), Format: m.Extra.GetFormat(),
	}
	x := m.Extra
	if to == Outside {
		out.Seq, out.Rev, out.Subtype = m.PublicSeq, 0, ""
		out.Author.Name = m.Author.PublicName
		out.System = publicLine(x.GetSystem())
		out.Files = publicFiles(x.GetFiles(), m.Author)
		out.ReplyTo, out.Reactions = publicReply(x.GetReplyTo()), publicReactions(x.GetReactions())
		if m.Delete != nil && x.GetDeletedBy() != nil {
			out.DeletedBy = &threadv1.Party{Kind: x.GetDeletedBy().GetKind()}
		}
		return out
	}
	out.Files, out.Mentions, out.System, out.DeletedBy = x.GetFiles(), x.GetMentions(), x.GetSystem(), x.GetDeletedBy()
	out.ReplyTo, out.Reactions, out.PinnedBy = x.GetReplyTo().GetReference(), x.GetReactions(), x.GetPinnedBy()
	out.Deliveries, out.DeliveryCount = x.GetDeliveries(), x.GetDeliveryCount()
	out.Activity, out.Mail = x.GetActivity(), x.GetMail()
	for _, c := range x.GetChanges() {
		if len(c.GetRoles()) == 0 || slices.Contains(c.GetRoles(), audienceRoles[to]) {
			out.Changes = append(out.Changes, c.GetChange())
		}
	}
	if m.Kind == threadv1.MessageKind_MESSAGE_KIND_CHANGE && len(out.Changes) == 0 && len(x.GetChanges()) > 0 {
		return nil // it would say that something was changed that the reader may not know of
	}
	return out
}

// ChatLine is what a system line of a chat holds. It names whom it is about as
// outsiders may know them, who read it, too; about is nil if it is about nobody.
func ChatLine(event threadv1.SystemEvent, about *Author) *wirev1.Extra {
	line := &threadv1.SystemLine{Event: event}
	if about != nil {
		known := *about
		known.Name = about.PublicName
		line.Party = known.Party()
	}
	return &wirev1.Extra{System: line}
}

// publicLine is a system line as outsiders see it. Those of a chat were made for
// them by ChatLine; any other names people as their colleagues know them, so it
// names nobody.
func publicLine(line *threadv1.SystemLine) *threadv1.SystemLine {
	switch line.GetEvent() {
	case threadv1.SystemEvent_SYSTEM_EVENT_CHAT_OPENED, threadv1.SystemEvent_SYSTEM_EVENT_OPERATOR_JOINED,
		threadv1.SystemEvent_SYSTEM_EVENT_OPERATOR_LEFT, threadv1.SystemEvent_SYSTEM_EVENT_VISITOR_LEFT,
		threadv1.SystemEvent_SYSTEM_EVENT_CHAT_CLOSED, threadv1.SystemEvent_SYSTEM_EVENT_CHAT_REOPENED,
		threadv1.SystemEvent_SYSTEM_EVENT_NO_OPERATOR:
		return line
	}
	if line.GetParty() == nil {
		return line
	}
	return &threadv1.SystemLine{Event: line.GetEvent(), Party: &threadv1.Party{Kind: line.GetParty().GetKind()}}
}

// publicFiles are a message's files as outsiders see them: by the name that the
// author has for them.
func publicFiles(files []*threadv1.File, author Author) []*threadv1.File {
	var out []*threadv1.File
	for _, f := range files {
		if f.GetInternal() {
			continue
		}
		out = append(out, &threadv1.File{
			Id: f.GetId(), ThreadId: f.GetThreadId(), Name: f.GetName(), MediaType: f.GetMediaType(), Size: f.GetSize(),
			State: f.GetState(), CreateTime: f.GetCreateTime(),
			HasPreview: f.GetHasPreview(), PreviewWidth: f.GetPreviewWidth(), PreviewHeight: f.GetPreviewHeight(),
			Author: &threadv1.Party{Kind: author.Kind, Id: f.GetAuthor().GetId(), Name: author.PublicName},
		})
	}
	return out
}

// publicReply is what a message answers, in outsiders' numbers and names.
func publicReply(r *wirev1.Reply) *threadv1.MessageReference {
	if r == nil || r.GetInternal() {
		return nil
	}
	ref := r.GetReference()
	return &threadv1.MessageReference{
		MessageId: ref.GetMessageId(), Seq: r.GetPublicSeq(), Excerpt: ref.GetExcerpt(),
		Author: &threadv1.Party{Kind: ref.GetAuthor().GetKind(), Id: ref.GetAuthor().GetId(), Name: r.GetAuthorPublicName()},
	}
}

// publicReactions are reactions without the names of users, which outsiders need
// not know.
func publicReactions(reactions []*threadv1.Reaction) []*threadv1.Reaction {
	var out []*threadv1.Reaction
	for _, r := range reactions {
		anonymous := &threadv1.Reaction{Emoji: r.GetEmoji()}
		for _, p := range r.GetParties() {
			if p.GetKind() == threadv1.PartyKind_PARTY_KIND_USER {
				p = &threadv1.Party{Kind: p.GetKind()}
			}
			anonymous.Parties = append(anonymous.Parties, p)
		}
		out = append(out, anonymous)
	}
	return out
}

// RedactMark is a read mark in the numbering of an audience.
func RedactMark(m Mark, to Audience) *threadv1.ReadMark {
	out := &threadv1.ReadMark{ThreadId: m.Thread.String(), Party: m.Party, Seq: m.Seq}
	if to == Outside {
		out.Seq = m.PublicSeq
		out.Party = &threadv1.Party{Kind: m.Party.GetKind(), Id: m.Party.GetId(), Name: m.PublicName}
	}
	return out
}

func optionalTime(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
