package file

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// unfinishedLife is how long a file may wait for its bytes or its message.
	unfinishedLife = 24 * time.Hour
	// sweepBatch is how many files are removed at a time.
	sweepBatch = 100
)

// DeleteFile implements threadv1connect.FileServiceHandler. A message that held
// the file changes with it; one that was nothing else becomes a tombstone.
func (h *Handler) DeleteFile(ctx context.Context, req *threadv1.DeleteFileRequest) (*threadv1.DeleteFileResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return nil, errNotFound
	}
	row, _, err := h.find(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if row.File.AuthorID != c.ID && !c.Administrator() {
		return nil, errDelete
	}
	if err := h.remove(ctx, c, &row.File); err != nil {
		return nil, err
	}
	h.erase(ctx, row.File.WorkspaceID, row.File.ID, blobOf(&row.File))
	return &threadv1.DeleteFileResponse{}, nil
}

// errMoved rolls back a removal whose file was sent with a message meanwhile, or
// whose message was nothing but this file.
var (
	errMoved    = errors.New("the file was attached meanwhile")
	errLastFile = errors.New("the message is nothing but this file")
)

// remove makes the file disappear, from its message too.
func (h *Handler) remove(ctx context.Context, c access.Caller, f *db.File) error {
	if f.MessageID == nil {
		return h.removeLoose(ctx, c, f)
	}
	err := store.InTx(ctx, h.db, func(tx pgx.Tx) error { return h.takeFromMessage(ctx, tx, f) })
	if errors.Is(err, errLastFile) {
		_, err = h.log.Delete(ctx, thread.Change{Workspace: f.WorkspaceID, Thread: f.ThreadID, Message: *f.MessageID, Editor: c})
		if err != nil {
			return err
		}
		return h.hide(ctx, h.db, f, nil)
	}
	if err != nil {
		return err
	}
	m, err := h.log.Get(ctx, f.WorkspaceID, f.ThreadID, *f.MessageID)
	if err != nil {
		return err
	}
	h.log.Announce(ctx, m)
	return nil
}

// removeLoose removes a file that no message holds. If one took it this very
// moment, it goes from there.
func (h *Handler) removeLoose(ctx context.Context, c access.Caller, f *db.File) error {
	err := h.hide(ctx, h.db, f, nil)
	if !errors.Is(err, errMoved) {
		return err
	}
	row, err := h.q.FileGet(ctx, h.db, db.FileGetParams{WorkspaceID: f.WorkspaceID, ID: f.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find file: %w", err)
	}
	if row.File.MessageID == nil {
		return store.ErrContended
	}
	return h.remove(ctx, c, &row.File)
}

// hide marks the file as removed, if it is where the caller thinks: with this
// message, or none.
func (h *Handler) hide(ctx context.Context, tx db.DBTX, f *db.File, message *uuid.UUID) error {
	n, err := h.q.FileRemove(ctx, tx, db.FileRemoveParams{WorkspaceID: f.WorkspaceID, ID: f.ID, MessageID: message})
	if err != nil {
		return fmt.Errorf("remove file: %w", err)
	}
	if n == 0 {
		return errMoved
	}
	return nil
}

// takeFromMessage takes the file out of its message, as the thread's next
// revision. Locks are taken in the order of every change of a thread: the
// thread, the message, the file.
func (h *Handler) takeFromMessage(ctx context.Context, tx pgx.Tx, f *db.File) error {
	t, err := h.q.ThreadAdvance(ctx, tx, db.ThreadAdvanceParams{WorkspaceID: f.WorkspaceID, ID: f.ThreadID})
	if err != nil {
		return fmt.Errorf("advance thread: %w", err)
	}
	m, err := h.q.MessageFilesLock(ctx, tx, db.MessageFilesLockParams{WorkspaceID: f.WorkspaceID, ThreadID: f.ThreadID, ID: *f.MessageID})
	if errors.Is(err, pgx.ErrNoRows) {
		return errNotFound // deleted meanwhile, and its files with it
	}
	if err != nil {
		return fmt.Errorf("lock message: %w", err)
	}
	extra, left, err := without(m.Extra, f.ID)
	if err != nil {
		return err
	}
	if left == 0 && m.Body == "" {
		return errLastFile
	}
	if err := h.q.MessageFilesReplace(ctx, tx, db.MessageFilesReplaceParams{
		Rev: t.Head, Extra: extra, WorkspaceID: f.WorkspaceID, ThreadID: f.ThreadID, Seq: m.Seq,
	}); err != nil {
		return fmt.Errorf("replace files of message: %w", err)
	}
	err = h.hide(ctx, tx, f, f.MessageID)
	if errors.Is(err, errMoved) {
		return errNotFound // somebody else removed it
	}
	return err
}

// without takes a file's description out of what a message holds, and says how
// many are left.
func without(extra []byte, id uuid.UUID) (rest []byte, left int, err error) {
	x := new(wirev1.Extra)
	if err := proto.Unmarshal(extra, x); err != nil {
		return nil, 0, fmt.Errorf("decode message: %w", err)
	}
	name := id.String()
	x.Files = slices.DeleteFunc(x.Files, func(f *threadv1.File) bool { return f.GetId() == name })
	rest, err = proto.Marshal(x)
	if err != nil {
		return nil, 0, fmt.Errorf("encode message: %w", err)
	}
	return rest, len(x.GetFiles()), nil
}

// erase deletes the bytes of a removed file, unless a copy still has them, and
// its row when they are gone. What fails is done by a later sweep.
func (h *Handler) erase(ctx context.Context, workspace, id, bytes uuid.UUID) bool {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	last, err := h.forgetCopy(ctx, workspace, id, bytes)
	if err == nil && last {
		err = h.store.Delete(ctx, workspace, bytes)
		if err == nil {
			err = h.q.FileForget(ctx, h.db, db.FileForgetParams{WorkspaceID: workspace, ID: id})
		}
	}
	if err != nil {
		h.logger.WarnContext(ctx, "erase file; a later sweep will", "workspace", workspace, "file", id, "error", err)
	}
	return err == nil
}

// forgetCopy removes the row of a removed file, unless it is the last that has
// its bytes: then nobody can make another copy of it, and it stays until they are
// deleted. Of several who remove copies at once one is the last.
func (h *Handler) forgetCopy(ctx context.Context, workspace, id, bytes uuid.UUID) (last bool, err error) {
	err = store.InTx(ctx, h.db, func(tx pgx.Tx) error {
		sharing, err := h.q.FileBlobLock(ctx, tx, db.FileBlobLockParams{WorkspaceID: workspace, BlobID: bytes})
		if err != nil {
			return fmt.Errorf("lock copies of file: %w", err)
		}
		last = !slices.ContainsFunc(sharing, func(other uuid.UUID) bool { return other != id })
		if last {
			return nil
		}
		if err := h.q.FileForget(ctx, tx, db.FileForgetParams{WorkspaceID: workspace, ID: id}); err != nil {
			return fmt.Errorf("forget copy of file: %w", err)
		}
		return nil
	})
	return last, err
}

// Sweep removes the files that came to nothing within a day, and the bytes of
// files that were removed, until none are left or ctx ends. It answers how many
// there were. Any number of nodes may sweep at once.
func (h *Handler) Sweep(ctx context.Context) (swept int, err error) {
	for {
		files, err := h.q.FileExpire(ctx, h.db, db.FileExpireParams{Before: h.now().Add(-unfinishedLife), MaxRows: sweepBatch})
		if err != nil {
			return swept, fmt.Errorf("expire files: %w", err)
		}
		erased := 0
		for _, f := range files {
			bytes := f.ID
			if f.BlobID != nil {
				bytes = *f.BlobID
			}
			if h.erase(ctx, f.WorkspaceID, f.ID, bytes) {
				erased++
			}
		}
		swept += erased
		if len(files) < sweepBatch || erased == 0 {
			return swept, nil
		}
	}
}
