package expr_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// seeds are filters that use everything there is, for fuzzing and PREPARE.
func seeds() []string {
	return []string{
		`record.done`, `!record.done && record.done == false`, `true`, `record.name == "a'b\"c\\"`, `"x" != record.name`,
		`record.stage in ["won", "lost"] || record.count in [1, 2.5] || record.due in [now, date("2026-01-02")]`,
		`record.count in [] || record.name in [record.stage, user.name] || true in [record.done, false]`,
		`now - now in [duration("1h")]`, `record.price > 12.50 && record.price.currency == "EUR" && record.price.amount * 2 < 1e3`,
		`record.rate + record.count - 1 >= -record.price`, `record.due < now - duration("24h") && record.seen + duration("1.5s") > now`,
		`(now - record.create_time).getHours() > 24 && record.due.getFullYear() == 2026 && record.seen.getDayOfWeek() < 6`,
		`record.update_time - record.create_time + duration("1h") - duration("1m") > -duration("1s")`,
		`user.id in record.watchers && record.owner in record.watchers && size(record.watchers) > 1`,
		`record.watchers.exists(w, w == record.owner) && record.watchers.all(w, w.startsWith("0") || record.done)`,
		`["a", user.role].exists(r, record.name.contains(r))`, `record.name.matches("(?i)^\\w+(a|b)*?\\b[^x-z]{2,3}.\\pL$")`,
		`record.title.lowerAscii().startsWith("a") && record.name.upperAscii().endsWith(record.stage) && record.name + "x" < "y"`,
		`has(record.name) && has(record.watchers) && has(record.price) && has(record.price.currency) && has(record.creator) && has(user.id)`,
		`record.doc == null || null != record.create_time`, `record.done ? record.name == "" : size(record.name) > 3`,
		`(record.done ? record.count : record.rate) > 1 || (record.done ? record.done : true)`,
		`record.id == user.id || record.creator != user.id || record.id == "x" || record.id > "a"`, `user.locale == "de" && now > date("2026-01-01")`,
		"record.`name` == '''it's'''", `timestamp(record.due) > now`, `record.name == "\u00fc\U0001F600%_"`,
	}
}

// vocabulary is every word that SQL made from filters consists of.
func vocabulary() []string {
	return strings.Fields(`r fields id title creator create_time update_time each item C UTC T00 Z null amount currency true false
		AND OR NOT IN ANY AS IS NULL SELECT EXISTS FROM WHERE CASE WHEN THEN ELSE END COALESCE NULLIF COLLATE AT TIME ZONE epoch year month
		day doy dow hour minute from numeric timestamptz boolean text jsonb uuid float8 strpos starts_with reverse length lower upper
		jsonb_array_length jsonb_array_elements_text make_interval secs extract div unnest
		DESC LAST NULLS und x icu to_char YYYY MM DD T HH24 MI SS US DISTINCT`)
}

// requireFixedText checks that a condition is made of our words, signs, small
// numbers of ours and placeholders, so that nothing of the filter is in it.
func requireFixedText(t require.TestingT, sql string, parameters int) {
	for _, word := range regexp.MustCompile(`[\p{L}_][\p{L}\p{N}_]*`).FindAllString(sql, -1) {
		require.True(t, slices.Contains(vocabulary(), word), "%q in %s", word, sql)
	}
	placeholders := regexp.MustCompile(`\$\d+`).FindAllString(sql, -1)
	for n := range parameters {
		require.Contains(t, placeholders, fmt.Sprintf("$%d", n+1), sql)
	}
	rest := regexp.MustCompile(`\$\d+|[\p{L}_][\p{L}\p{N}_]*|00:00|3600|60|\b[01]\b`).ReplaceAllString(sql, "")
	require.Regexp(t, `^[\s().,:'"<>=+*|~?@\[\]-]*$`, rest, sql)
}

// PostgreSQL understands what is written for everything there is.
//
// Spec: R3
func TestSQL_EverySeedCanBePrepared(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.DB(t).Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for i, source := range seeds() {
		p, err := expr.Compile(source, schema())
		require.NoError(t, err, source)
		args := expr.NewArgs("r", 0)
		condition, err := p.SQL(args, ann(), noon())
		require.NoError(t, err, source)
		requireFixedText(t, condition, len(args.Values()))
		query := "SELECT id FROM record AS r WHERE " + condition
		_, err = conn.Conn().Prepare(t.Context(), fmt.Sprintf("seed%d", i), query)
		require.NoError(t, err, "%s\n%s", source, query)
		_, err = conn.Exec(t.Context(), query, args.Values()...)
		require.NoError(t, err, "%s\n%s", source, query)
	}
}

// A type's creator chooses field names and a filter's author the values: neither
// becomes SQL.
//
// Spec: R3
func TestSQL_NamesAndValuesAreBound(t *testing.T) {
	t.Parallel()
	hostile := `x' OR 1=1; DROP TABLE record; --`
	p, err := expr.Compile("record.`drop-table` == "+quote(hostile)+" || record.`drop-table` in ["+quote(hostile)+"] || "+
		"record.name.matches("+quote(regexp.QuoteMeta(hostile))+")",
		expr.Schema{Fields: []expr.Field{{Name: "drop-table", Type: expr.Text}, {Name: "name", Type: expr.Text}}})
	require.NoError(t, err)

	args := expr.NewArgs("r", 2)
	condition, err := p.SQL(args, ann(), noon())
	require.NoError(t, err)

	require.Equal(t, `((r.fields @> $3::jsonb) OR COALESCE((r.fields->>$4::text) = ANY($5::text[]), false) OR `+
		`COALESCE((r.fields->>$6::text) ~ $7::text COLLATE "C", false))`, condition)
	require.Len(t, args.Values(), 5)
	require.JSONEq(t, `{"drop-table": "`+hostile+`"}`, args.Values()[0].(string))
}

// What does not depend on the record is computed once, not per row.
func TestSQL_ComputesConstantsFirst(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`user.role == "agent" && now > date("2026-01-01")`: `true`,
		`user.email.endsWith("@example.org")`:              `false`,
		`record.due < now - duration("24h")`:               `COALESCE((((r.fields->>$1::text) || 'T00:00:00Z')::timestamptz < $2::timestamptz), false)`,
		`record.creator == user.id`:                        `COALESCE((r.creator = $1::uuid), false)`,
		`record.id != "Not an id"`:                         `(NOT false)`,
		`record.create_time > now`:                         `(r.create_time::timestamptz > $1::timestamptz)`,
		`user.id in record.watchers`:                       `(r.fields @> $1::jsonb)`,
	} {
		p, err := expr.Compile(source, schema())
		require.NoError(t, err)
		got, err := p.SQL(expr.NewArgs("r", 0), ann(), noon())
		require.NoError(t, err)
		require.Equal(t, want, got, source)
	}
}
