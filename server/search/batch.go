package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// batchMessages is about how many messages are indexed in a transaction.
	batchMessages = 500
	minEach       = 20
	// maxDropped is how many documents of threads that are gone are removed in
	// one.
	maxDropped = 100
)

// index brings threads, which are in order, up to date. It answers those that it
// could not finish, and how many messages it wrote.
func (x *Indexer) index(ctx context.Context, keys []thread.Key) (rest []thread.Key, n int, err error) {
	err = store.Retry(ctx, func() error {
		return store.InTx(ctx, x.db, func(tx pgx.Tx) error {
			b := batch{x: x, tx: tx}
			if err := b.run(ctx, keys); err != nil {
				return err
			}
			rest, n = b.rest, b.written
			return nil
		})
	})
	return rest, n, err
}

// batch is one transaction of indexing.
type batch struct {
	x       *Indexer
	tx      pgx.Tx
	rest    []thread.Key
	written int
	removed map[uuid.UUID]map[string]bool // words that are gone from a document
}

// columns are keys as a query takes them.
func columns(keys []thread.Key) (workspaces, threads []uuid.UUID) {
	for _, k := range keys {
		workspaces, threads = append(workspaces, k.Workspace), append(threads, k.Thread)
	}
	return workspaces, threads
}

func (b *batch) run(ctx context.Context, keys []thread.Key) error {
	workspaces, threads := columns(keys)
	// Before the messages are read: whoever has read them all is at this head, or
	// further.
	rows, err := b.x.q.SearchThreads(ctx, b.tx, db.SearchThreadsParams{WorkspaceIds: workspaces, ThreadIds: threads})
	if err != nil {
		return fmt.Errorf("read heads: %w", err)
	}
	there := make(map[thread.Key]db.SearchThreadsRow, len(rows))
	for _, r := range rows {
		there[thread.Key{Workspace: r.WorkspaceID, Thread: r.ID}] = r
	}
	gone := slices.DeleteFunc(slices.Clone(keys), func(k thread.Key) bool { _, ok := there[k]; return ok })
	keys = slices.DeleteFunc(slices.Clone(keys), func(k thread.Key) bool { _, ok := there[k]; return !ok })
	if err := b.drop(ctx, gone); err != nil {
		return err
	}
	if err := b.catchUp(ctx, keys, there); err != nil {
		return err
	}
	return b.prune(ctx)
}

// drop removes what is left of threads that are gone.
func (b *batch) drop(ctx context.Context, gone []thread.Key) error {
	if len(gone) == 0 {
		return nil
	}
	workspaces, threads := columns(gone)
	rows, err := b.x.q.SearchDocumentDrop(ctx, b.tx, db.SearchDocumentDropParams{
		WorkspaceIds: workspaces, ThreadIds: threads, MaxRows: maxDropped,
	})
	if err != nil {
		return fmt.Errorf("drop documents: %w", err)
	}
	for _, r := range rows {
		b.remove(r.WorkspaceID, r.Words)
	}
	if len(rows) == maxDropped {
		b.rest = append(b.rest, gone...)
		return nil
	}
	err = b.x.q.SearchPositionDelete(ctx, b.tx, db.SearchPositionDeleteParams{WorkspaceIds: workspaces, ThreadIds: threads})
	if err != nil {
		return fmt.Errorf("drop positions: %w", err)
	}
	return nil
}

// catchUp indexes what changed in threads since each one's position.
func (b *batch) catchUp(ctx context.Context, keys []thread.Key, there map[thread.Key]db.SearchThreadsRow) error {
	revs, err := b.lock(ctx, keys)
	if err != nil {
		return err
	}
	each := max(batchMessages/max(len(revs), 1), minEach)
	p := db.SearchChangedParams{Each: int32(each)}
	for _, k := range keys {
		rev, locked := revs[k]
		if !locked {
			b.rest = append(b.rest, k)
		} else if rev < there[k].Head {
			p.WorkspaceIds, p.ThreadIds, p.Revs = append(p.WorkspaceIds, k.Workspace), append(p.ThreadIds, k.Thread), append(p.Revs, rev)
		}
	}
	if len(p.Revs) == 0 {
		return nil
	}
	rows, err := b.x.q.SearchChanged(ctx, b.tx, p)
	if err != nil {
		return fmt.Errorf("read what changed: %w", err)
	}
	read, counts := map[thread.Key]int64{}, map[thread.Key]int{}
	messages := make([]thread.Message, len(rows))
	for i, r := range rows {
		messages[i] = thread.FromRow(r)
		k := thread.Key{Workspace: r.WorkspaceID, Thread: r.ThreadID}
		read[k], counts[k] = max(read[k], r.Rev), counts[k]+1
	}
	if err := b.write(ctx, messages, there); err != nil {
		return err
	}
	return b.advance(ctx, p, there, read, counts, each)
}

// lock holds the positions of threads, making those that are missing.
func (b *batch) lock(ctx context.Context, keys []thread.Key) (map[thread.Key]int64, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	workspaces, threads := columns(keys)
	err := b.x.q.SearchPositionCreate(ctx, b.tx, db.SearchPositionCreateParams{WorkspaceIds: workspaces, ThreadIds: threads})
	if err != nil {
		return nil, fmt.Errorf("make positions: %w", err)
	}
	rows, err := b.x.q.SearchPositionLock(ctx, b.tx, db.SearchPositionLockParams{WorkspaceIds: workspaces, ThreadIds: threads})
	if err != nil {
		return nil, fmt.Errorf("lock positions: %w", err)
	}
	revs := make(map[thread.Key]int64, len(rows))
	for _, r := range rows {
		revs[thread.Key{Workspace: r.WorkspaceID, Thread: r.ThreadID}] = r.Rev
	}
	return revs, nil
}

// advance moves the positions on: to the head where everything was read, else to
// what was.
func (b *batch) advance(ctx context.Context, p db.SearchChangedParams, there map[thread.Key]db.SearchThreadsRow, read map[thread.Key]int64, counts map[thread.Key]int, each int) error {
	done := db.SearchPositionAdvanceParams{WorkspaceIds: p.WorkspaceIds, ThreadIds: p.ThreadIds}
	for i := range p.Revs {
		k := thread.Key{Workspace: p.WorkspaceIds[i], Thread: p.ThreadIds[i]}
		rev := max(there[k].Head, read[k])
		if counts[k] == each {
			rev = read[k]
			b.rest = append(b.rest, k)
		}
		done.Revs = append(done.Revs, rev)
	}
	if err := b.x.q.SearchPositionAdvance(ctx, b.tx, done); err != nil {
		return fmt.Errorf("advance positions: %w", err)
	}
	return nil
}

// write replaces what can be found of messages.
func (b *batch) write(ctx context.Context, messages []thread.Message, there map[thread.Key]db.SearchThreadsRow) error {
	var old db.SearchDocumentDeleteParams
	var documents []Document
	for i := range messages {
		m := &messages[i]
		old.WorkspaceIds, old.ThreadIds, old.Seqs = append(old.WorkspaceIds, m.Workspace), append(old.ThreadIds, m.Thread), append(old.Seqs, m.Seq)
		t := there[thread.Key{Workspace: m.Workspace, Thread: m.Thread}]
		for _, d := range Documents(m, SourceOf(t.Kind, t.RecordType)) {
			documents = append(documents, d)
			old.NewWorkspaceIds, old.NewThreadIds, old.NewSeqs = append(old.NewWorkspaceIds, d.Workspace), append(old.NewThreadIds, d.Thread), append(old.NewSeqs, d.Seq)
			old.NewAudiences, old.NewContents = append(old.NewAudiences, d.Audience), append(old.NewContents, d.Content)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	rows, err := b.x.q.SearchDocumentDelete(ctx, b.tx, old)
	if err != nil {
		return fmt.Errorf("remove old documents: %w", err)
	}
	for _, r := range rows {
		b.remove(r.WorkspaceID, r.Words)
	}
	b.written = len(messages)
	return b.insert(ctx, documents)
}

// insert writes documents, their weeks and their words. All nodes insert in one
// order, so that two never wait for each other.
func (b *batch) insert(ctx context.Context, documents []Document) error {
	if len(documents) == 0 {
		return nil
	}
	var p db.SearchDocumentInsertParams
	var weeks db.SearchWeekInsertParams
	words := map[uuid.UUID]map[string]bool{}
	seen := map[string]bool{}
	for _, d := range documents {
		p.WorkspaceIds, p.ThreadIds, p.Seqs = append(p.WorkspaceIds, d.Workspace), append(p.ThreadIds, d.Thread), append(p.Seqs, d.Seq)
		p.Audiences, p.Sources, p.AuthorIds = append(p.Audiences, d.Audience), append(p.Sources, d.Source), append(p.AuthorIds, d.Author)
		p.HaveFiles, p.CreateTimes, p.Contents = append(p.HaveFiles, d.HasFiles), append(p.CreateTimes, d.CreateTime), append(p.Contents, d.Content)
		if week := d.Workspace.String() + weekTag(d.Week); !seen[week] {
			seen[week] = true
			weeks.WorkspaceIds, weeks.Weeks = append(weeks.WorkspaceIds, d.Workspace), append(weeks.Weeks, d.Week)
		}
		if words[d.Workspace] == nil {
			words[d.Workspace] = map[string]bool{}
		}
		for _, word := range d.Words {
			words[d.Workspace][word] = true
		}
	}
	if err := b.x.q.SearchDocumentInsert(ctx, b.tx, p); err != nil {
		return fmt.Errorf("write documents: %w", err)
	}
	if err := b.x.q.SearchWeekInsert(ctx, b.tx, weeks); err != nil {
		return fmt.Errorf("write weeks: %w", err)
	}
	return b.list(ctx, words)
}

// list adds words to the list of all words.
func (b *batch) list(ctx context.Context, words map[uuid.UUID]map[string]bool) error {
	type listed struct {
		workspace uuid.UUID
		word      string
	}
	var all []listed
	for workspace, some := range words {
		for word := range some {
			all = append(all, listed{workspace, word})
			delete(b.removed[workspace], word)
		}
	}
	slices.SortFunc(all, func(x, y listed) int {
		return cmp.Or(strings.Compare(x.workspace.String(), y.workspace.String()), strings.Compare(x.word, y.word))
	})
	var p db.SearchWordInsertParams
	for _, one := range all {
		p.WorkspaceIds, p.Words = append(p.WorkspaceIds, one.workspace), append(p.Words, one.word)
		p.Grams = append(p.Grams, strings.Join(grams(workspaceTag(one.workspace), one.word), " "))
	}
	if len(all) == 0 {
		return nil
	}
	if err := b.x.q.SearchWordInsert(ctx, b.tx, p); err != nil {
		return fmt.Errorf("list words: %w", err)
	}
	return nil
}

// remove notes the words of a document that was removed.
func (b *batch) remove(workspace uuid.UUID, lexemes []string) {
	if b.removed == nil {
		b.removed = map[uuid.UUID]map[string]bool{}
	}
	if b.removed[workspace] == nil {
		b.removed[workspace] = map[string]bool{}
	}
	for _, lexeme := range lexemes {
		if word := lexeme[min(tagSize, len(lexeme)):]; isListed(word) {
			b.removed[workspace][word] = true
		}
	}
}

// prune takes words off the list that stand nowhere any more: what was deleted
// leaves nothing behind. A word that another node lists again at the same moment
// may be missing until it is written once more.
func (b *batch) prune(ctx context.Context) error {
	for workspace, words := range b.removed {
		p := db.SearchWordPruneParams{WorkspaceID: workspace}
		for word := range words {
			p.Words = append(p.Words, word)
		}
		if len(p.Words) == 0 {
			continue
		}
		slices.Sort(p.Words)
		weeks, err := b.x.q.SearchWeekList(ctx, b.tx, db.SearchWeekListParams{WorkspaceID: workspace, First: 0, Last: lastWeekNumber})
		if err != nil {
			return fmt.Errorf("list weeks: %w", err)
		}
		for _, week := range weeks {
			p.Weeks = append(p.Weeks, workspaceTag(workspace)+weekTag(week))
		}
		if err := b.x.q.SearchWordPrune(ctx, b.tx, p); err != nil {
			return fmt.Errorf("prune words: %w", err)
		}
	}
	return nil
}
