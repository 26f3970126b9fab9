package expr

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// unknownFunction says which function was probably meant.
func (c *compiler) unknownFunction(e ast.Expr, name string) error {
	names := []string{"has", "matches", "exists", "all", "timestamp", "date", "duration"}
	for known := range c.operations {
		if _, sign := operators.FindReverse(known); !sign {
			names = append(names, known)
		}
	}
	slices.Sort(names)
	return c.invalid(e, "there is no function '%s' with these arguments%s", name, didYouMean(name, names))
}

// mismatch says why no row of the table fits.
func (c *compiler) mismatch(e ast.Expr, name string, rows []operation, on []node) error {
	sign, isSign := operators.FindReverse(name)
	switch {
	case isSign && len(on) == 2 && mixes(on, kindTime, kindText):
		return c.invalid(e, `a point in time cannot be compared with text; write date("2026-01-31") or timestamp("2026-01-31T15:00:00Z")`)
	case isSign && len(on) == 2 && mixes(on, kindNumber, kindText):
		return c.invalid(e, "%s cannot take %s and %s; a number is written without quotes", sign, on[0].kind(), on[1].kind())
	case isSign && len(on) == 2 && (on[0].kind() == kindTexts || on[1].kind() == kindTexts):
		return c.invalid(e, "%s cannot take a list; use in, exists, all or size", sign)
	case isSign && len(on) == 2:
		return c.invalid(e, "%s cannot take %s and %s", sign, on[0].kind(), on[1].kind())
	case len(on) == 0 || len(on) != len(rows[0].args):
		return c.invalid(e, "%s is written with %d value(s), the one before the dot counted", name, len(rows[0].args))
	}
	if isSign {
		name = sign
	}
	for i, n := range on {
		if want := rows[0].args[i]; n.kind() != want {
			return c.invalid(e, "%s needs %s, but this is %s", name, want, n.kind())
		}
	}
	return c.invalid(e, "%s cannot take %s", name, on[0].kind())
}

func mixes(on []node, a, b kind) bool {
	return on[0].kind() == a && on[1].kind() == b || on[0].kind() == b && on[1].kind() == a
}
