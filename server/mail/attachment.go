package mail

import (
	"bytes"
	"io"
	"net/url"
	"path"
	"strings"
	"unicode"
)

const (
	maxNameBytes = 200
	maxCalendar  = 256 << 10
)

// attach keeps a part as a file.
func (r *contentReader) attach(p *part) error {
	if p.kind == "text/calendar" && r.calendar == nil {
		b, err := io.ReadAll(io.LimitReader(p.open(), maxCalendar))
		if err != nil {
			return err
		}
		r.calendar = []byte(decodeCharset(b, p.params["charset"]))
	}
	r.attachments = append(r.attachments, Attachment{
		Name:      attachmentName(p),
		Type:      orOctets(p.kind),
		ContentID: strings.Trim(p.header("Content-ID"), "<> \t"),
		part:      p,
	})
	return nil
}

// fileName is the name that a part gives itself, or "".
func fileName(p *part) string {
	for _, name := range []string{
		p.dispParam["filename"], extendedParam(p.header("Content-Disposition"), "filename"),
		p.params["name"], extendedParam(p.header("Content-Type"), "name"), p.params["filename"],
	} {
		if name = cleanFileName(DecodeHeader(decodeCharset([]byte(name), ""))); name != "" {
			return name
		}
	}
	return ""
}

// attachmentName is what a file is called; a nameless one is named after what it is.
func attachmentName(p *part) string {
	if name := fileName(p); name != "" {
		return name
	}
	switch p.kind {
	case "text/calendar":
		return "invitation.ics"
	case "message/rfc822", "message/global":
		return forwardedName(p)
	case "message/delivery-status", "message/global-delivery-status":
		return "delivery-status.txt"
	case "message/disposition-notification":
		return "read-receipt.txt"
	case "text/rfc822-headers", "message/rfc822-headers":
		return "returned-header.txt"
	}
	return "attachment" + extension(p.kind)
}

// forwardedName is the subject of a mail in the mail.
func forwardedName(p *part) string {
	const most = 64 << 10
	b, err := io.ReadAll(io.LimitReader(p.open(), most))
	if err != nil {
		return "message.eml"
	}
	inner, err := readTree(bytes.NewReader(b), int64(len(b)), func(string) {})
	if err == nil {
		if subject := cleanFileName(strings.ReplaceAll(DecodeHeader(decodeCharset([]byte(inner.header("Subject")), "")), "/", "_")); subject != "" {
			return truncate(subject, maxNameBytes-4) + ".eml"
		}
	}
	return "message.eml"
}

// cleanFileName takes out what leads to another folder, what cannot be seen and
// what no file system takes. It returns "" if nothing is left.
func cleanFileName(name string) string {
	name = strings.ReplaceAll(cleanLine(name), `\`, "/")
	name = path.Base("/" + name)
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\uFFFD':
			return -1
		case strings.ContainsRune(`/:*?"<>|`, r):
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	if len(name) > maxNameBytes {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = truncate(name, maxNameBytes-len(ext)) + ext
	}
	if strings.Trim(name, "_ ") == "" {
		return ""
	}
	return name
}

// extendedParam reads name*=charset'language'percent-encoded (RFC 2231), for the
// charsets that package mime does not know.
func extendedParam(header, name string) string {
	lower := strings.ToLower(header)
	at := strings.Index(lower, name+"*=")
	if at < 0 || len(lower) != len(header) {
		return ""
	}
	value, _, _ := strings.Cut(header[at+len(name)+2:], ";")
	pieces := strings.SplitN(strings.Trim(strings.TrimSpace(value), `"`), "'", 3)
	if len(pieces) != 3 {
		return ""
	}
	plain, err := url.PathUnescape(pieces[2])
	if err != nil {
		return ""
	}
	return decodeCharset([]byte(plain), pieces[0])
}

func extension(kind string) string {
	switch kind {
	case "text/plain", "":
		return ".txt"
	case "text/html":
		return ".html"
	case "image/jpeg":
		return ".jpg"
	case "image/svg+xml":
		return ".svg"
	case "application/pdf", "image/png", "image/gif", "image/webp", "text/csv", "application/zip":
		return "." + kind[strings.IndexByte(kind, '/')+1:]
	}
	return ".bin"
}

func orOctets(kind string) string {
	if kind == "" || strings.HasPrefix(kind, "multipart/") {
		return "application/octet-stream"
	}
	return kind
}
