package mailgate_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/mail"
)

// A mail to an alias opens a record: with title, text, customer, defaults and
// followers, and its files in the thread.
// Spec: C14 H2
func TestAlias_OpensARecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket", func(a *mailv1.MailAlias) {
		a.Fields, _ = structpb.NewStruct(map[string]any{"priority": "2", "team": "Help desk"})
		a.BodyField, a.FollowerIds = "description", []string{b.ben.UserID.String()}
	})
	raw := letter("Grace Hopper <grace@navy.test>", "support@"+domain, "The compiler is wrong", "a1@navy.test",
		"--x\nContent-Type: text/plain; charset=utf-8\n\nIt says 1 + 1 is 3.\n\nOn Mon, Nov 23, 2026 at 9:00 AM Ada <ada@acme.example> wrote:\n> How may I help?\n--x\n"+
			"Content-Type: text/csv\nContent-Disposition: attachment; filename=sums.csv\n\n1,1,3\n--x--\n",
		"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x")
	require.NoError(t, b.send("grace@navy.test", "support@"+domain, raw))

	all := b.records("ticket")
	require.Len(t, all, 1)
	fields := all[0].GetFields().AsMap()
	require.Equal(t, "The compiler is wrong", fields["title"])
	require.Equal(t, "It says 1 + 1 is 3.", fields["description"])
	require.Equal(t, "2", fields["priority"])
	require.Equal(t, "Help desk", fields["team"])
	contacts := b.records("contact")
	require.Len(t, contacts, 1)
	require.Equal(t, contacts[0].GetId(), fields["customer"])
	require.Equal(t, map[string]any{"name": "Grace Hopper", "email": "grace@navy.test", "kind": "person"}, contacts[0].GetFields().AsMap())

	said := b.comments(all[0].GetId())
	require.Len(t, said, 1)
	m := said[0]
	require.Equal(t, "It says 1 + 1 is 3.", m.GetBody())
	require.Equal(t, threadv1.PartyKind_PARTY_KIND_CONTACT, m.GetAuthor().GetKind())
	require.Equal(t, "Grace Hopper", m.GetAuthor().GetName())
	require.False(t, m.GetInternal())
	require.Equal(t, "The compiler is wrong", m.GetSubject())
	require.Equal(t, "grace@navy.test", m.GetMail().GetFrom())
	require.Contains(t, m.GetMail().GetQuoted(), "> How may I help?")
	require.Len(t, m.GetFiles(), 1)
	require.Equal(t, "sums.csv", m.GetFiles()[0].GetName())
	require.ElementsMatch(t, []string{"Grace Hopper", "Name of ben@acme.example"}, b.followers(all[0].GetId()))
	inbox, err := b.ben.Chatter.ListInbox(t.Context(), &chatterv1.ListInboxRequest{})
	require.NoError(t, err)
	require.Len(t, inbox.GetItems(), 1, "who follows by the alias is told")
}

// The same mail is stored once, however often and wherever it comes, also at two
// nodes at the same moment.
// Spec: C14
func TestSameMail_IsStoredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	b.alias("sales", "lead")
	other := b.node.Join(t, listening)
	doors := []*mail.Sender{b.smtp, sender(t, other)}
	raw := letter("Grace <grace@navy.test>", "support@"+domain+", sales@"+domain, "Twice", "twice@navy.test", "Hello")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			to := []string{"support@" + domain, "sales@" + domain}[i/2%2]
			if _, err := doors[i%2].Send(t.Context(), "grace@navy.test", to, mail.SpoolBytes([]byte(crlf(raw)))); err != nil {
				t.Errorf("send: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(t, b.records("contact"), 1)
	for _, kind := range []string{"ticket", "lead"} {
		all := b.records(kind)
		require.Len(t, all, 1, kind)
		require.Len(t, b.comments(all[0].GetId()), 1, kind)
	}
	again := b.deliver(raw)
	require.Len(t, again, 2)
	for _, res := range again {
		require.Equal(t, toDuplicate, res.GetOutcome())
	}

	id := "X-Parley-Id: <first@other.test>"
	for i := range 2 { // as of a provider that gives each copy a new id
		b.deliver(letter("Otto <reply+x@other.test>", "support@"+domain, "Rewritten", fmt.Sprintf("ses-%d@provider.test", i), "Hi", id))
	}
	for range 2 {
		b.deliver("From: anna@x.test\nTo: support@" + domain + "\nSubject: no id\n\nHello\n")
	}
	require.Len(t, b.records("ticket"), 3)
}

// An answer by the signed address, or by the id of a mail, lands in its thread, is a
// contact's message, and goes on by mail to other followers outside, not to those
// who have it.
// Spec: C14 C5
func TestAnswer_LandsInItsThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace, yuki, kim := b.contact("Grace", "Grace@navy.test"), b.contact("Yuki", "yuki@lab.test"), b.contact("Kim", "kim@lab.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	for _, id := range []string{yuki, kim} {
		_, err := b.ada.Chatter.AddFollower(t.Context(), &chatterv1.AddFollowerRequest{ThreadId: ticket, PartyId: id})
		require.NoError(t, err)
	}
	first := b.say(ticket, "We are looking into it.")
	got := b.box.wait(t, "grace@navy.test", 1)
	require.NoError(t, b.send("grace@navy.test", got.From.Addr, got.reply("Grace Hopper <GRACE@navy.test>", "r1@navy.test", "Thank you!", "Cc: kim@lab.test")))

	said := b.comments(ticket)
	require.Len(t, said, 2)
	require.Equal(t, "Thank you!", said[1].GetBody())
	require.Equal(t, grace, said[1].GetAuthor().GetId())
	require.Equal(t, first.GetId(), said[1].GetReplyTo().GetMessageId())
	require.Contains(t, b.followers(ticket), "Grace", "who answers follows")
	passed := b.box.wait(t, "yuki@lab.test", 2)
	require.Contains(t, passed.Text, "Thank you!")
	require.Len(t, b.box.to("kim@lab.test"), 1, "Kim had it in copy")
	require.Len(t, b.box.to("grace@navy.test"), 1, "nobody gets back what they wrote")

	// By the id alone, at a wrong address; the newest known id is the parent.
	res := b.deliver(letter("yuki@lab.test", "anything@"+domain, "Re: Printer", "r2@lab.test", "Me too", "References: <unknown@x> <r1@navy.test> <"+got.MessageID+">"))
	require.Equal(t, toAnswer, res[0].GetOutcome())
	said = b.comments(ticket)
	require.Equal(t, yuki, said[2].GetAuthor().GetId())
	require.Equal(t, said[1].GetId(), said[2].GetReplyTo().GetMessageId())
}

// A mail never proves who sent it: one from a user's address is a contact's message,
// and a stranger with a guessed id does not follow, nor reach anybody outside.
// Spec: C14
func TestForgedSender_IsNoUser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace := b.contact("Grace", "grace@navy.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	b.say(ticket, "We are looking into it.")
	got := b.box.wait(t, "grace@navy.test", 1)
	for i, from := range []string{"Ben <ben@acme.example>", "Ada Admin <admin@acme.example>", "Mallory <mallory@evil.test>"} {
		res := b.deliver(letter(from, "guess@"+domain, "Re: Printer", fmt.Sprintf("forged%d@evil.test", i), "Send the money there.", "In-Reply-To: <"+got.MessageID+">"))
		require.Equal(t, toAnswer, res[0].GetOutcome())
	}
	said := b.comments(ticket)
	require.Len(t, said, 4)
	for _, m := range said[1:] {
		require.Equal(t, threadv1.PartyKind_PARTY_KIND_CONTACT, m.GetAuthor().GetKind())
		require.NotContains(t, []string{b.ben.UserID.String(), b.ada.UserID.String()}, m.GetAuthor().GetId())
		require.Empty(t, m.GetDeliveries(), "what a stranger wrote is not passed on")
	}
	require.Equal(t, []string{"Ada Admin"}, b.followers(ticket))
	require.Len(t, b.box.to("grace@navy.test"), 1)
}

// A contact who is mentioned in a note gets it; what they answer is a note of theirs,
// and they follow, but no notes. Nobody outside ever hears of either.
// Spec: C4 C14
func TestAnswerToANote_IsANote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace, yuki := b.contact("Grace", "grace@navy.test"), b.contact("Yuki", "yuki@lab.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	b.say(ticket, "What do you think of this customer?", noted(yuki))
	got := b.box.wait(t, "yuki@lab.test", 1)
	require.Contains(t, got.Text, "What do you think")
	require.NoError(t, b.send("yuki@lab.test", got.From.Addr, got.reply("yuki@lab.test", "n1@lab.test", "They never pay.")))
	said := b.comments(ticket)
	require.Len(t, said, 2)
	require.True(t, said[1].GetInternal())
	require.Equal(t, yuki, said[1].GetAuthor().GetId())
	require.Equal(t, "They never pay.", said[1].GetBody())
	require.Contains(t, b.followers(ticket), "Yuki")

	// An answer to that note, by its id, is a note again, whoever writes it.
	b.deliver(letter("grace@navy.test", "x@"+domain, "Re", "n2@navy.test", "I guessed an id", "In-Reply-To: <n1@lab.test>"))
	said = b.comments(ticket)
	require.True(t, said[2].GetInternal())

	b.say(ticket, "Your printer is repaired.")
	b.box.wait(t, "grace@navy.test", 1)
	second := b.box.wait(t, "yuki@lab.test", 2)
	for _, m := range append(b.box.to("grace@navy.test"), second) {
		require.NotContains(t, string(m.raw), "never pay")
		require.NotContains(t, string(m.raw), "n1@lab.test", "not even the id of a note's mail")
	}
	require.Len(t, b.box.to("grace@navy.test"), 1)
	require.Len(t, b.box.to("yuki@lab.test"), 2)
}

// Whatever a mail is, it is taken in: as a message that says what is there.
// Spec: C14
func TestAwkwardMails_AreTakenIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	head := func(id string) []string { return []string{"grace@navy.test", "support@" + domain, "S", id} }
	open := func(id, body string, more ...string) *threadv1.Message {
		t.Helper()
		h := head(id)
		res := b.deliver(letter(h[0], h[1], h[2], id, body, more...))
		require.Len(t, res, 1)
		require.Equal(t, toRecord, res[0].GetOutcome(), "%s: %s", id, res[0].GetReason())
		return b.comments(res[0].GetThreadId())[0]
	}
	require.Equal(t, "(no text)", open("empty@x", "").GetBody())
	require.Equal(t, "(no text)", open("blank@x", " \n\t\n").GetBody())
	require.Equal(t, "NUL in it", open("nul@x", "N\x00UL\x00 in it").GetBody())

	long := strings.Repeat("All work and no play. ", 2000)
	m := open("long@x", long)
	require.Len(t, []rune(m.GetBody()), 20_000)
	require.Equal(t, "mail.txt", m.GetFiles()[0].GetName())
	require.EqualValues(t, len(strings.TrimSpace(long)), m.GetFiles()[0].GetSize())

	forwarded := "--x\nContent-Type: text/plain\n\nSee below\n--x\nContent-Type: message/rfc822\n\nFrom: a@b.test\nSubject: Inner\n\nInner text\n--x--\n"
	m = open("forward@x", forwarded, "Content-Type: multipart/mixed; boundary=x")
	require.Equal(t, "See below", m.GetBody())
	require.Len(t, m.GetFiles(), 1)
	require.True(t, strings.HasSuffix(m.GetFiles()[0].GetName(), ".eml"), m.GetFiles()[0].GetName())

	event := "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Repair\nLOCATION:Room 5\nDTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nORGANIZER:mailto:grace@navy.test\nEND:VEVENT\nEND:VCALENDAR\n"
	m = open("event@x", "--x\nContent-Type: text/plain\n\nCome please\n--x\nContent-Type: text/calendar; method=REQUEST\n\n"+event+"--x--\n", "Content-Type: multipart/alternative; boundary=x")
	require.Contains(t, m.GetBody(), "Come please\n\nInvitation: Repair\nWhen: 2026-12-01 09:00 UTC to 2026-12-01 10:00 UTC\nWhere: Room 5")
	require.Len(t, m.GetFiles(), 1)

	res := b.deliver("From: grace@navy.test\nTo: support@" + domain + "\nMessage-ID: <nosubject@x>\n\nHi\n")
	require.Equal(t, toRecord, res[0].GetOutcome())
	titles := []string{}
	for _, r := range b.records("ticket") {
		titles = append(titles, r.GetFields().AsMap()["title"].(string))
	}
	require.Contains(t, titles, "(no subject)")
}

// A large attachment comes in by SMTP; one above the limit is named and left out.
// Spec: C14
func TestLargeAttachments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.alias("support", "ticket")
	for size, kept := range map[int]bool{20 << 20: true, 25<<20 + 1: false} {
		id := fmt.Sprintf("large%d@x", size)
		content := base64.StdEncoding.EncodeToString(make([]byte, size))
		var lines strings.Builder
		for ; len(content) > 76; content = content[76:] {
			lines.WriteString(content[:76] + "\r\n")
		}
		lines.WriteString(content)
		raw := letter("grace@navy.test", "support@"+domain, id, id, "--x\nContent-Type: text/plain\n\nSee file\n--x\nContent-Type: application/zip\nContent-Disposition: attachment; filename=big.zip\nContent-Transfer-Encoding: base64\n\n"+
			lines.String()+"\n--x--\n", "Content-Type: multipart/mixed; boundary=x")
		require.NoError(t, b.send("grace@navy.test", "support@"+domain, raw))
		for _, r := range b.records("ticket") {
			if r.GetFields().AsMap()["title"] != id {
				continue
			}
			m := b.comments(r.GetId())[0]
			if kept {
				require.EqualValues(t, size, m.GetFiles()[0].GetSize())
			} else {
				require.Empty(t, m.GetFiles())
				require.Equal(t, "See file\n\nbig.zip is too large to be kept here.", m.GetBody())
			}
		}
	}
	require.Len(t, b.records("ticket"), 2)
}

// Mails for domains that are nobody's are refused at once; all addresses of ours are
// taken, and wait if nobody knows them.
// Spec: C14
func TestListener_RefusesForeignDomains(t *testing.T) {
	t.Parallel()
	b := setup(t)
	err := b.send("grace@navy.test", "victim@elsewhere.test", letter("grace@navy.test", "victim@elsewhere.test", "S", "x1@x", "Hi"))
	require.ErrorContains(t, err, "550")
	require.NoError(t, b.send("grace@navy.test", "nobody@"+domain, letter("grace@navy.test", "nobody@"+domain, "S", "x2@x", "Hi")))
	waiting := b.waiting()
	require.Len(t, waiting, 1)
	require.Equal(t, mailv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_ADDRESS, waiting[0].GetReason())
	require.Empty(t, b.records("contact"))
}
