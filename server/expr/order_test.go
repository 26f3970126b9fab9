package expr_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// tester is a test or one run of a property.
type tester interface {
	require.TestingT
	Context() context.Context
}

// Pages put together are the whole list in its order: nothing twice, nothing
// missing, whatever ties or is absent.
//
// Spec: R2
func TestOrder_PagesAreTheWholeList(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	workspace := recordType(t, db)
	rapid.Check(t, func(t *rapid.T) {
		store(t, db, workspace, rapid.SliceOfN(rowGen(), 0, 12).Draw(t, "rows"))
		order, err := expr.OrderBy(orderGen().Draw(t, "order"), schema())
		require.NoError(t, err)

		whole, _ := page(t, db, workspace, order, nil, 100)
		var pages []string
		var last []*string
		for {
			ids, keys := page(t, db, workspace, order, last, 3)
			pages, last = append(pages, ids...), keys
			if len(ids) < 3 {
				break
			}
		}
		require.Equal(t, whole, pages)
	})
}

func orderGen() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		names := []string{"title", "creator", "create_time", "update_time", "id"}
		for _, f := range schema().Fields {
			if f.Type != expr.References {
				names = append(names, f.Name)
			}
		}
		picked := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, rapid.ID[string]).Draw(t, "fields")
		for i, name := range picked {
			picked[i] = name + rapid.SampledFrom([]string{"", " asc", " desc", " DESC "}).Draw(t, "direction")
		}
		return strings.Join(picked, ",")
	})
}

func recordType(t *testing.T, db *pgxpool.Pool) uuid.UUID {
	workspace := uuid.New()
	_, err := db.Exec(t.Context(), `INSERT INTO record_type (workspace_id, name, label, definition, create_time, update_time)
		VALUES ($1, 'deal', 'Deal', '{}', now(), now())`, workspace)
	require.NoError(t, err)
	return workspace
}

// store makes these the workspace's records, with ids of their own.
func store(t tester, db *pgxpool.Pool, workspace uuid.UUID, rows []row) {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM record WHERE workspace_id = $1`, workspace)
	for i, r := range rows {
		fields, err := json.Marshal(r.Fields)
		require.NoError(t, err)
		batch.Queue(`INSERT INTO record (workspace_id, id, type, title, fields, creator, create_time, update_time)
			VALUES ($1, $2, 'deal', $3, $4, $5, $6, $7)`,
			workspace, fmt.Sprintf("00000000-0000-7000-9000-0000000000%02x", i), r.Title, fields, r.Creator, r.CreateTime, r.UpdateTime)
	}
	require.NoError(t, db.SendBatch(t.Context(), batch).Close())
}

// page lists records after the one with these keys, and returns the last one's.
func page(t tester, db *pgxpool.Pool, workspace uuid.UUID, order expr.Order, after []*string, size int) ([]string, []*string) {
	args := expr.NewArgs("r", 2)
	where := "true"
	if after != nil {
		var err error
		where, err = order.After(args, after)
		require.NoError(t, err)
	}
	keys := order.Keys(args)
	query := "SELECT id::text, ARRAY[" + strings.Join(keys, ", ") + "] FROM record AS r WHERE workspace_id = $1 AND " + where +
		" ORDER BY " + order.SQL(args) + " LIMIT $2"
	requireFixedText(t, strings.Join(append(keys, where, order.SQL(args)), ", "), 0)
	rows, err := db.Query(t.Context(), query, append([]any{workspace, size}, args.Values()...)...)
	require.NoError(t, err, query)
	var ids []string
	for rows.Next() {
		var one string
		require.NoError(t, rows.Scan(&one, &after))
		ids = append(ids, one)
	}
	require.NoError(t, rows.Err(), query)
	return ids, slices.Clone(after)
}

// Numbers sort by size and words as people expect them, absent ones at the end.
//
// Spec: R2
func TestOrder_SortsAsPeopleExpect(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	workspace := recordType(t, db)
	rows := make([]row, 5)
	for i, title := range []string{"banana", "Apple", "änderung", "Zebra", "apple pie"} {
		rows[i] = row{Title: title, Fields: map[string]any{"price": map[string]any{"amount": fmt.Sprint(i*4 + 1)}}}
	}
	rows[4].Fields = map[string]any{}
	store(t, db, workspace, rows)
	for order, want := range map[string]string{
		"title": "3 2 5 1 4", "price desc": "4 3 2 1 5", "price": "1 2 3 4 5", "": "1 2 3 4 5", "id desc": "5 4 3 2 1",
	} {
		o, err := expr.OrderBy(order, schema())
		require.NoError(t, err)
		ids, _ := page(t, db, workspace, o, nil, 10)
		require.Equal(t, want, places(ids), order)
	}
}

func places(ids []string) string {
	all := make([]string, len(ids))
	for i, one := range ids {
		all[i] = fmt.Sprint(one[len(one)-1] - '0' + 1)
	}
	return strings.Join(all, " ")
}

// Spec: R2
func TestOrderBy_RefusesWhatCannotBeSorted(t *testing.T) {
	t.Parallel()
	for source, message := range map[string]string{
		"amout":                         "there is no field 'amout' on this record type",
		"stge desc":                     "there is no field 'stge' on this record type; did you mean 'stage'?",
		"name, count, name desc":        "order_by has 'name' twice",
		"watchers":                      "records cannot be sorted by 'watchers', which has many references",
		"name sideways":                 `order_by has "name sideways"; write a field's name, and desc for the other direction`,
		"name,,count":                   `order_by has ""; write a field's name, and desc for the other direction`,
		"name,count,rate,due,seen,mail": "order_by has at most 5 fields",
	} {
		_, err := expr.OrderBy(source, schema())
		require.EqualError(t, err, message)
		require.Equal(t, "ORDER_INVALID", fault.ReasonOf(err))
	}
	o, err := expr.OrderBy("stage, title desc, rate", schema())
	require.NoError(t, err)
	require.Equal(t, []string{"stage", "rate"}, o.Fields())
}

// A page token that was made for another list, or changed, is the caller's fault.
//
// Spec: R2
func TestOrder_RefusesForeignKeys(t *testing.T) {
	t.Parallel()
	o, err := expr.OrderBy("create_time, count desc, done, title", schema())
	require.NoError(t, err)
	at, three, yes, title, one, wrong := "2026-03-01T12:00:00.000000Z", "3", "true", "T", id(1), "x\x00"
	good := []*string{&at, &three, &yes, &title, &one}
	_, err = o.After(expr.NewArgs("r", 0), good)
	require.NoError(t, err)
	for i := range good {
		bad := slices.Clone(good)
		bad[i] = &wrong
		_, err = o.After(expr.NewArgs("r", 0), bad)
		require.Equal(t, "PAGE_TOKEN_INVALID", fault.ReasonOf(err), i)
	}
	for _, bad := range [][]*string{nil, good[:4], {nil, &three, &yes, &title, &one}} {
		_, err = o.After(expr.NewArgs("r", 0), bad)
		require.Equal(t, "PAGE_TOKEN_INVALID", fault.ReasonOf(err))
	}
}
