package mail

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
)

// safePolicy says what stays of HTML. It is never changed.
var safePolicy = newSafePolicy()

// SanitizeHTML returns HTML that runs nothing and loads nothing: no scripts, styles or forms, no
// remote images (it says how many there were), links that open apart and tell no referrer.
// It should be shown in a sandboxed frame all the same.
func SanitizeHTML(source string) (safe string, images int) {
	if strings.TrimSpace(source) == "" {
		return "", 0
	}
	return strings.TrimSpace(safePolicy.Sanitize(source)), remoteImages(source)
}

func newSafePolicy() *bluemonday.Policy {
	word := regexp.MustCompile(`^[a-zA-Z]{1,10}$`)
	size := regexp.MustCompile(`^[0-9]{1,4}%?$`)
	color := regexp.MustCompile(`^(#[0-9a-fA-F]{3,8}|[a-zA-Z]{1,20})$`)
	// The images that load nothing: those in the mail, and those written out.
	image := regexp.MustCompile(`^(cid:[^\s"'<>]+|data:image/(png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]+)$`)
	link := regexp.MustCompile(`^\s*(?i)(https?://|mailto:|tel:)`)

	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "mark",
		"small", "big", "sub", "sup", "tt", "code", "pre", "kbd", "samp", "blockquote", "q", "cite", "abbr", "address",
		"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "center", "font",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup", "figure", "figcaption")
	p.AllowAttrs("dir").Matching(word).Globally()
	p.AllowAttrs("align", "valign").Matching(word).OnElements("p", "div", "td", "th", "tr", "table", "img", "h1", "h2", "h3")
	p.AllowAttrs("width", "height", "colspan", "rowspan", "border", "cellpadding", "cellspacing").Matching(size).
		OnElements("table", "td", "th", "col", "img", "tr", "hr")
	p.AllowAttrs("color", "bgcolor").Matching(color).OnElements("font", "td", "th", "tr", "table")
	p.AllowAttrs("start").Matching(size).OnElements("ol")
	p.AllowAttrs("alt").Matching(regexp.MustCompile(`^[^<>]{0,500}$`)).OnElements("img")
	p.AllowAttrs("src").Matching(image).OnElements("img")
	p.AllowAttrs("href").Matching(link).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid", "data")
	p.RequireParseableURLs(true)
	p.RequireNoReferrerOnLinks(true)
	p.RequireNoFollowOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}

// remoteImages counts the images that would be loaded from somewhere.
func remoteImages(source string) (n int) {
	z := nethtml.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return n
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			token := z.Token()
			if token.Data == "img" && isRemote(attr(token, "src")) {
				n++
			}
		}
	}
}

func isRemote(src string) bool {
	src = strings.ToLower(strings.TrimSpace(src))
	return src != "" && !strings.HasPrefix(src, "cid:") && !strings.HasPrefix(src, "data:")
}

func attr(token nethtml.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// cidSource is how sanitised HTML shows an image of its own mail.
var cidSource = regexp.MustCompile(` src="cid:([^"]*)"`)

// ResolveImages puts a URL where sanitised HTML shows an image that the mail
// brought along. address returns it for a content id; where it returns "", the image
// is left without a source.
func ResolveImages(safe string, address func(contentID string) string) string {
	return cidSource.ReplaceAllStringFunc(safe, func(match string) string {
		to := address(contentIDOf(match[len(` src="cid:`) : len(match)-1]))
		if to == "" {
			return ""
		}
		return ` src="` + html.EscapeString(to) + `"`
	})
}

// shownIDs are the content ids that sanitised HTML shows.
func shownIDs(safe string) map[string]bool {
	ids := make(map[string]bool)
	for _, m := range cidSource.FindAllStringSubmatch(safe, -1) {
		ids[contentIDOf(m[1])] = true
	}
	return ids
}

// contentIDOf undoes what HTML and URLs make of a content id.
func contentIDOf(source string) string {
	id := html.UnescapeString(source)
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}
