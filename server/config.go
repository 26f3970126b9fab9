package server

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/presence"
)

// Config says what a server stands on. The zero value of a field with a default
// takes it.
type Config struct {
	// DatabaseURL is the PostgreSQL database.
	DatabaseURL string
	// RedisURL is one Redis server, "redis://…", several of a cluster separated by
	// commas, or empty for none: then this must be the only node.
	RedisURL string
	// BlobURL is where files are kept, as a gocloud.dev/blob address.
	BlobURL string
	// Addr is where to listen, for example ":8080".
	Addr string
	// PublicURL is where people reach this server, for links in mails:
	// "https://parley.example". Empty means http and Addr.
	PublicURL string
	// TLS serves HTTPS and HTTP/2 if set. Without it HTTP/1.1 and HTTP/2 without
	// encryption are served.
	TLS *tls.Config
	// Proxies are believed when they say for whom they ask.
	Proxies []netip.Prefix
	// EgressAllow are private networks that the server may call all the same, for
	// example a translation server of one's own; see egress.Config.
	EgressAllow []netip.Prefix
	// MaxFileSize in bytes; 0 means 25 MiB.
	MaxFileSize int64
	// FileOrigin is the origin that browsers load files from, FilePresign lets the
	// file store give them away itself, and PDFTool draws pages of PDFs; see
	// file.Config.
	FileOrigin  string
	FilePresign bool
	PDFTool     string
	// SMTPListen and LMTPListen are where mails come in: a host and port, or the path
	// of a Unix socket; empty for nowhere.
	SMTPListen, LMTPListen string
	// MaxConns bounds the connections to the database; 0 means 16.
	MaxConns int32
	// Reflection lets tools ask for the contract.
	Reflection bool
	// Metrics counts for Prometheus, see Server.Metrics.
	Metrics bool
	// DemoWorkspace is the workspace whose channel the demo website shows.
	DemoWorkspace string

	// Node names this server among others; made up if zero.
	Node uuid.UUID
	Now  func() time.Time
	Log  *slog.Logger
	// Lifetime and Heartbeat of streams; see live.Config.
	Lifetime, Heartbeat time.Duration
	// Timing of presence; see presence.Timing.
	Presence presence.Timing
	// Cost of hashing a password.
	Cost identity.Cost
	// AllowUnsafeDurability accepts a database that may lose what it acknowledged.
	// For tests only.
	AllowUnsafeDurability bool
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.PublicURL = strings.TrimRight(c.PublicURL, "/"); c.PublicURL == "" {
		c.PublicURL = "http://" + c.Addr
	}
	if c.Node == uuid.Nil {
		c.Node = uuid.New()
	}
	return c
}
