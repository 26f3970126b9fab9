package mail

import (
	"bytes"
	_ "embed" // for the template
	"html"
	"html/template"
	"strings"

	"github.com/yuin/goldmark"
	gfm "github.com/yuin/goldmark/extension"
	renderer "github.com/yuin/goldmark/renderer/html"
)

// Body is what a recipient reads, twice.
type Body struct {
	Text string
	HTML string // a fragment; Frame makes a document of it
}

// markdown turns GitHub's Markdown into HTML. Raw HTML and links that run something
// are left out. It is never changed.
var markdown = goldmark.New(
	goldmark.WithExtensions(gfm.GFM),
	goldmark.WithRendererOptions(renderer.WithHardWraps()),
)

// Render turns Markdown (GFM; raw HTML in it is dropped) into both.
func Render(source string) Body {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(source), &out); err != nil {
		return RenderPlain(source)
	}
	safe, _ := SanitizeHTML(out.String())
	return Body{Text: TextOf(safe), HTML: safe}
}

// RenderPlain is Render for text that is no Markdown.
func RenderPlain(text string) Body {
	text = strings.Trim(cleanText(text), "\n")
	var out strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			out.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(paragraph), "\n", "<br>\n") + "</p>\n")
		}
	}
	return Body{Text: text, HTML: strings.TrimSpace(out.String())}
}

// Frame is what surrounds a message in a mail.
type Frame struct {
	// Marker is the line above which answers are to be written; see DefaultMarker. "" is none.
	Marker string
	// Heading says who wrote; may be "".
	Heading string
	// LinkText and LinkURL lead to the record; may be "".
	LinkText, LinkURL string
	// Footer says why this mail came; may be "".
	Footer string
	// UnsubscribeText and UnsubscribeURL end the mail; may be "".
	UnsubscribeText, UnsubscribeURL string
	// Lang is the language of these texts, such as "sv"; right-to-left ones are set so.
	Lang string
}

// frameSource is the HTML document round a message. Styles are inline, since mail
// programs take no others.
//
//go:embed frame.html
var frameSource string

var frameTemplate = template.Must(template.New("frame").Parse(frameSource))

// Wrap puts the body in the frame: the text of the mail and a whole HTML document.
func (f Frame) Wrap(b Body) Body {
	var out bytes.Buffer
	err := frameTemplate.Execute(&out, struct {
		Frame
		Direction string
		Content   template.HTML
	}{f, direction(f.Lang), template.HTML(b.HTML)}) //nolint:gosec // made by Render
	text := f.wrapText(b.Text)
	if err != nil {
		return Body{Text: text}
	}
	return Body{Text: text, HTML: out.String()}
}

func (f Frame) wrapText(text string) string {
	var parts []string
	for _, part := range []string{f.Marker, f.Heading, text, linkLine(f.LinkText, f.LinkURL)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	whole := strings.Join(parts, "\n\n") + "\n"
	unsubscribe := linkLine(f.UnsubscribeText, f.UnsubscribeURL)
	if f.Footer != "" || unsubscribe != "" {
		whole += "\n-- \n" + strings.Trim(f.Footer+"\n"+unsubscribe, "\n") + "\n"
	}
	return whole
}

func linkLine(text, url string) string {
	if url == "" {
		return ""
	}
	return strings.TrimPrefix(text+": ", ": ") + url
}

func direction(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "ar", "he", "fa", "ur", "yi", "ps":
		return "rtl"
	}
	return "ltr"
}
