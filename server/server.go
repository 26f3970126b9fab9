// Package server wires the whole program, top to bottom: New reads like a list of
// what there is and what stands on what.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/activity"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/chatter"
	"github.com/parley-chat/parley/server/compose"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/jobs"
	"github.com/parley-chat/parley/server/live"
	"github.com/parley-chat/parley/server/livechat"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/mailgate"
	"github.com/parley-chat/parley/server/messenger"
	"github.com/parley-chat/parley/server/messenger/whatsapp"
	"github.com/parley-chat/parley/server/metrics"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/record"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/search"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/translate"
	"github.com/parley-chat/parley/server/vault"
)

// Server is one node: everything that the binary serves, over one database and
// one Redis.
type Server struct {
	Config
	Pool     *pgxpool.Pool
	Posting  *pgxpool.Pool
	Threads  *thread.Log
	Hub      *live.Hub
	Presence *presence.Tracker
	Identity *identity.Handler
	Records  *record.Handler
	Chatter  *chatter.Handler
	// Activities plans what is to be done about records.
	Activities *activity.Handler
	LiveChat   *livechat.Handler
	Visitors   *livechat.VisitorHandler
	Files      *file.Handler
	// Compose keeps drafts, templates and messages that are sent later.
	Compose *compose.Handler
	// Search finds messages; Index writes what it finds.
	Search *search.Handler
	Index  *search.Indexer
	Jobs   *jobs.Jobs
	Mail   *mailgate.Handler
	// Translations has messages translated; Messengers sends by messengers.
	Translations *translate.Handler
	Messengers   *messenger.Handler
	// Egress is the way out to other servers, Vault keeps secrets that are used again.
	Egress *egress.Client
	Vault  *vault.Vault
	// Metrics are nil unless the configuration asks for them.
	Metrics *metrics.Metrics

	redis  redis.UniversalClient
	bus    *bus.Bus
	blobs  *blob.Store
	sealer *thread.Sealer
	gate   *access.Gate
	chats  *livechat.Service
	pages  *rpc.Pages
	limits *rpc.Limiter
	mux    *http.ServeMux

	mailPorts []mailPort
}

// New connects to what the configuration names and puts the parts together. The
// schema must be up to date. Close it when done.
func New(ctx context.Context, c Config) (_ *Server, err error) {
	s := &Server{Config: c.withDefaults(), mux: http.NewServeMux()}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if err := s.foundations(ctx); err != nil {
		return nil, err
	}
	if err := s.areas(); err != nil {
		return nil, err
	}
	s.listenToBus()
	if err := s.Records.UpgradeBuiltins(ctx); err != nil {
		return nil, err
	}
	if err := s.mount(); err != nil {
		return nil, err
	}
	if err := s.listenForMail(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// postingConns is as many as the committer has statements on their way.
const postingConns = 8

// connect opens the database, Redis and the file store.
func (s *Server) connect(ctx context.Context) (err error) {
	s.Pool, err = store.Open(ctx, store.Options{
		URL: s.DatabaseURL, MaxConns: s.MaxConns, AllowUnsafeDurability: s.AllowUnsafeDurability, Log: s.Log,
	})
	if err != nil {
		return err
	}
	s.Posting, err = store.Open(ctx, store.Options{
		URL: s.DatabaseURL, MaxConns: postingConns, AllowUnsafeDurability: s.AllowUnsafeDurability, Log: s.Config.Log,
		Params: map[string]string{"plan_cache_mode": "force_generic_plan", "application_name": "parley posting"},
	})
	if err != nil {
		return err
	}
	if s.redis, err = openRedis(s.RedisURL); err != nil {
		return err
	}
	if s.blobs, err = blob.Open(s.BlobURL); err != nil {
		return fmt.Errorf("open the file store: %w", err)
	}
	return nil
}

// openRedis makes a client; whether Redis is there shows later, and is no reason
// not to start.
func openRedis(url string) (redis.UniversalClient, error) {
	if url == "" {
		return nil, nil
	}
	if strings.Contains(url, ",") {
		o, err := redis.ParseClusterURL(strings.Split(url, ",")[0])
		if err != nil {
			return nil, fmt.Errorf("read the Redis address: %w", err)
		}
		for _, other := range strings.Split(url, ",")[1:] {
			one, err := redis.ParseURL(strings.TrimSpace(other))
			if err != nil {
				return nil, fmt.Errorf("read the Redis address: %w", err)
			}
			o.Addrs = append(o.Addrs, one.Addr)
		}
		return redis.NewClusterClient(o), nil
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("read the Redis address: %w", err)
	}
	return redis.NewClient(o), nil
}

// foundations makes what areas stand on: the bus, the log, live delivery,
// presence, identity.
func (s *Server) foundations(ctx context.Context) error {
	var err error
	if s.sealer, err = thread.LoadSealer(ctx, s.Pool, s.Now()); err != nil {
		return err
	}
	pageKey, err := s.sealer.Key("page")
	if err != nil {
		return err
	}
	if s.pages, err = rpc.NewPages(pageKey, s.Now); err != nil {
		return err
	}
	s.Jobs = jobs.New(s.Pool, s.Config.Log)
	s.Egress, s.Vault = egress.New(egress.Config{Allow: s.EgressAllow}), vault.New(s.sealer)
	s.bus = bus.New(s.redis, s.Node, s.Config.Log)
	s.limits = rpc.NewLimiter(s.redis, s.Config.Log, s.Now)
	s.Identity = identity.New(identity.Config{Pool: s.Pool, Bus: s.bus, Limiter: s.limits, Pages: s.pages, Cost: s.Cost, Now: s.Now})
	s.gate = &access.Gate{Doors: map[int16]access.Door{}}
	s.Presence = presence.New(presence.Config{
		Redis: s.redis, DB: s.Pool, Node: s.Node, Now: s.Now, Log: s.Config.Log, Timing: s.Config.Presence,
		Announce: s.announcePresence,
		Watched:  func() []uuid.UUID { return s.Hub.Listening() },
		OnChange: func(workspace uuid.UUID, p *livev1.Presence) { s.Hub.PresenceChanged(workspace, p) },
	})
	s.Hub = live.New(live.Config{
		Node: s.Node, Bus: s.bus, Gate: s.gate, Sealer: s.sealer, Now: s.Now, Slog: s.Config.Log, Presence: s.Presence,
		States: states{s}, Records: records{s}, Ended: s.Identity.Credentials.Ended, Lifetime: s.Lifetime, Heartbeat: s.Heartbeat,
	})
	s.Index = search.NewIndexer(s.Pool, s.Config.Log)
	s.Threads = thread.New(thread.Config{
		DB: s.Pool, Posting: s.Posting, Now: s.Now, Log: s.Config.Log, Announcer: announcers{s.Hub, s.Index}, Sealer: s.sealer,
		Mailed: func() { s.Mail.Wake() },
	})
	s.gate.Directory = s.Threads
	s.Hub.SetLog(s.Threads)
	return nil
}

// areas makes what users and visitors meet. What one area needs of another is
// handed over here.
func (s *Server) areas() error {
	s.Records = record.New(record.Config{
		DB: s.Pool, Log: s.Threads, Followers: chatter.NewFollowers(s.Now), Users: users{s.Identity.Directory}, Signals: s.bus, Pages: s.pages,
		Now: s.Now, Mail: mails{s}, Logger: s.Config.Log,
	})
	s.chats = livechat.New(livechat.Config{
		DB: s.Pool, Log: s.Threads, Presence: s.Presence, Hub: s.Hub, Tokens: s.Identity.Credentials, Limiter: s.limits, Pages: s.pages,
		MaxFileSize: s.MaxFileSize, Now: s.Now, Slog: s.Config.Log,
	})
	s.LiveChat, s.Visitors = s.chats.Staff(), s.chats.Website()
	s.gate.Doors[access.KindRecord], s.gate.Doors[access.KindChat] = s.Records, s.chats
	s.Activities = activity.New(activity.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Inbox: chatter.NewFollowers(s.Now), Live: s.Hub, Titles: s.Records, Pages: s.pages,
		Now: s.Now, Logger: s.Config.Log,
	})
	s.Identity.OnDeactivate = s.Activities.Leave
	s.Jobs.Every("activity_digest", activity.DigestEvery, s.Activities.DigestJob)
	s.Chatter = chatter.New(chatter.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Live: s.Hub, Types: s.Records, References: s.Records, Pages: s.pages,
		Titles: map[int16]chatter.Titles{access.KindRecord: s.Records, access.KindChat: s.chats}, Now: s.Now, Activities: s.Activities,
		Mail: mails{s},
	})
	s.Search = search.New(search.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Pages: s.pages,
		Sources: map[int16]search.Source{access.KindRecord: s.Records, access.KindChat: s.chats},
	})
	s.outside()
	linkKey, err := s.sealer.Key("file link")
	if err != nil {
		return err
	}
	s.Files, err = file.New(file.Config{
		DB: s.Pool, Store: s.blobs, Gate: s.gate, Log: s.Threads, Pages: s.pages, Credentials: s.Identity.Credentials, Now: s.Now,
		Logger: s.Config.Log, Key: linkKey, MaxSize: s.MaxFileSize, Origin: s.FileOrigin, Presign: s.FilePresign, PDFTool: s.PDFTool,
	})
	if err != nil {
		return err
	}
	s.composing()
	return s.mailing()
}

// composing makes what happens before a message is posted.
func (s *Server) composing() {
	s.Compose = compose.New(compose.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Records: s.Records, Poster: s.Chatter, Files: s.Files, Live: s.Hub, Jobs: s.Jobs, Pages: s.pages,
		Titles: map[int16]compose.Titles{access.KindRecord: s.Records, access.KindChat: s.chats}, Now: s.Now, Logger: s.Config.Log,
	})
	s.gate.Doors[access.KindTemplate] = s.Compose
	jobs.Register(s.Jobs, s.Compose.Work)
	s.Jobs.Every("scheduled_messages", compose.CatchUpEvery, s.Compose.CatchUp)
	s.Jobs.Every("compose_prune", compose.PruneEvery, s.Compose.Prune)
}

// mailing connects threads with e-mail.
func (s *Server) mailing() error {
	key, err := s.sealer.Key("mail")
	if err != nil {
		return err
	}
	signer, err := mail.NewSigner(key)
	if err != nil {
		return err
	}
	s.Mail = mailgate.New(mailgate.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Files: s.Files, Links: s.Files, Titles: s.Records, Records: s.Records, Jobs: s.Jobs, Vault: s.Vault,
		Signer: signer, Pages: s.pages, PublicURL: s.PublicURL, Now: s.Now, Logger: s.Config.Log,
	})
	s.Activities.Mailer = mails{s}
	return nil
}

// outside makes what asks other servers. One more messenger is one more line.
func (s *Server) outside() {
	s.Translations = translate.New(translate.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Limiter: s.limits, Vault: s.Vault, Egress: s.Egress, Now: s.Now, Logger: s.Config.Log,
	})
	s.Messengers = messenger.New(messenger.Config{
		DB: s.Pool, Gate: s.gate, Log: s.Threads, Records: s.Records, Jobs: s.Jobs, Vault: s.Vault, Egress: s.Egress, Pages: s.pages,
		Connectors: map[messengerv1.ConnectionKind]messenger.Connector{
			messengerv1.ConnectionKind_CONNECTION_KIND_WHATSAPP: whatsapp.New(s.Egress),
		},
		Now: s.Now, Logger: s.Config.Log,
	})
	jobs.Register(s.Jobs, s.Messengers.Work)
}

// listenToBus hands what other nodes tell to whoever it concerns. Identity has
// done so for itself.
func (s *Server) listenToBus() {
	s.bus.Handle(s.Hub.Receive)
	s.bus.Handle(s.Records.Hear)
	s.bus.Handle(func(signal *wirev1.Signal) {
		workspace, err := uuid.FromBytes(signal.GetWorkspaceId())
		if err != nil {
			return
		}
		if user, err := uuid.FromBytes(signal.GetPresenceUserId()); err == nil {
			s.Presence.Hear(workspace, user)
		}
		if id, err := uuid.FromBytes(signal.GetForget().GetThreadId()); err == nil {
			s.Threads.Forget(workspace, id)
			s.Index.Touch(workspace, id)
		}
	})
	s.bus.OnGap(s.Hub.Gap)
}

func (s *Server) announcePresence(workspace, user uuid.UUID) {
	s.bus.Publish(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_PresenceUserId{PresenceUserId: user[:]}})
}

// CreateWorkspace makes a workspace with everything a new one has: the built-in
// record types, a channel, and types of activity.
func (s *Server) CreateWorkspace(ctx context.Context, p identity.CreateWorkspaceParams) (identity.Created, error) {
	p.Then = append(p.Then, func(ctx context.Context, tx pgx.Tx, made identity.Created) error {
		return s.Records.InstallBuiltins(ctx, tx, made.Workspace)
	}, func(ctx context.Context, tx pgx.Tx, made identity.Created) error {
		return s.chats.InstallDefault(ctx, tx, made.Workspace, made.Administrator)
	}, func(ctx context.Context, tx pgx.Tx, made identity.Created) error {
		return s.Activities.InstallTypes(ctx, tx, made.Workspace)
	})
	return s.Identity.CreateWorkspace(ctx, p)
}

// Run does what has to be done besides answering calls, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{s.bus.Run, s.Hub.Run, s.Presence.Run, s.chats.Run, s.Jobs.Run, s.Messengers.Run, s.Mail.Run, s.receiveMail, s.keepUp, s.Index.Run} {
		g.Go(func() error { return run(ctx) })
	}
	return g.Wait()
}

// Serve answers calls on the listener and runs what belongs to it, until ctx ends;
// then streams are sent elsewhere and calls have so long to finish.
func (s *Server) Serve(ctx context.Context, l net.Listener, drain time.Duration) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	running := make(chan error, 1)
	go func() { running <- s.Run(background) }()
	server := s.HTTPServer()
	serving := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			serving <- server.ServeTLS(l, "", "")
		} else {
			serving <- server.Serve(l)
		}
	}()
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-serving:
	case failure = <-running:
		running <- nil
	}
	s.Hub.Drain()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		_ = server.Close() // what did not end in time is cut
	}
	stop()
	err := <-running
	if failure != nil && !errors.Is(failure, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", failure)
	}
	return err
}

// Close ends the connections that New opened.
func (s *Server) Close() {
	for _, p := range s.mailPorts {
		_ = p.Close() // it may be closed already
	}
	if s.Pool != nil {
		s.Pool.Close()
	}
	if s.Posting != nil {
		s.Posting.Close()
	}
	if s.redis != nil {
		_ = s.redis.Close() // it keeps nothing
	}
	if s.blobs != nil {
		_ = s.blobs.Close() // every part was synced when it was written
	}
}
