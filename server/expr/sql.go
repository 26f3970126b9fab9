package expr

import (
	"math/big"
	"strconv"
	"time"
)

// Args collects the parameters of a statement while its conditions are written.
// It belongs to one statement and one goroutine.
type Args struct {
	alias  string
	before int
	values []any
	texts  map[string]string
}

// NewArgs returns the parameters of a statement in which records go by alias,
// which is SQL written by the programmer, and which has `before` parameters of
// its own: the first one added is the next.
func NewArgs(alias string, before int) *Args {
	return &Args{alias: alias, before: before, texts: map[string]string{}}
}

// Values returns the parameters that were added, in the order of their numbers.
func (a *Args) Values() []any { return a.values }

// bind adds a parameter and returns its placeholder, without a type.
func (a *Args) bind(value any) string {
	a.values = append(a.values, value)
	return "$" + strconv.Itoa(a.before+len(a.values))
}

// text returns a placeholder for a text; the same text has only one.
func (a *Args) text(s string) string {
	placeholder, ok := a.texts[s]
	if !ok {
		placeholder = a.bind(s) + "::text"
		a.texts[s] = placeholder
	}
	return placeholder
}

// writer writes one filter for one user at one time.
type writer struct {
	args  *Args
	frame *frame
}

// node writes n. What does not depend on the record is computed here and now.
func (w *writer) node(n node) string {
	if n.steady() {
		return w.value(n.eval(w.frame))
	}
	return n.write(w)
}

func (w *writer) nodes(nodes []node) []string {
	written := make([]string, len(nodes))
	for i, n := range nodes {
		written[i] = w.node(n)
	}
	return written
}

func (w *writer) text(s string) string { return w.args.text(s) }

// value binds a present value.
func (w *writer) value(v any) string {
	switch v := v.(type) {
	case string:
		return w.text(v)
	case *big.Rat:
		return w.args.bind(decimalText(v)) + "::numeric"
	case time.Time:
		return w.args.bind(v) + "::timestamptz"
	case span:
		return w.args.bind(v.seconds()) + "::numeric"
	case []string:
		return w.args.bind(v) + "::text[]"
	default:
		return strconv.FormatBool(v == true)
	}
}
