package record

import (
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

const (
	maxWords      = 64
	maxWordLength = 40
	maxQueryWords = 8
)

// words are a text's words as they are searched for: in lower case and without
// accents, each once.
func words(s string, most int) []string {
	found := []string{} // never nil, which would be no words at all
	seen := map[string]bool{}
	for _, word := range strings.FieldsFunc(folded(s), notInWord) {
		if r := []rune(word); len(r) > maxWordLength {
			word = string(r[:maxWordLength])
		}
		if !seen[word] {
			seen[word] = true
			found = append(found, word)
		}
		if len(found) == most {
			break
		}
	}
	return found
}

// folded is a text without what people leave out when they search.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

// lexemes are the words of a title as they are indexed. Each begins with where
// it belongs, so that looking for a beginning never reads another workspace's
// words, or another type's.
func lexemes(workspace uuid.UUID, kind, title string) []string {
	out := words(title, maxWords)
	for i, word := range out {
		out[i] = workspace.String() + "/" + kind + "/" + word
	}
	return out
}

// wordQuery is a tsquery for titles with words that begin as those of the query
// do; "" if it has none.
func wordQuery(workspace uuid.UUID, kind, query string) string {
	terms := words(query, maxQueryWords)
	for i, word := range terms {
		terms[i] = "'" + workspace.String() + "/" + kind + "/" + word + "':*"
	}
	return strings.Join(terms, " & ")
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// joined are lexemes in one text: they have no spaces.
func joined(lexemes []string) string { return strings.Join(lexemes, " ") }
