package expr_test

import (
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The values come from small sets, so that comparisons are often equal, and have
// what SQL, JSON, LIKE, patterns and locales treat specially.

func wordGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"", "a", "A", "b", "ab", "aB", "won", "lost", "100%", "a_b", `a\b`, "a'b", `a"b`, "$1", "?", "x\ny", "ü", "Ü", "ß",
		"s", "ſ", "K", "\u212a", "😀", "ab😀", "Ω", "é", "ann@example.com", id(1), id(2), " ", "\t", "{}", "null", "a.b", "EUR",
	})
}

func idGen() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return id(rapid.IntRange(1, 3).Draw(t, "id")) })
}

func decimalGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"0", "1", "-1", "2", "10", "0.5", "1.50", "1.5", "-2.25", "0.1", "0.2", "0.3", "100.00", "0.000000000000000000000001",
		"12345678901234567890.12", "9007199254740993", "-0",
	})
}

func timeGen() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		day := rapid.IntRange(-2, 2).Draw(t, "day")
		seconds := rapid.SampledFrom([]int{0, 0, 1, 43200, 86399}).Draw(t, "second")
		micros := rapid.SampledFrom([]int{0, 0, 1, 999999, 123456}).Draw(t, "micro")
		year := rapid.SampledFrom([]int{2026, 2026, 2026, 1970, 1900, 2100, 1, 9999}).Draw(t, "year")
		return time.Date(year, 3, 1+day, 0, 0, seconds, micros*1000, time.UTC)
	})
}

const stamp = "2006-01-02T15:04:05.000000Z"

// fieldGens makes the stored JSON of each field.
func fieldGens() map[string]*rapid.Generator[any] {
	gens := map[string]*rapid.Generator[any]{
		"count":    rapid.Map(rapid.SampledFrom([]int64{0, 1, -1, 2, 3, 100, 9007199254740993, -9223372036854775808}), anyOf),
		"rate":     rapid.Map(decimalGen(), anyOf),
		"done":     rapid.Map(rapid.Bool(), anyOf),
		"due":      rapid.Map(timeGen(), func(t time.Time) any { return t.Format(time.DateOnly) }),
		"seen":     rapid.Map(timeGen(), func(t time.Time) any { return t.Format(stamp) }),
		"owner":    rapid.Map(idGen(), anyOf),
		"watchers": rapid.Map(rapid.SliceOfN(idGen(), 0, 3), func(ids []string) any { return ids }),
		"price": rapid.Custom(func(t *rapid.T) any {
			return map[string]any{"amount": decimalGen().Draw(t, "amount"), "currency": "EUR"}
		}),
	}
	for _, name := range []string{"name", "notes", "stage", "mail", "phone", "site", "doc"} {
		gens[name] = rapid.Map(wordGen(), anyOf)
	}
	return gens
}

func anyOf[T any](v T) any { return v }

// rowGen makes records; fields are missing or null about as often as not.
func rowGen() *rapid.Generator[row] {
	return rowsWith([]string{"there", "there", "there", "missing", "null"})
}

// fullRowGen makes records in which nothing is absent.
func fullRowGen() *rapid.Generator[row] {
	return rapid.Map(rowsWith([]string{"there"}), func(r row) row {
		r.Fields["watchers"] = append(r.Fields["watchers"].([]string), r.ID)
		return r
	})
}

func rowsWith(states []string) *rapid.Generator[row] {
	return rapid.Custom(func(t *rapid.T) row {
		r := row{
			ID: idGen().Draw(t, "id"), Title: wordGen().Draw(t, "title"), Fields: map[string]any{},
			CreateTime: timeGen().Draw(t, "create_time"), UpdateTime: timeGen().Draw(t, "update_time"),
		}
		gens := fieldGens()
		for _, f := range append(schema().Fields, schema().Fields[0]) {
			switch rapid.SampledFrom(states).Draw(t, f.Name+" is") {
			case "there":
				r.Fields[f.Name] = gens[f.Name].Draw(t, f.Name)
			case "null":
				r.Fields[f.Name] = nil
			}
		}
		if rapid.SampledFrom(states).Draw(t, "creator is") == "there" {
			creator := idGen().Draw(t, "creator")
			r.Creator = &creator
		}
		return r
	})
}

// native returns the record as cel-go takes it, numbers being int64 or float64.
func (r row) native(t *rapid.T) map[string]any {
	record := map[string]any{"id": r.ID, "title": r.Title, "create_time": r.CreateTime, "update_time": r.UpdateTime, "creator": *r.Creator}
	for name, v := range r.Fields {
		record[name] = v
	}
	for name, layout := range map[string]string{"due": time.DateOnly, "seen": stamp} {
		at, err := time.Parse(layout, r.Fields[name].(string))
		require.NoError(t, err)
		record[name] = at
	}
	rate, err := strconv.ParseFloat(r.Fields["rate"].(string), 64)
	require.NoError(t, err)
	record["rate"] = rate
	return record
}
