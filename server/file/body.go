package file

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/blob"
)

// body reads a finished file as one, part after part or, once they were joined,
// as it is stored, from anywhere. At most one part is open. It implements io.ReadSeekCloser and is not safe for
// concurrent use.
type body struct {
	ctx   context.Context // of the request that reads
	store *blob.Store
	file  *db.File
	at    int64
	part  io.ReadCloser
	end   int64 // where the open part must end
}

func newBody(ctx context.Context, store *blob.Store, f *db.File) *body {
	return &body{ctx: ctx, store: store, file: f}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for b.at < b.file.Size {
		if b.part == nil {
			if err := b.open(); err != nil {
				return 0, err
			}
		}
		n, err := b.part.Read(p)
		b.at += int64(n)
		if errors.Is(err, io.EOF) {
			err = b.endPart()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// open opens what is stored of the file where the reader stands. A part that is
// not there any more was joined with the others meanwhile.
func (b *body) open() (err error) {
	if !b.file.Joined {
		number := int32(b.at / PartSize)
		b.part, err = b.store.Read(b.ctx, partOf(b.file, number), b.at%PartSize)
		b.end = min(int64(number+1)*PartSize, b.file.Size)
		if !errors.Is(err, blob.ErrNotFound) {
			return err
		}
	}
	b.part, err = b.store.Read(b.ctx, partOf(b.file, blob.Whole), b.at)
	b.end = b.file.Size
	return err
}

// endPart closes a part that was read to its end, which must be where it ends: a
// short one would shift everything after it.
func (b *body) endPart() error {
	b.closePart()
	if b.at != b.end {
		return fmt.Errorf("read file %s at %d: %w", b.file.ID, b.at, io.ErrUnexpectedEOF)
	}
	return nil
}

// Seek implements io.Seeker. It reads nothing.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.file.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek file to %d", offset)
	}
	if offset != b.at {
		b.closePart()
		b.at = offset
	}
	return offset, nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.closePart()
	return nil
}

func (b *body) closePart() {
	if b.part != nil {
		closeQuietly(b.part)
		b.part = nil
	}
}
