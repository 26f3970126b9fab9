package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

const (
	// sessionLife is how long a session lasts.
	sessionLife = 30 * 24 * time.Hour
	// userAgentMax bounds what is kept of a program's name for itself.
	userAgentMax = 200
)

var (
	errSignIn = fault.New(fault.Unauthenticated, "SIGN_IN_FAILED", "address and password do not go together, or may not sign in")
	errLimit  = fault.New(fault.Exhausted, "SIGN_IN_LIMITED", "too many failed attempts; wait, then try again")
	// errWhichWorkspace may be told: it says only that there is more than one.
	errWhichWorkspace = fault.New(fault.Invalid, "WORKSPACE_REQUIRED", "name the workspace to sign in to").WithField("workspace")
	errNotSession     = fault.New(fault.Precondition, "NOT_A_SESSION", "the call was made with an API key; revoke the key instead")
)

// Failed attempts are limited for one address, and for one client over all
// addresses.
var (
	limitAddress = rpc.Limit{Count: 10, Per: 5 * time.Minute}
	limitClient  = rpc.Limit{Count: 100, Per: 5 * time.Minute}
)

// SignIn implements IdentityService.
func (h *Handler) SignIn(ctx context.Context, req *identityv1.SignInRequest) (*identityv1.SignInResponse, error) {
	workspace, err := h.workspaceNamed(ctx, req.GetWorkspace())
	if err != nil {
		return nil, err
	}
	user, err := h.prove(ctx, workspace.WorkspaceID, strings.TrimSpace(req.GetEmail()), req.GetPassword())
	if err != nil {
		return nil, err
	}
	t := newToken(kindSession, workspace.WorkspaceID)
	session, err := h.begin(ctx, &user, &t)
	if err != nil {
		return nil, err
	}
	return &identityv1.SignInResponse{
		Token:     t.String(),
		Session:   sessionToProto(session, session.ID),
		User:      userToProto(&user),
		Workspace: workspaceToProto(&workspace),
	}, nil
}

// workspaceNamed answers the workspace to sign in to, which is the only one if
// it is not named. An unknown name answers the zero workspace, where nobody can
// sign in: that it is unknown is told to nobody.
func (h *Handler) workspaceNamed(ctx context.Context, name string) (db.Workspace, error) {
	if name == "" {
		first, err := h.q.WorkspaceListFirst(ctx, h.Pool)
		if err != nil {
			return db.Workspace{}, fmt.Errorf("list workspaces: %w", err)
		}
		switch len(first) {
		case 0:
			return db.Workspace{}, nil
		case 1:
			return first[0], nil
		default:
			return db.Workspace{}, errWhichWorkspace
		}
	}
	w, err := h.q.WorkspaceGetByName(ctx, h.Pool, strings.ToLower(name))
	if err != nil && !store.IsNoRows(err) {
		return db.Workspace{}, fmt.Errorf("get workspace by name: %w", err)
	}
	return w, nil
}

// prove answers the user whose address and password these are. It takes a turn
// at hashing before it counts the attempt, so that no more attempts than turns
// are counted that are not decided yet.
func (h *Handler) prove(ctx context.Context, workspace uuid.UUID, email, password string) (db.User, error) {
	leave, err := h.hashing.enter(ctx)
	if err != nil {
		return db.User{}, err
	}
	defer leave()
	restore, err := h.attempt(ctx, workspace, email)
	if err != nil {
		return db.User{}, err
	}
	user, err := h.q.UserGetByEmail(ctx, h.Pool, db.UserGetByEmailParams{WorkspaceID: workspace, Email: email})
	switch {
	case store.IsNoRows(err):
		user.PasswordHash = h.hashing.dummy()
	case err != nil:
		restore()
		return db.User{}, fmt.Errorf("get user by address: %w", err)
	}
	if !matches(user.PasswordHash, password) || !user.Active {
		return db.User{}, errSignIn
	}
	restore()
	return user, nil
}

// attempt counts an attempt as failed, and answers what takes that back.
func (h *Handler) attempt(ctx context.Context, workspace uuid.UUID, email string) (restore func(), err error) {
	address := "signin address " + workspace.String() + " " + strings.ToLower(email)
	client := "signin client " + rpc.ClientNetwork(ctx)
	if wait, ok := h.Limiter.Allow(ctx, client, limitClient); !ok {
		return nil, errLimit.WithRetry(wait)
	}
	if wait, ok := h.Limiter.Allow(ctx, address, limitAddress); !ok {
		return nil, errLimit.WithRetry(wait)
	}
	return func() {
		h.Limiter.Restore(ctx, client, limitClient)
		h.Limiter.Restore(ctx, address, limitAddress)
	}, nil
}

// begin stores a session for the user.
func (h *Handler) begin(ctx context.Context, user *db.User, t *token) (*db.Credential, error) {
	hash, now := t.hash(), h.Now()
	expire := now.Add(sessionLife)
	p := db.CredentialInsertParams{
		WorkspaceID: user.WorkspaceID, ID: t.credential, Kind: kindSession, SecretHash: hash[:], UserID: &user.ID,
		Scopes: []int16{}, UserAgent: userAgent(ctx), CreateTime: now, ExpireTime: &expire,
	}
	if err := h.q.CredentialInsert(ctx, h.Pool, p); err != nil {
		return nil, fmt.Errorf("insert session: %w", err)
	}
	return &db.Credential{
		WorkspaceID: p.WorkspaceID, ID: p.ID, Kind: p.Kind, UserID: p.UserID, UserAgent: p.UserAgent,
		CreateTime: now, ExpireTime: &expire,
	}, nil
}

// userAgent is how the calling program names itself.
func userAgent(ctx context.Context) string {
	call, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return ""
	}
	name := call.RequestHeader().Get("User-Agent")
	return strings.ToValidUTF8(name[:min(len(name), userAgentMax)], "")
}

// SignOut implements IdentityService.
func (h *Handler) SignOut(ctx context.Context, _ *identityv1.SignOutRequest) (*identityv1.SignOutResponse, error) {
	c := access.FromContext(ctx)
	if !c.Session {
		return nil, errNotSession
	}
	if err := h.Credentials.Revoke(ctx, c.Workspace, c.ID, c.Credential); err != nil {
		return nil, err
	}
	return &identityv1.SignOutResponse{}, nil
}

var errPassword = fault.New(fault.Invalid, "PASSWORD_WRONG", "the present password is another").WithField("current_password")

// ChangePassword implements IdentityService.
func (h *Handler) ChangePassword(ctx context.Context, req *identityv1.ChangePasswordRequest) (*identityv1.ChangePasswordResponse, error) {
	c := access.FromContext(ctx)
	_, err := h.prove(ctx, c.Workspace, c.Email, req.GetCurrentPassword())
	if errors.Is(err, errSignIn) {
		return nil, errPassword
	}
	if err != nil {
		return nil, err
	}
	hash, err := h.hashing.hash(ctx, req.GetNewPassword())
	if err != nil {
		return nil, err
	}
	if err := h.setPassword(ctx, c, hash); err != nil {
		return nil, err
	}
	return &identityv1.ChangePasswordResponse{}, nil
}
