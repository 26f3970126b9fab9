package record

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
)

// changeable are the parts of a type that UpdateRecordType changes.
var changeable = []string{
	"label", "plural_label", "icon", "fields", "title_field", "unique_field", "assignee_field", "customer_field", "url_template",
	"subtypes", "read", "create", "update", "delete", "parent_field", "parent_subtype",
}

// merged is a type with the parts that the mask names taken from another. An
// empty mask names every part that is set.
func merged(old, given *recordv1.RecordType, mask []string) (*recordv1.RecordType, error) {
	out := proto.CloneOf(old)
	from, to := given.ProtoReflect(), out.ProtoReflect()
	if len(mask) == 0 {
		for _, path := range changeable {
			if from.Has(from.Descriptor().Fields().ByName(protoreflect.Name(path))) {
				mask = append(mask, path)
			}
		}
	}
	for _, path := range mask {
		if path == "name" {
			continue // it says which type
		}
		if !slices.Contains(changeable, path) {
			return nil, errMask.WithMessage("update_mask has %s; it can name %s", quoted(path), strings.Join(changeable, ", "))
		}
		part := from.Descriptor().Fields().ByName(protoreflect.Name(path))
		if from.Has(part) {
			to.Set(part, from.Get(part))
		} else {
			to.Clear(part)
		}
	}
	out.Subtypes = withImplied(out.Subtypes)
	return proto.CloneOf(out), nil // of its own, not sharing with given
}

// difference is what a change of a type means for its records.
type difference struct {
	// removed are the fields whose values go.
	removed []string
	// demanded are the fields that records must have from now on.
	demanded []*recordv1.Field
	// rederived is true if titles or unique values come from another field.
	rederived bool
}

// compareTypes says what a change means, or why it cannot be.
func compareTypes(old, changed *recordv1.RecordType) (difference, *wrong) {
	var d difference
	for _, f := range old.GetFields() {
		now := fieldOf(changed, f.GetName())
		switch {
		case now == nil:
			d.removed = append(d.removed, f.GetName())
		case now.GetType() != f.GetType():
			return d, wrongf("fields", "%s: a field's type stays; remove the field and add one of another name", f.GetName())
		case now.GetTargetType() != f.GetTargetType():
			return d, wrongf("fields", "%s: what a field refers to stays; remove the field and add one of another name", f.GetName())
		case now.GetRequired() && !f.GetRequired():
			d.demanded = append(d.demanded, now)
		}
	}
	for _, f := range changed.GetFields() {
		if fieldOf(old, f.GetName()) == nil && f.GetRequired() {
			d.demanded = append(d.demanded, f)
		}
	}
	d.rederived = old.GetTitleField() != changed.GetTitleField() || old.GetUniqueField() != changed.GetUniqueField() ||
		slices.ContainsFunc(d.demanded, func(f *recordv1.Field) bool {
			return f.GetName() == changed.GetTitleField() || f.GetName() == changed.GetUniqueField()
		})
	return d, nil
}

// keepsBuiltIn refuses to take away from a built-in type what came with it,
// which other parts of Parley rely on.
func keepsBuiltIn(original, changed *recordv1.RecordType) *wrong {
	for _, f := range original.GetFields() {
		if fieldOf(changed, f.GetName()) == nil {
			return wrongf("fields", "%s came with Parley and stays; you may relabel it, or leave it empty", f.GetName())
		}
	}
	for _, s := range original.GetSubtypes() {
		if !hasSubtype(changed, s.GetName()) {
			return wrongf("subtypes", "%s came with Parley and stays", s.GetName())
		}
	}
	for _, part := range []struct{ name, was, is string }{
		{"title_field", original.GetTitleField(), changed.GetTitleField()},
		{"assignee_field", original.GetAssigneeField(), changed.GetAssigneeField()},
		{"customer_field", original.GetCustomerField(), changed.GetCustomerField()},
	} {
		if part.was != part.is {
			return wrongf(part.name, "of a type that comes with Parley it stays %q", part.was)
		}
	}
	return nil
}
