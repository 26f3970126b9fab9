package server_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// mailNow has mails leave at once.
func (l *leak) mailNow(t *testing.T) {
	t.Helper()
	got, err := l.admin.Mail.GetMailSettings(t.Context(), &mailv1.GetMailSettingsRequest{})
	require.NoError(t, err)
	s := got.GetSettings()
	s.HoldSeconds = 0
	_, err = l.admin.Mail.UpdateMailSettings(t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: s})
	require.NoError(t, err)
}

// follow has contacts follow the record: Fritz all that there is, whatever is
// refused him; Uma, who will stop; and Ines, who was invited.
func (l *leak) follow(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for _, name := range []string{"fritz", "uma"} {
		_, err := l.admin.Chatter.AddFollower(ctx, &chatterv1.AddFollowerRequest{ThreadId: l.record.thread, PartyId: l.people[name]})
		require.NoError(t, err)
	}
	_, err := l.node.Pool.Exec(ctx, `UPDATE follower SET subtypes = '{discussions,notes,activities,stage_changed,solved,rated}' WHERE party_id = $1`, l.people["fritz"])
	require.NoError(t, err)
	invitation, err := l.admin.Chatter.PreviewInvitation(ctx, &chatterv1.PreviewInvitationRequest{ThreadId: l.record.thread, PartyId: l.people["ines"]})
	require.NoError(t, err)
	_, err = l.admin.Chatter.AddFollower(ctx, &chatterv1.AddFollowerRequest{
		ThreadId: l.record.thread, PartyId: l.people["ines"], Invitation: invitation.GetInvitation(),
	})
	require.NoError(t, err)
}

// begin has a correspondence with people outside: Rita is written to, Carla
// answers with a copy to Cece, and Uma wants to hear no more.
func (l *leak) begin(t *testing.T) *threadv1.Message {
	t.Helper()
	m := l.post(t, l.admin, l.record.thread, "Good day", func(r *chatterv1.PostMessageRequest) { r.RecipientIds = []string{l.people["rita"]} })
	for _, name := range []string{"fritz", "rita", "ines"} {
		l.letters.wait(t, address(name), 1)
	}
	got := l.letters.wait(t, address("carla"), 1)
	l.answer(t, got, "carla", "Thank you", "Cc: "+address("cece"))
	link := unsubscribe.FindStringSubmatch(l.letters.wait(t, address("uma"), 1).raw)
	require.NotNil(t, link)
	res, err := http.Post(l.node.URL+link[1], "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	l.letters.wait(t, address("fritz"), 2)
	return m
}

var unsubscribe = regexp.MustCompile(`List-Unsubscribe: <[^>]*(/mail/unsubscribe/[^>]+)>`)

// answer sends an answer to a mail.
func (l *leak) answer(t *testing.T, to posted, name, body string, head ...string) *mailv1.MailResult {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(to.raw))
	require.NoError(t, err)
	lines := append([]string{
		"From: " + address(name), "To: " + m.Header.Get("From"), "In-Reply-To: " + m.Header.Get("Message-ID"),
		"Message-ID: <" + fmt.Sprint(time.Now().UnixNano()) + "@outside.example>",
	}, head...)
	res, err := l.admin.Mail.DeliverMail(t.Context(), &mailv1.DeliverMailRequest{
		Mail: []byte(strings.ReplaceAll(strings.Join(lines, "\n")+"\n\n"+body+"\n", "\n", "\r\n")), Sender: address(name),
	})
	require.NoError(t, err)
	require.Len(t, res.GetResults(), 1)
	return res.GetResults()[0]
}

// noted answers a mail, and remembers that as a note.
func (l *leak) noted(t *testing.T, to posted, name, body string, head ...string) {
	t.Helper()
	res := l.answer(t, to, name, body, head...)
	require.Equal(t, mailv1.MailOutcome_MAIL_OUTCOME_ANSWER, res.GetOutcome(), "%v", res)
	l.hideNewest(t, res.GetMessageId())
}

// hideNewest finds a message, which must be a note.
func (l *leak) hideNewest(t *testing.T, id string) {
	t.Helper()
	page, err := l.admin.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: l.record.thread, PageSize: 5})
	require.NoError(t, err)
	for _, m := range page.GetMessages() {
		if m.GetId() == id {
			require.True(t, m.GetInternal(), "an answer to a note is a note")
			l.hide(l.record.thread, m)
			return
		}
	}
	require.Fail(t, "the answer is not there")
}

// mentions mentions two contacts, in a note each, and has them answer, also in odd
// ways. Nils, who works here, has his mails and answers them.
func (l *leak) mentions(t *testing.T, public *threadv1.Message) {
	t.Helper()
	for _, name := range []string{"mina", "otto"} {
		file := l.file(t, l.admin, l.record.thread, l.secret("the name of a file for "+name, address(name))+".txt",
			[]byte(l.secret("the bytes of a file for "+name, address(name))), true)
		l.note(t, l.admin, l.record.thread, l.secret("a note for "+name, address(name)), headed(l.secret("the subject of a note for "+name, address(name))),
			withFiles(file), mentioning(l.people[name], l.nils.UserID.String()))
	}
	otto := l.letters.wait(t, address("otto"), 1)
	l.noted(t, otto, "otto", "--b\nContent-Type: text/html\n\n<p>"+l.secret("an answer to a note by mail")+"</p>\n--b\nContent-Type: text/plain\n"+
		"Content-Disposition: attachment; filename="+l.secret("the name of a file in an answer")+".txt\n\n"+l.secret("the bytes of a file in an answer")+"\n--b--",
		"Subject: "+l.secret("the subject of an answer"), "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b")
	mina := l.letters.wait(t, address("mina"), 1)
	newest := l.post(t, l.admin, l.record.thread, "Something else", answering(public.GetId()))
	fritz := l.letters.wait(t, address("fritz"), 3)
	head, err := netmail.ReadMessage(strings.NewReader(fritz.raw))
	require.NoError(t, err)
	require.Contains(t, head.Header.Get("Message-ID"), "@")
	l.noted(t, mina, "mina", l.secret("an answer to a note that names a newer message, too")+"\n\nOn Monday Ada wrote:\n> "+l.secret("what it quotes"),
		"References: "+head.Header.Get("Message-ID"))
	require.False(t, newest.GetInternal())
	l.noted(t, l.letters.wait(t, "nils@acme.example", 1), "nils", l.secret("an answer to a note by somebody who works here"), "Reply-To: nils@acme.example")
	l.quarantines(t, otto)
}

// quarantines has programs answer notes: one such mail waits, and one is delivered
// anyway.
func (l *leak) quarantines(t *testing.T, otto posted) {
	t.Helper()
	for range 2 {
		res := l.answer(t, otto, "otto", l.secret("a mail in the quarantine"), "Auto-Submitted: auto-replied", "Subject: "+l.secret("the subject of a mail in the quarantine"))
		require.Equal(t, mailv1.MailOutcome_MAIL_OUTCOME_QUARANTINE, res.GetOutcome())
		if l.hidden[l.quarantined] == "" {
			l.quarantined = res.GetQuarantineId()
			l.hidden[l.quarantined] = "id of a quarantined mail"
			continue
		}
		out, err := l.admin.Mail.DeliverQuarantinedMail(t.Context(), &mailv1.DeliverQuarantinedMailRequest{
			QuarantineId: res.GetQuarantineId(), Target: &mailv1.DeliverQuarantinedMailRequest_ThreadId{ThreadId: l.record.thread},
		})
		require.NoError(t, err)
		l.hideNewest(t, out.GetResult().GetMessageId())
	}
}

// misdirect addresses everything hidden to people who must not have it, as no
// method does: what leaves is decided anew when it leaves.
func (l *leak) misdirect(t *testing.T) {
	t.Helper()
	for _, name := range []string{"fritz", "mina", "carla"} {
		tag, err := l.node.Pool.Exec(t.Context(), `INSERT INTO delivery (workspace_id, thread_id, id, message_id, seq, party_kind, party_id, channel, state,
				address, send_time, create_time, update_time)
			SELECT workspace_id, thread_id, gen_random_uuid(), id, seq, 2, $1, 1, 1, $2, now(), now(), now() FROM message
			WHERE id = ANY ($3::uuid[]) AND NOT EXISTS (SELECT 1 FROM delivery WHERE message_id = message.id AND party_id = $1)`,
			l.people[name], address(name), slices.Collect(maps.Keys(l.hidden)))
		require.NoError(t, err)
		require.Greater(t, tag.RowsAffected(), int64(20))
	}
}

// end writes to everybody once more, by mail and by WhatsApp, and waits until all
// that leaves has left.
func (l *leak) end(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	l.misdirect(t)
	l.post(t, l.agent, l.record.thread, "The last word")
	l.whatsapp.SetFail(func(_ http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		_, _ = fmt.Fprintln(&l.heard, r.URL, string(body), err) // it never fails
		return false
	})
	_, err := l.admin.Messenger.SendWhatsApp(ctx, &messengerv1.SendWhatsAppRequest{
		RequestId: l.contact, ThreadId: l.record.thread, TemplateId: l.template, ContactId: l.contact,
	})
	require.NoError(t, err)
	_, err = l.admin.Mail.SendTestMail(ctx, &mailv1.SendTestMailRequest{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var waiting int
		err := l.node.Pool.QueryRow(ctx, `SELECT (SELECT count(*) FROM delivery WHERE state = 1 AND id <> $1) + (SELECT count(*) FROM mail_notice)`, l.delivery).Scan(&waiting)
		return err == nil && waiting == 0 && len(l.whatsapp.Sent()) > 0
	}, patience, 20*time.Millisecond, "everything leaves")
}

// decoded is all that a mail says: as it is, and each part of it in the clear.
func decoded(t *testing.T, raw string) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	words := raw
	for name, values := range m.Header {
		for _, v := range values {
			plain, err := new(mime.WordDecoder).DecodeHeader(v)
			require.NoError(t, err)
			words += "\n" + name + ": " + plain
		}
	}
	return words + partWords(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
}

func partWords(t *testing.T, kind, encoding string, body io.Reader) (words string) {
	t.Helper()
	media, parameters, err := mime.ParseMediaType(kind)
	require.NoError(t, err)
	words = fmt.Sprintf("\n%s %v\n", media, parameters)
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return words
			}
			require.NoError(t, err)
			_, disposition, err := mime.ParseMediaType(p.Header.Get("Content-Disposition") + ";")
			require.True(t, err == nil || p.Header.Get("Content-Disposition") == "", "%v", err)
			words += fmt.Sprint(disposition) + partWords(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	return words + string(text)
}
