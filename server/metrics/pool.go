package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// poolCollector reads a pool's statistics, all at one moment.
type poolCollector struct {
	pool *pgxpool.Pool
	name string
}

// Describe implements prometheus.Collector by saying what it collects now.
func (c *poolCollector) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, to) }

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(to chan<- prometheus.Metric) {
	s := c.pool.Stat()
	c.send(to, prometheus.GaugeValue, "parley_pool_connections_max", "Most connections there may be.", float64(s.MaxConns()))
	c.send(to, prometheus.GaugeValue, "parley_pool_connections_open", "Connections that are open.", float64(s.TotalConns()))
	c.send(to, prometheus.GaugeValue, "parley_pool_connections_used", "Connections in use.", float64(s.AcquiredConns()))
	c.send(to, prometheus.CounterValue, "parley_pool_acquires_total", "Times that a connection was taken.", float64(s.AcquireCount()))
	c.send(to, prometheus.CounterValue, "parley_pool_waits_total", "Times that none was free.", float64(s.EmptyAcquireCount()))
	c.send(to, prometheus.CounterValue, "parley_pool_wait_seconds_total", "Time waited for one to be free.",
		s.EmptyAcquireWaitTime().Seconds())
}

func (c *poolCollector) send(to chan<- prometheus.Metric, kind prometheus.ValueType, name, help string, value float64) {
	description := prometheus.NewDesc(name, help, nil, prometheus.Labels{"pool": c.name})
	to <- prometheus.MustNewConstMetric(description, kind, value)
}
