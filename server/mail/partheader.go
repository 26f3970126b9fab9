package mail

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
)

// header reads header lines up to the empty line, and unfolds them. A part that
// has no header has only content, and a boundary ends a header as well.
func (t *treeReader) header(p *part) error {
	room := MaxHeaderBytes
	for {
		next, err := t.in.Peek(1)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read mail: %w", err)
		}
		if len(p.lines) == 0 && !t.looksLikeHeader() {
			return nil
		}
		if next[0] == '-' && t.atBoundary() {
			return nil
		}
		line, err := t.headerLine(&room)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			return nil
		}
		t.fold(p, line)
	}
}

// fold adds a line to the header: to the line before it where it continues that,
// also if it is not indented although it should be.
func (t *treeReader) fold(p *part, line []byte) {
	indented := line[0] == ' ' || line[0] == '\t'
	trimmed := bytes.TrimSpace(line)
	last := len(p.lines) - 1
	switch {
	case len(trimmed) == 0, trimmed[0] == ':':
	case indented && last >= 0:
		p.lines[last] = append(append(p.lines[last], ' '), trimmed...)
	case isFieldName(trimmed):
		p.lines = append(p.lines, bytes.Clone(trimmed))
	case last >= 0:
		t.repair("a header line is folded without an indent")
		p.lines[last] = append(append(p.lines[last], ' '), trimmed...)
	}
}

// headerLine reads one line, as far as there is room for it, without its end. Only
// the line that ends the header comes back empty.
func (t *treeReader) headerLine(room *int) ([]byte, error) {
	var line []byte
	for {
		piece, err := t.in.ReadSlice('\n')
		t.offset += int64(len(piece))
		if keep := min(len(piece), *room); keep > 0 {
			line = append(line, piece[:keep]...)
			*room -= keep
		} else if len(piece) > 0 && *room == 0 {
			t.repair("the header is too long")
			*room = -1
		}
		if *room <= 0 && len(line) == 0 && len(bytes.TrimSpace(piece)) > 0 {
			line = []byte(" ") // dropped, but no end of the header
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("read mail: %w", err)
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}

// looksLikeHeader tells whether a part begins with a header, and not with its
// content. The first line of a mailbox file ("From grace@navy.test Mon ...") is no part of it.
func (t *treeReader) looksLikeHeader() bool {
	next, _ := t.in.Peek(1024)
	line, _, whole := bytes.Cut(next, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
		if whole {
			n, _ := t.in.Discard(bytes.IndexByte(next, '\n') + 1)
			t.offset += int64(n)
		}
		return whole
	}
	if len(bytes.TrimSpace(line)) == 0 && whole {
		return true // the empty line that ends an empty header
	}
	return isFieldName(line)
}

func (t *treeReader) atBoundary() bool {
	next, _ := t.in.Peek(1024)
	line, _, _ := bytes.Cut(next, []byte("\n"))
	level, _ := t.matches(bytes.TrimRight(line, "\r"))
	return level >= 0
}

// isFieldName tells whether a line starts with a name and a colon.
func isFieldName(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || colon > 100 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:colon], " \t") {
		if c <= ' ' || c >= 0x7f || c == '<' || c == '@' {
			return false
		}
	}
	return true
}

// describe reads what the header says about the content.
func (p *part) describe() {
	p.kind, p.params = parseMedia(p.header("Content-Type"))
	if !strings.Contains(p.kind, "/") {
		p.kind = ""
	}
	p.disp, p.dispParam = parseMedia(p.header("Content-Disposition"))
}

// parseMedia reads "type/sub; name=value", also where it is broken.
func parseMedia(value string) (kind string, params map[string]string) {
	if value == "" {
		return "", nil
	}
	if kind, params, err := mime.ParseMediaType(value); err == nil {
		return kind, params
	}
	kind, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.Trim(kind, " \t\"'"))
	if first, _, cut := strings.Cut(kind, " "); cut {
		kind = first
	}
	params = make(map[string]string)
	for rest != "" {
		var name, v string
		name, rest = cutAny(rest, "=;")
		if strings.HasSuffix(name, ";") || rest == "" {
			continue
		}
		v, rest = cutParam(rest)
		name = strings.ToLower(strings.Trim(name, " \t=;\"'"))
		if _, known := params[name]; name != "" && !known && len(params) < 50 {
			params[name] = v
		}
	}
	return kind, params
}

// cutAny cuts s after the first of the characters.
func cutAny(s, chars string) (before, after string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i+1], s[i+1:]
	}
	return s, ""
}

// cutParam reads a parameter's value, quoted or not.
func cutParam(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if strings.HasPrefix(s, `"`) {
		if end := strings.IndexByte(s[1:], '"'); end >= 0 {
			value, s = s[1:1+end], s[end+2:]
			_, rest, _ = strings.Cut(s, ";")
			return value, rest
		}
		s = s[1:]
	}
	value, rest, _ = strings.Cut(s, ";")
	return strings.TrimSpace(value), rest
}
