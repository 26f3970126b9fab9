package search

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// partGap keeps phrases from reaching from one part into the next.
	partGap = 8
	// maxContent bounds a document, in bytes: PostgreSQL takes 1 MiB.
	maxContent = 600_000
	// The list of all words has those with so many letters.
	minListed = 4
	maxListed = 40
)

// part is one text of a message.
type part struct {
	kind  searchv1.SearchPart
	label string
	file  string
	text  string // in the normal form C
}

// partsOf are the texts of a message as a reader sees it, the most telling first.
func partsOf(m *threadv1.Message) []part {
	var out []part
	add := func(kind searchv1.SearchPart, label, file, text string) {
		if text != "" {
			out = append(out, part{kind, label, file, composed(text)})
		}
	}
	if m == nil || m.GetDeleteTime() != nil {
		return nil
	}
	add(searchv1.SearchPart_SEARCH_PART_SUBJECT, "", "", m.GetSubject())
	add(searchv1.SearchPart_SEARCH_PART_BODY, "", "", m.GetBody())
	for _, f := range m.GetFiles() {
		add(searchv1.SearchPart_SEARCH_PART_FILE_NAME, "", f.GetId(), f.GetName())
	}
	for _, c := range m.GetChanges() {
		add(searchv1.SearchPart_SEARCH_PART_CHANGE, c.GetLabel(), "", c.GetNewValue())
		add(searchv1.SearchPart_SEARCH_PART_CHANGE, c.GetLabel(), "", c.GetOldValue())
	}
	a := m.GetActivity()
	for _, text := range []string{a.GetSummary(), a.GetNote(), a.GetFeedback()} {
		add(searchv1.SearchPart_SEARCH_PART_ACTIVITY, a.GetType(), "", text)
	}
	add(searchv1.SearchPart_SEARCH_PART_SENDER, "", "", strings.TrimSpace(m.GetMail().GetFromName()+" "+m.GetMail().GetFrom()))
	return out
}

// Document is a row of the index: a message as those of Audience see it.
type Document struct {
	Workspace, Thread uuid.UUID
	Seq               int64
	// Audience has a bit for each thread.Audience.
	Audience   int16
	Source     string
	Author     uuid.UUID
	HasFiles   bool
	CreateTime time.Time
	// Content is a tsvector in PostgreSQL's notation.
	Content string
	// Week is the number of the message's week.
	Week int16
	// Words are those for the list of all words.
	Words []string
}

// SourceOf is what a thread hangs on, in one text.
func SourceOf(kind int16, recordType string) string {
	return strconv.Itoa(int(kind)) + ":" + recordType
}

// bit is the audience's bit.
func bit(to thread.Audience) int16 { return 1 << to }

// Documents are the rows for a message: one for each look that it has for
// somebody and that has a word in it. A deleted message has none.
func Documents(m *thread.Message, source string) []Document {
	var out []Document
	var looks [][]part
	for to := range thread.Audiences {
		view := thread.Redact(m, to)
		parts := partsOf(view)
		if i := slices.IndexFunc(looks, func(seen []part) bool { return slices.Equal(seen, parts) }); i >= 0 {
			out[i].Audience |= bit(to)
			continue
		}
		d := Document{
			Workspace: m.Workspace, Thread: m.Thread, Seq: m.Seq, Audience: bit(to), Source: source, Author: m.Author.ID,
			HasFiles: len(view.GetFiles()) > 0, CreateTime: m.Create, Week: weekOf(m.Create),
		}
		d.fill(parts)
		looks, out = append(looks, parts), append(out, d)
	}
	return slices.DeleteFunc(out, func(d Document) bool { return d.Content == "" })
}

// fill makes the content of the parts' words.
func (d *Document) fill(parts []part) {
	places, order, size, base := map[string][]int{}, []string{}, 0, 0
	for _, p := range parts {
		end := base
		for _, t := range tokens(p.text) {
			end = max(end, base+t.at)
			if end > maxTokens || size > maxContent {
				break
			}
			if places[t.word] == nil {
				order = append(order, t.word)
				size += tagSize + len(t.word) + 8
				if isListed(t.word) {
					d.Words = append(d.Words, t.word)
				}
			}
			places[t.word] = append(places[t.word], base+t.at)
			size += 2
		}
		base = end + partGap
	}
	if len(order) > 0 {
		d.write(order, places)
	}
}

func (d *Document) write(order []string, places map[string][]int) {
	var b strings.Builder
	tag := workspaceTag(d.Workspace) + weekTag(d.Week)
	for _, word := range order {
		lexeme(&b, tag, word)
		for i, at := range places[word] {
			if i == 0 {
				b.WriteByte(':')
			} else {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(at))
		}
		b.WriteByte(' ')
	}
	belongs := []string{threadWord(d.Thread), authorWord(d.Author), sourceWord(d.Source)}
	if d.HasFiles {
		belongs = append(belongs, fileWord)
	}
	for _, word := range belongs {
		lexeme(&b, tag, word)
		b.WriteByte(' ')
	}
	d.Content = b.String()
}

// isListed reports whether a word is in the list of all words: neither short, nor
// a pair, nor one that says where a document belongs.
func isListed(word string) bool {
	n := utf8.RuneCountInString(word)
	r, _ := utf8.DecodeRuneInString(word)
	return n >= minListed && n <= maxListed && (unicode.IsLetter(r) || unicode.IsNumber(r)) && !unspaced(r)
}

// Grams are a word's pieces as they stand in the list of all words.
func Grams(workspace uuid.UUID, word string) []string { return grams(workspaceTag(workspace), word) }

// grams are a word's pieces of three letters, with its ends marked, each behind
// the workspace's tag.
func grams(tag, word string) []string {
	return pieces(tag, []rune("^"+word+"$"))
}

// innerGrams are the pieces of a part of a word.
func innerGrams(tag, part string) []string { return pieces(tag, []rune(part)) }

func pieces(tag string, letters []rune) []string {
	var out []string
	for i := 0; i+3 <= len(letters); i++ {
		if piece := tag + string(letters[i:i+3]); !slices.Contains(out, piece) {
			out = append(out, piece)
		}
	}
	return out
}
