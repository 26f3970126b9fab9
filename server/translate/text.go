package translate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// canonical is a language as translations are kept by: without region, and with
// the script only where people write in two, so that readers of "sv" and "sv-SE"
// share one.
func canonical(tag language.Tag) string {
	base, _, _ := tag.Raw()
	switch base.String() {
	case "zh":
		script, _ := tag.Script()
		return "zh-" + script.String()
	case "nb": // what is written in Norway, but for Nynorsk
		return "no"
	default:
		return base.String()
	}
}

// piece is a part of a text: what is to be translated, and what stays as it is
// after it.
type piece struct{ text, after string }

// split cuts a text into pieces of at most so many characters: between lines
// where it can, else between words, else anywhere. Put together again they are
// the text.
func split(text string, most int) []piece {
	var pieces []piece
	for text != "" {
		end := cut(text, most)
		part := strings.TrimRightFunc(text[:end], unicode.IsSpace)
		pieces = append(pieces, piece{part, text[len(part):end]})
		text = text[end:]
	}
	return pieces
}

// cut is where the first piece of a text ends.
func cut(text string, most int) int {
	end, count := len(text), 0
	for i := range text {
		if count == most {
			end = i
			break
		}
		count++
	}
	if end == len(text) {
		return end
	}
	for _, between := range []string{"\n", " "} {
		if i := strings.LastIndex(text[:end], between); i > 0 {
			return i + len(between)
		}
	}
	return end
}

const (
	// growth is how many times longer a translation may be than what it
	// translates, and growthBase what it may have besides.
	growth     = 6
	growthBase = 200
)

// clean is what a provider answered as text that may be shown: without control
// and direction characters, and no longer than a translation can be.
func clean(answer, original string) string {
	answer = strings.ReplaceAll(strings.ToValidUTF8(answer, "\uFFFD"), "\r\n", "\n")
	answer = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r) && r != '\u200E' && r != '\u200F' && r != '\u061C', r == '\uFEFF':
			return -1
		default:
			return r
		}
	}, answer)
	most := growth*utf8.RuneCountInString(original) + growthBase
	if utf8.RuneCountInString(answer) > most {
		answer = string([]rune(answer)[:most-1]) + "…"
	}
	return answer
}
