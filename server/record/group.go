package record

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

const (
	// maxGroups is how many values of a reference make groups.
	maxGroups = 200
	// maxSums bounds what is read of a field with many values and currencies.
	maxSums = 5_000
)

// GroupRecords implements the contract's method.
func (h *Handler) GroupRecords(ctx context.Context, req *recordv1.GroupRecordsRequest) (*recordv1.GroupRecordsResponse, error) {
	c := access.FromContext(ctx)
	t, err := h.listable(ctx, c, req.GetType())
	if err != nil {
		return nil, err
	}
	by := t.field(c, req.GetField())
	if by == nil || !groupable(by) {
		return nil, errUnfit.WithField("field").WithMessage("group by a selection, a yes or no, or a reference to one record")
	}
	sum := t.field(c, req.GetSumField())
	if req.GetSumField() != "" && (sum == nil || !summable(sum)) {
		return nil, errUnfit.WithField("sum_field").WithMessage("only money, decimals and whole numbers can be added up")
	}
	q, err := h.over(c, t, req.GetFilter())
	if err != nil {
		return nil, err
	}
	rows, total, err := h.group(ctx, q, by, sum)
	if err != nil {
		return nil, err
	}
	groups, err := h.groups(ctx, c, by, rows)
	return &recordv1.GroupRecordsResponse{Groups: groups, Count: total}, err
}

func groupable(f *recordv1.Field) bool {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_SELECTION, recordv1.FieldType_FIELD_TYPE_BOOLEAN, recordv1.FieldType_FIELD_TYPE_REFERENCE:
		return true
	default:
		return false
	}
}

func summable(f *recordv1.Field) bool {
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_MONEY, recordv1.FieldType_FIELD_TYPE_DECIMAL, recordv1.FieldType_FIELD_TYPE_INTEGER:
		return true
	default:
		return false
	}
}

// tally is the records with one value and one currency.
type tally struct {
	value, currency string
	count           int64
	sum             *string
}

// group counts and adds up in one statement, and answers how many records there
// are in all. The values that most records have come first.
func (h *Handler) group(ctx context.Context, q *query, by, sum *recordv1.Field) ([]tally, int64, error) {
	value, currency, amount := "coalesce(r.fields ->> "+q.bind(by.GetName())+"::text, '')", "''", "NULL"
	switch {
	case sum.GetType() == recordv1.FieldType_FIELD_TYPE_MONEY:
		field := "r.fields -> " + q.bind(sum.GetName()) + "::text"
		currency = "coalesce(" + field + " ->> 'currency', '')"
		amount = "sum((" + field + " ->> 'amount')::numeric)::text"
	case sum != nil:
		amount = "sum((r.fields ->> " + q.bind(sum.GetName()) + "::text)::numeric)::text"
	}
	sql := "SELECT " + value + ", " + currency + ", count(*), " + amount + ", (sum(count(*)) OVER ())::bigint FROM record r WHERE " +
		strings.Join(q.where, " AND ") + " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT " + strconv.Itoa(maxSums)
	rows, err := h.db.Query(ctx, sql, q.values()...)
	if err != nil {
		return nil, 0, fmt.Errorf("group records: %w", err)
	}
	defer rows.Close()
	var list []tally
	var total int64
	for rows.Next() {
		var one tally
		if err := rows.Scan(&one.value, &one.currency, &one.count, &one.sum, &total); err != nil {
			return nil, 0, fmt.Errorf("group records: %w", err)
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("group records: %w", err)
	}
	return list, total, nil
}

// groups puts tallies together by value, in the order of a board's columns.
func (h *Handler) groups(ctx context.Context, c access.Caller, by *recordv1.Field, rows []tally) ([]*recordv1.RecordGroup, error) {
	byValue := map[string]*recordv1.RecordGroup{}
	var found []*recordv1.RecordGroup
	for _, row := range rows {
		g := byValue[row.value]
		if g == nil {
			g = &recordv1.RecordGroup{Value: row.value}
			byValue[row.value] = g
			found = append(found, g)
		}
		g.Count += row.count
		if row.sum != nil {
			g.Sums = append(g.Sums, &recordv1.RecordSum{Currency: row.currency, Amount: *row.sum})
		}
	}
	for _, g := range found {
		slices.SortFunc(g.Sums, func(a, b *recordv1.RecordSum) int { return strings.Compare(a.GetCurrency(), b.GetCurrency()) })
	}
	switch by.GetType() {
	case recordv1.FieldType_FIELD_TYPE_REFERENCE:
		return h.referenceGroups(ctx, c, by, found)
	case recordv1.FieldType_FIELD_TYPE_BOOLEAN:
		return fixedGroups(found, byValue, []*recordv1.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}), nil
	default:
		return fixedGroups(found, byValue, by.GetOptions()), nil
	}
}

// fixedGroups are one for each option, with or without records, then what else was
// found, and what has no value last.
func fixedGroups(found []*recordv1.RecordGroup, byValue map[string]*recordv1.RecordGroup, options []*recordv1.Option) []*recordv1.RecordGroup {
	out := make([]*recordv1.RecordGroup, 0, len(options)+1)
	named := map[string]bool{"": true}
	for _, o := range options {
		g := byValue[o.GetValue()]
		if g == nil {
			g = &recordv1.RecordGroup{Value: o.GetValue()}
		}
		g.Label, named[o.GetValue()] = o.GetLabel(), true
		out = append(out, g)
	}
	for _, g := range found {
		if !named[g.GetValue()] {
			g.Label = g.GetValue()
			out = append(out, g)
		}
	}
	if g := byValue[""]; g != nil {
		out = append(out, g)
	}
	return out
}

// referenceGroups are one for each thing referred to, with its name.
func (h *Handler) referenceGroups(ctx context.Context, c access.Caller, by *recordv1.Field, found []*recordv1.RecordGroup) ([]*recordv1.RecordGroup, error) {
	var without *recordv1.RecordGroup
	out := make([]*recordv1.RecordGroup, 0, len(found))
	slices.SortStableFunc(found, func(a, b *recordv1.RecordGroup) int { return int(b.GetCount() - a.GetCount()) })
	p := newPointers()
	for _, g := range found {
		switch {
		case g.GetValue() == "":
			without = g
		case len(out) < maxGroups:
			p.add(by, g.GetValue())
			out = append(out, g)
		}
	}
	n, err := h.names(ctx, h.db, c, p)
	if err != nil {
		return nil, err
	}
	for _, g := range out {
		g.Label = strings.Join(n.titles(by, g.GetValue(), false), ", ")
	}
	if without != nil {
		out = append(out, without)
	}
	return out, nil
}
