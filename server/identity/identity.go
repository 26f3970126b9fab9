// Package identity knows who works in a workspace and how callers prove who they
// are.
//
// A credential is a session of a user, an API key of a user, or a visitor's
// token. Only the SHA-256 of its secret is stored; the secret itself is random,
// so there is nothing to guess. A credential that ends, and a user whose role
// changes, is told to all servers at once; where that word is lost, nothing that
// a server remembers is older than five seconds.
//
// Whoever cannot be asked about is refused: when the database does not answer,
// nobody gets in.
package identity

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/db"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/rpc"
)

const (
	usualPage = 50
	mostPage  = 200
)

// Bus tells all servers what happened, and hears of it from them.
type Bus interface {
	Publish(s *wirev1.Signal)
	Handle(f func(s *wirev1.Signal))
}

// Limiter counts what may happen so often only.
type Limiter interface {
	Allow(ctx context.Context, key string, limit rpc.Limit) (retryAfter time.Duration, ok bool)
	Restore(ctx context.Context, key string, limit rpc.Limit)
}

// Config is what identity works with. All but Now and Cost is required.
type Config struct {
	Pool    *pgxpool.Pool
	Bus     Bus
	Limiter Limiter
	Pages   *rpc.Pages
	// Cost is what hashing a password costs; zero is DefaultCost.
	Cost Cost
	// Now is the clock; nil is the system's.
	Now func() time.Time
	// OnDeactivate does what else has to be done with a user who is deactivated, in
	// the same transaction, which may be tried more than once. What it answers is
	// called once that is committed.
	OnDeactivate func(ctx context.Context, tx pgx.Tx, workspace, user uuid.UUID) (committed func(), err error)
}

// Handler implements IdentityService.
type Handler struct {
	// Credentials tells server/rpc and the open streams who is who.
	Credentials *Credentials
	// Directory tells other areas who works in a workspace.
	Directory *Directory

	Config
	q       *db.Queries
	hashing *hasher
}

// New makes the handler and what other areas need of it.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Handler{
		Config:      c,
		Credentials: newCredentials(c.Pool, c.Bus, c.Now),
		Directory:   newDirectory(c.Pool, c.Now),
		q:           db.New(),
		hashing:     newHasher(c.Cost),
	}
}

// newID is a fresh identifier. UUIDv7 sorts by time, which is what lists of the
// newest first go by.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
