package mail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decodeCharset turns bytes into text. What they are is more to be believed than
// what label says: a byte order mark first, then UTF-8 if they are that and could hardly
// be anything else, then the label, then a guess. The result is valid UTF-8.
func decodeCharset(b []byte, label string) string {
	label = cleanLabel(label)
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(b[3:]), "\uFFFD")
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decodeWith(b, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM))
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")):
		return decodeWith(b, japanese.ISO2022JP)
	}
	declared := encodingOf(label)
	wide := strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf16") || strings.HasPrefix(label, "utf-32")
	if utf8.Valid(b) && (declared == nil || !isMultibyte(label) || wide && bytes.IndexByte(b, 0) < 0) {
		return string(b)
	}
	if declared == nil {
		declared = guessEncoding(b, label)
	}
	return decodeWith(b, declared)
}

// cleanLabel takes off what broken programs put round the name of a charset.
func cleanLabel(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'"))
	label = strings.TrimPrefix(label, "charset=")
	label = strings.Trim(label, "\"';, ")
	if rest, ok := strings.CutPrefix(label, "cp"); ok && strings.HasPrefix(strings.TrimPrefix(rest, "-"), "125") {
		return "windows-" + strings.TrimPrefix(rest, "-")
	}
	return label
}

// encodingOf returns nil for UTF-8, ASCII, no label and a label that nobody knows:
// then the bytes have to speak for themselves.
func encodingOf(label string) encoding.Encoding {
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "binary", "8bit", "7bit":
		return nil
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	if e, err := htmlindex.Get(label); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.MIME.Encoding(label); err == nil && e != nil {
		return e
	}
	return nil
}

// isMultibyte tells whether text in this charset can be valid UTF-8 by chance.
func isMultibyte(label string) bool {
	for _, family := range []string{"gb", "hz", "big5", "euc", "shift", "sjis", "iso-2022", "utf-16", "utf16", "utf-32", "ks_c", "x-gbk", "cp936", "cp949", "cp950"} {
		if strings.HasPrefix(label, family) {
			return true
		}
	}
	return false
}

// guessEncoding is for bytes that are not UTF-8. A few wrong bytes in UTF-8 stay
// few wrong characters.
func guessEncoding(b []byte, label string) encoding.Encoding {
	const enough = 0.8 // of the characters outside ASCII
	if good, all := countRunes(b); float64(good) > enough*float64(all) {
		return encoding.Nop
	}
	const confident = 30 // of 100, as measured by chardet
	if best, err := chardet.NewTextDetector().DetectBest(b[:min(len(b), 64<<10)]); err == nil && best.Confidence >= confident && label != "us-ascii" {
		if e := encodingOf(cleanLabel(best.Charset)); e != nil {
			return e
		}
	}
	e, _ := htmlindex.Get("windows-1252")
	return e
}

// countRunes counts the characters outside ASCII, and how many of them are right in UTF-8.
func countRunes(b []byte) (good, all int) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		b = b[n:]
		switch {
		case r == utf8.RuneError && n == 1:
			all++
		case r >= utf8.RuneSelf:
			good++
			all++
		}
	}
	return good, all
}

func decodeWith(b []byte, e encoding.Encoding) string {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		out = b
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// cleanText makes \n of every line end, and takes out NUL and the other control
// characters that mean nothing in a text.
func cleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\f' || r == '\v' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < ' ' && r != '\n' && r != '\t', r >= 0x7f && r < 0xa0, r == '\uFEFF':
			return -1
		}
		return r
	}, s)
}

// cleanLine is cleanText for what has to stay on one line.
func cleanLine(s string) string {
	return strings.Join(strings.FieldsFunc(cleanText(s), func(r rune) bool {
		return r == '\n' || r == '\t' || r == ' '
	}), " ")
}

// truncate cuts s to at most n bytes, between characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
