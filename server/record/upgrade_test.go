package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/queries/migrations"
)

// typeNow is a type as the person's node has it.
func (p *person) typeNow(t *testing.T, name string) *recordv1.RecordType {
	t.Helper()
	res, err := p.api.GetRecordType(t.Context(), &recordv1.GetRecordTypeRequest{Name: name})
	require.NoError(t, err)
	return res.GetRecordType()
}

// A workspace of an older version gets the new types, fields and subtypes when a
// node starts, once, also when several start at once; its own changes stay.
// Spec: R1
func TestUpgradeBuiltins_GivesAnOldWorkspaceWhatIsNew(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	other := nodeOn(t, n.pool).person(t, ada.Caller)
	ticket := ada.create(t, "ticket", map[string]any{"title": "Leak"})
	// As version 1 left it: fewer types, and of these less; the labels are their own.
	_, err := n.pool.Exec(t.Context(), `
		DELETE FROM record_type WHERE built_in AND name NOT IN ('contact', 'lead', 'task', 'ticket');
		UPDATE record_type SET version = version + 1, definition = jsonb_set(definition, '{fields}', (
			SELECT jsonb_agg(field - 'sequencePrefix') FROM jsonb_array_elements(definition -> 'fields') AS field
			WHERE field ->> 'name' NOT IN ('rating', 'rating_comment', 'project')))
		- 'parentField' - 'parentSubtype' || '{"pluralLabel": "Cases"}' WHERE name IN ('task', 'ticket');
		DELETE FROM record_builtin`)
	require.NoError(t, err)
	for _, name := range []string{"event", "product"} {
		ada.makeType(t, &recordv1.RecordType{
			Name: name, Label: "Our " + name, TitleField: "name", Fields: []*recordv1.Field{{Name: "name", Label: "Name", Type: text}},
		})
	}
	versions := func() string {
		var v string
		require.NoError(t, n.pool.QueryRow(t.Context(), "SELECT string_agg(name || version, ' ' ORDER BY name) FROM record_type").Scan(&v))
		return v
	}

	done := make(chan error)
	for _, p := range []*person{ada, other} {
		go func() { done <- p.records.UpgradeBuiltins(t.Context()) }()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	n.clock.pass(time.Minute) // the node that was second is not told here
	after := versions()
	require.NoError(t, ada.records.UpgradeBuiltins(t.Context()))
	require.Equal(t, after, versions())

	def := ada.typeNow(t, "ticket")
	require.Equal(t, "Cases", def.GetPluralLabel())
	var names []string
	for _, f := range def.GetFields() {
		names = append(names, f.GetName())
	}
	require.Contains(t, names, "rating")
	require.Equal(t, "project", ada.typeNow(t, "task").GetParentField())
	require.Equal(t, "Our event", ada.typeNow(t, "event").GetLabel())
	order := ada.create(t, "sales_order", nil)
	product := ada.create(t, "product", map[string]any{"name": "Spade"})
	ada.create(t, "order_line", map[string]any{"description": "Spade", "order": order.GetId(), "product": product.GetId()})
	require.Equal(t, "T-00001", ada.get(t, ticket.GetId()).GetFields().AsMap()["number"])
	require.Equal(t, "T-00002", ada.create(t, "ticket", map[string]any{"title": "Drip"}).GetFields().AsMap()["number"])
}

// Spec: R1
func TestSequence_NumbersNewRecordsAndNeverTwice(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada, eve := n.workspace(t, "acme"), n.workspace(t, "umbra")
	order := ada.create(t, "sales_order", nil)
	require.Equal(t, "S-00001", order.GetTitle())
	require.Equal(t, "S-00001", eve.create(t, "sales_order", nil).GetTitle(), "each workspace counts for itself")

	// Numbers that people bring are kept, and not given out again.
	ada.create(t, "sales_order", map[string]any{"number": "S-00002"})
	ada.create(t, "sales_order", map[string]any{"number": "S-00041"})
	ada.create(t, "sales_order", map[string]any{"number": "S-9x"})
	require.Equal(t, "S-00042", ada.create(t, "sales_order", nil).GetTitle())

	const many = 20
	made := make(chan string, many)
	for i := range many {
		p := ada
		if i%2 == 0 {
			p = nodeOn(t, n.pool).person(t, ada.Caller)
		}
		go func() {
			r, err := p.tryCreate(t, "ticket", map[string]any{"title": fmt.Sprint("Ticket ", i)})
			if err != nil {
				made <- err.Error()
				return
			}
			made <- r.GetFields().AsMap()["number"].(string)
		}()
	}
	seen := map[string]bool{}
	for range many {
		seen[<-made] = true
	}
	require.Len(t, seen, many)
	require.True(t, seen["T-00020"], "%v", seen)
	res, err := ada.api.ImportRecords(t.Context(), &recordv1.ImportRecordsRequest{
		Type: "request", Format: recordv1.ImportFormat_IMPORT_FORMAT_CSV, Data: []byte("title,number\nA,\nB,R-7\nC,\n"),
	})
	require.NoError(t, err)
	require.Empty(t, res.GetErrors())
	require.Equal(t, []string{"A", "C", "B"}, ada.titles(t, "request", "", "number"))
}

// Spec: R1
func TestRecordType_SequenceAndParentHaveToFit(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	name := func() *recordv1.Field { return &recordv1.Field{Name: "name", Label: "Name", Type: text} }
	for field, change := range map[string]func(def *recordv1.RecordType){
		"record_type.fields[1].sequence_prefix": func(def *recordv1.RecordType) { def.Fields[1].SequencePrefix = "A-" },
		"record_type.fields[2].sequence_prefix": func(def *recordv1.RecordType) {
			def.Fields[0].SequencePrefix = "A-"
			def.Fields = append(def.Fields, &recordv1.Field{Name: "other", Label: "Other", Type: text, SequencePrefix: "B-"})
		},
		"record_type.parent_subtype": func(def *recordv1.RecordType) { def.ParentField, def.ParentSubtype = "part_of", "nothing" },
		"record_type.parent_field":   func(def *recordv1.RecordType) { def.ParentField, def.ParentSubtype = "name", "tasks" },
	} {
		def := &recordv1.RecordType{Name: "step", Label: "Step", TitleField: "name", Fields: []*recordv1.Field{
			name(), {Name: "part_of", Label: "Part of", Type: reference, TargetType: "project"},
		}}
		change(def)
		_, err := ada.tryMakeType(t, def)
		require.Equal(t, field, refused(t, err, connect.CodeInvalidArgument, "TYPE_INVALID"))
	}
	made := ada.makeType(t, &recordv1.RecordType{
		Name: "step", Label: "Step", TitleField: "name", ParentField: "part_of", ParentSubtype: "tasks",
		Fields: []*recordv1.Field{name(), {Name: "part_of", Label: "Part of", Type: reference, TargetType: "project"}},
	})
	require.Equal(t, "part_of", made.GetParentField())
}

// Spec: R1
func TestSequence_BeginsAfterTheNumbersThatWereThere(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	ada.create(t, "ticket", map[string]any{"title": "Old", "number": "T-1046"})
	require.Equal(t, "T-01047", ada.create(t, "ticket", map[string]any{"title": "New"}).GetFields().AsMap()["number"])
}

// What a task's project was called before projects were records is kept.
// Spec: R1
func TestMigration_KeepsTheNamesOfProjects(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	task := ada.create(t, "task", map[string]any{"title": "Dig"})
	_, err := n.pool.Exec(t.Context(), `
		UPDATE record_type SET version = version + 1, definition = jsonb_set(definition, '{fields}', (
			SELECT jsonb_agg(CASE field ->> 'name' WHEN 'project' THEN '{"name": "project", "label": "Project", "type": "FIELD_TYPE_TEXT", "tracked": true}'
				ELSE field END) FROM jsonb_array_elements(definition -> 'fields') AS field)) - 'parentField' - 'parentSubtype'
		WHERE name = 'task';
		UPDATE record SET fields = fields || '{"project": "Spring"}';
		DELETE FROM record_builtin`)
	require.NoError(t, err)
	script, err := migrations.FS.ReadFile("0009_record.sql")
	require.NoError(t, err)
	_, updates, found := strings.Cut(string(script), "ALTER TABLE record ADD COLUMN request_hash bytea;")
	require.True(t, found)
	updates, _, _ = strings.Cut(updates, "-- +goose Down")

	for range 2 {
		_, err = n.pool.Exec(t.Context(), updates)
		require.NoError(t, err)
		require.NoError(t, ada.records.UpgradeBuiltins(t.Context()))
		n.clock.pass(time.Minute)
		require.Equal(t, "Spring", ada.get(t, task.GetId()).GetFields().AsMap()["project_name"])
		require.Equal(t, "project", ada.typeNow(t, "task").GetParentField())
	}
	project := ada.create(t, "project", map[string]any{"name": "Spring"})
	require.Equal(t, "Spring", ada.update(t, task.GetId(), map[string]any{"project": project.GetId()}).GetDisplay()["project"])
}

// Many streams ask for a type at once when a node's copy of it is old.
// Spec: R1
func TestTypes_AreReadOnceForManyWhoAsk(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	n.clock.pass(time.Minute)
	before := n.pool.Stat().AcquireCount()
	done := make(chan error)
	for range 100 {
		go func() {
			_, err := ada.records.Subtypes(t.Context(), ada.Workspace, "task")
			done <- err
		}()
	}
	for range 100 {
		require.NoError(t, <-done)
	}
	require.LessOrEqual(t, n.pool.Stat().AcquireCount()-before, int64(5))
}

// Spec: R1
func TestUpgradeBuiltins_LeavesTypesOfTheSameNameToTheWorkspace(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ada := n.workspace(t, "acme")
	_, err := n.pool.Exec(t.Context(), `
		DELETE FROM record_type WHERE name = 'project';
		UPDATE record_type SET version = version + 1, definition = jsonb_set(definition, '{fields}', (
			SELECT jsonb_agg(field) FROM jsonb_array_elements(definition -> 'fields') AS field WHERE field ->> 'name' <> 'project'))
			- 'parentField' - 'parentSubtype' WHERE name IN ('task', 'event', 'sales_order');
		DELETE FROM record_builtin`)
	require.NoError(t, err)
	n.clock.pass(time.Minute)
	ada.makeType(t, &recordv1.RecordType{
		Name: "project", Label: "Our project", TitleField: "name", Fields: []*recordv1.Field{{Name: "name", Label: "Name", Type: text}},
	})

	require.NoError(t, ada.records.UpgradeBuiltins(t.Context()))

	require.Empty(t, ada.typeNow(t, "task").GetParentField(), "their projects have no subtype for tasks")
	project := ada.create(t, "project", map[string]any{"name": "Spring"})
	ada.create(t, "task", map[string]any{"title": "Dig", "project": project.GetId()})
	var behind int
	require.NoError(t, n.pool.QueryRow(t.Context(), "SELECT count(*) FROM record_builtin WHERE digest = ''").Scan(&behind))
	require.Zero(t, behind)
}
