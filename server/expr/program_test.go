package expr_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/fault"
)

// deal is a record as the database has it, with everything but mail, phone, site.
func deal(t *testing.T) map[string]any {
	record := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(`{
		"name": "Änderung 100%", "notes": "two\nlines", "count": 3, "rate": "0.10", "done": true,
		"price": {"amount": "1250.00", "currency": "EUR"}, "due": "2026-03-02", "seen": "2026-03-01T12:00:00.123456Z",
		"stage": "won", "owner": "` + id(1) + `", "watchers": ["` + id(1) + `", "` + id(2) + `"], "doc": null}`))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&record))
	record["id"], record["title"], record["creator"] = id(7), "Deal", id(1)
	record["create_time"], record["update_time"] = noon().Add(-25*time.Hour), noon()
	return record
}

func met(t *testing.T, source string, record map[string]any) bool {
	p, err := expr.Compile(source, schema())
	require.NoError(t, err, source)
	got, err := p.Eval(t.Context(), record, ann(), noon())
	require.NoError(t, err, source)
	return got
}

// Spec: R3
func TestEval_EveryFieldTypeCompares(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`record.name == "Änderung 100%"`, `record.name > "Z"`, `record.name.contains("%")`, `record.name.endsWith("100%")`,
		`record.name.matches("^.nderung\\s\\d+%$")`, `record.name.matches("(?i)ÄNDER")`, `record.notes.startsWith("two\n")`,
		`record.count == 3`, `record.count == 3.0`, `record.count < 3.5`, `record.rate == 0.1`, `record.rate * 3 == 0.3`,
		`record.rate + 0.2 == 0.3`, `record.price > 1249.99`, `record.price.amount == 1250`, `record.price.currency == "EUR"`,
		`record.done`, `record.done == true`, `record.due > now`, `record.due == date("2026-03-02")`,
		`record.due < timestamp("2026-03-02T00:00:00.000001Z")`, `record.seen == now`, `record.stage in ["won", "lost"]`,
		`record.owner == user.id`, `record.creator == user.id`, `user.id in record.watchers`, `size(record.watchers) == 2`,
		`record.watchers.exists(w, w != user.id)`, `!record.watchers.all(w, w == user.id)`, `now - record.create_time > duration("24h")`,
		`record.create_time < now - duration("1h")`, `record.due.getDayOfWeek() == 1`, `record.title.lowerAscii() == "deal"`,
		`record.title.size() == 4`, `record.done ? record.count > 2 : false`, `user.role == "agent" && user.locale != "en"`,
		`record.count in [1, 2, 3.0]`, `record.due in [date("2026-03-02")]`, "record.`name` != ''", `-record.count == -3`,
		`["won", "lost"].exists(s, s == record.stage)`, `record.name.matches("\\bnderung")`,
	} {
		require.True(t, met(t, source, deal(t)), source)
		require.False(t, met(t, "!("+source+")", deal(t)), source)
	}
}

// Absence is never an error and never spreads: a filter and its opposite are
// opposites for every record.
//
// Spec: R3
func TestEval_AbsenceIsFalseInEveryTestButNotEqual(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		`record.mail == "a"`:                     false,
		`record.mail != "a"`:                     true,
		`record.mail == record.phone`:            false,
		`record.mail != record.phone`:            true,
		`record.mail < "a"`:                      false,
		`record.mail >= "a"`:                     false,
		`record.mail.contains("")`:               false,
		`record.mail.matches("")`:                false,
		`record.mail in ["a", ""]`:               false,
		`!(record.mail in ["a"])`:                true,
		`"a" in [record.mail, "a"]`:              true,
		`record.mail + "x" == "x"`:               false,
		`size(record.mail) == 0`:                 false,
		`has(record.mail)`:                       false,
		`record.mail == null`:                    true,
		`null != record.mail`:                    false,
		`has(record.doc)`:                        false,
		`has(record.name) && has(record.title)`:  true,
		`(record.done ? record.mail : "") == ""`: false,
	} {
		require.Equal(t, want, met(t, source, deal(t)), source)
	}
	empty := map[string]any{}
	for source, want := range map[string]bool{
		`record.done`:                           false,
		`!record.done`:                          true,
		`record.done == false`:                  false,
		`record.done != true`:                   true,
		`size(record.watchers) == 0`:            true,
		`record.watchers.all(w, false)`:         true,
		`record.watchers.exists(w, true)`:       false,
		`has(record.watchers)`:                  false,
		`record.price > 0 || record.price <= 0`: false,
		`record.price.currency == ""`:           false,
		`record.due - now < duration("0s")`:     false,
	} {
		require.Equal(t, want, met(t, source, empty), source)
	}
	nobody, err := expr.Compile(`has(user.id)`, schema())
	require.NoError(t, err)
	got, err := nobody.Eval(t.Context(), empty, expr.User{}, noon())
	require.NoError(t, err)
	require.False(t, got)
}

// A record that a program made without going through JSON means the same.
func TestEval_TakesGoValuesAndStoredOnes(t *testing.T) {
	t.Parallel()
	for _, count := range []any{3, int64(3), float64(3), json.Number("3")} {
		require.True(t, met(t, `record.count == 3`, map[string]any{"count": count}))
	}
	require.True(t, met(t, `"a" in record.watchers`, map[string]any{"watchers": []string{"a"}}))
	require.True(t, met(t, `record.create_time == now`, map[string]any{"create_time": noon().Format(time.RFC3339Nano)}))
	for _, wrong := range []any{true, "1/3", "1e9", "", "-", "0x1", []any{}, map[string]any{}} {
		require.False(t, met(t, `record.rate == record.rate`, map[string]any{"rate": wrong}), "%v", wrong)
	}
	for _, wrong := range []any{5, "yesterday", nil} {
		require.False(t, met(t, `record.due == record.due || record.name == record.name`, map[string]any{"due": wrong, "name": 7}))
	}
	require.False(t, met(t, `record.done || record.watchers.exists(w, true) || record.price.currency == ""`,
		map[string]any{"done": "true", "watchers": []any{1}, "price": "5"}))
}

// Limits hold while a filter runs, not only when it is saved.
func TestEval_StopsAtItsLimits(t *testing.T) {
	t.Parallel()
	p, err := expr.Compile(`record.watchers.all(w, w != "x" && w.matches("^[a-z]*$"))`, schema())
	require.NoError(t, err)
	_, err = p.Eval(t.Context(), map[string]any{"watchers": make([]string, 100_000)}, ann(), noon())
	require.Equal(t, "FILTER_TOO_COSTLY", fault.ReasonOf(err))

	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	_, err = p.Eval(cancelled, nil, ann(), noon())
	require.ErrorIs(t, err, context.Canceled)

	p, err = expr.Compile(`user.name.matches("^(a|b|ab)*$")`, schema())
	require.NoError(t, err)
	_, err = p.SQL(expr.NewArgs("r", 0), expr.User{Name: strings.Repeat("ab", 1_000_000)}, noon())
	require.Equal(t, "FILTER_TOO_COSTLY", fault.ReasonOf(err))
}

// A filter tells what it reads, so that it can be refused to who may not.
//
// Spec: R4
func TestProgram_TellsWhatItReads(t *testing.T) {
	t.Parallel()
	source := `record.stage == "won" && (has(record.price) || record.price.currency == "EUR") && record.title != "" && user.id != ""`
	p, err := expr.Compile(source, schema())
	require.NoError(t, err)
	require.Equal(t, []string{"price", "stage"}, p.Fields())
	require.Equal(t, source, p.String())
}
