package expr

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/fault"
)

const maxOrderKeys = 5

var (
	errOrder = fault.New(fault.Invalid, "ORDER_INVALID", `order_by is a list of fields such as "amount desc, title"`)
	errPage  = fault.New(fault.Invalid, "PAGE_TOKEN_INVALID", "the page token does not fit this list; start again without one")
)

// Order is how a list of records is sorted: by its keys in turn, records without
// a value last in either direction, and by id in the end, so that no two records
// tie and a page can continue behind any record.
//
// Text sorts as people expect (by the Unicode collation), not as filters compare.
type Order struct {
	keys   []orderKey
	fields []string
}

type orderKey struct {
	of         node
	id         bool
	descending bool
}

// OrderBy reads an order such as "amount desc, title" over the fields and built-in
// properties of records. An empty one sorts by id, which is by creation. It fails
// with ORDER_INVALID.
func OrderBy(source string, schema Schema) (Order, error) {
	var o Order
	c := newCompiler(schema, nil)
	parts := strings.Split(source, ",")
	if strings.TrimSpace(source) == "" {
		parts = nil
	}
	if len(parts) > maxOrderKeys {
		return o, errOrder.WithMessage("order_by has at most %d fields", maxOrderKeys)
	}
	for _, part := range parts {
		name, descending, err := orderPart(part)
		if err != nil {
			return o, err
		}
		if err := o.add(c, name, descending); err != nil {
			return o, err
		}
	}
	o.fields = c.fields
	if !slices.ContainsFunc(o.keys, func(k orderKey) bool { return k.id }) {
		descending := len(o.keys) > 0 && o.keys[len(o.keys)-1].descending
		o.keys = append(o.keys, orderKey{of: columnNode{builtinColumns()[0]}, id: true, descending: descending})
	}
	return o, nil
}

func orderPart(part string) (name string, descending bool, err error) {
	words := strings.Fields(part)
	switch {
	case len(words) == 1 || len(words) == 2 && strings.EqualFold(words[1], "asc"):
		return words[0], false, nil
	case len(words) == 2 && strings.EqualFold(words[1], "desc"):
		return words[0], true, nil
	default:
		return "", false, errOrder.WithMessage(`order_by has %q; write a field's name, and desc for the other direction`, part)
	}
}

func (o *Order) add(c *compiler, name string, descending bool) error {
	key := orderKey{descending: descending, id: name == "id"}
	of, ok := c.orderNode(name)
	switch {
	case !ok:
		return errOrder.WithMessage("there is no field '%s' on this record type%s", name, didYouMean(name, c.names))
	case of.kind() == kindTexts:
		return errOrder.WithMessage("records cannot be sorted by '%s', which has many references", name)
	}
	for _, other := range o.keys {
		if sameOrderNode(other.of, of) {
			return errOrder.WithMessage("order_by has '%s' twice", name)
		}
	}
	key.of = of
	o.keys = append(o.keys, key)
	return nil
}

func (c *compiler) orderNode(name string) (node, bool) {
	for _, builtin := range builtinColumns() {
		if builtin.name == name {
			return columnNode{builtin}, true
		}
	}
	t, ok := c.types[name]
	if ok {
		c.fields = append(c.fields, name)
	}
	return &fieldNode{name: name, field: t}, ok
}

func sameOrderNode(a, b node) bool {
	if x, ok := a.(*fieldNode); ok {
		y, ok := b.(*fieldNode)
		return ok && x.name == y.name
	}
	return a == b
}

// Fields returns the names of the record's fields that the order reads.
func (o Order) Fields() []string { return slices.Clone(o.fields) }

// SQL writes what stands after ORDER BY.
func (o Order) SQL(args *Args) string {
	w := &writer{args: args}
	terms := make([]string, len(o.keys))
	for i, k := range o.keys {
		terms[i] = k.sql(w) + k.direction()
		if k.of.absentable() {
			terms[i] += " NULLS LAST"
		}
	}
	return strings.Join(terms, ", ")
}

// Keys writes one text expression for each part of the order, to be selected with
// the record. The values of a page's last record, NULL being nil, are what After
// takes.
func (o Order) Keys(args *Args) []string {
	w := &writer{args: args}
	keys := make([]string, len(o.keys))
	for i, k := range o.keys {
		keys[i] = k.of.write(w) + "::text"
		if k.of.kind() == kindTime {
			keys[i] = "to_char(" + k.of.write(w) + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
		}
	}
	return keys
}

// After writes the condition that a record comes after the one with these keys.
// It is never NULL. It fails with PAGE_TOKEN_INVALID if the keys are not of this
// order.
func (o Order) After(args *Args, keys []*string) (string, error) {
	if len(keys) != len(o.keys) {
		return "", errPage
	}
	w := &writer{args: args}
	bounds := make([]string, len(keys))
	for i, k := range o.keys {
		bound, ok := k.bound(w, keys[i])
		if !ok {
			return "", errPage
		}
		bounds[i] = bound
	}
	if o.plain() {
		return o.row(w, bounds), nil
	}
	var cases, same []string
	for i, k := range o.keys {
		if after := k.after(w, bounds[i]); after != "" {
			cases = append(cases, "("+strings.Join(append(slices.Clone(same), after), " AND ")+")")
		}
		same = append(same, k.sql(w)+" IS NOT DISTINCT FROM "+bounds[i])
	}
	return "(" + strings.Join(cases, " OR ") + ")", nil
}

// plain reports whether the order is one direction over what every record has: a
// comparison of rows then says it, which an index serves.
func (o Order) plain() bool {
	return !slices.ContainsFunc(o.keys, func(k orderKey) bool {
		return k.of.absentable() || k.descending != o.keys[0].descending
	})
}

func (o Order) row(w *writer, bounds []string) string {
	columns := make([]string, len(o.keys))
	for i, k := range o.keys {
		columns[i] = k.sql(w)
	}
	return "((" + strings.Join(columns, ", ") + ")" + o.keys[0].sign() + "(" + strings.Join(bounds, ", ") + "))"
}

// after writes that the key comes after a bound; "" if nothing does.
func (k orderKey) after(w *writer, bound string) string {
	switch {
	case bound == "NULL":
		return ""
	case k.of.absentable():
		return "COALESCE(" + k.sql(w) + k.sign() + bound + ", true)"
	default:
		return "(" + k.sql(w) + k.sign() + bound + ")"
	}
}

func (k orderKey) direction() string {
	if k.descending {
		return " DESC"
	}
	return ""
}

func (k orderKey) sign() string {
	if k.descending {
		return " < "
	}
	return " > "
}

func (k orderKey) sql(w *writer) string {
	switch {
	case k.id:
		return w.args.alias + ".id"
	case k.of.kind() == kindText:
		return k.of.write(w) + ` COLLATE "und-x-icu"`
	default:
		return k.of.write(w)
	}
}

// bound binds a key, as Keys gave it.
func (k orderKey) bound(w *writer, key *string) (string, bool) {
	switch {
	case key == nil:
		return "NULL", k.of.absentable()
	case k.id:
		_, err := uuid.Parse(*key)
		return w.args.bind(*key) + "::uuid", err == nil
	case k.of.kind() == kindNumber:
		return w.args.bind(*key) + "::numeric", plainDecimal(*key)
	case k.of.kind() == kindTime:
		t := parseTime(*key)
		return w.args.bind(t) + "::timestamptz", t != nil
	case k.of.kind() == kindBool:
		return w.args.bind(*key) + "::boolean", *key == "true" || *key == "false"
	default:
		return w.text(*key), !strings.ContainsRune(*key, 0)
	}
}
