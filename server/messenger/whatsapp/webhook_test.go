package whatsapp_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/messenger/whatsapp"
	"github.com/parley-chat/parley/server/messenger/whatsapptest"
)

// Whatever comes in, signed or not, is read or refused, and holds no more than
// what can be stored and shown.
//
// Spec: C11 M13
func FuzzParse(f *testing.F) {
	c := whatsapp.New(egress.New(egress.Config{}))
	f.Add(whatsapptest.Statuses(f, whatsapptest.Status{ID: "wamid.1", Status: "failed", Code: 131026, Title: "Not\u202Ethere\n", Reference: "r/1"}))
	f.Add(whatsapptest.TemplateEvent(f, 12345678901234567, "REJECTED", "INVALID_FORMAT"))
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"x","text":{"body":"hi"}}]}}]}]}`))
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":null}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		report, err := c.Parse(body)
		if err != nil {
			require.Empty(t, report)
			return
		}
		for _, s := range report.Statuses {
			require.NotEmpty(t, s.ID)
			require.NotEqual(t, threadv1.DeliveryState_DELIVERY_STATE_UNSPECIFIED, s.State)
			require.LessOrEqual(t, len([]rune(s.Reason)), 300)
			require.NotContains(t, s.Reason, "\n")
		}
	})
}

// Spec: C11 M13
func TestVerify_TakesOneSignatureOnly(t *testing.T) {
	t.Parallel()
	c, body := whatsapp.New(egress.New(egress.Config{})), []byte(`{"object":"x"}`)
	header := http.Header{"X-Hub-Signature-256": {whatsapptest.Sign("secret", body)}}
	require.True(t, c.Verify([]byte("secret"), header, body))
	require.False(t, c.Verify([]byte("Secret"), header, body))
	require.False(t, c.Verify(nil, http.Header{"X-Hub-Signature-256": {whatsapptest.Sign("", body)}}, body))
	header.Set("X-Hub-Signature-256", "sha1="+whatsapptest.Sign("secret", body)[7:])
	require.False(t, c.Verify([]byte("secret"), header, body))
}
