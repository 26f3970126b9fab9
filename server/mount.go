package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parley-chat/parley/gen/openapi"
	"github.com/parley-chat/parley/gen/parley/activity/v1/activityv1connect"
	"github.com/parley-chat/parley/gen/parley/chatter/v1/chatterv1connect"
	"github.com/parley-chat/parley/gen/parley/compose/v1/composev1connect"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
	"github.com/parley-chat/parley/gen/parley/livechat/v1/livechatv1connect"
	"github.com/parley-chat/parley/gen/parley/mail/v1/mailv1connect"
	"github.com/parley-chat/parley/gen/parley/messenger/v1/messengerv1connect"
	"github.com/parley-chat/parley/gen/parley/record/v1/recordv1connect"
	"github.com/parley-chat/parley/gen/parley/search/v1/searchv1connect"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
	"github.com/parley-chat/parley/gen/parley/translation/v1/translationv1connect"
	"github.com/parley-chat/parley/gen/parley/visitor/v1/visitorv1connect"
	"github.com/parley-chat/parley/server/live"
	"github.com/parley-chat/parley/server/mailgate"
	"github.com/parley-chat/parley/server/metrics"
	"github.com/parley-chat/parley/server/rpc"
)

// Services are the names of all services, as reflection and health know them.
func Services() []string {
	return []string{
		activityv1connect.ActivityServiceName, composev1connect.ComposeServiceName,
		chatterv1connect.ChatterServiceName, identityv1connect.IdentityServiceName, livev1connect.LiveServiceName,
		livechatv1connect.LiveChatServiceName, recordv1connect.RecordServiceName, searchv1connect.SearchServiceName, threadv1connect.FileServiceName,
		mailv1connect.MailServiceName, messengerv1connect.MessengerServiceName, translationv1connect.TranslationServiceName, visitorv1connect.VisitorServiceName,
	}
}

// mount puts everything at its address.
func (s *Server) mount() error {
	common := rpc.Options{Authenticator: s.Identity.Credentials, Log: s.Config.Log}
	if s.Config.Metrics {
		s.Metrics = metrics.New(metrics.Node{
			Streams: s.Hub.Streams, Posted: s.Threads.Posted, Dropped: s.bus.Dropped, Healthy: s.bus.Healthy,
			Pools: map[string]*pgxpool.Pool{"main": s.Pool, "posting": s.Posting},
		})
		common.Observe = s.Metrics.Called
	}
	options := rpc.HandlerOptions(common)
	s.mux.Handle(identityv1connect.NewIdentityServiceHandler(s.Identity, options...))
	s.mux.Handle(recordv1connect.NewRecordServiceHandler(s.Records, options...))
	s.mux.Handle(chatterv1connect.NewChatterServiceHandler(s.Chatter, options...))
	s.mux.Handle(activityv1connect.NewActivityServiceHandler(s.Activities, options...))
	s.mux.Handle(composev1connect.NewComposeServiceHandler(s.Compose, options...))
	s.mux.Handle(searchv1connect.NewSearchServiceHandler(s.Search, options...))
	s.mux.Handle(threadv1connect.NewFileServiceHandler(s.Files, options...))
	s.mux.Handle(livechatv1connect.NewLiveChatServiceHandler(s.LiveChat, options...))
	s.mux.Handle(visitorv1connect.NewVisitorServiceHandler(s.Visitors, options...))
	s.mux.Handle(translationv1connect.NewTranslationServiceHandler(s.Translations, options...))
	s.mux.Handle(mailv1connect.NewMailServiceHandler(s.Mail, options...))
	s.mux.Handle(messengerv1connect.NewMessengerServiceHandler(s.Messengers, options...))
	s.Messengers.Mount(s.mux)
	service := &live.Service{Hub: s.Hub, Tracker: s.Presence, Pages: s.pages}
	service.Mount(s.mux, options...)

	s.mux.Handle(grpchealth.NewHandler(health{s}))
	if s.Reflection {
		reflector := grpcreflect.NewStaticReflector(append(Services(), grpchealth.HealthV1ServiceName)...)
		s.mux.Handle(grpcreflect.NewHandlerV1(reflector))
		s.mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	}
	s.mux.HandleFunc("GET /healthz", s.healthz)
	s.mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(openapi.YAML) // a client that is gone needs no answer
	})
	s.mux.HandleFunc("GET /files/{id}", s.Files.Download)
	s.mux.HandleFunc(mailgate.UnsubscribePath, s.Mail.Unsubscribe)
	return s.mountWeb()
}

// The limits of a connection. There is no WriteTimeout: it would cut streams; rpc
// bounds every write instead.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	writeTime  = 10 * time.Second
)

// HTTPServer answers everything: HTTP/1.1 and HTTP/2, with and without TLS.
func (s *Server) HTTPServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:   rpc.Wrap(rpc.HTTPOptions{WriteWithin: writeTime, Proxies: s.Proxies}, s.Files.Apart(s.mux)),
		TLSConfig: s.TLS, Protocols: protocols, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 1000},
	}
}

// health answers whether this node can serve.
type health struct{ s *Server }

// Check implements grpchealth.Checker.
func (h health) Check(ctx context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if err := h.s.ready(ctx); err != nil {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}

// ready asks the database; without it nothing can be answered.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.Pool.Ping(ctx)
}

// healthz is for load balancers: 200 while the database answers. What else is
// amiss is told, and no reason to take the node out.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	state := map[string]any{"database": true, "redis": s.bus.Healthy(), "streams": s.Hub.Streams()}
	if err := s.ready(r.Context()); err != nil {
		state["database"] = false
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state) // a client that is gone needs no answer
}
