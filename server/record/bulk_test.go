package record_test

import (
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

func reasons(results []*recordv1.RecordResult) []string {
	out := []string{}
	for _, r := range results {
		out = append(out, r.GetFailure().GetReason())
	}
	return out
}

// Spec: R2, R4
func TestUpdateRecords_SavesEachAndSaysWhatFailed(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_MEMBER)
	ada.makeType(t, &recordv1.RecordType{
		Name: "job", Label: "Job", TitleField: "name",
		Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: text}, {Name: "stage", Label: "Stage", Type: text, Tracked: true},
			{Name: "locked", Label: "Locked", Type: recordv1.FieldType_FIELD_TYPE_BOOLEAN},
		},
		Update: &recordv1.Permission{Condition: "record.locked != true"},
	})
	a, b := ada.create(t, "job", map[string]any{"name": "A"}).GetId(), ada.create(t, "job", map[string]any{"name": "B", "locked": true}).GetId()
	task, missing := ada.create(t, "task", map[string]any{"title": "T"}).GetId(), uuid.NewString()

	res, err := bob.api.UpdateRecords(t.Context(), &recordv1.UpdateRecordsRequest{
		RecordIds: []string{a, b, task, missing}, Fields: fields(t, map[string]any{"stage": "done"}),
	})
	require.NoError(t, err)
	require.Equal(t, []string{"", "RECORD_DENIED", "", "RECORD_NOT_FOUND"}, reasons(res.GetResults()))
	require.Equal(t, "done", res.GetResults()[0].GetRecord().GetFields().AsMap()["stage"])
	require.Equal(t, "Done", res.GetResults()[2].GetRecord().GetDisplay()["stage"])
	require.Equal(t, []string{"Stage:  -> done"}, bob.changes(t, a))
	require.Equal(t, []string{"Stage: To do -> Done"}, bob.changes(t, task))
	require.Len(t, ada.log(t, b), 1)

	res, err = bob.api.UpdateRecords(t.Context(), &recordv1.UpdateRecordsRequest{
		RecordIds: []string{task, a}, Fields: fields(t, map[string]any{"stage": "nowhere"}),
	})
	require.NoError(t, err)
	require.Equal(t, []string{"FIELD_INVALID", ""}, reasons(res.GetResults()))
	require.Equal(t, "record.fields.stage", res.GetResults()[0].GetFailure().GetField())
	require.NotEmpty(t, res.GetResults()[0].GetFailure().GetMessage())

	for _, bad := range [][]string{nil, {a, a}, make([]string, 201)} {
		_, err := bob.api.UpdateRecords(t.Context(), &recordv1.UpdateRecordsRequest{RecordIds: bad, Fields: fields(t, nil)})
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	}
}

// Spec: R2
func TestDeleteRecords_DeletesEachAndSaysWhatFailed(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_MEMBER)
	a, b := ada.create(t, "task", map[string]any{"title": "A"}).GetId(), ada.create(t, "task", map[string]any{"title": "B"}).GetId()

	res, err := bob.api.DeleteRecords(t.Context(), &recordv1.DeleteRecordsRequest{RecordIds: []string{a, b}})
	require.NoError(t, err)
	require.Equal(t, []string{"RECORD_DENIED", "RECORD_DENIED"}, reasons(res.GetResults()))
	res, err = ada.api.DeleteRecords(t.Context(), &recordv1.DeleteRecordsRequest{RecordIds: []string{a, uuid.NewString()}})
	require.NoError(t, err)
	require.Equal(t, []string{"", "RECORD_NOT_FOUND"}, reasons(res.GetResults()))
	require.Equal(t, []string{"B"}, ada.titles(t, "task", "", ""))
}

// Spec: R2, A5
func TestCreateRecord_OneRequestIDIsOneRecord(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	req := &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: "ticket", Fields: fields(t, map[string]any{"title": "Leak", "priority": "2"})},
	}
	first, err := ada.api.CreateRecord(t.Context(), req)
	require.NoError(t, err)
	ada.update(t, first.GetRecord().GetId(), map[string]any{"title": "Big leak"}) // what was made of it since does not matter

	again, err := ada.api.CreateRecord(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, first.GetRecord().GetId(), again.GetRecord().GetId())
	for _, other := range []map[string]any{{"title": "Other"}, {"title": ""}, nil} {
		req := proto.CloneOf(req)
		req.Record.Fields = fields(t, other)
		_, err = ada.api.CreateRecord(t.Context(), req)
		require.Equal(t, "request_id", refused(t, err, connect.CodeInvalidArgument, "REQUEST_ID_REUSED"))
	}
	req.Record.Type = "task"
	_, err = ada.api.CreateRecord(t.Context(), req)
	refused(t, err, connect.CodeInvalidArgument, "REQUEST_ID_REUSED")
}

// Whoever may not read a field is not even told that there was a change, and sees
// the others of the same save as one entry.
// Spec: R4
func TestChangeEntry_SaysNothingOfFieldsThatAreHidden(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	cid := ada.colleague(t, "Cid", identityv1.Role_ROLE_MEMBER)
	product := ada.create(t, "product", map[string]any{"name": "Spade"}).GetId()
	eur := func(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "EUR"} }

	bob.update(t, product, map[string]any{"cost": eur("4"), "price": eur("9"), "name": "Spade XL"})
	bob.update(t, product, map[string]any{"cost": eur("5")})

	require.Equal(t, []string{"Cost: 4.00 EUR -> 5.00 EUR"}, bob.changes(t, product))
	require.Len(t, bob.log(t, product), 3)
	require.Equal(t, []string{"Name: Spade -> Spade XL", "Price:  -> 9.00 EUR"}, cid.changes(t, product))
	seen := cid.log(t, product)
	require.Len(t, seen, 2)
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_CHANGE, seen[1].GetKind())
	require.NotContains(t, cid.get(t, product).GetFields().AsMap(), "cost")
	for _, f := range cid.typeNow(t, "product").GetFields() {
		require.NotEqual(t, "cost", f.GetName())
	}
	_, err := cid.tryUpdate(t, product, map[string]any{"cost": eur("1")})
	require.Equal(t, "record.fields.cost", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
}
