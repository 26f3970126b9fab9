package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// plainWords are words as people write them, and what they are looked for as: the
// model knows nothing of how the search folds and cuts.
var plainWords = map[string]string{
	"anna": "anna", "Annas": "annas", "Göteborg": "goteborg", "goteborgare": "goteborgare", "Київ": "киів", "київський": "киівськии",
	"ordine": "ordine", "Ordini": "ordini", "ab": "ab", "abc": "abc", "订单号码": "订单号码", "发订单": "发订单", "x1": "x1", "x12": "x12",
}

// said is a message of the model.
type said struct {
	message  thread.Message
	parts    [][]string
	internal bool
	admins   []string // what only administrators may read
	deleted  bool
}

// has is the model's search: every term in one of the parts that the reader may
// read.
func (s *said) has(c access.Caller, terms []modelTerm) bool {
	if s.deleted || c.Outsider() && (s.internal || s.message.Kind == threadv1.MessageKind_MESSAGE_KIND_CHANGE) {
		return false
	}
	parts := slices.Clone(s.parts)
	if c.Administrator() && len(s.admins) > 0 {
		parts = append(parts, s.admins)
	}
	for _, t := range terms {
		if !slices.ContainsFunc(parts, t.in) {
			return false
		}
	}
	return true
}

type modelTerm struct {
	words  []string
	quoted bool
}

func (t modelTerm) in(part []string) bool {
	for i := range part {
		if i+len(t.words) > len(part) {
			return false
		}
		all := true
		for j, word := range t.words {
			all = all && is(plainWords[part[i+j]], plainWords[word], t.quoted, j == 0, j == len(t.words)-1)
		}
		if all {
			return true
		}
	}
	return false
}

// is says whether a word is found by another. Chinese is found by any part of it,
// in a phrase by its end or beginning.
func is(word, wanted string, quoted, first, last bool) bool {
	r, _ := utf8.DecodeRuneInString(wanted)
	switch {
	case r > 0x3000 && first && last:
		return strings.Contains(word, wanted)
	case r > 0x3000 && first:
		return strings.HasSuffix(word, wanted)
	case r > 0x3000 && last:
		return strings.HasPrefix(word, wanted)
	case quoted || utf8.RuneCountInString(wanted) < 3:
		return word == wanted
	default:
		return strings.HasPrefix(word, wanted)
	}
}

// Whatever is said, noted, edited and deleted, everybody finds just what they may
// read.
//
// Spec: C4, C8
func TestSearch_FindsWhatAPlainReaderWould(t *testing.T) {
	t.Parallel()
	pool := pgtest.DB(t)
	rapid.Check(t, func(r *rapid.T) {
		b := setupOn(t, pool)
		threads := []uuid.UUID{b.record, b.chat, b.thread("own"), b.thread("secret")}
		readers := []access.Caller{b.anna, b.ben, b.cleo, b.visitor}
		b.area.shut[shutKey{b.anna.ID, threads[2]}] = true
		var all []*said
		for range rapid.IntRange(1, 12).Draw(r, "messages") {
			all = append(all, b.drawn(r, rapid.SampledFrom(threads).Draw(r, "thread")))
			if rapid.Bool().Draw(r, "settle") {
				b.settle()
			}
			b.spoil(r, rapid.SampledFrom(all).Draw(r, "which"))
		}
		b.settle()
		for range 4 {
			query, terms := drawnQuery(r)
			reader := rapid.SampledFrom(readers).Draw(r, "reader")
			in := rapid.SampledFrom(append(threads[:3:3], uuid.Nil)).Draw(r, "in")
			b.compare(r, reader, in, query, terms, all)
		}
	})
}

func (b *bundle) compare(r *rapid.T, reader access.Caller, in uuid.UUID, query string, terms []modelTerm, all []*said) {
	req := &searchv1.SearchMessagesRequest{Query: query, PageSize: 50}
	if in != uuid.Nil {
		req.ThreadId = in.String()
	}
	var want []string
	readable := map[string]bool{}
	for _, s := range all {
		f, _, err := b.log.Facts(b.t.Context(), b.workspace, s.message.Thread)
		require.NoError(r, err)
		rights, err := b.area.Rights(b.t.Context(), reader, f)
		require.NoError(r, err)
		if !rights.Read || in != uuid.Nil && s.message.Thread != in {
			continue
		}
		readable[s.message.ID.String()] = s.has(reader, nil)
		if s.has(reader, terms) {
			want = append(want, s.message.ID.String())
		}
	}
	res, err := b.handler.SearchMessages(access.WithCaller(b.t.Context(), reader), req)
	if err != nil {
		require.True(r, reader.Outsider() && in == uuid.Nil || len(readable) == 0, "%v", err)
		return
	}
	var got []string
	for _, result := range res.GetResults() {
		got = append(got, result.GetMessageId())
		require.True(r, readable[result.GetMessageId()], "%s finds %s by %s", reader.Name, bodies(res), query)
	}
	if res.GetApproximate() {
		require.Empty(r, want, "%s: there was something", query)
		return
	}
	require.Equal(r, sorted(want), sorted(got), "%s searches %s", reader.Name, query)
	require.EqualValues(r, len(want), res.GetTotalCount())
}

// drawn says something.
func (b *bundle) drawn(r *rapid.T, in uuid.UUID) *said {
	line := rapid.SliceOfN(rapid.SampledFrom(sorted(keys(plainWords))), 1, 5)
	body := line.Draw(r, "body")
	s := &said{parts: [][]string{body}, internal: rapid.Bool().Draw(r, "internal")}
	d := thread.Draft{Thread: in, Body: strings.Join(body, " "), Internal: s.internal, Extra: &wirev1.Extra{}}
	switch rapid.IntRange(0, 3).Draw(r, "kind") {
	case 0:
		subject, file := line.Draw(r, "subject"), line.Draw(r, "file")
		d.Extra.Subject, d.Extra.Files = strings.Join(subject, " "), []*threadv1.File{{Id: "f", Name: strings.Join(file, "  ")}}
		s.parts = append(s.parts, subject, file)
	case 1:
		d.Kind, d.Body, d.Internal, s.internal = threadv1.MessageKind_MESSAGE_KIND_CHANGE, "", true, true
		before, after := line.Draw(r, "before"), line.Draw(r, "after")
		d.Extra.Changes = []*wirev1.Change{
			change(nil, "", strings.Join(before, " ")),
			change([]identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}, "", strings.Join(after, " ")),
		}
		s.parts, s.admins = [][]string{before}, after
	}
	s.message = b.post(d)
	return s
}

// spoil edits or deletes a message, or leaves it.
func (b *bundle) spoil(r *rapid.T, s *said) {
	if s.deleted || s.message.Kind != threadv1.MessageKind_MESSAGE_KIND_COMMENT {
		return
	}
	switch rapid.IntRange(0, 4).Draw(r, "spoil") {
	case 0:
		s.deleted = true
		b.remove(s.message)
	case 1:
		s.parts[0] = rapid.SliceOfN(rapid.SampledFrom(sorted(keys(plainWords))), 1, 5).Draw(r, "new")
		b.edit(s.message, strings.Join(s.parts[0], " "))
	}
}

// drawnQuery is a query of some words and phrases, and how the model reads it.
func drawnQuery(r *rapid.T) (string, []modelTerm) {
	var texts []string
	var terms []modelTerm
	for range rapid.IntRange(1, 3).Draw(r, "terms") {
		t := modelTerm{quoted: rapid.Bool().Draw(r, "quoted")}
		n := 1
		if t.quoted {
			n = rapid.IntRange(1, 3).Draw(r, "words")
		}
		for range n {
			t.words = append(t.words, rapid.SampledFrom(sorted(keys(plainWords))).Draw(r, "word"))
		}
		text := strings.Join(t.words, " ")
		if t.quoted {
			text = `"` + text + `"`
		}
		texts, terms = append(texts, text), append(terms, t)
	}
	return strings.Join(texts, " "), terms
}

func keys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
