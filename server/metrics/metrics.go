// Package metrics tells Prometheus how a node does: what it was asked and how
// long that took, how many streams are open, what it posted, how its connections
// to the database are used.
//
// Nothing of what people say or who they are is in it: the labels are the names
// of methods, codes and pools.
package metrics

import (
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Node is what is read when somebody asks.
type Node struct {
	// Streams is how many are open.
	Streams func() int
	// Posted counts the messages that this node wrote.
	Posted func() int64
	// Dropped counts the signals to other nodes that were not sent.
	Dropped func() int64
	// Healthy is false while signals of other nodes may not arrive.
	Healthy func() bool
	// Pools are the connections to the database, by what they are for.
	Pools map[string]*pgxpool.Pool
}

// Metrics are those of one node.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
}

// New makes the metrics of a node, and of its process.
func New(n Node) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "parley_rpc_duration_seconds", Help: "How long calls took, by method and code; streams from beginning to end.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "code"}),
	}
	m.registry.MustRegister(m.calls, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_streams_open", Help: "Live streams that are open."},
			func() float64 { return float64(n.Streams()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parley_messages_posted_total", Help: "Messages that this node wrote."},
			func() float64 { return float64(n.Posted()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "parley_signals_dropped_total", Help: "Signals to other nodes that were not sent; PostgreSQL heals what they told.",
		}, func() float64 { return float64(n.Dropped()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parley_redis_up", Help: "1 while signals of other nodes arrive."},
			func() float64 { return one(n.Healthy()) }),
	)
	for name, pool := range n.Pools {
		m.registry.MustRegister(&poolCollector{pool: pool, name: name})
	}
	return m
}

// Called counts a call; it is for rpc.Options.
func (m *Metrics) Called(procedure, code string, took time.Duration) {
	m.calls.WithLabelValues(strings.TrimPrefix(procedure, "/"), code).Observe(took.Seconds())
}

// Handler answers what Prometheus asks, at whatever path.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
