package expr_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/expr"
)

// The values come from small sets, so that comparisons are often equal, and have
// what SQL, JSON, LIKE, patterns and locales treat specially.

func wordGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"", "a", "A", "b", "ab", "aB", "won", "lost", "100%", "a_b", `a\b`, "a'b", `a"b`, "$1", "?", "x\ny", "ü", "Ü", "ß",
		"s", "ſ", "K", "\u212a", "😀", "ab😀", "Ω", "é", "ann@example.com", id(1), id(2), " ", "\t", "{}", "null", "a.b", "EUR",
	})
}

func idGen() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return id(rapid.IntRange(1, 3).Draw(t, "id")) })
}

func decimalGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"0", "1", "-1", "2", "10", "0.5", "1.50", "1.5", "-2.25", "0.1", "0.2", "0.3", "100.00", "0.000000000000000000000001",
		"12345678901234567890.12", "9007199254740993", "-0",
	})
}

func timeGen() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		day := rapid.IntRange(-2, 2).Draw(t, "day")
		seconds := rapid.SampledFrom([]int{0, 0, 1, 43200, 86399}).Draw(t, "second")
		micros := rapid.SampledFrom([]int{0, 0, 1, 999999, 123456}).Draw(t, "micro")
		year := rapid.SampledFrom([]int{2026, 2026, 2026, 1970, 1900, 2100, 1, 9999}).Draw(t, "year")
		return time.Date(year, 3, 1+day, 0, 0, seconds, micros*1000, time.UTC)
	})
}

const stamp = "2006-01-02T15:04:05.000000Z"

// fieldGens makes the stored JSON of each field.
func fieldGens() map[string]*rapid.Generator[any] {
	gens := map[string]*rapid.Generator[any]{
		"count":    rapid.Map(rapid.SampledFrom([]int64{0, 1, -1, 2, 3, 100, 9007199254740993, -9223372036854775808}), anyOf),
		"rate":     rapid.Map(decimalGen(), anyOf),
		"done":     rapid.Map(rapid.Bool(), anyOf),
		"due":      rapid.Map(timeGen(), func(t time.Time) any { return t.Format(time.DateOnly) }),
		"seen":     rapid.Map(timeGen(), func(t time.Time) any { return t.Format(stamp) }),
		"owner":    rapid.Map(idGen(), anyOf),
		"watchers": rapid.Map(rapid.SliceOfN(idGen(), 0, 3), func(ids []string) any { return ids }),
		"price": rapid.Custom(func(t *rapid.T) any {
			return map[string]any{"amount": decimalGen().Draw(t, "amount"), "currency": "EUR"}
		}),
	}
	for _, name := range []string{"name", "notes", "stage", "mail", "phone", "site", "doc"} {
		gens[name] = rapid.Map(wordGen(), anyOf)
	}
	return gens
}

func anyOf[T any](v T) any { return v }

// rowGen makes records; fields are missing or null about as often as not.
func rowGen() *rapid.Generator[row] {
	return rowsWith([]string{"there", "there", "there", "missing", "null"})
}

// fullRowGen makes records in which nothing is absent.
func fullRowGen() *rapid.Generator[row] {
	return rapid.Map(rowsWith([]string{"there"}), func(r row) row {
		r.Fields["watchers"] = append(r.Fields["watchers"].([]string), r.ID)
		return r
	})
}

func rowsWith(states []string) *rapid.Generator[row] {
	return rapid.Custom(func(t *rapid.T) row {
		r := row{
			ID: idGen().Draw(t, "id"), Title: wordGen().Draw(t, "title"), Fields: map[string]any{},
			CreateTime: timeGen().Draw(t, "create_time"), UpdateTime: timeGen().Draw(t, "update_time"),
		}
		gens := fieldGens()
		for _, f := range append(schema().Fields, schema().Fields[0]) {
			switch rapid.SampledFrom(states).Draw(t, f.Name+" is") {
			case "there":
				r.Fields[f.Name] = gens[f.Name].Draw(t, f.Name)
			case "null":
				r.Fields[f.Name] = nil
			}
		}
		if rapid.SampledFrom(states).Draw(t, "creator is") == "there" {
			creator := idGen().Draw(t, "creator")
			r.Creator = &creator
		}
		return r
	})
}

// native returns the record as cel-go takes it, numbers being int64 or float64.
func (r row) native(t *rapid.T) map[string]any {
	record := map[string]any{"id": r.ID, "title": r.Title, "create_time": r.CreateTime, "update_time": r.UpdateTime, "creator": *r.Creator}
	for name, v := range r.Fields {
		record[name] = v
	}
	for name, layout := range map[string]string{"due": time.DateOnly, "seen": stamp} {
		at, err := time.Parse(layout, r.Fields[name].(string))
		require.NoError(t, err)
		record[name] = at
	}
	rate, err := strconv.ParseFloat(r.Fields["rate"].(string), 64)
	require.NoError(t, err)
	record["rate"] = rate
	return record
}

// pick draws one of several ways to write an expression.
func pick(t *rapid.T, what string, ways ...func() string) string {
	return rapid.SampledFrom(ways).Draw(t, what)()
}

func quote(s string) string { return strconv.QuoteToASCII(s) }

// condition writes a random filter.
func condition(t *rapid.T, depth int) string {
	leaves := []func() string{
		func() string { return "record.done" },
		func() string { return "true" },
		func() string { return compared(t, depth) },
		func() string { return compared(t, depth) },
		func() string { return presence(t) },
		func() string { return textTest(t, depth) },
		func() string { return membership(t, depth) },
		func() string { return overItems(t) },
	}
	if depth > 0 {
		leaves = append(leaves,
			func() string { return "!" + paren(condition(t, depth-1)) },
			func() string { return "!" + paren(condition(t, depth-1)) },
			func() string { return paren(condition(t, depth-1)) + " && " + paren(condition(t, depth-1)) },
			func() string { return paren(condition(t, depth-1)) + " || " + paren(condition(t, depth-1)) },
			func() string { return choice(t, depth, condition) },
		)
	}
	return pick(t, "condition", leaves...)
}

func paren(s string) string { return "(" + s + ")" }

func choice(t *rapid.T, depth int, of func(*rapid.T, int) string) string {
	return paren(paren(condition(t, depth-1)) + " ? " + of(t, depth-1) + " : " + of(t, depth-1))
}

func compared(t *rapid.T, depth int) string {
	sign := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "sign")
	of := rapid.SampledFrom(kinds()).Draw(t, "kind")
	return of(t, depth) + " " + sign + " " + of(t, depth)
}

func kinds() []func(*rapid.T, int) string {
	return []func(*rapid.T, int) string{text, text, number, number, moment, duration, boolean}
}

func boolean(t *rapid.T, depth int) string {
	if depth == 0 {
		return rapid.SampledFrom([]string{"record.done", "true", "false"}).Draw(t, "boolean")
	}
	return paren(condition(t, depth-1))
}

func presence(t *rapid.T) string {
	names := []string{"title", "id", "creator", "create_time", "price.currency", "price.amount"}
	for _, f := range schema().Fields {
		names = append(names, f.Name)
	}
	name := rapid.SampledFrom(names).Draw(t, "name")
	return pick(t, "presence",
		func() string { return "has(record." + name + ")" },
		func() string { return "record." + name + " != null" },
		func() string { return "null == record." + name },
	)
}

func textTest(t *rapid.T, depth int) string {
	return pick(t, "test",
		func() string { return text(t, depth) + ".contains(" + text(t, depth) + ")" },
		func() string { return text(t, depth) + ".startsWith(" + text(t, depth) + ")" },
		func() string { return text(t, depth) + ".endsWith(" + text(t, depth) + ")" },
		func() string { return text(t, depth) + ".matches(" + quote(pattern(t)) + ")" },
	)
}

func membership(t *rapid.T, depth int) string {
	return pick(t, "membership",
		func() string { return text(t, 1) + " in record.watchers" },
		func() string {
			of := rapid.SampledFrom(kinds()).Draw(t, "kind")
			list := make([]string, rapid.IntRange(0, 3).Draw(t, "size"))
			for i := range list {
				list[i] = of(t, depth/2)
			}
			return of(t, depth/2) + " in [" + strings.Join(list, ", ") + "]"
		},
	)
}

func overItems(t *rapid.T) string {
	over := rapid.SampledFrom([]string{"record.watchers", `["a", "won", user.id]`}).Draw(t, "over")
	loop := rapid.SampledFrom([]string{"exists", "all"}).Draw(t, "loop")
	body := pick(t, "body",
		func() string { return "each == " + text(t, 1) },
		func() string { return text(t, 1) + ".contains(each) || record.done" },
		func() string { return "!(each in [record.owner, record.stage])" },
	)
	return over + "." + loop + "(each, " + body + ")"
}

func text(t *rapid.T, depth int) string {
	ways := []func() string{
		func() string { return quote(wordGen().Draw(t, "word")) },
		func() string {
			return rapid.SampledFrom([]string{
				"record.name", "record.notes", "record.stage", "record.owner", "record.mail", "record.title", "record.id", "record.creator",
				"record.price.currency", "user.id", "user.email", "user.role",
			}).Draw(t, "text")
		},
	}
	if depth > 1 {
		ways = append(ways,
			func() string { return paren(text(t, depth-1) + " + " + text(t, depth-1)) },
			func() string { return text(t, depth-1) + ".lowerAscii()" },
			func() string { return text(t, depth-1) + ".upperAscii()" },
			func() string { return choice(t, depth-1, text) },
		)
	}
	return pick(t, "text", ways...)
}

func number(t *rapid.T, depth int) string {
	ways := []func() string{
		func() string {
			return rapid.SampledFrom([]string{"0", "1", "-1", "2", "1.5", "0.1", "0.3", "1e2", "100", "3u", "9007199254740993"}).Draw(t, "number")
		},
		func() string {
			return rapid.SampledFrom([]string{"record.count", "record.rate", "record.price", "record.price.amount"}).Draw(t, "field")
		},
	}
	if depth > 1 {
		ways = append(ways,
			func() string { return paren(number(t, depth-1) + " + " + number(t, depth-1)) },
			func() string { return paren(number(t, depth-1) + " - " + number(t, depth-1)) },
			func() string { return paren(number(t, 1) + " * " + number(t, 1)) },
			func() string { return "-" + paren(number(t, depth-1)) },
			func() string { return "size(" + text(t, depth-1) + ")" },
			func() string { return "record.watchers.size()" },
			func() string { return choice(t, depth-1, number) },
			func() string {
				part := rapid.SampledFrom([]string{
					"getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfYear", "getDayOfWeek", "getHours", "getMinutes",
				}).Draw(t, "part")
				return moment(t, 1) + "." + part + "()"
			},
			func() string {
				return paren(duration(t, depth-1)) + "." + rapid.SampledFrom([]string{"getHours", "getMinutes", "getSeconds"}).Draw(t, "part") + "()"
			},
		)
	}
	return pick(t, "number", ways...)
}

func moment(t *rapid.T, depth int) string {
	ways := []func() string{
		func() string { return "now" },
		func() string { return fmt.Sprintf("timestamp(%q)", timeGen().Draw(t, "time").Format(time.RFC3339Nano)) },
		func() string { return fmt.Sprintf("date(%q)", timeGen().Draw(t, "date").Format(time.DateOnly)) },
		func() string {
			return rapid.SampledFrom([]string{"record.due", "record.seen", "record.create_time", "record.update_time"}).Draw(t, "field")
		},
	}
	if depth > 1 {
		ways = append(ways,
			func() string { return paren(moment(t, depth-1) + " + " + span(t)) },
			func() string { return paren(span(t) + " + " + moment(t, depth-1)) },
			func() string { return paren(moment(t, depth-1) + " - " + span(t)) },
		)
	}
	return pick(t, "moment", ways...)
}

func span(t *rapid.T) string {
	return fmt.Sprintf("duration(%q)", rapid.SampledFrom([]string{"0s", "24h", "-1h30m", "1.5s", "1us", "720h", "876000h"}).Draw(t, "span"))
}

func duration(t *rapid.T, depth int) string {
	if depth < 2 {
		return span(t)
	}
	return pick(t, "duration",
		func() string { return span(t) },
		func() string { return paren(moment(t, depth-1) + " - " + moment(t, depth-1)) },
		func() string { return paren(duration(t, depth-1) + " + " + duration(t, depth-1)) },
		func() string { return paren(duration(t, depth-1) + " - " + duration(t, depth-1)) },
		func() string { return "-" + paren(duration(t, depth-1)) },
	)
}

// pattern writes a random pattern that filters take: some that regex makes have
// too many assertions, or repeat them.
func pattern(t *rapid.T) string {
	p := regex(t, 3)
	if _, err := expr.Compile("record.name.matches("+quote(p)+")", schema()); err != nil {
		return "^a"
	}
	return p
}

// regex writes a random RE2 pattern.
func regex(t *rapid.T, depth int) string {
	ways := []func() string{
		func() string { return regexp.QuoteMeta(wordGen().Draw(t, "word")) },
		func() string {
			return rapid.SampledFrom([]string{
				".", "^", "$", `\b`, `\B`, `\d`, `\w`, `\W`, `\s`, `\S`, "[a-c]", "[^a]", "[[:alpha:]]", `\pL`, `\p{Greek}`, `\P{L}`,
				"(?i)k", "(?i)s", "(?i)ü", "(?s).", `\A`, `\z`, "", `[^\x00]`, `[\x{10000}-\x{10FFFF}]`, `\x00`, "(?i)[k-s]", `[\]\-^]`,
			}).Draw(t, "atom")
		},
	}
	if depth > 0 {
		ways = append(ways,
			func() string { return regex(t, depth-1) + regex(t, depth-1) },
			func() string { return "(" + regex(t, depth-1) + "|" + regex(t, depth-1) + ")" },
			func() string {
				return "(?:" + regex(t, depth-1) + ")" + rapid.SampledFrom([]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{0}"}).Draw(t, "times")
			},
		)
	}
	return pick(t, "regex", ways...)
}
