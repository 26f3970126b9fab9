package record

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/expr"
)

func fieldOfType(t recordv1.FieldType) *recordv1.Field {
	f := &recordv1.Field{Name: "f", Label: "F", Type: t}
	if t == recordv1.FieldType_FIELD_TYPE_SELECTION {
		f.Options = []*recordv1.Option{{Value: "a", Label: "Alpha"}, {Value: "b", Label: "Beta"}}
	}
	return f
}

// raw draws what a client may send for a field: things that fit, things that
// nearly fit, and nonsense.
func raw(r *rapid.T) any {
	id := rapid.Custom(func(r *rapid.T) string {
		var u uuid.UUID
		copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "bytes"))
		return u.String()
	})
	number := rapid.StringMatching(`[+-]?[0-9]{0,20}(\.[0-9]{0,14})?`)
	words := rapid.OneOf(rapid.String(), number, id,
		rapid.StringMatching(`[0-9]{4}-[0-9]{2}-[0-9]{2}`),
		rapid.StringMatching(`[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])`),
		rapid.StringMatching(`[A-Za-z.+-]{1,9}@[A-Za-z0-9ä.-]{1,9}\.[A-Z]{2}`),
		rapid.StringMatching(`\+?[0-9 ()/.-]{3,20}`),
		rapid.StringMatching(`(https?://)?[a-z.]{1,9}(:[0-9]{1,4})?/[a-z%?&=#]{0,9}`),
		rapid.SampledFrom([]string{"a", "b", "Alpha", "", " ", "yes", "0", "\x00", "\ufeff", "\r\n", "NaN", "Infinity", "1e9", "EUR", "0001-01-01T00:00:00+14:00"}),
	)
	money := rapid.Custom(func(r *rapid.T) any {
		return map[string]any{"amount": number.Draw(r, "amount"), "currency": rapid.SampledFrom([]string{"EUR", "jpy", "KWD", "XYZ", ""}).Draw(r, "currency")}
	})
	return rapid.OneOf(
		rapid.Map(words, func(s string) any { return s }), money, rapid.Just[any](nil), rapid.Just[any](true),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.Int64Range(-1<<54, 1<<54), func(n int64) any { return float64(n) }),
		rapid.Map(rapid.SliceOfN(id, 0, 4), func(ids []string) any {
			list := []any{}
			for _, id := range ids {
				list = append(list, id)
			}
			return list
		}),
	).Draw(r, "raw")
}

// What is accepted has one form: writing it again, as it is stored or as it is
// answered, changes nothing.
// Spec: R1, R2
func TestNormalise_IsItsOwnInverseThroughStorageAndAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		f := fieldOfType(recordv1.FieldType(rapid.IntRange(1, 15).Draw(r, "type")))
		v, w := normalise(f, raw(r))
		if w != nil {
			require.NotEmpty(r, w.message)
			return
		}
		again, w := normalise(f, v)
		require.Nil(r, w)
		require.Equal(r, v, again)

		encoded, err := values{"f": v}.encoded()
		require.NoError(r, err)
		var back values
		require.NoError(r, json.Unmarshal(encoded, &back))
		require.Equal(r, v, back["f"])
		if v == nil {
			return
		}
		t := &Type{def: &recordv1.RecordType{Fields: []*recordv1.Field{f}}}
		shown := (&stored{values: back}).proto(t, systemCaller()).GetFields().AsMap()
		answered, w := normalise(f, shown["f"])
		require.Nil(r, w)
		require.Equal(r, v, answered)
		require.True(r, sameValue(f, v, answered))
	})
}

func TestNormalise_TakesWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	money := func(amount, currency string) any { return map[string]any{"amount": amount, "currency": currency} }
	id := "01234567-89ab-7def-8123-456789abcdef"
	for _, c := range []struct {
		kind     recordv1.FieldType
		in, want any
	}{
		{recordv1.FieldType_FIELD_TYPE_TEXT, "  two\r\nlines\t ", "two lines"},
		{recordv1.FieldType_FIELD_TYPE_LONG_TEXT, " a\r\nb\rc\x07 ", "a\nb\nc"},
		{recordv1.FieldType_FIELD_TYPE_TEXT, " \n ", nil},
		{recordv1.FieldType_FIELD_TYPE_INTEGER, math.Copysign(0, -1), 0.0},
		{recordv1.FieldType_FIELD_TYPE_INTEGER, float64(1 << 53), float64(1 << 53)},
		{recordv1.FieldType_FIELD_TYPE_DECIMAL, "+007.50", "7.50"},
		{recordv1.FieldType_FIELD_TYPE_DECIMAL, "-.0", "0.0"},
		{recordv1.FieldType_FIELD_TYPE_DECIMAL, 0.1, "0.1"},
		{recordv1.FieldType_FIELD_TYPE_DECIMAL, strings.Repeat("9", 30), strings.Repeat("9", 30)},
		{recordv1.FieldType_FIELD_TYPE_MONEY, money("12.5", "eur"), money("12.50", "EUR")},
		{recordv1.FieldType_FIELD_TYPE_MONEY, money("300", "JPY"), money("300", "JPY")},
		{recordv1.FieldType_FIELD_TYPE_MONEY, money("0.0015", "USD"), money("0.0015", "USD")},
		{recordv1.FieldType_FIELD_TYPE_MONEY, money("-1", "KWD"), money("-1.000", "KWD")},
		{recordv1.FieldType_FIELD_TYPE_DATETIME, "2026-11-30T12:00:00+01:00", "2026-11-30T11:00:00.000000Z"},
		{recordv1.FieldType_FIELD_TYPE_REFERENCE, strings.ToUpper(id), id},
		{recordv1.FieldType_FIELD_TYPE_REFERENCES, []any{id, strings.ToUpper(id)}, []any{id}},
		{recordv1.FieldType_FIELD_TYPE_REFERENCES, []any{}, nil},
		{recordv1.FieldType_FIELD_TYPE_EMAIL, " Ann.Lee+x@Müller.Example ", "Ann.Lee+x@müller.example"},
		{recordv1.FieldType_FIELD_TYPE_PHONE, " +49  30 / 123-45 ", "+49 30 / 123-45"},
		{recordv1.FieldType_FIELD_TYPE_URL, "www.example.com/a?b", "https://www.example.com/a?b"},
	} {
		got, w := normalise(fieldOfType(c.kind), c.in)
		require.Nil(t, w, "%v %v", c.kind, c.in)
		require.Equal(t, c.want, got, c.kind)
	}
}

func TestNormalise_RefusesWhatWouldNotCompareOrStore(t *testing.T) {
	t.Parallel()
	money := func(amount, currency any) any { return map[string]any{"amount": amount, "currency": currency} }
	for kind, bad := range map[recordv1.FieldType][]any{
		recordv1.FieldType_FIELD_TYPE_TEXT:       {"a\x00b", "a\xffb", strings.Repeat("ä", 1001), 5.0, true},
		recordv1.FieldType_FIELD_TYPE_LONG_TEXT:  {strings.Repeat("x", 100_001)},
		recordv1.FieldType_FIELD_TYPE_INTEGER:    {1.5, math.NaN(), math.Inf(1), float64(1<<53 + 2), "5"},
		recordv1.FieldType_FIELD_TYPE_DECIMAL:    {"1e5", "1,5", "--1", "+-1", ".", "1/3", "0x1", strings.Repeat("9", 31), 1e300, math.NaN(), true},
		recordv1.FieldType_FIELD_TYPE_MONEY:      {"12.50 EUR", money("1", "EURO"), money("", "EUR"), money("1", nil), map[string]any{"amount": "1", "currency": "EUR", "x": 1}},
		recordv1.FieldType_FIELD_TYPE_BOOLEAN:    {"true", 1.0},
		recordv1.FieldType_FIELD_TYPE_DATE:       {"2026-02-30", "30.11.2026", "0000-01-01", "2026-11-30T00:00:00Z", "12026-01-01"},
		recordv1.FieldType_FIELD_TYPE_DATETIME:   {"2026-11-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-30 12:00:00Z"},
		recordv1.FieldType_FIELD_TYPE_SELECTION:  {"c", "Alpha", 1.0},
		recordv1.FieldType_FIELD_TYPE_REFERENCE:  {"x", "{01234567-89ab-7def-8123-456789abcdef}", uuid.Nil.String()},
		recordv1.FieldType_FIELD_TYPE_REFERENCES: {"x", []any{"x"}, []any{1.0}, make([]any, 501)},
		recordv1.FieldType_FIELD_TYPE_EMAIL:      {"ann", "@b.example", "a@b", "a b@c.example", "Ann <a@b.example>", "a@-b.example", "a@b..example", ".a@b.example"},
		recordv1.FieldType_FIELD_TYPE_PHONE:      {"12", "call me", "+49 30 <script>", strings.Repeat("1", 21)},
		recordv1.FieldType_FIELD_TYPE_URL:        {"javascript:alert(1)", "ftp://example.com", "https://", "https://exa mple.com"},
		recordv1.FieldType_FIELD_TYPE_FILE:       {"x"},
	} {
		for _, v := range bad {
			got, w := normalise(fieldOfType(kind), v)
			require.NotNil(t, w, "%v took %v as %v", kind, v, got)
		}
	}
}

// The types of fields stand in one order in the contract and in the language of
// conditions, which their numbers are converted by.
func TestFieldTypes_AreTheSameInConditions(t *testing.T) {
	t.Parallel()
	for want, have := range map[expr.FieldType]recordv1.FieldType{
		expr.Text: recordv1.FieldType_FIELD_TYPE_TEXT, expr.LongText: recordv1.FieldType_FIELD_TYPE_LONG_TEXT,
		expr.Integer: recordv1.FieldType_FIELD_TYPE_INTEGER, expr.Decimal: recordv1.FieldType_FIELD_TYPE_DECIMAL,
		expr.Money: recordv1.FieldType_FIELD_TYPE_MONEY, expr.Boolean: recordv1.FieldType_FIELD_TYPE_BOOLEAN,
		expr.Date: recordv1.FieldType_FIELD_TYPE_DATE, expr.DateTime: recordv1.FieldType_FIELD_TYPE_DATETIME,
		expr.Selection: recordv1.FieldType_FIELD_TYPE_SELECTION, expr.Reference: recordv1.FieldType_FIELD_TYPE_REFERENCE,
		expr.References: recordv1.FieldType_FIELD_TYPE_REFERENCES, expr.Email: recordv1.FieldType_FIELD_TYPE_EMAIL,
		expr.Phone: recordv1.FieldType_FIELD_TYPE_PHONE, expr.URL: recordv1.FieldType_FIELD_TYPE_URL,
		expr.File: recordv1.FieldType_FIELD_TYPE_FILE,
	} {
		require.Equal(t, want, expr.FieldType(have), have)
	}
}

// Spec: R1
func TestBuiltInTypes_PassTheirOwnCheck(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range builtinNames() {
		def, err := builtinType(name)
		require.NoError(t, err)
		require.Equal(t, name, def.GetName())
		require.Nil(t, check(def, func(name string) bool { return known[name] }), name)
		require.NotEmpty(t, def.GetIcon(), name)
		require.NotEmpty(t, def.GetPluralLabel(), name)
		known[name] = true
	}
}

// Spec: R2
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		"title,amount,stage\nA,12.50 EUR,Alpha\n", "\ufefftitle\r\n\"a\"\"b\"\r\n", "title;stage\n", "title\n\"", "{\"title\": \"x\"}\n",
		"{\"title\": {}, \"amount\": [1]}\n[]\nnull\n", "title,others\na,b;;c\n", "\x00", "title,title\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	t, err := compile(&recordv1.RecordType{TitleField: "title", UniqueField: "title", Fields: []*recordv1.Field{
		{Name: "title", Label: "Title", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Required: true},
		{Name: "amount", Label: "Amount", Type: recordv1.FieldType_FIELD_TYPE_MONEY},
		{Name: "stage", Label: "Stage", Type: recordv1.FieldType_FIELD_TYPE_SELECTION, Options: fieldOfType(recordv1.FieldType_FIELD_TYPE_SELECTION).Options},
		{Name: "others", Label: "Others", Type: recordv1.FieldType_FIELD_TYPE_REFERENCES, TargetType: "user"},
	}}, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(test *testing.T, data []byte, lines bool) {
		format := recordv1.ImportFormat_IMPORT_FORMAT_CSV
		if lines {
			format = recordv1.ImportFormat_IMPORT_FORMAT_JSON_LINES
		}
		rows, err := read(t, systemCaller(), format, data)
		if err != nil {
			return
		}
		wanted, p := map[string]map[string]bool{}, newPointers()
		for _, r := range rows {
			r.convert(t, systemCaller(), wanted)
		}
		for i, r := range rows {
			r.normalise(t, map[string]map[string]target{}, p)
			require.Equal(test, i+1, r.number)
			if len(r.wrong) > 0 {
				continue
			}
			v, w := t.fresh(systemCaller(), r.given)
			if w != nil {
				require.Equal(test, "title", w.field) // what else is wrong was found before
				continue
			}
			_, err := structpb.NewStruct(v) // and can be answered
			require.NoError(test, err)
			_, _, w = t.changed(systemCaller(), v, r.given)
			require.Nil(test, w)
		}
	})
}
