package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/thread"
)

// Failures of uploads that a caller may act on.
var (
	errTooLarge   = fault.New(fault.Invalid, "FILE_TOO_LARGE", "the file is too large").WithField("size")
	errInternal   = fault.New(fault.Denied, "FILE_INTERNAL_DENIED", "only users may upload internal files").WithField("internal")
	errTooMany    = fault.New(fault.Exhausted, "TOO_MANY_UPLOADS", "too many of your uploads are still waiting for their message; send or remove some first")
	errReused     = fault.New(fault.Invalid, "REQUEST_ID_REUSED", "this request_id was used for another file; make up a new one for each file").WithField("request_id")
	errOrder      = fault.New(fault.Precondition, "PART_OUT_OF_ORDER", "an earlier part of the file is missing; send that first")
	errRange      = fault.New(fault.Invalid, "PART_OUT_OF_RANGE", "the file has no part of this number").WithField("part")
	errPartSize   = fault.New(fault.Invalid, "PART_SIZE_WRONG", "the part has the wrong size").WithField("data")
	errDiffers    = fault.New(fault.Invalid, "PART_DIFFERS", "this part was stored already, with other bytes; upload the file anew").WithField("data")
	errIncomplete = fault.New(fault.Precondition, "FILE_INCOMPLETE", "parts of the file are missing; send them first")
	errFull       = fault.New(fault.Exhausted, "STORE_FULL", "the server has no room for files left; tell its administrator")
	errStore      = fault.New(fault.Unavailable, "FILE_STORE_UNAVAILABLE", "files cannot be stored or read at the moment; try again").WithRetry(5 * time.Second)
)

const (
	// storeWithin bounds one access to the store, and joinWithin joining a file
	// there.
	storeWithin = 30 * time.Second
	joinWithin  = 5 * time.Minute
)

// CreateFile implements threadv1connect.FileServiceHandler.
func (h *Handler) CreateFile(ctx context.Context, req *threadv1.CreateFileRequest) (*threadv1.CreateFileResponse, error) {
	c := access.FromContext(ctx)
	in, err := h.announced(c, req)
	if err != nil {
		return nil, err
	}
	if _, err := h.gate.Post(ctx, c, in.ThreadID); err != nil {
		return nil, err
	}
	f, err := h.q.FileCreate(ctx, h.db, in)
	if errors.Is(err, pgx.ErrNoRows) {
		f, err = h.refusal(ctx, in)
	}
	if err != nil {
		return nil, wrap("create file", err)
	}
	return &threadv1.CreateFileResponse{File: Describe(&f, thread.AudienceOf(c)), PartSize: PartSize, NextPart: f.Parts}, nil
}

// announced is the file that a request describes.
func (h *Handler) announced(c access.Caller, req *threadv1.CreateFileRequest) (db.FileCreateParams, error) {
	if req.GetSize() > h.maxSize {
		return db.FileCreateParams{}, errTooLarge.With("max_size", strconv.FormatInt(h.maxSize, 10)).
			WithMessage("a file may have up to %d MiB", h.maxSize>>20)
	}
	if req.GetInternal() && c.Outsider() {
		return db.FileCreateParams{}, errInternal
	}
	threadID, err := uuid.Parse(req.GetThreadId())
	if err != nil {
		return db.FileCreateParams{}, access.ErrThreadNotFound
	}
	request, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return db.FileCreateParams{}, errReused
	}
	id, err := uuid.NewV7()
	if err != nil {
		return db.FileCreateParams{}, fmt.Errorf("make file id: %w", err)
	}
	author := thread.AuthorOf(c)
	return db.FileCreateParams{
		WorkspaceID: c.Workspace, ID: id, ThreadID: threadID, Name: CleanName(req.GetName()), Size: req.GetSize(),
		Internal: req.GetInternal(), AuthorKind: int16(author.Kind), AuthorID: author.ID, AuthorName: author.Name,
		AuthorPublicName: author.PublicName, RequestID: request, CreateTime: h.now(), MaxPending: maxPending,
	}, nil
}

// refusal finds out why a file was not made: because it was made before, which
// is an answer, or for a reason to tell.
func (h *Handler) refusal(ctx context.Context, in db.FileCreateParams) (db.File, error) {
	f, err := h.q.FileByRequest(ctx, h.db, db.FileByRequestParams{
		WorkspaceID: in.WorkspaceID, AuthorID: in.AuthorID, RequestID: in.RequestID,
	})
	if err == nil {
		if f.ThreadID != in.ThreadID || f.Name != in.Name || f.Size != in.Size {
			return db.File{}, errReused
		}
		return f, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return db.File{}, err
	}
	t, err := h.q.ThreadGet(ctx, h.db, db.ThreadGetParams{WorkspaceID: in.WorkspaceID, ID: in.ThreadID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return db.File{}, access.ErrThreadNotFound
	case err != nil:
		return db.File{}, err
	case t.Closed:
		return db.File{}, thread.ErrClosed
	default:
		return db.File{}, errTooMany
	}
}

// WriteFile implements threadv1connect.FileServiceHandler.
func (h *Handler) WriteFile(ctx context.Context, req *threadv1.WriteFileRequest) (*threadv1.WriteFileResponse, error) {
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return nil, errNotFound
	}
	f, err := h.upload(ctx, access.FromContext(ctx), id)
	if err != nil {
		return nil, err
	}
	if err := fits(&f, req.GetPart(), int64(len(req.GetData()))); err != nil {
		return nil, err
	}
	if err := h.writePart(ctx, &f, req.GetPart(), req.GetData()); err != nil {
		return nil, err
	}
	next := f.Parts
	if req.GetPart() == f.Parts {
		next++
	}
	return &threadv1.WriteFileResponse{NextPart: next}, nil
}

// fits is the rule of which part may be written.
func fits(f *db.File, part int32, size int64) error {
	switch {
	case part >= partsOf(f.Size):
		return errRange.With("parts", strconv.Itoa(int(partsOf(f.Size))))
	case size != sizeOfPart(f.Size, part):
		return errPartSize.With("size", strconv.FormatInt(sizeOfPart(f.Size, part), 10))
	case part > f.Parts:
		return errOrder.With("part", strconv.Itoa(int(f.Parts)))
	default:
		return nil
	}
}

// writePart stores a part and then counts it, so that no part is counted that is
// not there. One that is there already, from a try that was cut off or another
// at the same moment, must be the same.
func (h *Handler) writePart(ctx context.Context, f *db.File, part int32, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	err := blob.ErrExists
	if part == f.Parts {
		err = h.store.Write(ctx, partOf(f, part), data)
	}
	if errors.Is(err, blob.ErrExists) {
		err = h.compare(ctx, f, part, data)
	}
	if err != nil {
		return storeFault(err)
	}
	if part < f.Parts {
		return nil
	}
	return h.countPart(ctx, f, part)
}

// countPart counts a part that is stored. If the file was removed meanwhile,
// nobody knows of the part any more, and it goes.
func (h *Handler) countPart(ctx context.Context, f *db.File, part int32) error {
	n, err := h.q.FilePartWritten(ctx, h.db, db.FilePartWrittenParams{WorkspaceID: f.WorkspaceID, ID: f.ID, Part: part})
	if err != nil {
		return fmt.Errorf("count part: %w", err)
	}
	if n > 0 {
		return nil
	}
	_, err = h.q.FileGet(ctx, h.db, db.FileGetParams{WorkspaceID: f.WorkspaceID, ID: f.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		h.erase(ctx, f.WorkspaceID, f.ID, f.ID)
		return errNotFound
	}
	return wrap("find file", err)
}

// compare is whether a part that is stored has these bytes.
func (h *Handler) compare(ctx context.Context, f *db.File, part int32, data []byte) error {
	stored, err := h.store.Read(ctx, partOf(f, part), 0)
	if errors.Is(err, blob.ErrNotFound) && part < f.Parts { // joined with the others
		whole := newBody(ctx, h.store, f)
		_, err = whole.Seek(int64(part)*PartSize, io.SeekStart)
		stored = readCloser{Reader: io.LimitReader(whole, int64(len(data))), Closer: whole}
	}
	if err != nil {
		return err
	}
	defer closeQuietly(stored)
	have, err := io.ReadAll(io.LimitReader(stored, PartSize+1))
	if err != nil {
		return err
	}
	if !bytes.Equal(have, data) {
		return errDiffers
	}
	return nil
}

// FinishFile implements threadv1connect.FileServiceHandler.
func (h *Handler) FinishFile(ctx context.Context, req *threadv1.FinishFileRequest) (*threadv1.FinishFileResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return nil, errNotFound
	}
	f, err := h.upload(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if f.Parts != partsOf(f.Size) {
		return nil, errIncomplete.With("part", strconv.Itoa(int(f.Parts)))
	}
	if f, err = h.finish(ctx, f, req.GetAttach()); err != nil {
		return nil, err
	}
	return &threadv1.FinishFileResponse{File: Describe(&f, thread.AudienceOf(c))}, nil
}

func (h *Handler) finish(ctx context.Context, f db.File, attach bool) (db.File, error) {
	state := stateReady
	if attach {
		state = stateAttached
	}
	if f.State >= state {
		return f, nil
	}
	var found findings
	var err error
	if f.State == stateUploading {
		if found, err = h.examine(ctx, &f); err != nil {
			return f, err
		}
	}
	first := f.State == stateUploading
	f, err = h.q.FileFinish(ctx, h.db, db.FileFinishParams{
		State: state, MediaType: found.mediaType, Preview: found.preview, PreviewWidth: found.width, PreviewHeight: found.height,
		WorkspaceID: f.WorkspaceID, ID: f.ID, Parts: f.Parts,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return f, errNotFound
	}
	if err == nil && first {
		h.join(ctx, &f)
	}
	return f, wrap("finish file", err)
}

// storeFault tells the caller what they can do about a failure of the store.
func storeFault(err error) error {
	switch {
	case fault.KindOf(err) != 0, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, blob.ErrFull):
		return errFull.Wrap(err)
	default:
		return errStore.Wrap(err)
	}
}

// wrap says what failed, but leaves what is meant for the caller as it is.
func wrap(what string, err error) error {
	if err == nil || fault.KindOf(err) != 0 {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

type readCloser struct {
	io.Reader
	io.Closer
}

// closeQuietly closes what was only read: there is nothing left to lose.
func closeQuietly(c io.Closer) { _ = c.Close() }
