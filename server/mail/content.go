package mail

import (
	"bytes"
	"html"
	"io"
	"strings"
)

// content is what the parts of a mail amount to.
type content struct {
	text        string // for people, whole
	html        string // as it came; "" if no part is HTML
	charset     string // that the text declares
	calendar    []byte
	attachments []Attachment
}

// section is one stretch of the body, in one form or two.
type section struct {
	text, html string
}

// contentReader walks over the parts once and sorts them.
type contentReader struct {
	content
	sections []section
	room     int64 // for text
	root     *part
	repair   func(string)
}

func readContent(root *part, repair func(string)) (*content, error) {
	r := &contentReader{room: 2 * MaxTextBytes, root: root, repair: repair}
	if err := r.read(root); err != nil {
		return nil, err
	}
	r.join()
	return &r.content, nil
}

// read sorts a part and those in it. Its depth is bounded by MaxDepth.
func (r *contentReader) read(p *part) error {
	switch {
	case p.isContainer() && p.kind == "multipart/alternative":
		return r.alternative(p)
	case p.isContainer():
		for _, c := range p.children {
			if err := r.read(c); err != nil {
				return err
			}
		}
		return nil
	case r.isBody(p):
		s, err := r.body(p)
		if err != nil {
			return err
		}
		r.sections = append(r.sections, s)
		return nil
	}
	return r.attach(p)
}

// alternative makes one section of the forms of the same thing.
func (r *contentReader) alternative(p *part) error {
	before := len(r.sections)
	for _, c := range p.children {
		if isOddForm(c) {
			continue
		}
		if err := r.read(c); err != nil {
			return err
		}
	}
	var one section
	for _, s := range r.sections[before:] {
		if one.text == "" || s.html == "" {
			one.text = joinText(one.text, s.text)
		}
		one.html += s.html
	}
	r.sections = r.sections[:before]
	if one != (section{}) {
		r.sections = append(r.sections, one)
	}
	return nil
}

// isOddForm tells of forms that say nothing that the text and the HTML do not say.
func isOddForm(p *part) bool {
	switch p.kind {
	case "text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext", "text/x-plain":
		return true
	}
	return false
}

// isBody tells whether a part is to be read as the mail itself.
func (r *contentReader) isBody(p *part) bool {
	if p.disp == "attachment" {
		return false
	}
	named := fileName(p) != ""
	switch {
	case p.kind == "text/plain" || p.kind == "text/html":
		return !named || p == r.root || p.disp == "" && p.kind == "text/html"
	case p.kind == "" || p.kind == "text/text" || strings.HasPrefix(p.kind, "multipart/"):
		return !named
	case p == r.root && p.disp == "" && !named && p.kind == "application/octet-stream":
		return true
	}
	return false
}

// body reads a text part. What is longer than MaxTextBytes becomes an attachment as well, whole.
func (r *contentReader) body(p *part) (section, error) {
	label := p.params["charset"]
	if r.charset == "" {
		r.charset = label
	}
	b, whole, err := r.readText(p)
	if err != nil {
		return section{}, err
	}
	if !whole {
		r.repair("the text is too long")
		r.attachments = append(r.attachments, Attachment{Name: "message" + extension(p.kind), Type: orOctets(p.kind), part: p})
	}
	if bytes.IndexByte(b, 0) >= 0 && !isWide(b, label) {
		r.repair("the text has NUL bytes")
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	text := cleanText(decodeCharset(b, label))
	if p.kind == "text/html" || looksLikeHTML(text) {
		return section{html: text}, nil
	}
	if p.params["format"] == "flowed" {
		text = unflow(text, p.params["delsp"] == "yes")
	}
	return section{text: text}, nil
}

// isWide tells of UTF-16 and UTF-32, in which NUL bytes are half a letter.
func isWide(b []byte, label string) bool {
	label = cleanLabel(label)
	return strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf-32") || strings.HasPrefix(label, "utf16") ||
		bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))
}

// readText reads a text part within bounds, and says whether that was all of it.
func (r *contentReader) readText(p *part) (b []byte, whole bool, err error) {
	limit := min(MaxTextBytes, r.room)
	b, err = io.ReadAll(io.LimitReader(p.open(), limit+1))
	if err != nil {
		return nil, false, err
	}
	if whole = int64(len(b)) <= limit; !whole {
		b = b[:limit]
	}
	r.room -= int64(len(b))
	if strings.EqualFold(p.header("Content-Transfer-Encoding"), "base64") {
		b, err = r.unlessPlain(p, b, limit)
	}
	return b, whole, err
}

// unlessPlain returns the text as it is if it only claims to be base64.
func (r *contentReader) unlessPlain(p *part, decoded []byte, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(p.encoded(), limit))
	if err != nil {
		return nil, err
	}
	blanks := bytes.Count(raw, []byte(" "))
	if blanks == 0 || blanks*20 < len(raw) {
		return decoded, nil
	}
	r.repair("the text claims to be base64")
	return raw, nil
}

// looksLikeHTML tells of HTML that calls itself something else.
func looksLikeHTML(text string) bool {
	start := strings.ToLower(strings.TrimSpace(text[:min(len(text), 200)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// join makes one text and one HTML of all sections.
func (r *contentReader) join() {
	rich := false
	for _, s := range r.sections {
		rich = rich || s.html != ""
	}
	var all strings.Builder
	for _, s := range r.sections {
		text := s.text
		if strings.TrimSpace(text) == "" && s.html != "" {
			text = TextOf(s.html)
		}
		r.text = joinText(r.text, text)
		switch {
		case s.html != "":
			all.WriteString(s.html)
		case rich && strings.TrimSpace(s.text) != "":
			all.WriteString("<pre>" + html.EscapeString(s.text) + "</pre>")
		}
	}
	r.html = all.String()
}

// joinText puts two stretches of text below each other.
func joinText(a, b string) string {
	b = strings.Trim(b, "\n")
	switch {
	case strings.TrimSpace(b) == "":
		return a
	case a == "":
		return b
	}
	return a + "\n\n" + b
}

// unflow joins the lines that format=flowed (RFC 3676) broke.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		quote := strings.HasPrefix(line, ">")
		flows := strings.HasSuffix(line, " ") && line != "-- " && !quote
		if !quote {
			line = strings.TrimPrefix(line, " ")
		}
		if flows && delsp {
			line = strings.TrimSuffix(line, " ")
		}
		out.WriteString(line)
		next := i + 1
		if next < len(lines) && (!flows || lines[next] == "-- " || strings.HasPrefix(lines[next], ">")) {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
