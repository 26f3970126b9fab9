package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
)

const (
	// maxVariants is how many words a word of the query may stand for, and
	// maxLooked how many are compared with it.
	maxVariants = 20
	maxLooked   = 10_000
	// minAlike is how many letters a word needs to be mistaken for another.
	minAlike = 4
)

// widen is the query with words besides its own: such as contain them, or are
// spelt like them. ok is false if there are none.
func (h *Handler) widen(ctx context.Context, workspace uuid.UUID, q query) (wide query, ok bool, err error) {
	for _, t := range q.terms {
		word, single := t.single()
		if single {
			variants, err := h.variants(ctx, workspace, word)
			if err != nil {
				return query{}, false, err
			}
			t.phrases = t.phrases[:1:1]
			for _, v := range variants {
				t.phrases, ok = append(t.phrases, phrase{{word: v}}), true
			}
		}
		wide.terms = append(wide.terms, t)
	}
	return wide, ok, nil
}

// variants are words that contain a word, or if there are none such as are spelt
// like it.
func (h *Handler) variants(ctx context.Context, workspace uuid.UUID, word string) ([]string, error) {
	n, tag := utf8.RuneCountInString(word), workspaceTag(workspace)
	r, _ := utf8.DecodeRuneInString(word)
	if n < minPrefix || unspaced(r) {
		return nil, nil
	}
	words, err := h.q.SearchWordsContaining(ctx, h.DB, db.SearchWordsContainingParams{
		WorkspaceID: workspace, Grams: innerGrams(tag, word), Part: word, MaxRows: maxVariants,
	})
	if err != nil {
		return nil, fmt.Errorf("look for words with %d letters in them: %w", n, err)
	}
	if len(words) > 0 || n < minAlike || strings.ContainsFunc(word, unicode.IsNumber) {
		return words, nil
	}
	return h.alike(ctx, workspace, word)
}

// alike are the words that are spelt like a word, the nearest first.
func (h *Handler) alike(ctx context.Context, workspace uuid.UUID, word string) ([]string, error) {
	letters := []rune(word)
	away := distanceAllowed(len(letters))
	looked, err := h.q.SearchWordsAlike(ctx, h.DB, db.SearchWordsAlikeParams{
		WorkspaceID: workspace, Grams: sparse(Grams(workspace, word)), MaxRows: maxLooked,
		Shortest: int32(len(letters) - away), Longest: int32(len(letters) + away),
	})
	if err != nil {
		return nil, fmt.Errorf("look for words of about %d letters: %w", len(letters), err)
	}
	near := make([][]string, away+1)
	for _, other := range looked {
		if d := distance(letters, []rune(other)); d <= away {
			near[d] = append(near[d], other)
		}
	}
	for _, words := range near {
		slices.Sort(words)
	}
	all := slices.Concat(near...)
	return all[:min(len(all), maxVariants)], nil
}

// sparse are every third piece, and the last one. They hardly overlap, so a slip
// of the fingers spoils one or two, and a word that is near has another.
func sparse(pieces []string) []string {
	var out []string
	for i := 0; i < len(pieces); i += 3 {
		out = append(out, pieces[i])
	}
	return append(out, pieces[len(pieces)-1])
}

// distanceAllowed is how many slips of the fingers a word may be away.
func distanceAllowed(letters int) int {
	if letters < 8 {
		return 1
	}
	return 2
}

// distance is how many letters have to be put in, left out, changed or swapped
// with their neighbour to make one word of the other.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			best := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				best = min(best, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = best
		}
	}
	return rows[len(a)][len(b)]
}
