package expr

import (
	"encoding/json"

	"github.com/google/uuid"
)

// fieldNode is the value of a field of the record.
type fieldNode struct {
	name  string
	field FieldType
}

func (n *fieldNode) kind() kind       { return n.field.kind() }
func (n *fieldNode) absentable() bool { return n.field != References }
func (n *fieldNode) steady() bool     { return false }

func (n *fieldNode) eval(f *frame) any {
	f.spend(1)
	return stored(n.field, f.record[n.name])
}

func (n *fieldNode) write(w *writer) string {
	text := w.args.alias + ".fields->>" + w.text(n.name)
	switch n.field {
	case Integer, Decimal:
		return "(" + text + ")::numeric"
	case Money:
		return "(" + w.args.alias + ".fields->" + w.text(n.name) + "->>'amount')::numeric"
	case Boolean:
		return "(" + text + ")::boolean"
	case Date:
		return "((" + text + ") || 'T00:00:00Z')::timestamptz"
	case DateTime:
		return "(" + text + ")::timestamptz"
	case References:
		return n.array(w)
	default:
		return "(" + text + ")"
	}
}

// array writes the JSON array of a references field; SQL NULL if there is none.
func (n *fieldNode) array(w *writer) string {
	return "NULLIF(" + w.args.alias + ".fields->" + w.text(n.name) + ", 'null'::jsonb)"
}

// contains writes that the stored JSON has this value in the field: never NULL,
// and the one test of fields that an index on the whole JSON serves.
func (n *fieldNode) contains(w *writer, value any) string {
	object, err := json.Marshal(map[string]any{n.name: value})
	if err != nil { // texts, booleans and numbers always encode
		return "false"
	}
	return "(" + w.args.alias + ".fields @> " + w.args.bind(string(object)) + "::jsonb)"
}

// equals writes that the field is equal to a present value, if containment says
// the same; a decimal's stored text does not, 12.5 and 12.50 being equal.
func (n *fieldNode) equals(w *writer, value any) (string, bool) {
	switch v := value.(type) {
	case bool, string:
		return n.contains(w, v), true
	default:
		return "", false
	}
}

// currencyNode is the currency of a money field.
type currencyNode struct{ name string }

func (n currencyNode) kind() kind       { return kindText }
func (n currencyNode) absentable() bool { return true }
func (n currencyNode) steady() bool     { return false }

func (n currencyNode) eval(f *frame) any {
	f.spend(1)
	return currency(f.record[n.name])
}

func (n currencyNode) write(w *writer) string {
	return "(" + w.args.alias + ".fields->" + w.text(n.name) + "->>'currency')"
}

// columnNode is a property that every record has outside of its fields.
type columnNode struct{ of column }

func (n columnNode) kind() kind       { return n.of.kind }
func (n columnNode) absentable() bool { return !n.of.always }
func (n columnNode) steady() bool     { return false }

func (n columnNode) eval(f *frame) any {
	f.spend(1)
	if n.of.kind == kindTime {
		return stored(DateTime, f.record[n.of.name])
	}
	return stored(Text, f.record[n.of.name])
}

func (n columnNode) write(w *writer) string {
	return w.args.alias + "." + n.of.name + "::" + n.of.kind.sqlType()
}

// equals writes that a UUID is equal to a text without turning the column into
// text, so that its index serves. No other text than the canonical one is equal.
func (n columnNode) equals(w *writer, value any) (string, bool) {
	text, ok := value.(string)
	if !ok || !n.of.uuid {
		return "", false
	}
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return "false", true
	}
	sql := "(" + w.args.alias + "." + n.of.name + " = " + w.args.bind(text) + "::uuid)"
	if !n.of.always {
		sql = "COALESCE(" + sql + ", false)"
	}
	return sql, true
}

// presence is has(record.x). An empty text is present in a record, but not in a
// user: somebody without an account has no attributes.
type presence struct {
	of    node // a fieldNode, columnNode, currencyNode or userNode
	field *fieldNode
}

func (n presence) kind() kind       { return kindBool }
func (n presence) absentable() bool { return false }
func (n presence) steady() bool     { return n.of.steady() }

func (n presence) eval(f *frame) any {
	f.spend(1)
	if n.field != nil {
		return present(n.field.field, f.record[n.field.name])
	}
	v := n.of.eval(f)
	return v != nil && (v != "" || !n.of.steady())
}

func (n presence) write(w *writer) string {
	switch {
	case n.field == nil:
		return "(" + w.node(n.of) + " IS NOT NULL)"
	case n.field.field == References:
		return "COALESCE(jsonb_array_length(" + n.field.array(w) + ") > 0, false)"
	}
	return "(" + w.args.alias + ".fields->>" + w.text(n.field.name) + " IS NOT NULL)"
}
