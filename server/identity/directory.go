package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/recent"
	"github.com/parley-chat/parley/server/store"
)

const (
	directoryFor = 5 * time.Second
	directoryMax = 4096
)

// Person is a user as other areas see one.
type Person struct {
	ID   uuid.UUID
	Name string
	// ChatName is what visitors see; never empty.
	ChatName string
	Email    string
	Locale   string
	Role     identityv1.Role
	// Active is false once deactivated.
	Active bool
}

// Directory tells who works in a workspace. What it answers may be five seconds
// old.
type Directory struct {
	pool  db.DBTX
	q     *db.Queries
	known *recent.Cache[credentialKey, Person]
}

func newDirectory(pool db.DBTX, now func() time.Time) *Directory {
	return &Directory{pool: pool, q: db.New(), known: recent.New[credentialKey, Person](directoryMax, directoryFor, now)}
}

// User answers a user, deactivated or not; ok is false if there is none with
// this id in the workspace.
func (d *Directory) User(ctx context.Context, workspace, id uuid.UUID) (p Person, ok bool, err error) {
	if p, ok := d.known.Get(credentialKey{workspace, id}); ok {
		return p, true, nil
	}
	row, err := d.q.UserGet(ctx, d.pool, db.UserGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return Person{}, false, nil
	}
	if err != nil {
		return Person{}, false, fmt.Errorf("get user: %w", err)
	}
	return d.remember(&row), true, nil
}

// Users answers those of the users that exist in the workspace, by id.
func (d *Directory) Users(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]Person, error) {
	people := make(map[uuid.UUID]Person, len(ids))
	var missing []uuid.UUID
	for _, id := range ids {
		if p, ok := d.known.Get(credentialKey{workspace, id}); ok {
			people[id] = p
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return people, nil
	}
	rows, err := d.q.UserListByID(ctx, d.pool, db.UserListByIDParams{WorkspaceID: workspace, Ids: missing})
	if err != nil {
		return nil, fmt.Errorf("list users by id: %w", err)
	}
	for i := range rows {
		people[rows[i].ID] = d.remember(&rows[i])
	}
	return people, nil
}

// Search answers the first active users by name whose name or address contains
// the text, in any case of letters; every active user if it is empty.
func (d *Directory) Search(ctx context.Context, workspace uuid.UUID, text string, most int) ([]Person, error) {
	rows, err := d.q.UserList(ctx, d.pool, db.UserListParams{WorkspaceID: workspace, Query: text, MaxRows: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("search users: %w", err)
	}
	people := make([]Person, len(rows))
	for i := range rows {
		people[i] = d.remember(&rows[i])
	}
	return people, nil
}

func (d *Directory) remember(row *db.User) Person {
	p := Person{
		ID: row.ID, Name: row.Name, ChatName: orName(row.ChatName, row.Name), Email: row.Email, Locale: row.Locale,
		Role: identityv1.Role(row.Role), Active: row.Active,
	}
	d.known.Put(credentialKey{row.WorkspaceID, row.ID}, p)
	return p
}

func (d *Directory) forget(workspace, user uuid.UUID) { d.known.Delete(credentialKey{workspace, user}) }
