package server_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
	"github.com/parley-chat/parley/server/servertest"
)

// The marks stand in everything that acme has to hide, so that a leak shows
// wherever it comes out.
const (
	markRecord = "zebra-record" // in records and all that hangs on them
	markChat   = "zebra-chat"   // in what a visitor and an operator tell each other
	markNote   = "zebra-note"   // in every internal note and the files of it
	markAside  = "zebra-note-2" // in the notes of a chat
	markStaff  = "zebra-staff"  // in the full names and addresses of users
)

// world is a server with two workspaces: acme, which has one of everything, and
// umbra, whose people have no business with it.
type world struct {
	node                 *servertest.Server
	admin, agent, member *servertest.Client
	owner, bystander     *servertest.Client // visitors of acme; the chat is the owner's
	umbra, passer        *servertest.Client // an administrator and a visitor of umbra
	ownerID              string
	channel              string
	spareSession         string
	spareKey             string
	stream               string
	item                 string
	activityType, plan   string
	activities           []string // planned on the record
	contact              string
	alias, quarantined   string
	delivery             string // of a message on the record
	letters              *letters
	connection, template string
	whatsapp             *whatsapptest.Server
	messageTemplate      string
	scheduled            []string
	target               string
	record, note, talk   subject
}

// subject is a thread of acme with a message and files in it.
type subject struct {
	name string
	// thread is a record's or a chat's.
	thread, message, file string
	// unfinished has no bytes yet, written all of them, and loose was never sent.
	unfinished, written, loose string
	party                      string
}

func newWorld(t *testing.T, options ...servertest.Option) *world {
	t.Helper()
	w := &world{node: servertest.Start(t, options...)}
	w.people(t)
	w.visitors(t)
	w.hangOnRecord(t)
	w.planOnRecord(t)
	w.prepare(t)
	w.hangOnChat(t)
	w.credentials(t)
	w.mail(t)
	w.connect(t)
	return w
}

// people makes the users of both workspaces. To visitors a user is a live chat
// name: the full name and the address are marked.
func (w *world) people(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	w.admin = w.node.SignIn(t, servertest.Admin)
	_, err := w.admin.Identity.UpdateUser(ctx, &identityv1.UpdateUserRequest{User: &identityv1.User{
		Id: w.admin.UserID.String(), Name: "Ada " + markStaff, ChatName: "Ada",
	}})
	require.NoError(t, err)
	w.agent = w.node.User(t, markStaff+"-agent@acme.example", identityv1.Role_ROLE_AGENT)
	w.member = w.node.User(t, markStaff+"-member@acme.example", identityv1.Role_ROLE_MEMBER)
	w.target = w.node.User(t, markStaff+"-target@acme.example", identityv1.Role_ROLE_AGENT).UserID.String()

	_, err = w.node.CreateWorkspace(ctx, identity.CreateWorkspaceParams{
		Name: "umbra", Title: "Umbra", AdminEmail: "root@umbra.example", AdminName: "Root", AdminPassword: servertest.Password,
	})
	require.NoError(t, err)
	w.umbra = w.signIn(t, "umbra", "root@umbra.example")
}

func (w *world) signIn(t *testing.T, workspace, email string) *servertest.Client {
	t.Helper()
	in, err := w.node.As("").Identity.SignIn(t.Context(), &identityv1.SignInRequest{
		Workspace: workspace, Email: email, Password: servertest.Password,
	})
	require.NoError(t, err)
	return w.node.As(in.GetToken())
}

// visitors starts the visits. Ada is there before the chat is opened, and gets
// it.
func (w *world) visitors(t *testing.T) {
	t.Helper()
	w.channel = channelOf(t, w.admin)
	w.owner, w.ownerID = visit(t, w.node, w.channel)
	w.bystander, _ = visit(t, w.node, w.channel)
	w.passer, _ = visit(t, w.node, channelOf(t, w.umbra))
	w.stream = standBy(t, w.admin, w.channel)
	chat, err := w.owner.Visitor.OpenChat(t.Context(), &visitorv1.OpenChatRequest{
		RequestId: uuid.NewString(), ChannelId: w.channel, Body: "Hello, " + markChat, Name: "Olga " + markChat,
		Email: markChat + "@shop.example", PageUrl: "https://shop.example/" + markChat,
	})
	require.NoError(t, err)
	require.Equal(t, w.admin.UserID.String(), chat.GetChat().GetOperator().GetId())
	w.talk = subject{name: "talk", thread: chat.GetChat().GetId(), party: w.agent.UserID.String()}
	w.note = subject{name: "note", thread: w.talk.thread, party: w.talk.party}
}

// hangOnRecord makes a ticket with a contact who follows it, and a note with a
// file that mentions Ada.
func (w *world) hangOnRecord(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	w.contact = create(t, w.admin, "contact", map[string]any{
		"name": "Carla " + markRecord, "phone": "+46701740605", "email": "carla@" + markRecord + ".example",
	})
	w.record = subject{name: "record", party: w.contact}
	w.record.thread = create(t, w.admin, "ticket", map[string]any{"title": "Leak " + markRecord, "number": "Z-1", "customer": w.contact})
	_, err := w.admin.Chatter.AddFollower(ctx, &chatterv1.AddFollowerRequest{ThreadId: w.record.thread, PartyId: w.contact})
	require.NoError(t, err)
	_, err = w.admin.Records.CreateRecordType(ctx, &recordv1.CreateRecordTypeRequest{
		RequestId: uuid.NewString(), RecordType: typeNamed("zebra_type"),
	})
	require.NoError(t, err)
	w.say(t, &w.record, w.admin, true, markRecord+" "+markNote)
	// What the agent writes is in Ada's inbox.
	_, err = w.agent.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: markNote + " for Ada, " + markRecord, Internal: true,
		MentionIds: []string{w.admin.UserID.String()},
	})
	require.NoError(t, err)
	inbox, err := w.admin.Chatter.ListInbox(ctx, &chatterv1.ListInboxRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, inbox.GetItems())
	w.item = inbox.GetItems()[0].GetId()
}

// planOnRecord schedules activities of the ticket, all for Ada, and makes a plan.
func (w *world) planOnRecord(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	types, err := w.admin.Activity.ListActivityTypes(ctx, &activityv1.ListActivityTypesRequest{})
	require.NoError(t, err)
	w.activityType = types.GetTypes()[0].GetId()
	summary := "Think of " + markRecord
	for range 4 {
		res, err := w.admin.Activity.ScheduleActivities(ctx, &activityv1.ScheduleActivitiesRequest{
			RequestId: uuid.NewString(), RecordIds: []string{w.record.thread}, TypeId: w.activityType, Summary: &summary, Note: &summary,
		})
		require.NoError(t, err)
		w.activities = append(w.activities, res.GetActivities()[0].GetId())
	}
	plan, err := w.admin.Activity.CreateActivityPlan(ctx, &activityv1.CreateActivityPlanRequest{
		RequestId: uuid.NewString(), Plan: &activityv1.ActivityPlan{
			Name: "Plan " + markRecord, Items: []*activityv1.ActivityPlanItem{{TypeId: w.activityType, Summary: summary}},
		},
	})
	require.NoError(t, err)
	w.plan = plan.GetPlan().GetId()
}

// hangOnChat has the operator say something aloud and something aside.
func (w *world) hangOnChat(t *testing.T) {
	t.Helper()
	w.say(t, &w.note, w.admin, true, markAside)
	w.say(t, &w.talk, w.owner, false, markChat)
	_, err := w.admin.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.talk.thread, Body: "Good day, " + markChat,
	})
	require.NoError(t, err)
}

// say posts a message with a file and leaves files behind in every state.
func (w *world) say(t *testing.T, s *subject, by *servertest.Client, internal bool, mark string) {
	t.Helper()
	ctx := t.Context()
	s.unfinished = announce(t, by, s.thread, mark+"-unfinished.txt", internal)
	s.written = announce(t, by, s.thread, mark+"-written.txt", internal)
	writePart(t, by, s.written)
	s.loose = upload(t, by, s.thread, mark+"-loose.txt", internal)
	s.file = upload(t, by, s.thread, mark+"-sent.txt", internal)
	if by == w.owner {
		res, err := by.Visitor.PostMessage(ctx, &visitorv1.PostMessageRequest{
			RequestId: uuid.NewString(), ChatId: s.thread, Body: "From me, " + mark, FileIds: []string{s.file},
		})
		require.NoError(t, err)
		s.message = res.GetMessage().GetId()
		return
	}
	res, err := by.Chatter.PostMessage(ctx, &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: s.thread, Body: "From staff, " + mark, Internal: internal, FileIds: []string{s.file},
	})
	require.NoError(t, err)
	s.message = res.GetMessage().GetId()
}

// credentials makes a session and a key of Ada's that can be revoked.
func (w *world) credentials(t *testing.T) {
	t.Helper()
	in, err := w.node.As("").Identity.SignIn(t.Context(), &identityv1.SignInRequest{
		Workspace: servertest.Workspace, Email: servertest.Admin, Password: servertest.Password,
	})
	require.NoError(t, err)
	w.spareSession = in.GetSession().GetId()
	key, _ := apiKey(t, w.admin, accessv1.Scope_SCOPE_RECORD_READ)
	w.spareKey = key.GetId()
}

// connect makes a connection to a messenger with a template for tickets.
func (w *world) connect(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	w.whatsapp = whatsapptest.Start(t, whatsapptest.Template{
		ID: "1", Name: "ticket_news", Language: "en", Status: "APPROVED", Category: "UTILITY",
		Components: []map[string]any{{"type": "BODY", "text": "News of {{1}}."}},
	})
	made, err := w.admin.Messenger.CreateConnection(ctx, &messengerv1.CreateConnectionRequest{
		RequestId: uuid.NewString(), Token: whatsapptest.Token, AppSecret: whatsapptest.AppSecret, Connection: &messengerv1.Connection{
			Kind: messengerv1.ConnectionKind_CONNECTION_KIND_WHATSAPP, Name: "For " + markStaff, Account: whatsapptest.Account,
			Sender: whatsapptest.Sender, BaseUrl: w.whatsapp.URL,
		},
	})
	require.NoError(t, err)
	w.connection = made.GetConnection().GetId()
	_, err = w.admin.Messenger.ActivateConnection(ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: w.connection})
	require.NoError(t, err)
	_, err = w.admin.Messenger.SyncTemplates(ctx, &messengerv1.SyncTemplatesRequest{ConnectionId: w.connection})
	require.NoError(t, err)
	list, err := w.admin.Messenger.ListWhatsAppTemplates(ctx, &messengerv1.ListWhatsAppTemplatesRequest{})
	require.NoError(t, err)
	w.template = list.GetTemplates()[0].GetId()
	_, err = w.admin.Messenger.UpdateWhatsAppTemplate(ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{
		Id: w.template, RecordType: "ticket", Parameters: []*messengerv1.TemplateParameter{{Name: "body.1", Value: "{{ record.number }}"}},
	}})
	require.NoError(t, err)
}

// apiKey makes a key of a user's.
func apiKey(t *testing.T, by *servertest.Client, scopes ...accessv1.Scope) (*identityv1.ApiKey, string) {
	t.Helper()
	res, err := by.Identity.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "for " + markStaff, Scopes: scopes})
	require.NoError(t, err)
	return res.GetApiKey(), res.GetToken()
}

func channelOf(t *testing.T, by *servertest.Client) string {
	t.Helper()
	res, err := by.LiveChat.ListChannels(t.Context(), &livechatv1.ListChannelsRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, res.GetChannels())
	return res.GetChannels()[0].GetId()
}

// visit begins a visit, and answers who the visitor is.
func visit(t *testing.T, node *servertest.Server, channel string) (*servertest.Client, string) {
	t.Helper()
	res, err := node.As("").Visitor.StartVisit(t.Context(), &visitorv1.StartVisitRequest{ChannelId: channel})
	require.NoError(t, err)
	return node.As(res.GetToken()), res.GetVisitor().GetId()
}

// standBy keeps a stream of an operator open until the test ends, answers its
// name, and waits until the channel counts them.
func standBy(t *testing.T, by *servertest.Client, channel string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := by.Live.Subscribe(ctx, &livev1.SubscribeRequest{Active: true})
	require.NoError(t, err)
	require.True(t, stream.Receive(), "the stream opens: %v", stream.Err())
	name := stream.Msg().GetOpened().GetStreamId()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for stream.Receive() {
		}
	}()
	t.Cleanup(func() { cancel(); <-ended; _ = stream.Close() })
	require.Eventually(t, func() bool {
		res, err := by.LiveChat.GetChannel(ctx, &livechatv1.GetChannelRequest{ChannelId: channel})
		return err == nil && res.GetChannel().GetAvailableOperatorCount() > 0
	}, 10*time.Second, 20*time.Millisecond)
	return name
}

// tickEvery is how often is looked whether something happened.
const tickEvery = 20 * time.Millisecond

const content = "ten bytes."

// announce begins an upload of content.
func announce(t *testing.T, by *servertest.Client, thread, name string, internal bool) string {
	t.Helper()
	res, err := by.Files.CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: thread, Name: name, Size: int64(len(content)), Internal: internal,
	})
	require.NoError(t, err)
	return res.GetFile().GetId()
}

func writePart(t *testing.T, by *servertest.Client, file string) {
	t.Helper()
	_, err := by.Files.WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: file, Data: []byte(content)})
	require.NoError(t, err)
}

// upload stores a file that waits for its message.
func upload(t *testing.T, by *servertest.Client, thread, name string, internal bool) string {
	t.Helper()
	id := announce(t, by, thread, name, internal)
	writePart(t, by, id)
	_, err := by.Files.FinishFile(t.Context(), &threadv1.FinishFileRequest{FileId: id})
	require.NoError(t, err)
	return id
}
