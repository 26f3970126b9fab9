package expr_test

import (
	"time"

	"github.com/parley-chat/parley/server/expr"
)

// schema has a field of every type.
func schema() expr.Schema {
	return expr.Schema{Fields: []expr.Field{
		{Name: "name", Type: expr.Text},
		{Name: "notes", Type: expr.LongText},
		{Name: "count", Type: expr.Integer},
		{Name: "rate", Type: expr.Decimal},
		{Name: "price", Type: expr.Money},
		{Name: "done", Type: expr.Boolean},
		{Name: "due", Type: expr.Date},
		{Name: "seen", Type: expr.DateTime},
		{Name: "stage", Type: expr.Selection},
		{Name: "owner", Type: expr.Reference},
		{Name: "watchers", Type: expr.References},
		{Name: "mail", Type: expr.Email},
		{Name: "phone", Type: expr.Phone},
		{Name: "site", Type: expr.URL},
		{Name: "doc", Type: expr.File},
	}}
}

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC) }

func ann() expr.User {
	return expr.User{ID: id(1), Email: "ann@example.com", Name: "Ann", Role: "agent", Locale: "de"}
}

// id returns one of a few ids.
func id(n int) string {
	return "00000000-0000-7000-8000-00000000000" + string(rune('0'+n))
}
