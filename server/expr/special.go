package expr

import (
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// special returns how a call is lowered that is more than an operation on values.
func (c *compiler) special(name string, args int, member bool) (func(ast.Expr, []ast.Expr) (node, error), bool) {
	switch {
	case name == operators.LogicalAnd || name == operators.LogicalOr:
		return c.junction, true
	case name == operators.LogicalNot:
		return c.not, true
	case name == operators.Conditional:
		return c.choice, true
	case name == operators.In:
		return c.in, true
	case name == operators.Has && args == 1 && !member:
		return c.has, true
	case name == "matches" && args == 2:
		return c.match, true
	case (name == "exists" || name == "all") && args == 3 && member:
		return c.loop, true
	case (name == "timestamp" || name == "date" || name == "duration") && args == 1 && !member:
		return c.moment, true
	default:
		return nil, false
	}
}

// refusedCalls tells of CEL's functions that filters do not have what to do instead.
func refusedCalls() map[string]string {
	number := "numbers need no conversion: integers, decimals and money compare with one another"
	walk := "filters have no map, filter and exists_one; use exists or all"
	return map[string]string{
		operators.Divide: "filters do not divide; multiply the other side instead",
		operators.Modulo: "filters have no remainder (%)",
		operators.Index:  "filters do not take single elements; use in or exists",
		"int":            number,
		"uint":           number,
		"double":         number,
		"string":         "filters do not convert to text",
		"dyn":            "filters have no dyn",
		"type":           "filters have no type",
		"map":            walk,
		"filter":         walk,
		"exists_one":     walk,
	}
}

// condition lowers an argument that must be true or false.
func (c *compiler) condition(e ast.Expr) (node, error) {
	n, err := c.lower(e)
	if err != nil {
		return nil, err
	}
	if n.kind() != kindBool {
		return nil, c.invalid(e, "a condition is needed here, but this is %s; compare it with something", n.kind())
	}
	return condition(n), nil
}

func (c *compiler) junction(e ast.Expr, args []ast.Expr) (node, error) {
	n := &junction{or: e.AsCall().FunctionName() == operators.LogicalOr}
	for _, arg := range args {
		one, err := c.condition(arg)
		if err != nil {
			return nil, err
		}
		if inner, ok := one.(*junction); ok && inner.or == n.or {
			n.args = append(n.args, inner.args...)
			continue
		}
		n.args = append(n.args, one)
	}
	return n, nil
}

func (c *compiler) not(_ ast.Expr, args []ast.Expr) (node, error) {
	of, err := c.condition(args[0])
	if err != nil {
		return nil, err
	}
	return not{of}, nil
}

func (c *compiler) choice(e ast.Expr, args []ast.Expr) (node, error) {
	test, err := c.condition(args[0])
	if err != nil {
		return nil, err
	}
	yes, err := c.lower(args[1])
	if err != nil {
		return nil, err
	}
	no, err := c.lower(args[2])
	if err != nil {
		return nil, err
	}
	if yes.kind() != no.kind() || yes.kind() == kindTexts {
		return nil, c.invalid(e, "both sides of : must be single values of one kind, but they are %s and %s", yes.kind(), no.kind())
	}
	return &choice{test: test, yes: yes, no: no}, nil
}

func (c *compiler) in(e ast.Expr, args []ast.Expr) (node, error) {
	of, err := c.lower(args[0])
	if err != nil {
		return nil, err
	}
	if args[1].Kind() == ast.ListKind {
		list, err := c.list(args[1], of.kind())
		return &member{of: of, list: list}, err
	}
	list, err := c.lower(args[1])
	if err != nil {
		return nil, err
	}
	field, ok := list.(*fieldNode)
	if !ok || field.field != References {
		return nil, c.invalid(e, "after in stands a list such as [\"a\", \"b\"] or a field with many references, but this is %s", list.kind())
	}
	if of.kind() != kindText {
		return nil, c.invalid(e, "a field with many references has texts, but this is %s", of.kind())
	}
	return &refers{id: of, list: field}, nil
}

// list lowers the elements of a list, which are of one kind.
func (c *compiler) list(e ast.Expr, of kind) ([]node, error) {
	elements := e.AsList().Elements()
	list := make([]node, len(elements))
	for i, element := range elements {
		n, err := c.lower(element)
		if err != nil {
			return nil, err
		}
		if n.kind() != of || of == kindTexts {
			return nil, c.invalid(element, "the list must have %s here, but this is %s", of, n.kind())
		}
		list[i] = n
	}
	return list, nil
}

func (c *compiler) has(e ast.Expr, args []ast.Expr) (node, error) {
	if args[0].Kind() != ast.SelectKind {
		return nil, c.invalid(e, "has needs a field, as in has(record.title)")
	}
	of, err := c.lower(args[0])
	if err != nil {
		return nil, err
	}
	field, _ := of.(*fieldNode)
	return presence{of: of, field: field}, nil
}

func (c *compiler) isNull(name string, args []ast.Expr) bool {
	return (name == operators.Equals || name == operators.NotEquals) && slices.ContainsFunc(args, isNullLiteral)
}

func isNullLiteral(e ast.Expr) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral() == types.NullValue
}

// nullTest is `record.x == null`, another way to say !has(record.x).
func (c *compiler) nullTest(e ast.Expr, name string, args []ast.Expr) (node, error) {
	tested := args[0]
	if isNullLiteral(tested) {
		tested = args[1]
	}
	n, err := c.has(e, []ast.Expr{tested})
	if err != nil || name == operators.NotEquals {
		return n, err
	}
	return not{n}, nil
}

func (c *compiler) match(e ast.Expr, args []ast.Expr) (node, error) {
	text, err := c.lower(args[0])
	if err != nil {
		return nil, err
	}
	if text.kind() != kindText {
		return nil, c.invalid(e, "matches looks at text, but this is %s", text.kind())
	}
	source, ok := textLiteral(args[1])
	if !ok {
		return nil, c.unsupported(args[1], "the pattern of matches must be written out as a text")
	}
	p, wrong := compilePattern(source)
	if wrong != "" {
		return nil, c.invalid(args[1], "%s", wrong)
	}
	return &match{text: text, pattern: p.re, size: p.size, sql: p.sql}, nil
}

func textLiteral(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func (c *compiler) loop(e ast.Expr, args []ast.Expr) (node, error) {
	name := args[1].AsIdent()
	switch {
	case c.item != "":
		return nil, c.unsupported(e, "a filter has no loop inside a loop")
	case args[1].Kind() != ast.IdentKind || name == "record" || name == "user" || name == "now":
		return nil, c.invalid(e, "the first argument names the element, as in record.watchers.exists(w, w == user.id)")
	}
	over, err := c.items(args[0])
	if err != nil {
		return nil, err
	}
	c.item = name
	body, err := c.condition(args[2])
	c.item = ""
	if err != nil {
		return nil, err
	}
	return &loop{all: e.AsCall().FunctionName() == "all", over: over, body: body}, nil
}

// items lowers what a loop goes over.
func (c *compiler) items(e ast.Expr) (node, error) {
	if e.Kind() != ast.ListKind {
		over, err := c.lower(e)
		if err == nil && over.kind() != kindTexts {
			return nil, c.invalid(e, "exists and all need a list, but this is %s", over.kind())
		}
		return over, err
	}
	list, err := c.list(e, kindText)
	if err == nil && !allSteady(list) {
		return nil, c.unsupported(e, "a list to loop over cannot have fields of the record")
	}
	return &texts{list}, err
}

// moment is a time or duration that is written out. timestamp(x) of a time is x.
func (c *compiler) moment(e ast.Expr, args []ast.Expr) (node, error) {
	name := e.AsCall().FunctionName()
	source, ok := textLiteral(args[0])
	switch {
	case ok && name == "duration":
		return c.duration(args[0], source)
	case ok:
		return c.time(args[0], name, source)
	}
	n, err := c.lower(args[0])
	if err == nil && (n.kind() != kindTime || name != "timestamp") {
		return nil, c.unsupported(e, "%s needs a text that is written out", name)
	}
	return n, err
}

func (c *compiler) time(e ast.Expr, name, source string) (node, error) {
	v, isDate := parseTime(source), len(source) == len(dateLayout)
	switch {
	case name == "date" && (v == nil || !isDate):
		return nil, c.invalid(e, `a date is written date("2026-01-31")`)
	case v == nil || isDate != (name == "date"):
		return nil, c.invalid(e, `a timestamp is written timestamp("2026-01-31T15:00:00Z"), a day date("2026-01-31")`)
	}
	return &literal{kindTime, v}, nil
}

func (c *compiler) duration(e ast.Expr, source string) (node, error) {
	const longest = 100 * 365 * 24 * time.Hour
	d, err := time.ParseDuration(strings.TrimSpace(source))
	if err != nil {
		return nil, c.invalid(e, `a duration is written duration("36h"), with h, m and s for hours, minutes and seconds`)
	}
	if d > longest || d < -longest {
		return nil, c.invalid(e, "a duration has at most 100 years")
	}
	return &literal{kindDuration, span(d.Microseconds())}, nil
}
