package expr

import (
	"math/big"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// maxProducts bounds the length of calculated numbers.
const maxProducts = 8

// compiler gives a syntax tree its types and meaning. It belongs to one filter.
type compiler struct {
	info       *ast.SourceInfo
	operations map[string][]operation
	types      map[string]FieldType
	names      []string
	// item is the name of the loop's variable, inside of one.
	item     string
	products int
	// fields are the names read so far.
	fields []string
}

func newCompiler(schema Schema, info *ast.SourceInfo) *compiler {
	c := &compiler{info: info, operations: map[string][]operation{}, types: map[string]FieldType{}}
	for _, o := range operations() {
		c.operations[o.name] = append(c.operations[o.name], o)
	}
	for _, f := range schema.Fields {
		c.types[f.Name] = f.Type
		c.names = append(c.names, f.Name)
	}
	for _, builtin := range builtinColumns() {
		c.names = append(c.names, builtin.name)
	}
	return c
}

// lower turns a part of the tree into a node.
func (c *compiler) lower(e ast.Expr) (node, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		return c.literal(e)
	case ast.IdentKind:
		return c.variable(e)
	case ast.SelectKind:
		return c.selection(e)
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return nil, c.unsupported(e, "a list can only stand after in, or before exists and all")
	default:
		return nil, c.unsupported(e, "filters have no maps and objects")
	}
}

func (c *compiler) literal(e ast.Expr) (node, error) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return &literal{kindBool, bool(v)}, nil
	case types.Int:
		return &literal{kindNumber, new(big.Rat).SetInt64(int64(v))}, nil
	case types.Uint:
		return &literal{kindNumber, new(big.Rat).SetUint64(uint64(v))}, nil
	case types.Double:
		return c.decimal(e, float64(v))
	case types.String:
		if strings.ContainsRune(string(v), 0) {
			return nil, c.invalid(e, "a text cannot have a zero character")
		}
		return &literal{kindText, string(v)}, nil
	case types.Null:
		return nil, c.unsupported(e, "null can only be compared with a field; write has(record.field)")
	default:
		return nil, c.unsupported(e, "filters have no bytes; write a text without the b before it")
	}
}

// decimal takes the shortest decimal that is this literal, which is what was
// written if it has up to 15 digits.
func (c *compiler) decimal(e ast.Expr, v float64) (node, error) {
	const biggest, smallest = 1e30, 1e-30
	if v > biggest || v < -biggest || v != 0 && v < smallest && v > -smallest {
		return nil, c.invalid(e, "this number is too big or too small; use up to 30 digits")
	}
	return &literal{kindNumber, parseNumber(strconv.FormatFloat(v, 'f', -1, 64))}, nil
}

func (c *compiler) variable(e ast.Expr) (node, error) {
	switch name := e.AsIdent(); name {
	case "now":
		return nowNode{}, nil
	case "record", "user":
		return nil, c.invalid(e, "'%s' needs a field, as in %s.id", name, name)
	case "":
		return nil, c.invalid(e, "a name is missing")
	case c.item:
		return itemNode{}, nil
	default:
		return nil, c.unknownVariable(e, name)
	}
}

func (c *compiler) unknownVariable(e ast.Expr, name string) error {
	if _, ok := c.types[name]; ok {
		return c.invalid(e, "there is no variable '%s'; did you mean record.%s?", name, name)
	}
	return c.invalid(e, "there is no variable '%s'%s; a text is written in quotes", name,
		didYouMean(name, []string{"record", "user", "now"}))
}

// selection is record.x, user.x, or a part of a money field.
func (c *compiler) selection(e ast.Expr) (node, error) {
	of, name := e.AsSelect().Operand(), e.AsSelect().FieldName()
	switch {
	case isVariable(of, "record"):
		return c.field(e, name)
	case isVariable(of, "user"):
		for _, known := range userAttributes() {
			if name == known {
				return userNode{name}, nil
			}
		}
		return nil, c.invalid(e, "a user has no '%s'%s", name, didYouMean(name, userAttributes()))
	case isVariable(of, "now"):
		return nil, c.invalid(e, "now has no fields; use a function such as now.getFullYear()")
	}
	inner, err := c.lower(of)
	if err != nil {
		return nil, err
	}
	return c.part(e, inner, name)
}

func isVariable(e ast.Expr, name string) bool {
	return e.Kind() == ast.IdentKind && e.AsIdent() == name
}

func (c *compiler) part(e ast.Expr, of node, name string) (node, error) {
	field, ok := of.(*fieldNode)
	switch {
	case !ok || field.field != Money:
		return nil, c.invalid(e, "'%s' cannot be taken from %s; only money has parts", name, of.kind())
	case name == "amount":
		return of, nil
	case name == "currency":
		return currencyNode{field.name}, nil
	default:
		return nil, c.invalid(e, "money has no '%s'; there are: amount, currency", name)
	}
}

func (c *compiler) field(e ast.Expr, name string) (node, error) {
	for _, builtin := range builtinColumns() {
		if builtin.name == name {
			return columnNode{builtin}, nil
		}
	}
	t, ok := c.types[name]
	if !ok {
		return nil, c.invalid(e, "there is no field '%s' on this record type%s", name, didYouMean(name, c.names))
	}
	c.fields = append(c.fields, name)
	return &fieldNode{name: name, field: t}, nil
}

// call is an operator or a function.
func (c *compiler) call(e ast.Expr) (node, error) {
	of := e.AsCall()
	name, args := of.FunctionName(), of.Args()
	if of.IsMemberFunction() {
		args = append([]ast.Expr{of.Target()}, args...)
	}
	if special, ok := c.special(name, len(args), of.IsMemberFunction()); ok {
		return special(e, args)
	}
	if word, ok := refusedCalls()[name]; ok {
		return nil, c.unsupported(e, "%s", word)
	}
	if c.isNull(name, args) {
		return c.nullTest(e, name, args)
	}
	if name == operators.Multiply {
		if c.products++; c.products > maxProducts {
			return nil, c.invalid(e, "a filter multiplies at most %d times", maxProducts)
		}
	}
	on := make([]node, len(args))
	for i, arg := range args {
		var err error
		if on[i], err = c.lower(arg); err != nil {
			return nil, err
		}
	}
	return c.operation(e, name, on)
}

// operation finds the row of the table that fits the arguments.
func (c *compiler) operation(e ast.Expr, name string, on []node) (node, error) {
	rows, ok := c.operations[name]
	if !ok {
		return nil, c.unknownFunction(e, name)
	}
	if _, sign := operators.FindReverse(name); !sign && name != "size" && !e.AsCall().IsMemberFunction() {
		return nil, c.invalid(e, "%s is written after its value, as in record.field.%s(...)", name, name)
	}
	for _, row := range rows {
		if fits(row.args, on) {
			return &call{operation: row, on: on}, nil
		}
	}
	return nil, c.mismatch(e, name, rows, on)
}

func fits(kinds []kind, on []node) bool {
	if len(kinds) != len(on) {
		return false
	}
	for i, n := range on {
		if n.kind() != kinds[i] {
			return false
		}
	}
	return true
}
