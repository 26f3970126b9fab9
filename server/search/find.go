package search

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// maxCounted is how far results are counted.
	maxCounted = 1000
	// maxConsidered is how many messages with the words are looked at for one page,
	// of which the caller may read fewer.
	maxConsidered = 20_000
	// maxRound is how many of them are looked at at once.
	maxRound = 2000
	// maxPending is how many changes of the searched thread that are not indexed
	// yet are matched directly.
	maxPending = 200
	widening   = 4
)

// The bounds of time, where the caller sets none.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// place is where a message stands among results: they are older from one to the
// next.
type place struct {
	Time   time.Time `json:"t"`
	Thread uuid.UUID `json:"h"`
	Seq    int64     `json:"s"`
}

// before reports whether p comes before other in a list of results.
func (p place) before(other place) int {
	return cmp.Or(other.Time.Compare(p.Time), bytes.Compare(other.Thread[:], p.Thread[:]), cmp.Compare(other.Seq, p.Seq))
}

// hit is a message that has the words, and that the caller may read.
type hit struct {
	place
	source string
}

// criteria are what a message must be besides having the words.
type criteria struct {
	caller    access.Caller
	audience  thread.Audience
	thread    *uuid.UUID
	author    *uuid.UUID
	source    string // the only one; "" for any
	sources   []string
	depends   map[string]bool // those sources where it depends on the thread
	hasFiles  bool
	after     time.Time
	beforeEnd time.Time
}

// filter are the words of the index that have to be there.
func (c *criteria) filter() []string {
	var words []string
	if c.thread != nil {
		words = append(words, threadWord(*c.thread))
	}
	if c.author != nil {
		words = append(words, authorWord(*c.author))
	}
	if c.source != "" {
		words = append(words, sourceWord(c.source))
	}
	if c.hasFiles {
		words = append(words, fileWord)
	}
	return words
}

// found is what a search came to.
type found struct {
	hits []hit
	// more is true if not everything was looked at; last is then where to go on.
	more bool
	last place
}

// find finds up to want results after a place.
func (h *Handler) find(ctx context.Context, q query, c *criteria, after place, want int) (found, error) {
	weeks, err := h.q.SearchWeekList(ctx, h.DB, db.SearchWeekListParams{
		WorkspaceID: c.caller.Workspace, First: weekOf(c.after), Last: weekOf(earlier(after.Time, c.beforeEnd)),
	})
	if err != nil {
		return found{}, fmt.Errorf("list weeks to search: %w", err)
	}
	f := found{last: after}
	considered := 0
	for step := 1; len(weeks) > 0; {
		round := weeks[:min(step, len(weeks))]
		limit := min(maxRound, want-len(f.hits))
		if len(c.depends) > 0 {
			limit = maxRound
		}
		rows, err := h.round(ctx, q, c, round, f.last, limit)
		if err != nil {
			return found{}, err
		}
		considered += len(rows)
		if err := h.admit(ctx, c, rows, &f, want); err != nil {
			return found{}, err
		}
		if len(f.hits) == want {
			f.more = true
			return f, nil
		}
		if len(rows) < limit {
			weeks = weeks[len(round):]
			step *= widening
		}
		if considered >= maxConsidered {
			f.more = len(weeks) > 0
			return f, nil
		}
	}
	return f, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// round looks at some weeks.
func (h *Handler) round(ctx context.Context, q query, c *criteria, weeks []int16, after place, limit int) ([]hit, error) {
	tag, filter := workspaceTag(c.caller.Workspace), c.filter()
	queries := make([]string, len(weeks))
	for i, week := range weeks {
		queries[i] = q.tsquery(tag+weekTag(week), filter)
	}
	rows, err := h.q.SearchFind(ctx, h.DB, db.SearchFindParams{
		Queries: queries, WorkspaceID: c.caller.Workspace, Audience: bit(c.audience), Sources: c.sources, ThreadID: c.thread,
		AuthorID: c.author, HasFiles: c.hasFiles, After: c.after, Before: c.beforeEnd,
		PlaceTime: after.Time, PlaceThread: after.Thread, PlaceSeq: after.Seq, MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	hits := make([]hit, len(rows))
	for i, r := range rows {
		hits[i] = hit{place{r.CreateTime, r.ThreadID, r.Seq}, r.Source}
	}
	return hits, nil
}

// admit adds to what was found those of a round that the caller may read, up to
// want.
func (h *Handler) admit(ctx context.Context, c *criteria, round []hit, f *found, want int) error {
	readable, err := h.readable(ctx, c, round)
	if err != nil {
		return err
	}
	for _, one := range round {
		if len(f.hits) == want {
			return nil
		}
		f.last = one.place
		if !c.depends[one.source] || readable[one.Thread] {
			f.hits = append(f.hits, one)
		}
	}
	return nil
}

// readable asks the areas about those threads where it depends on the thread.
func (h *Handler) readable(ctx context.Context, c *criteria, round []hit) (map[uuid.UUID]bool, error) {
	asked := map[int16]map[string][]uuid.UUID{}
	seen := map[uuid.UUID]bool{}
	for _, one := range round {
		if !c.depends[one.source] || seen[one.Thread] {
			continue
		}
		seen[one.Thread] = true
		kind, recordType := ofSource(one.source)
		if asked[kind] == nil {
			asked[kind] = map[string][]uuid.UUID{}
		}
		asked[kind][recordType] = append(asked[kind][recordType], one.Thread)
	}
	readable := map[uuid.UUID]bool{}
	for kind, threads := range asked {
		some, err := h.Sources[kind].Readable(ctx, c.caller, threads)
		if err != nil {
			return nil, fmt.Errorf("ask which threads may be read: %w", err)
		}
		for id, ok := range some {
			readable[id] = ok
		}
	}
	return readable, nil
}

// pending answers those changes of the searched thread that are not indexed yet:
// which messages they are of, and which of these are results.
func (h *Handler) pending(ctx context.Context, q query, c *criteria, after place) (changed map[int64]bool, hits []hit, err error) {
	rev, err := h.q.SearchPosition(ctx, h.DB, db.SearchPositionParams{WorkspaceID: c.caller.Workspace, ThreadID: *c.thread})
	if err != nil {
		return nil, nil, fmt.Errorf("read position: %w", err)
	}
	messages, _, err := h.Log.Since(ctx, c.caller.Workspace, *c.thread, rev, maxPending)
	if err != nil {
		return nil, nil, err
	}
	changed = make(map[int64]bool, len(messages))
	for i := range messages {
		m := &messages[i]
		changed[m.Seq] = true
		at := place{m.Create, m.Thread, m.Seq}
		if after.before(at) < 0 && c.fits(m) {
			view := thread.Redact(m, c.audience)
			if _, ok := q.match(partsOf(view)); ok && (!c.hasFiles || len(view.GetFiles()) > 0) {
				hits = append(hits, hit{at, c.source})
			}
		}
	}
	return changed, hits, nil
}

func (c *criteria) fits(m *thread.Message) bool {
	return (c.author == nil || m.Author.ID == *c.author) && !m.Create.Before(c.after) && m.Create.Before(c.beforeEnd)
}

// findAll is find, and in a search of one thread finds what is not indexed yet.
func (h *Handler) findAll(ctx context.Context, q query, c *criteria, after place, want int) (found, error) {
	if c.thread == nil {
		return h.find(ctx, q, c, after, want)
	}
	// First, so that what is indexed in between is there twice and not missing.
	changed, fresh, err := h.pending(ctx, q, c, after)
	if err != nil {
		return found{}, err
	}
	f, err := h.find(ctx, q, c, after, want+len(changed))
	if err != nil || len(changed) == 0 {
		return f, err
	}
	f.hits = slices.DeleteFunc(f.hits, func(one hit) bool { return changed[one.Seq] })
	if f.more { // what is older than the last that was looked at comes with a later page
		fresh = slices.DeleteFunc(fresh, func(one hit) bool { return one.before(f.last) > 0 })
	}
	f.hits = append(f.hits, fresh...)
	slices.SortFunc(f.hits, func(a, b hit) int { return a.before(b.place) })
	if len(f.hits) > want {
		f.hits, f.more = f.hits[:want], true
		f.last = f.hits[want-1].place
	}
	return f, nil
}
