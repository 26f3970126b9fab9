package record

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/access"
)

// searchType finds records of a type by the beginnings of words in their titles:
// titles that begin with the query first, then the shorter ones.
func (h *Handler) searchType(ctx context.Context, c access.Caller, kind, query string, size int) ([]*recordv1.Reference, error) {
	t, err := h.listable(ctx, c, kind)
	if err != nil {
		return nil, err
	}
	terms := wordQuery(c.Workspace, kind, query)
	if terms == "" && strings.TrimSpace(query) != "" {
		return nil, nil // nothing in it to look for
	}
	q, err := h.over(c, t, "")
	if err != nil {
		return nil, err
	}
	found, err := h.search(ctx, q, terms, size)
	if err != nil {
		return nil, err
	}
	start := folded(strings.TrimSpace(query))
	slices.SortStableFunc(found, func(a, b candidate) int { return begins(b.title, start) - begins(a.title, start) })
	out := make([]*recordv1.Reference, len(found))
	for i, f := range found {
		out[i] = &recordv1.Reference{Id: f.id.String(), Title: f.title}
	}
	return out, nil
}

func begins(title, start string) int {
	if strings.HasPrefix(folded(title), start) {
		return 1
	}
	return 0
}

// Titles answers what records are called, whoever asks; what is gone is missing.
func (h *Handler) Titles(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := h.q.RecordTitles(ctx, h.db, db.RecordTitlesParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find titles of records: %w", err)
	}
	titles := make(map[uuid.UUID]string, len(rows))
	for _, row := range rows {
		titles[row.ID] = row.Title
	}
	return titles, nil
}
