package record

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/fault"
)

// Only in this file is SQL put together, because conditions decide its shape. It
// is put together of fixed parts and placeholders; every value is a parameter.
// The workspace is always $1, and the type is compared before a condition looks
// at fields, which only have their shape in records of that type.

// newestFirst is how lists are sorted that do not say.
const newestFirst = "create_time desc"

// query is one statement over the records of a type.
type query struct {
	args  *expr.Args
	first []any
	where []string
}

// over begins a query over the records of a type that the caller may read and
// that match a filter.
func (h *Handler) over(c access.Caller, t *Type, filter string) (*query, error) {
	q := &query{
		args: expr.NewArgs("r", 2), first: []any{c.Workspace, t.def.GetName()},
		where: []string{"r.workspace_id = $1", "r.type = $2"},
	}
	if t.read.conditional(c) {
		if err := q.and(t.read.program, c, h); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(filter) == "" {
		return q, nil
	}
	program, err := expr.Compile(filter, t.schema(&c))
	if err != nil {
		return nil, inField(err, "filter")
	}
	return q, inField(q.and(program, c, h), "filter")
}

func (q *query) and(p *expr.Program, c access.Caller, h *Handler) error {
	condition, err := p.SQL(q.args, exprUser(c), h.now())
	if err != nil {
		return err
	}
	q.where = append(q.where, condition)
	return nil
}

// bind adds a parameter of our own, which conditions come before.
func (q *query) bind(v any) string {
	q.first = append(q.first, v)
	return "$" + strconv.Itoa(len(q.first)+len(q.args.Values()))
}

// values are the parameters in order: own ones were bound after all conditions.
func (q *query) values() []any {
	return slices.Concat(q.first[:2], q.args.Values(), q.first[2:])
}

// inField names the request's field in a failure that the caller can cure.
func inField(err error, field string) error {
	if f, ok := err.(*fault.Error); ok {
		return f.WithField(field)
	}
	return err
}

// found is one record of a page with its place in the order.
type found struct {
	*stored
	place []*string
}

func records(list []found) []*stored {
	out := make([]*stored, len(list))
	for i := range list {
		out[i] = list[i].stored
	}
	return out
}

// list answers at most size records of the order, after a place in it.
func (h *Handler) list(ctx context.Context, q *query, order expr.Order, after []*string, size int) ([]found, error) {
	keys := order.Keys(q.args)
	if after != nil {
		condition, err := order.After(q.args, after)
		if err != nil {
			return nil, inField(err, "page_token")
		}
		q.where = append(q.where, condition)
	}
	by := order.SQL(q.args)
	sql := "SELECT r.id, r.title, r.fields, r.version, r.creator, r.create_time, r.update_time, ARRAY[" + strings.Join(keys, ", ") +
		"] FROM record r WHERE " + strings.Join(q.where, " AND ") + " ORDER BY " + by + " LIMIT " + q.bind(size)
	rows, err := h.db.Query(ctx, sql, q.values()...)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (found, error) {
		r := found{stored: &stored{workspace: q.first[0].(uuid.UUID), kind: q.first[1].(string)}}
		var fields json.RawMessage
		if err := row.Scan(&r.id, &r.title, &fields, &r.version, &r.creator, &r.created, &r.updated, &r.place); err != nil {
			return r, err
		}
		return r, json.Unmarshal(fields, &r.values)
	})
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	return list, nil
}

func (h *Handler) count(ctx context.Context, q *query) (int64, error) {
	var n int64
	sql := "SELECT count(*) FROM record r WHERE " + strings.Join(q.where, " AND ")
	if err := h.db.QueryRow(ctx, sql, q.values()...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count records: %w", err)
	}
	return n, nil
}

// candidate is a record that a reference can point to.
type candidate struct {
	id    uuid.UUID
	title string
}

// search finds records by the beginnings of words in their titles, short titles
// first; with no words, the newest.
func (h *Handler) search(ctx context.Context, q *query, words string, size int) ([]candidate, error) {
	by := "r.create_time DESC, r.id DESC"
	if words != "" {
		q.where = append(q.where, "r.words @@ "+q.bind(words)+"::tsquery")
		by = "length(r.title), r.title, r.id"
	}
	sql := "SELECT r.id, r.title FROM record r WHERE " + strings.Join(q.where, " AND ") + " ORDER BY " + by + " LIMIT " + q.bind(size)
	rows, err := h.db.Query(ctx, sql, q.values()...)
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c candidate, err error) {
		return c, row.Scan(&c.id, &c.title)
	})
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	return list, nil
}

// recordNames looks up records of several types in one query, which also says
// which of them the caller may read.
func (h *Handler) recordNames(ctx context.Context, tx db.DBTX, c access.Caller, wanted map[string]set) (map[uuid.UUID]recordName, error) {
	kinds := slices.Sorted(maps.Keys(wanted))
	var ids []uuid.UUID
	first := []any{c.Workspace, nil}
	for _, kind := range kinds {
		ids = slices.AppendSeq(ids, maps.Keys(wanted[kind]))
		first = append(first, kind)
	}
	first[1] = ids
	args := expr.NewArgs("r", len(first))
	readable, err := h.readableOf(ctx, tx, c, kinds, args)
	if err != nil {
		return nil, err
	}
	sql := "SELECT r.id, r.type, r.title, " + readable + " FROM record r WHERE r.workspace_id = $1 AND r.id = ANY ($2)"
	rows, err := tx.Query(ctx, sql, slices.Concat(first, args.Values())...)
	if err != nil {
		return nil, fmt.Errorf("find names of records: %w", err)
	}
	names := make(map[uuid.UUID]recordName, len(ids))
	var id uuid.UUID
	var n recordName
	_, err = pgx.ForEachRow(rows, []any{&id, &n.kind, &n.title, &n.readable}, func() error {
		names[id] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find names of records: %w", err)
	}
	return names, nil
}

// readableOf writes whether the caller may read a record of one of the kinds,
// which are the parameters from $3 on.
func (h *Handler) readableOf(ctx context.Context, tx db.DBTX, c access.Caller, kinds []string, args *expr.Args) (string, error) {
	cases := "CASE r.type"
	for i, kind := range kinds {
		t, err := h.typeOf(ctx, tx, c.Workspace, kind)
		if fault.ReasonOf(err) == errTypeNotFound.Reason {
			continue
		}
		if err != nil {
			return "", err
		}
		condition := strconv.FormatBool(t.read.role(c))
		if t.read.role(c) && t.read.conditional(c) {
			if condition, err = t.read.program.SQL(args, exprUser(c), h.now()); err != nil {
				return "", err
			}
		}
		cases += " WHEN $" + strconv.Itoa(i+3) + "::text THEN " + condition
	}
	if len(kinds) == 0 || cases == "CASE r.type" {
		return "false", nil
	}
	return cases + " ELSE false END", nil
}
