package expr_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// row is a record as its table has it.
type row struct {
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	Creator    *string        `json:"creator"`
	CreateTime time.Time      `json:"create_time"`
	UpdateTime time.Time      `json:"update_time"`
	Fields     map[string]any `json:"fields"`
}

// record returns the row as Eval takes it, its JSON decoded anew.
func (r row) record(t require.TestingT) map[string]any {
	encoded, err := json.Marshal(r.Fields)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	record := map[string]any{}
	require.NoError(t, decoder.Decode(&record))
	record["id"], record["title"] = r.ID, r.Title
	record["create_time"], record["update_time"] = r.CreateTime, r.UpdateTime
	if r.Creator != nil {
		record["creator"] = *r.Creator
	}
	return record
}

// answers asks PostgreSQL which of the rows meet the filter.
func answers(t require.TestingT, db *pgxpool.Pool, p *expr.Program, rows []row) []bool {
	encoded, err := json.Marshal(rows)
	require.NoError(t, err)
	args := expr.NewArgs("r", 1)
	condition, err := p.SQL(args, ann(), noon())
	require.NoError(t, err)
	query := "SELECT " + condition + ` FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS
		(id uuid, title text, creator uuid, create_time timestamptz, update_time timestamptz, fields jsonb))
		WITH ORDINALITY AS r ORDER BY ordinality`
	found, err := db.Query(context.Background(), query, append([]any{encoded}, args.Values()...)...)
	require.NoError(t, err, "%s\n%s", p, query)
	var met []bool
	for found.Next() {
		var one *bool
		require.NoError(t, found.Scan(&one))
		require.NotNil(t, one, "the condition is NULL: %s\n%s", p, query)
		met = append(met, *one)
	}
	require.NoError(t, found.Err(), "%s\n%s", p, query)
	return met
}

// Memory and PostgreSQL give the same answer to every filter for every record,
// whatever is absent: an access condition means the same in a list as on one record.
//
// Spec: R3
func TestFilter_MemoryAndSQLAgree(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rowGen(), 1, 8).Draw(t, "rows")
		for range 8 {
			source := condition(t, 4)
			p, err := expr.Compile(source, schema())
			require.NoError(t, err, source)
			for i, met := range answers(t, db, p, rows) {
				want, err := p.Eval(t.Context(), rows[i].record(t), ann(), noon())
				require.NoError(t, err)
				require.Equal(t, want, met, "%s\nmemory says %t for %v", source, want, rows[i])
			}
		}
	})
}

// On records without absent values a filter means what CEL's own evaluator says.
//
// Spec: R3
func TestFilter_IsCELWhereNothingIsAbsent(t *testing.T) {
	t.Parallel()
	env := reference(t)
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		r := fullRowGen().Draw(t, "row")
		source := condition(t, 3)
		p, err := expr.Compile(source, schema())
		require.NoError(t, err, source)
		got, err := p.Eval(t.Context(), r.record(t), ann(), noon())
		require.NoError(t, err)
		if strings.Contains(source, "record.price") || strings.Contains(source, "record.rate") || strings.Contains(source, "0.") {
			return // money is ours, and decimals are exact here but binary there
		}
		if want, ok := referenceAnswer(t, env, source, r); ok {
			compared++
			require.Equal(t, want, got, "%s\n%v", source, r)
		}
	})
	require.Positive(t, compared)
}

// reference is an environment of plain cel-go.
func reference(t *testing.T) *cel.Env {
	env, err := cel.NewEnv(
		cel.Variable("record", cel.DynType), cel.Variable("user", cel.DynType), cel.Variable("now", cel.TimestampType),
		cel.CrossTypeNumericComparisons(true), ext.Strings(),
		cel.Function("date", cel.Overload("date_text", []*cel.Type{cel.StringType}, cel.TimestampType,
			cel.UnaryBinding(func(day ref.Val) ref.Val {
				at, err := time.Parse(time.DateOnly, day.Value().(string))
				if err != nil {
					return types.WrapErr(err)
				}
				return types.Timestamp{Time: at}
			}))),
	)
	require.NoError(t, err)
	return env
}

// referenceAnswer returns no answer where cel-go has none, as for integers plus
// decimals, which it keeps apart.
func referenceAnswer(t *rapid.T, env *cel.Env, source string, r row) (bool, bool) {
	parsed, issues := env.Parse(source)
	require.NoError(t, issues.Err(), source)
	program, err := env.Program(parsed)
	require.NoError(t, err, source)
	u := ann()
	out, _, err := program.Eval(map[string]any{
		"record": r.native(t),
		"user":   map[string]any{"id": u.ID, "email": u.Email, "name": u.Name, "role": u.Role, "locale": u.Locale},
		"now":    noon().Truncate(time.Microsecond),
	})
	if err != nil {
		return false, false
	}
	met, ok := out.Value().(bool)
	return met, ok
}
