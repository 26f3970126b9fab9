package translate

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/parley-chat/parley/server/egress"
)

// libre is a LibreTranslate server.
type libre struct {
	egress   *egress.Client
	url, key string
}

// most is what the project's own public server takes at once.
func (*libre) most() int { return 2000 }

type libreRequest struct {
	Q      string `json:"q"`
	Source string `json:"source"`
	Target string `json:"target"`
	Format string `json:"format"`
	APIKey string `json:"api_key,omitempty"`
}

type libreResponse struct {
	TranslatedText   *string `json:"translatedText"`
	DetectedLanguage struct {
		Language string `json:"language"`
	} `json:"detectedLanguage"`
	Error string `json:"error"`
}

func (l *libre) translate(ctx context.Context, text, language string) (translated, source string, err error) {
	for _, target := range libreLanguages(language) {
		if translated, source, err = l.into(ctx, text, target); err != errUnsupported { //nolint:errorlint // it is this very one
			break
		}
	}
	return translated, source, err
}

func (l *libre) into(ctx context.Context, text, target string) (translated, source string, err error) {
	res, err := post(ctx, l.egress, l.url+"/translate", nil, libreRequest{Q: text, Source: "auto", Target: target, Format: "text", APIKey: l.key})
	if err != nil {
		return "", "", err
	}
	var answer libreResponse
	malformed := json.Unmarshal(res.Body, &answer)
	switch {
	case res.Status == http.StatusBadRequest && strings.Contains(answer.Error, "is not supported"):
		return "", "", errUnsupported
	case res.Status != http.StatusOK:
		return "", "", byStatus(res)
	case malformed != nil || answer.TranslatedText == nil:
		return "", "", errRefused.Wrap(errShape)
	default:
		return *answer.TranslatedText, answer.DetectedLanguage.Language, nil
	}
}

// libreLanguages are the names that a language has had there, the newest first.
func libreLanguages(language string) []string {
	switch language {
	case "zh-Hans":
		return []string{"zh-Hans", "zh"}
	case "zh-Hant":
		return []string{"zh-Hant", "zt"}
	case "no":
		return []string{"nb", "no"}
	default:
		return []string{language}
	}
}
