package translate

import (
	"cmp"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"strings"

	"github.com/parley-chat/parley/server/egress"
)

// googleURL is where the basic edition of Cloud Translation is.
const googleURL = "https://translation.googleapis.com/language/translate/v2"

// google is Cloud Translation, basic edition. The key goes in a header: addresses
// get into logs.
type google struct {
	egress   *egress.Client
	url, key string
}

// most is what Google recommends to send at once.
func (*google) most() int { return 5000 }

type googleRequest struct {
	Q      []string `json:"q"`
	Target string   `json:"target"`
	Format string   `json:"format"`
}

type googleResponse struct {
	Data struct {
		Translations []struct {
			TranslatedText         string `json:"translatedText"`
			DetectedSourceLanguage string `json:"detectedSourceLanguage"`
		} `json:"translations"`
	} `json:"data"`
	Error googleError `json:"error"`
}

type googleError struct {
	Message string `json:"message"`
	Errors  []struct {
		Reason string `json:"reason"`
	} `json:"errors"`
	Details []struct {
		Reason string `json:"reason"`
	} `json:"details"`
}

func (g *google) translate(ctx context.Context, text, language string) (translated, source string, err error) {
	res, err := post(ctx, g.egress, cmp.Or(g.url, googleURL), http.Header{"X-Goog-Api-Key": {g.key}},
		googleRequest{Q: []string{text}, Target: googleLanguage(language), Format: "text"})
	if err != nil {
		return "", "", err
	}
	var answer googleResponse
	malformed := json.Unmarshal(res.Body, &answer)
	if res.Status != http.StatusOK {
		return "", "", answer.Error.fault(res)
	}
	if malformed != nil || len(answer.Data.Translations) != 1 {
		return "", "", errRefused.Wrap(errShape)
	}
	t := answer.Data.Translations[0]
	// Entities come although plain text was asked for.
	return html.UnescapeString(t.TranslatedText), t.DetectedSourceLanguage, nil
}

// fault tells apart what Google puts under one status.
func (e *googleError) fault(res *egress.Response) error {
	reasons := make(map[string]bool)
	for _, one := range e.Errors {
		reasons[one.Reason] = true
	}
	for _, one := range e.Details {
		reasons[one.Reason] = true
	}
	switch {
	case res.Status == http.StatusForbidden && (strings.Contains(strings.ToLower(e.Message), "limit exceeded") ||
		reasons["userRateLimitExceeded"] || reasons["rateLimitExceeded"] || reasons["dailyLimitExceeded"] || reasons["RATE_LIMIT_EXCEEDED"]):
		return limited(res)
	case res.Status == http.StatusBadRequest && reasons["invalid"] && !strings.Contains(e.Message, "API key"):
		return errUnsupported.Wrap(status(res))
	default:
		return byStatus(res)
	}
}

// googleLanguage is a language as Google names it: Chinese by where it is written.
func googleLanguage(language string) string {
	switch language {
	case "zh-Hans":
		return "zh-CN"
	case "zh-Hant":
		return "zh-TW"
	default:
		return language
	}
}
