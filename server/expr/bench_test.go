package expr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/expr"
)

const ordinary = `record.stage in ["won", "lost"] && record.price > 1000 && (record.owner == user.id || user.id in record.watchers) && ` +
	`record.name.contains("100%") && record.due > now - duration("24h")`

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		_, err := expr.Compile(ordinary, schema())
		require.NoError(b, err)
	}
}

func BenchmarkEval(b *testing.B) {
	p, err := expr.Compile(ordinary, schema())
	require.NoError(b, err)
	record := map[string]any{
		"stage": "won", "price": map[string]any{"amount": "1250.00", "currency": "EUR"}, "owner": id(2), "watchers": []any{id(2), id(1)},
		"name": "Renewal 100%", "due": "2026-03-02",
	}
	for b.Loop() {
		met, err := p.Eval(b.Context(), record, ann(), noon())
		require.True(b, met && err == nil)
	}
}

func BenchmarkSQL(b *testing.B) {
	p, err := expr.Compile(ordinary, schema())
	require.NoError(b, err)
	for b.Loop() {
		_, err := p.SQL(expr.NewArgs("r", 3), ann(), noon())
		require.NoError(b, err)
	}
}
