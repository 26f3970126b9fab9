// Package expr is Parley's one language for conditions: record lists, access
// conditions, bot steps, notification rules and broadcasts all say in CEL which
// records they mean.
//
//	p, err := expr.Compile(`record.stage == "won" && record.amount > 1000`, schema)
//	ok, err := p.Eval(ctx, record, user, now)  // one record, in memory
//	sql, err := p.SQL(args, user, now)         // all records, in PostgreSQL
//
// A filter is compiled once, when it is saved, and everything that can be refused
// is refused then: what compiles runs in memory and as SQL, and both give the
// same answer for every record. To promise that, cel-go parses, and this package
// types the tree itself (see compiler) into nodes that each know how they are
// computed and how they are written in SQL (see node and operation). No part of a
// filter's text reaches the SQL text: values, field names and patterns are bound.
//
// # The language
//
// Variables: record (the fields of its type, and id, title, creator, create_time
// and update_time, which win over fields of the same name), user (id, email,
// name, role, locale) and now. Operators: == != < <= > >= && || ! ?: in + - *.
// Functions: has, size, contains, startsWith, endsWith, matches, lowerAscii,
// upperAscii, timestamp, duration, getFullYear and its sisters, and exists and all
// over a references field or a list of texts. date("2026-01-31") is an addition:
// that day's first instant in UTC. The rest of CEL (maps, bytes, conversions,
// division, map, filter) is refused as FILTER_UNSUPPORTED.
//
// # Values
//
//   - Numbers are of one kind and exact: integers, decimals and money compare and
//     calculate with one another and with literals such as 5 and 12.50. A money
//     field is its amount; record.price.currency is its currency.
//   - Text compares by Unicode code point, never by locale.
//   - A date is its first instant in UTC, so dates compare with timestamps. Time
//     has microseconds; what is finer is cut off.
//   - A references field is a list of ids: `user.id in record.watchers`.
//
// # Absence
//
// A field without a value (not in the JSON, or null there) is absent. Absence is
// not an error and never spreads into a condition:
//
//   - A comparison, a text test or `in` with something absent is false. `!=` is
//     always the opposite of `==`, so it is true: record.stage != "won" holds for a
//     record without a stage. Two absent values are not equal.
//   - What is calculated from something absent is absent.
//   - An absent boolean used as a condition is false, so !record.done holds.
//   - An absent references field is the empty list: its size is 0, all() holds.
//   - has(record.x) tells; so do record.x == null and record.x != null.
//
// # Limits
//
// Source text 4,096 characters, nesting 40, eight multiplications, no loop inside
// a loop. Patterns have 512 bytes, are written out, and do without (?m), more than
// 255 repetitions, and ^, $ and \b inside of what is repeated. Evaluation in
// memory stops with FILTER_TOO_COSTLY after a fixed number of steps; SQL is
// bounded by the caller's statement timeout. A time moved by a difference of two
// fields is exact to the microsecond up to 285 years.
package expr
