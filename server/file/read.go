package file

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

// chunk is how many bytes go into one frame of ReadFile.
const chunk = 128 << 10

var errOffset = fault.New(fault.Invalid, "OFFSET_OUT_OF_RANGE", "the file ends before this offset").WithField("offset")

// finished answers a file that the caller may read and that has its bytes.
func (h *Handler) finished(ctx context.Context, c access.Caller, id uuid.UUID) (db.File, error) {
	row, _, err := h.find(ctx, c, id)
	if err != nil {
		return db.File{}, err
	}
	if row.File.State == stateUploading {
		return db.File{}, errUnfinished
	}
	return row.File, nil
}

// GetFile implements threadv1connect.FileServiceHandler.
func (h *Handler) GetFile(ctx context.Context, req *threadv1.GetFileRequest) (*threadv1.GetFileResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return nil, errNotFound
	}
	row, _, err := h.find(ctx, c, id)
	if err != nil {
		return nil, err
	}
	res := &threadv1.GetFileResponse{File: Describe(&row.File, thread.AudienceOf(c)), PartSize: PartSize}
	if row.File.AuthorID == c.ID {
		res.NextPart = row.File.Parts
	}
	return res, nil
}

// ReadFile implements threadv1connect.FileServiceHandler.
func (h *Handler) ReadFile(ctx context.Context, req *threadv1.ReadFileRequest, stream *connect.ServerStream[threadv1.ReadFileResponse]) error {
	id, err := uuid.Parse(req.GetFileId())
	if err != nil {
		return errNotFound
	}
	f, err := h.finished(ctx, access.FromContext(ctx), id)
	if err != nil {
		return err
	}
	if req.GetOffset() > f.Size {
		return errOffset
	}
	b := newBody(ctx, h.store, &f)
	defer closeQuietly(b)
	if _, err := b.Seek(req.GetOffset(), io.SeekStart); err != nil {
		return err
	}
	return send(b, stream)
}

// send streams what r reads. Sending encodes at once, so one buffer serves.
func send(r io.Reader, stream *connect.ServerStream[threadv1.ReadFileResponse]) error {
	buffer := make([]byte, chunk)
	for {
		n, err := io.ReadFull(r, buffer)
		if n > 0 {
			if err := stream.Send(&threadv1.ReadFileResponse{Data: buffer[:n]}); err != nil {
				return fmt.Errorf("send file: %w", err)
			}
		}
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF: // as such only from ReadFull: the end
			return nil
		case err != nil:
			return storeFault(err)
		}
	}
}

const (
	defaultPage = 50
	maxPage     = 100
)

// ListFiles implements threadv1connect.FileServiceHandler.
func (h *Handler) ListFiles(ctx context.Context, req *threadv1.ListFilesRequest) (*threadv1.ListFilesResponse, error) {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(req.GetThreadId())
	if err != nil {
		return nil, access.ErrThreadNotFound
	}
	if _, err := h.gate.Read(ctx, c, id); err != nil {
		return nil, err
	}
	before := uuid.Max
	if _, err := h.pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	files, err := h.q.FileList(ctx, h.db, db.FileListParams{
		WorkspaceID: c.Workspace, ThreadID: id, Before: before, WithInternal: !c.Outsider(), MaxRows: int32(size + 1),
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	res := &threadv1.ListFilesResponse{}
	if len(files) > size {
		files = files[:size]
		if res.NextPageToken, err = h.pages.Encode(ctx, req, files[size-1].ID); err != nil {
			return nil, err
		}
	}
	for i := range files {
		res.Files = append(res.Files, Describe(&files[i], thread.AudienceOf(c)))
	}
	return res, nil
}
