package file_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// requireStored counts rows and whether a file's bytes are there.
func (b *bundle) requireStored(id string, want bool) {
	b.t.Helper()
	r, err := b.store.Read(b.t.Context(), blob.Part{Workspace: b.workspace, File: uuid.MustParse(id)}, 0)
	if !want {
		require.ErrorIs(b.t, err, blob.ErrNotFound)
		return
	}
	require.NoError(b.t, err)
	require.NoError(b.t, r.Close())
}

func (b *bundle) rows() (n int) {
	b.t.Helper()
	require.NoError(b.t, b.db.QueryRow(b.t.Context(), `SELECT count(*) FROM file`).Scan(&n))
	return n
}

func (b *bundle) remove(id string) {
	b.t.Helper()
	_, err := b.as(b.administrator).DeleteFile(b.t.Context(), deleteRequest(id))
	require.NoError(b.t, err)
}

// copied copies a file to the chat and posts it there.
func (b *bundle) copied(from string) *threadv1.File {
	b.t.Helper()
	f, err := b.files.Copy(b.t.Context(), b.db, b.workspace, uuid.MustParse(from), b.chat, thread.AuthorOf(b.colleague))
	require.NoError(b.t, err)
	b.post(b.colleague, b.chat, f.GetInternal(), "", f)
	return f
}

func TestCopy_IsAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	b, data := setup(t), bytesOf(file.PartSize+3)
	first := b.attached(b.user, b.record, "a.bin", data)

	second := b.copied(first.GetId())
	third := b.copied(second.GetId())

	require.Equal(t, threadv1.FileState_FILE_STATE_READY, second.GetState())
	require.Equal(t, b.chat.String(), second.GetThreadId())
	require.Equal(t, first.GetName(), second.GetName())
	got, err := b.read(b.visitor, second.GetId(), 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	b.requireNowhere(b.visitor, first.GetId())
	b.remove(first.GetId())
	b.remove(second.GetId())
	got, err = b.read(b.visitor, third.GetId(), 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got), "the last copy still has the bytes")
	b.requireStored(first.GetId(), true)
	b.remove(third.GetId())
	b.requireStored(first.GetId(), false)
	require.Zero(t, b.rows())
}

func TestCopy_OfAnInternalFileStaysInternal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	note := b.ready(b.user, b.chat, "n.txt", []byte("n"))
	b.post(b.user, b.chat, true, "", note)
	b.requireNowhere(b.visitor, b.copied(note.GetId()).GetId())
}

func TestCopy_RefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun, done := b.begin(b.user, b.record, "a", 1), b.attached(b.user, b.record, "b", []byte("b"))
	author := thread.AuthorOf(b.user)
	for _, wrong := range []struct{ workspace, from, to uuid.UUID }{
		{b.workspace, uuid.MustParse(begun.GetId()), b.chat}, {b.workspace, uuid.New(), b.chat},
		{b.workspace, uuid.MustParse(done.GetId()), uuid.New()}, {b.stranger.Workspace, uuid.MustParse(done.GetId()), b.chat},
	} {
		_, err := b.files.Copy(t.Context(), b.db, wrong.workspace, wrong.from, wrong.to, author)
		requireReason(t, "FILE_NOT_FOUND", err)
	}
	b.remove(done.GetId())
	_, err := b.files.Copy(t.Context(), b.db, b.workspace, uuid.MustParse(done.GetId()), b.chat, author)
	requireReason(t, "FILE_NOT_FOUND", err)
}

// A copy that is being made and a removal of the first: whichever comes first,
// a file that is there has its bytes.
func TestCopy_HoldsTheFirstUntilItIsCommitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.attached(b.user, b.record, "a", []byte("a"))
	var made *threadv1.File
	removed := make(chan error, 1)
	require.NoError(t, store.InTx(t.Context(), b.db, func(tx pgx.Tx) (err error) {
		made, err = b.files.Copy(t.Context(), tx, b.workspace, uuid.MustParse(first.GetId()), b.chat, thread.AuthorOf(b.user))
		if err != nil {
			return err
		}
		go func() {
			_, err := b.as(b.user).DeleteFile(context.WithoutCancel(t.Context()), deleteRequest(first.GetId()))
			removed <- err
		}()
		require.Eventually(t, func() bool {
			var waiting int
			err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
			return err == nil && waiting > 0
		}, 10*time.Second, 5*time.Millisecond, "the removal waits")
		return nil
	}))
	require.NoError(t, <-removed)
	got, err := b.read(b.user, made.GetId(), 0)
	require.NoError(t, err)
	require.Equal(t, "a", string(got))

	errLost := errors.New("not committed")
	require.ErrorIs(t, store.InTx(t.Context(), b.db, func(tx pgx.Tx) error {
		_, err := b.files.Copy(t.Context(), tx, b.workspace, uuid.MustParse(made.GetId()), b.chat, thread.AuthorOf(b.user))
		require.NoError(t, err)
		return errLost
	}), errLost)
	b.removeOwn(made.GetId())
	b.requireStored(first.GetId(), false)
}

func TestCopy_TheLastOfManyRemovedAtOnceTakesTheBytes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.attached(b.user, b.record, "a", []byte("a"))
	all := []string{first.GetId()}
	for range 7 {
		all = append(all, b.copied(first.GetId()).GetId())
	}
	var wg sync.WaitGroup
	for _, id := range all {
		wg.Go(func() {
			if _, err := b.as(b.administrator).DeleteFile(t.Context(), deleteRequest(id)); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
	}
	wg.Wait()
	_, err := b.files.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, b.rows())
	b.requireStored(first.GetId(), false)
}

// Spec: C14
func TestStore_TakesInAMailsAttachment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sender := thread.Author{Kind: threadv1.PartyKind_PARTY_KIND_VISITOR, ID: uuid.New(), Name: "Mia", PublicName: "Mia"}
	for _, size := range []int{0, 1, file.PartSize, 2*file.PartSize + 5} {
		data := bytesOf(size)
		f, err := b.files.Store(t.Context(), b.workspace, b.record, sender, "../in\u202evoice.pdf", iotest.HalfReader(bytes.NewReader(data)), false)
		require.NoError(t, err)
		require.Equal(t, "__invoice.pdf", f.GetName())
		require.EqualValues(t, size, f.GetSize())
		require.Equal(t, threadv1.FileState_FILE_STATE_READY, f.GetState())
		b.requireNowhere(b.user, f.GetId())
		_, err = b.log.Post(t.Context(), thread.Draft{
			Workspace: b.workspace, Thread: b.record, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
			Subtype: thread.SubtypeDiscussions, Author: sender, Files: []uuid.UUID{uuid.MustParse(f.GetId())},
		})
		require.NoError(t, err)
		got, err := b.read(b.user, f.GetId(), 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))

		r, described, err := b.files.Open(t.Context(), b.workspace, uuid.MustParse(f.GetId()))
		require.NoError(t, err)
		got, err = io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(data, got))
		require.Equal(t, f.GetName(), described.GetName())
	}
}

func TestStore_LeavesNothingOfWhatFailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	author := thread.AuthorOf(b.user)
	take := func(to uuid.UUID, r io.Reader) error {
		_, err := b.files.Store(t.Context(), b.workspace, to, author, "a", r, false)
		return err
	}
	cut := errors.New("cut off")
	requireReason(t, "FILE_TOO_LARGE", take(b.record, bytes.NewReader(make([]byte, 5<<20+1))))
	require.ErrorIs(t, take(b.record, io.MultiReader(bytes.NewReader(make([]byte, 2<<20)), iotest.ErrReader(cut))), cut)
	requireReason(t, "THREAD_NOT_FOUND", take(uuid.New(), strings.NewReader("a")))
	require.Zero(t, b.rows())
	require.NoError(t, take(b.record, bytes.NewReader(make([]byte, 5<<20))))
}

func TestOpen_RefusesWhatIsNotComplete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.begin(b.user, b.record, "a", 1)
	_, _, err := b.files.Open(t.Context(), b.workspace, uuid.MustParse(begun.GetId()))
	requireReason(t, "FILE_NOT_FINISHED", err)
	_, _, err = b.files.Open(t.Context(), b.stranger.Workspace, uuid.MustParse(begun.GetId()))
	requireReason(t, "FILE_NOT_FOUND", err)
}
