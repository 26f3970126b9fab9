package mail

import (
	"strconv"
	"strings"

	nethtml "golang.org/x/net/html"
)

// TextOf returns the text of HTML as a reader would type it: links keep their text and their address,
// lists their bullets, quotes their ">". It needs linear time.
func TextOf(source string) string {
	w := textWriter{}
	z := nethtml.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return w.finish()
		case nethtml.TextToken:
			w.text(string(z.Text()))
		case nethtml.StartTagToken:
			token := z.Token()
			w.start(token)
		case nethtml.SelfClosingTagToken:
			token := z.Token()
			w.start(token)
			w.end(token.Data)
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
	}
}

// maxQuoteDepth bounds how many ">" stand before a line.
const maxQuoteDepth = 8

// textWriter writes lines. Blanks collapse as a browser does it.
type textWriter struct {
	out    strings.Builder
	line   strings.Builder
	blank  bool // a blank is due before the next word
	gap    int  // line ends that are due before the next line
	quote  int
	above  int    // quote of the line before
	skip   string // the element we are in whose text is not for people
	pre    int
	lists  []int // numbers of the lists we are in; 0 is one of bullets
	bullet string
	links  []openLink
}

type openLink struct {
	address string
	at      int // length of the line when it began
	lines   int
}

func (w *textWriter) start(t nethtml.Token) {
	switch t.Data {
	case "script", "style", "title", "iframe", "noembed", "noframes", "xmp", "textarea":
		w.skip = t.Data // the tokenizer gives all up to its end as one text
	case "br":
		w.breakLine(1, true)
	case "hr":
		w.block()
		w.word("---")
		w.block()
	case "blockquote":
		w.block()
		w.quote++
	case "pre":
		w.block()
		w.pre++
	case "ul", "ol":
		w.breakLine(1, false)
		if len(w.lists) < 100 {
			w.lists = append(w.lists, firstNumber(t))
		}
	case "li":
		w.breakLine(1, false)
		w.bullet = w.nextBullet()
	case "a":
		if len(w.links) < 100 {
			w.links = append(w.links, openLink{address: attr(t, "href"), at: w.line.Len(), lines: w.out.Len()})
		}
	case "img":
		if alt := cleanLine(attr(t, "alt")); alt != "" {
			w.text(" [" + truncate(alt, 200) + "] ")
		}
	case "td", "th":
		w.blank = w.blank || w.line.Len() > 0
	default:
		w.boundary(t.Data)
	}
}

func (w *textWriter) end(name string) {
	switch name {
	case w.skip:
		w.skip = ""
	case "blockquote":
		w.block()
		w.quote = max(0, w.quote-1)
	case "pre":
		w.block()
		w.pre = max(0, w.pre-1)
	case "ul", "ol":
		w.lists = w.lists[:max(0, len(w.lists)-1)]
		w.breakLine(1, false)
	case "a":
		w.endLink()
	default:
		w.boundary(name)
	}
}

// boundary starts a line at the edges of what stands on lines of its own.
func (w *textWriter) boundary(name string) {
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "table", "figure":
		w.block()
	case "div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address", "center", "body", "html", "caption":
		w.breakLine(1, false)
	}
}

// firstNumber is the first number of a list; 0 if it has bullets.
func firstNumber(t nethtml.Token) int {
	if t.Data == "ul" {
		return 0
	}
	const most = 1_000_000
	if n, err := strconv.Atoi(attr(t, "start")); err == nil && n > 0 && n < most {
		return n
	}
	return 1
}

func (w *textWriter) nextBullet() string {
	if len(w.lists) == 0 {
		return "- "
	}
	n := &w.lists[len(w.lists)-1]
	if *n == 0 {
		return strings.Repeat("  ", min(len(w.lists)-1, 5)) + "- "
	}
	*n++
	return strings.Repeat("  ", min(len(w.lists)-1, 5)) + strconv.Itoa(*n-1) + ". "
}

// endLink writes the address behind the link's text, unless that says it already.
func (w *textWriter) endLink() {
	if len(w.links) == 0 {
		return
	}
	link := w.links[len(w.links)-1]
	w.links = w.links[:len(w.links)-1]
	address := strings.TrimSpace(link.address)
	scheme, rest, ok := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		rest = strings.TrimPrefix(rest, "//")
	case "mailto", "tel":
	default:
		return
	}
	shown := w.line.String()
	if link.lines == w.out.Len() && link.at <= len(shown) {
		shown = shown[link.at:]
	}
	if !ok || w.skip != "" || strings.Contains(shown, strings.TrimSuffix(rest, "/")) {
		return
	}
	w.blank = w.blank || w.line.Len() > 0
	w.word("<" + truncate(cleanLine(address), 2000) + ">")
}

func (w *textWriter) text(s string) {
	if w.skip != "" {
		return
	}
	s = nethtml.UnescapeString(s)
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.breakLine(1, true)
			}
			w.word(line)
		}
		return
	}
	for s != "" {
		n := strings.IndexAny(s, " \t\r\n\f")
		if n < 0 {
			n = len(s)
		}
		w.word(s[:n])
		if n < len(s) {
			w.blank, n = w.blank || w.line.Len() > 0, n+1
		}
		s = s[n:]
	}
}

func (w *textWriter) word(s string) {
	if s == "" || w.skip != "" {
		return
	}
	if w.line.Len() == 0 {
		w.line.WriteString(w.bullet)
		w.bullet = ""
	} else if w.blank {
		w.line.WriteByte(' ')
	}
	w.blank = false
	w.line.WriteString(s)
}

// block leaves an empty line before what comes next.
func (w *textWriter) block() { w.breakLine(2, false) }

// breakLine ends the line. n line ends are due then; forced ones add up, up to an
// empty line.
func (w *textWriter) breakLine(n int, forced bool) {
	if w.skip != "" {
		return
	}
	if w.line.Len() > 0 {
		w.flush()
		w.gap = max(w.gap, n)
		return
	}
	if forced {
		n = min(2, w.gap+1)
	}
	w.gap = max(w.gap, n)
}

func (w *textWriter) flush() {
	if w.out.Len() == 0 {
		w.gap = 0
	}
	between := strings.TrimSpace(strings.Repeat("> ", min(w.quote, w.above, maxQuoteDepth)))
	prefix := strings.Repeat("> ", min(w.quote, maxQuoteDepth))
	for i := range w.gap {
		w.out.WriteByte('\n')
		if i < w.gap-1 {
			w.out.WriteString(between)
		}
	}
	w.out.WriteString(prefix)
	w.out.WriteString(strings.TrimRight(w.line.String(), " "))
	w.line.Reset()
	w.gap, w.blank, w.above = 0, false, w.quote
}

func (w *textWriter) finish() string {
	w.skip = ""
	if w.line.Len() > 0 {
		w.flush()
	}
	return cleanText(w.out.String())
}
