package messenger_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/messenger"
	"github.com/parley-chat/parley/server/messenger/whatsapp"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// bundle is the area over a real server's parts and the fake of WhatsApp. Jobs
// are not worked on but kept, so that a test says when each runs.
type bundle struct {
	node   *server.Server
	h      *messenger.Handler
	fake   *whatsapptest.Server
	queue  *queue
	ctx    context.Context // an administrator's
	admin  access.Caller
	hooks  string
	ticket string
	carla  string // a contact with a number
}

// queue keeps the jobs that were written.
type queue struct {
	mu   sync.Mutex
	args []messenger.SendArgs
}

func (q *queue) InsertTx(_ context.Context, _ pgx.Tx, args river.JobArgs, _ *river.InsertOpts) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.args = append(q.args, args.(messenger.SendArgs))
	return nil
}

func (q *queue) last(t *testing.T) messenger.SendArgs {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	require.NotEmpty(t, q.args)
	return q.args[len(q.args)-1]
}

func (q *queue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.args)
}

type object = map[string]any

// templates are what the fake has from the start.
func templates() []whatsapptest.Template {
	body := func(text string, examples ...string) object {
		c := object{"type": "BODY", "text": text}
		if len(examples) > 0 {
			c["example"] = object{"body_text": [][]string{examples}}
		}
		return c
	}
	return []whatsapptest.Template{
		{
			ID: "1001", Name: "ticket_news", Language: "en_US", Status: "APPROVED", Category: "UTILITY", Format: "POSITIONAL",
			Components: []object{
				{"type": "HEADER", "format": "TEXT", "text": "Ticket {{1}}", "example": object{"header_text": []string{"T-1"}}},
				body("Hello {{1}}, about {{2}}: {{1}}, we are at it.", "Ann", "a leak"), {"type": "FOOTER", "text": "Fernhill"},
				{"type": "BUTTONS", "buttons": []object{
					{"type": "QUICK_REPLY", "text": "Thanks"},
					{"type": "URL", "text": "See", "url": "https://shop.example/t/{{1}}", "example": []string{"https://shop.example/t/T-1"}},
				}},
			},
		},
		{ID: "1002", Name: "welcome", Language: "sv", Status: "PENDING", Category: "MARKETING", Components: []object{body("Hej!")}},
		{
			ID: "1003", Name: "named_one", Language: "en", Status: "APPROVED", Category: "UTILITY", Format: "NAMED",
			Components: []object{{"type": "BODY", "text": "Dear {{first_name}}, bye.", "example": object{
				"body_text_named_params": []object{{"param_name": "first_name", "example": "Ann"}},
			}}},
		},
		{
			ID: "1004", Name: "picture", Language: "en", Status: "APPROVED", Category: "MARKETING",
			Components: []object{{"type": "HEADER", "format": "IMAGE"}, body("Look")},
		},
		{ID: "1005", Name: "rude", Language: "en", Status: "REJECTED", RejectedReason: "ABUSIVE_CONTENT", Category: "UTILITY", Components: []object{body("Hey")}},
	}
}

// setup makes a bundle over a node that does not run, so that nobody but the test
// works on what waits.
func setup(t *testing.T) *bundle {
	t.Helper()
	node, err := server.New(t.Context(), server.Config{
		DatabaseURL: pgtest.URL(t), RedisURL: pgtest.Redis(t).URL(), BlobURL: "file://" + t.TempDir(), AllowUnsafeDurability: true, MaxConns: 8,
		Log: slog.New(slog.DiscardHandler), EgressAllow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Cost: identity.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	require.NoError(t, err)
	t.Cleanup(node.Close)
	made, err := node.CreateWorkspace(t.Context(), identity.CreateWorkspaceParams{
		Name: servertest.Workspace, Title: "Acme", AdminEmail: servertest.Admin, AdminName: "Ada Admin", AdminPassword: servertest.Password,
	})
	require.NoError(t, err)
	return over(t, node, made.Workspace, made.Administrator)
}

// over makes a bundle over a node.
func over(t *testing.T, node *server.Server, workspace, admin uuid.UUID) *bundle {
	t.Helper()
	b := &bundle{node: node, fake: whatsapptest.Start(t, templates()...), queue: &queue{}, admin: access.Caller{
		Kind: access.User, Workspace: workspace, ID: admin, Session: true, Role: identityv1.Role_ROLE_ADMINISTRATOR, Name: "Ada Admin",
		ChatName: "Ada Admin", Locale: "en",
	}}
	b.ctx = access.WithCaller(t.Context(), b.admin)
	pages, err := rpc.NewPages(make([]byte, 32), time.Now)
	require.NoError(t, err)
	b.h = messenger.New(messenger.Config{
		DB: b.node.Pool, Log: b.node.Threads, Records: b.node.Records, Jobs: b.queue, Vault: b.node.Vault, Egress: b.node.Egress, Pages: pages,
		Gate: &access.Gate{Directory: b.node.Threads, Doors: map[int16]access.Door{access.KindRecord: b.node.Records}},
		Connectors: map[messengerv1.ConnectionKind]messenger.Connector{
			messengerv1.ConnectionKind_CONNECTION_KIND_WHATSAPP: whatsapp.New(b.node.Egress),
		},
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	mux := http.NewServeMux()
	b.h.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b.hooks = server.URL
	b.carla = b.create(t, "contact", object{"name": "Carla Rossi", "phone": "070-174 06 05", "kind": "person"})
	b.ticket = b.create(t, "ticket", object{"title": "Roof\nleaks {{ user.name }}", "number": "T-77", "customer": b.carla})
	return b
}

// create makes a record.
func (b *bundle) create(t *testing.T, kind string, values object) string {
	t.Helper()
	fields, err := structpb.NewStruct(values)
	require.NoError(t, err)
	res, err := b.node.Records.CreateRecord(b.ctx, &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: kind, Fields: fields},
	})
	require.NoError(t, err)
	return res.GetRecord().GetId()
}

// connect makes a connection to the fake, and activates it.
func (b *bundle) connect(t *testing.T) *messengerv1.Connection {
	t.Helper()
	made, err := b.h.CreateConnection(b.ctx, b.connection("WhatsApp"))
	require.NoError(t, err)
	res, err := b.h.ActivateConnection(b.ctx, &messengerv1.ActivateConnectionRequest{ConnectionId: made.GetConnection().GetId()})
	require.NoError(t, err)
	return res.GetConnection()
}

func (b *bundle) connection(name string) *messengerv1.CreateConnectionRequest {
	return &messengerv1.CreateConnectionRequest{
		RequestId: uuid.NewString(), Token: whatsapptest.Token, AppSecret: whatsapptest.AppSecret,
		Connection: &messengerv1.Connection{
			Kind: messengerv1.ConnectionKind_CONNECTION_KIND_WHATSAPP, Name: name, Account: whatsapptest.Account, Sender: whatsapptest.Sender,
			BaseUrl: b.fake.URL, Country: "SE",
		},
	}
}

// sync fetches the templates and answers them by name.
func (b *bundle) sync(t *testing.T, connection string) (map[string]*messengerv1.WhatsAppTemplate, *messengerv1.SyncTemplatesResponse) {
	t.Helper()
	res, err := b.h.SyncTemplates(b.ctx, &messengerv1.SyncTemplatesRequest{ConnectionId: connection})
	require.NoError(t, err)
	return b.templates(t), res
}

func (b *bundle) templates(t *testing.T) map[string]*messengerv1.WhatsAppTemplate {
	t.Helper()
	all := map[string]*messengerv1.WhatsAppTemplate{}
	req := &messengerv1.ListWhatsAppTemplatesRequest{PageSize: 2}
	for {
		res, err := b.h.ListWhatsAppTemplates(b.ctx, req)
		require.NoError(t, err)
		for _, one := range res.GetTemplates() {
			all[one.GetName()] = one
		}
		if req.PageToken = res.GetNextPageToken(); req.PageToken == "" {
			return all
		}
	}
}

// bound is the template of the ticket's news, bound and ready to be sent.
func (b *bundle) bound(t *testing.T) (*messengerv1.Connection, *messengerv1.WhatsAppTemplate) {
	t.Helper()
	connection := b.connect(t)
	all, _ := b.sync(t, connection.GetId())
	res, err := b.h.UpdateWhatsAppTemplate(b.ctx, &messengerv1.UpdateWhatsAppTemplateRequest{Template: &messengerv1.WhatsAppTemplate{
		Id: all["ticket_news"].GetId(), RecordType: "ticket", Parameters: []*messengerv1.TemplateParameter{
			{Name: "header.1", Value: "{{ record.number }}"}, {Name: "body.1", Value: "{{contact.name}}"},
			{Name: "body.2", Value: "{{ record.title }} by {{ user.name }}"}, {Name: "button.1", Value: "{{ record.number }}"},
		},
	}})
	require.NoError(t, err)
	return connection, res.GetTemplate()
}

func (b *bundle) sending(template string) *messengerv1.SendWhatsAppRequest {
	return &messengerv1.SendWhatsAppRequest{RequestId: uuid.NewString(), ThreadId: b.ticket, TemplateId: template, ContactId: b.carla}
}

// send sends the ticket's news to Carla, and answers the message and the job.
func (b *bundle) send(t *testing.T, template string) (*threadv1.Message, messenger.SendArgs) {
	t.Helper()
	res, err := b.h.SendWhatsApp(b.ctx, b.sending(template))
	require.NoError(t, err)
	return res.GetMessage(), b.queue.last(t)
}

// delivery is how a message fares, by what users see of it.
func (b *bundle) delivery(t *testing.T, m *threadv1.Message) *threadv1.Delivery {
	t.Helper()
	now, err := b.node.Threads.Get(t.Context(), b.admin.Workspace, uuid.MustParse(m.GetThreadId()), uuid.MustParse(m.GetId()))
	require.NoError(t, err)
	seen := thread.Redact(&now, thread.AudienceOf(b.admin))
	require.Len(t, seen.GetDeliveries(), 1)
	var state int16
	require.NoError(t, b.node.Pool.QueryRow(t.Context(), "SELECT state FROM delivery WHERE id = $1", seen.GetDeliveries()[0].GetId()).Scan(&state))
	require.EqualValues(t, state, seen.GetDeliveries()[0].GetState(), "the message and the delivery say the same")
	return seen.GetDeliveries()[0]
}

func (b *bundle) requireState(t *testing.T, m *threadv1.Message, state threadv1.DeliveryState) *threadv1.Delivery {
	t.Helper()
	d := b.delivery(t, m)
	require.Equal(t, state, d.GetState(), d.GetReason())
	return d
}

const (
	ready     = threadv1.DeliveryState_DELIVERY_STATE_READY
	sent      = threadv1.DeliveryState_DELIVERY_STATE_SENT
	delivered = threadv1.DeliveryState_DELIVERY_STATE_DELIVERED
	readState = threadv1.DeliveryState_DELIVERY_STATE_READ
	failed    = threadv1.DeliveryState_DELIVERY_STATE_FAILED
	cancelled = threadv1.DeliveryState_DELIVERY_STATE_CANCELLED
)

// report posts a signed report to a connection's webhook.
func (b *bundle) report(t *testing.T, connection *messengerv1.Connection, body []byte) int {
	t.Helper()
	return whatsapptest.Post(t.Context(), t, b.hooks+connection.GetWebhookPath(), whatsapptest.Sign(whatsapptest.AppSecret, body), body)
}

func requireFault(t *testing.T, err error, kind fault.Kind, reason string) *fault.Error {
	t.Helper()
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%v", err)
	require.Equal(t, reason, f.Reason, "%v", err)
	require.Equal(t, kind, f.Kind, "%v", err)
	return f
}

// retry asks for a delivery to be tried again, as users do.
func (b *bundle) retry(t *testing.T, m *threadv1.Message) {
	t.Helper()
	_, err := b.node.Chatter.RetryDelivery(b.ctx, &chatterv1.RetryDeliveryRequest{
		ThreadId: m.GetThreadId(), DeliveryId: b.delivery(t, m).GetId(),
	})
	require.NoError(t, err)
	require.NoError(t, b.h.Dispatch(t.Context()))
}
