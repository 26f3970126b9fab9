package record

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// maxSameTitle bounds what one lookup of titles answers, when many records are
// called alike.
const maxSameTitle = 20_000

// checkRows brings the values of all rows into the form in which they are stored,
// as far as that needs no record: fields exist, values fit, references point to
// what the caller may read. References are looked up for all rows at once. A row
// that refers to one that is promised, the title of another row, waits for it.
func (h *Handler) checkRows(ctx context.Context, t *Type, c access.Caller, rows []*row, promised map[string]bool) error {
	wanted := map[string]map[string]bool{} // texts by type
	for _, r := range rows {
		r.convert(t, c, wanted)
	}
	known := make(map[string]map[string]target, len(wanted))
	for kind, texts := range wanted {
		var err error
		if known[kind], err = h.targets(ctx, c, kind, slices.Sorted(maps.Keys(texts))); err != nil {
			return err
		}
	}
	p := newPointers()
	for _, r := range rows {
		r.wait(t, known[t.def.GetName()], promised)
		r.normalise(t, known, p)
	}
	n, err := h.names(ctx, h.db, c, p)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, f := range t.def.GetFields() {
			if w := n.missing(f, r.given[f.GetName()], uuid.Nil); w != nil {
				r.fail(w)
			}
		}
	}
	return nil
}

// convert reads the row's texts and gathers those that stand for something.
func (r *row) convert(t *Type, c access.Caller, wanted map[string]map[string]bool) {
	if w := t.strangers(c, r.given); w != nil {
		r.fail(w)
		r.given = nil
	}
	for _, name := range slices.Sorted(maps.Keys(r.given)) {
		f := t.fields[name]
		v, w := cell(f, r.given[name])
		if w != nil {
			r.fail(w)
			delete(r.given, name)
			continue
		}
		r.given[name] = v
		if !isReference(f) {
			continue
		}
		for _, text := range tokens(v) {
			if wanted[f.GetTargetType()] == nil {
				wanted[f.GetTargetType()] = map[string]bool{}
			}
			wanted[f.GetTargetType()][text] = true
		}
	}
}

// titlesIn are the titles and unique values that rows would give to records.
func titlesIn(t *Type, rows []*row) map[string]bool {
	promised := map[string]bool{}
	for _, r := range rows {
		for _, name := range []string{t.def.GetTitleField(), t.def.GetUniqueField()} {
			if s, ok := r.written[name].(string); ok {
				promised[strings.TrimSpace(s)] = true
			}
		}
	}
	return promised
}

// wait takes out of the row what refers to a record that is not there yet, but
// promised.
func (r *row) wait(t *Type, known map[string]target, promised map[string]bool) {
	r.waits = false
	for name, v := range r.given {
		f := t.fields[name]
		if !isReference(f) || f.GetTargetType() != t.def.GetName() {
			continue
		}
		for _, text := range tokens(v) {
			if len(known[text].ids) == 0 && promised[text] {
				r.waits = true
				delete(r.given, name)
			}
		}
	}
}

func (r *row) normalise(t *Type, known map[string]map[string]target, p *pointers) {
	for _, name := range slices.Sorted(maps.Keys(r.given)) {
		f, v := t.fields[name], r.given[name]
		var w *wrong
		if isReference(f) {
			v, w = resolved(f, v, known[f.GetTargetType()])
		}
		if w == nil {
			v, w = normalise(f, v)
		}
		if w != nil {
			r.fail(w)
			delete(r.given, name)
			continue
		}
		r.given[name] = v
		p.add(f, v)
	}
}

// targets answers what texts stand for among the records of a type, or the users.
func (h *Handler) targets(ctx context.Context, c access.Caller, kind string, texts []string) (map[string]target, error) {
	if kind == userType {
		return h.userTargets(ctx, c, texts)
	}
	t, err := h.typeOf(ctx, h.db, c.Workspace, kind)
	if fault.ReasonOf(err) == errTypeNotFound.Reason {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	known, err := h.uniqueTargets(ctx, c, t, texts)
	if err != nil {
		return nil, err
	}
	titles, heads := []string{}, []string{}
	for _, text := range texts {
		if _, ok := known[text]; ok {
			continue
		}
		titles = append(titles, text)
		r := []rune(text)
		heads = append(heads, string(r[:min(len(r), 100)]))
	}
	rows, err := h.q.RecordByTitle(ctx, h.db, db.RecordByTitleParams{
		WorkspaceID: c.Workspace, Type: kind, Heads: heads, Titles: titles, Most: maxSameTitle,
	})
	if err != nil {
		return nil, fmt.Errorf("find records by title: %w", err)
	}
	found := make([]named, len(rows))
	for i, row := range rows {
		found[i] = named{row.Title, row.ID}
	}
	return known, h.addReadable(ctx, c, kind, known, found)
}

// named is something that was found by a text.
type named struct {
	text string
	id   uuid.UUID
}

// addReadable adds what the caller may read: what they may not read must not
// make a text ambiguous.
func (h *Handler) addReadable(ctx context.Context, c access.Caller, kind string, known map[string]target, found []named) error {
	ids := set{}
	for _, n := range found {
		ids[n.id] = struct{}{}
	}
	if len(ids) == 0 {
		return nil
	}
	names, err := h.recordNames(ctx, h.db, c, map[string]set{kind: ids})
	if err != nil {
		return err
	}
	for _, n := range found {
		if names[n.id].readable {
			known[n.text] = target{append(known[n.text].ids, n.id)}
		}
	}
	return nil
}

// uniqueTargets answers the texts that are unique values of a type.
func (h *Handler) uniqueTargets(ctx context.Context, c access.Caller, t *Type, texts []string) (map[string]target, error) {
	known := map[string]target{}
	f := t.fields[t.def.GetUniqueField()]
	if f == nil {
		return known, nil
	}
	byValue := map[string][]string{}
	for _, text := range texts {
		v, w := cell(f, text)
		if w == nil {
			v, w = normalise(f, v)
		}
		if u := uniqueOf(t, values{f.GetName(): v}); w == nil && u != nil {
			byValue[*u] = append(byValue[*u], text)
		}
	}
	rows, err := h.q.RecordByUnique(ctx, h.db, db.RecordByUniqueParams{
		WorkspaceID: c.Workspace, Type: t.def.GetName(), UniqueValues: slices.Sorted(maps.Keys(byValue)),
	})
	if err != nil {
		return nil, fmt.Errorf("find records by unique value: %w", err)
	}
	var found []named
	for _, row := range rows {
		for _, text := range byValue[row.Value] {
			found = append(found, named{text, row.ID})
		}
	}
	return known, h.addReadable(ctx, c, t.def.GetName(), known, found)
}

// userTargets answers the texts that are names or addresses of active users.
func (h *Handler) userTargets(ctx context.Context, c access.Caller, texts []string) (map[string]target, error) {
	emails := make([]string, len(texts))
	for i, text := range texts {
		emails[i] = strings.ToLower(text)
	}
	rows, err := h.q.RecordUserFind(ctx, h.db, db.RecordUserFindParams{WorkspaceID: c.Workspace, Texts: texts, Emails: emails})
	if err != nil {
		return nil, fmt.Errorf("find users by name: %w", err)
	}
	known := make(map[string]target, len(texts))
	for i, text := range texts {
		for _, row := range rows {
			if row.Name == text || row.Email == emails[i] {
				known[text] = target{append(known[text].ids, row.ID)}
			}
		}
	}
	return known, nil
}

// fieldFault is what keeps a row out, as said by a save.
func fieldFault(err error) (*wrong, bool) {
	f, ok := err.(*fault.Error)
	if !ok {
		return nil, false
	}
	field := strings.TrimPrefix(f.Field, "record.fields.")
	return &wrong{field: field, message: strings.TrimPrefix(f.Message, field+": ")}, true
}
