package expr

import (
	"strings"
	"time"
)

// node is one typed part of a compiled filter. It knows both of its meanings, so
// that they stand side by side: its value for one record, and SQL for all.
type node interface {
	kind() kind
	// absentable reports whether the value may be absent. SQL of a node that is
	// not absentable is never NULL.
	absentable() bool
	// steady reports whether the value is the same for every record. A steady
	// node is computed in memory and bound, so its write is never called.
	steady() bool
	eval(f *frame) any
	write(w *writer) string
}

// frame is what a node is computed from.
type frame struct {
	record map[string]any
	user   User
	now    time.Time
	// item is the current element of the one loop there can be.
	item string
	// budget is how many more steps may be taken; below zero, values are
	// meaningless and the evaluation fails.
	budget int
}

func (f *frame) spend(steps int) { f.budget -= steps }

// literal is a value written in the filter.
type literal struct {
	of    kind
	value any
}

func (n *literal) kind() kind             { return n.of }
func (n *literal) absentable() bool       { return false }
func (n *literal) steady() bool           { return true }
func (n *literal) eval(*frame) any        { return n.value }
func (n *literal) write(w *writer) string { return w.value(n.value) }

// nowNode is the time of the evaluation, one for all records.
type nowNode struct{}

func (nowNode) kind() kind             { return kindTime }
func (nowNode) absentable() bool       { return false }
func (nowNode) steady() bool           { return true }
func (nowNode) eval(f *frame) any      { return f.now }
func (nowNode) write(w *writer) string { return w.value(w.frame.now) }

// userNode is one attribute of the user.
type userNode struct{ name string }

func (n userNode) kind() kind             { return kindText }
func (n userNode) absentable() bool       { return false }
func (n userNode) steady() bool           { return true }
func (n userNode) eval(f *frame) any      { return f.user.attribute(n.name) }
func (n userNode) write(w *writer) string { return w.value(w.frame.user.attribute(n.name)) }

// itemNode is the variable of a loop.
type itemNode struct{}

func (itemNode) kind() kind           { return kindText }
func (itemNode) absentable() bool     { return false }
func (itemNode) steady() bool         { return false }
func (itemNode) eval(f *frame) any    { return f.item }
func (itemNode) write(*writer) string { return "each.item" }

// truth turns an absent boolean into false where a condition is asked for.
type truth struct{ of node }

// condition returns n as a boolean that is never absent.
func condition(n node) node {
	if n.absentable() {
		return truth{n}
	}
	return n
}

func (n truth) kind() kind        { return kindBool }
func (n truth) absentable() bool  { return false }
func (n truth) steady() bool      { return n.of.steady() }
func (n truth) eval(f *frame) any { return n.of.eval(f) == true }
func (n truth) write(w *writer) string {
	return "COALESCE(" + w.node(n.of) + ", false)"
}

// not is the opposite of a condition.
type not struct{ of node }

func (n not) kind() kind             { return kindBool }
func (n not) absentable() bool       { return false }
func (n not) steady() bool           { return n.of.steady() }
func (n not) eval(f *frame) any      { return n.of.eval(f) != true }
func (n not) write(w *writer) string { return "(NOT " + w.node(n.of) + ")" }

// junction is && or || over conditions.
type junction struct {
	// or is also the value that decides the whole.
	or   bool
	args []node
}

func (n *junction) kind() kind       { return kindBool }
func (n *junction) absentable() bool { return false }
func (n *junction) steady() bool     { return allSteady(n.args) }

func (n *junction) eval(f *frame) any {
	f.spend(1)
	for _, arg := range n.args {
		if arg.eval(f) == n.or {
			return n.or
		}
	}
	return !n.or
}

func (n *junction) write(w *writer) string {
	word := " AND "
	if n.or {
		word = " OR "
	}
	return "(" + strings.Join(w.nodes(n.args), word) + ")"
}

// choice is `test ? yes : no`.
type choice struct{ test, yes, no node }

func (n *choice) kind() kind       { return n.yes.kind() }
func (n *choice) absentable() bool { return n.yes.absentable() || n.no.absentable() }
func (n *choice) steady() bool     { return allSteady([]node{n.test, n.yes, n.no}) }

func (n *choice) eval(f *frame) any {
	f.spend(1)
	if n.test.eval(f) == true {
		return n.yes.eval(f)
	}
	return n.no.eval(f)
}

func (n *choice) write(w *writer) string {
	return "(CASE WHEN " + w.node(n.test) + " THEN " + w.node(n.yes) + " ELSE " + w.node(n.no) + " END)"
}

func allSteady(nodes []node) bool {
	for _, n := range nodes {
		if !n.steady() {
			return false
		}
	}
	return true
}

func anyAbsentable(nodes []node) bool {
	for _, n := range nodes {
		if n.absentable() {
			return true
		}
	}
	return false
}
