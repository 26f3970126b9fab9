package search

import (
	"cmp"
	"slices"
	"strings"
)

// span is a stretch of a text, in bytes.
type span struct{ start, end int }

// match finds the query in a text that was cut into parts. It answers the hits in
// each part, or false if a term is in none. It decides as the index does, from
// the text as it is now.
func (q query) match(parts []part) (hits [][]span, ok bool) {
	cut := make([][]token, len(parts))
	for i, p := range parts {
		cut[i] = tokens(p.text)
	}
	hits = make([][]span, len(parts))
	for _, t := range q.terms {
		found := false
		for i := range cut {
			for _, p := range t.phrases {
				if spans := p.in(cut[i]); len(spans) > 0 {
					hits[i], found = append(hits[i], spans...), true
				}
			}
		}
		if !found {
			return nil, false
		}
	}
	for i := range hits {
		hits[i] = merged(hits[i])
	}
	return hits, true
}

// in finds the phrase among a text's words.
func (p phrase) in(text []token) []span {
	if len(p) == 1 {
		var spans []span
		for _, t := range text {
			if p[0].is(t) {
				spans = append(spans, p[0].span(t))
			}
		}
		return spans
	}
	places := make([]map[int]token, len(p))
	for i, s := range p {
		places[i] = make(map[int]token)
		for _, t := range text {
			if _, taken := places[i][t.at]; !taken && s.is(t) {
				places[i][t.at] = t
			}
		}
		if len(places[i]) == 0 {
			return nil
		}
	}
	var spans []span
	for at, first := range places[0] {
		spans = append(spans, p.follow(at, first, places)...)
	}
	return spans
}

// follow answers where the phrase stands if it begins at a place; nothing if it
// does not.
func (p phrase) follow(at int, first token, places []map[int]token) []span {
	spans := []span{p[0].span(first)}
	for i, s := range p[1:] {
		at += s.gap
		t, ok := places[i+1][at]
		if !ok {
			return nil
		}
		if t.glue == apart {
			spans = append(spans, s.span(t))
		} else { // an address is one hit, with its signs
			spans[len(spans)-1].end = s.span(t).end
		}
	}
	return spans
}

func (s step) is(t token) bool {
	return t.word == s.word || s.prefix && strings.HasPrefix(t.word, s.word)
}

// span is what of a word is the hit: all of it, or the one letter of a pair.
func (s step) span(t token) span {
	if t.sort == pair && s.word != t.word {
		return span{t.start, t.first}
	}
	return span{t.start, t.end}
}

// merged are spans in order, those that overlap or touch as one.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}
