package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/parley-chat/parley/queries/migrations"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/demo"
	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/store"
)

// services are the database and the Redis of a server: given, or embedded.
type services struct {
	DatabaseURL string `help:"PostgreSQL to use; empty starts one on this machine." env:"PARLEY_DATABASE_URL"`
	RedisURL    string `help:"Redis to use; empty starts a small one inside this process." env:"PARLEY_REDIS_URL"`
	DataDir     string `help:"Where an embedded database and files are kept." default:".parley" env:"PARLEY_DATA_DIR" type:"path"`
}

// start starts what is not given, and answers how to stop it.
func (s *services) start(ctx context.Context, log *slog.Logger) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
	if s.DatabaseURL == "" {
		pg, err := embedded.Start(ctx, embedded.Config{Dir: s.DataDir, Log: log})
		if err != nil {
			return stop, fmt.Errorf("start the embedded database: %w", err)
		}
		stops = append(stops, func() {
			if err := pg.Stop(); err != nil {
				log.Error("stop the embedded database", "error", err)
			}
		})
		s.DatabaseURL = pg.URL()
	}
	if s.RedisURL == "" {
		r, err := embedded.StartRedis(ctx)
		if err != nil {
			return stop, fmt.Errorf("start the embedded Redis: %w", err)
		}
		stops = append(stops, func() { _ = r.Stop() }) // it keeps nothing
		s.RedisURL = r.URL()
	}
	return stop, nil
}

type serveCommand struct {
	services
	Addr          string         `help:"Where to listen." default:"127.0.0.1:8080" env:"PARLEY_ADDR"`
	PublicURL     string         `help:"Where people reach this server, for links in mails, for example https://parley.example; empty is http and the address." env:"PARLEY_PUBLIC_URL"`
	BlobURL       string         `help:"Where files are kept, as a gocloud.dev/blob address (file:///folder, s3://bucket?region=...); empty is a folder in the data folder." env:"PARLEY_BLOB_URL"`
	TLSCert       string         `help:"Certificate file; with it HTTPS and HTTP/2 are served." env:"PARLEY_TLS_CERT" type:"existingfile"`
	TLSKey        string         `help:"Key file of the certificate." env:"PARLEY_TLS_KEY" type:"existingfile"`
	Proxies       []netip.Prefix `help:"Reverse proxies whose X-Forwarded-For is believed." env:"PARLEY_PROXIES"`
	EgressAllow   []netip.Prefix `help:"Private networks that the server may call all the same, for example 10.1.2.3/32 for a translation server of your own; all others are refused." env:"PARLEY_EGRESS_ALLOW"`
	MaxFileSize   int64          `help:"Largest file in bytes." default:"26214400" env:"PARLEY_MAX_FILE_SIZE"`
	FileOrigin    string         `help:"Origin of its own that browsers load files from, such as https://files.example.com; it must lead to this server, and files are then served nowhere else." env:"PARLEY_FILE_ORIGIN"`
	FilePresign   bool           `help:"Let the file store give files away itself, where it can: for five minutes, to whoever has the address." env:"PARLEY_FILE_PRESIGN"`
	PDFTool       string         `help:"Program that draws pages of PDFs as pdftoppm of Poppler does; 'none' for no previews of PDFs." default:"pdftoppm" env:"PARLEY_PDF_TOOL"`
	SMTPListen    string         `help:"Where to take mails in by SMTP: host:port, or the path of a Unix socket; empty is nowhere." name:"smtp-listen" env:"PARLEY_SMTP_LISTEN"`
	LMTPListen    string         `help:"The same by LMTP." name:"lmtp-listen" env:"PARLEY_LMTP_LISTEN"`
	MaxConns      int32          `help:"Most connections to the database." default:"16" env:"PARLEY_MAX_CONNS"`
	NoReflection  bool           `help:"Do not tell tools the contract." env:"PARLEY_NO_REFLECTION"`
	NoMigrate     bool           `help:"Do not bring the schema up to date at the start." env:"PARLEY_NO_MIGRATE"`
	MetricsAddr   string         `help:"Where to answer Prometheus at /metrics, for your own network only; empty is nowhere." env:"PARLEY_METRICS_ADDR"`
	Demo          bool           `help:"Load a demo company, unless it is there." env:"PARLEY_DEMO"`
	CPUProfile    string         `help:"Write a processor profile to this file." hidden:"" type:"path"`
	DrainDuration time.Duration  `help:"How long to let calls finish when stopping." default:"10s" env:"PARLEY_DRAIN"`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, log *slog.Logger) error {
	began := time.Now()
	if c.CPUProfile != "" {
		f, err := os.Create(c.CPUProfile)
		if err != nil {
			return fmt.Errorf("make the profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("begin the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	listener, err := listen(ctx, c.Addr, "--addr or PARLEY_ADDR")
	if err != nil {
		return err
	}
	defer listener.Close()
	metrics, err := c.listenMetrics(ctx)
	if err != nil {
		return err
	}
	stop, err := c.start(ctx, log)
	defer stop()
	if err != nil {
		return err
	}
	if !c.NoMigrate {
		if _, err := store.Migrate(ctx, c.DatabaseURL, migrations.FS); err != nil {
			return fmt.Errorf("bring the schema up to date: %w", err)
		}
	}
	config, err := c.config(log)
	if err != nil {
		return err
	}
	config.Addr = listener.Addr().String()
	s, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Demo {
		if err := demo.Load(ctx, s); err != nil {
			return fmt.Errorf("load the demo: %w", err)
		}
	}
	defer serveMetrics(metrics, s)()
	c.greet(s, listener.Addr(), time.Since(began))
	return s.Serve(ctx, listener, c.DrainDuration)
}

func (c *serveCommand) config(log *slog.Logger) (server.Config, error) {
	config := server.Config{
		DatabaseURL: c.DatabaseURL, RedisURL: c.RedisURL, PublicURL: c.PublicURL, BlobURL: c.BlobURL, Proxies: c.Proxies, MaxFileSize: c.MaxFileSize, FileOrigin: c.FileOrigin,
		FilePresign: c.FilePresign,
		MaxConns:    c.MaxConns, Reflection: !c.NoReflection, Log: log, Metrics: c.MetricsAddr != "",
	}
	config.EgressAllow = c.EgressAllow
	config.SMTPListen, config.LMTPListen = c.SMTPListen, c.LMTPListen
	if c.Demo {
		config.DemoWorkspace = demo.Workspace
	}
	if tool, err := exec.LookPath(c.PDFTool); err == nil {
		config.PDFTool = tool
	}
	if config.BlobURL == "" {
		dir, err := filepath.Abs(filepath.Join(c.DataDir, "files"))
		if err != nil {
			return config, fmt.Errorf("find the folder for files: %w", err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return config, fmt.Errorf("make the folder for files: %w", err)
		}
		config.BlobURL = "file://" + filepath.ToSlash(dir)
	}
	if c.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return config, fmt.Errorf("read the certificate: %w", err)
		}
		config.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	return config, nil
}

// listen takes the address before anything else is started, so that a second
// start says what is wrong at once.
func listen(ctx context.Context, addr, setting string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; stop what uses it, or choose another with %s", addr, errors.Unwrap(err), setting)
	}
	return l, nil
}

func (c *serveCommand) greet(s *server.Server, addr net.Addr, took time.Duration) {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	base := fmt.Sprintf("%s://%s", scheme, addr)
	fmt.Printf("Parley is up after %.1f s.\n\n  Console       %s/console/\n  API           %s  (contract: %s/openapi.yaml)\n", took.Seconds(), base, base, base)
	if c.Demo {
		fmt.Printf("  Demo website  %s/demo/\n\n  Sign in as %s with the password %s\n", base, demo.Email, demo.Password)
	}
	fmt.Println()
}
