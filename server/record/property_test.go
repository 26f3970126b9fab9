package record_test

import (
	"maps"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// Whatever is accepted comes back as it was answered, and can be filtered and
// sorted by: one value that PostgreSQL could not cast would break every list of
// its type.
// Spec: R2, R3
func TestRecords_WhatIsAcceptedCanBeReadFilteredAndSorted(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	names := []string{"name", "whole", "rate", "price", "done", "day", "moment", "mail", "phone", "site", "note"}
	ada.makeType(t, &recordv1.RecordType{Name: "thing", Label: "Thing", TitleField: "name", UniqueField: "rate", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: text, Tracked: true},
		{Name: "whole", Label: "Whole", Type: recordv1.FieldType_FIELD_TYPE_INTEGER, Tracked: true},
		{Name: "rate", Label: "Rate", Type: decimal, Tracked: true},
		{Name: "price", Label: "Price", Type: recordv1.FieldType_FIELD_TYPE_MONEY, Tracked: true},
		{Name: "done", Label: "Done", Type: recordv1.FieldType_FIELD_TYPE_BOOLEAN, Tracked: true},
		{Name: "day", Label: "Day", Type: recordv1.FieldType_FIELD_TYPE_DATE, Tracked: true},
		{Name: "moment", Label: "Moment", Type: recordv1.FieldType_FIELD_TYPE_DATETIME, Tracked: true},
		{Name: "mail", Label: "Mail", Type: recordv1.FieldType_FIELD_TYPE_EMAIL, Tracked: true},
		{Name: "phone", Label: "Phone", Type: recordv1.FieldType_FIELD_TYPE_PHONE, Tracked: true},
		{Name: "site", Label: "Site", Type: recordv1.FieldType_FIELD_TYPE_URL, Tracked: true},
		{Name: "note", Label: "Note", Type: recordv1.FieldType_FIELD_TYPE_LONG_TEXT, Tracked: true},
	}})
	filter := `record.whole > -1 || record.rate < 5 || record.price >= 0.5 || record.done || record.day < now || record.moment < now ||
		record.mail.contains("@") || record.phone != "1" || record.site.startsWith("h") || record.note == record.name || record.title == ""`

	rapid.Check(t, func(r *rapid.T) {
		record, err := ada.api.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{
			RequestId: uuid.NewString(), Record: &recordv1.Record{Type: "thing", Fields: drawn(r)},
		})
		if err != nil {
			require.Contains(r, []connect.Code{connect.CodeInvalidArgument, connect.CodeAlreadyExists}, connect.CodeOf(err), err)
			return
		}
		made := record.GetRecord()
		again, err := ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{
			Record: &recordv1.Record{Id: made.GetId(), Fields: made.GetFields()},
		})
		require.NoError(r, err)
		require.Equal(r, made.String(), again.GetRecord().String())
		for _, name := range names {
			_, err := ada.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "thing", Filter: filter, OrderBy: name, PageSize: 200})
			require.NoError(r, err, name)
		}
		_, err = ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{
			Record: &recordv1.Record{Id: made.GetId(), Fields: drawn(r)},
		})
		if err != nil {
			require.NotEqual(r, connect.CodeInternal, connect.CodeOf(err), err)
		}
	})
}

// drawn are fields of a thing, most of them right.
func drawn(r *rapid.T) *structpb.Struct {
	number := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,10})?`)
	v := map[string]any{}
	generators := map[string]*rapid.Generator[any]{
		"name": rapid.Map(rapid.String(), toAny), "note": rapid.Map(rapid.String(), toAny),
		"whole":  rapid.Map(rapid.Int64Range(-1<<53, 1<<53), func(n int64) any { return float64(n) }),
		"rate":   rapid.Map(number, toAny),
		"price":  rapid.Map(number, func(s string) any { return map[string]any{"amount": s, "currency": "EUR"} }),
		"done":   rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		"day":    rapid.Map(rapid.StringMatching(`[0-9]{4}-[01][0-9]-[0-2][0-9]`), toAny),
		"moment": rapid.Map(rapid.StringMatching(`[0-9]{4}-0[1-9]-[0-2][0-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{1,9}[+-]1[0-4]:00`), toAny),
		"mail":   rapid.Map(rapid.StringMatching(`[a-z%_\\']{1,9}@[a-zäß]{1,9}\.example`), toAny),
		"phone":  rapid.Map(rapid.StringMatching(`[0-9 ]{5,12}`), toAny),
		"site":   rapid.Map(rapid.StringMatching(`https://[a-z]{1,9}/[ -~]{0,9}`), toAny),
	}
	for _, name := range slices.Sorted(maps.Keys(generators)) {
		if rapid.Bool().Draw(r, "has "+name) {
			v[name] = generators[name].Draw(r, name)
		}
	}
	s, err := structpb.NewStruct(v)
	if err != nil { // a text that is no UTF-8 cannot be sent at all
		return &structpb.Struct{}
	}
	return s
}

func toAny(s string) any { return s }
