package file

import (
	"context"
	"errors"
	"io"
	"mime"

	"github.com/gabriel-vasile/mimetype"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/file/preview"
)

// sniffed is how much of a file's beginning tells its media type, in bytes.
const sniffed = 3072

// findings are what a file's own bytes say about it.
type findings struct {
	mediaType     string
	preview       int16
	width, height int32
}

// examine looks into a file whose parts are all there.
func (h *Handler) examine(ctx context.Context, f *db.File) (findings, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	b := newBody(ctx, h.store, f)
	defer closeQuietly(b)
	mediaType, err := sniff(b)
	if err != nil {
		return findings{}, storeFault(err)
	}
	found := findings{mediaType: mediaType}
	size, err := h.previews.Measure(mediaType, b)
	switch {
	case errors.Is(err, preview.ErrNone):
		return found, nil
	case err != nil:
		return findings{}, storeFault(err)
	}
	found.preview, found.width, found.height = previewWanted, int32(size.Width), int32(size.Height)
	return found, nil
}

// sniff finds the media type in a file's first bytes. A polyglot gets the type
// that comes first; serving takes care that it is nothing more.
func sniff(from io.Reader) (string, error) {
	head, err := io.ReadAll(io.LimitReader(from, sniffed))
	if err != nil {
		return "", err
	}
	mediaType, _, err := mime.ParseMediaType(mimetype.Detect(head).String())
	if err != nil {
		return unknownType, nil
	}
	return mediaType, nil
}

// join makes a large file one object, in a store that is to give it away, and
// then drops its parts. When that fails, the file stays in parts, and this
// server sends it.
func (h *Handler) join(ctx context.Context, f *db.File) {
	if !h.presign || f.Parts < 2 || f.Joined {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinWithin)
	defer cancel()
	bytes := blobOf(f)
	b := newBody(ctx, h.store, f)
	defer closeQuietly(b)
	err := h.store.Join(ctx, f.WorkspaceID, bytes, b)
	rows := int64(0)
	if err == nil {
		rows, err = h.q.FileJoined(ctx, h.db, db.FileJoinedParams{WorkspaceID: f.WorkspaceID, BlobID: bytes})
	}
	switch {
	case err == nil && rows == 0:
		err = h.tooLate(ctx, f)
	case err == nil:
		f.Joined = true
		err = h.store.DeleteParts(ctx, f.WorkspaceID, bytes, f.Parts)
	}
	if err != nil {
		h.logger.WarnContext(ctx, "join the parts of a file", "workspace", f.WorkspaceID, "file", f.ID, "error", err)
	}
}
