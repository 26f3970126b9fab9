package whatsapptest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Status is one report of how a message fares. Without an ID it is left out.
type Status struct {
	ID, Status, Reference string
	Code                  int
	Title                 string
}

// Statuses is the body of a report of statuses.
func Statuses(t testing.TB, statuses ...Status) []byte {
	t.Helper()
	list := []map[string]any{}
	for _, s := range statuses {
		one := map[string]any{"id": s.ID, "status": s.Status, "timestamp": "1764590000", "recipient_id": "46701740605"}
		if s.Reference != "" {
			one["biz_opaque_callback_data"] = s.Reference
		}
		if s.Code != 0 {
			one["errors"] = []any{map[string]any{
				"code": s.Code, "title": s.Title, "message": s.Title, "error_data": map[string]any{"details": s.Title},
				"href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
			}}
		}
		list = append(list, one)
	}
	return change(t, "messages", map[string]any{
		"messaging_product": "whatsapp", "metadata": map[string]any{"display_phone_number": Phone, "phone_number_id": Sender}, "statuses": list,
	})
}

// TemplateEvent is the body of a report of a template's state.
func TemplateEvent(t testing.TB, id int64, event, reason string) []byte {
	t.Helper()
	return change(t, "message_template_status_update", map[string]any{
		"event": event, "message_template_id": id, "message_template_name": "any", "message_template_language": "en_US", "reason": reason,
	})
}

func change(t testing.TB, field string, value any) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
		"id": Account, "changes": []any{map[string]any{"field": field, "value": value}},
	}}})
	require.NoError(t, err)
	return body
}

// Sign is the signature of a body, as the header has it.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Post reports to a webhook with a signature as given, and answers the status.
func Post(ctx context.Context, t testing.TB, address, signature string, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if signature != "" {
		req.Header.Set("X-Hub-Signature-256", signature)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res.StatusCode
}
