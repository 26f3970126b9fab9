package expr

import (
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/operators"
)

// operation is one function for one list of argument kinds. Both meanings get
// present values only: with an absent argument the result is `absent`.
type operation struct {
	name   string
	args   []kind
	result kind
	// absent is the result if an argument is absent: nil, unless it is a
	// condition, which always has one.
	absent any
	eval   func(args []any) any
	// sql has each argument once, as %[1]s and %[2]s: an argument that stood there
	// twice would let the SQL of nested calls grow exponentially.
	sql string
}

// operations returns the whole language as one table. Every row is held against
// PostgreSQL by the differential test.
func operations() []operation {
	var table []operation
	for _, k := range []kind{kindBool, kindText, kindNumber, kindTime, kindDuration} {
		table = append(table, comparisons(k)...)
	}
	table = append(table, numberOperations()...)
	table = append(table, textOperations()...)
	return append(table, timeOperations()...)
}

func comparisons(k kind) []operation {
	row := func(name, sign string, absent bool, holds func(order int) bool) operation {
		sql := "(%[1]s " + sign + " %[2]s)"
		if k == kindText && sign != "=" && sign != "<>" {
			sql = "(%[1]s " + sign + ` %[2]s COLLATE "C")`
		}
		return operation{
			name: name, args: []kind{k, k}, result: kindBool, absent: absent, sql: sql,
			eval: func(a []any) any { return holds(compare(a[0], a[1])) },
		}
	}
	return []operation{
		row(operators.Equals, "=", false, func(order int) bool { return order == 0 }),
		row(operators.NotEquals, "<>", true, func(order int) bool { return order != 0 }),
		row(operators.Less, "<", false, func(order int) bool { return order < 0 }),
		row(operators.LessEquals, "<=", false, func(order int) bool { return order <= 0 }),
		row(operators.Greater, ">", false, func(order int) bool { return order > 0 }),
		row(operators.GreaterEquals, ">=", false, func(order int) bool { return order >= 0 }),
	}
}

func numberOperations() []operation {
	row := func(name, sql string, calculate func(z, x, y *big.Rat) *big.Rat) operation {
		return operation{
			name: name, args: []kind{kindNumber, kindNumber}, result: kindNumber, sql: sql,
			eval: func(a []any) any { return calculate(new(big.Rat), a[0].(*big.Rat), a[1].(*big.Rat)) },
		}
	}
	return []operation{
		row(operators.Add, "(%[1]s + %[2]s)", (*big.Rat).Add),
		row(operators.Subtract, "(%[1]s - %[2]s)", (*big.Rat).Sub),
		row(operators.Multiply, "(%[1]s * %[2]s)", (*big.Rat).Mul),
		{
			name: operators.Negate, args: []kind{kindNumber}, result: kindNumber, sql: "(- %[1]s)",
			eval: func(a []any) any { return new(big.Rat).Neg(a[0].(*big.Rat)) },
		},
	}
}

func textOperations() []operation {
	test := func(name, sql string, holds func(s, part string) bool) operation {
		return operation{
			name: name, args: []kind{kindText, kindText}, result: kindBool, absent: false, sql: sql,
			eval: func(a []any) any { return holds(a[0].(string), a[1].(string)) },
		}
	}
	one := func(name, sql string, result kind, calculate func(s string) any) operation {
		return operation{
			name: name, args: []kind{kindText}, result: result, sql: sql,
			eval: func(a []any) any { return calculate(a[0].(string)) },
		}
	}
	return []operation{
		test("contains", `(strpos(%[1]s, %[2]s COLLATE "C") > 0)`, strings.Contains),
		test("startsWith", `starts_with(%[1]s, %[2]s)`, strings.HasPrefix),
		test("endsWith", `starts_with(reverse(%[1]s), reverse(%[2]s))`, strings.HasSuffix),
		one("size", "length(%[1]s)::numeric", kindNumber, func(s string) any {
			return big.NewRat(int64(utf8.RuneCountInString(s)), 1)
		}),
		one("lowerAscii", `lower(%[1]s COLLATE "C")`, kindText, func(s string) any { return lowerASCII(s) }),
		one("upperAscii", `upper(%[1]s COLLATE "C")`, kindText, func(s string) any { return upperASCII(s) }),
		{
			name: operators.Add, args: []kind{kindText, kindText}, result: kindText, sql: "(%[1]s || %[2]s)",
			eval: func(a []any) any { return a[0].(string) + a[1].(string) },
		},
		{
			name: "size", args: []kind{kindTexts}, result: kindNumber,
			sql:  "COALESCE(jsonb_array_length(%[1]s), 0)::numeric",
			eval: func(a []any) any { return big.NewRat(int64(len(a[0].([]string))), 1) },
		},
	}
}

func timeOperations() []operation {
	two := func(name string, x, y, result kind, sql string, calculate func(x, y any) any) operation {
		return operation{
			name: name, args: []kind{x, y}, result: result, sql: sql,
			eval: func(a []any) any { return calculate(a[0], a[1]) },
		}
	}
	table := []operation{
		two(operators.Add, kindTime, kindDuration, kindTime, "(%[1]s + make_interval(secs => %[2]s::float8))",
			func(x, y any) any { return later(x, y.(span)) }),
		two(operators.Add, kindDuration, kindTime, kindTime, "(%[2]s + make_interval(secs => %[1]s::float8))",
			func(x, y any) any { return later(y, x.(span)) }),
		two(operators.Subtract, kindTime, kindDuration, kindTime, "(%[1]s - make_interval(secs => %[2]s::float8))",
			func(x, y any) any { return later(x, -y.(span)) }),
		two(operators.Subtract, kindTime, kindTime, kindDuration, "(extract(epoch from %[1]s) - extract(epoch from %[2]s))",
			func(x, y any) any { return span(x.(time.Time).UnixMicro() - y.(time.Time).UnixMicro()) }),
		two(operators.Add, kindDuration, kindDuration, kindDuration, "(%[1]s + %[2]s)",
			func(x, y any) any { return x.(span) + y.(span) }),
		two(operators.Subtract, kindDuration, kindDuration, kindDuration, "(%[1]s - %[2]s)",
			func(x, y any) any { return x.(span) - y.(span) }),
		{
			name: operators.Negate, args: []kind{kindDuration}, result: kindDuration, sql: "(- %[1]s)",
			eval: func(a []any) any { return -a[0].(span) },
		},
	}
	return append(append(table, calendarOperations()...), durationParts()...)
}

// later moves a point in time, without time.Duration, which ends at 292 years.
func later(t any, d span) any {
	return time.UnixMicro(t.(time.Time).UnixMicro() + int64(d)).UTC()
}

// calendarOperations are CEL's parts of a timestamp, in UTC. Months and days of
// month and year count from zero there, getDate from one.
func calendarOperations() []operation {
	row := func(name, part string, minus int, get func(t time.Time) int) operation {
		return operation{
			name: name, args: []kind{kindTime}, result: kindNumber,
			sql:  fmt.Sprintf("(extract(%s from %%[1]s AT TIME ZONE 'UTC') - %d)", part, minus),
			eval: func(a []any) any { return big.NewRat(int64(get(a[0].(time.Time))-minus), 1) },
		}
	}
	return []operation{
		row("getFullYear", "year", 0, time.Time.Year),
		row("getMonth", "month", 1, func(t time.Time) int { return int(t.Month()) }),
		row("getDayOfMonth", "day", 1, time.Time.Day),
		row("getDate", "day", 0, time.Time.Day),
		row("getDayOfYear", "doy", 1, time.Time.YearDay),
		row("getDayOfWeek", "dow", 0, func(t time.Time) int { return int(t.Weekday()) }),
		row("getHours", "hour", 0, time.Time.Hour),
		row("getMinutes", "minute", 0, time.Time.Minute),
	}
}

// durationParts are a duration in whole hours, minutes or seconds.
func durationParts() []operation {
	row := func(name string, seconds int64) operation {
		return operation{
			name: name, args: []kind{kindDuration}, result: kindNumber,
			sql:  fmt.Sprintf("div(%%[1]s, %d)", seconds),
			eval: func(a []any) any { return big.NewRat(int64(a[0].(span))/(seconds*1_000_000), 1) },
		}
	}
	return []operation{row("getHours", 3600), row("getMinutes", 60), row("getSeconds", 1)}
}

func lowerASCII(s string) string { return strings.Map(asciiShift('A', 'a'-'A'), s) }

func upperASCII(s string) string { return strings.Map(asciiShift('a', 'A'-'a'), s) }

// asciiShift moves the 26 letters from first on by a distance.
func asciiShift(first, distance rune) func(rune) rune {
	return func(r rune) rune {
		if r >= first && r < first+26 {
			return r + distance
		}
		return r
	}
}
