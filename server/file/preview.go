package file

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/file/preview"
)

// What there is of a preview, as it is stored.
const (
	previewNone   int16 = 0
	previewWanted int16 = 1
	previewJPEG   int16 = 2
	previewPNG    int16 = 3
)

var (
	errNoPreview = fault.New(fault.Precondition, "FILE_PREVIEW_NONE", "there is no preview of this file; load the file itself")
	errBusy      = fault.New(fault.Unavailable, "FILE_PREVIEW_BUSY", "too many previews are being made at the moment; try again").
			WithRetry(2 * time.Second)
)

// previewed makes sure that a file's preview is stored, if it can have one, and
// answers the file as it is then. Of those who ask for the same one at once, one
// makes it.
func (h *Handler) previewed(ctx context.Context, f db.File) (db.File, error) {
	switch f.Preview {
	case previewNone:
		return f, errNoPreview
	case previewJPEG, previewPNG:
		return f, nil
	}
	made, err, _ := h.making.Do(blobOf(&f).String(), func() (any, error) {
		return h.makePreview(context.WithoutCancel(ctx), f)
	})
	if err != nil {
		return f, err
	}
	as, _ := made.(db.File) // which Do gives back
	f.Preview, f.PreviewWidth, f.PreviewHeight = as.Preview, as.PreviewWidth, as.PreviewHeight
	return f, nil
}

// makePreview stores a preview, or that there is none.
func (h *Handler) makePreview(ctx context.Context, f db.File) (db.File, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	b := newBody(ctx, h.store, &f)
	defer closeQuietly(b)
	p, err := h.previews.Make(ctx, f.MediaType, b)
	switch {
	case errors.Is(err, preview.ErrNone):
		h.logger.DebugContext(ctx, "no preview of file", "workspace", f.WorkspaceID, "file", f.ID, "error", err)
		if err := h.setPreview(ctx, &f, previewNone, preview.Size{}); err != nil {
			return f, err
		}
		return f, errNoPreview.Wrap(err)
	case errors.Is(err, preview.ErrBusy):
		return f, errBusy.Wrap(err)
	case err != nil:
		return f, storeFault(err)
	}
	err = h.store.Write(ctx, partOf(&f, blob.Preview), p.Data)
	if err != nil && !errors.Is(err, blob.ErrExists) { // another node made the same
		return f, storeFault(err)
	}
	kind := previewJPEG
	if p.PNG {
		kind = previewPNG
	}
	return f, h.setPreview(ctx, &f, kind, p.Size)
}

func (h *Handler) setPreview(ctx context.Context, f *db.File, kind int16, size preview.Size) error {
	f.Preview, f.PreviewWidth, f.PreviewHeight = kind, int32(size.Width), int32(size.Height)
	n, err := h.q.FilePreviewed(ctx, h.db, db.FilePreviewedParams{
		Preview: f.Preview, Width: f.PreviewWidth, Height: f.PreviewHeight, WorkspaceID: f.WorkspaceID, BlobID: blobOf(f),
	})
	if err == nil && n == 0 {
		return h.tooLate(ctx, f)
	}
	return wrap("note preview of file", err)
}

// tooLate deletes what was stored of a file while it was removed.
func (h *Handler) tooLate(ctx context.Context, f *db.File) error {
	h.erase(ctx, f.WorkspaceID, f.ID, blobOf(f))
	return errNotFound
}

// readPreview answers a stored preview whole; it is small.
func (h *Handler) readPreview(ctx context.Context, f *db.File) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	r, err := h.store.Read(ctx, partOf(f, blob.Preview), 0)
	if err != nil {
		return nil, storeFault(err)
	}
	defer closeQuietly(r)
	data, err := io.ReadAll(io.LimitReader(r, preview.MaxBytes))
	if err != nil {
		return nil, storeFault(err)
	}
	return data, nil
}

// previewType is the media type of a file's preview.
func previewType(f *db.File) string {
	if f.Preview == previewPNG {
		return "image/png"
	}
	return "image/jpeg"
}
