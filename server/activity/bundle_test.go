package activity_test

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

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// bundle is a whole server with three people and a ticket. It is noon of
// 2026-11-22 in UTC.
type bundle struct {
	t     *testing.T
	node  *servertest.Server
	clock *clock
	// ada is the administrator, anna a member, ben an agent.
	ada, anna, ben *servertest.Client
	ticket         string
	types          map[string]string // ids by name
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, clock: &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, types: map[string]string{}}
	b.node = servertest.Start(t, func(c *server.Config) { c.Now = b.clock.now })
	b.ada = b.node.SignIn(t, servertest.Admin)
	b.anna = b.node.User(t, "anna@acme.example", identityv1.Role_ROLE_MEMBER)
	b.ben = b.node.User(t, "ben@acme.example", identityv1.Role_ROLE_AGENT)
	b.ticket = b.record("Printer on fire")
	for _, kind := range b.listTypes() {
		b.types[kind.GetName()] = kind.GetId()
	}
	return b
}

func (b *bundle) listTypes() []*activityv1.ActivityType {
	b.t.Helper()
	res, err := b.ada.Activity.ListActivityTypes(b.t.Context(), &activityv1.ListActivityTypesRequest{IncludeArchived: true})
	require.NoError(b.t, err)
	return res.GetTypes()
}

// record makes a ticket, and answers its id.
func (b *bundle) record(title string) string {
	b.t.Helper()
	return b.recordOf("ticket", title)
}

func (b *bundle) recordOf(kind, title string) string {
	b.t.Helper()
	fields, err := structpb.NewStruct(map[string]any{"title": title})
	require.NoError(b.t, err)
	res, err := b.ada.Records.CreateRecord(b.t.Context(), &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: kind, Fields: fields},
	})
	require.NoError(b.t, err)
	return res.GetRecord().GetId()
}

// secretType makes a record type that members may not read, nor agents change.
func (b *bundle) secretType() string {
	b.t.Helper()
	staff := []identityv1.Role{identityv1.Role_ROLE_AGENT, identityv1.Role_ROLE_ADMINISTRATOR}
	_, err := b.ada.Records.CreateRecordType(b.t.Context(), &recordv1.CreateRecordTypeRequest{
		RequestId: uuid.NewString(), RecordType: &recordv1.RecordType{
			Name: "secret", Label: "Secret", PluralLabel: "Secrets", TitleField: "title",
			Fields: []*recordv1.Field{{Name: "title", Label: "Title", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Required: true}},
			Read:   &recordv1.Permission{Roles: staff}, Update: &recordv1.Permission{Roles: staff[1:]},
		},
	})
	require.NoError(b.t, err)
	return "secret"
}

// plan is a to-do on the ticket, to be changed and scheduled.
func (b *bundle) plan(kind string, change ...func(*activityv1.ScheduleActivitiesRequest)) *activityv1.ScheduleActivitiesRequest {
	req := &activityv1.ScheduleActivitiesRequest{RequestId: uuid.NewString(), RecordIds: []string{b.ticket}, TypeId: b.types[kind]}
	for _, c := range change {
		c(req)
	}
	return req
}

func to(c *servertest.Client) func(*activityv1.ScheduleActivitiesRequest) {
	return func(req *activityv1.ScheduleActivitiesRequest) { req.AssigneeId = c.UserID.String() }
}

func due(date string) func(*activityv1.ScheduleActivitiesRequest) {
	return func(req *activityv1.ScheduleActivitiesRequest) { req.DueDate = date }
}

func about(summary string) func(*activityv1.ScheduleActivitiesRequest) {
	return func(req *activityv1.ScheduleActivitiesRequest) { req.Summary = &summary }
}

func on(records ...string) func(*activityv1.ScheduleActivitiesRequest) {
	return func(req *activityv1.ScheduleActivitiesRequest) { req.RecordIds = records }
}

func with(files ...string) func(*activityv1.ScheduleActivitiesRequest) {
	return func(req *activityv1.ScheduleActivitiesRequest) { req.FileIds = files }
}

// schedule schedules one activity.
func (b *bundle) schedule(by *servertest.Client, kind string, change ...func(*activityv1.ScheduleActivitiesRequest)) *activityv1.Activity {
	b.t.Helper()
	res, err := by.Activity.ScheduleActivities(b.t.Context(), b.plan(kind, change...))
	require.NoError(b.t, err)
	require.NotEmpty(b.t, res.GetActivities())
	return res.GetActivities()[0]
}

// refuse asserts that an activity cannot be scheduled, and why.
func (b *bundle) refuse(reason string, by *servertest.Client, req *activityv1.ScheduleActivitiesRequest) error {
	b.t.Helper()
	_, err := by.Activity.ScheduleActivities(b.t.Context(), req)
	requireReason(b.t, reason, err)
	return err
}

func (b *bundle) complete(by *servertest.Client, a *activityv1.Activity, feedback string, files ...string) *activityv1.CompleteActivityResponse {
	b.t.Helper()
	res, err := by.Activity.CompleteActivity(b.t.Context(), &activityv1.CompleteActivityRequest{
		ActivityId: a.GetId(), Feedback: feedback, FileIds: files,
	})
	require.NoError(b.t, err)
	return res
}

// changeType changes a built-in type.
func (b *bundle) changeType(name string, change func(*activityv1.ActivityType)) {
	b.t.Helper()
	kind := &activityv1.ActivityType{Id: b.types[name]}
	change(kind)
	_, err := b.ada.Activity.UpdateActivityType(b.t.Context(), &activityv1.UpdateActivityTypeRequest{Type: kind})
	require.NoError(b.t, err)
}

// list are the activities that match, as somebody sees them.
func (b *bundle) list(by *servertest.Client, req *activityv1.ListActivitiesRequest) []*activityv1.Activity {
	b.t.Helper()
	res, err := by.Activity.ListActivities(b.t.Context(), req)
	require.NoError(b.t, err)
	return res.GetActivities()
}

// live in says where somebody lives.
func (b *bundle) livesIn(c *servertest.Client, zone string) {
	b.t.Helper()
	_, err := c.Identity.UpdateUser(b.t.Context(), &identityv1.UpdateUserRequest{User: &identityv1.User{Id: c.UserID.String(), TimeZone: zone}})
	require.NoError(b.t, err)
}

func (b *bundle) deactivate(c *servertest.Client) {
	b.t.Helper()
	req := &identityv1.UpdateUserRequest{User: &identityv1.User{Id: c.UserID.String()}}
	req.UpdateMask = maskOf("active")
	_, err := b.ada.Identity.UpdateUser(b.t.Context(), req)
	require.NoError(b.t, err)
}

// inbox are the unread items of somebody that tell of activities.
func (b *bundle) inbox(c *servertest.Client, view chatterv1.InboxView) []*chatterv1.InboxItem {
	b.t.Helper()
	res, err := c.Chatter.ListInbox(b.t.Context(), &chatterv1.ListInboxRequest{View: view})
	require.NoError(b.t, err)
	var items []*chatterv1.InboxItem
	for _, item := range res.GetItems() {
		if item.GetReason() == chatterv1.InboxReason_INBOX_REASON_ACTIVITY {
			items = append(items, item)
		}
	}
	return items
}

// done are the messages of a thread that tell of activities.
func (b *bundle) done(c *servertest.Client, thread string) []*threadv1.Message {
	b.t.Helper()
	res, err := c.Chatter.ListMessages(b.t.Context(), &chatterv1.ListMessagesRequest{ThreadId: thread})
	require.NoError(b.t, err)
	var messages []*threadv1.Message
	for _, m := range res.GetMessages() {
		if m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_ACTIVITY {
			messages = append(messages, m)
		}
	}
	return messages
}

// upload stores a file that waits for its message.
func (b *bundle) upload(by *servertest.Client, name string) string {
	b.t.Helper()
	const content = "ten bytes."
	made, err := by.Files.CreateFile(b.t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: b.ticket, Name: name, Size: int64(len(content)),
	})
	require.NoError(b.t, err)
	id := made.GetFile().GetId()
	_, err = by.Files.WriteFile(b.t.Context(), &threadv1.WriteFileRequest{FileId: id, Data: []byte(content)})
	require.NoError(b.t, err)
	_, err = by.Files.FinishFile(b.t.Context(), &threadv1.FinishFileRequest{FileId: id})
	require.NoError(b.t, err)
	return id
}

func idsOf(list []*activityv1.Activity) []string {
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.GetId()
	}
	return ids
}

// requireReason asserts what a program would branch on.
func requireReason(t require.TestingT, reason string, err error) {
	require.Error(t, err)
	var coded *connect.Error
	require.True(t, errors.As(err, &coded), "%v", err)
	for _, detail := range coded.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				require.Equal(t, reason, info.GetReason(), "%v", coded)
				return
			}
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

// now moves on with every look, so that what happens later is later.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *clock) set(moment string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := time.Parse(time.RFC3339, moment)
	if err == nil {
		c.at = at
	}
}

// remove deletes a record.
func (b *bundle) remove(id string) {
	b.t.Helper()
	_, err := b.ada.Records.DeleteRecord(b.t.Context(), &recordv1.DeleteRecordRequest{RecordId: id})
	require.NoError(b.t, err)
}
