package mail

import "strings"

// DecodeHeader decodes the encoded words (RFC 2047) in a header's value, also where
// the rules are broken: inside quotes, with spaces in them, with a character cut in two.
// What cannot be decoded stays as it is.
func DecodeHeader(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var run wordRun
	for {
		open := strings.Index(s, "=?")
		if open < 0 {
			break
		}
		word, size := readWord(s[open:])
		if size == 0 {
			run.flush(&out)
			out.WriteString(s[:open+2])
			s = s[open+2:]
			continue
		}
		if gap := s[:open]; !run.open() || strings.Trim(gap, " \t\r\n") != "" {
			run.flush(&out)
			out.WriteString(gap)
		}
		run.add(word, &out)
		s = s[open+size:]
	}
	run.flush(&out)
	out.WriteString(s)
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

type encodedWord struct {
	charset string
	content []byte
}

// wordRun gathers words in one charset before they are decoded, since some programs cut
// characters in two.
type wordRun struct {
	charset string
	content []byte
	any     bool
}

func (r *wordRun) open() bool { return r.any }

func (r *wordRun) add(w encodedWord, out *strings.Builder) {
	if r.any && !strings.EqualFold(r.charset, w.charset) {
		r.flush(out)
	}
	r.charset, r.any = w.charset, true
	r.content = append(r.content, w.content...)
}

func (r *wordRun) flush(out *strings.Builder) {
	if r.any {
		out.WriteString(decodeCharset(r.content, r.charset))
	}
	r.any, r.content = false, r.content[:0]
}

// readWord reads =?charset?encoding?text?= at the start of s, and says how long it is; 0 if there is none.
func readWord(s string) (encodedWord, int) {
	const longest = 4096
	rest := s[2:min(len(s), longest)]
	charset, rest, ok := strings.Cut(rest, "?")
	if !ok || charset == "" || strings.ContainsAny(charset, " \t<>\"") || len(rest) < 2 || rest[1] != '?' {
		return encodedWord{}, 0
	}
	scheme, text := rest[0], rest[2:]
	end := strings.Index(text, "?=")
	if end < 0 {
		return encodedWord{}, 0
	}
	text = text[:end]
	charset, _, _ = strings.Cut(charset, "*") // a language may follow
	size := 2 + len(s[2:min(len(s), longest)]) - len(rest) + 2 + end + 2
	switch scheme {
	case 'b', 'B':
		return encodedWord{charset, decodeBase64([]byte(text))}, size
	case 'q', 'Q':
		return encodedWord{charset, decodeQuoted([]byte(strings.ReplaceAll(text, "_", " ")))}, size
	}
	return encodedWord{}, 0
}
