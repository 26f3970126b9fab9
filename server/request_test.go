package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// skipped stands for a field that is left out of generated requests.
type skipped struct{}

// filler makes requests that name what acme has, so that nothing but the
// caller's rights stands between the caller and it.
type filler struct {
	w     *world
	s     *subject
	named map[string]bool // the ids of acme that the request names
}

// idOf is the id that a field stands for, by the field's place: the whole path
// ("GetUserRequest.user_id"), its message ("User.id"), or its name. Every field
// that names something must be known here; add those of new methods.
func (f *filler) idOf(request, message, field string) (id any, ok bool) {
	w, s := f.w, f.s
	for _, place := range []string{request + "." + field, message + "." + field, field} {
		switch place {
		case "WriteFileRequest.file_id":
			return s.unfinished, true
		case "FinishFileRequest.file_id":
			return s.written, true
		case "PostMessageRequest.file_ids":
			return []string{s.loose}, true
		case "SearchMessagesRequest.author_id": // it would hide what others wrote
			return skipped{}, true
		case "ScheduleActivitiesRequest.file_ids", "CompleteActivityRequest.file_ids", "CompleteAndScheduleNextRequest.file_ids",
			"add_file_ids", "remove_file_ids": // it is there for PostMessage
			return skipped{}, true
		case "CompleteActivityRequest.activity_id":
			return w.activities[1], true
		case "CompleteAndScheduleNextRequest.activity_id":
			return w.activities[2], true
		case "CancelActivityRequest.activity_id":
			return w.activities[3], true
		case "activity_id":
			return w.activities[0], true
		case "type_id", "next_type_id", "ActivityType.id":
			return w.activityType, true
		case "type_ids":
			return []string{w.activityType}, true
		case "plan_id", "ActivityPlan.id":
			return w.plan, true
		case "record_ids":
			return []string{w.record.thread}, true
		case "assignee_id", "next_assignee_id", "default_assignee_id":
			return w.target, true
		case "file_id":
			return s.file, true
		case "thread_id":
			return s.thread, true
		case "thread_ids":
			return []string{w.record.thread, w.talk.thread}, true
		case "message_id":
			return s.message, true
		case "chat_id":
			return w.talk.thread, true
		case "channel_id", "Channel.id":
			return w.channel, true
		case "record_id", "Record.id":
			return w.record.thread, true
		case "user_id", "User.id", "creator_id":
			return w.target, true
		case "party_id":
			return s.party, true
		case "mention_ids":
			return []string{w.agent.UserID.String()}, true
		case "session_id":
			return w.spareSession, true
		case "api_key_id":
			return w.spareKey, true
		case "connection_id", "Connection.id":
			return w.connection, true
		case "template_id", "WhatsAppTemplate.id":
			return w.template, true
		case "reply_to_id": // what answers a note is a note
			return skipped{}, true
		case "recipient_ids":
			return []string{w.agent.UserID.String()}, true
		case "except_ids":
			return []string{w.agent.UserID.String()}, true
		case "Content.file_ids": // it is there for PostMessage
			return skipped{}, true
		case "message_template_id":
			return w.messageTemplate, true
		case "SendScheduledMessageNowRequest.scheduled_message_id":
			return w.scheduled[1], true
		case "CancelScheduledMessageRequest.scheduled_message_id":
			return w.scheduled[2], true
		case "scheduled_message_id":
			return w.scheduled[0], true
		case "alias_id", "MailAlias.id":
			return w.alias, true
		case "quarantine_id":
			return w.quarantined, true
		case "follower_ids":
			return []string{w.target}, true
		case "delivery_id":
			return w.delivery, true
		case "contact_id":
			return w.contact, true
		case "item_id":
			return w.item, true
		case "stream_id":
			return w.stream, true
		case "Workspace.id":
			return w.node.Workspace.String(), true
		case "request_id":
			return uuid.NewString(), true
		}
	}
	return nil, false
}

// wordOf is what else a request needs to be taken for a good one.
func (f *filler) wordOf(request, message, field string) any {
	for _, place := range []string{request + "." + field, message + "." + field, field} {
		switch place {
		case "CreateRecordTypeRequest.record_type":
			return typeNamed("made_up_x" + strings.ReplaceAll(uuid.NewString(), "-", "")[:20])
		case "UpdateRecordTypeRequest.record_type":
			return &recordv1.RecordType{Name: "zebra_type", Label: "Other"}
		case "DeleteRecordTypeRequest.name", "GetRecordTypeRequest.name":
			f.named["zebra_type"] = true
			return "zebra_type"
		case "CreateApiKeyRequest.scopes": // a key hands on what it may do itself
			return []accessv1.Scope{accessv1.Scope_SCOPE_IDENTITY_WRITE}
		case "SearchMessagesRequest.query": // in every mark
			return "zebra"
		case "TemplateParameter.name":
			return "body.1"
		case "TranslationSettings.base_url":
			return "http://127.0.0.1:9"
		case "MailAlias.name":
			return "made-up-" + uuid.NewString()
		case "DeliverMailRequest.mail":
			return []byte("From: made-up@elsewhere.example\r\n\r\nHello")
		case "emoji":
			return "👍"
		case "ResetBouncedAddressRequest.address":
			return "made-up@elsewhere.example"
		case "type", "ListActivityRowsRequest.record_type", "MailAlias.record_type":
			return "ticket"
		case "ScheduleMessageRequest.send_time":
			return timestamppb.New(time.Now().Add(time.Hour))
		case "SaveDraftRequest.revision":
			return int64(7)
		case "GroupRecordsRequest.field":
			return "stage"
		case "GroupRecordsRequest.sum_field", "RecordType.parent_field":
			return skipped{}
		case "due_from", "due_to":
			return "2026-11-22"
		case "workspace":
			return servertest.Workspace
		case "ListChatsRequest.state", "Record.etag", "Record.display", "Operator.state", "mask", "operator.state",
			"CreateFileLinkRequest.kind": // of a text there is no preview
			return skipped{}
		case "ImportRecordsRequest.data":
			return []byte(`{"title": "Imported", "number": "` + uuid.NewString() + `"}`)
		case "WriteFileRequest.data":
			return []byte(content)
		case "size":
			return int64(len(content))
		case "email":
			return uuid.NewString() + "@made-up.example"
		case "password", "current_password", "new_password":
			return servertest.Password
		case "name", "title", "subject", "body", "label", "chat_name":
			return "made up " + uuid.NewString()
		case "locale":
			return "en"
		}
	}
	return nil
}

// request is a message for a method, filled from its descriptor.
func (f *filler) request(t *testing.T, method protoreflect.MethodDescriptor) proto.Message {
	t.Helper()
	f.named = map[string]bool{}
	return f.fill(t, string(method.Input().Name()), method.Input()).Interface()
}

func (f *filler) fill(t *testing.T, request string, of protoreflect.MessageDescriptor) protoreflect.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	require.NoError(t, err)
	m := kind.New()
	for i := range of.Fields().Len() {
		field := of.Fields().Get(i)
		if v := f.value(t, request, m, field); v.IsValid() {
			m.Set(field, v)
		}
	}
	return m
}

// value is what a field is filled with; an invalid one leaves it out.
func (f *filler) value(t *testing.T, request string, m protoreflect.Message, field protoreflect.FieldDescriptor) protoreflect.Value {
	t.Helper()
	message, name := string(m.Descriptor().Name()), string(field.Name())
	given := f.wordOf(request, message, name)
	if isID(field) {
		id, ok := f.idOf(request, message, name)
		require.True(t, ok, "%s.%s (in %s) names something: tell filler.idOf what to fill in", message, name, request)
		f.note(name, id)
		given = id
	}
	switch v := given.(type) {
	case skipped:
		return protoreflect.Value{}
	case proto.Message:
		return protoreflect.ValueOfMessage(v.ProtoReflect())
	case []string:
		list := m.NewField(field).List()
		for _, one := range v {
			list.Append(protoreflect.ValueOfString(one))
		}
		return protoreflect.ValueOfList(list)
	case []accessv1.Scope:
		list := m.NewField(field).List()
		for _, one := range v {
			list.Append(protoreflect.ValueOfEnum(one.Number()))
		}
		return protoreflect.ValueOfList(list)
	case nil:
		return f.made(t, request, m, field)
	}
	if field.Message() != nil || field.IsList() { // the word is for a text of that name
		return f.made(t, request, m, field)
	}
	return protoreflect.ValueOf(given)
}

// made is a value for a field that nobody has a word for.
func (f *filler) made(t *testing.T, request string, m protoreflect.Message, field protoreflect.FieldDescriptor) protoreflect.Value {
	t.Helper()
	switch {
	case field.IsMap(), isPlace(field):
		return protoreflect.Value{}
	case field.Message() != nil && strings.HasPrefix(string(field.Message().FullName()), "google.protobuf."):
		if field.Message().Name() == "Struct" {
			values := fields(t, map[string]any{"title": "made up", "number": uuid.NewString()})
			return protoreflect.ValueOfMessage(values.ProtoReflect())
		}
		return protoreflect.Value{}
	case field.IsList():
		list := m.NewField(field).List()
		for _, v := range f.elements(t, request, field) {
			list.Append(v)
		}
		return protoreflect.ValueOfList(list)
	case field.Message() != nil:
		return protoreflect.ValueOfMessage(f.fill(t, request, field.Message()))
	case field.Enum() != nil:
		values := field.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(values.Len() - 1).Number())
	case field.Kind() == protoreflect.BoolKind && field.HasOptionalKeyword():
		return protoreflect.ValueOfBool(true)
	default:
		return protoreflect.Value{}
	}
}

// elements are one of everything that a list can hold: of a message with
// alternatives one of each.
func (f *filler) elements(t *testing.T, request string, field protoreflect.FieldDescriptor) []protoreflect.Value {
	t.Helper()
	if e := field.Enum(); e != nil {
		return []protoreflect.Value{protoreflect.ValueOfEnum(e.Values().Get(e.Values().Len() - 1).Number())}
	}
	of := field.Message()
	if of == nil {
		return nil
	}
	if of.Oneofs().Len() == 0 {
		return []protoreflect.Value{protoreflect.ValueOfMessage(f.fill(t, request, of))}
	}
	var each []protoreflect.Value
	choices := of.Oneofs().Get(0).Fields()
	for i := range choices.Len() {
		one := f.fill(t, request, of)
		choice := choices.Get(i)
		if choice.Message() != nil {
			one.Set(choice, protoreflect.ValueOfMessage(f.fill(t, request, choice.Message())))
		} else if id, ok := f.idOf(request, string(of.Name()), string(choice.Name())); ok {
			one.Set(choice, protoreflect.ValueOf(id))
		}
		each = append(each, protoreflect.ValueOfMessage(one))
	}
	return each
}

// note remembers which of acme's things a request names. The channel's id is
// public: it stands in the script tag.
func (f *filler) note(field string, id any) {
	if field == "request_id" {
		return
	}
	switch v := id.(type) {
	case string:
		f.named[v] = true
	case []string:
		for _, one := range v {
			f.named[one] = true
		}
	}
}

// isID reports whether a field names something.
func isID(field protoreflect.FieldDescriptor) bool {
	name := string(field.Name())
	return field.Kind() == protoreflect.StringKind &&
		(name == "id" || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids"))
}

// isPlace reports whether a field is one of alternatives that may all be left
// out, such as where to begin a page.
func isPlace(field protoreflect.FieldDescriptor) bool {
	of := field.ContainingOneof()
	return of != nil && !of.IsSynthetic()
}
