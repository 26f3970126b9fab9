// Package search finds messages by words and phrases, in any language.
//
// What can be found of a message is written by an indexer, some moments after
// it was posted, so that posting costs nothing more. The index is PostgreSQL's
// full text search over words that are made here: folded (case, accents,
// widths), cut where a person would cut, and in scripts without spaces as
// overlapping pairs. So no dictionary and no locale of the database has a say,
// and no extension is needed.
//
//   - A document is what one audience sees of one message, made by thread.Redact:
//     what a reader may not read is not in the words that are looked up for them.
//     Users who see a message alike share a row.
//   - Every word stands behind the tag of its workspace and the week of its
//     message. Results are wanted newest first and counted up to a bound, so a
//     search looks at the newest week, then at four times as many, and so on until
//     it has enough: a common word is found at once, and a rare one costs one short
//     look a week.
//   - Author, thread and kind of record are in the index as words, too, so that a
//     filter makes a search faster and never slower.
//   - Whether a thread may be read is asked of the area that owns it. Types of
//     which the caller may read all, or none, are told apart in the query; where it
//     depends on the record, the records of a round of results are asked for at
//     once. What is on a page has passed access.Gate besides.
//   - A result is read from the thread and matched again before it is shown, so
//     what was deleted or edited a moment ago is not found by what it was. The
//     newest changes of a searched thread that are not indexed yet are matched
//     directly.
//   - If nothing is found, words that contain those of the query, or are a letter
//     or two away, are looked up in the list of all words and tried instead.
//
// Not found are: words beyond the first 16,000 of a message, letters beyond the
// 48th of a word, the quoted text of earlier mails, and Chinese across its
// traditional and simplified forms.
package search

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// Source says which threads of one kind a caller may read. The area that owns
// the kind implements it, by the same rules as its access.Door.
type Source interface {
	// Scope answers without looking at any thread.
	Scope(ctx context.Context, c access.Caller) (access.Scope, error)
	// Readable answers those of the threads, given by record type, that the caller
	// may read.
	Readable(ctx context.Context, c access.Caller, threads map[string][]uuid.UUID) (map[uuid.UUID]bool, error)
	// Titles answers what the threads are called; what is gone is missing.
	Titles(ctx context.Context, workspace uuid.UUID, threads []uuid.UUID) (map[uuid.UUID]string, error)
}

// Log is what is read of threads; *thread.Log.
type Log interface {
	Since(ctx context.Context, workspace, thread uuid.UUID, rev int64, size int) ([]thread.Message, int64, error)
}

// Config is what a Handler stands on.
type Config struct {
	DB   *pgxpool.Pool
	Gate *access.Gate
	Log  Log
	// Sources by the kind of thread. What has none is not searched.
	Sources map[int16]Source
	Pages   *rpc.Pages
}

// Handler implements SearchService.
type Handler struct {
	Config
	q     *db.Queries
	slots chan struct{}
}

// maxSearches is how many searches a node makes at once; others wait.
const maxSearches = 4

// New makes a Handler.
func New(c Config) *Handler {
	return &Handler{Config: c, q: db.New(), slots: make(chan struct{}, maxSearches)}
}
