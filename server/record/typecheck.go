package record

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/thread"
)

// contactType is the built-in type that customers are of.
const contactType = "contact"

// reservedFields have a meaning in every condition, whatever the type.
var reservedFields = []string{"id", "creator", "create_time", "update_time"}

// check finds out whether the parts of a type fit each other. The contract has
// checked each part by itself. exists says which names are types; the type's own
// is one. What is wrong is named by its path in the type.
func check(def *recordv1.RecordType, exists func(name string) bool) *wrong {
	if def.GetName() == userType {
		return wrongf("name", `"user" stands for the people of the workspace; choose another name`)
	}
	if strings.TrimSpace(def.GetLabel()) == "" {
		return wrongf("label", "give the type a name for people")
	}
	checks := []func() *wrong{
		func() *wrong { return checkSubtypes(def.GetSubtypes()) },
		func() *wrong { return checkFields(def, exists) },
		func() *wrong { return checkTitle(def) },
		func() *wrong { return checkUnique(def) },
		func() *wrong { return checkRole(def, "assignee_field", def.GetAssigneeField(), userType) },
		func() *wrong { return checkRole(def, "customer_field", def.GetCustomerField(), contactType) },
		func() *wrong { return checkSequence(def) },
		func() *wrong { return checkURLTemplate(def) },
		func() *wrong { return checkPermissions(def) },
	}
	for _, c := range checks {
		if w := c(); w != nil {
			return w
		}
	}
	return nil
}

func checkSubtypes(subtypes []*recordv1.Subtype) *wrong {
	seen := map[string]bool{}
	for i, s := range subtypes {
		path := fmt.Sprintf("subtypes[%d]", i)
		switch {
		case seen[s.GetName()]:
			return wrongf(path+".name", "there are two subtypes %q; remove one", s.GetName())
		case s.GetName() == thread.SubtypeNotes && !s.GetInternal():
			return wrongf(path+".internal", "notes are internal and stay so")
		case s.GetName() == thread.SubtypeDiscussions && s.GetInternal():
			return wrongf(path+".internal", "discussions reach people outside; leave internal off")
		}
		seen[s.GetName()] = true
	}
	return nil
}

func checkFields(def *recordv1.RecordType, exists func(string) bool) *wrong {
	if len(def.GetFields()) == 0 {
		return wrongf("fields", "a type needs at least one field, the one that names a record")
	}
	seen := map[string]bool{}
	for i, f := range def.GetFields() {
		path := fmt.Sprintf("fields[%d]", i)
		switch {
		case seen[f.GetName()]:
			return wrongf(path+".name", "there are two fields %q; rename one", f.GetName())
		case slices.Contains(reservedFields, f.GetName()):
			return wrongf(path+".name", "every record has %q already; choose another name", f.GetName())
		case f.GetName() == "title" && def.GetTitleField() != "title":
			return wrongf(path+".name", `a field "title" must be the type's title_field; choose another name`)
		}
		seen[f.GetName()] = true
		if w := checkField(def, f, exists); w != nil {
			return wrongf(path+w.field, "%s: %s", f.GetName(), w.message)
		}
	}
	return nil
}

// checkField names what is wrong by its path in the field.
func checkField(def *recordv1.RecordType, f *recordv1.Field, exists func(string) bool) *wrong {
	if w := checkOptions(f); w != nil {
		return w
	}
	refers := isReference(f)
	switch target := f.GetTargetType(); {
	case refers && target == "":
		return wrongf(".target_type", `name the record type that it refers to, or "user"`)
	case refers && target != userType && target != def.GetName() && !exists(target):
		return wrongf(".target_type", "there is no record type %q; create it first", target)
	case !refers && target != "":
		return wrongf(".target_type", "only a reference has a target type; leave it out")
	}
	if w := checkRoles(f.GetReadRoles()); w != nil {
		return wrongf(".read_roles", "%s", w.message)
	}
	if w := checkPosted(def, f); w != nil {
		return w
	}
	return checkDefault(f)
}

// checkPosted is for the subtypes that changes of a field are posted under.
func checkPosted(def *recordv1.RecordType, f *recordv1.Field) *wrong {
	names := map[string]string{".change_subtype": f.GetChangeSubtype()}
	for i, o := range f.GetOptions() {
		names[fmt.Sprintf(".options[%d].change_subtype", i)] = o.GetChangeSubtype()
	}
	for _, path := range slices.Sorted(maps.Keys(names)) {
		switch name := names[path]; {
		case name == "":
		case !f.GetTracked():
			return wrongf(path, "only changes of a tracked field are posted; track the field")
		case len(f.GetReadRoles()) > 0:
			return wrongf(path, "followers who may not read the field would be told of its changes; leave it out")
		case !hasSubtype(def, name):
			return wrongf(path, "there is no subtype %q; add it to subtypes", name)
		}
	}
	return nil
}

func checkDefault(f *recordv1.Field) *wrong {
	v, w := normalise(f, f.GetDefaultValue().AsInterface())
	switch {
	case w != nil:
		return wrongf(".default_value", "%s", w.message)
	case v != nil && f.GetType() == recordv1.FieldType_FIELD_TYPE_FILE:
		return wrongf(".default_value", "a new record has no files yet; leave it out")
	case v == nil && f.GetRequired() && len(f.GetReadRoles()) > 0:
		return wrongf(".default_value", "whoever may not read this required field cannot fill it; give it a default value")
	default:
		return nil
	}
}

func checkOptions(f *recordv1.Field) *wrong {
	isSelection := f.GetType() == recordv1.FieldType_FIELD_TYPE_SELECTION
	switch {
	case isSelection && len(f.GetOptions()) == 0:
		return wrongf(".options", "give at least one option to choose")
	case !isSelection && len(f.GetOptions()) > 0:
		return wrongf(".options", "only a selection has options; leave them out")
	}
	values, labels := map[string]bool{}, map[string]bool{}
	for i, o := range f.GetOptions() {
		path := fmt.Sprintf(".options[%d]", i)
		label := strings.ToLower(o.GetLabel())
		switch {
		case values[o.GetValue()]:
			return wrongf(path+".value", "there are two options %q; remove one", o.GetValue())
		case labels[label]:
			return wrongf(path+".label", "two options are called %q; nobody could tell them apart", o.GetLabel())
		case strings.TrimSpace(o.GetValue()) != o.GetValue() || unreadable(o.GetValue()) != "":
			return wrongf(path+".value", "an option's value cannot begin or end with a space")
		}
		values[o.GetValue()], labels[label] = true, true
	}
	return nil
}

func checkRoles(roles []identityv1.Role) *wrong {
	for i, r := range roles {
		switch {
		case r < identityv1.Role_ROLE_MEMBER || r > identityv1.Role_ROLE_ADMINISTRATOR:
			return wrongf("", "there is no such role; choose member, agent or administrator")
		case slices.Contains(roles[:i], r):
			return wrongf("", "a role is named twice; remove one")
		}
	}
	return nil
}

func checkTitle(def *recordv1.RecordType) *wrong {
	f := fieldOf(def, def.GetTitleField())
	switch {
	case f == nil:
		return wrongf("title_field", "there is no field %q; name the text field that names a record", def.GetTitleField())
	case f.GetType() != recordv1.FieldType_FIELD_TYPE_TEXT:
		return wrongf("title_field", "%s is no text field; the title is a text", f.GetName())
	case len(f.GetReadRoles()) > 0:
		return wrongf("title_field", "the title shows wherever the record is named; let everybody read %s", f.GetName())
	default:
		return nil
	}
}

func checkUnique(def *recordv1.RecordType) *wrong {
	name := def.GetUniqueField()
	if name == "" {
		return nil
	}
	f := fieldOf(def, name)
	switch {
	case f == nil:
		return wrongf("unique_field", "there is no field %q", name)
	case len(f.GetReadRoles()) > 0:
		return wrongf("unique_field", "a value that is taken would be told to whoever tries it; let everybody read %s", name)
	}
	switch f.GetType() {
	case recordv1.FieldType_FIELD_TYPE_LONG_TEXT, recordv1.FieldType_FIELD_TYPE_MONEY, recordv1.FieldType_FIELD_TYPE_BOOLEAN,
		recordv1.FieldType_FIELD_TYPE_REFERENCES, recordv1.FieldType_FIELD_TYPE_FILE:
		return wrongf("unique_field", "%s cannot be unique; choose a text, number, date, selection, reference or address", name)
	default:
		return nil
	}
}

// checkRole is for the fields that have a part to play in every type.
func checkRole(def *recordv1.RecordType, part, name, target string) *wrong {
	if name == "" {
		return nil
	}
	f := fieldOf(def, name)
	if f == nil || f.GetType() != recordv1.FieldType_FIELD_TYPE_REFERENCE || f.GetTargetType() != target {
		return wrongf(part, "%q must be a field that refers to one %s", name, target)
	}
	return nil
}

// checkSequence is for the field that new records get their number in.
func checkSequence(def *recordv1.RecordType) *wrong {
	found := false
	for i, f := range def.GetFields() {
		path := fmt.Sprintf("fields[%d].sequence_prefix", i)
		switch {
		case f.GetSequencePrefix() == "":
			continue
		case found:
			return wrongf(path, "another field has the type's numbers already; leave it out")
		case f.GetType() != recordv1.FieldType_FIELD_TYPE_TEXT:
			return wrongf(path, "%s is no text field; numbers have a prefix and are text", f.GetName())
		case len(f.GetReadRoles()) > 0:
			return wrongf(path, "whoever may not read %s would be given a number unseen; let everybody read it", f.GetName())
		case f.GetDefaultValue() != nil:
			return wrongf(path, "a default value would stand in the number's way; leave one of them out")
		}
		found = true
	}
	return nil
}

func checkURLTemplate(def *recordv1.RecordType) *wrong {
	template := def.GetUrlTemplate()
	if template == "" {
		return nil
	}
	placeholder := regexp.MustCompile(`\{([^{}]*)\}`)
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		f := fieldOf(def, m[1])
		if m[1] != "id" && (f == nil || len(f.GetReadRoles()) > 0) {
			return wrongf("url_template", "there is no field %q that everybody may read", m[1])
		}
	}
	rest := placeholder.ReplaceAllString(template, "x")
	if _, problem := webAddress(rest); problem != "" || !strings.Contains(rest, "://") || strings.ContainsAny(rest, "{}") {
		return wrongf("url_template", `write an address such as "https://shop.example/orders/{number}"`)
	}
	return nil
}

func checkPermissions(def *recordv1.RecordType) *wrong {
	for _, p := range []struct {
		name  string
		roles []identityv1.Role
	}{
		{"read", def.GetRead().GetRoles()}, {"create", def.GetCreate().GetRoles()},
		{"update", def.GetUpdate().GetRoles()}, {"delete", def.GetDelete().GetRoles()},
	} {
		if w := checkRoles(p.roles); w != nil {
			return wrongf(p.name+".roles", "%s", w.message)
		}
	}
	_, err := compile(def, 0)
	if w, ok := err.(*wrong); ok {
		return w
	}
	return nil
}

func isReference(f *recordv1.Field) bool {
	return f.GetType() == recordv1.FieldType_FIELD_TYPE_REFERENCE || f.GetType() == recordv1.FieldType_FIELD_TYPE_REFERENCES
}

func fieldOf(def *recordv1.RecordType, name string) *recordv1.Field {
	for _, f := range def.GetFields() {
		if f.GetName() == name {
			return f
		}
	}
	return nil
}

func hasSubtype(def *recordv1.RecordType, name string) bool {
	return slices.ContainsFunc(def.GetSubtypes(), func(s *recordv1.Subtype) bool { return s.GetName() == name })
}
