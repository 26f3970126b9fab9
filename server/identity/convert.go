package identity

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

func workspaceToProto(w *db.Workspace) *identityv1.Workspace {
	return &identityv1.Workspace{
		Id: w.WorkspaceID.String(), Name: w.Name, Title: w.Title, CreateTime: timestamppb.New(w.CreateTime),
		TimeZone: w.TimeZone,
	}
}

func userToProto(u *db.User) *identityv1.User {
	return &identityv1.User{
		Id: u.ID.String(), Email: u.Email, Name: u.Name, ChatName: u.ChatName, Role: identityv1.Role(u.Role),
		Locale: u.Locale, TimeZone: u.TimeZone, Active: u.Active, CreateTime: timestamppb.New(u.CreateTime),
	}
}

// sessionToProto describes a session to its user, who may be calling with it.
func sessionToProto(c *db.Credential, current uuid.UUID) *identityv1.Session {
	return &identityv1.Session{
		Id: c.ID.String(), UserId: c.UserID.String(), UserAgent: c.UserAgent, CreateTime: timestamppb.New(c.CreateTime),
		ExpireTime: orUnset(c.ExpireTime), Current: c.ID == current,
	}
}

func keyToProto(c *db.Credential) *identityv1.ApiKey {
	return &identityv1.ApiKey{
		Id: c.ID.String(), UserId: c.UserID.String(), Name: c.Name, Scopes: scopesToProto(c.Scopes),
		CreateTime: timestamppb.New(c.CreateTime), ExpireTime: orUnset(c.ExpireTime),
	}
}

func orUnset(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
