package record

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/expr"
	"github.com/parley-chat/parley/server/thread"
)

// userType is the name that references to users have in place of a type's.
const userType = "user"

// Type is a record type, ready for use. It is never changed, so any number of
// goroutines may have it.
type Type struct {
	def     *recordv1.RecordType
	version int64
	fields  map[string]*recordv1.Field

	read, create, update, remove permission
}

// permission is a Permission with its condition compiled; program is nil if
// there is none.
type permission struct {
	roles   []identityv1.Role
	program *expr.Program
}

// compile makes a Type of a definition, which it keeps. It fails if a condition
// cannot be compiled.
func compile(def *recordv1.RecordType, version int64) (*Type, error) {
	t := &Type{def: def, version: version, fields: make(map[string]*recordv1.Field, len(def.GetFields()))}
	for _, f := range def.GetFields() {
		t.fields[f.GetName()] = f
	}
	schema := t.schema(nil)
	for _, p := range []struct {
		name string
		from *recordv1.Permission
		to   *permission
	}{
		{"read", def.GetRead(), &t.read},
		{"create", def.GetCreate(), &t.create},
		{"update", def.GetUpdate(), &t.update},
		{"delete", def.GetDelete(), &t.remove},
	} {
		p.to.roles = p.from.GetRoles()
		if strings.TrimSpace(p.from.GetCondition()) == "" {
			continue
		}
		program, err := expr.Compile(p.from.GetCondition(), schema)
		if err != nil {
			return nil, &wrong{field: p.name + ".condition", message: err.Error()}
		}
		p.to.program = program
	}
	return t, nil
}

// fromTypeRow makes a Type of what is stored.
func fromTypeRow(row db.RecordType) (*Type, error) {
	def := new(recordv1.RecordType)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(row.Definition, def); err != nil {
		return nil, fmt.Errorf("decode record type %s: %w", row.Name, err)
	}
	def.Name, def.BuiltIn = row.Name, row.BuiltIn
	def.CreateTime, def.UpdateTime = timestamppb.New(row.CreateTime), timestamppb.New(row.UpdateTime)
	t, err := compile(def, row.Version)
	if err != nil {
		return nil, fmt.Errorf("compile record type %s: %w", row.Name, err)
	}
	return t, nil
}

// definition is a type as it is stored: without what has columns of its own.
func definition(def *recordv1.RecordType) (json.RawMessage, error) {
	stored := proto.CloneOf(def)
	stored.BuiltIn, stored.CreateTime, stored.UpdateTime = false, nil, nil
	b, err := protojson.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("encode record type: %w", err)
	}
	return b, nil
}

// schema lists the fields that filters may name. For nobody in particular (nil)
// that is all of them.
func (t *Type) schema(c *access.Caller) expr.Schema {
	var s expr.Schema
	for _, f := range t.def.GetFields() {
		if c == nil || mayReadField(*c, f) {
			s.Fields = append(s.Fields, expr.Field{Name: f.GetName(), Type: expr.FieldType(f.GetType())})
		}
	}
	return s
}

// field answers a field by name, nil if there is none for the caller.
func (t *Type) field(c access.Caller, name string) *recordv1.Field {
	f := t.fields[name]
	if f == nil || !mayReadField(c, f) {
		return nil
	}
	return f
}

// tracked is true if changes of the field are logged. Those of the assignee
// always are: whoever is assigned finds the line in the inbox.
func (t *Type) tracked(f *recordv1.Field) bool {
	return f.GetTracked() || f.GetName() == t.def.GetAssigneeField()
}

// defaultSubtypes are what a new follower is subscribed to.
func (t *Type) defaultSubtypes() []string {
	names := []string{}
	for _, s := range t.def.GetSubtypes() {
		if s.GetDefault() {
			names = append(names, s.GetName())
		}
	}
	return names
}

// withImplied adds the subtypes that every type has, where they are missing.
func withImplied(subtypes []*recordv1.Subtype) []*recordv1.Subtype {
	has := func(name string) bool {
		return slices.ContainsFunc(subtypes, func(s *recordv1.Subtype) bool { return s.GetName() == name })
	}
	var implied []*recordv1.Subtype
	if !has(thread.SubtypeDiscussions) {
		implied = append(implied, &recordv1.Subtype{Name: thread.SubtypeDiscussions, Label: "Discussions", Default: true})
	}
	if !has(thread.SubtypeNotes) {
		implied = append(implied, &recordv1.Subtype{Name: thread.SubtypeNotes, Label: "Notes", Internal: true})
	}
	if !has(thread.SubtypeActivities) {
		implied = append(implied, &recordv1.Subtype{Name: thread.SubtypeActivities, Label: "Activities", Internal: true})
	}
	return append(implied, subtypes...)
}

// mayReadField says whether a field exists for the caller.
func mayReadField(c access.Caller, f *recordv1.Field) bool {
	return c.Kind == access.System || len(f.GetReadRoles()) == 0 || slices.Contains(f.GetReadRoles(), c.Role)
}

// role says whether the caller's role is let in, whatever the record.
func (p permission) role(c access.Caller) bool {
	switch c.Kind {
	case access.System:
		return true
	case access.User:
		return len(p.roles) == 0 || slices.Contains(p.roles, c.Role)
	default:
		return false
	}
}

// conditional says whether it depends on the record what the caller may do.
func (p permission) conditional(c access.Caller) bool {
	return p.program != nil && c.Kind != access.System
}

// allows says whether the caller may do it with this record.
func (p permission) allows(ctx context.Context, c access.Caller, r *stored, now time.Time) (bool, error) {
	if !p.role(c) {
		return false, nil
	}
	if !p.conditional(c) {
		return true, nil
	}
	return p.program.Eval(ctx, r.environment(), exprUser(c), now)
}

// exprUser is the caller as conditions see it.
func exprUser(c access.Caller) expr.User {
	if c.Kind != access.User {
		return expr.User{}
	}
	role := strings.ToLower(strings.TrimPrefix(c.Role.String(), "ROLE_"))
	return expr.User{ID: c.ID.String(), Email: c.Email, Name: c.Name, Role: role, Locale: c.Locale}
}

// forCaller is the type without the fields that do not exist for the caller. An
// administrator keeps types, and sees them whole.
func (t *Type) forCaller(c access.Caller) *recordv1.RecordType {
	def := proto.CloneOf(t.def)
	if c.Kind == access.System || c.Administrator() {
		return def
	}
	def.Fields = slices.DeleteFunc(def.Fields, func(f *recordv1.Field) bool { return !mayReadField(c, f) })
	for _, name := range []*string{&def.AssigneeField, &def.CustomerField, &def.ParentField} {
		if *name != "" && t.field(c, *name) == nil {
			*name = ""
		}
	}
	return def
}
