package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"github.com/parley-chat/parley/gen/db"
	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/recent"
	"github.com/parley-chat/parley/server/store"
)

const (
	// rememberFor bounds how long a server goes by what it knows of a
	// credential. A revocation is told at once; this is for when the word is
	// lost.
	rememberFor = 5 * time.Second
	rememberMax = 8192
	lookUpTime  = 5 * time.Second
	// visitorLife is how long a browser's visitor token is good for.
	visitorLife = 365 * 24 * time.Hour
)

// ErrCredential is the answer for a token that proves nothing: it is malformed,
// unknown, expired, revoked, or its user is deactivated.
var ErrCredential = fault.New(fault.Unauthenticated, "CREDENTIAL_INVALID", "the token is not valid any more; sign in again")

// errUnprovable is the answer when it cannot be told whether a token is good.
var errUnprovable = fault.New(fault.Unavailable, "CREDENTIAL_UNPROVABLE", "the server cannot check who you are at the moment; try again").
	WithRetry(time.Second)

// Credentials knows whose a token is, and whether it still is.
type Credentials struct {
	pool db.DBTX
	bus  Bus
	now  func() time.Time
	q    *db.Queries

	known   *recent.Cache[credentialKey, *bearer]
	lookUps singleflight.Group
	// evictions counts what was forgotten, so that a look-up that began before
	// is not remembered after.
	evictions atomic.Int64
}

type credentialKey struct{ workspace, id uuid.UUID }

// bearer is a credential in force with whose it is.
type bearer struct {
	kind   int16
	hash   [sha256.Size]byte
	expire time.Time // zero if never
	caller access.Caller
}

func newCredentials(pool db.DBTX, bus Bus, now func() time.Time) *Credentials {
	c := &Credentials{
		pool: pool, bus: bus, now: now, q: db.New(),
		known: recent.New[credentialKey, *bearer](rememberMax, rememberFor, now),
	}
	bus.Handle(c.heard)
	return c
}

// Authenticate implements rpc.Authenticator.
func (c *Credentials) Authenticate(ctx context.Context, sent string) (access.Caller, error) {
	t, ok := parseToken(sent)
	if !ok {
		return access.Caller{}, ErrCredential
	}
	b, err := c.bearer(ctx, credentialKey{t.workspace, t.credential})
	if err != nil {
		return access.Caller{}, err
	}
	hash := t.hash()
	if subtle.ConstantTimeCompare(hash[:], b.hash[:]) != 1 || b.kind != t.kind {
		return access.Caller{}, ErrCredential
	}
	if !b.expire.IsZero() && !c.now().Before(b.expire) {
		return access.Caller{}, ErrCredential
	}
	return b.caller, nil
}

// bearer finds a credential, in memory or in the database. Calls that come
// together ask once.
func (c *Credentials) bearer(ctx context.Context, key credentialKey) (*bearer, error) {
	if b, ok := c.known.Get(key); ok {
		return b, nil
	}
	found, err, _ := c.lookUps.Do(string(key.workspace[:])+string(key.id[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUpTime) // it is not for this call only
		defer cancel()
		return c.lookUp(ctx, key)
	})
	if err != nil {
		return nil, err
	}
	return found.(*bearer), nil
}

func (c *Credentials) lookUp(ctx context.Context, key credentialKey) (*bearer, error) {
	before := c.evictions.Load()
	row, err := c.q.CredentialGetBearer(ctx, c.pool, db.CredentialGetBearerParams{WorkspaceID: key.workspace, ID: key.id})
	switch {
	case store.IsNoRows(err):
		return nil, ErrCredential
	case err != nil:
		return nil, errUnprovable.Wrap(fmt.Errorf("look up credential: %w", err))
	case len(row.SecretHash) != sha256.Size:
		return nil, fmt.Errorf("look up credential: its hash has %d bytes", len(row.SecretHash))
	}
	b := bearerOf(key, &row)
	c.known.Put(key, b)
	if c.evictions.Load() != before {
		c.known.Delete(key)
	}
	return b, nil
}

func bearerOf(key credentialKey, row *db.CredentialGetBearerRow) *bearer {
	b := &bearer{kind: row.Kind, hash: [sha256.Size]byte(row.SecretHash), caller: access.Caller{
		Kind: access.User, Workspace: key.workspace, Credential: key.id, Session: row.Kind == kindSession,
		Role: identityv1.Role(row.Role), Name: row.Name, ChatName: orName(row.ChatName, row.Name), Email: row.Email, Locale: row.Locale,
	}}
	if row.ExpireTime != nil {
		b.expire = *row.ExpireTime
	}
	switch {
	case row.UserID != nil:
		b.caller.ID = *row.UserID
	case row.VisitorID != nil:
		b.caller.Kind, b.caller.ID = access.Visitor, *row.VisitorID
	}
	if row.Kind == kindKey {
		b.caller.Scopes = make([]accessv1.Scope, len(row.Scopes)) // never nil: that would be no limit
		for i, s := range row.Scopes {
			b.caller.Scopes[i] = accessv1.Scope(s)
		}
	}
	return b
}

// orName is the name that visitors see.
func orName(chatName, name string) string {
	if chatName == "" {
		return name
	}
	return chatName
}

// Ended answers the credentials of those callers that are no longer who they
// were: the credential was revoked or has expired, the user was deactivated or
// has another role. It is one query, for the streams that were opened by them.
func (c *Credentials) Ended(ctx context.Context, callers []access.Caller) ([]uuid.UUID, error) {
	if len(callers) == 0 {
		return nil, nil
	}
	p := db.CredentialListEndedParams{
		WorkspaceIds: make([]uuid.UUID, len(callers)), Ids: make([]uuid.UUID, len(callers)),
		Roles: make([]int16, len(callers)), Now: c.now(),
	}
	for i := range callers {
		p.WorkspaceIds[i], p.Ids[i], p.Roles[i] = callers[i].Workspace, callers[i].Credential, int16(callers[i].Role)
	}
	ended, err := c.q.CredentialListEnded(ctx, c.pool, p)
	if err != nil {
		return nil, fmt.Errorf("list ended credentials: %w", err)
	}
	return ended, nil
}

// IssueVisitor makes a token for a visitor in the caller's transaction. The
// visitor must be stored.
func (c *Credentials) IssueVisitor(ctx context.Context, tx db.DBTX, workspace, visitor uuid.UUID) (string, error) {
	t := newToken(kindVisitor, workspace)
	hash, now := t.hash(), c.now()
	expire := now.Add(visitorLife)
	err := c.q.CredentialInsert(ctx, tx, db.CredentialInsertParams{
		WorkspaceID: workspace, ID: t.credential, Kind: kindVisitor, SecretHash: hash[:], VisitorID: &visitor,
		Scopes: []int16{}, CreateTime: now, ExpireTime: &expire,
	})
	if err != nil {
		return "", fmt.Errorf("insert visitor token: %w", err)
	}
	return t.String(), nil
}

// Revoke ends a credential on all servers; one that is not there or has ended
// is left as it is. user is the zero UUID for a visitor's token.
func (c *Credentials) Revoke(ctx context.Context, workspace, user, credential uuid.UUID) error {
	err := c.q.CredentialRevoke(ctx, c.pool, db.CredentialRevokeParams{Now: c.now(), WorkspaceID: workspace, ID: credential})
	if err != nil {
		return fmt.Errorf("revoke credential: %w", err)
	}
	c.tell(workspace, user, credential)
	return nil
}

// tell says to all servers that a credential has ended or, if it is the zero
// UUID, that whatever is known of the user has changed. It is for after the
// commit.
func (c *Credentials) tell(workspace, user, credential uuid.UUID) {
	r := &wirev1.Revocation{}
	if user != uuid.Nil {
		r.UserId = user[:]
	}
	if credential != uuid.Nil {
		r.CredentialId = credential[:]
	}
	c.bus.Publish(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_Revocation{Revocation: r}})
}

// heard forgets what a revocation is about.
func (c *Credentials) heard(s *wirev1.Signal) {
	r := s.GetRevocation()
	if r == nil {
		return
	}
	workspace, err := uuid.FromBytes(s.GetWorkspaceId())
	if err != nil {
		return
	}
	if id, err := uuid.FromBytes(r.GetCredentialId()); err == nil {
		c.evictions.Add(1)
		c.known.Delete(credentialKey{workspace, id})
	} else if user, err := uuid.FromBytes(r.GetUserId()); err == nil {
		c.forget(workspace, user)
	}
}

// forget drops what this server remembers of a user's credentials.
func (c *Credentials) forget(workspace, user uuid.UUID) {
	c.evictions.Add(1)
	c.known.DeleteFunc(func(key credentialKey, b *bearer) bool {
		return key.workspace == workspace && b.caller.ID == user
	})
}
