package record_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// follow makes somebody a follower of a record with these subtypes.
func (p *person) follow(t *testing.T, id string, kind int, party string, subtypes ...string) {
	t.Helper()
	_, err := p.pool.Exec(t.Context(), `INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
		VALUES ($1, $2, $3, $4, $5, now()) ON CONFLICT (workspace_id, thread_id, party_id) DO UPDATE SET subtypes = excluded.subtypes`,
		p.Workspace, uuid.MustParse(id), kind, uuid.MustParse(party), subtypes)
	require.NoError(t, err)
}

// followedBy are the subtypes that somebody follows a record with, nil if not.
func (p *person) followedBy(t *testing.T, id, party string) []string {
	t.Helper()
	var subtypes []string
	rows, err := p.pool.Query(t.Context(), "SELECT subtypes FROM follower WHERE workspace_id = $1 AND thread_id = $2 AND party_id = $3",
		p.Workspace, uuid.MustParse(id), uuid.MustParse(party))
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		require.NoError(t, rows.Scan(&subtypes))
	}
	return subtypes
}

// Spec: C2, C3
func TestParent_WhoFollowsAProjectFollowsItsTasksIfTheyChooseTo(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob, cid := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT), ada.colleague(t, "Cid", identityv1.Role_ROLE_MEMBER)
	contact := ada.create(t, "contact", map[string]any{"name": "Garden Ltd"}).GetId()
	project := bob.create(t, "project", map[string]any{"name": "Spring"}).GetId()
	require.Contains(t, bob.follows(t, project), "tasks", "it is on by default")
	cid.follow(t, project, 1, cid.ID.String(), "discussions")  // not the tasks
	ada.follow(t, project, 2, contact, "discussions", "tasks") // however it got there: tasks are internal

	task := ada.create(t, "task", map[string]any{"title": "Dig", "project": project}).GetId()
	require.Equal(t, []string{"discussions", "done"}, bob.follows(t, task))
	require.Empty(t, bob.inbox(t, task), "a follower is not told that it was made")
	require.Nil(t, cid.follows(t, task))
	require.Nil(t, ada.followedBy(t, task, contact))

	// Also when a task is put into the project later; who follows stays as they are.
	later := ada.create(t, "task", map[string]any{"title": "Sow"}).GetId()
	require.Nil(t, bob.follows(t, later))
	bob.follow(t, later, 1, bob.ID.String(), "done")
	cid.follow(t, project, 1, cid.ID.String(), "tasks")
	ada.update(t, later, map[string]any{"project": project})
	require.Equal(t, []string{"done"}, bob.follows(t, later))
	require.Equal(t, []string{"discussions", "done"}, cid.follows(t, later))
	_, err := ada.pool.Exec(t.Context(), "DELETE FROM follower WHERE party_id = $1 AND thread_id = $2", cid.ID, uuid.MustParse(later))
	require.NoError(t, err)
	ada.update(t, later, map[string]any{"title": "Sow peas"}) // the same project: who left stays away
	require.Nil(t, cid.follows(t, later))
}

// Somebody outside who follows parts that are not internal gets nothing internal,
// an archived contact and somebody who may not read the part get nothing.
// Spec: C2, C3
func TestParent_PassesNothingInternalToContactsAndNothingToWhoMayNotRead(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	cid := ada.colleague(t, "Cid", identityv1.Role_ROLE_MEMBER)
	ada.makeType(t, &recordv1.RecordType{
		Name: "house", Label: "House", TitleField: "name", Fields: []*recordv1.Field{{Name: "name", Label: "Name", Type: text}},
		Subtypes: []*recordv1.Subtype{{Name: "rooms", Label: "Rooms"}},
	})
	ada.makeType(t, &recordv1.RecordType{
		Name: "room", Label: "Room", TitleField: "name", ParentField: "house", ParentSubtype: "rooms",
		Fields: []*recordv1.Field{{Name: "name", Label: "Name", Type: text}, {Name: "house", Label: "House", Type: reference, TargetType: "house"}},
		Subtypes: []*recordv1.Subtype{
			{Name: "painted", Label: "Painted", Default: true}, {Name: "priced", Label: "Priced", Default: true, Internal: true},
		},
		Read: &recordv1.Permission{Condition: "record.name != 'Vault' || user.role == 'administrator'"},
	})
	contact, gone := ada.create(t, "contact", map[string]any{"name": "Ann"}).GetId(), ada.create(t, "contact", map[string]any{"name": "Old", "archived": true}).GetId()
	house := ada.create(t, "house", map[string]any{"name": "Mill"}).GetId()
	ada.follow(t, house, 2, contact, "rooms")
	ada.follow(t, house, 2, gone, "rooms")
	ada.follow(t, house, 1, cid.ID.String(), "rooms")

	room := ada.create(t, "room", map[string]any{"name": "Hall", "house": house}).GetId()
	require.Equal(t, []string{"discussions", "painted"}, ada.followedBy(t, room, contact))
	require.Equal(t, []string{"discussions", "painted", "priced"}, cid.follows(t, room))
	require.Nil(t, ada.followedBy(t, room, gone))
	vault := ada.create(t, "room", map[string]any{"name": "Vault", "house": house}).GetId()
	require.Nil(t, cid.follows(t, vault))
}
