package live_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	livechatv1 "github.com/parley-chat/parley/gen/parley/livechat/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/live"
	"github.com/parley-chat/parley/server/presence"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// nodeConfig says how a node is made. Its zero fields are what production has.
type nodeConfig struct {
	database, redis      string
	doors                *doors
	heartbeat, lifetime  time.Duration
	writeWithin          time.Duration
	maxStreams           int
	announce             func(*live.Hub) thread.Announcer // in place of the hub
	smallBuffers, silent bool                             // silent: the bus neither sends nor hears, and believes to be well
	log                  *slog.Logger
}

// node is one server: the real parts, put together as in production.
type node struct {
	id       uuid.UUID
	pool     *pgxpool.Pool
	queries  *queries
	log      *thread.Log
	hub      *live.Hub
	bus      *bus.Bus
	identity *identity.Handler
	states   *states
	url      string

	redis   redis.UniversalClient
	server  *http.Server
	stop    context.CancelFunc
	running sync.WaitGroup
}

func startNode(ctx context.Context, c nodeConfig) (_ *node, err error) {
	n := &node{id: uuid.New(), queries: &queries{count: map[string]int{}, answered: map[string]int{}}, states: &states{}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	n.pool, err = store.Open(ctx, store.Options{URL: c.database, MaxConns: 8, AllowUnsafeDurability: true, Tracer: n.queries})
	if err != nil {
		return nil, err
	}
	if c.redis != "" && !c.silent {
		options, err := redis.ParseURL(c.redis)
		if err != nil {
			return nil, err
		}
		n.redis = redis.NewClient(options)
	}
	sealer, err := thread.LoadSealer(ctx, n.pool, time.Now())
	if err != nil {
		return nil, err
	}
	return n, n.assemble(c, sealer)
}

// assemble is server.New and Server.Run in small.
func (n *node) assemble(c nodeConfig, sealer *thread.Sealer) error {
	n.bus = bus.New(n.redis, n.id, c.log)
	pages, err := rpc.NewPages(make([]byte, 32), time.Now)
	if err != nil {
		return err
	}
	n.identity = identity.New(identity.Config{
		Pool: n.pool, Bus: n.bus, Limiter: rpc.NewLimiter(nil, c.log, time.Now), Pages: pages, Cost: identity.Cost{Memory: 64, Time: 1, Threads: 1},
	})
	tracker := presence.New(presence.Config{
		Redis: n.redis, DB: n.pool, Node: n.id, Now: time.Now, Log: c.log, Watched: func() []uuid.UUID { return n.hub.Listening() },
		OnChange: func(workspace uuid.UUID, p *livev1.Presence) { n.hub.PresenceChanged(workspace, p) },
	})
	gate := &access.Gate{Doors: map[int16]access.Door{access.KindRecord: c.doors, access.KindChat: c.doors}}
	n.hub = live.New(live.Config{
		Node: n.id, Bus: n.bus, Gate: gate, Sealer: sealer, Now: time.Now, Slog: c.log, States: n.states, Presence: tracker,
		Ended: n.identity.Credentials.Ended, Heartbeat: c.heartbeat, Lifetime: c.lifetime, MaxStreams: c.maxStreams,
	})
	var announcer thread.Announcer = n.hub
	if c.announce != nil {
		announcer = c.announce(n.hub)
	}
	n.log = thread.New(thread.Config{DB: n.pool, Now: time.Now, Log: c.log, Announcer: announcer, Sealer: sealer})
	gate.Directory = n.log
	n.hub.SetLog(n.log)
	n.bus.Handle(n.hub.Receive)
	n.bus.OnGap(n.hub.Gap)
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	for _, run := range []func(context.Context) error{n.bus.Run, n.hub.Run, tracker.Run} {
		n.running.Go(func() { _ = run(ctx) })
	}
	return n.listen(c, &live.Service{Hub: n.hub, Tracker: tracker, Pages: pages})
}

func (n *node) listen(c nodeConfig, service *live.Service) error {
	mux := http.NewServeMux()
	service.Mount(mux, rpc.HandlerOptions(rpc.Options{Authenticator: n.identity.Credentials, Log: c.log})...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.url = "http://" + l.Addr().String()
	if c.smallBuffers {
		l = narrow{l}
	}
	within := c.writeWithin
	if within == 0 {
		within = 10 * time.Second
	}
	n.server = &http.Server{
		Handler: rpc.Wrap(rpc.HTTPOptions{WriteWithin: within}, mux), Protocols: new(http.Protocols), ReadHeaderTimeout: 10 * time.Second,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 1000}, ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelWarn),
	}
	n.server.Protocols.SetHTTP1(true)
	n.server.Protocols.SetUnencryptedHTTP2(true)
	n.running.Go(func() { _ = n.server.Serve(l) })
	return nil
}

// close stops the node as a program does that was told to.
func (n *node) close() {
	n.hub.Drain()
	_ = n.server.Close()
	n.stop()
	n.running.Wait()
	if n.redis != nil {
		_ = n.redis.Close()
	}
	n.pool.Close()
}

// narrow gives connections little room, so that a reader who stops is noticed
// soon.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetWriteBuffer(64 << 10)
	}
	return c, err
}

// queries counts what a node asks of the database, by the name of the query.
type queries struct {
	mu              sync.Mutex
	count, answered map[string]int
}

func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	name, _, _ := strings.Cut(strings.TrimPrefix(data.SQL, "-- name: "), " ")
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count[name]++
	return context.WithValue(ctx, queryKey{}, name)
}

func (q *queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	name, _ := ctx.Value(queryKey{}).(string)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.answered[name]++
}

type queryKey struct{}

// answers is how many queries of a name have come back.
func (q *queries) answers(name string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.answered[name]
}

func (q *queries) of(names ...string) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, name := range names {
		n += q.count[name]
	}
	return n
}

// states stands for the areas that own inboxes and chats.
type states struct {
	mu     sync.Mutex
	unread int32
}

func (s *states) InboxChange(_ context.Context, _, _ uuid.UUID, _ *uuid.UUID) (*livev1.InboxChange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread++
	return &livev1.InboxChange{UnreadCount: s.unread}, nil
}

func (s *states) ChatViews(_ context.Context, _, chat uuid.UUID, users []uuid.UUID) (map[uuid.UUID]*livechatv1.Chat, error) {
	views := make(map[uuid.UUID]*livechatv1.Chat, len(users))
	for _, u := range users {
		views[u] = &livechatv1.Chat{Id: chat.String()}
	}
	return views, nil
}

// doors let every user in everywhere and a visitor into their chats, but for those
// whom a test shuts out.
type doors struct {
	mu    sync.Mutex
	chats map[uuid.UUID]uuid.UUID // by chat, its visitor
	shut  map[uuid.UUID]bool      // by caller
}

func (d *doors) Rights(_ context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := !d.shut[c.ID] && (c.Kind == access.User || d.chats[f.ID] == c.ID)
	return access.Rights{Facts: f, Read: in, Post: in}, nil
}

func (d *doors) shutOut(id uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut[id] = true
}

func (d *doors) give(chat, visitor uuid.UUID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.chats[chat] = visitor
}

func TestNode_StartsAndStops(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	require.Eventually(t, n.bus.Healthy, 5*time.Second, 5*time.Millisecond)
}
