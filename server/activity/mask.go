package activity

import "slices"

// maskField is a field that an update can change, and whether the request sets it.
type maskField struct {
	name  string
	isSet bool
}

// masked answers which fields an update changes: those of its mask, or without one
// every field that is set.
func masked(fields []maskField, mask []string) ([]string, error) {
	var names []string
	for _, f := range fields {
		if slices.Contains(mask, f.name) || (len(mask) == 0 && f.isSet) {
			names = append(names, f.name)
		}
	}
	for _, path := range mask {
		if !slices.Contains(names, path) {
			return nil, errMask.With("path", path)
		}
	}
	return names, nil
}

// every are the names of all fields, for what is new.
func every(fields []maskField) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}
