package record_test

import (
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// Spec: R2
func TestCreateRecord_FillsDefaultsAndShowsValuesAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	garden := ada.create(t, "contact", map[string]any{"name": "  Garden   Ltd ", "email": "Info@Garden.EXAMPLE", "website": "garden.example"})

	lead := ada.create(t, "lead", map[string]any{
		"title": "Hedge", "contact": garden.GetId(), "assignee": ada.ID.String(), "close_date": "2026-12-24",
		"expected_revenue": map[string]any{"amount": 1200, "currency": "eur"}, "probability": 40,
	})

	require.Equal(t, "Garden   Ltd", garden.GetTitle())
	require.Equal(t, map[string]any{
		"name": "Garden   Ltd", "email": "Info@garden.example", "website": "https://garden.example", "kind": "person",
	}, garden.GetFields().AsMap())
	require.Equal(t, map[string]any{
		"title": "Hedge", "stage": "new", "contact": garden.GetId(), "assignee": ada.ID.String(), "close_date": "2026-12-24",
		"expected_revenue": map[string]any{"amount": "1200.00", "currency": "EUR"}, "probability": 40.0,
	}, lead.GetFields().AsMap())
	require.Equal(t, map[string]string{
		"stage": "New", "contact": "Garden   Ltd", "assignee": "Ada", "close_date": "2026-12-24", "expected_revenue": "1200.00 EUR",
		"probability": "40",
	}, lead.GetDisplay())
	require.Equal(t, ada.ID.String(), lead.GetCreatorId())
	require.NotEmpty(t, lead.GetEtag())
	require.Equal(t, lead.String(), ada.get(t, lead.GetId()).String())
}

// Spec: R2
func TestCreateRecord_SameRequestAnswersTheFirstRecord(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	req := &recordv1.CreateRecordRequest{
		RequestId: uuid.NewString(), Record: &recordv1.Record{Type: "ticket", Fields: fields(t, map[string]any{"title": "Broken", "number": "T-1"})},
	}

	first, err := ada.api.CreateRecord(t.Context(), req)
	require.NoError(t, err)
	second, err := ada.api.CreateRecord(t.Context(), req)
	require.NoError(t, err)

	require.Equal(t, first.GetRecord().GetId(), second.GetRecord().GetId())
	require.Equal(t, []string{"Broken"}, ada.titles(t, "ticket", "", ""))
	require.Len(t, ada.log(t, first.GetRecord().GetId()), 1)
}

// Spec: R2
func TestUpdateRecord_MaskDecidesWhatIsCleared(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	contact := ada.create(t, "contact", map[string]any{"name": "Garden Ltd", "city": "Bonn", "phone": "030 1234", "tags": "vip"})

	one := ada.update(t, contact.GetId(), map[string]any{"tags": "ignored", "phone": "030 5678"}, "fields.city", "fields.phone")
	require.Equal(t, map[string]any{"name": "Garden Ltd", "kind": "person", "phone": "030 5678", "tags": "vip"}, one.GetFields().AsMap())

	all := ada.update(t, contact.GetId(), map[string]any{"name": "Garden"}, "fields")
	require.Equal(t, map[string]any{"name": "Garden"}, all.GetFields().AsMap())

	null := ada.update(t, contact.GetId(), map[string]any{"kind": "company"})
	require.Equal(t, "company", null.GetFields().AsMap()["kind"])

	_, err := ada.tryUpdate(t, contact.GetId(), map[string]any{}, "fields.name")
	require.Equal(t, "record.fields.name", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	_, err = ada.tryUpdate(t, contact.GetId(), map[string]any{}, "title")
	refused(t, err, connect.CodeInvalidArgument, "MASK_INVALID")
	_, err = ada.tryUpdate(t, contact.GetId(), map[string]any{}, "fields.nonsense")
	refused(t, err, connect.CodeInvalidArgument, "MASK_INVALID")
}

// Spec: R2
func TestUpdateRecord_EtagGuardsAgainstOverwriting(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	task := ada.create(t, "task", map[string]any{"title": "Water"})
	ada.update(t, task.GetId(), map[string]any{"tags": "garden"})

	_, err := ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
		Id: task.GetId(), Etag: task.GetEtag(), Fields: fields(t, map[string]any{"tags": "house"}),
	}})

	refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	require.Equal(t, "garden", ada.get(t, task.GetId()).GetFields().AsMap()["tags"])
}

// Spec: R1
func TestReferences_PointToWhatExistsAndMayBeRead(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada, eve := n.workspace(t, "acme"), n.workspace(t, "other")
	foreign := eve.create(t, "contact", map[string]any{"name": "Foreign"})
	task := ada.create(t, "task", map[string]any{"title": "Water"})

	for _, id := range []string{foreign.GetId(), task.GetId(), uuid.NewString()} {
		_, err := ada.tryCreate(t, "lead", map[string]any{"title": "Hedge", "contact": id})
		require.Equal(t, "record.fields.contact", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	}
	_, err := ada.tryCreate(t, "lead", map[string]any{"title": "Hedge", "assignee": eve.ID.String()})
	require.Equal(t, "record.fields.assignee", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	_, err = ada.tryUpdate(t, task.GetId(), map[string]any{"watchers": []any{ada.ID.String(), uuid.NewString()}})
	require.Equal(t, "record.fields.watchers", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
}

// Spec: R2
func TestDeleteRecord_TakesItsThreadAndLeavesReferencesThatShowNothing(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	garden := ada.create(t, "contact", map[string]any{"name": "Garden Ltd"})
	lead := ada.create(t, "lead", map[string]any{"title": "Hedge", "contact": garden.GetId()})

	_, err := ada.api.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: garden.GetId()})
	require.NoError(t, err)

	_, err = ada.api.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: garden.GetId()})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, err = ada.api.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: garden.GetId()})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, ok, err := ada.threads.Facts(t.Context(), ada.Workspace, uuid.MustParse(garden.GetId()))
	require.NoError(t, err)
	require.False(t, ok)

	dangling := ada.get(t, lead.GetId())
	require.Equal(t, garden.GetId(), dangling.GetFields().AsMap()["contact"])
	require.Empty(t, dangling.GetDisplay()["contact"])
	ada.update(t, lead.GetId(), dangling.GetFields().AsMap()) // as a form sends it back
	ada.update(t, lead.GetId(), map[string]any{}, "fields.contact")
	require.Equal(t, []string{"Contact:  -> "}, ada.changes(t, lead.GetId()))
}

// Spec: R2
func TestUpsertRecord_FindsByUniqueValueHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.makeType(t, &recordv1.RecordType{
		Name: "account", Label: "Account", TitleField: "name", UniqueField: "email", Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Required: true},
			{Name: "email", Label: "E-mail", Type: recordv1.FieldType_FIELD_TYPE_EMAIL},
		},
	})
	upsert := func(v map[string]any) (*recordv1.UpsertRecordResponse, error) {
		return ada.api.UpsertRecord(t.Context(), &recordv1.UpsertRecordRequest{Record: &recordv1.Record{Type: "account", Fields: fields(t, v)}})
	}

	first, err := upsert(map[string]any{"name": "Ann", "email": "ann@example.com"})
	require.NoError(t, err)
	require.True(t, first.GetCreated())
	second, err := upsert(map[string]any{"name": "Anna", "email": "ANN@Example.com"})
	require.NoError(t, err)
	require.False(t, second.GetCreated())
	require.Equal(t, first.GetRecord().GetId(), second.GetRecord().GetId())
	require.Equal(t, "Anna", second.GetRecord().GetTitle())

	_, err = ada.tryCreate(t, "account", map[string]any{"name": "Other", "email": "ann@example.com"})
	require.Equal(t, "record.fields.email", refused(t, err, connect.CodeAlreadyExists, "UNIQUE_TAKEN"))
	ada.create(t, "account", map[string]any{"name": "Without"})
	ada.create(t, "account", map[string]any{"name": "Without"}) // no value is no conflict
	_, err = upsert(map[string]any{"name": "Nobody"})
	refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID")
	_, err = ada.api.UpsertRecord(t.Context(), &recordv1.UpsertRecordRequest{Record: &recordv1.Record{Type: "contact"}})
	refused(t, err, connect.CodeFailedPrecondition, "NO_UNIQUE_FIELD")
}

// Spec: R2
func TestUpsertRecord_AtOnceMakesOneRecord(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	const many = 12
	type result struct {
		res *recordv1.UpsertRecordResponse
		err error
	}
	results := make(chan result)
	for range many {
		go func() {
			res, err := ada.api.UpsertRecord(t.Context(), &recordv1.UpsertRecordRequest{Record: &recordv1.Record{
				Type: "ticket", Fields: fields(t, map[string]any{"title": "Broken", "number": "T-7"}),
			}})
			results <- result{res, err}
		}()
	}
	created := 0
	ids := map[string]bool{}
	for range many {
		r := <-results
		require.NoError(t, r.err)
		ids[r.res.GetRecord().GetId()] = true
		if r.res.GetCreated() {
			created++
		}
	}
	require.Equal(t, 1, created)
	require.Len(t, ids, 1)
}

// Only references refer, whatever a text looks like.
// Spec: R1
func TestCreateRecord_TakesATextThatLooksLikeAnID(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	id := uuid.NewString()
	made := ada.create(t, "contact", map[string]any{"name": id, "city": id, "comment": id})
	require.Equal(t, id, made.GetTitle())
	ada.update(t, made.GetId(), map[string]any{"city": uuid.NewString()})
	require.Empty(t, ada.imported(t, "contact", csvFormat, "name,city\n"+uuid.NewString()+","+id+"\n").GetErrors())
}
