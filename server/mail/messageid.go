package mail

import (
	"slices"
	"strings"
)

// maxIDBytes is the longest message id that is taken for one.
const maxIDBytes = 500

// MessageIDs returns all message ids in a header's value, in order, each once,
// without angle brackets. It finds them also where a provider folded one in its
// midst, encoded it, forgot the brackets, or put something in between.
func MessageIDs(value string) []string { return allIDs([]string{value}) }

func firstID(value string) string {
	if ids := MessageIDs(value); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

func allIDs(values []string) []string {
	var ids []string
	seen := make(map[string]bool)
	for _, value := range values {
		for _, id := range readIDs(DecodeHeader(value)) {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	// The first and the last ones matter: who began it, and what is answered.
	if len(ids) > MaxReferences {
		ids = slices.Concat(ids[:1], ids[len(ids)-MaxReferences+1:])
	}
	return ids
}

func readIDs(value string) []string {
	var ids []string
	for {
		open := strings.IndexByte(value, '<')
		loose := value
		if open >= 0 {
			loose = value[:open]
		}
		ids = append(ids, looseIDs(loose)...)
		if open < 0 {
			return ids
		}
		value = value[open+1:]
		end := strings.IndexAny(value, "<>")
		if end < 0 {
			return append(ids, looseIDs(value)...)
		}
		if value[end] == '>' {
			ids = appendID(ids, value[:end])
			end++
		} else {
			ids = append(ids, looseIDs(value[:end])...)
		}
		value = value[end:]
	}
}

// looseIDs finds ids without brackets.
func looseIDs(s string) []string {
	var ids []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;\"()", r) }) {
		if strings.Contains(word, "@") {
			ids = appendID(ids, word)
		}
	}
	return ids
}

// appendID takes out the blanks that folding left inside an id.
func appendID(ids []string, id string) []string {
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || r == '<' || r == '>' {
			return -1
		}
		return r
	}, id)
	if id == "" || len(id) > maxIDBytes {
		return ids
	}
	return append(ids, id)
}
