package activity_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/queries/migrations"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/store"
)

func names(list []*activityv1.ActivityType) []string {
	names := make([]string, len(list))
	for i, kind := range list {
		names[i] = kind.GetName()
	}
	return names
}

// Spec: C9
func TestListActivityTypes_BeginsWithThoseThatEveryWorkspaceHas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list := b.listTypes()
	require.Equal(t, []string{"To-do", "E-mail", "Call", "Meeting", "Upload document"}, names(list))
	for _, kind := range list {
		require.True(t, kind.GetBuiltIn())
		require.NotEmpty(t, kind.GetIcon())
		require.Equal(t, activityv1.NextMode_NEXT_MODE_NONE, kind.GetNextMode())
	}
	first, err := b.anna.Activity.ListActivityTypes(t.Context(), &activityv1.ListActivityTypesRequest{PageSize: 3})
	require.NoError(t, err)
	rest, err := b.anna.Activity.ListActivityTypes(t.Context(), &activityv1.ListActivityTypesRequest{PageSize: 3, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, names(list), append(names(first.GetTypes()), names(rest.GetTypes())...))
	require.Empty(t, rest.GetNextPageToken())
}

// A workspace that was there before activities were gets the same types.
//
// Spec: C9
func TestMigration_GivesTheTypesToWorkspacesThatWereThere(t *testing.T) {
	t.Parallel()
	before, workspace := fstest.MapFS{}, uuid.New()
	for _, name := range []string{"0001_foundation.sql", "0002_chatter.sql"} {
		data, err := fs.ReadFile(migrations.FS, name)
		require.NoError(t, err)
		before[name] = &fstest.MapFile{Data: data}
	}
	url := pgtest.URL(t, pgtest.WithMigrations(before))
	db := pgtest.Open(t, url)
	_, err := db.Exec(t.Context(), `INSERT INTO workspace (workspace_id, name, title, create_time) VALUES ($1, 'old', 'Old', now())`, workspace)
	require.NoError(t, err)
	_, err = store.Migrate(t.Context(), url, migrations.FS)
	require.NoError(t, err)

	kinds := func(of any) (all []string) {
		rows, err := db.Query(t.Context(), `SELECT builtin || name || icon || due_count || ' ' || position FROM activity_type
			WHERE workspace_id = $1 ORDER BY position`, of)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var s string
			require.NoError(t, rows.Scan(&s))
			all = append(all, s)
		}
		return all
	}
	b := setup(t)
	old := kinds(workspace)
	db = b.node.Pool
	require.Len(t, old, 5)
	require.Equal(t, kinds(b.node.Workspace), old)
}

// Spec: C9
func TestActivityType_IsMadeAndChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	create := &activityv1.CreateActivityTypeRequest{RequestId: uuid.NewString(), Type: &activityv1.ActivityType{
		Name: " Site visit ", Icon: "map-pin", RecordType: "ticket", DefaultSummary: "See the garden", DueCount: 1,
		DueUnit: activityv1.DueUnit_DUE_UNIT_WEEK, NextTypeId: b.types["Call"], NextMode: activityv1.NextMode_NEXT_MODE_SUGGEST, Position: 15,
		DefaultAssigneeId: b.ben.UserID.String(), BuiltIn: true,
	}}
	made, err := b.ada.Activity.CreateActivityType(ctx, create)
	require.NoError(t, err)
	require.Equal(t, "Site visit", made.GetType().GetName())
	require.False(t, made.GetType().GetBuiltIn())
	again, err := b.ada.Activity.CreateActivityType(ctx, create)
	require.NoError(t, err)
	require.True(t, proto.Equal(made, again))
	create.RequestId = uuid.NewString()
	_, err = b.ada.Activity.CreateActivityType(ctx, create)
	requireReason(t, "ACTIVITY_TYPE_TAKEN", err)

	forLeads, err := b.anna.Activity.ListActivityTypes(ctx, &activityv1.ListActivityTypesRequest{RecordType: "lead"})
	require.NoError(t, err)
	require.NotContains(t, names(forLeads.GetTypes()), "Site visit")
	forTickets, err := b.anna.Activity.ListActivityTypes(ctx, &activityv1.ListActivityTypesRequest{RecordType: "ticket"})
	require.NoError(t, err)
	require.Equal(t, []string{"To-do", "Site visit", "E-mail"}, names(forTickets.GetTypes())[:3])

	kind := &activityv1.ActivityType{Id: made.GetType().GetId(), Etag: made.GetType().GetEtag()}
	mask := maskOf("default_assignee_id", "next_type_id", "next_mode", "due_count")
	changed, err := b.ada.Activity.UpdateActivityType(ctx, &activityv1.UpdateActivityTypeRequest{Type: kind, UpdateMask: mask})
	require.NoError(t, err)
	require.Empty(t, changed.GetType().GetDefaultAssigneeId())
	require.Equal(t, activityv1.NextMode_NEXT_MODE_NONE, changed.GetType().GetNextMode())
	require.Equal(t, "See the garden", changed.GetType().GetDefaultSummary())
	_, err = b.ada.Activity.UpdateActivityType(ctx, &activityv1.UpdateActivityTypeRequest{Type: kind, UpdateMask: mask})
	requireReason(t, "ETAG_MISMATCH", err)
	got, err := b.anna.Activity.GetActivityType(ctx, &activityv1.GetActivityTypeRequest{TypeId: kind.GetId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(changed.GetType(), got.GetType()))
}

// Spec: C9
func TestActivityType_RefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for reason, kind := range map[string]*activityv1.ActivityType{
		"NAME_EMPTY":              {Name: "  "},
		"TEXT_INVALID":            {Name: "a\x00"},
		"RECORD_TYPE_UNKNOWN":     {Name: "New", RecordType: "nothing"},
		"NEXT_TYPE_INVALID":       {Name: "New", NextMode: activityv1.NextMode_NEXT_MODE_AUTOMATIC},
		"ACTIVITY_TYPE_NOT_FOUND": {Name: "New", NextMode: activityv1.NextMode_NEXT_MODE_AUTOMATIC, NextTypeId: uuid.NewString()},
		"USER_NOT_FOUND":          {Name: "New", DefaultAssigneeId: uuid.NewString()},
		"ACTIVITY_TYPE_TAKEN":     {Name: "call"},
	} {
		_, err := b.ada.Activity.CreateActivityType(t.Context(), &activityv1.CreateActivityTypeRequest{RequestId: uuid.NewString(), Type: kind})
		requireReason(t, reason, err)
	}
	_, err := b.ada.Activity.UpdateActivityType(t.Context(), &activityv1.UpdateActivityTypeRequest{
		Type: &activityv1.ActivityType{Id: b.types["Call"]}, UpdateMask: maskOf("built_in"),
	})
	requireReason(t, "UPDATE_MASK_INVALID", err)
	_, err = b.ada.Activity.UpdateActivityType(t.Context(), &activityv1.UpdateActivityTypeRequest{Type: &activityv1.ActivityType{Id: uuid.NewString(), Name: "New"}})
	requireReason(t, "ACTIVITY_TYPE_NOT_FOUND", err)
	b.deactivate(b.ben)
	_, err = b.ada.Activity.CreateActivityType(t.Context(), &activityv1.CreateActivityTypeRequest{
		RequestId: uuid.NewString(), Type: &activityv1.ActivityType{Name: "New", DefaultAssigneeId: b.ben.UserID.String()},
	})
	requireReason(t, "ASSIGNEE_INACTIVE", err)
}
