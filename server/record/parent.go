package record

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
)

// maxInherited is how many followers a record gets of its parent at most.
const maxInherited = 1_000

// inherit makes followers of a record those who follow the parts of its parent, if
// the parent is new to it. A user who may not read the record is left out, and a
// contact gets nothing internal.
func (w *writer) inherit(ctx context.Context, t *Type, r *stored, old values) error {
	name := t.def.GetParentField()
	if name == "" || r.values[name] == nil || r.values[name] == old[name] {
		return nil
	}
	for _, parent := range idsOf(r.values[name]) {
		rows, err := w.q.RecordFollowerList(ctx, w.tx, db.RecordFollowerListParams{
			WorkspaceID: r.workspace, ThreadID: parent, Subtype: t.def.GetParentSubtype(), MaxRows: maxInherited,
		})
		if err != nil {
			return fmt.Errorf("find followers of parent: %w", err)
		}
		if len(rows) == 0 {
			continue
		}
		users, contacts, err := w.heirs(ctx, t, r, rows)
		if err != nil {
			return err
		}
		if err := w.followBy(ctx, r, threadv1.PartyKind_PARTY_KIND_USER, users, t.defaultSubtypes()); err != nil {
			return err
		}
		if err := w.followBy(ctx, r, threadv1.PartyKind_PARTY_KIND_CONTACT, contacts, t.publicSubtypes()); err != nil {
			return err
		}
	}
	return nil
}

// heirs are those of a parent's followers who become followers of the record.
func (w *writer) heirs(ctx context.Context, t *Type, r *stored, rows []db.RecordFollowerListRow) (users, contacts []uuid.UUID, err error) {
	internal, err := w.internalPart(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if threadv1.PartyKind(row.PartyKind) == threadv1.PartyKind_PARTY_KIND_CONTACT {
			if !internal {
				contacts = append(contacts, row.PartyID)
			}
			continue
		}
		c := access.Caller{
			Kind: access.User, Workspace: r.workspace, ID: row.PartyID, Role: identityv1.Role(row.Role), Name: row.Name,
			Email: row.Email, Locale: row.Locale,
		}
		ok, err := t.read.allows(ctx, c, r, w.now())
		if err != nil {
			return nil, nil, err
		}
		if ok {
			users = append(users, row.PartyID)
		}
	}
	return users, contacts, nil
}

// internalPart is true if the subtype of the parent's type that stands for parts
// like this is internal: what is stored for a contact counts for nothing then.
func (w *writer) internalPart(ctx context.Context, t *Type) (bool, error) {
	parent := t
	if target := t.fields[t.def.GetParentField()].GetTargetType(); target != t.def.GetName() {
		var err error
		if parent, err = w.typeOf(ctx, w.tx, w.caller.Workspace, target); err != nil {
			return false, err
		}
	}
	for _, s := range parent.def.GetSubtypes() {
		if s.GetName() == t.def.GetParentSubtype() {
			return s.GetInternal(), nil
		}
	}
	return true, nil
}

func (w *writer) followBy(ctx context.Context, r *stored, kind threadv1.PartyKind, ids []uuid.UUID, subtypes []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := w.q.RecordFollowerInsert(ctx, w.tx, db.RecordFollowerInsertParams{
		WorkspaceID: r.workspace, ThreadID: r.id, PartyKind: int16(kind), PartyIds: ids, Subtypes: subtypes, Now: r.updated,
	})
	if err != nil {
		return fmt.Errorf("insert followers: %w", err)
	}
	return nil
}

// publicSubtypes are what a new follower from outside is subscribed to.
func (t *Type) publicSubtypes() []string {
	names := []string{}
	for _, s := range t.def.GetSubtypes() {
		if s.GetDefault() && !s.GetInternal() {
			names = append(names, s.GetName())
		}
	}
	return names
}

// checkParent is for the field that names what a record is part of. parents are the
// subtypes of the type that it refers to, if that is another.
func checkParent(def *recordv1.RecordType, parents []*recordv1.Subtype) *wrong {
	name, subtype := def.GetParentField(), def.GetParentSubtype()
	switch {
	case name == "" && subtype == "":
		return nil
	case name == "":
		return wrongf("parent_subtype", "there is no parent_field; leave it out")
	case subtype == "":
		return wrongf("parent_subtype", "name the subtype of the parent's type that stands for following its parts")
	}
	f := fieldOf(def, name)
	if f == nil || f.GetType() != recordv1.FieldType_FIELD_TYPE_REFERENCE || f.GetTargetType() == userType {
		return wrongf("parent_field", "%q must be a field that refers to one record", name)
	}
	if f.GetTargetType() == def.GetName() {
		parents = def.GetSubtypes()
	}
	for _, s := range parents {
		if s.GetName() == subtype {
			return nil
		}
	}
	return wrongf("parent_subtype", "%s has no subtype %q; add it there first", f.GetTargetType(), subtype)
}
