package record_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// groups are the groups as "value (label): count, sums".
func (p *person) groups(t *testing.T, req *recordv1.GroupRecordsRequest) []string {
	t.Helper()
	res, err := p.api.GroupRecords(t.Context(), req)
	require.NoError(t, err)
	out, total := []string{}, int64(0)
	for _, g := range res.GetGroups() {
		s := fmt.Sprintf("%s (%s): %d", g.GetValue(), g.GetLabel(), g.GetCount())
		for _, sum := range g.GetSums() {
			s += ", " + sum.GetAmount() + sum.GetCurrency()
		}
		total += g.GetCount()
		out = append(out, s)
	}
	require.Equal(t, res.GetCount(), total)
	return out
}

// Spec: R2, R3
func TestGroupRecords_CountsAndAddsUpTheColumnsOfABoard(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	for _, v := range []map[string]any{
		{"title": "A", "stage": "won", "expected_revenue": map[string]any{"amount": "10.50", "currency": "EUR"}, "probability": 10},
		{"title": "B", "stage": "won", "expected_revenue": map[string]any{"amount": "1", "currency": "EUR"}, "probability": 30, "assignee": bob.ID.String()},
		{"title": "C", "stage": "won", "expected_revenue": map[string]any{"amount": "7", "currency": "SEK"}},
		{"title": "D", "stage": "new", "assignee": bob.ID.String()},
	} {
		ada.create(t, "lead", v)
	}

	require.Equal(t, []string{
		"new (New): 1", "qualified (Qualified): 0", "proposition (Proposition): 0", "won (Won): 3, 11.50EUR, 7.00SEK", "lost (Lost): 0",
	}, ada.groups(t, &recordv1.GroupRecordsRequest{Type: "lead", Field: "stage", SumField: "expected_revenue"}))
	require.Equal(t, []string{
		"new (New): 0", "qualified (Qualified): 0", "proposition (Proposition): 0", "won (Won): 2, 40", "lost (Lost): 0",
	}, ada.groups(t, &recordv1.GroupRecordsRequest{Type: "lead", Field: "stage", SumField: "probability", Filter: "record.probability > 5"}))
	require.Equal(t, []string{bob.ID.String() + " (Bob): 2, 30", " (): 2, 10"},
		ada.groups(t, &recordv1.GroupRecordsRequest{Type: "lead", Field: "assignee", SumField: "probability"}))

	ada.create(t, "event", map[string]any{"title": "Fair", "start": "2026-12-01T09:00:00Z", "all_day": true})
	require.Equal(t, []string{"true (Yes): 1", "false (No): 0"}, ada.groups(t, &recordv1.GroupRecordsRequest{Type: "event", Field: "all_day"}))
	for field, req := range map[string]*recordv1.GroupRecordsRequest{
		"field":     {Type: "lead", Field: "title"},
		"sum_field": {Type: "lead", Field: "stage", SumField: "title"},
	} {
		_, err := ada.api.GroupRecords(t.Context(), req)
		require.Equal(t, field, refused(t, err, connect.CodeInvalidArgument, "FIELD_UNFIT"))
	}
	_, err := ada.api.GroupRecords(t.Context(), &recordv1.GroupRecordsRequest{Type: "lead", Field: "stage", Filter: "record.nothing == 1"})
	require.Equal(t, "filter", refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID"))
}

// A count says nothing of what the caller may not read.
// Spec: R1, R2
func TestGroupRecords_CountsOnlyWhatTheCallerMayRead(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	cid := ada.colleague(t, "Cid", identityv1.Role_ROLE_MEMBER)
	stage := &recordv1.Field{Name: "stage", Label: "Stage", Type: recordv1.FieldType_FIELD_TYPE_SELECTION, Options: []*recordv1.Option{
		{Value: "a", Label: "A"}, {Value: "b", Label: "B"},
	}}
	def := ada.makeType(t, &recordv1.RecordType{
		Name: "deal", Label: "Deal", TitleField: "name", Read: &recordv1.Permission{Condition: "record.creator == user.id"},
		Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: text}, stage,
			{Name: "margin", Label: "Margin", Type: decimal, ReadRoles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}},
		},
	})
	ada.create(t, "deal", map[string]any{"name": "Hers", "stage": "a", "margin": "1"})
	cid.create(t, "deal", map[string]any{"name": "His", "stage": "b"})
	require.Equal(t, []string{"a (A): 0", "b (B): 1"}, cid.groups(t, &recordv1.GroupRecordsRequest{Type: "deal", Field: "stage"}))
	_, err := cid.api.GroupRecords(t.Context(), &recordv1.GroupRecordsRequest{Type: "deal", Field: "stage", SumField: "margin"})
	refused(t, err, connect.CodeInvalidArgument, "FIELD_UNFIT")

	// An option that is no more still has its records.
	def.Fields[1].Options = def.Fields[1].Options[:1]
	_, err = ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
	require.NoError(t, err)
	require.Equal(t, []string{"a (A): 0", "b (b): 1"}, cid.groups(t, &recordv1.GroupRecordsRequest{Type: "deal", Field: "stage"}))
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(func() error {
		_, err := cid.api.GroupRecords(t.Context(), &recordv1.GroupRecordsRequest{Type: "nothing", Field: "stage"})
		return err
	}()))
}
