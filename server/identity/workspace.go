package identity

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
)

const (
	workspaceNameMax = 63
	titleMax         = 120
	passwordMin      = 10
	passwordMax      = 256
)

var (
	errWorkspaceName = fault.New(fault.Invalid, "WORKSPACE_NAME_INVALID",
		"a workspace's name has up to 63 small letters, digits and single hyphens between them").WithField("name")
	errWorkspaceTaken = fault.New(fault.AlreadyExists, "WORKSPACE_TAKEN", "there is a workspace of this name; choose another")
	errTitle          = fault.New(fault.Invalid, "TITLE_INVALID", "a title has 1 to 120 characters").WithField("title")
	errPasswordSize   = fault.New(fault.Invalid, "PASSWORD_INVALID", "a password has 10 to 256 characters").WithField("password")
	errMask           = fault.New(fault.Invalid, "UPDATE_MASK_INVALID", "the update mask names a field that cannot be changed").
				WithField("update_mask")
)

var workspaceName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Created is a workspace that is being made.
type Created struct {
	Workspace     uuid.UUID
	Administrator uuid.UUID
}

// SetUp fills a new workspace with what an area needs there, in the transaction
// that makes it.
type SetUp func(ctx context.Context, tx pgx.Tx, made Created) error

// CreateWorkspaceParams describe a workspace and its first user.
type CreateWorkspaceParams struct {
	// Name is used to sign in: small letters, digits and hyphens.
	Name          string
	Title         string
	AdminEmail    string
	AdminName     string
	AdminPassword string
	// Then are run in order before the workspace is there for anybody.
	Then []SetUp
}

// CreateWorkspace makes a workspace with an administrator, whole or not at all.
// It is for the command line: there is no method for it.
func (h *Handler) CreateWorkspace(ctx context.Context, p CreateWorkspaceParams) (Created, error) {
	if err := p.check(); err != nil {
		return Created{}, err
	}
	hash, err := h.hashing.hash(ctx, p.AdminPassword)
	if err != nil {
		return Created{}, err
	}
	made := Created{Workspace: newID(), Administrator: newID()}
	err = store.InTx(ctx, h.Pool, func(tx pgx.Tx) error {
		if err := h.insertWorkspace(ctx, tx, made, p, hash); err != nil {
			return err
		}
		for _, setUp := range p.Then {
			if err := setUp(ctx, tx, made); err != nil {
				return fmt.Errorf("set up workspace: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return Created{}, err
	}
	return made, nil
}

// check answers what is wrong with the parameters.
func (p *CreateWorkspaceParams) check() error {
	switch {
	case len(p.Name) > workspaceNameMax || !workspaceName.MatchString(p.Name):
		return errWorkspaceName
	case !sized(p.Title, 1, titleMax):
		return errTitle
	case !sized(p.AdminName, 1, nameMax):
		return errName
	case !isEmail(p.AdminEmail):
		return errEmail
	case !sized(p.AdminPassword, passwordMin, passwordMax):
		return errPasswordSize
	default:
		return nil
	}
}

func (h *Handler) insertWorkspace(ctx context.Context, tx pgx.Tx, made Created, p CreateWorkspaceParams, hash string) error {
	now := h.Now()
	err := h.q.WorkspaceInsert(ctx, tx, db.WorkspaceInsertParams{
		WorkspaceID: made.Workspace, Name: p.Name, Title: p.Title, CreateTime: now,
	})
	if store.IsUnique(err, "workspace_name_key") {
		return errWorkspaceTaken.With("name", p.Name)
	}
	if err != nil {
		return fmt.Errorf("insert workspace: %w", err)
	}
	_, err = h.q.UserInsert(ctx, tx, db.UserInsertParams{
		WorkspaceID: made.Workspace, ID: made.Administrator, Email: p.AdminEmail, Name: p.AdminName,
		Role: int16(identityv1.Role_ROLE_ADMINISTRATOR), Locale: defaultLocale, PasswordHash: hash, CreateTime: now,
	})
	if err != nil {
		return fmt.Errorf("insert administrator: %w", err)
	}
	return nil
}

// GetWorkspace implements IdentityService.
func (h *Handler) GetWorkspace(ctx context.Context, _ *identityv1.GetWorkspaceRequest) (*identityv1.GetWorkspaceResponse, error) {
	w, err := h.q.WorkspaceGet(ctx, h.Pool, access.FromContext(ctx).Workspace)
	if err != nil {
		return nil, fmt.Errorf("get workspace: %w", err)
	}
	return &identityv1.GetWorkspaceResponse{Workspace: workspaceToProto(&w)}, nil
}

// UpdateWorkspace implements IdentityService.
func (h *Handler) UpdateWorkspace(ctx context.Context, req *identityv1.UpdateWorkspaceRequest) (*identityv1.UpdateWorkspaceResponse, error) {
	p, err := workspaceChange(req.GetWorkspace(), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	p.WorkspaceID = access.FromContext(ctx).Workspace
	w, err := h.q.WorkspaceUpdate(ctx, h.Pool, p)
	if err != nil {
		return nil, fmt.Errorf("update workspace: %w", err)
	}
	return &identityv1.UpdateWorkspaceResponse{Workspace: workspaceToProto(&w)}, nil
}

// workspaceChange is what an update changes: the fields of its mask, or without
// one every field that is set.
func workspaceChange(want *identityv1.Workspace, mask []string) (p db.WorkspaceUpdateParams, err error) {
	title, zone := strings.TrimSpace(want.GetTitle()), want.GetTimeZone()
	for _, path := range mask {
		if path != "title" && path != fieldTimeZone {
			return p, errMask.With("path", path)
		}
	}
	if slices.Contains(mask, "title") || len(mask) == 0 && (title != "" || zone == "") {
		if !sized(title, 1, titleMax) {
			return p, errTitle.WithField("workspace.title")
		}
		p.Title = &title
	}
	if slices.Contains(mask, fieldTimeZone) || len(mask) == 0 && zone != "" {
		if !isTimeZone(zone) {
			return p, errTimeZone.WithField("workspace.time_zone")
		}
		p.TimeZone = &zone
	}
	return p, nil
}
