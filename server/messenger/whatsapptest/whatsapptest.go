// Package whatsapptest is a WhatsApp Cloud API of our own for tests: a real HTTP
// server that answers as the documented one does, errors included, checks what it
// is sent against the templates it has, and reports with signatures.
package whatsapptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// What the fake knows of.
const (
	Account   = "102290129340398"
	Sender    = "106540352242922"
	Token     = "EAAtest-system-user-token"
	AppSecret = "test-app-secret"
	Phone     = "+46 70 174 06 05"
	Name      = "Fernhill"
)

// Template is one that the fake has.
type Template struct {
	ID, Name, Language, Status, Category, RejectedReason, Format string
	// Components are as in the API.
	Components []map[string]any
}

// Sent is a message that the fake took.
type Sent struct {
	ID, To, Template, Language, Reference string
	// Parameters are the texts by component: "body" and "header" by place or name,
	// "button" by index.
	Parameters map[string]string
}

// Server is the fake. Change its fields only through Change.
type Server struct {
	// URL is the base of its API.
	URL string

	mu         sync.Mutex
	templates  []Template
	sent       []Sent
	tries      int
	pageSize   int
	fail       func(w http.ResponseWriter, r *http.Request) bool
	after      func(w http.ResponseWriter, s Sent) bool
	subscribed bool
}

// Start runs a fake until the test ends.
func Start(t testing.TB, templates ...Template) *Server {
	t.Helper()
	s := &Server{templates: templates, pageSize: 2}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v23.0/{id}", s.phone)
	mux.HandleFunc("GET /v23.0/{id}/message_templates", s.list)
	mux.HandleFunc("POST /v23.0/{id}/subscribed_apps", s.subscribe)
	mux.HandleFunc("POST /v23.0/{id}/messages", s.message)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		fail := s.fail
		s.mu.Unlock()
		if fail != nil && fail(w, r) {
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+Token {
			Fail(w, http.StatusUnauthorized, 190, "Malformed access token "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), "")
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL + "/v23.0"
	return s
}

// SetTemplates replaces what the fake has.
func (s *Server) SetTemplates(templates ...Template) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates = templates
}

// SetFail has every request answered by f, unless it answers false.
func (s *Server) SetFail(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// SetAfter has f answer for a message that was taken, unless it answers false.
func (s *Server) SetAfter(f func(w http.ResponseWriter, s Sent) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = f
}

// Sent are the messages that were taken.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// Subscribed reports whether the account's reports were asked for.
func (s *Server) Subscribed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.subscribed
}

// Fail answers with an error in the API's form.
func Fail(w http.ResponseWriter, status, code int, message, details string) {
	kind := "OAuthException"
	write(w, status, map[string]any{"error": map[string]any{
		"message": fmt.Sprintf("(#%d) %s", code, message), "type": kind, "code": code, "fbtrace_id": "Az8or2yhqkZfEZ",
		"error_data": map[string]any{"messaging_product": "whatsapp", "details": details},
	}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func unknown(w http.ResponseWriter, id string) {
	Fail(w, http.StatusBadRequest, 100, "Unsupported request. Object with ID '"+id+"' does not exist", "")
}

func (s *Server) phone(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != Sender {
		unknown(w, r.PathValue("id"))
		return
	}
	write(w, http.StatusOK, map[string]any{"display_phone_number": Phone, "verified_name": Name, "id": Sender})
}

func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != Account {
		unknown(w, r.PathValue("id"))
		return
	}
	s.mu.Lock()
	s.subscribed = true
	s.mu.Unlock()
	write(w, http.StatusOK, map[string]any{"success": true})
}

// list pages through the templates, two at a time.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("id") != Account {
		unknown(w, r.PathValue("id"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from, _ := strconv.Atoi(r.URL.Query().Get("after"))
	to := min(from+s.pageSize, len(s.templates))
	data := []map[string]any{}
	for _, t := range s.templates[min(from, to):to] {
		data = append(data, map[string]any{
			"id": t.ID, "name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category,
			"rejected_reason": t.RejectedReason, "parameter_format": t.Format, "components": t.Components,
		})
	}
	paging := map[string]any{"cursors": map[string]any{"before": strconv.Itoa(from), "after": strconv.Itoa(to)}}
	if to < len(s.templates) {
		paging["next"] = s.URL + "/" + Account + "/message_templates?access_token=" + Token + "&after=" + strconv.Itoa(to)
	}
	write(w, http.StatusOK, map[string]any{"data": data, "paging": paging})
}

type message struct {
	Product   string `json:"messaging_product"`
	To        string `json:"to"`
	Type      string `json:"type"`
	Reference string `json:"biz_opaque_callback_data"`
	Template  struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components []struct {
			Type       string `json:"type"`
			SubType    string `json:"sub_type"`
			Index      string `json:"index"`
			Parameters []struct {
				Type string `json:"type"`
				Name string `json:"parameter_name"`
				Text string `json:"text"`
			} `json:"parameters"`
		} `json:"components"`
	} `json:"template"`
}

func (s *Server) message(w http.ResponseWriter, r *http.Request) {
	var m message
	if r.PathValue("id") != Sender {
		unknown(w, r.PathValue("id"))
		return
	}
	if json.NewDecoder(r.Body).Decode(&m) != nil || m.Product != "whatsapp" || m.Type != "template" || !strings.HasPrefix(m.To, "+") {
		Fail(w, http.StatusBadRequest, 100, "Invalid parameter", "")
		return
	}
	s.mu.Lock()
	s.tries++
	sent := Sent{
		ID: fmt.Sprintf("wamid.HBgL%06d", s.tries), To: m.To, Template: m.Template.Name, Language: m.Template.Language.Code,
		Reference: m.Reference, Parameters: parametersOf(&m),
	}
	code, details := s.check(&sent)
	if code == 0 {
		s.sent = append(s.sent, sent)
	}
	after := s.after
	s.mu.Unlock()
	if code != 0 {
		Fail(w, http.StatusBadRequest, code, "Template error", details)
		return
	}
	if after != nil && after(w, sent) {
		return
	}
	write(w, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp", "contacts": []any{map[string]any{"input": m.To, "wa_id": strings.TrimPrefix(m.To, "+")}},
		"messages": []any{map[string]any{"id": sent.ID, "message_status": "accepted"}},
	})
}

func parametersOf(m *message) map[string]string {
	all := map[string]string{}
	for _, c := range m.Template.Components {
		for i, p := range c.Parameters {
			switch {
			case c.Type == "button":
				all["button."+c.Index] = p.Text
			case p.Name != "":
				all[c.Type+"."+p.Name] = p.Text
			default:
				all[c.Type+"."+strconv.Itoa(i+1)] = p.Text
			}
		}
	}
	return all
}

var gap = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// check refuses what does not fit the template, as the API does.
func (s *Server) check(sent *Sent) (code int, details string) {
	for _, t := range s.templates {
		if t.Name != sent.Template || t.Language != sent.Language {
			continue
		}
		if t.Status != "APPROVED" {
			return 132015, "template is not approved"
		}
		wanted := map[string]bool{}
		for _, c := range t.Components {
			part, _ := c["type"].(string)
			text, _ := c["text"].(string)
			for _, g := range gap.FindAllStringSubmatch(text, -1) {
				wanted[part+g[1]] = true
				value, given := sent.Parameters[strings.ToLower(part)+"."+g[1]]
				if !given || value == "" || strings.ContainsAny(value, "\n\t") || strings.Contains(value, "    ") {
					return 132000, "number of localizable_params does not match the expected number of params"
				}
			}
			buttons, _ := c["buttons"].([]map[string]any)
			for i, b := range buttons {
				if address, _ := b["url"].(string); gap.MatchString(address) {
					wanted["button"+strconv.Itoa(i)] = true
					if sent.Parameters["button."+strconv.Itoa(i)] == "" {
						return 131008, "a button's parameter is missing"
					}
				}
			}
		}
		if len(wanted) != len(sent.Parameters) {
			return 132000, "number of localizable_params does not match the expected number of params"
		}
		return 0, ""
	}
	return 132001, "template name (" + sent.Template + ") does not exist in " + sent.Language
}
