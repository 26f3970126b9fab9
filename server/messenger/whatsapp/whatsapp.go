// Package whatsapp is the WhatsApp Cloud API as a connector: templates and their
// states, sending templates, and the reports of its webhook.
//
// Whatever the API answers in its own form of an error was not done. Where no such
// answer comes after a message was handed over, nobody knows; the reference that
// goes with the message comes back with its first report and tells.
package whatsapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/messenger"
)

// usualURL is where the API is, with the version that this package speaks.
const usualURL = "https://graph.facebook.com/v23.0"

// Connector implements messenger.Connector.
type Connector struct{ egress *egress.Client }

// New makes the connector.
func New(client *egress.Client) *Connector { return &Connector{client} }

// Capabilities implements messenger.Connector.
func (*Connector) Capabilities() *messengerv1.Capabilities {
	const mib = 1 << 20
	return &messengerv1.Capabilities{
		TextLength: 4096, ButtonCount: 3, WindowMinutes: 24 * 60, Templates: true,
		Files: []*messengerv1.FileLimit{
			{Kind: "image", MaxSize: 5 * mib}, {Kind: "audio", MaxSize: 16 * mib}, {Kind: "video", MaxSize: 16 * mib},
			{Kind: "document", MaxSize: 100 * mib}, {Kind: "sticker", MaxSize: 100 << 10},
		},
	}
}

// Identify implements messenger.Connector.
func (c *Connector) Identify(ctx context.Context, a messenger.Account) (messenger.Identity, error) {
	var phone struct {
		Display  string `json:"display_phone_number"`
		Verified string `json:"verified_name"`
	}
	query := url.Values{"fields": {"display_phone_number,verified_name"}}
	if err := c.call(ctx, a, http.MethodGet, "/"+a.Sender+"?"+query.Encode(), nil, &phone); err != nil {
		return messenger.Identity{}, err
	}
	var subscribed struct {
		Success bool `json:"success"`
	}
	if err := c.call(ctx, a, http.MethodPost, "/"+a.Account+"/subscribed_apps", struct{}{}, &subscribed); err != nil {
		return messenger.Identity{}, err
	}
	return messenger.Identity{DisplayName: clip(phone.Verified, 200), Phone: clip(phone.Display, 40)}, nil
}

type parameter struct {
	Type string `json:"type"`
	Name string `json:"parameter_name,omitempty"`
	Text string `json:"text"`
}

type component struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type,omitempty"`
	Index      string      `json:"index,omitempty"`
	Parameters []parameter `json:"parameters"`
}

type outgoing struct {
	Product  string `json:"messaging_product"`
	Kind     string `json:"recipient_type"`
	To       string `json:"to"`
	Type     string `json:"type"`
	Template struct {
		Name     string            `json:"name"`
		Language map[string]string `json:"language"`
		// Components are left out if there is nothing to fill in.
		Components []component `json:"components,omitempty"`
	} `json:"template"`
	Reference string `json:"biz_opaque_callback_data,omitempty"`
}

// Send implements messenger.Connector.
func (c *Connector) Send(ctx context.Context, a messenger.Account, out messenger.Outgoing) (string, error) {
	body := outgoing{Product: "whatsapp", Kind: "individual", To: out.To, Type: "template", Reference: out.Reference}
	body.Template.Name, body.Template.Language = out.Template, map[string]string{"code": out.Language}
	body.Template.Components = components(out)
	var sent struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if err := c.call(ctx, a, http.MethodPost, "/"+a.Sender+"/messages", body, &sent); err != nil {
		return "", err
	}
	if len(sent.Messages) != 1 || sent.Messages[0].ID == "" || len(sent.Messages[0].ID) > 500 {
		return "", &messenger.Failure{Outcome: messenger.Unknown, Words: "WhatsApp's answer names no message"}
	}
	return sent.Messages[0].ID, nil
}

// components are what fills the gaps, part by part.
func components(out messenger.Outgoing) []component {
	var all []component
	for _, gap := range out.Gaps {
		p := parameter{Type: "text", Text: out.Values[gap.Name()]}
		if gap.Part == messenger.PartButton {
			all = append(all, component{Type: "button", SubType: "url", Index: gap.Key, Parameters: []parameter{p}})
			continue
		}
		if out.Named {
			p.Name = gap.Key
		}
		i := slices.IndexFunc(all, func(c component) bool { return c.Type == gap.Part })
		if i < 0 {
			i = len(all)
			all = append(all, component{Type: gap.Part})
		}
		all[i].Parameters = append(all[i].Parameters, p)
	}
	return all
}

// call asks the API and reads its answer.
func (c *Connector) call(ctx context.Context, a messenger.Account, method, path string, body, answer any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode for WhatsApp: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, cmp.Or(a.BaseURL, usualURL)+path, bytes.NewReader(encoded))
	if err != nil {
		return &messenger.Failure{Outcome: messenger.Refused, Words: egress.ErrAddress.Error()}
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.egress.Do(req)
	if err != nil {
		return unreached(err)
	}
	if res.Status < 200 || res.Status > 299 {
		return failure(res, a.Token)
	}
	if err := json.Unmarshal(res.Body, answer); err != nil {
		return &messenger.Failure{Outcome: messenger.Unknown, Words: "the answer is not WhatsApp's; check the address"}
	}
	return nil
}

// unreached is the failure of a call without an answer.
func unreached(err error) error {
	for _, refused := range []error{egress.ErrRefused, egress.ErrAddress} {
		if errors.Is(err, refused) {
			return &messenger.Failure{Outcome: messenger.Refused, Words: refused.Error()}
		}
	}
	f := &messenger.Failure{Outcome: messenger.Unknown, Words: "WhatsApp does not answer"}
	var call *egress.Error
	if errors.As(err, &call) && !call.Sent {
		f.Outcome = messenger.Later
	}
	return f
}

// graphError is the API's form of an error.
type graphError struct {
	Error *struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
		Data    struct {
			Details string `json:"details"`
		} `json:"error_data"`
	} `json:"error"`
}

// passing are the codes of errors that pass: limits, and a service that is not
// there at the moment.
var passing = []int{1, 2, 4, 80007, 80008, 130429, 131000, 131016, 131056, 133004}

// failure tells what became of a request by its answer.
func failure(res *egress.Response, token string) error {
	var e graphError
	if json.Unmarshal(res.Body, &e) != nil || e.Error == nil {
		outcome := messenger.Refused
		if res.Status >= http.StatusInternalServerError {
			outcome = messenger.Unknown // said by something between
		}
		return &messenger.Failure{Outcome: outcome, Words: fmt.Sprintf("WhatsApp answers with status %d", res.Status)}
	}
	f := &messenger.Failure{Outcome: messenger.Refused, Words: words(e.Error.Code, e.Error.Message, e.Error.Data.Details, token)}
	if res.Status == http.StatusTooManyRequests || res.Status >= http.StatusInternalServerError || slices.Contains(passing, e.Error.Code) {
		f.Outcome = messenger.Later
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
			f.After = min(time.Duration(seconds)*time.Second, time.Hour)
		}
	}
	return f
}

// words are what the API says to people, without the token, which it likes to
// repeat.
func words(code int, message, details, token string) string {
	text := message
	if details != "" && !strings.Contains(message, details) {
		text += ": " + details
	}
	if token != "" {
		text = strings.ReplaceAll(text, token, "…")
	}
	if code != 0 && !strings.Contains(text, strconv.Itoa(code)) {
		text += fmt.Sprintf(" (%d)", code)
	}
	return clip(text, 300)
}

// clip is a text from outside on one line, at most so long.
func clip(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
