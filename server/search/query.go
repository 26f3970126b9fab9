package search

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxTerms = 12
	maxSteps = 40
	// minPrefix is how many letters a word needs to be found by its beginning:
	// fewer begin too many words.
	minPrefix = 3
)

// query is what is looked for: every term of it.
type query struct{ terms []term }

// term is one word or phrase of a query; any of the phrases will do.
type term struct{ phrases []phrase }

// phrase is words in a row.
type phrase []step

// step is a word of a phrase.
type step struct {
	word string
	// prefix is true if the beginning of a word is enough.
	prefix bool
	// gap is how many places it stands after the word before; 0 for the first.
	gap int
}

// parse reads what was typed. Text between double quotes is one phrase; without
// a second one, a quote is nothing.
func parse(text string) query {
	var q query
	steps := 0
	pieces := strings.Split(quotes.Replace(composed(text)), `"`)
	for i, piece := range pieces {
		quoted := i%2 == 1 && i < len(pieces)-1
		for _, group := range groups(tokens(piece), quoted) {
			t := termOf(group, quoted)
			if steps += len(t.phrases[0]); len(q.terms) == maxTerms || steps > maxSteps {
				return q
			}
			q.terms = append(q.terms, t)
		}
	}
	return q
}

// quotes are other forms of the double quote.
var quotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "＂", `"`, "«", `"`, "»", `"`)

// groups are the tokens that belong together: all, if they are quoted, else those
// with no space between them.
func groups(all []token, quoted bool) [][]token {
	var out [][]token
	for _, t := range all {
		if t.sort != joined && (len(out) == 0 || t.glue == apart && !quoted) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], t) // a joined word comes right after its parts
	}
	return out
}

// termOf makes a term of tokens that belong together.
func termOf(group []token, quoted bool) term {
	var words, whole []token
	for i, t := range group {
		switch {
		case t.sort == joined:
			whole = append(whole, t)
		case t.sort == last && i > 0 && group[i-1].sort == pair: // the pair before has it
		default:
			words = append(words, t)
		}
	}
	var p phrase
	for i, t := range words {
		s := step{word: t.word, prefix: t.sort == last}
		if i > 0 {
			s.gap = t.at - words[i-1].at
		}
		p = append(p, s)
	}
	end := &p[len(p)-1]
	end.prefix = end.prefix || !quoted && beginnable(end.word)
	t := term{phrases: []phrase{p}}
	if len(whole) == 1 && !quoted && whole[0].start == words[0].start && whole[0].end == words[len(words)-1].end {
		t.phrases = append(t.phrases, phrase{{word: whole[0].word, prefix: beginnable(whole[0].word)}})
	}
	return t
}

func beginnable(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return !unspaced(r) && utf8.RuneCountInString(word) >= minPrefix
}

// single is the word of a term that is no more than one.
func (t term) single() (word string, ok bool) {
	if len(t.phrases) != 1 || len(t.phrases[0]) != 1 {
		return "", false
	}
	return t.phrases[0][0].word, true
}

// tsquery is the query for the words that begin with tag. filter are words that
// have to be there, too.
func (q query) tsquery(tag string, filter []string) string {
	var b strings.Builder
	for i, t := range q.terms {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteByte('(')
		for j, p := range t.phrases {
			if j > 0 {
				b.WriteString(" | ")
			}
			p.write(&b, tag)
		}
		b.WriteByte(')')
	}
	for _, word := range filter {
		b.WriteString(" & ")
		lexeme(&b, tag, word)
	}
	return b.String()
}

func (p phrase) write(b *strings.Builder, tag string) {
	b.WriteByte('(')
	for i, s := range p {
		if i > 0 {
			b.WriteString(" <" + strconv.Itoa(s.gap) + "> ")
		}
		lexeme(b, tag, s.word)
		if s.prefix {
			b.WriteString(":*")
		}
	}
	b.WriteByte(')')
}

// lexeme writes a word as PostgreSQL reads it.
func lexeme(b *strings.Builder, tag, word string) {
	b.WriteByte('\'')
	b.WriteString(tag)
	if strings.ContainsAny(word, `'\`) {
		word = strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(word)
	}
	b.WriteString(word)
	b.WriteByte('\'')
}
