package expr

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"

	"github.com/parley-chat/parley/server/fault"
)

const (
	maxSource  = 4096
	maxNesting = 40
	// maxSteps bounds one evaluation to some milliseconds; a filter of ordinary
	// size takes under a hundred.
	maxSteps = 200_000
)

var (
	errInvalid     = fault.New(fault.Invalid, "FILTER_INVALID", "the filter is not valid")
	errUnsupported = fault.New(fault.Invalid, "FILTER_UNSUPPORTED", "the filter uses what filters do not have")
	errTooCostly   = fault.New(fault.Invalid, "FILTER_TOO_COSTLY",
		"the filter takes too long on this record; make its texts, lists or patterns shorter")
)

// Program is a compiled filter. It is immutable and may be used by any number of
// goroutines.
type Program struct {
	source string
	root   node
	fields []string
}

// Compile reads a filter over records of a schema. A filter that cannot be used
// fails with a fault of kind Invalid: FILTER_INVALID if it is wrong,
// FILTER_UNSUPPORTED if it is CEL that filters do not have. The message says
// where and what to do. A program that compiles can be evaluated and translated.
func Compile(source string, schema Schema) (*Program, error) {
	tree, err := parse(source)
	if err != nil {
		return nil, err
	}
	c := newCompiler(schema, tree.SourceInfo())
	root, err := c.lower(tree.Expr())
	if err != nil {
		return nil, err
	}
	if root.kind() != kindBool {
		return nil, c.invalid(tree.Expr(), "a filter must be true or false, but this is %s; compare it with something", root.kind())
	}
	slices.Sort(c.fields)
	return &Program{source: source, root: condition(root), fields: slices.Compact(c.fields)}, nil
}

// String returns the filter's source.
func (p *Program) String() string { return p.source }

// Fields returns the names of the record's fields that the filter reads, sorted,
// so that a filter can be refused to somebody who may not read one of them.
func (p *Program) Fields() []string { return slices.Clone(p.fields) }

// Eval reports whether a record meets the filter. The record maps the names of
// its fields to their stored JSON, decoded by encoding/json (with UseNumber if
// its integers may exceed 2^53), and id, title, creator, create_time and
// update_time to text and time.Time. It fails with FILTER_TOO_COSTLY if the
// record is too big for the filter, and with the context's error.
func (p *Program) Eval(ctx context.Context, record map[string]any, user User, now time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("evaluate filter: %w", err)
	}
	f := &frame{record: record, user: user, now: microseconds(now), budget: maxSteps}
	met := p.root.eval(f) == true
	if f.budget < 0 {
		return false, errTooCostly
	}
	return met, nil
}

// SQL writes the filter as a condition over the rows that args name. The
// condition is never NULL, so it may be negated and combined. Its text is made of
// fixed parts and placeholders only; names and values are in args. It fails with
// FILTER_TOO_COSTLY if the parts that do not depend on the record are.
//
// The row must have the columns id, title, creator, create_time, update_time and
// fields (jsonb, not null).
func (p *Program) SQL(args *Args, user User, now time.Time) (string, error) {
	w := &writer{args: args, frame: &frame{user: user, now: microseconds(now), budget: maxSteps}}
	sql := w.node(p.root)
	if w.frame.budget < 0 {
		return "", errTooCostly
	}
	return sql, nil
}

// parse reads the syntax tree. Macros are left unexpanded: compiler gives has,
// exists and all their meaning.
func parse(source string) (*ast.AST, error) {
	if length := utf8.RuneCountInString(source); length > maxSource {
		return nil, errInvalid.WithMessage("a filter has at most %d characters; this one has %d", maxSource, length)
	}
	if strings.TrimSpace(source) == "" {
		return nil, errInvalid.WithMessage("the filter is empty; write a condition such as record.title == \"Hello\"")
	}
	if !utf8.ValidString(source) || strings.ContainsRune(source, 0) {
		return nil, errInvalid.WithMessage("the filter has bytes that are not text; use UTF-8")
	}
	p, err := parser.NewParser(
		parser.MaxRecursionDepth(maxNesting),
		parser.ErrorRecoveryLimit(4),
		parser.ErrorReportingLimit(4),
	)
	if err != nil {
		return nil, fmt.Errorf("make CEL parser: %w", err)
	}
	tree, problems := p.Parse(common.NewTextSource(source))
	if found := problems.GetErrors(); len(found) > 0 {
		return nil, syntaxFault(source, found[0])
	}
	return tree, nil
}
