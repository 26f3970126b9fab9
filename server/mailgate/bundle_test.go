package mailgate_test

import (
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/servertest"
)

// bundle is a whole server that takes mails in, and a mail server that it sends to.
type bundle struct {
	t    *testing.T
	node *servertest.Server
	// ada is the administrator, ben an agent.
	ada, ben *servertest.Client
	box      *box
	// smtp hands mails to the node.
	smtp *mail.Sender
}

func setup(t *testing.T, options ...servertest.Option) *bundle {
	t.Helper()
	b := &bundle{t: t, box: &box{}}
	options = append([]servertest.Option{listening}, options...)
	b.node = servertest.Start(t, options...)
	b.ada = b.node.SignIn(t, servertest.Admin)
	b.ben = b.node.User(t, "ben@acme.example", identityv1.Role_ROLE_AGENT)
	b.smtp = sender(t, b.node)
	b.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://" + b.box.listen(t) })
	return b
}

func listening(c *server.Config) { c.SMTPListen, c.LMTPListen = "127.0.0.1:0", "127.0.0.1:0" }

// sender hands mails to a node, one connection each.
func sender(t *testing.T, node *servertest.Server) *mail.Sender {
	t.Helper()
	s, err := mail.NewSender("smtp://"+node.MailAddrs()[0].String(), mail.SenderOptions{MailsPerConnection: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// set changes the workspace's settings.
func (b *bundle) set(change func(*mailv1.MailSettings)) *mailv1.MailSettings {
	b.t.Helper()
	got, err := b.ada.Mail.GetMailSettings(b.t.Context(), &mailv1.GetMailSettingsRequest{})
	require.NoError(b.t, err)
	s := got.GetSettings()
	s.Domain = domain
	change(s)
	res, err := b.ada.Mail.UpdateMailSettings(b.t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: s})
	require.NoError(b.t, err)
	return res.GetSettings()
}

// alias adds an alias.
func (b *bundle) alias(name, recordType string, changes ...func(*mailv1.MailAlias)) *mailv1.MailAlias {
	b.t.Helper()
	a := &mailv1.MailAlias{Name: name, RecordType: recordType}
	for _, change := range changes {
		change(a)
	}
	res, err := b.ada.Mail.CreateMailAlias(b.t.Context(), &mailv1.CreateMailAliasRequest{RequestId: uuid.NewString(), Alias: a})
	require.NoError(b.t, err)
	return res.GetAlias()
}

// record makes a record, and answers its id.
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

// contact makes a contact, and answers its id.
func (b *bundle) contact(name, email string) string {
	b.t.Helper()
	return b.record("contact", map[string]any{"name": name, "email": email})
}

// records are those of a type.
func (b *bundle) records(kind string) []*recordv1.Record {
	b.t.Helper()
	res, err := b.ada.Records.ListRecords(b.t.Context(), &recordv1.ListRecordsRequest{Type: kind, PageSize: 200})
	require.NoError(b.t, err)
	return res.GetRecords()
}

// say posts a message of Ada's.
func (b *bundle) say(thread, body string, changes ...func(*chatterv1.PostMessageRequest)) *threadv1.Message {
	b.t.Helper()
	req := &chatterv1.PostMessageRequest{RequestId: uuid.NewString(), ThreadId: thread, Body: body}
	for _, change := range changes {
		change(req)
	}
	res, err := b.ada.Chatter.PostMessage(b.t.Context(), req)
	require.NoError(b.t, err)
	return res.GetMessage()
}

func noted(mentions ...string) func(*chatterv1.PostMessageRequest) {
	return func(r *chatterv1.PostMessageRequest) { r.Internal, r.MentionIds = true, mentions }
}

// comments are what people said in a thread, oldest first, as somebody sees it.
func (b *bundle) comments(thread string) []*threadv1.Message {
	b.t.Helper()
	res, err := b.ada.Chatter.ListMessages(b.t.Context(), &chatterv1.ListMessagesRequest{ThreadId: thread, PageSize: 200})
	require.NoError(b.t, err)
	var out []*threadv1.Message
	for _, m := range res.GetMessages() {
		if m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_COMMENT {
			out = append(out, m)
		}
	}
	return out
}

// followers are the names of those who follow a thread.
func (b *bundle) followers(thread string) []string {
	b.t.Helper()
	res, err := b.ada.Chatter.ListFollowers(b.t.Context(), &chatterv1.ListFollowersRequest{ThreadId: thread, PageSize: 200})
	require.NoError(b.t, err)
	names := []string{}
	for _, f := range res.GetFollowers() {
		names = append(names, f.GetParty().GetName())
	}
	return names
}

// waiting are the mails in the quarantine.
func (b *bundle) waiting() []*mailv1.QuarantinedMail {
	b.t.Helper()
	res, err := b.ben.Mail.ListQuarantinedMails(b.t.Context(), &mailv1.ListQuarantinedMailsRequest{})
	require.NoError(b.t, err)
	return res.GetMails()
}

// deliver hands a mail over by the RPC, and answers what became of it.
func (b *bundle) deliver(raw string, to ...string) []*mailv1.MailResult {
	b.t.Helper()
	res, err := b.ada.Mail.DeliverMail(b.t.Context(), &mailv1.DeliverMailRequest{Mail: []byte(crlf(raw)), Recipients: to})
	require.NoError(b.t, err)
	return res.GetResults()
}

// send hands a mail over by SMTP.
func (b *bundle) send(from, to, raw string) error {
	b.t.Helper()
	_, err := b.smtp.Send(b.t.Context(), from, to, mail.SpoolBytes([]byte(crlf(raw))))
	return err
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// letter is a mail as text; head are further header lines.
func letter(from, to, subject, id, body string, head ...string) string {
	lines := append([]string{"From: " + from, "To: " + to, "Subject: " + subject, "Message-ID: <" + id + ">"}, head...)
	return strings.Join(lines, "\n") + "\n\n" + body + "\n"
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

// remove deletes a record.
func (b *bundle) remove(id string) {
	b.t.Helper()
	_, err := b.ada.Records.DeleteRecord(b.t.Context(), &recordv1.DeleteRecordRequest{RecordId: id})
	require.NoError(b.t, err)
}
