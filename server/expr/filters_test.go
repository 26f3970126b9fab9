package expr_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/expr"
)

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
