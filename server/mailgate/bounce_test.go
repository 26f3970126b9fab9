package mailgate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/mail/mailtest"
)

// state is how the delivery of a message to an address stands.
func (b *bundle) state(thread, message, address string) *threadv1.Delivery {
	b.t.Helper()
	for _, m := range b.comments(thread) {
		for _, d := range m.GetDeliveries() {
			if m.GetId() == message && d.GetAddress() == address {
				return d
			}
		}
	}
	return nil
}

// waitFor waits until a delivery stands so.
func (b *bundle) waitFor(thread, message, address string, want threadv1.DeliveryState) *threadv1.Delivery {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.state(thread, message, address).GetState() == want }, 60*time.Second, 50*time.Millisecond,
		"%s never becomes %s", address, want)
	return b.state(thread, message, address)
}

func (b *bundle) bounces() []*mailv1.BouncedAddress {
	b.t.Helper()
	res, err := b.ben.Mail.ListBouncedAddresses(b.t.Context(), &mailv1.ListBouncedAddressesRequest{})
	require.NoError(b.t, err)
	return res.GetAddresses()
}

// A real Postfix's bounce marks the delivery with the reason, and counts against the
// address.
// Spec: C5a C14
func TestBounce_OfARealServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	final := &box{accept: func(to string) error {
		if to == "nobody@navy.test" {
			return mail.ErrNoSuchRecipient(to)
		}
		return nil
	}}
	relay := mailtest.StartPostfix(t, final.listen(t), map[string]string{domain: b.node.MailAddrs()[1].String()})
	b.set(func(s *mailv1.MailSettings) { s.ServerUrl = "smtp://" + relay.Addr })
	lost := b.contact("Nobody", "Nobody@navy.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": lost})
	m := b.say(ticket, "Your printer is repaired.")
	d := b.waitFor(ticket, m.GetId(), "Nobody@navy.test", threadv1.DeliveryState_DELIVERY_STATE_BOUNCED)
	require.Contains(t, d.GetReason(), "There is nobody at <nobody@navy.test> here.")
	bounced := b.bounces()
	require.Len(t, bounced, 1)
	require.Equal(t, "nobody@navy.test", bounced[0].GetAddress())
	require.EqualValues(t, 1, bounced[0].GetBounceCount())
	require.False(t, bounced[0].GetBlocked())
	require.Len(t, b.comments(ticket), 1, "a bounce is no message")
	require.Empty(t, b.waiting())
}

// dsn is a delivery report about a mail, as Exim and others write it.
func dsn(to, recipient, id, action, status string) string {
	return letter("Mail Delivery System <MAILER-DAEMON@relay.test>", to, "Undelivered Mail Returned to Sender", fmt.Sprintf("%s.%s.%d@relay.test", action, recipient, time.Now().UnixNano()),
		strings.Join([]string{
			"--b", "Content-Type: text/plain", "", "It did not arrive.", "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; relay.test", "",
			"Final-Recipient: rfc822; " + recipient, "Action: " + action, "Status: " + status, "Diagnostic-Code: smtp; 550 5.1.1 gone", "",
			"--b", "Content-Type: text/rfc822-headers", "", "Message-ID: <" + id + ">", "To: " + recipient, "", "--b--",
		}, "\n"), "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "Auto-Submitted: auto-replied")
}

// A bounce is found by its address, or by the mail's id and its recipient; a delay
// marks nothing, the same bounce counts once, one about nothing of ours waits, and
// after ten an address is sent nothing until somebody resets it.
// Spec: C14
func TestBounce_CountsAgainstTheAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace := b.contact("Grace", "grace@navy.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	for i := range 10 {
		m := b.say(ticket, fmt.Sprintf("Message %d", i))
		got := b.box.wait(t, "grace@navy.test", i+1)
		b.waitFor(ticket, m.GetId(), "grace@navy.test", threadv1.DeliveryState_DELIVERY_STATE_SENT)
		back := got.envelope.From
		require.True(t, mail.IsBounceAddress(back))
		if i%2 == 1 {
			back = "postmaster@" + domain // the address was lost on the way
		}
		res := b.deliver(dsn(back, "grace@navy.test", got.MessageID, "delayed", "4.4.1"), back)
		require.Equal(t, toBounce, res[0].GetOutcome())
		require.Equal(t, threadv1.DeliveryState_DELIVERY_STATE_SENT, b.state(ticket, m.GetId(), "grace@navy.test").GetState())
		for range 2 {
			res = b.deliver(dsn(back, "grace@navy.test", got.MessageID, "failed", "5.1.1"), back)
			require.Equal(t, toBounce, res[0].GetOutcome())
		}
		require.Equal(t, threadv1.DeliveryState_DELIVERY_STATE_BOUNCED, b.state(ticket, m.GetId(), "grace@navy.test").GetState())
		require.EqualValues(t, i+1, b.bounces()[0].GetBounceCount())
	}
	require.True(t, b.bounces()[0].GetBlocked())
	m := b.say(ticket, "Are you there?")
	d := b.waitFor(ticket, m.GetId(), "grace@navy.test", threadv1.DeliveryState_DELIVERY_STATE_FAILED)
	require.Contains(t, d.GetReason(), "10 mails came back")
	require.Len(t, b.box.to("grace@navy.test"), 10)

	_, err := b.ben.Mail.ResetBouncedAddress(t.Context(), &mailv1.ResetBouncedAddressRequest{Address: "grace@navy.test"})
	require.NoError(t, err)
	require.Empty(t, b.bounces())
	b.say(ticket, "And now?")
	b.box.wait(t, "grace@navy.test", 11)

	res := b.deliver(dsn("support@"+domain, "x@y.test", "not-ours@y.test", "failed", "5.1.1"))
	require.Equal(t, toWait, res[0].GetOutcome())
	require.Equal(t, mailv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_BOUNCE, b.waiting()[0].GetReason())
}

// An answer by a signed address shows that mails arrive: the bounces are forgotten.
// Spec: C14
func TestAnswer_ForgetsBounces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	grace := b.contact("Grace", "grace@navy.test")
	ticket := b.record("ticket", map[string]any{"title": "Printer", "customer": grace})
	first := b.say(ticket, "One")
	one := b.box.wait(t, "grace@navy.test", 1)
	b.say(ticket, "Two")
	two := b.box.wait(t, "grace@navy.test", 2)
	b.deliver(dsn(one.envelope.From, "grace@navy.test", one.MessageID, "failed", "5.1.1"), one.envelope.From)
	b.waitFor(ticket, first.GetId(), "grace@navy.test", threadv1.DeliveryState_DELIVERY_STATE_BOUNCED)
	require.Len(t, b.bounces(), 1)
	b.deliver(two.reply("grace@navy.test", "back@navy.test", "I am here"), two.From.Addr)
	require.Empty(t, b.bounces())
}
