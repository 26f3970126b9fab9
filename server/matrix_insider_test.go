package server_test

import (
	"slices"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"

	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// refusals are what a made-up request of somebody who may do everything comes
// to, where that is no success, and why.
var refusals = map[string]string{
	"IdentityService.SignIn SIGN_IN_FAILED":                         "the address is made up",
	"LiveService.UpdateSubscription STREAM_NOT_FOUND":               "the stream was opened with another credential",
	"FileService.WriteFile FILE_NOT_FOUND":                          "the upload is the visitor's",
	"FileService.FinishFile FILE_NOT_FOUND":                         "the upload is the visitor's",
	"ChatterService.PostMessage FILE_UNKNOWN":                       "the file is the visitor's",
	"VisitorService.PostMessage FILE_UNKNOWN":                       "the file is an operator's",
	"ChatterService.PostMessage FILE_INTERNAL":                      "the file is internal, and the message is not",
	"TranslationService.TranslateMessage TRANSLATION_NOT_SET_UP":    "nobody translates in this world",
	"TranslationService.TranslateMessage TRANSLATOR_UNREACHABLE":    "nobody is at the made-up address",
	"MailService.SendTestMail MAIL_NOT_SENT":                        "no mail leaves this world",
	"MailService.SendTestMail MAIL_NOT_SET_UP":                      "the walk has taken the domain away before",
	"MailService.DeliverMail MAIL_NOT_SET_UP":                       "the same",
	"MailService.DeliverQuarantinedMail MAIL_NOT_SET_UP":            "the same",
	"MailService.DeliverQuarantinedMail QUARANTINED_MAIL_NOT_FOUND": "the walk has delivered it before",
	"MailService.DeleteQuarantinedMail QUARANTINED_MAIL_NOT_FOUND":  "the walk has deleted it before",
	"MessengerService.PreviewWhatsApp RECORD_NEEDED":                "the thread is a chat's",
	"MessengerService.SendWhatsApp RECORD_NEEDED":                   "the same",
	"MessengerService.SendWhatsApp CONNECTION_INACTIVE":             "the walk has turned it off before",
	"ComposeService.RenderMessageTemplate TEMPLATE_OTHER_TYPE":      "the thread is a chat's",
	"ComposeService.SaveMessageAsTemplate MESSAGE_UNFIT":            "the same",
	"MailService.GetMessageHtml MAIL_HTML_NOT_FOUND":                "no message came by mail",
	"ChatterService.RetryDelivery DELIVERY_NOT_FOUND":               "the delivery is of the record",
	"ChatterService.RetryDelivery DELIVERY_NOT_FAILED":              "it waits to be sent",
}

// An administrator can do everything, so the requests of this matrix are such as
// would do something for whoever gets past the gate.
//
// Spec: A4
func TestMatrix_AdministratorMayDoEverythingInTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &caller{name: "administrator", kinds: asAdministrator, token: w.fresh(servertest.Admin), strange: none}
	for _, method := range inOrder(methods(t)) {
		w.try(t, c, method, func(a attempt) {
			if a.code != 0 {
				require.Contains(t, refusals, full(a.method)+" "+a.reason, a.what)
			}
		})
	}
}

func none(string) bool { return false }

// fresh signs a user in anew for every call: some calls end the session.
func (w *world) fresh(email string) func(*testing.T, protoreflect.MethodDescriptor) string {
	return func(t *testing.T, _ protoreflect.MethodDescriptor) string {
		t.Helper()
		return w.node.SignIn(t, email).Token
	}
}

// A member works with records; chats, and what is another's own, do not exist
// for them.
//
// Spec: A4
func TestMatrix_MemberMeetsNoChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.walkAsUser(t, &caller{
		name: "member", kinds: asMember, token: w.fresh(markStaff + "-member@acme.example"), marks: []string{markChat, markAside},
		strange: func(id string) bool {
			return w.private(id) || slices.Contains(w.note.all(), id) || slices.Contains(w.talk.all(), id)
		},
	})
}

// Spec: A4
func TestMatrix_AgentMeetsNothingOfAnothersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.walkAsUser(t, &caller{
		name: "agent", kinds: asAgent, token: w.fresh(markStaff + "-agent@acme.example"), strange: w.private,
	})
}

func (w *world) walkAsUser(t *testing.T, c *caller) {
	t.Helper()
	for _, method := range inOrder(methods(t)) {
		w.try(t, c, method, func(a attempt) {
			if a.foreign {
				require.Equal(t, connect.CodeNotFound, a.code, a.what)
			}
		})
	}
}

// private reports whether an id is of what belongs to Ada alone: credentials,
// inbox, streams, files that are not sent yet.
func (w *world) private(id string) bool {
	own := []string{w.spareSession, w.spareKey, w.stream, w.item}
	for _, s := range []*subject{&w.record, &w.note} {
		own = append(own, s.unfinished, s.written)
	}
	return slices.Contains(own, id)
}

// all are the subject's ids.
func (s *subject) all() []string {
	return []string{s.thread, s.message, s.file, s.unfinished, s.written, s.loose}
}

// Spec: A4
func TestMatrix_KeyMayDoWhatItsScopeSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &caller{name: "key with the scope", kinds: asAdministrator, strange: none, token: func(t *testing.T, m protoreflect.MethodDescriptor) string {
		_, token := apiKey(t, w.node.SignIn(t, servertest.Admin), ruleOf(m).GetScope())
		return token
	}}
	closed, _ := split(inOrder(methods(t)))
	for _, method := range closed {
		if ruleOf(method).GetScope() != 0 {
			w.try(t, c, method, func(attempt) {})
		}
	}
}

// A visitor has the own chat and the files in it, and nothing besides: no note,
// no file of one, no full name.
//
// Spec: A4 C4 C10
func TestMatrix_VisitorHasTheOwnChatOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := append(w.talk.all(), w.ownerID, w.channel)
	c := &caller{
		name: "the chat's visitor", kinds: asVisitor, token: always(w.owner.Token), marks: []string{markRecord, markNote, markStaff},
		strange: func(id string) bool { return !slices.Contains(own, id) },
	}
	for _, method := range inOrder(methods(t)) {
		w.try(t, c, method, func(a attempt) {
			switch {
			case a.foreign:
				require.Equal(t, connect.CodeNotFound, a.code, a.what)
			case a.code != 0:
				require.Contains(t, refusals, full(a.method)+" "+a.reason, a.what)
			}
		})
	}
}

// Spec: A4 C4 C10
func TestMatrix_OtherVisitorMeetsNothingOfTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.chatAsStaffSeesIt(t)
	c := &caller{
		name: "another visitor", kinds: asVisitor, token: always(w.bystander.Token), marks: allMarks,
		strange: func(id string) bool { return id != w.channel },
	}
	for _, method := range inOrder(methods(t)) {
		w.try(t, c, method, func(a attempt) {
			if a.foreign {
				require.Equal(t, connect.CodeNotFound, a.code, a.what)
			}
		})
	}
	require.Equal(t, before, w.chatAsStaffSeesIt(t))
}

func (w *world) chatAsStaffSeesIt(t *testing.T) string {
	t.Helper()
	chat, err := w.agent.LiveChat.GetChat(t.Context(), &livechatv1.GetChatRequest{ChatId: w.talk.thread})
	require.NoError(t, err)
	return prototext.Format(chat) + messagesOf(t, w.agent, w.talk.thread)
}
