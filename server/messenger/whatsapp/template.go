package whatsapp

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	"github.com/parley-chat/parley/server/messenger"
)

// pageSize is how many templates are asked for at once.
const pageSize = "100"

type template struct {
	ID         string              `json:"id"`
	Name       string              `json:"name"`
	Language   string              `json:"language"`
	Status     string              `json:"status"`
	Category   string              `json:"category"`
	Rejected   string              `json:"rejected_reason"`
	Format     string              `json:"parameter_format"`
	Components []templateComponent `json:"components"`
}

type templateComponent struct {
	Type    string `json:"type"`
	Format  string `json:"format"`
	Text    string `json:"text"`
	Example struct {
		Header []string   `json:"header_text"`
		Body   [][]string `json:"body_text"`
		// The examples of named gaps.
		HeaderNamed []namedExample `json:"header_text_named_params"`
		BodyNamed   []namedExample `json:"body_text_named_params"`
	} `json:"example"`
	Buttons []struct {
		Type    string   `json:"type"`
		Text    string   `json:"text"`
		URL     string   `json:"url"`
		Example []string `json:"example"`
	} `json:"buttons"`
}

type namedExample struct {
	Name    string `json:"param_name"`
	Example string `json:"example"`
}

// Templates implements messenger.Connector.
func (c *Connector) Templates(ctx context.Context, a messenger.Account, page string) ([]messenger.Template, string, error) {
	query := url.Values{
		"fields": {"id,name,language,status,category,rejected_reason,parameter_format,components"}, "limit": {pageSize},
	}
	if page != "" {
		query.Set("after", page)
	}
	var list struct {
		Data   []template `json:"data"`
		Paging struct {
			Cursors struct {
				After string `json:"after"`
			} `json:"cursors"`
			// Next is an address with the token in it; only whether there is one
			// matters.
			Next string `json:"next"`
		} `json:"paging"`
	}
	if err := c.call(ctx, a, http.MethodGet, "/"+a.Account+"/message_templates?"+query.Encode(), nil, &list); err != nil {
		return nil, "", err
	}
	out := make([]messenger.Template, 0, len(list.Data))
	for i := range list.Data {
		if t := &list.Data[i]; t.ID != "" && len(t.ID) <= 100 {
			out = append(out, t.template())
		}
	}
	if list.Paging.Next == "" {
		return out, "", nil
	}
	return out, list.Paging.Cursors.After, nil
}

func (t *template) template() messenger.Template {
	state, reason := stateOf(t.Status, t.Rejected)
	return messenger.Template{
		ID: t.ID, Name: clip(t.Name, 512), Language: clip(t.Language, 20), Category: clip(t.Category, 40), State: state, Reason: reason,
		Content: t.content(),
	}
}

// stateOf is what the API calls a template, and why.
func stateOf(status, reason string) (messengerv1.TemplateState, string) {
	if reason == "NONE" {
		reason = ""
	}
	reason = clip(reason, 300)
	switch strings.ToUpper(status) {
	case "APPROVED", "REINSTATED":
		return messengerv1.TemplateState_TEMPLATE_STATE_APPROVED, ""
	case "PENDING", "IN_APPEAL", "PENDING_REVIEW":
		return messengerv1.TemplateState_TEMPLATE_STATE_PENDING, reason
	case "REJECTED":
		return messengerv1.TemplateState_TEMPLATE_STATE_REJECTED, reason
	case "PAUSED":
		return messengerv1.TemplateState_TEMPLATE_STATE_PAUSED, reason
	case "DISABLED", "LIMIT_EXCEEDED", "ARCHIVED", "LOCKED":
		return messengerv1.TemplateState_TEMPLATE_STATE_DISABLED, reason
	case "DELETED", "PENDING_DELETION":
		return messengerv1.TemplateState_TEMPLATE_STATE_DELETED, reason
	default:
		return messengerv1.TemplateState_TEMPLATE_STATE_OTHER, clip(status, 60)
	}
}

func (t *template) content() messenger.Content {
	c := messenger.Content{Named: strings.EqualFold(t.Format, "NAMED")}
	for i := range t.Components {
		switch part := &t.Components[i]; strings.ToUpper(part.Type) {
		case "HEADER":
			if part.Format != "TEXT" && part.Format != "" {
				c.Unsupported = "a header with " + strings.ToLower(clip(part.Format, 40))
				continue
			}
			c.Header = part.Text
			c.Gaps = append(c.Gaps, gapsOf(messenger.PartHeader, part.Text, part.Example.Header, part.Example.HeaderNamed)...)
		case "BODY":
			c.Body = part.Text
			c.Gaps = append(c.Gaps, gapsOf(messenger.PartBody, part.Text, first(part.Example.Body), part.Example.BodyNamed)...)
		case "FOOTER":
			c.Footer = part.Text
		case "BUTTONS":
			buttons(&c, part)
		default:
			c.Unsupported = strings.ToLower(clip(part.Type, 40))
		}
	}
	return c
}

// buttons adds a template's buttons. One that opens an address with a gap at its
// end has a gap of its own.
func buttons(c *messenger.Content, part *templateComponent) {
	for i, b := range part.Buttons {
		c.Buttons = append(c.Buttons, clip(b.Text, 60))
		switch strings.ToUpper(b.Type) {
		case "QUICK_REPLY", "PHONE_NUMBER":
		case "URL":
			if gap.MatchString(b.URL) {
				example, _ := strings.CutPrefix(strings.Join(b.Example[:min(len(b.Example), 1)], ""), gap.Split(b.URL, 2)[0])
				c.Gaps = append(c.Gaps, messenger.Gap{Part: messenger.PartButton, Key: strconv.Itoa(i), Example: clip(example, 200)})
			}
		default:
			c.Unsupported = "a button of kind " + strings.ToLower(clip(b.Type, 40))
		}
	}
}

// gap is a place in a text to be filled in.
var gap = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}`)

// gapsOf are the gaps of a text, each once, in the order of their numbers, or of
// the text if they have names.
func gapsOf(part, text string, examples []string, named []namedExample) []messenger.Gap {
	var gaps []messenger.Gap
	seen := map[string]bool{}
	for _, found := range gap.FindAllStringSubmatch(text, -1) {
		key := found[1]
		if seen[key] {
			continue
		}
		seen[key] = true
		g := messenger.Gap{Part: part, Key: key}
		if n, err := strconv.Atoi(key); err == nil && n >= 1 && n <= len(examples) {
			g.Example = clip(examples[n-1], 200)
		}
		for _, e := range named {
			if e.Name == key {
				g.Example = clip(e.Example, 200)
			}
		}
		gaps = append(gaps, g)
	}
	slices.SortStableFunc(gaps, func(a, b messenger.Gap) int {
		x, errX := strconv.Atoi(a.Key)
		y, errY := strconv.Atoi(b.Key)
		if errX != nil || errY != nil {
			return 0
		}
		return x - y
	})
	return gaps
}

func first(lists [][]string) []string {
	if len(lists) == 0 {
		return nil
	}
	return lists[0]
}
