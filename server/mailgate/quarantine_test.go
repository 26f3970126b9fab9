package mailgate_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
)

// lose sends a mail that nobody knows where to put, and answers under which id it
// waits: once, though it comes twice.
func (b *bundle) lose(id, from string) string {
	b.t.Helper()
	var waits []string
	for range 2 {
		res := b.deliver(letter(from, "nobody@"+domain, "Lost "+id, id, "Where am I?"))
		require.Equal(b.t, toWait, res[0].GetOutcome())
		waits = append(waits, res[0].GetQuarantineId())
	}
	require.Equal(b.t, waits[0], waits[1])
	return waits[0]
}

// put has Ben deliver a mail that waits.
func (b *bundle) put(req *mailv1.DeliverQuarantinedMailRequest) (*mailv1.MailResult, error) {
	res, err := b.ben.Mail.DeliverQuarantinedMail(b.t.Context(), req)
	return res.GetResult(), err
}

// What waits can be delivered anyway: into a thread, a new record or through an
// alias; once, though two do it at the same moment, and with the rights of who does.
// Spec: C14
func TestQuarantine_DeliverAnyway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ticket := b.record("ticket", map[string]any{"title": "Printer"})
	one := b.lose("1@x.test", "Grace <grace@navy.test>")
	whole, err := b.ben.Mail.GetQuarantinedMail(t.Context(), &mailv1.GetQuarantinedMailRequest{QuarantineId: one})
	require.NoError(t, err)
	require.Equal(t, "Where am I?", whole.GetMail().GetText())
	require.Contains(t, whole.GetMail().GetFrom(), "grace@navy.test")

	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: one, Target: &mailv1.DeliverQuarantinedMailRequest_ThreadId{ThreadId: ticket}})
		})
	}
	wg.Wait()
	well := 0
	for _, err := range errs {
		if err == nil {
			well++
		}
	}
	require.Equal(t, 1, well)
	require.Len(t, b.comments(ticket), 1)
	require.Equal(t, "Grace", b.comments(ticket)[0].GetAuthor().GetName())
	require.Empty(t, b.waiting())
	require.Equal(t, toDuplicate, b.deliver(letter("grace@navy.test", "nobody@"+domain, "Lost", "1@x.test", "Where am I?"))[0].GetOutcome())
}

// Spec: C14
func TestQuarantine_DeliverAnywhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	alias := b.alias("support", "ticket")
	ticket := b.record("ticket", map[string]any{"title": "Printer"})
	res, err := b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: b.lose("2@x.test", "otto@x.test"), Target: &mailv1.DeliverQuarantinedMailRequest_RecordType{RecordType: "lead"}})
	require.NoError(t, err)
	require.Equal(t, "Lost 2@x.test", b.records("lead")[0].GetTitle())
	require.Equal(t, res.GetThreadId(), b.records("lead")[0].GetId())
	_, err = b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: b.lose("3@x.test", "otto@x.test"), Target: &mailv1.DeliverQuarantinedMailRequest_AliasId{AliasId: alias.GetId()}})
	require.NoError(t, err)
	require.Len(t, b.records("ticket"), 2)
	_, err = b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: b.lose("4@x.test", "support@"+domain), Target: &mailv1.DeliverQuarantinedMailRequest_ThreadId{ThreadId: ticket}})
	require.NoError(t, err)
	require.Equal(t, "support", b.comments(ticket)[0].GetAuthor().GetName())
	for _, c := range b.records("contact") {
		require.NotEqual(t, "support@"+domain, c.GetFields().AsMap()["email"], "nobody becomes a contact at our own address")
	}

	kept := b.lose("5@x.test", "otto@x.test")
	_, err = b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: kept, Target: &mailv1.DeliverQuarantinedMailRequest_ThreadId{ThreadId: uuid.NewString()}})
	requireReason(t, "THREAD_NOT_FOUND", err)
	_, err = b.put(&mailv1.DeliverQuarantinedMailRequest{QuarantineId: kept, Target: &mailv1.DeliverQuarantinedMailRequest_RecordType{RecordType: "no_such"}})
	requireReason(t, "TYPE_NOT_FOUND", err)
	require.Len(t, b.waiting(), 1, "what could not be delivered waits on")
	_, err = b.ben.Mail.DeleteQuarantinedMail(t.Context(), &mailv1.DeleteQuarantinedMailRequest{QuarantineId: kept})
	require.NoError(t, err)
	_, err = b.ben.Mail.GetQuarantinedMail(t.Context(), &mailv1.GetQuarantinedMailRequest{QuarantineId: kept})
	requireReason(t, "QUARANTINED_MAIL_NOT_FOUND", err)
}

// A record that the type refuses waits with the reason, and the quarantine is paged
// and filtered.
// Spec: C14
func TestQuarantine_SaysWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		b.deliver(letter("otto@x.test", "nobody@"+domain, fmt.Sprintf("Lost %d", i), fmt.Sprintf("%d@x.test", i), "Hi"))
	}
	b.deliver(letter("root@localhost", "reply+forged@"+domain, "Forged", "forged@x.test", "Hi"))
	b.alias("support", "ticket")
	res := b.deliver(letter("root@localhost", "support@"+domain, "No contact can have this address", "refused@x.test", "Hi"))
	require.Equal(t, toWait, res[0].GetOutcome())
	var subjects []string
	token := ""
	for {
		page, err := b.ben.Mail.ListQuarantinedMails(t.Context(), &mailv1.ListQuarantinedMailsRequest{PageSize: 3, PageToken: token})
		require.NoError(t, err)
		for _, m := range page.GetMails() {
			subjects = append(subjects, m.GetSubject())
			require.NotEmpty(t, m.GetDetails())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, []string{"No contact can have this address", "Forged", "Lost 4", "Lost 3", "Lost 2", "Lost 1", "Lost 0"}, subjects)
	forged, err := b.ben.Mail.ListQuarantinedMails(t.Context(), &mailv1.ListQuarantinedMailsRequest{
		Reasons: []mailv1.QuarantineReason{mailv1.QuarantineReason_QUARANTINE_REASON_BAD_REPLY, mailv1.QuarantineReason_QUARANTINE_REASON_RECORD_REFUSED},
	})
	require.NoError(t, err)
	require.Len(t, forged.GetMails(), 2)
	require.Empty(t, b.records("ticket"))
}
