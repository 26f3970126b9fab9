package thread_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// heard keeps what a log announced.
type heard struct {
	mu       sync.Mutex
	messages []thread.Message
	marks    []thread.Mark
	notified map[uuid.UUID][]uuid.UUID
}

func (h *heard) Message(m *thread.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages = append(h.messages, *m)
}

func (h *heard) Mark(_ uuid.UUID, m thread.Mark) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.marks = append(h.marks, m)
}

func (h *heard) Notified(_ uuid.UUID, users []uuid.UUID, item uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, u := range users {
		h.notified[u] = append(h.notified[u], item)
	}
}

type bundle struct {
	log       *thread.Log
	heard     *heard
	workspace uuid.UUID
	thread    uuid.UUID
	user      access.Caller
	db        *pgxpool.Pool
}

func setup(t *testing.T) *bundle {
	t.Helper()
	pool := pgtest.DB(t)
	sealer, err := thread.LoadSealer(t.Context(), pool, time.Now())
	require.NoError(t, err)
	b := &bundle{heard: &heard{notified: map[uuid.UUID][]uuid.UUID{}}, workspace: uuid.New(), user: access.Caller{
		Kind: access.User, ID: uuid.New(), Name: "Ada Lovelace", ChatName: "Ada", Role: identityv1.Role_ROLE_MEMBER,
	}}
	b.user.Workspace = b.workspace
	b.log = thread.New(thread.Config{DB: pool, Now: time.Now, Announcer: b.heard, Sealer: sealer})
	b.db = pool
	b.thread = b.create(t)
	return b
}

// create makes one more thread.
func (b *bundle) create(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	require.NoError(t, b.log.Create(t.Context(), b.db, b.workspace, id, access.KindRecord, "lead"))
	return id
}

func (b *bundle) draft(id uuid.UUID, body string) thread.Draft {
	return thread.Draft{
		Workspace: b.workspace, Thread: id, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
		Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(b.user), Body: body, Notify: true, Follow: []string{"discussions"},
	}
}

func (b *bundle) note(id uuid.UUID, body string) thread.Draft {
	d := b.draft(id, body)
	d.Internal, d.Subtype = true, thread.SubtypeNotes
	return d
}

func (b *bundle) all(t *testing.T, id uuid.UUID, to thread.Audience) []thread.Message {
	t.Helper()
	p, err := b.log.Page(t.Context(), b.workspace, id, thread.Place{FromStart: true}, 10_000, to)
	require.NoError(t, err)
	return p.Messages
}

// P2: a retry must never make a second message, whatever happened to the first
// answer, also when both tries run at once.
// Spec: C5
func TestPost_StoresARequestOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.draft(b.thread, "hello")
	var g errgroup.Group
	ids := make([]uuid.UUID, 20)
	for i := range ids {
		g.Go(func() error {
			m, err := b.log.Post(t.Context(), d)
			ids[i] = m.ID
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Len(t, slices.Compact(ids), 1)
	require.Len(t, b.all(t, b.thread, thread.Members), 1)

	d.Body = "something else"
	_, err := b.log.Post(t.Context(), d)
	require.ErrorIs(t, err, thread.ErrReused)
}

// P3: seq and rev are 1..n for every thread, however many post at once and
// however their posts are gathered.
// Spec: A3
func TestPost_CountsWithoutGaps(t *testing.T) {
	t.Parallel()
	b := setup(t)
	threads := []uuid.UUID{b.thread, b.create(t), b.create(t)}
	var g errgroup.Group
	const workers, each = 32, 20
	for w := range workers {
		g.Go(func() error {
			for i := range each {
				d := b.draft(threads[(w*i)%3], fmt.Sprint(w, "-", i))
				if i%3 == 0 {
					d = b.note(d.Thread, d.Body)
				}
				if _, err := b.log.Post(t.Context(), d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	total := 0
	for _, id := range threads {
		var public int64
		for i, m := range b.all(t, id, thread.Members) {
			require.Equal(t, int64(i+1), m.Seq)
			require.Equal(t, int64(i+1), m.Rev)
			if !m.Internal {
				public++
			}
			require.Equal(t, public, m.PublicSeq)
			total++
		}
		for i, m := range b.all(t, id, thread.Outside) {
			require.Equal(t, int64(i+1), m.PublicSeq)
			require.False(t, m.Internal)
		}
	}
	require.Equal(t, workers*each, total)
	require.Len(t, b.heard.messages, total)
}

func TestPost_RefusesAClosedThreadButAnswersARetry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := b.draft(b.thread, "before")
	first, err := b.log.Post(t.Context(), d)
	require.NoError(t, err)
	changed, err := b.log.SetClosed(t.Context(), b.db, b.workspace, b.thread, true)
	require.NoError(t, err)
	require.True(t, changed)

	again, err := b.log.Post(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	_, err = b.log.Post(t.Context(), b.draft(b.thread, "after"))
	require.ErrorIs(t, err, thread.ErrClosed)
	_, err = b.log.Post(t.Context(), b.draft(uuid.New(), "nowhere"))
	require.ErrorIs(t, err, access.ErrThreadNotFound)
}

// Spec: C4
func TestRedact_KeepsNotesFromOutsiders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 6 {
		d := b.draft(b.thread, "message")
		if i%2 == 1 {
			d = b.note(b.thread, "secret")
		}
		_, err := b.log.Post(t.Context(), d)
		require.NoError(t, err)
	}
	for _, m := range b.all(t, b.thread, thread.Members) {
		out := thread.Redact(&m, thread.Outside)
		if m.Internal {
			require.Nil(t, out)
			continue
		}
		require.Zero(t, out.GetRev())
		require.Empty(t, out.GetSubtype())
		require.Equal(t, "Ada", out.GetAuthor().GetName())
		require.NotContains(t, out.String(), "Lovelace")
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m, err := b.log.Post(t.Context(), b.draft(b.thread, "helo"))
	require.NoError(t, err)
	other := b.user
	other.ID = uuid.New()
	change := thread.Change{Workspace: b.workspace, Thread: b.thread, Message: m.ID, Editor: other}

	_, err = b.log.Edit(t.Context(), change, "mine now")
	require.ErrorIs(t, err, thread.ErrNotYours)

	change.Editor = b.user
	edited, err := b.log.Edit(t.Context(), change, "hello")
	require.NoError(t, err)
	require.Equal(t, int64(2), edited.Rev)
	require.Equal(t, int64(1), edited.Seq)
	same, err := b.log.Edit(t.Context(), change, "hello")
	require.NoError(t, err)
	require.Equal(t, int64(2), same.Rev, "an edit that changes nothing takes no revision")

	change.Editor = other
	change.Editor.Role = identityv1.Role_ROLE_ADMINISTRATOR
	gone, err := b.log.Delete(t.Context(), change)
	require.NoError(t, err)
	require.Empty(t, gone.Body)
	require.NotNil(t, gone.Delete)
	_, err = b.log.Edit(t.Context(), change, "back")
	require.ErrorIs(t, err, thread.ErrUneditable)

	log, upTo, err := b.log.Since(t.Context(), b.workspace, b.thread, 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 1, "the log holds each message once, as it is now")
	require.Equal(t, int64(3), upTo)
}

// Spec: L9a
func TestChange_OfAClosedThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m, err := b.log.Post(t.Context(), b.draft(b.thread, "helo"))
	require.NoError(t, err)
	change := thread.Change{Workspace: b.workspace, Thread: b.thread, Message: m.ID, Editor: b.user}
	_, err = b.log.Edit(t.Context(), change, "hello")
	require.NoError(t, err)
	changed, err := b.log.SetClosed(t.Context(), b.db, b.workspace, b.thread, true)
	require.NoError(t, err)
	require.True(t, changed)

	_, err = b.log.Edit(t.Context(), change, "something new")
	require.ErrorIs(t, err, thread.ErrClosed)
	same, err := b.log.Edit(t.Context(), change, "hello")
	require.NoError(t, err, "the answer may have been lost before the thread was closed")
	require.Equal(t, int64(2), same.Rev)
	change.Editor.ID = uuid.New()
	_, err = b.log.Edit(t.Context(), change, "not mine")
	require.ErrorIs(t, err, thread.ErrNotYours)
	change.Editor = b.user
	gone, err := b.log.Delete(t.Context(), change)
	require.NoError(t, err, "what was said can be taken back")
	require.Equal(t, int64(3), gone.Rev, "no revision is lost by what was refused")
}

// Spec: C13
func TestPost_TellsEachPersonOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.log.Post(t.Context(), b.draft(b.thread, "first")) // makes the author a follower
	require.NoError(t, err)
	d := b.draft(b.thread, "for you")
	d.Author.ID = uuid.New()
	d.Mentions = []uuid.UUID{b.user.ID}
	_, err = b.log.Post(t.Context(), d)
	require.NoError(t, err)
	require.Len(t, b.heard.notified[b.user.ID], 1)
	require.Empty(t, b.heard.notified[d.Author.ID], "nobody is told of what they wrote")
}

func TestMarkRead_OnlyGrowsAndTranslates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		d := b.draft(b.thread, "m")
		if i == 1 || i == 2 {
			d = b.note(b.thread, "n")
		}
		_, err := b.log.Post(t.Context(), d)
		require.NoError(t, err)
	}
	who := thread.AuthorOf(b.user)
	m, err := b.log.MarkRead(t.Context(), b.workspace, b.thread, who, 4, thread.Members)
	require.NoError(t, err)
	require.Equal(t, [2]int64{4, 2}, [2]int64{m.Seq, m.PublicSeq})
	m, err = b.log.MarkRead(t.Context(), b.workspace, b.thread, who, 2, thread.Members)
	require.NoError(t, err)
	require.Equal(t, int64(4), m.Seq)
	m, err = b.log.MarkRead(t.Context(), b.workspace, b.thread, who, 1_000_000, thread.Members)
	require.NoError(t, err)
	require.Equal(t, [2]int64{5, 3}, [2]int64{m.Seq, m.PublicSeq})

	visitor := thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_VISITOR, ID: uuid.New(), Name: "Visitor"}
	m, err = b.log.MarkRead(t.Context(), b.workspace, b.thread, visitor, 1, thread.Outside)
	require.NoError(t, err)
	require.Equal(t, int64(1), m.Seq)
	m, err = b.log.MarkRead(t.Context(), b.workspace, b.thread, visitor, 2, thread.Outside)
	require.NoError(t, err)
	require.Equal(t, [2]int64{4, 2}, [2]int64{m.Seq, m.PublicSeq})
}

func TestPage_GoesBackwardsForwardsAndAround(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 20 {
		_, err := b.log.Post(t.Context(), b.draft(b.thread, fmt.Sprint(i+1)))
		require.NoError(t, err)
	}
	seqs := func(at thread.Place, size int) (out []int64, before, after bool) {
		p, err := b.log.Page(t.Context(), b.workspace, b.thread, at, size, thread.Members)
		require.NoError(t, err)
		for _, m := range p.Messages {
			out = append(out, m.Seq)
		}
		return out, p.HasBefore, p.HasAfter
	}
	got, before, after := seqs(thread.Place{}, 3)
	require.Equal(t, []int64{18, 19, 20}, got)
	require.True(t, before)
	require.False(t, after)
	got, _, _ = seqs(thread.Place{Before: 3}, 5)
	require.Equal(t, []int64{1, 2}, got)
	got, _, after = seqs(thread.Place{After: 18}, 5)
	require.Equal(t, []int64{19, 20}, got)
	require.False(t, after)
	got, before, after = seqs(thread.Place{Around: 10}, 5)
	require.Equal(t, []int64{8, 9, 10, 11, 12}, got)
	require.True(t, before && after)
	got, _, _ = seqs(thread.Place{Around: 1}, 4)
	require.Equal(t, []int64{1, 2, 3, 4}, got)
}
