package rpc_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	_ "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	_ "github.com/parley-chat/parley/gen/parley/live/v1"
	_ "github.com/parley-chat/parley/gen/parley/livechat/v1"
	_ "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	_ "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/rpc"
)

// Spec: A4
func TestContract_SaysOfEveryMethodWhoMayCallIt(t *testing.T) {
	t.Parallel()
	methods := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			if !strings.HasPrefix(string(service.FullName()), "parley.") {
				continue
			}
			for j := range service.Methods().Len() {
				requireRule(t, service.Methods().Get(j))
				methods++
			}
		}
		return true
	})
	require.Greater(t, methods, 60)
}

func requireRule(t *testing.T, method protoreflect.MethodDescriptor) {
	t.Helper()
	require.True(t, proto.HasExtension(method.Options(), accessv1.E_Rule), "%s has no access rule", method.FullName())
	rule, ok := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	require.True(t, ok)
	require.NotEmpty(t, rule.GetCallers(), "%s lets nobody in", method.FullName())
	require.NotContains(t, rule.GetCallers(), accessv1.Caller_CALLER_UNSPECIFIED, method.FullName())
}

// Spec: A4
func TestRule_IsEnforced(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	call := map[string]func(c connect.ClientOption) error{
		"member": func(c connect.ClientOption) error {
			_, err := b.identity(c).GetUser(t.Context(), aUser())
			return err
		},
		"administrator": func(c connect.ClientOption) error {
			_, err := b.identity(c).UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{Workspace: &identityv1.Workspace{}})
			return err
		},
		"anyone": func(c connect.ClientOption) error {
			_, err := b.identity(c).SignIn(t.Context(), &identityv1.SignInRequest{Email: "a@b.c", Password: "x"})
			return err
		},
	}
	type outcome struct {
		code   connect.Code
		reason string
	}
	missing := outcome{connect.CodeUnauthenticated, "CREDENTIAL_MISSING"}
	invalid := outcome{connect.CodeUnauthenticated, "CREDENTIAL_INVALID"}
	denied := outcome{connect.CodePermissionDenied, "CALLER_DENIED"}
	scope := outcome{connect.CodePermissionDenied, "SCOPE_MISSING"}
	ok := outcome{}
	tests := map[string]map[string]outcome{
		"":              {"member": missing, "administrator": missing, "anyone": ok},
		"forged":        {"member": invalid, "administrator": invalid, "anyone": ok},
		"visitor":       {"member": denied, "administrator": denied, "anyone": ok},
		"member":        {"member": ok, "administrator": denied, "anyone": ok},
		"agent":         {"member": ok, "administrator": denied, "anyone": ok},
		"administrator": {"member": ok, "administrator": ok, "anyone": ok},
		"reader":        {"member": ok, "administrator": scope, "anyone": ok},
		"nothing":       {"member": scope, "administrator": scope, "anyone": ok},
	}
	for token, methods := range tests {
		for method, want := range methods {
			var option connect.ClientOption = connect.WithInterceptors()
			if token != "" {
				option = as(token)
			}
			err := call[method](option)
			if want == ok {
				require.NoError(t, err, "%s calls %s", token, method)
				continue
			}
			requireFault(t, err, want.code, want.reason)
		}
	}
}

// Spec: A4
func TestRule_NamesTheScopeThatAKeyLacks(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	_, err := b.identity(as("reader")).UpdateWorkspace(t.Context(), &identityv1.UpdateWorkspaceRequest{})
	requireFault(t, err, connect.CodePermissionDenied, "SCOPE_MISSING")
	require.Contains(t, err.Error(), "scope")
}

// Spec: A4
func TestRule_HoldsForStreamsAndEveryProtocol(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	b.frames = func(_ context.Context, send func() error) error { return send() }
	for name, options := range protocols() {
		for token, reason := range map[string]string{"forged": "CREDENTIAL_INVALID", "reader": "SCOPE_MISSING"} {
			stream, err := b.files(append(options, as(token))...).ReadFile(t.Context(), &threadv1.ReadFileRequest{FileId: aUser().GetUserId()})
			require.NoError(t, err)
			require.False(t, stream.Receive(), name)
			require.Error(t, stream.Err())
			requireFault(t, stream.Err(), connect.CodeOf(stream.Err()), reason)
			require.NoError(t, stream.Close())
		}
		stream, err := b.files(append(options, as("visitor"))...).ReadFile(t.Context(), &threadv1.ReadFileRequest{FileId: aUser().GetUserId()})
		require.NoError(t, err)
		require.True(t, stream.Receive(), name)
		require.Equal(t, "no", stream.ResponseHeader().Get("X-Accel-Buffering"))
		require.NoError(t, stream.Close())
	}
}

// Whoever may not call gets nothing decoded for them.
func TestRule_ComesBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	res, answer := b.curl(t, `{"userId":`)
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	require.Equal(t, "unauthenticated", answer["code"])
}

// Spec: A4
func TestRule_AMethodWithoutOneIsRefusedToEverybody(t *testing.T) {
	t.Parallel()
	const procedure = "/parley.none.v1.NoneService/Get"
	options := rpc.HandlerOptions(rpc.Options{Authenticator: callers()})
	handler := connect.NewUnaryHandlerSimple(procedure, func(context.Context, *identityv1.GetUserRequest) (*identityv1.GetUserResponse, error) {
		return &identityv1.GetUserResponse{}, nil
	}, options...)
	mux := http.NewServeMux()
	mux.Handle(procedure, handler)
	server := httptest.NewServer(rpc.Wrap(rpc.HTTPOptions{}, mux))
	t.Cleanup(server.Close)
	for _, token := range []string{"", "administrator"} {
		client := connect.NewClient[identityv1.GetUserRequest, identityv1.GetUserResponse](server.Client(), server.URL+procedure, as(token))
		_, err := client.CallUnary(t.Context(), connect.NewRequest(aUser()))
		requireFault(t, err, connect.CodePermissionDenied, "NO_RULE")
	}
}
