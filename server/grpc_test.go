//lint:file-ignore SA1019 tools still speak the old reflection, so we do, too

package server_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// dial connects as programs in other languages do, with gRPC's own library.
func dial(t *testing.T, s *servertest.Server) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(strings.TrimPrefix(s.URL, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

// Spec: A1
func TestGRPC_OrdinaryClientsCall(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	conn := dial(t, s)
	var in identityv1.SignInResponse
	require.NoError(t, conn.Invoke(t.Context(), "/parley.identity.v1.IdentityService/SignIn", &identityv1.SignInRequest{
		Workspace: servertest.Workspace, Email: servertest.Admin, Password: servertest.Password,
	}, &in))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+in.GetToken())
	var who identityv1.GetCallerResponse
	require.NoError(t, conn.Invoke(ctx, "/parley.identity.v1.IdentityService/GetCaller", &identityv1.GetCallerRequest{}, &who))
	require.Equal(t, s.AdminID.String(), who.GetUser().GetId())

	err := conn.Invoke(t.Context(), "/parley.identity.v1.IdentityService/GetCaller", &identityv1.GetCallerRequest{}, &who)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	err = conn.Invoke(ctx, "/parley.chatter.v1.ChatterService/GetThread", &chatterv1.GetThreadRequest{ThreadId: uuid.NewString()}, &chatterv1.GetThreadResponse{})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.NotEmpty(t, status.Convert(err).Details())
	err = conn.Invoke(ctx, "/parley.chatter.v1.ChatterService/NoSuchMethod", &identityv1.GetCallerRequest{}, &who)
	require.Equal(t, codes.Unimplemented, status.Code(err))
}

// Spec: A1
func TestHealth_SaysWhetherTheNodeServes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	res, err := grpc_health_v1.NewHealthClient(dial(t, s)).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, grpc_health_v1.HealthCheckResponse_SERVING, res.GetStatus())
	code, _, body := fetch(t, s.URL+"/healthz")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, `"database":true`)

	s.Pool.Close()
	code, _, body = fetch(t, s.URL+"/healthz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, `"database":false`)
	res, err = grpc_health_v1.NewHealthClient(dial(t, s)).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, grpc_health_v1.HealthCheckResponse_NOT_SERVING, res.GetStatus())
}

// Spec: A1
func TestOpenAPI_HasEveryMethod(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	code, header, body := fetch(t, s.URL+"/openapi.yaml")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, header.Get("Content-Type"), "yaml")
	for _, method := range methods(t) {
		require.Contains(t, body, "/"+string(method.Parent().FullName())+"/"+string(method.Name())+":", "%s is not in the document", full(method))
	}
}

// reflector asks one version of reflection.
type reflector struct {
	services func(t *testing.T) []string
	files    func(t *testing.T, symbol string) [][]byte
}

func reflectors(ctx context.Context, t *testing.T, conn *grpc.ClientConn) map[string]reflector {
	t.Helper()
	v1, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	require.NoError(t, err)
	alpha, err := grpc_reflection_v1alpha.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	require.NoError(t, err)
	// The two differ in nothing but the name of their package.
	ask := func(t *testing.T, req *grpc_reflection_v1.ServerReflectionRequest) *grpc_reflection_v1.ServerReflectionResponse {
		t.Helper()
		require.NoError(t, v1.Send(req))
		res, err := v1.Recv()
		require.NoError(t, err)
		return res
	}
	askAlpha := func(t *testing.T, req *grpc_reflection_v1.ServerReflectionRequest) *grpc_reflection_v1.ServerReflectionResponse {
		t.Helper()
		var old grpc_reflection_v1alpha.ServerReflectionRequest
		recode(t, req, &old)
		require.NoError(t, alpha.Send(&old))
		got, err := alpha.Recv()
		require.NoError(t, err)
		var res grpc_reflection_v1.ServerReflectionResponse
		recode(t, got, &res)
		return &res
	}
	return map[string]reflector{"v1": reflectorOf(ask), "v1alpha": reflectorOf(askAlpha)}
}

func reflectorOf(ask func(*testing.T, *grpc_reflection_v1.ServerReflectionRequest) *grpc_reflection_v1.ServerReflectionResponse) reflector {
	return reflector{
		services: func(t *testing.T) (names []string) {
			t.Helper()
			res := ask(t, &grpc_reflection_v1.ServerReflectionRequest{
				MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
			})
			for _, s := range res.GetListServicesResponse().GetService() {
				names = append(names, s.GetName())
			}
			return names
		},
		files: func(t *testing.T, symbol string) [][]byte {
			t.Helper()
			res := ask(t, &grpc_reflection_v1.ServerReflectionRequest{
				MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
			})
			return res.GetFileDescriptorResponse().GetFileDescriptorProto()
		},
	}
}

func recode(t *testing.T, from, to proto.Message) {
	t.Helper()
	encoded, err := proto.Marshal(from)
	require.NoError(t, err)
	require.NoError(t, proto.Unmarshal(encoded, to))
}

// A tool that knows nothing of Parley learns the whole contract, with who may
// call what, from the server alone.
//
// Spec: A1 A4
func TestReflection_TellsTheContractInBothVersions(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	for version, r := range reflectors(t.Context(), t, dial(t, s)) {
		require.Subset(t, r.services(t), server.Services(), version)
		for _, service := range server.Services() {
			var set descriptorpb.FileDescriptorSet
			for _, encoded := range r.files(t, service) {
				var file descriptorpb.FileDescriptorProto
				require.NoError(t, proto.Unmarshal(encoded, &file))
				set.File = append(set.File, &file)
			}
			requireRules(t, &set, service)
		}
	}
}

// requireRules checks that the files describe a service with its access rules.
// What they import from elsewhere the tool gets in the same way.
func requireRules(t *testing.T, set *descriptorpb.FileDescriptorSet, service string) {
	t.Helper()
	require.NotEmpty(t, set.GetFile(), service)
	file, err := protodesc.NewFile(set.GetFile()[0], protoregistry.GlobalFiles)
	require.NoError(t, err)
	found := file.Services().ByName(protoreflect.FullName(service).Name())
	require.NotNil(t, found, service)
	for i := range found.Methods().Len() {
		rule, ok := proto.GetExtension(found.Methods().Get(i).Options(), accessv1.E_Rule).(*accessv1.Rule)
		require.True(t, ok)
		require.NotEmpty(t, rule.GetCallers(), found.Methods().Get(i).FullName())
	}
}
