package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"

	"github.com/parley-chat/parley/server/fault"
)

// place names a position for people, who count from one.
func place(at common.Location) string {
	column := max(at.Column(), 0) + 1
	if at.Line() > 1 {
		return fmt.Sprintf("line %d, column %d", at.Line(), column)
	}
	return fmt.Sprintf("column %d", column)
}

// at returns the failure f with a sentence about a position.
func at(f *fault.Error, where common.Location, format string, args ...any) *fault.Error {
	return f.WithMessage("%s: %s", place(where), fmt.Sprintf(format, args...))
}

func (c *compiler) invalid(e ast.Expr, format string, args ...any) error {
	return at(errInvalid, c.start(e), format, args...)
}

func (c *compiler) unsupported(e ast.Expr, format string, args ...any) error {
	return at(errUnsupported, c.start(e), format, args...)
}

// start returns where an expression begins; for record.name that is the name, not
// the dot before it.
func (c *compiler) start(e ast.Expr) common.Location {
	where := c.info.GetStartLocation(e.ID())
	if e.Kind() == ast.SelectKind {
		return common.NewLocation(where.Line(), where.Column()+1)
	}
	return where
}

// syntaxFault says a parser's complaint in words that help.
func syntaxFault(source string, found *common.Error) error {
	message := strings.TrimPrefix(found.Message, "Syntax error: ")
	_, rest, _ := strings.Cut(message, "'")
	token, _, _ := strings.Cut(rest, "'")
	token = strings.TrimSpace(token)
	return at(errInvalid, found.Location, "%s", complaint(source, found.Location, message, token))
}

func complaint(source string, where common.Location, message, token string) string {
	switch {
	case strings.Contains(message, "recursion"):
		return "the filter is nested too deeply; use fewer parentheses"
	case strings.HasPrefix(message, "invalid"):
		return "this value cannot be read (" + message + ")"
	case strings.Contains(message, "unsupported syntax"):
		return "filters do not have " + token
	case strings.HasPrefix(message, "missing"):
		return "a " + token + " is missing"
	case token == "<EOF>":
		return "the filter ends too early; a value is missing"
	case strings.HasPrefix(token, `"`), strings.HasPrefix(token, `'`), token == "" && strings.ContainsAny(source, `"'`):
		return `a text is not closed or has an unknown escape; write "text" and double each \ in it`
	case token == "":
		return "the filter cannot be read from here on"
	case wordBeforeIsNot(source, where):
		return "did not expect " + token + " after not; for not, write !"
	default:
		return "did not expect " + token + " here" + cure(token)
	}
}

// wordBeforeIsNot reports whether what stands before a position is the word not.
func wordBeforeIsNot(source string, where common.Location) bool {
	lines := strings.Split(source, "\n")
	if where.Line() < 1 || where.Line() > len(lines) {
		return false
	}
	line := []rune(lines[where.Line()-1])
	before := strings.Fields(string(line[:min(max(where.Column(), 0), len(line))]))
	return len(before) > 0 && strings.EqualFold(before[len(before)-1], "not")
}

// cure names what people of other languages meant.
func cure(token string) string {
	word, _, _ := strings.Cut(strings.ToLower(token), " ")
	cures := map[string]string{
		"=":      "to compare, write ==",
		"&":      "for and, write &&",
		"and":    "for and, write &&",
		"|":      "for or, write ||",
		"or":     "for or, write ||",
		"not":    "for not, write !",
		">":      "for not equal, write !=",
		"in":     "write value in [list]",
		"like":   `write contains("text")`,
		"ilike":  `write contains("text")`,
		"is":     "for presence, write has(record.field)",
		"\u201c": `write plain quotes, as in "text"`,
		"\u201d": `write plain quotes, as in "text"`,
		"\u201e": `write plain quotes, as in "text"`,
		"\u2018": `write plain quotes, as in "text"`,
	}
	if hint, ok := cures[word]; ok {
		return "; " + hint
	}
	return ""
}

// didYouMean suggests the name that was probably meant, or the names there are.
func didYouMean(name string, names []string) string {
	best, distance := "", 3
	for _, candidate := range names {
		if d := editDistance(name, candidate); d < distance && d < max(len(candidate), 2) {
			best, distance = candidate, d
		}
	}
	if best != "" {
		return "; did you mean '" + best + "'?"
	}
	if len(names) == 0 || len(names) > 12 {
		return ""
	}
	return "; there are: " + strings.Join(names, ", ")
}

// editDistance counts the letters to change, add or drop; swapped letters are two.
func editDistance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			change := previous[j]
			if a[i] != b[j] {
				change++
			}
			current[j+1] = min(change, previous[j+1]+1, current[j]+1)
		}
		previous = current
	}
	return previous[len(b)]
}
