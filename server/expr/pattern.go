package expr

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

const (
	maxPatternBytes = 512
	// maxPatternSize bounds the compiled program, maxAssertions the places where ^,
	// $ and \b stand, and maxPatternSQL the bytes it takes in PostgreSQL, where \pL
	// is ten thousand. PostgreSQL's own limit, which would fail a query when it runs,
	// is beyond them; assertions that are many or repeated come to it first.
	maxPatternSize = 1000
	maxAssertions  = 6
	maxPatternSQL  = 64 << 10
	// maxRepeat is PostgreSQL's limit for a{n}.
	maxRepeat = 255
)

// pattern is a regular expression in both dialects.
type pattern struct {
	re   *regexp.Regexp
	size int
	// sql means in PostgreSQL what re means in Go.
	sql string
}

// compilePattern reads RE2, CEL's syntax. PostgreSQL's differs in small print
// (classes by locale, dots and newlines, flags, escapes), so nothing of the
// source is handed on: the parsed pattern is written anew from the few forms
// whose meaning is the same there. Whether a match is greedy makes no difference
// to whether there is one. The returned sentence says what is wrong, if anything is.
func compilePattern(source string) (pattern, string) {
	if len(source) > maxPatternBytes {
		return pattern{}, fmt.Sprintf("a pattern has at most %d bytes", maxPatternBytes)
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return pattern{}, fmt.Sprintf("the pattern is not a valid RE2 expression: %s", patternFault(err))
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return pattern{}, "the pattern is not a valid RE2 expression"
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxPatternSize {
		return pattern{}, tooComplex
	}
	w := &patternWriter{}
	w.write(tree)
	if w.refusal == "" && (w.out.Len() > maxPatternSQL || w.assertions > maxAssertions) {
		w.refusal = tooComplex
	}
	return pattern{re: re, size: len(program.Inst), sql: w.out.String()}, w.refusal
}

const tooComplex = "the pattern is too complex; shorten it or repeat less"

func patternFault(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

const (
	matchesNothing = `(?:\Z\A.)`

	wordAfter  = `(?=[0-9A-Za-z_])`
	wordBefore = `(?<=[0-9A-Za-z_])`
	restAfter  = `(?![0-9A-Za-z_])`
	restBefore = `(?<![0-9A-Za-z_])`
)

type patternWriter struct {
	out        strings.Builder
	assertions int
	repeating  bool
	refusal    string
}

func (w *patternWriter) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		w.literal(re)
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpConcat, syntax.OpCapture:
		w.group(re.Sub, "")
	case syntax.OpAlternate:
		w.group(re.Sub, "|")
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		w.repeat(re)
	case syntax.OpNoMatch:
		w.out.WriteString(matchesNothing)
	case syntax.OpEmptyMatch:
		w.out.WriteString(`(?:)`)
	case syntax.OpAnyCharNotNL:
		w.out.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		w.out.WriteString(`.`)
	default:
		w.out.WriteString(w.assertion(re.Op))
	}
}

// assertion writes a test of a place in the text. Line anchors are refused: they
// mean something else there, and a filter has no use for them.
func (w *patternWriter) assertion(op syntax.Op) string {
	w.assertions++
	if w.repeating {
		w.refusal = `in a pattern ^, $ and \b cannot be inside of what is repeated`
	}
	switch op {
	case syntax.OpBeginText:
		return `\A`
	case syntax.OpEndText:
		return `\Z`
	case syntax.OpWordBoundary:
		return "(?:" + wordBefore + restAfter + "|" + restBefore + wordAfter + ")"
	case syntax.OpNoWordBoundary:
		return "(?:" + wordBefore + wordAfter + "|" + restBefore + restAfter + ")"
	default:
		w.refusal = "a pattern cannot use (?m); ^ and $ stand for the ends of the whole text"
		return ""
	}
}

func (w *patternWriter) group(parts []*syntax.Regexp, between string) {
	w.out.WriteString("(?:")
	for i, part := range parts {
		if i > 0 {
			w.out.WriteString(between)
		}
		w.write(part)
	}
	w.out.WriteString(")")
}

func (w *patternWriter) repeat(re *syntax.Regexp) {
	outer := w.repeating
	w.repeating = outer || re.Op != syntax.OpQuest
	w.group(re.Sub, "")
	w.repeating = outer
	switch re.Op {
	case syntax.OpStar:
		w.out.WriteString("*")
	case syntax.OpPlus:
		w.out.WriteString("+")
	case syntax.OpQuest:
		w.out.WriteString("?")
	default:
		w.counted(re.Min, re.Max)
	}
}

func (w *patternWriter) counted(least, most int) {
	if least > maxRepeat || most > maxRepeat {
		w.refusal = fmt.Sprintf("a pattern repeats at most %d times, as in x{%d}", maxRepeat, maxRepeat)
		return
	}
	if most < 0 {
		fmt.Fprintf(&w.out, "{%d,}", least)
		return
	}
	fmt.Fprintf(&w.out, "{%d,%d}", least, most)
}

func (w *patternWriter) literal(re *syntax.Regexp) {
	for _, r := range re.Rune {
		if r == 0 {
			w.out.WriteString(matchesNothing)
			continue
		}
		if re.Flags&syntax.FoldCase == 0 {
			w.out.WriteString(patternRune(r))
			continue
		}
		ranges := []rune{r, r}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			ranges = append(ranges, other, other)
		}
		w.class(ranges)
	}
}

// class writes ranges of characters, given as pairs. No text in PostgreSQL has a
// zero character, so ranges start after it.
func (w *patternWriter) class(ranges []rune) {
	w.out.WriteString("[")
	empty := true
	for i := 0; i+1 < len(ranges); i += 2 {
		low, high := max(ranges[i], 1), ranges[i+1]
		if high < low {
			continue
		}
		empty = false
		w.out.WriteString(patternRune(low))
		if high > low {
			w.out.WriteString("-" + patternRune(high))
		}
	}
	if empty {
		w.out.WriteString(`^\u0001-\U0010FFFF`)
	}
	w.out.WriteString("]")
}

// patternRune writes a character so that it stands for itself everywhere.
func patternRune(r rune) string {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return string(r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04X`, r)
	default:
		return fmt.Sprintf(`\U%08X`, r)
	}
}
