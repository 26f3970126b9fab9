package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/fault"
)

const (
	invalid     = "FILTER_INVALID"
	unsupported = "FILTER_UNSUPPORTED"
)

// requireRefused checks that each filter is refused with its sentence.
func requireRefused(t *testing.T, reason string, refusals [][2]string) {
	for _, refusal := range refusals {
		_, err := expr.Compile(refusal[0], schema())
		require.EqualError(t, err, refusal[1], refusal[0])
		require.Equal(t, reason, fault.ReasonOf(err), refusal[0])
		require.Equal(t, fault.Invalid, fault.KindOf(err), refusal[0])
	}
}

// Whoever writes a filter reads where it is wrong and what to write instead.
//
// Spec: R3
func TestCompile_SaysWhereTheSyntaxIsWrong(t *testing.T) {
	t.Parallel()
	requireRefused(t, invalid, [][2]string{
		{``, `the filter is empty; write a condition such as record.title == "Hello"`},
		{`record.stge == "a"`, `column 8: there is no field 'stge' on this record type; did you mean 'stage'?`},
		{`record.a = 5`, `column 10: did not expect = here; to compare, write ==`},
		{`record.name ==`, `column 15: the filter ends too early; a value is missing`},
		{`record.done and true`, `column 13: did not expect and here; for and, write &&`},
		{`not record.done`, `column 5: did not expect record after not; for not, write !`},
		{`a<>b`, `column 3: did not expect > here; for not equal, write !=`},
		{`has(record.name`, `column 16: a ) is missing`},
		{`"abc`, `column 1: a text is not closed or has an unknown escape; write "text" and double each \ in it`},
		{`record.name == “x”`, `column 16: did not expect “ here; write plain quotes, as in "text"`},
		{"record.done &&\n  = 5", `line 2, column 3: did not expect = here; to compare, write ==`},
		{`1e999 > 1`, `column 1: this value cannot be read (invalid double literal)`},
		{`a.?b`, `column 2: filters do not have .?`},
	})
}

// Spec: R3
func TestCompile_SaysWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	requireRefused(t, invalid, [][2]string{
		{`record.name`, `column 8: a filter must be true or false, but this is text; compare it with something`},
		{`stage == "x"`, `column 1: there is no variable 'stage'; did you mean record.stage?`},
		{`user.role == admin`, `column 14: there is no variable 'admin'; there are: record, user, now; a text is written in quotes`},
		{`record`, `column 1: 'record' needs a field, as in record.id`},
		{`user.nme == ""`, `column 6: a user has no 'nme'; did you mean 'name'?`},
		{`now.year > 1`, `column 5: now has no fields; use a function such as now.getFullYear()`},
		{`record.price.amont > 3`, `column 14: money has no 'amont'; there are: amount, currency`},
		{`record.name.amount == ""`, `column 13: 'amount' cannot be taken from text; only money has parts`},
		{`record.count == "5"`, `column 14: == cannot take a number and text; a number is written without quotes`},
		{`record.due == "2026-01-01"`, `column 12: a point in time cannot be compared with text; write date("2026-01-31") or timestamp("2026-01-31T15:00:00Z")`},
		{`record.due > timestamp("soon")`, `column 24: a timestamp is written timestamp("2026-01-31T15:00:00Z"), a day date("2026-01-31")`},
		{`record.due > date("2026-02-30")`, `column 19: a date is written date("2026-01-31")`},
		{`record.due > now - duration("3 days")`, `column 29: a duration is written duration("36h"), with h, m and s for hours, minutes and seconds`},
		{`now - now > duration("900000h")`, `column 22: a duration has at most 100 years`},
		{`record.due > now - 5`, `column 18: - cannot take a point in time and a number`},
		{`record.watchers == record.watchers`, `column 17: == cannot take a list; use in, exists, all or size`},
		{`record.name.contain("x")`, `column 20: there is no function 'contain' with these arguments; did you mean 'contains'?`},
		{`contains(record.name, "x")`, `column 9: contains is written after its value, as in record.field.contains(...)`},
		{`record.name.contains(5)`, `column 21: contains needs text, but this is a number`},
		{`record.name.contains()`, `column 21: contains is written with 2 value(s), the one before the dot counted`},
		{`!record.name`, `column 9: a condition is needed here, but this is text; compare it with something`},
		{`-record.name == 1`, `column 1: - needs a number, but this is text`},
		{`record.done ? 1 : "a"`, `column 13: both sides of : must be single values of one kind, but they are a number and text`},
		{`record.name in record.stage`, `column 13: after in stands a list such as ["a", "b"] or a field with many references, but this is text`},
		{`5 in record.watchers`, `column 3: a field with many references has texts, but this is a number`},
		{`record.name in ["a", 5]`, `column 22: the list must have text here, but this is a number`},
		{`record.watchers.exists(record, true)`, `column 23: the first argument names the element, as in record.watchers.exists(w, w == user.id)`},
		{`record.name.exists(w, true)`, `column 8: exists and all need a list, but this is text`},
		{`has(5)`, `column 4: has needs a field, as in has(record.title)`},
		{`record.count == 1e31`, `column 17: this number is too big or too small; use up to 30 digits`},
		{`record.name == "a\u0000"`, `column 16: a text cannot have a zero character`},
	})
}

// Spec: R3
func TestCompile_SaysWhichPatternsAreRefused(t *testing.T) {
	t.Parallel()
	requireRefused(t, invalid, [][2]string{
		{`record.name.matches("(")`, "column 21: the pattern is not a valid RE2 expression: missing closing ): `(`"},
		{`record.count.matches("a")`, `column 21: matches looks at text, but this is a number`},
		{`record.name.matches("(?m)^a")`, `column 21: a pattern cannot use (?m); ^ and $ stand for the ends of the whole text`},
		{`record.name.matches("x{256}")`, `column 21: a pattern repeats at most 255 times, as in x{255}`},
		{`record.name.matches("((a|b|cd){90}){10}")`, `column 21: the pattern is too complex; shorten it or repeat less`},
		{`record.name.matches("(^a)*")`, `column 21: in a pattern ^, $ and \b cannot be inside of what is repeated`},
		{`record.name.matches(r"\b.\b.\b.\b.\b.\b.\b")`, `column 21: the pattern is too complex; shorten it or repeat less`},
		{`record.name.matches(r"\pL\pL\pL\pL\pL\pL\pL\pL")`, `column 21: the pattern is too complex; shorten it or repeat less`},
	})
}

// Spec: R3
func TestCompile_SaysWhatFiltersDoNotHave(t *testing.T) {
	t.Parallel()
	requireRefused(t, unsupported, [][2]string{
		{`record.name.matches(record.stage)`, `column 28: the pattern of matches must be written out as a text`},
		{`record.due > timestamp(record.name)`, `column 23: timestamp needs a text that is written out`},
		{`record.count / 2 > 1`, `column 14: filters do not divide; multiply the other side instead`},
		{`int(record.rate) > 1`, `column 4: numbers need no conversion: integers, decimals and money compare with one another`},
		{`record.watchers[0] == "a"`, `column 16: filters do not take single elements; use in or exists`},
		{`size(record.watchers.map(w, w)) > 0`, `column 25: filters have no map, filter and exists_one; use exists or all`},
		{`record.watchers.exists(a, record.watchers.exists(b, a == b))`, `column 49: a filter has no loop inside a loop`},
		{`[record.name].exists(n, n == "")`, `column 1: a list to loop over cannot have fields of the record`},
		{`record.watchers == ["a"]`, `column 20: a list can only stand after in, or before exists and all`},
		{`{"a": 1} == {}`, `column 1: filters have no maps and objects`},
		{`record.name == b"x"`, `column 16: filters have no bytes; write a text without the b before it`},
		{`null < 5`, `column 1: null can only be compared with a field; write has(record.field)`},
	})
}

// What nobody writes by hand is refused before it costs anything.
func TestCompile_RefusesWhatIsTooBig(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"long":          `record.name == "` + strings.Repeat("a", 4096) + `"`,
		"deep":          strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100),
		"many products": `record.count` + strings.Repeat(" * 2", 9) + ` > 1`,
		"long pattern":  `record.name.matches("` + strings.Repeat("a", 600) + `")`,
		"not text":      "record.name == \"\xff\"",
		"zero":          "record.name == \"\x00\"",
	} {
		_, err := expr.Compile(source, schema())
		require.Equal(t, invalid, fault.ReasonOf(err), name)
		require.Less(t, len(err.Error()), 200, name)
	}
	_, err := expr.Compile(strings.TrimSuffix(strings.Repeat(`record.done || `, 200), "|| "), schema())
	require.NoError(t, err, "a long list of conditions is no nesting")
}

// The properties of every record win over a type's fields of the same name.
func TestCompile_BuiltInPropertiesWin(t *testing.T) {
	t.Parallel()
	p, err := expr.Compile(`record.title == "a"`, expr.Schema{Fields: []expr.Field{{Name: "title", Type: expr.Integer}}})
	require.NoError(t, err)
	require.Empty(t, p.Fields())
}
