package record

import (
	"maps"
	"slices"
	"strings"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

// Here is what a request's values make of a record's, as plain functions: no
// database, and so no knowledge of whether what is referred to exists.

// fresh are the values of a new record: those given, and the defaults of the
// fields that none is given for.
func (t *Type) fresh(c access.Caller, given map[string]any) (values, *wrong) {
	if w := t.strangers(c, given); w != nil {
		return nil, w
	}
	v := values{}
	for _, f := range t.def.GetFields() {
		value, w := normalise(f, given[f.GetName()])
		if w != nil {
			return nil, w
		}
		if value == nil {
			if value, w = normalise(f, f.GetDefaultValue().AsInterface()); w != nil {
				value = nil // an option that is no more, say
			}
		}
		switch {
		case value != nil:
			v[f.GetName()] = value
		case f.GetRequired() && f.GetSequencePrefix() == "": // a number is filled in when it is saved
			return nil, required(f)
		}
	}
	return v, nil
}

// changed are the values of a record after some were set, nil clearing them, and
// the fields that have another value then, in the type's order.
func (t *Type) changed(c access.Caller, old values, set map[string]any) (values, []*recordv1.Field, *wrong) {
	if w := t.strangers(c, set); w != nil {
		return nil, nil, w
	}
	v := maps.Clone(old)
	var fields []*recordv1.Field
	for _, f := range t.def.GetFields() {
		given, ok := set[f.GetName()]
		if !ok {
			continue
		}
		// What a record already has it may keep, even an option that is no more.
		if given != nil && same(given, old[f.GetName()]) {
			continue
		}
		value, w := normalise(f, given)
		switch {
		case w != nil:
			return nil, nil, w
		case value == nil && f.GetRequired():
			return nil, nil, required(f)
		case sameValue(f, value, old[f.GetName()]):
			continue
		case value == nil:
			delete(v, f.GetName())
		default:
			v[f.GetName()] = value
		}
		fields = append(fields, f)
	}
	return v, fields, nil
}

func required(f *recordv1.Field) *wrong {
	return wrongf(f.GetName(), "%s is required; give it a value", f.GetLabel())
}

// strangers finds a name that is no field, or none for the caller.
func (t *Type) strangers(c access.Caller, given map[string]any) *wrong {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if t.field(c, name) == nil {
			return wrongf(name, "there is no such field; the type has %s", t.fieldNames(c))
		}
	}
	return nil
}

func (t *Type) fieldNames(c access.Caller) string {
	const shown = 30
	var names []string
	for _, f := range t.def.GetFields() {
		if !mayReadField(c, f) {
			continue
		}
		if len(names) == shown {
			names = append(names, "...")
			break
		}
		names = append(names, f.GetName())
	}
	return strings.Join(names, ", ")
}

// masked are the values to set that an update mask selects from those given; nil
// clears. Without a mask, they are those given.
func (t *Type) masked(c access.Caller, given map[string]any, mask []string) (map[string]any, error) {
	if len(mask) == 0 {
		return given, nil
	}
	set := map[string]any{}
	for _, path := range mask {
		name, ok := strings.CutPrefix(path, "fields.")
		switch {
		case path == "fields":
			for _, f := range t.def.GetFields() {
				if mayReadField(c, f) {
					set[f.GetName()] = nil
				}
			}
			maps.Copy(set, given)
		case ok && t.field(c, name) != nil:
			set[name] = given[name]
		case ok:
			return nil, errMask.WithMessage("update_mask has %s, but there is no such field; the type has %s", quoted(path), t.fieldNames(c))
		default:
			return nil, errMask.WithMessage(`update_mask has %s; name fields as in "fields.title", or "fields" for all`, quoted(path))
		}
	}
	return set, nil
}
