package access

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/fault"
)

// The kinds of thing that a thread hangs on, as stored.
const (
	KindRecord int16 = 1
	KindChat   int16 = 2
	// KindTemplate is a template's, whose files are in it; it has no messages.
	KindTemplate int16 = 3
)

// ErrThreadNotFound is the answer for a thread that does not exist or that the
// caller may not read, which are told apart to nobody.
var ErrThreadNotFound = fault.New(fault.NotFound, "THREAD_NOT_FOUND", "there is no such thread, or you may not read it")

// ErrPostDenied is the answer for a thread that the caller may read only.
var ErrPostDenied = fault.New(fault.Denied, "POST_DENIED", "you may read this thread, but not write in it")

// Facts are what never changes about a thread, and may therefore be kept.
type Facts struct {
	ID         uuid.UUID
	Kind       int16
	RecordType string
}

// Rights are what one caller may do in one thread.
type Rights struct {
	Facts
	// Read is false if the thread must not exist for the caller.
	Read bool
	// Post allows messages and files, and for users notes.
	Post bool
	// Manage allows changing other people's subscriptions.
	Manage bool
}

// Door says what a caller may do in the threads of one kind. The area that
// owns the kind implements it.
type Door interface {
	Rights(ctx context.Context, c Caller, f Facts) (Rights, error)
}

// Directory finds a thread's facts; ok is false if there is no such thread in
// the workspace.
type Directory interface {
	Facts(ctx context.Context, workspace, thread uuid.UUID) (f Facts, ok bool, err error)
}

// Gate decides about threads, whatever they hang on.
type Gate struct {
	Directory Directory
	// Doors by the kind of thread.
	Doors map[int16]Door
}

// Read answers what the caller may do in a thread that it may read, and
// ErrThreadNotFound for every other.
func (g *Gate) Read(ctx context.Context, c Caller, thread uuid.UUID) (Rights, error) {
	if c.Kind == Nobody {
		return Rights{}, ErrThreadNotFound
	}
	f, ok, err := g.Directory.Facts(ctx, c.Workspace, thread)
	if err != nil {
		return Rights{}, err
	}
	door := g.Doors[f.Kind]
	if !ok || door == nil {
		return Rights{}, ErrThreadNotFound
	}
	r, err := door.Rights(ctx, c, f)
	if err != nil {
		return Rights{}, err
	}
	if !r.Read {
		return Rights{}, ErrThreadNotFound
	}
	return r, nil
}

// Post is Read, and besides refuses a caller who may read only.
func (g *Gate) Post(ctx context.Context, c Caller, thread uuid.UUID) (Rights, error) {
	r, err := g.Read(ctx, c, thread)
	if err == nil && !r.Post {
		return Rights{}, ErrPostDenied
	}
	return r, err
}

// FactsTTL is how long a node may remember that a thread exists. Deleting a
// record tells every node; this bounds what a lost word can do.
const FactsTTL = 30 * time.Second
