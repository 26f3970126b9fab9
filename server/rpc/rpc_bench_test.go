package rpc_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
	"github.com/parley-chat/parley/server/rpc"
)

type visitorService struct {
	visitorv1connect.UnimplementedVisitorServiceHandler
}

func (visitorService) PostMessage(context.Context, *visitorv1.PostMessageRequest) (*visitorv1.PostMessageResponse, error) {
	return &visitorv1.PostMessageResponse{}, nil
}

// sink is a response that goes nowhere.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkCall is a post by a visitor without a network: bare is connect with
// an empty handler; chain is the same with everything that a call passes. The
// difference is what server/rpc costs.
func BenchmarkCall(b *testing.B) {
	body, err := proto.Marshal(&visitorv1.PostMessageRequest{
		RequestId: uuid.NewString(), ChatId: uuid.NewString(), Body: string(bytes.Repeat([]byte("x"), 120)),
	})
	require.NoError(b, err)
	_, bare := visitorv1connect.NewVisitorServiceHandler(visitorService{})
	_, inner := visitorv1connect.NewVisitorServiceHandler(visitorService{}, rpc.HandlerOptions(rpc.Options{
		Authenticator: callers(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})...)
	for name, handler := range map[string]http.Handler{"bare": bare, "chain": rpc.Wrap(rpc.HTTPOptions{}, inner)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, visitorv1connect.VisitorServicePostMessageProcedure, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header["Content-Type"] = []string{"application/proto"}
				req.Header["Authorization"] = []string{"Bearer visitor"}
				req.RemoteAddr = "203.0.113.9:1234"
				handler.ServeHTTP(&sink{header: make(http.Header)}, req)
			}
		})
	}
}
