package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
)

const (
	maxExcerpts = 5
	// leadIn is how many characters stand before the first hit of an excerpt, and
	// maxExcerpt how many it has in all.
	leadIn     = 60
	maxExcerpt = 240
)

// excerpts are pieces of the parts around what was found.
func excerpts(parts []part, hits [][]span) []*searchv1.Excerpt {
	var out []*searchv1.Excerpt
	for i, p := range parts {
		if len(hits[i]) > 0 {
			out = append(out, excerpt(p, hits[i]))
		}
	}
	slices.SortStableFunc(out, func(a, b *searchv1.Excerpt) int { return cmp.Compare(a.GetPart(), b.GetPart()) })
	return out[:min(len(out), maxExcerpts)]
}

// excerpt is a piece of one part: all of a short one, else from some words before
// the first hit on.
func excerpt(p part, hits []span) *searchv1.Excerpt {
	from := 0
	if utf8.RuneCountInString(p.text) > maxExcerpt {
		from = back(p.text, hits[0].start, leadIn)
	}
	to := max(forth(p.text, from, maxExcerpt), hits[0].end)
	e := &searchv1.Excerpt{Part: p.kind, Label: p.label, FileId: p.file, CutBefore: from > 0, CutAfter: to < len(p.text)}
	at := from
	for _, h := range hits {
		if h.start >= to {
			break
		}
		e.Segments = appendSegment(e.Segments, p.text[at:h.start], false)
		at = min(h.end, to)
		e.Segments = appendSegment(e.Segments, p.text[h.start:at], true)
	}
	e.Segments = appendSegment(e.Segments, p.text[at:to], false)
	return e
}

func appendSegment(list []*searchv1.Segment, text string, hit bool) []*searchv1.Segment {
	if text == "" {
		return list
	}
	return append(list, &searchv1.Segment{Text: flat.Replace(text), Hit: hit})
}

// flat makes one line of a text.
var flat = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ", "\u2028", " ", "\u2029", " ")

// back is so many characters before a place, where a word begins if there is one.
func back(text string, at, characters int) int {
	from := at
	for ; from > 0 && characters > 0; characters-- {
		_, size := utf8.DecodeLastRuneInString(text[:from])
		from -= size
	}
	if from == 0 {
		return 0
	}
	if space := strings.IndexAny(text[from:at], " \n\t"); space >= 0 {
		from += space + 1
	}
	return from
}

// forth is so many characters after a place, where a word ends if there is one.
func forth(text string, from, characters int) int {
	to := from
	for ; to < len(text) && characters > 0; characters-- {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	if to == len(text) {
		return to
	}
	if space := strings.LastIndexAny(text[from:to], " \n\t"); space > 0 {
		to = from + space
	}
	return to
}
