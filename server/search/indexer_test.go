package search

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/thread"
)

// Whatever was said while no node heard of it is found after the next start.
//
// Spec: C8
func TestIndexer_FindsWhatItDidNotHearOf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 600 {
		b.say(fmt.Sprintf("lost %d", i))
	}
	b.post(thread.Draft{Thread: b.thread("lead"), Body: "lost elsewhere"})
	b.run(NewIndexer(b.db, slog.New(slog.DiscardHandler)))
	res := b.search(b.anna, &searchv1.SearchMessagesRequest{Query: "lost"})
	require.EqualValues(t, 601, res.GetTotalCount())
}

// run lets an indexer run until there is nothing left to do, then ends it.
func (b *bundle) run(x *Indexer) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	require.Eventually(b.t, x.Settled, 20*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(b.t, <-ended)
}

// Any number of nodes index together, and every message is there once.
//
// Spec: C8
func TestIndexer_NodesDoNotDoThingsTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	threads := []uuid.UUID{b.record, b.thread("ticket"), b.thread("lead"), b.chat}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	nodes := []*Indexer{b.indexer, NewIndexer(b.db, slog.New(slog.DiscardHandler)), NewIndexer(b.db, slog.New(slog.DiscardHandler))}
	for _, x := range nodes {
		running.Go(func() { _ = x.Run(ctx) })
	}
	for i := range 200 {
		m := b.post(thread.Draft{Thread: threads[i%len(threads)], Body: fmt.Sprintf("shared w%d", i)})
		if i%3 == 0 {
			b.edit(m, fmt.Sprintf("shared again w%d", i))
		}
		for _, x := range nodes {
			x.Touch(b.workspace, threads[i%len(threads)])
		}
	}
	require.Eventually(t, func() bool {
		return nodes[0].Settled() && nodes[1].Settled() && nodes[2].Settled()
	}, 20*time.Second, 10*time.Millisecond)
	cancel()
	running.Wait()
	res := b.search(b.ben, &searchv1.SearchMessagesRequest{Query: "shared"})
	require.EqualValues(t, 200, res.GetTotalCount())
	var rows int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM search_document`).Scan(&rows))
	require.Equal(t, 200, rows)
}

// What is deleted with its record is gone from the index, whether a node heard of
// it or not.
//
// Spec: C8
func TestIndexer_ForgetsThreadsThatAreGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	heardOf, missed := b.thread("lead"), b.thread("lead")
	for i := range 150 {
		b.post(thread.Draft{Thread: heardOf, Body: fmt.Sprintf("doomed%d", i)})
	}
	b.post(thread.Draft{Thread: missed, Body: "doomed too"})
	b.say("here to stay")
	b.settle()
	require.Len(t, b.found("doomed"), 20)
	for _, id := range []uuid.UUID{heardOf, missed} {
		require.NoError(t, b.log.Drop(t.Context(), b.db, b.workspace, id))
	}
	require.Empty(t, b.found("doomed"), "before it is out of the index")
	b.indexer.Touch(b.workspace, heardOf)
	b.settle()
	b.run(NewIndexer(b.db, slog.New(slog.DiscardHandler)))
	for table, want := range map[string]int{"search_document": 1, "search_position": 2, "search_word": 2} {
		var n int
		require.NoError(t, b.db.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		require.LessOrEqual(t, n, want, table)
	}
	require.Len(t, b.found("stay"), 1)
}

// Spec: C8
func TestIndexer_IsSoonDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.indexer.Run(ctx) }()
	b.say("quickly")
	began := time.Now()
	require.Eventually(t, func() bool { return len(b.found("quickly")) == 1 }, 5*time.Second, 10*time.Millisecond)
	require.Less(t, time.Since(began), 3*time.Second)
	cancel()
	require.NoError(t, <-ended)
}

// A reaction is a change of the message, and of nothing that can be found.
//
// Spec: C7, C8
func TestIndexer_LeavesAloneWhatStaysTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(thread.Draft{Body: "steady words", Extra: &wirev1.Extra{Changes: []*wirev1.Change{change(nil, "", "of all kinds")}}})
	b.settle()
	row := func() (place string) {
		require.NoError(t, b.db.QueryRow(t.Context(), "SELECT string_agg(ctid::text, ' ') FROM search_document").Scan(&place))
		return place
	}
	before := row()
	_, err := b.log.Amend(t.Context(), b.workspace, m.Thread, m.ID, func(_ pgx.Tx, m *thread.Message) error {
		m.Extra.Reactions = []*threadv1.Reaction{{Emoji: "👍"}}
		return nil
	})
	require.NoError(t, err)
	b.settle()
	require.Equal(t, before, row())
	b.edit(m, "other words")
	b.settle()
	require.NotEqual(t, before, row())
	require.Len(t, b.found("other"), 1)
}
