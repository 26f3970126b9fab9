// Package file takes files in and gives them out, for users and visitors alike.
//
// A file belongs to one thread. It is uploaded in parts, finished, and then
// attached: to a message by the post that names it, or to the thread itself.
// Who may read it is one rule, for every way in which bytes or descriptions
// leave the server: whoever may read the thread, but outsiders never an internal
// one, and nobody but its author one that is not attached yet.
//
// No file is ever whole in memory: what is held is one part of 1 MiB at most.
// Nothing that anybody sent is trusted to be what it says: the name is cleaned,
// the media type is found in the bytes, and only the four sorts of pictures that
// cannot hold a script are shown by a browser; everything else is saved.
//
// Pictures, and where the machine has the tool the first pages of PDFs, have a
// preview, which is painted anew when it is first asked for.
//
// A file that was removed, or came to nothing within a day, disappears at once;
// its row stays until its bytes are deleted, which Sweep sees to. Copies share
// the bytes of the first; they are deleted with the last of them.
package file

import (
	"cmp"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/file/preview"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// PartSize is the size of every part but a file's last, in bytes.
	PartSize = 1 << 20
	// DefaultMaxSize is how large a file may be where nothing else is
	// configured, in bytes.
	DefaultMaxSize = 25 << 20
	// maxPending bounds the files of one author that came to nothing yet, and so
	// what somebody can make the server keep without saying a word.
	maxPending = 100
)

// The states of a file as they are stored.
const (
	stateRemoved   int16 = 0
	stateUploading int16 = 1
	stateReady     int16 = 2
	stateAttached  int16 = 3
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errNotFound   = fault.New(fault.NotFound, "FILE_NOT_FOUND", "there is no such file, or you may not read it")
	errUnfinished = fault.New(fault.Precondition, "FILE_NOT_FINISHED", "the file is not uploaded yet; finish it first")
	errDelete     = fault.New(fault.Denied, "FILE_DELETE_DENIED", "only who uploaded a file or an administrator may remove it")
)

// Log is what files need of the log that their messages are in.
type Log interface {
	Get(ctx context.Context, workspace, thread, message uuid.UUID) (thread.Message, error)
	Delete(ctx context.Context, c thread.Change) (thread.Message, error)
	Announce(ctx context.Context, messages ...thread.Message)
}

// Credentials answers which of the callers hold a credential that has ended, or
// are not any more what they were.
type Credentials interface {
	Ended(ctx context.Context, callers []access.Caller) ([]uuid.UUID, error)
}

// Config is what a Handler stands on.
type Config struct {
	DB    *pgxpool.Pool
	Store *blob.Store
	Gate  *access.Gate
	Log   Log
	Pages *rpc.Pages
	// Credentials are asked when somebody comes with a link.
	Credentials Credentials
	Now         func() time.Time
	Logger      *slog.Logger
	// Key seals the addresses that CreateFileLink answers: 32 bytes, the same on
	// every node.
	Key []byte
	// MaxSize is how large a file may be, in bytes; 0 means DefaultMaxSize.
	MaxSize int64
	// Origin is where browsers load files from, such as
	// "https://files.example.com", an address of this server that no cookie is
	// ever sent to; then they are served nowhere else, and nothing else is served
	// there. Empty: files are served wherever the server is reached.
	Origin string
	// Presign lets the store give files away itself, where it can: addresses work
	// for whoever has them, until they end.
	Presign bool
	// PDFTool draws pages of PDFs, as pdftoppm of Poppler does; empty for none.
	PDFTool string
}

// Handler implements parley.thread.v1.FileService, and the downloads that its
// links lead to. It is safe for concurrent use.
type Handler struct {
	db          *pgxpool.Pool
	q           *db.Queries
	store       *blob.Store
	gate        *access.Gate
	log         Log
	pages       *rpc.Pages
	credentials Credentials
	now         func() time.Time
	logger      *slog.Logger
	maxSize     int64
	links       cipher.AEAD
	origin      origin
	presign     bool
	previews    *preview.Maker
	making      singleflight.Group
}

// New makes a Handler. It fails only for a key or an origin that is none.
func New(c Config) (*Handler, error) {
	links, err := newLinkCipher(c.Key)
	if err != nil {
		return nil, err
	}
	apart, err := parseOrigin(c.Origin)
	if err != nil {
		return nil, err
	}
	return &Handler{
		db: c.DB, q: db.New(), store: c.Store, gate: c.Gate, log: c.Log, pages: c.Pages, credentials: c.Credentials, now: c.Now,
		logger: c.Logger, maxSize: cmp.Or(c.MaxSize, DefaultMaxSize), links: links, origin: apart, presign: c.Presign && c.Store.Signs(),
		previews: preview.NewMaker(c.PDFTool),
	}, nil
}

// readable is the rule of who may read a file of a thread that they may read.
func readable(f *db.File, c access.Caller) bool {
	if f.Internal && c.Outsider() {
		return false
	}
	return f.State == stateAttached || f.AuthorID == c.ID
}

// find answers a file that the caller may read, whether it is complete or not,
// and what the caller may do in its thread.
func (h *Handler) find(ctx context.Context, c access.Caller, id uuid.UUID) (db.FileGetRow, access.Rights, error) {
	row, err := h.q.FileGet(ctx, h.db, db.FileGetParams{WorkspaceID: c.Workspace, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, access.Rights{}, errNotFound
	}
	if err != nil {
		return row, access.Rights{}, fmt.Errorf("find file: %w", err)
	}
	rights, err := h.gate.Read(ctx, c, row.File.ThreadID)
	if errors.Is(err, access.ErrThreadNotFound) || err == nil && !readable(&row.File, c) {
		return row, rights, errNotFound
	}
	return row, rights, err
}

// upload answers a file that the caller is uploading or has uploaded, into a
// thread that takes files from them now.
func (h *Handler) upload(ctx context.Context, c access.Caller, id uuid.UUID) (db.File, error) {
	row, rights, err := h.find(ctx, c, id)
	switch {
	case err != nil:
		return db.File{}, err
	case row.File.AuthorID != c.ID:
		return db.File{}, errNotFound
	case row.Closed:
		return db.File{}, thread.ErrClosed
	case !rights.Post:
		return db.File{}, access.ErrPostDenied
	default:
		return row.File, nil
	}
}

// Describe is a file as an audience sees it.
func Describe(f *db.File, to thread.Audience) *threadv1.File {
	state := threadv1.FileState_FILE_STATE_READY
	if f.State == stateUploading {
		state = threadv1.FileState_FILE_STATE_UPLOADING
	}
	name := f.AuthorName
	if to == thread.Outside {
		name = f.AuthorPublicName
	}
	return &threadv1.File{
		Id: f.ID.String(), ThreadId: f.ThreadID.String(), Name: f.Name, MediaType: f.MediaType, Size: f.Size, State: state,
		Internal:   f.Internal,
		Author:     &threadv1.Party{Kind: threadv1.PartyKind(f.AuthorKind), Id: f.AuthorID.String(), Name: name},
		CreateTime: timestamppb.New(f.CreateTime),
		HasPreview: f.Preview != previewNone, PreviewWidth: f.PreviewWidth, PreviewHeight: f.PreviewHeight,
	}
}

// partsOf is how many parts a file of a size has.
func partsOf(size int64) int32 { return int32((size + PartSize - 1) / PartSize) }

// sizeOfPart is how many bytes a part has, in a file of a size.
func sizeOfPart(size int64, part int32) int64 { return min(PartSize, size-int64(part)*PartSize) }

// blobOf is whose bytes a file has: its own, or of a copy those of the first.
func blobOf(f *db.File) uuid.UUID {
	if f.BlobID != nil {
		return *f.BlobID
	}
	return f.ID
}

func partOf(f *db.File, number int32) blob.Part {
	return blob.Part{Workspace: f.WorkspaceID, File: blobOf(f), Number: number}
}

// Sendable is true for a file that is complete and waits for its message.
func Sendable(f *db.File) bool { return f.State == stateReady }
