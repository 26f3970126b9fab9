package record_test

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
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

// Spec: C1
func TestCreateRecord_IsLoggedInItsThreadAndFollowedByItsCreator(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")

	task := ada.create(t, "task", map[string]any{"title": "Water the plants"})

	entries := ada.log(t, task.GetId())
	require.Len(t, entries, 1)
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_SYSTEM, entries[0].GetKind())
	require.Equal(t, threadv1.SystemEvent_SYSTEM_EVENT_RECORD_CREATED, entries[0].GetSystem().GetEvent())
	require.Equal(t, ada.ID.String(), entries[0].GetAuthor().GetId())
	require.True(t, entries[0].GetInternal())
	require.Equal(t, []string{"discussions", "done"}, ada.follows(t, task.GetId()))
	require.Len(t, ada.heard.messages, 1)
}

// Spec: R4, C1
func TestUpdateRecord_LogsOneEntryInFieldOrderWithNamesNotIds(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	garden := ada.create(t, "contact", map[string]any{"name": "Garden Ltd"})
	lead := ada.create(t, "lead", map[string]any{"title": "Hedge"})

	ada.update(t, lead.GetId(), map[string]any{
		"close_date": "2026-12-24", "expected_revenue": map[string]any{"amount": "12.5", "currency": "EUR"},
		"assignee": bob.ID.String(), "contact": garden.GetId(), "stage": "qualified", "source": "fair",
	})

	entries := ada.log(t, lead.GetId())
	require.Len(t, entries, 2)
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_CHANGE, entries[1].GetKind())
	require.Equal(t, []string{
		"Stage: New -> Qualified", "Contact:  -> Garden Ltd", "Expected revenue:  -> 12.50 EUR", "Salesperson:  -> Bob",
		"Expected closing:  -> 2026-12-24",
	}, ada.changes(t, lead.GetId()))
}

// Spec: R4
func TestUpdateRecord_WithoutAChangeLogsNothingAndKeepsTheEtag(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	v := map[string]any{"title": "Hedge", "expected_revenue": map[string]any{"amount": "12.50", "currency": "EUR"}, "probability": 10}
	lead := ada.create(t, "lead", v)

	v["expected_revenue"] = map[string]any{"amount": "12.5", "currency": "EUR"}
	v["title"] = " Hedge "
	again := ada.update(t, lead.GetId(), v)

	require.Equal(t, lead.String(), again.String())
	require.Len(t, ada.log(t, lead.GetId()), 1)
	silent := ada.update(t, lead.GetId(), map[string]any{"source": "fair"}) // not tracked
	require.NotEqual(t, lead.GetEtag(), silent.GetEtag())
	require.Len(t, ada.log(t, lead.GetId()), 1)
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
	ada.update(t, task.GetId(), map[string]any{"project": "garden"})

	_, err := ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
		Id: task.GetId(), Etag: task.GetEtag(), Fields: fields(t, map[string]any{"project": "house"}),
	}})

	refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	require.Equal(t, "garden", ada.get(t, task.GetId()).GetFields().AsMap()["project"])
}

// Two who save at once both land, one after the other, and the log says so.
// Spec: R4, R5
func TestUpdateRecord_WritersAtOnceLandInOrder(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	task := ada.create(t, "task", map[string]any{"title": "Water"})
	stages := []string{"in_progress", "waiting", "done", "cancelled"}
	errs := make(chan error)
	for _, stage := range stages {
		go func() {
			_, err := ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
				Id: task.GetId(), Fields: fields(t, map[string]any{"stage": stage}),
			}})
			errs <- err
		}()
	}
	for range stages {
		require.NoError(t, <-errs)
	}

	entries := ada.log(t, task.GetId())
	require.Len(t, entries, 1+len(stages))
	last := "To do"
	for _, e := range entries[1:] {
		require.Equal(t, last, e.GetChanges()[0].GetOldValue())
		last = e.GetChanges()[0].GetNewValue()
	}
	require.Equal(t, last, ada.get(t, task.GetId()).GetDisplay()["stage"])
}

// Spec: R4, C3
func TestUpdateRecord_MappedChangeTellsTheFollowersOfItsSubtypeAndNobodyElse(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	lead := ada.create(t, "lead", map[string]any{"title": "Hedge"}) // Ada follows "won", not "stage_changed"

	moved := bob.update(t, lead.GetId(), map[string]any{"stage": "qualified"})
	require.Empty(t, ada.inbox(t, lead.GetId()))
	bob.update(t, lead.GetId(), map[string]any{"email": "a@b.example"})
	require.Empty(t, ada.inbox(t, lead.GetId()))
	bob.update(t, moved.GetId(), map[string]any{"stage": "won"})

	require.Equal(t, map[int16]int{1: 1}, ada.inbox(t, lead.GetId()))
	entries := ada.log(t, lead.GetId())
	require.Equal(t, []string{"", "stage_changed", "", "won"}, []string{
		entries[0].GetSubtype(), entries[1].GetSubtype(), entries[2].GetSubtype(), entries[3].GetSubtype(),
	})
	require.Equal(t, 1, ada.heard.notified[ada.ID])
}

// Spec: C2, C13
func TestAssignment_MakesAFollowerAndTellsThemOnce(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_MEMBER)

	task := ada.create(t, "task", map[string]any{"title": "Water", "assignee": bob.ID.String()})
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))
	require.Equal(t, 1, bob.heard.notified[bob.ID])
	require.Equal(t, []string{"discussions", "done"}, bob.follows(t, task.GetId()))

	ada.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String(), "project": "garden"}) // the same again
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))

	bob.update(t, task.GetId(), map[string]any{"assignee": ada.ID.String()})
	require.Equal(t, map[int16]int{3: 1}, ada.inbox(t, task.GetId()))
	bob.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String()}) // to oneself: no word
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))

	// A change that is also an update of a subtype still makes one item.
	ada.update(t, task.GetId(), map[string]any{"assignee": nil})
	ada.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String(), "stage": "done"})
	require.Equal(t, map[int16]int{3: 2}, bob.inbox(t, task.GetId()))
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

// What another workspace has does not exist.
// Spec: R2
func TestRecords_OfTwoWorkspacesNeverMeet(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada, eve := n.workspace(t, "acme"), n.workspace(t, "other")
	mine := ada.create(t, "ticket", map[string]any{"title": "Broken", "number": "T-1"})
	theirs := eve.create(t, "ticket", map[string]any{"title": "Broken", "number": "T-1"}) // unique in each

	_, err := eve.api.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: mine.GetId()})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, err = eve.tryUpdate(t, mine.GetId(), map[string]any{"title": "Taken"})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, err = eve.api.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: mine.GetId()})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	res, err := eve.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "ticket"})
	require.NoError(t, err)
	require.Len(t, res.GetRecords(), 1)
	require.Equal(t, theirs.GetId(), res.GetRecords()[0].GetId())
	found, err := eve.api.SearchReferences(t.Context(), &recordv1.SearchReferencesRequest{Type: "ticket", Query: "brok"})
	require.NoError(t, err)
	require.Len(t, found.GetReferences(), 1)

	eve.makeType(t, &recordv1.RecordType{Name: "secret", Label: "Secret", TitleField: "name", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT},
	}})
	_, err = ada.api.GetRecordType(t.Context(), &recordv1.GetRecordTypeRequest{Name: "secret"})
	refused(t, err, connect.CodeNotFound, "TYPE_NOT_FOUND")
	rights, err := n.records.Rights(t.Context(), eve.Caller, access.Facts{ID: uuid.MustParse(mine.GetId()), Kind: access.KindRecord, RecordType: "secret"})
	require.NoError(t, err)
	require.True(t, rights.Read) // the directory, not the door, knows whose a thread is
	gate := &access.Gate{Directory: n.threads, Doors: map[int16]access.Door{access.KindRecord: n.records}}
	_, err = gate.Read(t.Context(), eve.Caller, uuid.MustParse(mine.GetId()))
	require.ErrorIs(t, err, access.ErrThreadNotFound)
}

// Spec: R4
func TestReadRoles_HideAFieldEverywhere(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	mia := ada.colleague(t, "Mia", identityv1.Role_ROLE_MEMBER)
	ada.makeType(t, &recordv1.RecordType{
		Name: "deal", Label: "Deal", TitleField: "name", Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT, Tracked: true},
			{
				Name: "margin", Label: "Margin", Type: recordv1.FieldType_FIELD_TYPE_DECIMAL, Tracked: true,
				ReadRoles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR},
			},
		},
	})
	deal := ada.create(t, "deal", map[string]any{"name": "Fleet", "margin": "12.50"})
	ada.update(t, deal.GetId(), map[string]any{"name": "Fleet 2", "margin": 13})

	require.Equal(t, map[string]string{"margin": "13"}, ada.get(t, deal.GetId()).GetDisplay())
	seen := mia.get(t, deal.GetId())
	require.Equal(t, map[string]any{"name": "Fleet 2"}, seen.GetFields().AsMap())
	require.Empty(t, seen.GetDisplay())
	require.Len(t, ada.changes(t, deal.GetId()), 2)
	require.Equal(t, []string{"Name: Fleet -> Fleet 2"}, mia.changes(t, deal.GetId()))

	def, err := mia.api.GetRecordType(t.Context(), &recordv1.GetRecordTypeRequest{Name: "deal"})
	require.NoError(t, err)
	require.Len(t, def.GetRecordType().GetFields(), 1)

	// Nor can it be probed, or written.
	_, err = mia.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "deal", Filter: "record.margin > 12"})
	require.Equal(t, "filter", refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID"))
	_, err = mia.api.CountRecords(t.Context(), &recordv1.CountRecordsRequest{Type: "deal", Filter: "has(record.margin)"})
	refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID")
	_, err = mia.api.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "deal", OrderBy: "margin"})
	require.Equal(t, "order_by", refused(t, err, connect.CodeInvalidArgument, "ORDER_INVALID"))
	_, err = mia.tryUpdate(t, deal.GetId(), map[string]any{"margin": "1"})
	unknown, err2 := mia.tryUpdate(t, deal.GetId(), map[string]any{"nonsense": "1"})
	require.Nil(t, unknown)
	require.Equal(t, "record.fields.margin", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	require.Equal(t, "record.fields.nonsense", refused(t, err2, connect.CodeInvalidArgument, "FIELD_INVALID"))
	_, err = mia.tryUpdate(t, deal.GetId(), map[string]any{}, "fields.margin")
	refused(t, err, connect.CodeInvalidArgument, "MASK_INVALID")

	mia.update(t, deal.GetId(), map[string]any{"name": "Fleet 3"}, "fields") // clears what Mia can see, only
	require.Equal(t, "13", ada.get(t, deal.GetId()).GetFields().AsMap()["margin"])
}

// Spec: R1
func TestPermissions_DecideByRoleAndConditionOverTheRecord(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	mia, bob := ada.colleague(t, "Mia", identityv1.Role_ROLE_MEMBER), ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	own := `record.owner == user.id || user.role == "administrator"`
	ada.makeType(t, &recordv1.RecordType{
		Name: "memo", Label: "Memo", TitleField: "name", AssigneeField: "owner", Fields: []*recordv1.Field{
			{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT},
			{Name: "owner", Label: "Owner", Type: recordv1.FieldType_FIELD_TYPE_REFERENCE, TargetType: "user"},
			{Name: "shared", Label: "Shared", Type: recordv1.FieldType_FIELD_TYPE_BOOLEAN},
			{Name: "about", Label: "About", Type: recordv1.FieldType_FIELD_TYPE_REFERENCE, TargetType: "memo"},
		},
		Read:   &recordv1.Permission{Condition: own + " || record.shared"},
		Create: &recordv1.Permission{Condition: own},
		Update: &recordv1.Permission{Condition: own},
		Delete: &recordv1.Permission{Roles: []identityv1.Role{identityv1.Role_ROLE_AGENT}, Condition: own},
	})

	hidden := ada.create(t, "memo", map[string]any{"name": "Salaries", "owner": ada.ID.String()})
	shared := mia.create(t, "memo", map[string]any{"name": "Lunch", "owner": mia.ID.String(), "shared": true})
	_, err := mia.tryCreate(t, "memo", map[string]any{"name": "Forged", "owner": bob.ID.String()})
	refused(t, err, connect.CodePermissionDenied, "RECORD_DENIED")

	_, err = bob.api.GetRecord(t.Context(), &recordv1.GetRecordRequest{RecordId: hidden.GetId()})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, err = bob.tryUpdate(t, hidden.GetId(), map[string]any{"name": "Mine"})
	refused(t, err, connect.CodeNotFound, "RECORD_NOT_FOUND")
	_, err = bob.tryUpdate(t, shared.GetId(), map[string]any{"name": "Mine"})
	refused(t, err, connect.CodePermissionDenied, "RECORD_DENIED")
	_, err = mia.api.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: shared.GetId()})
	refused(t, err, connect.CodePermissionDenied, "RECORD_DENIED")
	require.Equal(t, []string{"Lunch"}, bob.titles(t, "memo", "", ""))
	require.Equal(t, []string{"Lunch", "Salaries"}, ada.titles(t, "memo", "", "title"))

	// What one may not read cannot be referred to, nor is its name shown.
	_, err = mia.tryUpdate(t, shared.GetId(), map[string]any{"about": hidden.GetId()})
	refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID")
	require.Equal(t, "Salaries", ada.update(t, shared.GetId(), map[string]any{"about": hidden.GetId()}).GetDisplay()["about"])
	require.Empty(t, mia.get(t, shared.GetId()).GetDisplay()["about"])
	found, err := mia.api.SearchReferences(t.Context(), &recordv1.SearchReferencesRequest{Type: "memo", Query: "sal"})
	require.NoError(t, err)
	require.Empty(t, found.GetReferences())

	for _, c := range []struct {
		who        *person
		id         string
		read, post bool
	}{{ada, hidden.GetId(), true, true}, {bob, hidden.GetId(), false, false}, {mia, shared.GetId(), true, true}, {bob, shared.GetId(), true, false}} {
		rights, err := ada.records.Rights(t.Context(), c.who.Caller, access.Facts{ID: uuid.MustParse(c.id), Kind: access.KindRecord, RecordType: "memo"})
		require.NoError(t, err)
		require.Equal(t, []bool{c.read, c.post, c.post}, []bool{rights.Read, rights.Post, rights.Manage}, c.who.Name)
	}
}

// The door is asked on every read and post of every thread.
// Spec: R1
func TestRights_OfATypeWithoutConditionsAskNoDatabase(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	f := access.Facts{ID: uuid.New(), Kind: access.KindRecord, RecordType: "contact"}
	_, err := n.records.Rights(t.Context(), ada.Caller, f)
	require.NoError(t, err)
	before := n.pool.Stat().AcquireCount()

	for range 100 {
		rights, err := n.records.Rights(t.Context(), ada.Caller, f)
		require.NoError(t, err)
		require.True(t, rights.Read && rights.Post && rights.Manage)
	}

	require.Equal(t, before, n.pool.Stat().AcquireCount())
	visitor := access.Caller{Kind: access.Visitor, Workspace: ada.Workspace, ID: uuid.New()}
	rights, err := n.records.Rights(t.Context(), visitor, f)
	require.NoError(t, err)
	require.False(t, rights.Read || rights.Post)
	rights, err = n.records.Rights(t.Context(), access.SystemCaller(ada.Workspace), f)
	require.NoError(t, err)
	require.True(t, rights.Read && rights.Post)
	require.Equal(t, thread.Outside, thread.AudienceOf(visitor))
}

// A node that was not told of a change still saves by the type as it is.
// Spec: R1
func TestTypes_KnownOnAnotherNodeAreNeverWrittenByAfterTheyChanged(t *testing.T) {
	t.Parallel()
	here := newNode(t)
	ada := here.workspace(t, "acme")
	there, elsewhere := nodeOn(t, here.pool).person(t, ada.Caller), nodeOn(t, here.pool).person(t, ada.Caller)
	def := ada.makeType(t, &recordv1.RecordType{Name: "deal", Label: "Deal", TitleField: "name", Fields: []*recordv1.Field{
		{Name: "name", Label: "Name", Type: recordv1.FieldType_FIELD_TYPE_TEXT},
		{Name: "size", Label: "Size", Type: recordv1.FieldType_FIELD_TYPE_TEXT},
	}})
	deal := there.create(t, "deal", map[string]any{"name": "Fleet", "size": "big"}) // both know the type now
	elsewhere.get(t, deal.GetId())

	def.Fields = def.GetFields()[:1]
	_, err := ada.api.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: def})
	require.NoError(t, err)

	_, err = there.tryUpdate(t, deal.GetId(), map[string]any{"size": "huge"})
	require.Equal(t, "record.fields.size", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	_, err = elsewhere.tryCreate(t, "deal", map[string]any{"name": "Boat", "size": "small"})
	require.Equal(t, "record.fields.size", refused(t, err, connect.CodeInvalidArgument, "FIELD_INVALID"))
	there.clock.pass(time.Minute)
	require.Equal(t, map[string]any{"name": "Fleet"}, there.get(t, deal.GetId()).GetFields().AsMap())
}
