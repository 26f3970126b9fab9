// Package blob keeps the bytes of files, in parts, in a bucket named by a URL:
// a folder (file:///var/lib/parley/files) or, for tests, memory (mem://).
//
// A part is written once and whole: a reader never sees half of one, and of two
// who write the same part at once the first wins, which the second is told (in a
// folder that is shared by several nodes: of two on one node). In a folder, what
// Write acknowledged survives a crash of the machine, so that a row in the
// database never names bytes that are not there.
//
// Every method is safe for concurrent use.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

var (
	// ErrExists is the answer to writing a part that is there already.
	ErrExists = errors.New("the part is stored already")
	// ErrNotFound is the answer to reading a part that is not there.
	ErrNotFound = errors.New("there is no such part")
	// ErrFull is the answer to writing when the store has no room left.
	ErrFull = errors.New("the file store is full")
)

// Part names one part of one file.
type Part struct {
	Workspace uuid.UUID
	File      uuid.UUID
	// Number counts from 0.
	Number int32
}

func (p Part) key() string {
	return folder(p.Workspace, p.File) + "/" + strconv.Itoa(int(p.Number))
}

// folder is where a file's parts are, with slashes. Both ids are UUIDs, so no
// name that anybody chose ever reaches the file system.
func folder(workspace, file uuid.UUID) string {
	return workspace.String() + "/" + file.String()
}

// Store is an open bucket.
type Store struct {
	bucket *blob.Bucket
	// root is the folder of a bucket that is one; else empty.
	root string
	// writing guards the parts of a folder, by file: fileblob looks whether a
	// part is there and then renames, without anything in between.
	writing [64]sync.Mutex
}

// Open opens the bucket at address, a URL; a folder is made if it is missing.
// The caller must Close the store.
func Open(address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read file store address: %w", err)
	}
	switch u.Scheme {
	case "mem":
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	case "file":
		return openFolder(filepath.FromSlash(u.Path))
	default:
		return nil, fmt.Errorf("file store %q: the address must begin with file:// or mem://", u.Redacted())
	}
}

// openFolder opens a bucket in a folder that only this user may look into.
func openFolder(root string) (*Store, error) {
	if !filepath.IsAbs(root) {
		return nil, fmt.Errorf("file store %q: the folder's path must be absolute, as in file:///var/lib/parley/files", root)
	}
	bucket, err := fileblob.OpenBucket(root, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700,
		NoTempDir: true, // a rename works only within one file system
		Metadata:  fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open file store in %s: %w", root, err)
	}
	return &Store{bucket: bucket, root: root}, nil
}

// Close releases the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// Write stores a part. It fails with ErrExists if the part is there already,
// whatever its bytes, and with ErrFull if there is no room.
func (s *Store) Write(ctx context.Context, p Part, data []byte) error {
	if s.root != "" {
		m := &s.writing[int(p.File[len(p.File)-1])%len(s.writing)]
		m.Lock()
		defer m.Unlock()
	}
	if err := s.write(ctx, p.key(), data); err != nil {
		return fmt.Errorf("write part %d: %w", p.Number, classify(err))
	}
	if s.root == "" {
		return nil
	}
	if err := s.syncFolders(p); err != nil {
		return fmt.Errorf("settle part %d: %w", p.Number, err)
	}
	return nil
}

func (s *Store) write(ctx context.Context, key string, data []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close it abandons the part
	var onDisk *os.File
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: "application/octet-stream", // no sniffing, no buffer for it
		IfNotExist:  true,
		BeforeWrite: func(as func(any) bool) error { as(&onDisk); return nil },
	})
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil && onDisk != nil {
		err = onDisk.Sync()
	}
	if err != nil {
		cancel()
		return errors.Join(err, w.Close())
	}
	return w.Close()
}

// syncFolders makes the part's name as durable as its bytes; its first part
// also made the folders above it.
func (s *Store) syncFolders(p Part) error {
	dir := filepath.Join(s.root, filepath.FromSlash(folder(p.Workspace, p.File)))
	if err := syncFolder(dir); err != nil || p.Number > 0 {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(dir)), syncFolder(s.root))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Read opens a part for reading from an offset in bytes to its end. The caller
// must close what it returns. It fails with ErrNotFound if there is no such
// part.
func (s *Store) Read(ctx context.Context, p Part, offset int64) (io.ReadCloser, error) {
	r, err := s.bucket.NewRangeReader(ctx, p.key(), offset, -1, nil)
	if err != nil {
		return nil, fmt.Errorf("read part %d: %w", p.Number, classify(err))
	}
	return r, nil
}

// Delete removes the first parts of a file; those that are not there are none
// the worse. It may be repeated until it succeeds.
func (s *Store) Delete(ctx context.Context, workspace, file uuid.UUID, parts int32) error {
	for n := range parts {
		err := s.bucket.Delete(ctx, Part{Workspace: workspace, File: file, Number: n}.key())
		if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return fmt.Errorf("delete part %d: %w", n, classify(err))
		}
	}
	if s.root == "" {
		return nil
	}
	// Besides the empty folder this takes what an interrupted write left in it.
	dir := filepath.Join(s.root, filepath.FromSlash(folder(workspace, file)))
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove folder of file: %w", err)
	}
	return nil
}

// classify turns the bucket's errors into ours, keeping the cause.
func classify(err error) error {
	switch {
	case gcerrors.Code(err) == gcerrors.FailedPrecondition:
		return errors.Join(ErrExists, err)
	case gcerrors.Code(err) == gcerrors.NotFound, errors.Is(err, fs.ErrNotExist):
		return errors.Join(ErrNotFound, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return errors.Join(ErrFull, err)
	default:
		return err
	}
}
