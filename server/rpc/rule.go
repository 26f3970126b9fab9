package rpc

import (
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// Failures of callers who may not call a method at all.
var (
	errNoRule            = fault.New(fault.Denied, "NO_RULE", "this method's contract does not say who may call it, so nobody may")
	errCredentialMissing = fault.New(fault.Unauthenticated, "CREDENTIAL_MISSING",
		`sign in, and send the token as "Authorization: Bearer <token>"`)
	errCallerDenied = fault.New(fault.Denied, "CALLER_DENIED", "this method is not for your kind of caller")
	errScopeMissing = fault.New(fault.Denied, "SCOPE_MISSING", "the API key was made without the scope that this method needs")
)

// rule is the access rule of a method, as its contract states it.
type rule struct {
	stated bool
	// anyone is true if the method is for everybody. identify is true if it is
	// for others, too, so that it matters who calls.
	anyone, identify bool
	callers          []accessv1.Caller
	scope            accessv1.Scope
}

// ruleOf reads a method's rule from its descriptor, once.
func ruleOf(spec connect.Spec) rule {
	method, ok := spec.Schema.(protoreflect.MethodDescriptor)
	if !ok {
		method, ok = methodOf(spec.Procedure)
	}
	if !ok {
		return rule{}
	}
	return ruleOfMethod(method)
}

// methodOf finds the method of a procedure such as "/parley.x.v1.XService/Get".
func methodOf(procedure string) (protoreflect.MethodDescriptor, bool) {
	name := strings.ReplaceAll(strings.TrimPrefix(procedure, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, false
	}
	method, ok := found.(protoreflect.MethodDescriptor)
	return method, ok
}

func ruleOfMethod(method protoreflect.MethodDescriptor) rule {
	if !proto.HasExtension(method.Options(), accessv1.E_Rule) {
		return rule{}
	}
	stated, ok := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	if !ok || len(stated.GetCallers()) == 0 {
		return rule{}
	}
	callers := stated.GetCallers()
	return rule{
		stated:   true,
		anyone:   slices.Contains(callers, accessv1.Caller_CALLER_ANYONE),
		identify: slices.ContainsFunc(callers, func(c accessv1.Caller) bool { return c != accessv1.Caller_CALLER_ANYONE }),
		callers:  callers,
		scope:    stated.GetScope(),
	}
}

// check answers why the caller may not call the method, or nil.
func (r *rule) check(c *access.Caller) error {
	switch {
	case !r.stated:
		return errNoRule
	case r.anyone && c.Kind == access.Nobody:
		return nil
	case c.Kind == access.Nobody:
		return errCredentialMissing
	case !r.anyone && !r.names(c):
		return errCallerDenied
	case r.scope != accessv1.Scope_SCOPE_UNSPECIFIED && c.Scopes != nil && !slices.Contains(c.Scopes, r.scope):
		return errScopeMissing.With("scope", r.scope.String())
	default:
		return nil
	}
}

// names reports whether the rule lets in the caller's kind.
func (r *rule) names(c *access.Caller) bool {
	for _, kind := range r.callers {
		if is(c, kind) {
			return true
		}
	}
	return false
}

func is(c *access.Caller, kind accessv1.Caller) bool {
	switch kind {
	case accessv1.Caller_CALLER_VISITOR:
		return c.Kind == access.Visitor
	case accessv1.Caller_CALLER_MEMBER:
		return c.Kind == access.User
	case accessv1.Caller_CALLER_AGENT:
		return c.Agent()
	case accessv1.Caller_CALLER_ADMINISTRATOR:
		return c.Administrator()
	default:
		return false
	}
}
