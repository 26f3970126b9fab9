package mailgate_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/servertest"
)

func (b *bundle) update(s *mailv1.MailSettings) error {
	_, err := b.ada.Mail.UpdateMailSettings(b.t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: s})
	return err
}

// Secrets are never answered; a password goes with the server that it is for; a
// domain is one workspace's.
// Spec: C14
func TestSettings_KeepSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.set(func(s *mailv1.MailSettings) {
		s.Domain, s.ServerUrl, s.UserName, s.Password = "Mail.Bücher.Example.", "smtp://relay.test:587", "me", "hunter2-secret"
		s.DkimSelector, s.DkimKey = "parley1", "generate"
	})
	require.Equal(t, "mail.xn--bcher-kva.example", s.GetDomain())
	require.True(t, s.GetHasPassword())
	require.Empty(t, s.GetPassword())
	require.Empty(t, s.GetDkimKey())
	require.Equal(t, "parley1._domainkey.mail.xn--bcher-kva.example", s.GetDkimRecordName())
	require.Contains(t, s.GetDkimRecordText(), "v=DKIM1; k=rsa; p=")
	require.EqualValues(t, 20, s.GetLoopLimit())
	require.EqualValues(t, 120, s.GetLoopMinutes())
	var stored string
	require.NoError(t, b.node.Pool.QueryRow(t.Context(), "SELECT mail_setting::text FROM mail_setting").Scan(&stored))
	require.NotContains(t, stored, "hunter2-secret")
	require.NotContains(t, stored, "PRIVATE KEY")

	kept := b.set(func(s *mailv1.MailSettings) { s.Domain = "mail.xn--bcher-kva.example" })
	require.True(t, kept.GetHasPassword(), "an empty password keeps the one there is")
	require.Equal(t, s.GetDkimRecordText(), kept.GetDkimRecordText())
	moved := b.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://elsewhere.test" })
	require.False(t, moved.GetHasPassword(), "a password is not sent to another server")
	require.Contains(t, moved.GetDkimRecordName(), domain)
	require.Empty(t, b.set(func(s *mailv1.MailSettings) { s.DkimSelector = "" }).GetDkimRecordName())

	for reason, bad := range map[string]*mailv1.MailSettings{
		"MAIL_DOMAIN_INVALID":   {Domain: "not a domain"},
		"MAIL_SERVER_INVALID":   {Domain: domain, ServerUrl: "smtp://me:secret@relay.test"},
		"DKIM_SELECTOR_MISSING": {Domain: domain, DkimKey: "generate"},
		"MAIL_KEY_INVALID":      {Domain: domain, DkimSelector: "x", DkimKey: "no key"},
		"MAIL_ADDRESS_INVALID":  {Domain: domain, TrustedSenders: []string{"nobody"}},
	} {
		requireReason(t, reason, b.update(bad))
	}
	_, err := b.node.CreateWorkspace(t.Context(), identity.CreateWorkspaceParams{
		Name: "umbra", Title: "Umbra", AdminEmail: "root@umbra.example", AdminName: "Root", AdminPassword: servertest.Password,
	})
	require.NoError(t, err)
	in, err := b.node.As("").Identity.SignIn(t.Context(), &identityv1.SignInRequest{Workspace: "umbra", Email: "root@umbra.example", Password: servertest.Password})
	require.NoError(t, err)
	_, err = b.node.As(in.GetToken()).Mail.UpdateMailSettings(t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: &mailv1.MailSettings{Domain: strings.ToUpper(domain)}})
	requireReason(t, "DOMAIN_TAKEN", err)
}

// A test mail says what the server said.
// Spec: C14
func TestSendTestMail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res, err := b.ada.Mail.SendTestMail(t.Context(), &mailv1.SendTestMailRequest{})
	require.NoError(t, err)
	require.Equal(t, servertest.Admin, res.GetAddress())
	require.Contains(t, b.box.wait(t, servertest.Admin, 1).Text, "test mail")
	b.box.mu.Lock()
	b.box.accept = func(to string) error { return &mail.Refusal{Code: 550, Sentence: "We do not like " + to} }
	b.box.mu.Unlock()
	_, err = b.ada.Mail.SendTestMail(t.Context(), &mailv1.SendTestMailRequest{})
	requireReason(t, "MAIL_NOT_SENT", err)
	require.ErrorContains(t, err, "We do not like")
	require.NoError(t, b.update(&mailv1.MailSettings{Domain: domain}))
	_, err = b.ada.Mail.SendTestMail(t.Context(), &mailv1.SendTestMailRequest{})
	requireReason(t, "MAIL_NOT_SET_UP", err)
}

// An alias that could not open a record is refused when it is made.
// Spec: C14 H2
func TestAliases(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.alias("support", "ticket", func(a *mailv1.MailAlias) {
		a.Fields, _ = structpb.NewStruct(map[string]any{"priority": "3"})
		a.BodyField, a.FollowerIds, a.Writers = "description", []string{b.ben.UserID.String()}, mailv1.AliasWriters_ALIAS_WRITERS_CONTACTS
	})
	require.Equal(t, "support@"+domain, a.GetAddress())
	priority := func(v any) *structpb.Struct {
		s, err := structpb.NewStruct(map[string]any{"priority": v})
		require.NoError(t, err)
		return s
	}
	for reason, bad := range map[string]*mailv1.MailAlias{
		"ALIAS_TAKEN":    {Name: "support", RecordType: "ticket"},
		"ALIAS_RESERVED": {Name: "postmaster", RecordType: "ticket"},
		"FIELD_INVALID":  {Name: "x", RecordType: "ticket", Fields: priority("9")},
		"USER_UNKNOWN":   {Name: "x", RecordType: "ticket", FollowerIds: []string{uuid.NewString()}},
		"TYPE_NOT_FOUND": {Name: "x", RecordType: "no_such_type"},
	} {
		_, err := b.ada.Mail.CreateMailAlias(t.Context(), &mailv1.CreateMailAliasRequest{RequestId: uuid.NewString(), Alias: bad})
		requireReason(t, reason, err)
	}
	_, err := b.ada.Mail.CreateMailAlias(t.Context(), &mailv1.CreateMailAliasRequest{
		RequestId: uuid.NewString(), Alias: &mailv1.MailAlias{Name: "x", RecordType: "ticket", BodyField: "priority"},
	})
	requireReason(t, "FIELD_INVALID", err)
}

// The same request makes one alias; a change and a removal count for the next mail.
// Spec: C14 H2
func TestAliases_Change(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket", func(a *mailv1.MailAlias) { a.Writers = mailv1.AliasWriters_ALIAS_WRITERS_CONTACTS })
	request := uuid.NewString()
	var ids []string
	for range 2 {
		res, err := b.ada.Mail.CreateMailAlias(t.Context(), &mailv1.CreateMailAliasRequest{RequestId: request, Alias: &mailv1.MailAlias{Name: "again", RecordType: "lead"}})
		require.NoError(t, err)
		ids = append(ids, res.GetAlias().GetId())
	}
	require.Equal(t, ids[0], ids[1])
	changed, err := b.ada.Mail.UpdateMailAlias(t.Context(), &mailv1.UpdateMailAliasRequest{Alias: &mailv1.MailAlias{Id: ids[0], Name: "hello", RecordType: "ticket"}})
	require.NoError(t, err)
	require.Equal(t, "hello@"+domain, changed.GetAlias().GetAddress())
	_, err = b.ada.Mail.UpdateMailAlias(t.Context(), &mailv1.UpdateMailAliasRequest{Alias: &mailv1.MailAlias{Id: ids[0], Name: "support", RecordType: "ticket"}})
	requireReason(t, "ALIAS_TAKEN", err)

	var names []string
	token := ""
	for {
		res, err := b.ben.Mail.ListMailAliases(t.Context(), &mailv1.ListMailAliasesRequest{PageSize: 1, PageToken: token})
		require.NoError(t, err)
		for _, a := range res.GetAliases() {
			names = append(names, a.GetName())
		}
		if token = res.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, []string{"hello", "support"}, names)
	_, err = b.ada.Mail.DeleteMailAlias(t.Context(), &mailv1.DeleteMailAliasRequest{AliasId: ids[0]})
	require.NoError(t, err)
	_, err = b.ada.Mail.DeleteMailAlias(t.Context(), &mailv1.DeleteMailAliasRequest{AliasId: ids[0]})
	requireReason(t, "ALIAS_NOT_FOUND", err)
	res := b.deliver(letter("grace@navy.test", "support@"+domain, "S", "s@navy.test", "Hi"))
	require.Equal(t, toWait, res[0].GetOutcome())
	b.contact("Grace", "grace@navy.test")
	res = b.deliver(letter("grace@navy.test", "support@"+domain, "S", "s2@navy.test", "Hi"))
	require.Equal(t, toRecord, res[0].GetOutcome())
}

// The HTML of a mail is there for who may read the message, sanitised, with the
// pictures that it brought; and is gone with the message.
// Spec: C14
func TestMessageHTML(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	raw := letter("grace@navy.test", "support@"+domain, "Picture", "html@navy.test", strings.Join([]string{
		"--x", "Content-Type: text/html; charset=utf-8", "",
		`<p onclick="alert(1)">Look <b>here</b></p><script>alert(2)</script><img src="cid:pic@x"><img src="https://track.test/p.gif">`,
		"--x", "Content-Type: image/png", "Content-ID: <pic@x>", "Content-Disposition: inline; filename=pic.png", "Content-Transfer-Encoding: base64", "",
		"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "--x--", "",
	}, "\n"), "MIME-Version: 1.0", "Content-Type: multipart/related; boundary=x")
	res := b.deliver(raw)[0]
	m := b.comments(res.GetThreadId())[0]
	require.True(t, m.GetMail().GetHasHtml())
	req := &mailv1.GetMessageHtmlRequest{ThreadId: res.GetThreadId(), MessageId: m.GetId()}
	got, err := b.ben.Mail.GetMessageHtml(t.Context(), req)
	require.NoError(t, err)
	require.Contains(t, got.GetHtml(), "<b>here</b>")
	require.NotContains(t, got.GetHtml(), "alert")
	require.NotContains(t, got.GetHtml(), "track.test")
	require.Contains(t, got.GetHtml(), `src="/files/`+m.GetFiles()[0].GetId())
	require.EqualValues(t, 1, got.GetRemoteImageCount())

	_, err = b.ada.Mail.GetMessageHtml(t.Context(), &mailv1.GetMessageHtmlRequest{ThreadId: res.GetThreadId(), MessageId: uuid.NewString()})
	requireReason(t, "MESSAGE_NOT_FOUND", err)
	_, err = b.ada.Chatter.DeleteMessage(t.Context(), &chatterv1.DeleteMessageRequest{ThreadId: res.GetThreadId(), MessageId: m.GetId()})
	require.NoError(t, err)
	_, err = b.ben.Mail.GetMessageHtml(t.Context(), req)
	requireReason(t, "MAIL_HTML_NOT_FOUND", err)
}

// What hangs on a thread goes with it: an answer to what is gone waits.
// Spec: C14
func TestAnswer_ToADeletedRecordWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": b.contact("Grace", "grace@navy.test")})
	b.say(ticket, "Hello")
	got := b.box.wait(t, "grace@navy.test", 1)
	settled(t, b)
	b.remove(ticket)
	res := b.deliver(got.reply("grace@navy.test", "late@navy.test", "Thanks"), got.From.Addr)
	require.Equal(t, toWait, res[0].GetOutcome())
	require.Equal(t, mailv1.QuarantineReason_QUARANTINE_REASON_BAD_REPLY, b.waiting()[0].GetReason())
	var left int
	require.NoError(t, b.node.Pool.QueryRow(t.Context(), "SELECT count(*) FROM mail_reference").Scan(&left))
	require.Zero(t, left)
}
