package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/parley-chat/parley/server"
)

// listenMetrics takes the address for Prometheus, if there is to be one: not the
// one that everybody reaches.
func (c *serveCommand) listenMetrics(ctx context.Context) (net.Listener, error) {
	if c.MetricsAddr == "" {
		return nil, nil
	}
	return listen(ctx, c.MetricsAddr, "--metrics-addr or PARLEY_METRICS_ADDR")
}

// serveMetrics answers Prometheus until stop is called. Without a listener it
// does nothing.
func serveMetrics(l net.Listener, s *server.Server) (stop func()) {
	if l == nil {
		return func() {}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.Metrics.Handler())
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = web.Serve(l) }() // it ends with the server that it tells of
	return func() { _ = web.Close() }
}
