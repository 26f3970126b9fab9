package thread

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
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
	if to == Outside && (m.Internal || m.Kind == threadv1.MessageKind_MESSAGE_KIND_CHANGE) {
		return nil
	}
	out := &threadv1.Message{
		Id: m.ID.String(), ThreadId: m.Thread.String(), Seq: m.Seq, Rev: m.Rev, Kind: m.Kind, Internal: m.Internal,
		Subtype: m.Subtype, Author: m.Author.Party(), Body: m.Body, RequestId: m.RequestID.String(),
		CreateTime: timestamppb.New(m.Create), EditTime: optionalTime(m.Edit), DeleteTime: optionalTime(m.Delete),
	}
	x := m.Extra
	if to == Outside {
		out.Seq, out.Rev, out.Subtype = m.PublicSeq, 0, ""
		out.Author.Name = m.Author.PublicName
		out.System = x.GetSystem()
		out.Files = publicFiles(x.GetFiles(), m.Author)
		if m.Delete != nil && x.GetDeletedBy() != nil {
			out.DeletedBy = &threadv1.Party{Kind: x.GetDeletedBy().GetKind()}
		}
		return out
	}
	out.Files, out.Mentions, out.System, out.DeletedBy = x.GetFiles(), x.GetMentions(), x.GetSystem(), x.GetDeletedBy()
	for _, c := range x.GetChanges() {
		if len(c.GetRoles()) == 0 || slices.Contains(c.GetRoles(), audienceRoles[to]) {
			out.Changes = append(out.Changes, c.GetChange())
		}
	}
	return out
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
			Author: &threadv1.Party{Kind: author.Kind, Id: f.GetAuthor().GetId(), Name: author.PublicName},
		})
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
