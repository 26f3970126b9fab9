package compose_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// bundle is a whole server with three people, and a ticket of a contact's. Its
// clock goes with the real one, and can be set forward.
type bundle struct {
	t     *testing.T
	node  *servertest.Server
	clock *clock
	// ada is the administrator, anna a member, ben an agent.
	ada, anna, ben  *servertest.Client
	contact, ticket string
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, clock: &clock{}}
	b.node = servertest.Start(t, func(c *server.Config) { c.Now = b.clock.now })
	b.ada = b.node.SignIn(t, servertest.Admin)
	b.anna = b.node.User(t, "anna@acme.example", identityv1.Role_ROLE_MEMBER)
	b.ben = b.node.User(t, "ben@acme.example", identityv1.Role_ROLE_AGENT)
	b.contact = b.record("contact", map[string]any{"name": "Carla [C] *", "email": "carla@shop.example"})
	b.ticket = b.record("ticket", map[string]any{"title": "Printer on fire", "number": "T-1", "customer": b.contact})
	return b
}

func (b *bundle) record(kind string, values map[string]any) string {
	b.t.Helper()
	fields, err := structpb.NewStruct(values)
	require.NoError(b.t, err)
	res, err := b.ada.Records.CreateRecord(b.t.Context(), &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: kind, Fields: fields},
	})
	require.NoError(b.t, err)
	return res.GetRecord().GetId()
}

// secretType makes a record type that agents read and nobody below, with a field
// that only administrators read.
func (b *bundle) secretType() string {
	b.t.Helper()
	staff := []identityv1.Role{identityv1.Role_ROLE_AGENT, identityv1.Role_ROLE_ADMINISTRATOR}
	_, err := b.ada.Records.CreateRecordType(b.t.Context(), &recordv1.CreateRecordTypeRequest{
		RequestId: uuid.NewString(), RecordType: &recordv1.RecordType{
			Name: "secret", Label: "Secret", PluralLabel: "Secrets", TitleField: "title", UrlTemplate: "https://shop.example/s/{title}",
			Fields: []*recordv1.Field{
				{Name: "title", Label: "Title", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Required: true},
				{Name: "margin", Label: "Margin", Type: recordv1.FieldType_FIELD_TYPE_MONEY, ReadRoles: staff[1:]},
				{Name: "owner", Label: "Owner", Type: recordv1.FieldType_FIELD_TYPE_REFERENCE, TargetType: "user"},
				{Name: "due", Label: "Due", Type: recordv1.FieldType_FIELD_TYPE_DATE},
			},
			Read: &recordv1.Permission{Roles: staff}, Create: &recordv1.Permission{Roles: staff}, Update: &recordv1.Permission{Roles: staff},
		},
	})
	require.NoError(b.t, err)
	return "secret"
}

// template makes a template for tickets.
func (b *bundle) template(by *servertest.Client, subject, body string) *composev1.MessageTemplate {
	b.t.Helper()
	res, err := b.newTemplate(by, "ticket", subject, body)
	require.NoError(b.t, err)
	return res
}

func (b *bundle) newTemplate(by *servertest.Client, kind, subject, body string) (*composev1.MessageTemplate, error) {
	res, err := by.Compose.CreateMessageTemplate(b.t.Context(), &composev1.CreateMessageTemplateRequest{
		RequestId: uuid.NewString(), RecordType: kind, Name: "Template " + uuid.NewString(), Subject: subject, Body: body,
	})
	return res.GetTemplate(), err
}

func (b *bundle) render(by *servertest.Client, t *composev1.MessageTemplate, thread string) *composev1.RenderMessageTemplateResponse {
	b.t.Helper()
	res, err := by.Compose.RenderMessageTemplate(b.t.Context(), &composev1.RenderMessageTemplateRequest{
		RequestId: uuid.NewString(), MessageTemplateId: t.GetId(), ThreadId: thread,
	})
	require.NoError(b.t, err)
	return res
}

// save saves a draft of a message.
func (b *bundle) save(by *servertest.Client, revision int64, content *composev1.Content) *composev1.SaveDraftResponse {
	b.t.Helper()
	res, err := by.Compose.SaveDraft(b.t.Context(), &composev1.SaveDraftRequest{ThreadId: b.ticket, Content: content, Revision: revision})
	require.NoError(b.t, err)
	return res
}

func (b *bundle) drafts(by *servertest.Client) []*composev1.Draft {
	b.t.Helper()
	res, err := by.Compose.GetDrafts(b.t.Context(), &composev1.GetDraftsRequest{ThreadId: b.ticket})
	require.NoError(b.t, err)
	return res.GetDrafts()
}

func text(body string) *composev1.Content { return &composev1.Content{Body: body} }

// upload stores a file that waits for its message, or is attached.
func (b *bundle) upload(by *servertest.Client, thread, name string, attach bool) (string, error) {
	const content = "ten bytes."
	made, err := by.Files.CreateFile(b.t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Name: name, Size: int64(len(content)),
	})
	if err != nil {
		return "", err
	}
	id := made.GetFile().GetId()
	_, err = by.Files.WriteFile(b.t.Context(), &threadv1.WriteFileRequest{FileId: id, Data: []byte(content)})
	require.NoError(b.t, err)
	_, err = by.Files.FinishFile(b.t.Context(), &threadv1.FinishFileRequest{FileId: id, Attach: attach})
	return id, err
}

func (b *bundle) mustUpload(by *servertest.Client, thread, name string, attach bool) string {
	b.t.Helper()
	id, err := b.upload(by, thread, name, attach)
	require.NoError(b.t, err)
	return id
}

// comments are what people wrote on the ticket.
func (b *bundle) comments() []*threadv1.Message {
	b.t.Helper()
	res, err := b.ada.Chatter.ListMessages(b.t.Context(), &chatterv1.ListMessagesRequest{ThreadId: b.ticket})
	require.NoError(b.t, err)
	var messages []*threadv1.Message
	for _, m := range res.GetMessages() {
		if m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_COMMENT {
			messages = append(messages, m)
		}
	}
	return messages
}

func names(files []*threadv1.File) []string {
	list := []string{}
	for _, f := range files {
		list = append(list, f.GetName())
	}
	return list
}

// requireReason asserts what a program would branch on, and answers the facts.
func requireReason(t require.TestingT, reason string, err error) map[string]string {
	require.Error(t, err)
	var coded *connect.Error
	require.True(t, errors.As(err, &coded), "%v", err)
	for _, detail := range coded.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				require.Equal(t, reason, info.GetReason(), "%v", coded)
				return info.GetMetadata()
			}
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
	return nil
}

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
