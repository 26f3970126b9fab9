package expr

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"cel.dev/cel-go/common/operators"
)

// call is an operation on its arguments.
type call struct {
	operation
	on []node
}

func (n *call) kind() kind       { return n.result }
func (n *call) absentable() bool { return n.absent == nil && anyAbsentable(n.on) }
func (n *call) steady() bool     { return allSteady(n.on) }

func (n *call) eval(f *frame) any {
	f.spend(1)
	args := make([]any, len(n.on))
	for i, arg := range n.on {
		args[i] = arg.eval(f)
		if args[i] == nil {
			return n.absent
		}
		f.spend(textSteps(args[i]))
	}
	return n.operation.eval(args)
}

// textSteps is what going through a value costs, beside the step of its node.
func textSteps(v any) int {
	s, _ := v.(string)
	return len(s) / 64
}

func (n *call) write(w *writer) string {
	if sql, ok := n.indexed(w); ok {
		return sql
	}
	args := make([]any, len(n.on))
	for i, sql := range w.nodes(n.on) {
		args[i] = sql
	}
	sql := fmt.Sprintf(n.sql, args...)
	if n.absent != nil && anyAbsentable(n.on) {
		return fmt.Sprintf("COALESCE(%s, %t)", sql, n.absent)
	}
	return sql
}

// indexable is a node that can write its equality to a value so that an index
// serves. What it writes is never NULL.
type indexable interface {
	equals(w *writer, value any) (sql string, ok bool)
}

// indexed writes the equality of a stored and a steady value for an index.
func (n *call) indexed(w *writer) (string, bool) {
	if n.name != operators.Equals && n.name != operators.NotEquals {
		return "", false
	}
	for i, arg := range n.on {
		of, ok := arg.(indexable)
		other := n.on[1-i]
		if !ok || !other.steady() {
			continue
		}
		sql, ok := of.equals(w, other.eval(w.frame))
		if ok && n.name == operators.NotEquals {
			sql = "(NOT " + sql + ")"
		}
		return sql, ok
	}
	return "", false
}

// member is `x in [a, b]`.
type member struct {
	of   node
	list []node
}

func (n *member) kind() kind       { return kindBool }
func (n *member) absentable() bool { return false }
func (n *member) steady() bool     { return n.of.steady() && allSteady(n.list) }

func (n *member) eval(f *frame) any {
	f.spend(1 + len(n.list))
	v := n.of.eval(f)
	if v == nil {
		return false
	}
	for _, item := range n.list {
		if other := item.eval(f); other != nil && compare(v, other) == 0 {
			return true
		}
	}
	return false
}

func (n *member) write(w *writer) string {
	if len(n.list) == 0 {
		return "false"
	}
	of := w.node(n.of)
	if !allSteady(n.list) || n.of.kind() == kindBool {
		return "COALESCE(" + of + " IN (" + strings.Join(w.nodes(n.list), ", ") + "), false)"
	}
	list := w.args.bind(boundList(n.list, w.frame)) + "::" + n.of.kind().sqlType() + "[]"
	return "COALESCE(" + of + " = ANY(" + list + "), false)"
}

// boundList computes steady nodes of one kind for one array parameter.
func boundList(list []node, f *frame) any {
	texts := make([]string, 0, len(list))
	times := make([]time.Time, 0)
	for _, item := range list {
		switch v := item.eval(f).(type) {
		case string:
			texts = append(texts, v)
		case *big.Rat:
			texts = append(texts, decimalText(v))
		case span:
			texts = append(texts, v.seconds())
		case time.Time:
			times = append(times, v)
		}
	}
	if len(times) > 0 {
		return times
	}
	return texts
}

// refers is `x in record.watchers`.
type refers struct {
	id   node
	list *fieldNode
}

func (n *refers) kind() kind       { return kindBool }
func (n *refers) absentable() bool { return false }
func (n *refers) steady() bool     { return false }

func (n *refers) eval(f *frame) any {
	ids, _ := n.list.eval(f).([]string)
	f.spend(1 + len(ids))
	id := n.id.eval(f)
	for _, other := range ids {
		if id == other {
			return true
		}
	}
	return false
}

func (n *refers) write(w *writer) string {
	if n.id.steady() {
		return n.list.contains(w, []any{n.id.eval(w.frame)})
	}
	return "COALESCE(" + n.list.array(w) + " ? " + w.node(n.id) + ", false)"
}

// loop is list.exists(x, body) or list.all(x, body).
type loop struct {
	// all is also what an empty list gives.
	all  bool
	over node
	body node
}

func (n *loop) kind() kind       { return kindBool }
func (n *loop) absentable() bool { return false }
func (n *loop) steady() bool     { return false }

func (n *loop) eval(f *frame) any {
	items, _ := n.over.eval(f).([]string)
	for _, item := range items {
		f.spend(1)
		f.item = item
		if f.budget < 0 || n.body.eval(f) != n.all {
			return !n.all
		}
	}
	return n.all
}

func (n *loop) write(w *writer) string {
	set := "unnest(" + w.node(n.over) + ")"
	if field, ok := n.over.(*fieldNode); ok {
		set = "jsonb_array_elements_text(" + field.array(w) + ")"
	}
	body, no := w.node(n.body), ""
	if n.all {
		body, no = "NOT "+body, "NOT "
	}
	return "(" + no + "EXISTS (SELECT FROM " + set + " AS each(item) WHERE " + body + "))"
}

// texts is a list of steady texts to loop over.
type texts struct{ list []node }

func (n *texts) kind() kind       { return kindTexts }
func (n *texts) absentable() bool { return false }
func (n *texts) steady() bool     { return true }

func (n *texts) eval(f *frame) any {
	items := make([]string, len(n.list))
	for i, item := range n.list {
		items[i], _ = item.eval(f).(string)
	}
	return items
}

func (n *texts) write(w *writer) string { return w.value(n.eval(w.frame)) }

// match is text.matches("pattern").
type match struct {
	text    node
	pattern *regexp.Regexp
	// size is the length of the compiled pattern: with the text's, the cost.
	size int
	// sql is the pattern as PostgreSQL writes it.
	sql string
}

func (n *match) kind() kind       { return kindBool }
func (n *match) absentable() bool { return false }
func (n *match) steady() bool     { return n.text.steady() }

func (n *match) eval(f *frame) any {
	text, ok := n.text.eval(f).(string)
	f.spend(1 + (len(text)+16)*(n.size+16)/64)
	return ok && f.budget >= 0 && n.pattern.MatchString(text)
}

func (n *match) write(w *writer) string {
	return "COALESCE(" + w.node(n.text) + " ~ " + w.text(n.sql) + ` COLLATE "C", false)`
}
