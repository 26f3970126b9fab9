package messenger_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
	"github.com/parley-chat/parley/server/servertest"
)

// reached sends the ticket's news and answers what WhatsApp took.
func (b *bundle) reached(t *testing.T, template string) (*threadv1.Message, whatsapptest.Sent) {
	t.Helper()
	m, job := b.send(t, template)
	require.NoError(t, b.h.Attempt(t.Context(), job, false))
	all := b.fake.Sent()
	return m, all[len(all)-1]
}

// Only what the messenger signed, byte for byte, is believed.
//
// Spec: C11 M13
func TestReport_NeedsTheSignatureOfItsBytes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	m, taken := b.reached(t, template.GetId())
	body := whatsapptest.Statuses(t, whatsapptest.Status{ID: taken.ID, Status: "read"})
	good := whatsapptest.Sign(whatsapptest.AppSecret, body)
	var compact map[string]any
	require.NoError(t, json.Unmarshal(body, &compact))
	spaced, err := json.MarshalIndent(compact, "", " ")
	require.NoError(t, err)
	address := b.hooks + connection.GetWebhookPath()
	for name, bad := range map[string]struct {
		signature string
		body      []byte
	}{
		"none":                {"", body},
		"empty":               {"sha256=", body},
		"of another app":      {whatsapptest.Sign("other-secret", body), body},
		"short":               {good[:len(good)-2], body},
		"without its kind":    {strings.TrimPrefix(good, "sha256="), body},
		"of other bytes":      {good, append(body, ' ')},
		"the same, but moved": {good, spaced},
		"with an empty key":   {whatsapptest.Sign("", body), body},
	} {
		require.Equal(t, http.StatusUnauthorized, whatsapptest.Post(t.Context(), t, address, bad.signature, bad.body), name)
	}
	b.requireState(t, m, sent)
	for _, id := range []string{uuid.NewString(), "nonsense"} {
		require.Equal(t, http.StatusNotFound, whatsapptest.Post(t.Context(), t, b.hooks+"/hooks/whatsapp/"+id, good, body))
	}
	require.Equal(t, http.StatusBadRequest, b.report(t, connection, []byte("{")))
	large := []byte(strings.Repeat(" ", 5<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, b.report(t, connection, large))
	require.Equal(t, 200, whatsapptest.Post(t.Context(), t, address, good, body))
	b.requireState(t, m, readState)

	// A connection without a secret believes nobody.
	none := ""
	_, err = b.h.UpdateConnection(b.ctx, &messengerv1.UpdateConnectionRequest{Connection: &messengerv1.Connection{Id: connection.GetId()}, AppSecret: &none})
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, whatsapptest.Post(t.Context(), t, address, whatsapptest.Sign("", body), body))
}

// Reports that come three times, shuffled and all at once, leave the delivery
// where the furthest of them says, and each change is told once.
//
// Spec: C11 M13
func TestReport_OnlyMovesForward(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	m, taken := b.reached(t, template.GetId())
	head := b.head(t)
	reports := []string{"sent", "delivered", "read", "delivered", "sent", "failed", "read", "delivered", "failed", "unheard_of"}
	require.Equal(t, 200, b.report(t, connection, whatsapptest.Statuses(t, whatsapptest.Status{ID: taken.ID, Status: "delivered"})))
	rand.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
	var group sync.WaitGroup
	for _, status := range reports {
		body := whatsapptest.Statuses(t, whatsapptest.Status{ID: taken.ID, Status: status, Code: 131000, Title: "late"})
		group.Go(func() {
			if code := b.report(t, connection, body); code != 200 {
				t.Errorf("%s: %d", status, code)
			}
		})
	}
	group.Wait()
	require.Empty(t, b.requireState(t, m, readState).GetReason())
	require.Equal(t, head+2, b.head(t), "delivered once, read once")
}

func (b *bundle) head(t *testing.T) int64 {
	t.Helper()
	head, found, err := b.node.Threads.Head(t.Context(), b.admin.Workspace, uuid.MustParse(b.ticket))
	require.NoError(t, err)
	require.True(t, found)
	return head
}

// Spec: C11 M13
func TestReport_OfAFailureSaysWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	m, first := b.reached(t, template.GetId())
	fails := whatsapptest.Statuses(t, whatsapptest.Status{
		ID: first.ID, Reference: first.Reference, Status: "failed", Code: 131049, Title: "This message was not delivered to maintain healthy ecosystem engagement.",
	})
	require.Equal(t, 200, b.report(t, connection, fails))
	require.Contains(t, b.requireState(t, m, failed).GetReason(), "healthy ecosystem engagement. (131049)")

	b.retry(t, m)
	require.Equal(t, 200, b.report(t, connection, fails), "it comes again, late")
	b.requireState(t, m, ready)
	require.NoError(t, b.h.Attempt(t.Context(), b.queue.last(t), false))
	require.Equal(t, 200, b.report(t, connection, fails))
	b.requireState(t, m, sent)
}

// A report may be of what another program sent by the same number, or of several
// messages at once.
//
// Spec: C11
func TestReport_TakesWhatItKnows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection, template := b.bound(t)
	first, one := b.reached(t, template.GetId())
	second, two := b.reached(t, template.GetId())
	require.Equal(t, 200, b.report(t, connection, whatsapptest.Statuses(t,
		whatsapptest.Status{ID: "wamid.of-another", Status: "read"},
		whatsapptest.Status{ID: one.ID, Status: "delivered"},
		whatsapptest.Status{ID: "wamid.x", Status: "delivered", Reference: uuid.NewString() + "/1"},
		whatsapptest.Status{ID: "wamid.y", Status: "delivered", Reference: "their own words"},
		whatsapptest.Status{ID: two.ID, Status: "read"},
	)))
	b.requireState(t, first, delivered)
	b.requireState(t, second, readState)
	require.Equal(t, 200, b.report(t, connection, []byte(`{"object":"page","entry":[]}`)))
	require.Equal(t, 200, b.report(t, connection, []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"account_update","value":{}}]}]}`)))

	_, err := b.node.Records.DeleteRecord(b.ctx, &recordv1.DeleteRecordRequest{RecordId: b.ticket})
	require.NoError(t, err)
	require.Equal(t, 200, b.report(t, connection, whatsapptest.Statuses(t, whatsapptest.Status{ID: one.ID, Status: "read"})), "nobody is left to be told")
}

// Spec: C11 M1
func TestChallenge_AnswersWhoKnowsTheToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	connection := b.connect(t)
	ask := func(path string, query url.Values) (int, string) {
		res, err := http.Get(b.hooks + path + "?" + query.Encode())
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {"1158201444"}, "hub.verify_token": {connection.GetVerifyToken()}}
	status, body := ask(connection.GetWebhookPath(), query)
	require.Equal(t, 200, status)
	require.Equal(t, "1158201444", body)
	query.Set("hub.verify_token", "wrong")
	status, body = ask(connection.GetWebhookPath(), query)
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, body, "1158201444")
	status, _ = ask("/hooks/whatsapp/"+uuid.NewString(), query)
	require.Equal(t, http.StatusNotFound, status)
}

// The whole way: posted over the API, sent by a job of the running server,
// reported to its webhook, told to whoever reads.
//
// Spec: C11
func TestStory_FromTheButtonToRead(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	b := over(t, node.Server, node.Workspace, node.AdminID)
	connection, template := b.bound(t)
	client := node.SignIn(t, servertest.Admin)
	res, err := client.Messenger.SendWhatsApp(t.Context(), b.sending(template.GetId()))
	require.NoError(t, err)
	m := res.GetMessage()
	require.Eventually(t, func() bool { return len(b.fake.Sent()) == 1 && b.delivery(t, m).GetState() == sent }, 20*time.Second, 20*time.Millisecond)
	body := whatsapptest.Statuses(t, whatsapptest.Status{ID: b.fake.Sent()[0].ID, Status: "read", Reference: b.fake.Sent()[0].Reference})
	require.Equal(t, 200, whatsapptest.Post(t.Context(), t, node.URL+connection.GetWebhookPath(), whatsapptest.Sign(whatsapptest.AppSecret, body), body))
	b.requireState(t, m, readState)
}
