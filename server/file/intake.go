package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Copy makes a file of another's bytes, in the same workspace, for a thread and
// an author; it waits for its message, as one that was just uploaded, and is
// internal if the first is. Nothing is transferred: both share the bytes, which
// stay until both are removed. If tx is not committed, there is no copy. Whether
// the author may read the first file is the caller's to have asked.
//
// It fails with reason FILE_NOT_FOUND if the file is not complete or there is no
// such thread.
func (h *Handler) Copy(ctx context.Context, tx db.DBTX, workspace, from, toThread uuid.UUID, author thread.Author) (*threadv1.File, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make file id: %w", err)
	}
	f, err := h.q.FileCopy(ctx, tx, db.FileCopyParams{
		ID: id, ThreadID: toThread, AuthorKind: int16(author.Kind), AuthorID: author.ID, AuthorName: author.Name,
		AuthorPublicName: author.PublicName, CreateTime: h.now(), WorkspaceID: workspace, SourceID: from,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("copy file: %w", err)
	}
	return Describe(&f, thread.Administrators), nil
}

// Store takes in a file that did not come through the API, such as a mail's
// attachment: for a thread, open or closed, and an author. It waits for its
// message, as one that was just uploaded; no part of it is held in memory but the
// one that is written. An empty one is a file, too.
//
// It fails with reason FILE_TOO_LARGE above the server's limit, STORE_FULL when
// there is no room, FILE_STORE_UNAVAILABLE when the store cannot be reached, and
// otherwise with what r failed with; then nothing of it is left.
func (h *Handler) Store(
	ctx context.Context, workspace, threadID uuid.UUID, author thread.Author, name string, r io.Reader, internal bool,
) (*threadv1.File, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make file id: %w", err)
	}
	f, err := h.q.FileStore(ctx, h.db, db.FileStoreParams{
		WorkspaceID: workspace, ID: id, ThreadID: threadID, Name: CleanName(name), Internal: internal, AuthorKind: int16(author.Kind),
		AuthorID: author.ID, AuthorName: author.Name, AuthorPublicName: author.PublicName, CreateTime: h.now(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, access.ErrThreadNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("begin file: %w", err)
	}
	if err := h.take(ctx, &f, r); err != nil {
		h.giveUp(context.WithoutCancel(ctx), &f)
		return nil, err
	}
	return Describe(&f, thread.Administrators), nil
}

// take stores what a reader has as the file's bytes, and completes the file.
func (h *Handler) take(ctx context.Context, f *db.File, r io.Reader) error {
	if err := h.takeParts(ctx, f, r); err != nil {
		return err
	}
	found, err := h.examine(ctx, f)
	if err != nil {
		return err
	}
	*f, err = h.q.FileStored(ctx, h.db, db.FileStoredParams{
		Size: f.Size, Parts: f.Parts, MediaType: found.mediaType, Preview: found.preview, PreviewWidth: found.width,
		PreviewHeight: found.height, WorkspaceID: f.WorkspaceID, ID: f.ID,
	})
	if err != nil {
		return fmt.Errorf("finish file: %w", err)
	}
	h.join(ctx, f)
	return nil
}

func (h *Handler) takeParts(ctx context.Context, f *db.File, r io.Reader) error {
	part := make([]byte, PartSize)
	for {
		n, err := io.ReadFull(r, part)
		ended := err == io.EOF || err == io.ErrUnexpectedEOF // as such only from ReadFull
		if err != nil && !ended {
			return fmt.Errorf("read file to store: %w", err)
		}
		if n == 0 {
			return nil
		}
		if f.Size += int64(n); f.Size > h.maxSize {
			return errTooLarge.With("max_size", strconv.FormatInt(h.maxSize, 10)).WithMessage("a file may have up to %d MiB", h.maxSize>>20)
		}
		if err := h.storePart(ctx, f, part[:n]); err != nil {
			return storeFault(err)
		}
		f.Parts++
		if ended {
			return nil
		}
	}
}

func (h *Handler) storePart(ctx context.Context, f *db.File, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	return h.store.Write(ctx, partOf(f, f.Parts), data)
}

// giveUp removes a file that could not be taken in. What fails is done by a later
// sweep.
func (h *Handler) giveUp(ctx context.Context, f *db.File) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	if err := h.hide(ctx, h.db, f, nil); err != nil {
		h.logger.WarnContext(ctx, "remove a file that was not stored; a later sweep will", "file", f.ID, "error", err)
		return
	}
	h.erase(ctx, f.WorkspaceID, f.ID, f.ID)
}

// Open opens a complete file for reading, for a way out of the server that has
// made sure who gets it, such as mail. The caller must close what it returns; ctx
// must live until then. It fails with reason FILE_NOT_FOUND if there is no such
// file, and FILE_NOT_FINISHED if it is not complete.
func (h *Handler) Open(ctx context.Context, workspace, id uuid.UUID) (io.ReadCloser, *threadv1.File, error) {
	row, err := h.q.FileGet(ctx, h.db, db.FileGetParams{WorkspaceID: workspace, ID: id})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil, errNotFound
	case err != nil:
		return nil, nil, fmt.Errorf("find file: %w", err)
	case row.File.State == stateUploading:
		return nil, nil, errUnfinished
	}
	return newBody(ctx, h.store, &row.File), Describe(&row.File, thread.Administrators), nil
}
