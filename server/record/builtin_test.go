package record

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// What a later version adds must suit a workspace that has records already: it may
// not demand anything of them, nor take away.
// Spec: R1
func TestUpgraded_AddsWhatIsMissingAndKeepsWhatTheWorkspaceMade(t *testing.T) {
	t.Parallel()
	latest, err := builtinType("ticket")
	require.NoError(t, err)
	own := proto.CloneOf(latest)
	own.Label, own.Icon = "Case", "bug"
	own.Fields = own.Fields[:3]
	own.Fields[0].Label = "Subject"
	own.Fields[1].SequencePrefix = ""
	own.Fields = append(own.Fields, &recordv1.Field{Name: "machine", Label: "Machine", Type: recordv1.FieldType_FIELD_TYPE_TEXT})
	own.Subtypes = own.Subtypes[:4]
	own.Subtypes[0].Default = false

	def := upgraded(own, latest, 1)

	require.Equal(t, "Case", def.GetLabel())
	require.Equal(t, "bug", def.GetIcon())
	require.Equal(t, "Subject", def.GetFields()[0].GetLabel())
	require.False(t, def.GetSubtypes()[0].GetDefault())
	require.Equal(t, "T-", def.GetFields()[1].GetSequencePrefix())
	require.Equal(t, "customer", def.GetFields()[3].GetName(), "after the one that it follows")
	require.NotNil(t, fieldOf(def, "machine"))
	require.Len(t, def.GetFields(), len(latest.GetFields())+1)
	require.True(t, hasSubtype(def, "rated"))
	require.Nil(t, keepsBuiltIn(latest, def))
	require.True(t, proto.Equal(def, upgraded(def, latest, 1)), "once is enough")

	def.Fields[1].SequencePrefix = ""
	require.Empty(t, upgraded(def, latest, 2).GetFields()[1].GetSequencePrefix(), "the workspace wants no numbers")
}

// Spec: R1
func TestUpgraded_NumbersAndPartsOnlyWhereTheyFit(t *testing.T) {
	t.Parallel()
	ticket, err := builtinType("ticket")
	require.NoError(t, err)
	own := proto.CloneOf(ticket)
	own.Fields[1].SequencePrefix, own.Fields[1].DefaultValue = "", ticket.GetFields()[2].GetDefaultValue()
	require.Empty(t, upgraded(own, ticket, 1).GetFields()[1].GetSequencePrefix())

	task, err := builtinType("task")
	require.NoError(t, err)
	old := proto.CloneOf(task)
	old.ParentField, old.ParentSubtype = "", ""
	require.Equal(t, "project", upgraded(old, task, 1).GetParentField())
	require.Equal(t, "tasks", upgraded(old, task, 1).GetParentSubtype())
	require.Empty(t, upgraded(old, task, 2).GetParentField())
	project := fieldOf(old, "project")
	project.Type, project.TargetType = recordv1.FieldType_FIELD_TYPE_TEXT, ""
	require.Empty(t, upgraded(old, task, 1).GetParentField())
}

// Spec: R1, C3
func TestBuiltInTypes_HaveWhatPeopleExpect(t *testing.T) {
	t.Parallel()
	roles := map[string][2]string{ // assignee, customer
		"contact": {"salesperson", ""}, "lead": {"assignee", "contact"}, "ticket": {"assignee", "customer"}, "request": {"assignee", "customer"},
		"task": {"assignee", "customer"}, "project": {"manager", "customer"}, "sales_order": {"salesperson", "customer"},
		"order_line": {"", ""}, "product": {"manager", ""}, "product_category": {"manager", ""}, "delivery_method": {"", ""},
		"note": {"owner", "contact"}, "event": {"organizer", "customer"}, "email": {"assignee", "contact"},
	}
	require.Len(t, builtinNames(), len(roles))
	types := map[string]*recordv1.RecordType{}
	for _, name := range builtinNames() {
		def, err := builtinType(name)
		require.NoError(t, err)
		require.Equal(t, roles[name], [2]string{def.GetAssigneeField(), def.GetCustomerField()}, name)
		tracked := false
		for _, f := range def.GetFields() {
			tracked = tracked || f.GetTracked()
			for _, o := range f.GetOptions() {
				require.NotEmpty(t, o.GetColor(), "%s.%s %s", name, f.GetName(), o.GetValue())
			}
		}
		require.True(t, tracked, name)
		types[name] = def
	}
	for name, def := range types {
		parent := types[fieldOf(def, def.GetParentField()).GetTargetType()]
		require.Nil(t, checkParent(def, parent.GetSubtypes()), name)
	}
	for name, subtypes := range map[string][]string{
		"ticket": {"discussions", "notes", "activities", "stage_changed", "rated"}, "lead": {"won", "lost"}, "project": {"tasks"},
	} {
		for _, s := range subtypes {
			require.True(t, hasSubtype(types[name], s), "%s %s", name, s)
		}
	}
}
