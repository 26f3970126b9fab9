package record

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

type set map[uuid.UUID]struct{}

// pointers are what a number of values refer to, gathered to be looked up at
// once.
type pointers struct {
	records map[string]set // by the name of the type
	users   set
	files   set
}

func newPointers() *pointers {
	return &pointers{records: map[string]set{}, users: set{}, files: set{}}
}

// add gathers what a field's value refers to.
func (p *pointers) add(f *recordv1.Field, v any) {
	var to set
	switch {
	case f.GetType() == recordv1.FieldType_FIELD_TYPE_FILE:
		to = p.files
	case !isReference(f):
		return
	case f.GetTargetType() == userType:
		to = p.users
	default:
		if p.records[f.GetTargetType()] == nil {
			p.records[f.GetTargetType()] = set{}
		}
		to = p.records[f.GetTargetType()]
	}
	for _, id := range idsOf(v) {
		to[id] = struct{}{}
	}
}

// idsOf are the ids in the value of a reference.
func idsOf(v any) []uuid.UUID {
	switch v := v.(type) {
	case string:
		if id, err := uuid.Parse(v); err == nil {
			return []uuid.UUID{id}
		}
	case []any:
		var ids []uuid.UUID
		for _, item := range v {
			ids = append(ids, idsOf(item)...)
		}
		return ids
	}
	return nil
}

// names are what ids stand for. What is missing does not exist.
type names struct {
	records map[uuid.UUID]recordName
	users   map[uuid.UUID]userName
	files   map[uuid.UUID]fileName
}

type recordName struct {
	kind, title string
	// readable says whether the caller that the names were looked up for may read
	// the record.
	readable bool
}

type userName struct {
	name   string
	active bool
}

type fileName struct {
	thread uuid.UUID
	name   string
}

// names looks up what the pointers stand for, with at most one query for each of
// records, users and files.
func (h *Handler) names(ctx context.Context, tx db.DBTX, c access.Caller, p *pointers) (*names, error) {
	n := &names{}
	var err error
	if len(p.records) > 0 {
		if n.records, err = h.recordNames(ctx, tx, c, p.records); err != nil {
			return nil, err
		}
	}
	if len(p.users) > 0 {
		if n.users, err = h.userNames(ctx, tx, c.Workspace, slices.Collect(maps.Keys(p.users))); err != nil {
			return nil, err
		}
	}
	if len(p.files) > 0 {
		if n.files, err = h.fileNames(ctx, tx, c.Workspace, slices.Collect(maps.Keys(p.files))); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (h *Handler) userNames(ctx context.Context, tx db.DBTX, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]userName, error) {
	rows, err := h.q.RecordUserNames(ctx, tx, db.RecordUserNamesParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find names of users: %w", err)
	}
	found := make(map[uuid.UUID]userName, len(rows))
	for _, row := range rows {
		found[row.ID] = userName{row.Name, row.Active}
	}
	return found, nil
}

func (h *Handler) fileNames(ctx context.Context, tx db.DBTX, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]fileName, error) {
	rows, err := h.q.RecordFileNames(ctx, tx, db.RecordFileNamesParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find names of files: %w", err)
	}
	found := make(map[uuid.UUID]fileName, len(rows))
	for _, row := range rows {
		found[row.ID] = fileName{row.ThreadID, row.Name}
	}
	return found, nil
}

// missing says which of the things that a value refers to cannot be referred to:
// they do not exist, are of another type or thread, or the caller may not read
// them, which is told apart to nobody. A text that happens to be a UUID refers to
// nothing.
func (n *names) missing(f *recordv1.Field, v any, owner uuid.UUID) *wrong {
	if !isReference(f) && f.GetType() != recordv1.FieldType_FIELD_TYPE_FILE {
		return nil
	}
	for _, id := range idsOf(v) {
		switch {
		case f.GetType() == recordv1.FieldType_FIELD_TYPE_FILE:
			if file, ok := n.files[id]; !ok || file.thread != owner {
				return wrongf(f.GetName(), "there is no file %s on this record; upload it to the record's thread first", id)
			}
		case f.GetTargetType() == userType:
			if !n.users[id].active {
				return wrongf(f.GetName(), "there is no active user %s", id)
			}
		default:
			if r, ok := n.records[id]; !ok || r.kind != f.GetTargetType() || !r.readable {
				return wrongf(f.GetName(), "there is no %s %s, or you may not read it", f.GetTargetType(), id)
			}
		}
	}
	return nil
}

// titles are the names that a reference's value shows, in its order. With all
// false, only of what the caller may read. What is gone shows nothing.
func (n *names) titles(f *recordv1.Field, v any, all bool) []string {
	var titles []string
	for _, id := range idsOf(v) {
		var title string
		switch {
		case f.GetType() == recordv1.FieldType_FIELD_TYPE_FILE:
			title = n.files[id].name
		case f.GetTargetType() == userType:
			title = n.users[id].name
		default:
			if r := n.records[id]; (r.readable || all) && r.kind == f.GetTargetType() {
				title = r.title
			}
		}
		if title != "" {
			titles = append(titles, title)
		}
	}
	return titles
}
