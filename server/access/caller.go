// Package access decides who may do what: the kinds of caller that a method
// lets in, and what one of them may do to one thread.
//
// A caller is made once, from a credential, and travels in the context. A
// thread hangs on something (a record, a chat) that has rules of its own; the
// area that owns it says what a caller may do there, through a Door.
package access

import (
	"context"

	"github.com/google/uuid"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// Kind is a kind of caller.
type Kind uint8

// The kinds of caller.
const (
	Nobody  Kind = iota // no credential was sent
	User                // somebody who works in the workspace
	Visitor             // somebody anonymous on a website
	System              // the workspace itself; never from outside
)

// Caller is who makes a request. The zero Caller is nobody.
type Caller struct {
	Kind      Kind
	Workspace uuid.UUID
	// ID is the user's or visitor's.
	ID uuid.UUID
	// Credential is the session, API key or visitor token the call came with.
	Credential uuid.UUID
	// Session is true for a session: API keys and tokens have narrower rights.
	Session bool
	Role    identityv1.Role
	Name    string
	// ChatName is the name that outsiders see; never empty for a user.
	ChatName string
	Email    string
	Locale   string
	// Scopes limit an API key. Nil means no limit.
	Scopes []accessv1.Scope
}

// Outsider is true for whoever must never meet an internal note.
func (c Caller) Outsider() bool { return c.Kind != User && c.Kind != System }

// Administrator is true for a user who runs the workspace.
func (c Caller) Administrator() bool {
	return c.Kind == User && c.Role == identityv1.Role_ROLE_ADMINISTRATOR
}

// Agent is true for a user who answers customers.
func (c Caller) Agent() bool {
	return c.Kind == User && c.Role >= identityv1.Role_ROLE_AGENT
}

// PartyKind is the caller's kind as it stands in threads.
func (c Caller) PartyKind() threadv1.PartyKind {
	switch c.Kind {
	case User:
		return threadv1.PartyKind_PARTY_KIND_USER
	case Visitor:
		return threadv1.PartyKind_PARTY_KIND_VISITOR
	default:
		return threadv1.PartyKind_PARTY_KIND_SYSTEM
	}
}

// SystemCaller is the workspace itself: the author of change entries by
// imports, and of automatic lines.
func SystemCaller(workspace uuid.UUID) Caller {
	return Caller{
		Kind: System, Workspace: workspace, Name: "Parley", ChatName: "Parley",
		Role: identityv1.Role_ROLE_ADMINISTRATOR,
	}
}

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// FromContext answers who makes the request; nobody if that is not known.
func FromContext(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
