package parley

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// Upload is a file to upload.
type Upload struct {
	// ThreadID is the UUID of the thread that the file is for.
	ThreadID string
	// Name is the name to show.
	Name string
	// From has the bytes. At most one part of them, 1 MiB, is in memory.
	From io.Reader
	// Size is how many bytes there are.
	Size int64
	// Internal makes it a file that only internal users may read.
	Internal bool
	// Attach lists it under the thread at once; otherwise its id is for a post.
	Attach bool
	// RequestID is a UUID that names this upload: the same one again goes on where
	// an interrupted upload stopped, From beginning anew. Empty for a new one.
	RequestID string
}

// Upload uploads a file in parts, each tried again as calls are, and answers it as
// stored. It fails with reason FILE_TOO_LARGE above the server's limit, and with
// io.ErrUnexpectedEOF when there are fewer bytes than announced.
func (c *Client) Upload(ctx context.Context, u Upload) (*threadv1.File, error) {
	if u.RequestID == "" {
		u.RequestID = uuid.NewString()
	}
	begun, err := c.Files.CreateFile(ctx, &threadv1.CreateFileRequest{
		RequestId: u.RequestID, ThreadId: u.ThreadID, Name: u.Name, Size: u.Size, Internal: u.Internal,
	})
	if err != nil {
		return nil, err
	}
	if err := c.writeParts(ctx, begun, u); err != nil {
		return nil, err
	}
	done, err := c.Files.FinishFile(ctx, &threadv1.FinishFileRequest{FileId: begun.GetFile().GetId(), Attach: u.Attach})
	return done.GetFile(), err
}

func (c *Client) writeParts(ctx context.Context, begun *threadv1.CreateFileResponse, u Upload) error {
	if begun.GetPartSize() < 1 {
		return errors.New("write a file: the server answered no size of its parts")
	}
	buffer := make([]byte, min(begun.GetPartSize(), u.Size))
	wanted := begun.GetNextPart() // parts before it are stored already
	for part, left := int32(0), u.Size; left > 0; part++ {
		data := buffer[:min(int64(len(buffer)), left)]
		if _, err := io.ReadFull(u.From, data); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read part %d of %q: %w", part, u.Name, err)
		}
		left -= int64(len(data))
		if part < wanted {
			continue
		}
		answer, err := c.Files.WriteFile(ctx, &threadv1.WriteFileRequest{FileId: begun.GetFile().GetId(), Part: part, Data: data})
		if err != nil {
			return err
		}
		wanted = answer.GetNextPart()
	}
	return nil
}

// Download writes a file's bytes to a writer, and answers how many. It goes on
// where it was cut off; it fails when it does not get on in as many attempts as
// calls have.
func (c *Client) Download(ctx context.Context, fileID string, to io.Writer) (int64, error) {
	var at int64
	for failures := 0; ; failures++ {
		from := at
		err := c.read(ctx, fileID, &at, to)
		var failed *writeError
		if err == nil || ctx.Err() != nil || errors.As(err, &failed) {
			return at, err
		}
		if at > from {
			failures = 0
		}
		asked, _ := RetryAfter(err)
		if failures+1 >= c.retry.Attempts || asked > c.retry.Most || !isPassing(err) {
			return at, err
		}
		if c.tempo.sleep(ctx, max(asked, c.retry.pause(failures))) != nil {
			return at, err
		}
	}
}

// read reads a file from *at on, which it moves, until the stream ends.
func (c *Client) read(ctx context.Context, fileID string, at *int64, to io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.Files.ReadFile(ctx, &threadv1.ReadFileRequest{FileId: fileID, Offset: *at})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }() // what went wrong is in Err
	for stream.Receive() {
		n, err := to.Write(stream.Msg().GetData())
		*at += int64(n)
		if err != nil {
			cancel() // so that closing does not read the rest
			return &writeError{err}
		}
	}
	return stream.Err()
}

// writeError is a failure of the caller's writer.
type writeError struct{ error }

// Unwrap answers the writer's error.
func (e *writeError) Unwrap() error { return e.error }
