package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

var (
	errSessionNotFound = fault.New(fault.NotFound, "SESSION_NOT_FOUND", "there is no such session of yours")
	errKeyNotFound     = fault.New(fault.NotFound, "API_KEY_NOT_FOUND", "there is no such API key of yours")
	errScopeBeyond     = fault.New(fault.Denied, "SCOPE_MISSING", "an API key cannot make a key that may do more than itself").WithField("scopes")
)

// ListSessions implements IdentityService.
func (h *Handler) ListSessions(ctx context.Context, req *identityv1.ListSessionsRequest) (*identityv1.ListSessionsResponse, error) {
	rows, next, err := h.credentials(ctx, req, req.GetPageSize(), kindSession)
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListSessionsResponse{Sessions: make([]*identityv1.Session, len(rows)), NextPageToken: next}
	current := access.FromContext(ctx).Credential
	for i := range rows {
		res.Sessions[i] = sessionToProto(&rows[i], current)
	}
	return res, nil
}

// ListApiKeys implements IdentityService.
func (h *Handler) ListApiKeys(ctx context.Context, req *identityv1.ListApiKeysRequest) (*identityv1.ListApiKeysResponse, error) {
	rows, next, err := h.credentials(ctx, req, req.GetPageSize(), kindKey)
	if err != nil {
		return nil, err
	}
	res := &identityv1.ListApiKeysResponse{ApiKeys: make([]*identityv1.ApiKey, len(rows)), NextPageToken: next}
	for i := range rows {
		res.ApiKeys[i] = keyToProto(&rows[i])
	}
	return res, nil
}

// credentials answers one page of the caller's credentials of a kind, and the
// token of the next.
func (h *Handler) credentials(ctx context.Context, req rpc.PageRequest, size int32, kind int16) ([]db.Credential, string, error) {
	c := access.FromContext(ctx)
	p := db.CredentialListOfUserParams{WorkspaceID: c.Workspace, UserID: c.ID, Kind: kind, Now: h.Now()}
	var before uuid.UUID
	more, err := h.Pages.Decode(ctx, req, &before)
	if err != nil {
		return nil, "", err
	}
	if more {
		p.BeforeID = &before
	}
	most := rpc.PageSize(size, usualPage, mostPage)
	p.MaxRows = int32(most + 1)
	rows, err := h.q.CredentialListOfUser(ctx, h.Pool, p)
	if err != nil {
		return nil, "", fmt.Errorf("list credentials: %w", err)
	}
	if len(rows) <= most {
		return rows, "", nil
	}
	next, err := h.Pages.Encode(ctx, req, rows[most-1].ID)
	return rows[:most], next, err
}

// RevokeSession implements IdentityService.
func (h *Handler) RevokeSession(ctx context.Context, req *identityv1.RevokeSessionRequest) (*identityv1.RevokeSessionResponse, error) {
	if err := h.revoke(ctx, req.GetSessionId(), kindSession, errSessionNotFound); err != nil {
		return nil, err
	}
	return &identityv1.RevokeSessionResponse{}, nil
}

// RevokeApiKey implements IdentityService.
func (h *Handler) RevokeApiKey(ctx context.Context, req *identityv1.RevokeApiKeyRequest) (*identityv1.RevokeApiKeyResponse, error) {
	if err := h.revoke(ctx, req.GetApiKeyId(), kindKey, errKeyNotFound); err != nil {
		return nil, err
	}
	return &identityv1.RevokeApiKeyResponse{}, nil
}

// revoke ends a credential of the caller or, if they run the workspace, of
// anybody in it. Others do not exist for them.
func (h *Handler) revoke(ctx context.Context, name string, kind int16, missing *fault.Error) error {
	c := access.FromContext(ctx)
	id, err := uuid.Parse(name)
	if err != nil {
		return missing
	}
	row, err := h.q.CredentialGet(ctx, h.Pool, db.CredentialGetParams{WorkspaceID: c.Workspace, ID: id})
	if err != nil && !store.IsNoRows(err) {
		return fmt.Errorf("get credential: %w", err)
	}
	if err != nil || row.Kind != kind || row.UserID == nil || (*row.UserID != c.ID && !c.Administrator()) {
		return missing
	}
	return h.Credentials.Revoke(ctx, c.Workspace, *row.UserID, id)
}

// CreateApiKey implements IdentityService.
func (h *Handler) CreateApiKey(ctx context.Context, req *identityv1.CreateApiKeyRequest) (*identityv1.CreateApiKeyResponse, error) {
	c := access.FromContext(ctx)
	scopes := make([]int16, len(req.GetScopes()))
	for i, s := range req.GetScopes() {
		if c.Scopes != nil && !slices.Contains(c.Scopes, s) {
			return nil, errScopeBeyond.With("scope", s.String())
		}
		scopes[i] = int16(s)
	}
	t := newToken(kindKey, c.Workspace)
	hash, now := t.hash(), h.Now()
	p := db.CredentialInsertParams{
		WorkspaceID: c.Workspace, ID: t.credential, Kind: kindKey, SecretHash: hash[:], UserID: &c.ID,
		Name: req.GetName(), Scopes: scopes, CreateTime: now, ExpireTime: keyEnd(now, req.GetExpireDays()),
	}
	if err := h.q.CredentialInsert(ctx, h.Pool, p); err != nil {
		return nil, fmt.Errorf("insert API key: %w", err)
	}
	return &identityv1.CreateApiKeyResponse{Token: t.String(), ApiKey: keyToProto(&db.Credential{
		ID: p.ID, UserID: p.UserID, Name: p.Name, Scopes: p.Scopes, CreateTime: now, ExpireTime: p.ExpireTime,
	})}, nil
}

// keyEnd is when a key made now ends by itself; nil if never.
func keyEnd(now time.Time, days int32) *time.Time {
	if days == 0 {
		return nil
	}
	end := now.AddDate(0, 0, int(days))
	return &end
}

// scopesToProto reads scopes as they are stored.
func scopesToProto(stored []int16) []accessv1.Scope {
	scopes := make([]accessv1.Scope, len(stored))
	for i, s := range stored {
		scopes[i] = accessv1.Scope(s)
	}
	return scopes
}
