package translate_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// The fakes are real servers that answer as the providers' documentation says,
// errors included. A text is "translated" by putting the language before it.

// requests are what a fake was asked.
type requests struct {
	mu      sync.Mutex
	texts   []string
	targets []string
	header  http.Header
	raw     []string
	hold    chan struct{} // if set, a request waits until it is closed
	fail    func(w http.ResponseWriter) bool
}

// take notes a request; true says that it was answered with a failure.
func (r *requests) take(w http.ResponseWriter, req *http.Request, text, target string) bool {
	r.mu.Lock()
	r.texts, r.targets, r.header = append(r.texts, text), append(r.targets, target), req.Header.Clone()
	r.raw = append(r.raw, req.URL.String())
	hold, fail := r.hold, r.fail
	r.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return fail != nil && fail(w)
}

func (r *requests) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.texts)
}

func (r *requests) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

type object = map[string]any

const googleKey, libreKey = "AIza-test-key", "libre-test-key"

// newGoogle is Cloud Translation v2.
func newGoogle(t *testing.T) (address string, asked *requests) {
	t.Helper()
	asked = &requests{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Q      []string `json:"q"`
			Target string   `json:"target"`
			Format string   `json:"format"`
		}
		if r.Method != http.MethodPost || r.URL.Path != "/language/translate/v2" || json.NewDecoder(r.Body).Decode(&body) != nil ||
			len(body.Q) != 1 || body.Format != "text" {
			googleFailure(w, http.StatusBadRequest, "Required Text", "required", "INVALID_ARGUMENT")
			return
		}
		if asked.take(w, r, body.Q[0], body.Target) {
			return
		}
		switch {
		case r.Header.Get("X-Goog-Api-Key") != googleKey:
			googleFailure(w, http.StatusBadRequest, "API key not valid. Please pass a valid API key.", "badRequest", "API_KEY_INVALID")
		case body.Target == "tlh":
			googleFailure(w, http.StatusBadRequest, "Invalid Value", "invalid", "INVALID_ARGUMENT")
		default:
			answerJSON(w, http.StatusOK, object{"data": object{"translations": []object{{
				"translatedText": body.Target + ": " + html.EscapeString(body.Q[0]), "detectedSourceLanguage": "en",
			}}}})
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/language/translate/v2", asked
}

func googleFailure(w http.ResponseWriter, status int, message, reason, detail string) {
	answerJSON(w, status, object{"error": object{
		"code": status, "message": message, "status": detail,
		"errors":  []object{{"message": message, "domain": "global", "reason": reason}},
		"details": []object{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail, "domain": "googleapis.com"}},
	}})
}

// newLibre is a LibreTranslate server of before languages had scripts.
func newLibre(t *testing.T) (address string, asked *requests) {
	t.Helper()
	asked = &requests{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Q, Source, Target, Format, APIKey string }
		var raw map[string]string
		if r.Method != http.MethodPost || r.URL.Path != "/translate" || json.NewDecoder(r.Body).Decode(&raw) != nil {
			answerJSON(w, http.StatusBadRequest, object{"error": "Invalid request: missing q parameter"})
			return
		}
		body.Q, body.Source, body.Target, body.Format, body.APIKey = raw["q"], raw["source"], raw["target"], raw["format"], raw["api_key"]
		if asked.take(w, r, body.Q, body.Target) {
			return
		}
		switch {
		case body.APIKey != libreKey:
			answerJSON(w, http.StatusForbidden, object{"error": "Invalid API key"})
		case body.Source != "auto" || body.Format != "text":
			answerJSON(w, http.StatusBadRequest, object{"error": "Invalid request: missing source parameter"})
		case body.Target == "tlh" || len(body.Target) > 2:
			answerJSON(w, http.StatusBadRequest, object{"error": body.Target + " is not supported"})
		default:
			answerJSON(w, http.StatusOK, object{
				"translatedText": body.Target + ": " + body.Q, "detectedLanguage": object{"confidence": 90.0, "language": "en"},
			})
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}
