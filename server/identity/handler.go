package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
)

// GetCaller implements IdentityService.
func (h *Handler) GetCaller(ctx context.Context, _ *identityv1.GetCallerRequest) (*identityv1.GetCallerResponse, error) {
	c := access.FromContext(ctx)
	user, err := h.user(ctx, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.q.WorkspaceGet(ctx, h.Pool, c.Workspace)
	if err != nil {
		return nil, fmt.Errorf("get workspace: %w", err)
	}
	return &identityv1.GetCallerResponse{User: userToProto(&user), Workspace: workspaceToProto(&w)}, nil
}

// GetUser implements IdentityService.
func (h *Handler) GetUser(ctx context.Context, req *identityv1.GetUserRequest) (*identityv1.GetUserResponse, error) {
	id, err := uuid.Parse(req.GetUserId())
	if err != nil {
		return nil, errUserNotFound
	}
	user, err := h.user(ctx, access.FromContext(ctx).Workspace, id)
	if err != nil {
		return nil, err
	}
	return &identityv1.GetUserResponse{User: userToProto(&user)}, nil
}

func (h *Handler) user(ctx context.Context, workspace, id uuid.UUID) (db.User, error) {
	user, err := h.q.UserGet(ctx, h.Pool, db.UserGetParams{WorkspaceID: workspace, ID: id})
	if store.IsNoRows(err) {
		return db.User{}, errUserNotFound
	}
	if err != nil {
		return db.User{}, fmt.Errorf("get user: %w", err)
	}
	return user, nil
}

// userPlace is where a page of users ends.
type userPlace struct {
	Name string    `json:"n"`
	ID   uuid.UUID `json:"i"`
}

// ListUsers implements IdentityService.
func (h *Handler) ListUsers(ctx context.Context, req *identityv1.ListUsersRequest) (*identityv1.ListUsersResponse, error) {
	most := rpc.PageSize(req.GetPageSize(), usualPage, mostPage)
	p := db.UserListParams{
		WorkspaceID: access.FromContext(ctx).Workspace, IncludeInactive: req.GetIncludeInactive(), Query: req.GetQuery(),
		MaxRows: int32(most + 1),
	}
	var place userPlace
	more, err := h.Pages.Decode(ctx, req, &place)
	if err != nil {
		return nil, err
	}
	if more {
		p.AfterName, p.AfterID = place.Name, &place.ID
	}
	rows, err := h.q.UserList(ctx, h.Pool, p)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	res := &identityv1.ListUsersResponse{}
	if len(rows) > most {
		rows = rows[:most]
		last := &rows[most-1]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, userPlace{Name: last.Name, ID: last.ID}); err != nil {
			return nil, err
		}
	}
	for i := range rows {
		res.Users = append(res.Users, userToProto(&rows[i]))
	}
	return res, nil
}

// CreateUser implements IdentityService.
func (h *Handler) CreateUser(ctx context.Context, req *identityv1.CreateUserRequest) (*identityv1.CreateUserResponse, error) {
	workspace := access.FromContext(ctx).Workspace
	requestID, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return nil, fmt.Errorf("read request id: %w", err)
	}
	user := db.User{
		WorkspaceID: workspace, ID: newID(), Email: req.GetEmail(), Name: req.GetName(), ChatName: req.GetChatName(),
		Role: int16(req.GetRole()), Locale: orDefault(req.GetLocale()), RequestID: &requestID, Active: true, CreateTime: h.Now(),
	}
	if wrong := checkUser(&user); wrong != nil {
		return nil, wrong
	}
	if made, ok, err := h.userOfRequest(ctx, workspace, requestID); err != nil || ok {
		return &identityv1.CreateUserResponse{User: userToProto(&made)}, err
	}
	if user.PasswordHash, err = h.hashing.hash(ctx, req.GetPassword()); err != nil {
		return nil, err
	}
	made, err := h.insertUser(ctx, &user)
	if err != nil {
		return nil, err
	}
	return &identityv1.CreateUserResponse{User: userToProto(&made)}, nil
}

// userOfRequest answers the user that an earlier try of a request made.
func (h *Handler) userOfRequest(ctx context.Context, workspace, requestID uuid.UUID) (db.User, bool, error) {
	user, err := h.q.UserGetByRequest(ctx, h.Pool, db.UserGetByRequestParams{WorkspaceID: workspace, RequestID: &requestID})
	if store.IsNoRows(err) {
		return db.User{}, false, nil
	}
	if err != nil {
		return db.User{}, false, fmt.Errorf("get user by request: %w", err)
	}
	return user, true, nil
}

// insertUser stores a user, or finds the one that the same request, made twice
// at once, has stored.
func (h *Handler) insertUser(ctx context.Context, u *db.User) (db.User, error) {
	made, err := h.q.UserInsert(ctx, h.Pool, db.UserInsertParams{
		WorkspaceID: u.WorkspaceID, ID: u.ID, Email: u.Email, Name: u.Name, ChatName: u.ChatName, Role: u.Role,
		Locale: u.Locale, PasswordHash: u.PasswordHash, RequestID: u.RequestID, CreateTime: u.CreateTime,
	})
	switch {
	case err == nil:
		return made, nil
	case !store.IsUnique(err, "user_email") && !store.IsUnique(err, "user_request"):
		return db.User{}, fmt.Errorf("insert user: %w", err)
	}
	// Which of the two was found first is chance: the same request took both.
	made, ok, err := h.userOfRequest(ctx, u.WorkspaceID, *u.RequestID)
	if err == nil && !ok {
		err = errEmailTaken
	}
	return made, err
}

// UpdateUser implements IdentityService.
func (h *Handler) UpdateUser(ctx context.Context, req *identityv1.UpdateUserRequest) (*identityv1.UpdateUserResponse, error) {
	c, want := access.FromContext(ctx), req.GetUser()
	id, err := uuid.Parse(want.GetId())
	if err != nil {
		return nil, errUserNotFound
	}
	fields, err := fieldsOf(want, req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	var before, after db.User
	var committed func()
	err = store.Retry(ctx, func() error {
		return store.InTx(ctx, h.Pool, func(tx pgx.Tx) (err error) {
			before, after, committed, err = h.updateUser(ctx, tx, c, id, want, fields)
			return err
		})
	})
	if store.IsUnique(err, "user_email") {
		err = errEmailTaken.WithField("user.email")
	}
	if err != nil {
		return nil, err
	}
	h.Directory.forget(c.Workspace, id)
	h.Credentials.forget(c.Workspace, id)
	if powerChanged(&before, &after) {
		h.Credentials.tell(c.Workspace, id, uuid.Nil)
	}
	if committed != nil {
		committed()
	}
	return &identityv1.UpdateUserResponse{User: userToProto(&after)}, nil
}
