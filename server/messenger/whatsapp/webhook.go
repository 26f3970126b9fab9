package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/messenger"
)

// Challenge implements messenger.Connector.
func (*Connector) Challenge(query url.Values, token string) (string, bool) {
	given := sha256.Sum256([]byte(query.Get("hub.verify_token")))
	wanted := sha256.Sum256([]byte(token))
	if query.Get("hub.mode") != "subscribe" || token == "" || subtle.ConstantTimeCompare(given[:], wanted[:]) != 1 {
		return "", false
	}
	return query.Get("hub.challenge"), true
}

// Verify implements messenger.Connector.
func (*Connector) Verify(secret []byte, header http.Header, body []byte) bool {
	given, found := strings.CutPrefix(header.Get("X-Hub-Signature-256"), "sha256=")
	signature, err := hex.DecodeString(given)
	if !found || err != nil || len(secret) == 0 {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return hmac.Equal(signature, mac.Sum(nil))
}

type webhook struct {
	Object string `json:"object"`
	Entry  []struct {
		Changes []struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type statuses struct {
	Statuses []struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		Reference string `json:"biz_opaque_callback_data"`
		Errors    []struct {
			Code    int    `json:"code"`
			Title   string `json:"title"`
			Message string `json:"message"`
			Data    struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"errors"`
	} `json:"statuses"`
}

type templateUpdate struct {
	Event  string      `json:"event"`
	ID     json.Number `json:"message_template_id"`
	Reason string      `json:"reason"`
}

// states are the statuses of messages that are worth telling.
var states = map[string]threadv1.DeliveryState{
	"sent": threadv1.DeliveryState_DELIVERY_STATE_SENT, "delivered": threadv1.DeliveryState_DELIVERY_STATE_DELIVERED,
	"read": threadv1.DeliveryState_DELIVERY_STATE_READ, "failed": threadv1.DeliveryState_DELIVERY_STATE_FAILED,
}

// Parse implements messenger.Connector.
func (*Connector) Parse(body []byte) (messenger.Report, error) {
	var hook webhook
	if err := json.Unmarshal(body, &hook); err != nil {
		return messenger.Report{}, fmt.Errorf("read WhatsApp's report: %w", err)
	}
	var report messenger.Report
	if hook.Object != "whatsapp_business_account" {
		return report, nil
	}
	for _, entry := range hook.Entry {
		for _, change := range entry.Changes {
			var err error
			switch change.Field {
			case "messages":
				err = addStatuses(&report, change.Value)
			case "message_template_status_update":
				err = addTemplate(&report, change.Value)
			}
			if err != nil {
				return messenger.Report{}, fmt.Errorf("read WhatsApp's report of %s: %w", change.Field, err)
			}
		}
	}
	return report, nil
}

func addStatuses(report *messenger.Report, value json.RawMessage) error {
	var list statuses
	if err := json.Unmarshal(value, &list); err != nil {
		return err
	}
	for _, s := range list.Statuses {
		state, known := states[s.Status]
		if !known || s.ID == "" || len(s.ID) > 500 {
			continue
		}
		out := messenger.Status{ID: s.ID, Reference: s.Reference, State: state}
		if len(s.Errors) > 0 {
			e := s.Errors[0]
			message := e.Message
			if message == "" {
				message = e.Title
			}
			out.Reason = words(e.Code, message, e.Data.Details, "")
		}
		report.Statuses = append(report.Statuses, out)
	}
	return nil
}

func addTemplate(report *messenger.Report, value json.RawMessage) error {
	var update templateUpdate
	if err := json.Unmarshal(value, &update); err != nil {
		return err
	}
	if update.Event == "FLAGGED" { // a warning: the template goes on
		return nil
	}
	state, reason := stateOf(update.Event, update.Reason)
	report.Templates = append(report.Templates, messenger.TemplateChange{ID: update.ID.String(), State: state, Reason: reason})
	return nil
}
