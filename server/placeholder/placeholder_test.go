package placeholder_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/placeholder"
)

func fill(t *testing.T, text string, sink placeholder.Sink, values map[string]string) (string, []string) {
	t.Helper()
	parsed, err := placeholder.Parse(text)
	require.NoError(t, err)
	filled, left, err := parsed.Fill(func(name string) string { return values[name] }, sink, 1000)
	require.NoError(t, err)
	var names []string
	for _, gap := range left {
		names = append(names, gap.Name)
	}
	return filled, names
}

// Spec: C6
func TestFill(t *testing.T) {
	t.Parallel()
	values := map[string]string{"record.number": "T-1", "record.customer.name": "Carla", "record.empty": " "}
	for text, want := range map[string]string{
		"Plain, with } and }} and {":                           "Plain, with } and }} and {",
		"{{record.number}}":                                    "T-1",
		"About {{ record.number }}, {{record.customer.name}}.": "About T-1, Carla.",
		`{{ record.nobody | "there" }}`:                        "there",
		`{{ record.empty | "nothing \"\\" }}`:                  `nothing "\`,
		`{{ record.number | "none" }}`:                         "T-1",
		`{{ record.nobody | "" }}!`:                            "!",
		`{{ "{{" }} braces }}`:                                 "{{ braces }}",
		"{% for x in y %}":                                     "{% for x in y %}",
	} {
		got, left := fill(t, text, placeholder.Plain, values)
		require.Equal(t, want, got)
		require.Empty(t, left, text)
	}
}

// What has no value stays as it was written, and is named.
//
// Spec: C6
func TestFill_NamesWhatNothingStandsFor(t *testing.T) {
	t.Parallel()
	got, left := fill(t, "Dear {{  record.nobody }}, {{ record.empty }}", placeholder.Plain, map[string]string{"record.empty": "\n"})
	require.Equal(t, "Dear {{  record.nobody }}, {{ record.empty }}", got)
	require.Equal(t, []string{"record.nobody", "record.empty"}, left)
}

// A value with a placeholder in it is that text, and no placeholder.
//
// Spec: C6
func TestFill_NeverReadsAValueAgain(t *testing.T) {
	t.Parallel()
	got, left := fill(t, "{{ record.a }}{{ record.b }}", placeholder.Plain, map[string]string{
		"record.a": "{{ record.secret }}", "record.b": "{{", "record.secret": "hunter2",
	})
	require.Equal(t, "{{ record.secret }}{{", got)
	require.Empty(t, left)
}

// Spec: C6
func TestParse_NamesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ shown, line, column string }{
		"{{ }}":                             {"{{ }}", "1", "1"},
		"Hello\nWörld {{ record.x":          {"{{ record.x", "2", "7"},
		"{{ record.x | upper }}":            {"{{ record.x | upper }}", "1", "1"},
		"{{ record.x.upper() }}":            {"{{ record.x.upper() }}", "1", "1"},
		"{{ 1 + 1 }}":                       {"{{ 1 + 1 }}", "1", "1"},
		"{{ record }}":                      {"{{ record }}", "1", "1"},
		"{{ record.a.b.c }}":                {"{{ record.a.b.c }}", "1", "1"},
		"{{ record.x\n}}":                   {"{{ record.x", "1", "1"},
		`{{ record.x | "there }}`:           {`{{ record.x | "there }}`, "1", "1"},
		"{{ record.ok }} {{{ record.x }}}":  {"{{{ record.x }}", "1", "17"},
		"{{ record.__proto__ }}":            {"{{ record.__proto__ }}", "1", "1"},
		`{{ record.x | "a" | "b" }} for me`: {`{{ record.x | "a" | "b" }}`, "1", "1"},
	} {
		_, err := placeholder.Parse(text)
		require.ErrorIs(t, err, placeholder.ErrInvalid, text)
		failure, ok := err.(*fault.Error)
		require.True(t, ok)
		require.Equal(t, want.shown, failure.Metadata["placeholder"])
		require.Equal(t, want.line, failure.Metadata["line"], text)
		require.Equal(t, want.column, failure.Metadata["column"], text)
	}
}

// Spec: C6
func TestCheck_NamesWhatThereIsNot(t *testing.T) {
	t.Parallel()
	parsed, err := placeholder.Parse("{{ record.number }}\n  {{ record.nothing }} {{ user.password }}")
	require.NoError(t, err)
	err = parsed.Check(func(name string) bool { return name == "record.number" })
	require.ErrorIs(t, err, placeholder.ErrUnknown)
	failure, ok := err.(*fault.Error)
	require.True(t, ok)
	require.Equal(t, map[string]string{"placeholder": "record.nothing", "line": "2", "column": "3"}, failure.Metadata)
	require.Contains(t, failure.Message, `"record.nothing"`)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	_, err := placeholder.Parse(strings.Repeat("a", placeholder.MaxText+1))
	require.ErrorIs(t, err, placeholder.ErrTooLong)
	_, err = placeholder.Parse(strings.Repeat("{{ a.b }}", 10_000))
	require.ErrorIs(t, err, placeholder.ErrTooMany)
	_, err = placeholder.Parse(`{{ a.b | "` + strings.Repeat("x", 10_000) + `" }}`)
	require.ErrorIs(t, err, placeholder.ErrInvalid)
	parsed, err := placeholder.Parse(strings.Repeat("{{ a.b }}", placeholder.MaxPlaceholders))
	require.NoError(t, err)
	_, _, err = parsed.Fill(func(string) string { return strings.Repeat("x", 1000) }, placeholder.Plain, 20_000)
	require.ErrorIs(t, err, placeholder.ErrTooLong)
}

// shown is what a reader of a text in Markdown reads.
func shown(t require.TestingT, text string) string {
	var b bytes.Buffer
	require.NoError(t, goldmark.New(goldmark.WithExtensions(extension.Strikethrough, extension.Table)).Convert([]byte(text), &b))
	return b.String()
}

// Whatever a value is, it is read as its characters: nothing but paragraphs and
// text comes out.
//
// Spec: C6
func TestMarkdown_ShowsValuesAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"# Title", "- item", "-", "+ 1", "1. first", "12)", "> quote", "*bold* __x__", "[a](javascript:alert(1))", "![x](y)", "<script>alert(1)</script>",
		"a|b\n-|-\n1|2", "===", "---", "- - -", "***", "~~gone~~", "`code`", "```\ncode", "    code", "&amp;", `back\slash`, "line\n# two\n2. three", "a  b",
		"http://example.com/?a=1&b=2", "<http://example.com>", "{{ record.x }}", "+46 70 123 45 67", "-5", "#1234",
	} {
		got := shown(t, "x\n\n"+placeholder.Markdown(value)+"\n")
		for _, tag := range []string{"<h", "<li", "<blockquote", "<em", "<strong", "<a ", "<img", "<script", "<table", "<hr", "<del", "<code", "<pre"} {
			require.NotContains(t, got, tag, "%q", value)
		}
	}
	require.Contains(t, shown(t, placeholder.Markdown("&amp; <b> 1. \\")), "&amp;amp; &lt;b&gt; 1. \\")
}

func TestMarkdown_IsTextForEveryValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching("[-#*_>`~\\[\\]()<>&|!+=:.0-9a-z \\\\\n]{0,40}").Draw(t, "value")
		got := strings.TrimSpace(shown(t, placeholder.Markdown(value)))
		for _, tag := range []string{"<p>", "</p>"} {
			got = strings.ReplaceAll(got, tag, "")
		}
		require.NotContains(t, got, "<", "%q", value)
	})
}

func TestLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Re: you Bcc: all", placeholder.Line(" Re:\tyou\r\nBcc: all\x00 "))
}

func TestQuote_KeepsATextAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[{}"| a-z.]{0,40}`).Draw(t, "text")
		parsed, err := placeholder.Parse(placeholder.Quote(text))
		require.NoError(t, err)
		got, left, err := parsed.Fill(func(string) string { return "value" }, placeholder.Plain, 10_000)
		require.NoError(t, err)
		require.Empty(t, left)
		require.Equal(t, text, got)
	})
}

// Spec: C6
func TestReader_WritesAsOneDoesThere(t *testing.T) {
	t.Parallel()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	require.NoError(t, err)
	fields, err := structpb.NewStruct(map[string]any{
		"price": map[string]any{"amount": "-1234567.50", "currency": "SEK"}, "due": "2026-11-30", "at": "2026-11-30T12:00:00Z", "paid": true,
		"amount": "1234.5", "note": "as it is",
	})
	require.NoError(t, err)
	record := &recordv1.Record{Fields: fields, Display: map[string]string{"stage": "In progress", "count": "12345"}}
	for locale, want := range map[string][]string{
		"en-GB": {"-1,234,567.50\u00a0SEK", "30 November 2026", "30 November 2026 13:00 CET", "Yes", "1,234.5", "12,345"},
		"sv":    {"-1\u00a0234\u00a0567,50\u00a0SEK", "30 november 2026", "30 november 2026 13:00 CET", "Ja", "1\u00a0234,5", "12\u00a0345"},
		"uk":    {"-1\u00a0234\u00a0567,50\u00a0SEK", "30 листопада 2026\u00a0р.", "30 листопада 2026\u00a0р. 13:00 CET", "Так", "1\u00a0234,5", "12\u00a0345"},
		"it_IT": {"-1.234.567,50\u00a0SEK", "30 novembre 2026", "30 novembre 2026 13:00 CET", "Sì", "1.234,5", "12.345"},
		"zh-CN": {"-1,234,567.50\u00a0SEK", "2026年11月30日", "2026年11月30日 13:00 CET", "是", "1,234.5", "12,345"},
		"xx":    {"-1234567.50\u00a0SEK", "2026-11-30", "2026-11-30 13:00 CET", "Yes", "1234.5", "12345"},
	} {
		r := placeholder.Reader{Locale: locale, Zone: stockholm}
		var got []string
		for _, f := range []*recordv1.Field{
			{Name: "price", Type: recordv1.FieldType_FIELD_TYPE_MONEY}, {Name: "due", Type: recordv1.FieldType_FIELD_TYPE_DATE},
			{Name: "at", Type: recordv1.FieldType_FIELD_TYPE_DATETIME}, {Name: "paid", Type: recordv1.FieldType_FIELD_TYPE_BOOLEAN},
			{Name: "amount", Type: recordv1.FieldType_FIELD_TYPE_DECIMAL}, {Name: "count", Type: recordv1.FieldType_FIELD_TYPE_INTEGER},
		} {
			got = append(got, r.Value(f, record))
		}
		require.Equal(t, want, got, locale)
		require.Equal(t, "In progress", r.Value(&recordv1.Field{Name: "stage", Type: recordv1.FieldType_FIELD_TYPE_SELECTION}, record))
		require.Equal(t, "as it is", r.Value(&recordv1.Field{Name: "note", Type: recordv1.FieldType_FIELD_TYPE_TEXT}, record))
		for kind := range recordv1.FieldType_name {
			require.Empty(t, r.Value(&recordv1.Field{Name: "missing", Type: recordv1.FieldType(kind)}, record), "%d", kind)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{{ record.x }}", `{{ a.b | "c" }}`, `{{ "{{" }}`, "{{{{", "{{ a.b", "a\n{{ a.b }}\u00e9{{", `{{ a.b | "\"" }}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := placeholder.Parse(text)
		if err != nil {
			require.NotZero(t, fault.KindOf(err), "%v", err)
			return
		}
		for _, sink := range []placeholder.Sink{placeholder.Plain, placeholder.Line, placeholder.Markdown} {
			filled, left, err := parsed.Fill(func(string) string { return "" }, sink, 1<<20)
			require.NoError(t, err)
			require.LessOrEqual(t, len(left), placeholder.MaxPlaceholders)
			require.Equal(t, utf8.ValidString(text), utf8.ValidString(text) && utf8.ValidString(filled))
		}
		secret := "{{ user.name }}"
		filled, _, err := parsed.Fill(func(name string) string {
			require.NotContains(t, name, " ")
			return secret
		}, placeholder.Plain, 1<<20)
		require.NoError(t, err)
		if len(parsed.Gaps()) > 0 {
			require.Contains(t, filled, secret)
		}
	})
}
