package record_test

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

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
