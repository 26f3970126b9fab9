package expr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/fault"
)

// FuzzCompile holds that any text is compiled or refused with a short sentence,
// and that what compiles can be evaluated.
func FuzzCompile(f *testing.F) {
	for _, source := range seeds() {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := expr.Compile(source, schema())
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err), "%q: %v", source, err)
			require.NotContains(t, err.Error(), "%!", source)
			return
		}
		for _, record := range []map[string]any{nil, deal(t)} {
			_, err = p.Eval(t.Context(), record, ann(), noon())
			require.True(t, err == nil || fault.ReasonOf(err) == "FILTER_TOO_COSTLY", "%q: %v", source, err)
		}
	})
}

// FuzzSQL holds that what compiles is written as SQL of fixed words, whatever its
// fields and values are called, and that no parameter has what PostgreSQL refuses.
func FuzzSQL(f *testing.F) {
	for _, source := range seeds() {
		f.Add(source, "stage", "won' OR '1'='1")
	}
	f.Fuzz(func(t *testing.T, source, name, value string) {
		fields := append(schema().Fields, expr.Field{Name: name, Type: expr.Text})
		for _, filter := range []string{source, "record.`" + name + "` == " + quote(value), "record.name.contains(" + quote(value) + ")"} {
			p, err := expr.Compile(filter, expr.Schema{Fields: fields})
			if err != nil {
				continue
			}
			args := expr.NewArgs("r", 0)
			condition, err := p.SQL(args, ann(), noon())
			if err != nil {
				require.Equal(t, "FILTER_TOO_COSTLY", fault.ReasonOf(err))
				continue
			}
			requireFixedText(t, condition, len(args.Values()))
			for _, parameter := range args.Values() {
				if text, ok := parameter.(string); ok {
					require.False(t, strings.ContainsRune(text, 0), "%q", filter)
				}
			}
		}
	})
}
