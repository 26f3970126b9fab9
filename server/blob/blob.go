// Package blob keeps the bytes of files, in parts, in a bucket named by a URL:
// a folder (file:///var/lib/parley/files), S3 or what speaks like it
// (s3://bucket?region=eu-north-1&endpoint=https://s3.example.com&use_path_style=true,
// with credentials from the environment as the AWS SDK finds them) or, for
// tests, memory (mem://).
//
// A part is written once and whole: a reader never sees half of one, and of any
// number of nodes that write the same part at once the first wins, which the
// others are told. In a folder that needs hard links, which every file system
// for servers has; in S3 it needs conditional writes (If-None-Match). What Write
// acknowledged survives a crash of the machine, so that a row in the database
// never names bytes that are not there.
//
// Every method is safe for concurrent use.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
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

// What a file may have besides its parts, as a part's number.
const (
	// Whole is all parts as one.
	Whole int32 = -1
	// Preview is a small picture of the file.
	Preview int32 = -2
)

// Part names one part of one file.
type Part struct {
	Workspace uuid.UUID
	File      uuid.UUID
	// Number counts from 0, or is Whole or Preview.
	Number int32
}

func (p Part) key() string {
	return folder(p.Workspace, p.File) + "/" + p.name()
}

func (p Part) name() string {
	switch p.Number {
	case Whole:
		return "whole"
	case Preview:
		return "preview"
	default:
		return strconv.Itoa(int(p.Number))
	}
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
	// signs is true for a bucket that can give its content away itself.
	signs bool
}

// Open opens the bucket at address, a URL; a folder is made if it is missing.
// Whether S3 is there, and takes the credentials, shows at the first use. The
// caller must Close the store.
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
	case "s3":
		return openS3(u)
	default:
		return nil, fmt.Errorf("file store %q: the address must begin with file://, s3:// or mem://", u.Redacted())
	}
}

// openFolder opens a bucket in a folder that only this user may look into.
func openFolder(root string) (*Store, error) {
	if !filepath.IsAbs(root) {
		return nil, fmt.Errorf("file store %q: the folder's path must be absolute, as in file:///var/lib/parley/files", root)
	}
	bucket, err := fileblob.OpenBucket(root, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700,
		Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open file store in %s: %w", root, err)
	}
	return &Store{bucket: bucket, root: root}, nil
}

// Close releases the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// Write stores a part. It fails with ErrExists if the part is there already,
// whatever its bytes, and with ErrFull if there is no room; then nothing of it
// is left.
func (s *Store) Write(ctx context.Context, p Part, data []byte) error {
	var err error
	if s.root != "" {
		err = s.place(p, data)
	} else {
		err = s.bucket.Upload(ctx, p.key(), bytes.NewReader(data), &blob.WriterOptions{
			ContentType: unknownType, // no sniffing, no buffer for it
			IfNotExist:  true,
		})
	}
	if err != nil {
		return fmt.Errorf("write part %s: %w", p.name(), classify(err))
	}
	return nil
}

const (
	unknownType = "application/octet-stream"
	// joinBuffer and joinAtOnce bound what joining holds in memory: S3 takes no
	// smaller pieces of an object than 5 MiB, but for the last.
	joinBuffer = 5 << 20
	joinAtOnce = 2
)

// Join stores a file as one, from a reader of all its bytes, in a store that
// Signs: the others gain nothing by it. What was joined before is replaced at
// once. If it fails, nothing was stored.
func (s *Store) Join(ctx context.Context, workspace, file uuid.UUID, from io.Reader) error {
	if !s.signs {
		return errors.New("join file: only a store that signs addresses joins files")
	}
	p := Part{Workspace: workspace, File: file, Number: Whole}
	err := s.bucket.Upload(ctx, p.key(), from, &blob.WriterOptions{
		ContentType: unknownType, BufferSize: joinBuffer, MaxConcurrency: joinAtOnce,
	})
	if err != nil {
		return fmt.Errorf("join file: %w", classify(err))
	}
	return nil
}

// Read opens a part for reading from an offset in bytes to its end. The caller
// must close what it returns. It fails with ErrNotFound if there is no such
// part.
func (s *Store) Read(ctx context.Context, p Part, offset int64) (io.ReadCloser, error) {
	r, err := s.bucket.NewRangeReader(ctx, p.key(), offset, -1, nil)
	if err != nil {
		return nil, fmt.Errorf("read part %s: %w", p.name(), classify(err))
	}
	return r, nil
}

// DeleteParts removes the first parts of a file, which was joined; those that
// are not there are none the worse.
func (s *Store) DeleteParts(ctx context.Context, workspace, file uuid.UUID, parts int32) error {
	for n := range parts {
		if err := s.delete(ctx, Part{Workspace: workspace, File: file, Number: n}.key()); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) delete(ctx context.Context, key string) error {
	if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete part of file: %w", classify(err))
	}
	return nil
}

// Delete removes all there is of a file. It may be repeated until it succeeds.
func (s *Store) Delete(ctx context.Context, workspace, file uuid.UUID) error {
	if s.root != "" {
		// This also takes what an interrupted write left.
		dir := filepath.Join(s.root, filepath.FromSlash(folder(workspace, file)))
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove folder of file: %w", err)
		}
		return nil
	}
	all := s.bucket.List(&blob.ListOptions{Prefix: folder(workspace, file) + "/"})
	for {
		object, err := all.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list parts of file: %w", classify(err))
		}
		if err := s.delete(ctx, object.Key); err != nil {
			return err
		}
	}
}

// Signs is true if the store can make addresses from which anybody loads a part
// directly.
func (s *Store) Signs() bool { return s.signs }

// Given is how a part that the store gives away is to be taken by a browser.
type Given struct {
	For         time.Duration
	MediaType   string
	Disposition string
}

// URL is an address from which whoever has it can load a part, for so long. It
// fails if the store does not sign.
func (s *Store) URL(ctx context.Context, p Part, g Given) (string, error) {
	address, err := s.bucket.SignedURL(ctx, p.key(), &blob.SignedURLOptions{
		Method: http.MethodGet, Expiry: g.For, BeforeSign: g.force,
	})
	if err != nil {
		return "", fmt.Errorf("sign address of part %s: %w", p.name(), err)
	}
	return address, nil
}

// fullCodes are what servers of S3 answer when there is no room left, or no
// more is allowed.
var fullCodes = map[string]bool{
	"QuotaExceeded": true, "XMinioStorageFull": true, "XMinioAdminBucketQuotaExceeded": true, "InsufficientStorage": true,
}

// classify turns the bucket's errors into ours, keeping the cause.
func classify(err error) error {
	code := ""
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code = api.ErrorCode()
	}
	switch {
	case gcerrors.Code(err) == gcerrors.FailedPrecondition, errors.Is(err, fs.ErrExist),
		code == "ConditionalRequestConflict": // somebody is writing it this moment
		return errors.Join(ErrExists, err)
	case gcerrors.Code(err) == gcerrors.NotFound, errors.Is(err, fs.ErrNotExist):
		return errors.Join(ErrNotFound, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG), fullCodes[code]:
		return errors.Join(ErrFull, err)
	default:
		return err
	}
}
