package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/gen/parley/record/v1/recordv1connect"
	"github.com/parley-chat/parley/queries/migrations"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/embedded"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/store"
)

const (
	benchThreads = 1000
	benchUsers   = 8
	password     = "benchmark-password"
)

// stage is what the measurements stand on.
type stage struct {
	dir     string
	pg      *embedded.Postgres
	redis   *embedded.Redis
	pool    *pgxpool.Pool // of the baselines
	node    *node
	tokens  []string
	threads []string
}

// setStage starts everything and fills it with users and threads.
func setStage(ctx context.Context) (_ *stage, err error) {
	s := &stage{}
	defer func() {
		if err != nil {
			s.clear()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "parley-bench-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil { // the database runs as somebody else if we are root
		return nil, fmt.Errorf("open the folder: %w", err)
	}
	quiet := slog.New(slog.DiscardHandler)
	if s.pg, err = embedded.Start(ctx, embedded.Config{Dir: s.dir, Log: quiet}); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.redis, err = embedded.StartRedisServer(ctx, s.dir)
	if errors.Is(err, embedded.ErrNoRedisServer) {
		s.redis, err = embedded.StartRedis(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	if _, err := store.Migrate(ctx, s.pg.URL(), migrations.FS); err != nil {
		return nil, err
	}
	if s.pool, err = store.Open(ctx, store.Options{URL: s.pg.URL(), MaxConns: 32, Log: quiet}); err != nil {
		return nil, err
	}
	if err := s.fill(ctx, quiet); err != nil {
		return nil, err
	}
	return s, s.restart(ctx)
}

// fill makes a workspace with users and records.
func (s *stage) fill(ctx context.Context, log *slog.Logger) error {
	c, err := server.New(ctx, server.Config{DatabaseURL: s.pg.URL(), RedisURL: s.redis.URL(), BlobURL: "mem://", Log: log})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.CreateWorkspace(ctx, identity.CreateWorkspaceParams{
		Name: "bench", Title: "Bench", AdminEmail: "user0@bench.example", AdminName: "User 0", AdminPassword: password,
	})
	return err
}

// signIn signs users in and makes the threads, once.
func (s *stage) signIn(ctx context.Context) error {
	if len(s.tokens) > 0 {
		return nil
	}
	admin, err := s.token(ctx, 0)
	if err != nil {
		return err
	}
	s.tokens = append(s.tokens, admin)
	users := identityv1connect.NewIdentityServiceClient(http.DefaultClient, s.node.url, bearer(admin))
	for i := 1; i < benchUsers; i++ {
		_, err := users.CreateUser(ctx, &identityv1.CreateUserRequest{
			RequestId: uuid.NewString(), Email: fmt.Sprintf("user%d@bench.example", i), Name: fmt.Sprint("User ", i),
			Role: identityv1.Role_ROLE_MEMBER, Password: password,
		})
		if err != nil {
			return fmt.Errorf("add a user: %w", err)
		}
		token, err := s.token(ctx, i)
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
	}
	return s.makeThreads(ctx, admin)
}

func (s *stage) token(ctx context.Context, i int) (string, error) {
	res, err := identityv1connect.NewIdentityServiceClient(http.DefaultClient, s.node.url).SignIn(ctx, &identityv1.SignInRequest{
		Workspace: "bench", Email: fmt.Sprintf("user%d@bench.example", i), Password: password,
	})
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	return res.GetToken(), nil
}

func (s *stage) makeThreads(ctx context.Context, token string) error {
	records := recordv1connect.NewRecordServiceClient(http.DefaultClient, s.node.url, bearer(token))
	var rows strings.Builder
	for i := range benchThreads {
		fmt.Fprintf(&rows, "{\"title\": \"Lead %d\"}\n", i)
	}
	if _, err := records.ImportRecords(ctx, &recordv1.ImportRecordsRequest{
		Type: "lead", Format: recordv1.ImportFormat_IMPORT_FORMAT_JSON_LINES, Data: []byte(rows.String()),
	}); err != nil {
		return fmt.Errorf("make threads: %w", err)
	}
	for page := ""; len(s.threads) == 0 || page != ""; {
		res, err := records.ListRecords(ctx, &recordv1.ListRecordsRequest{Type: "lead", PageSize: 200, PageToken: page})
		if err != nil {
			return fmt.Errorf("list threads: %w", err)
		}
		for _, r := range res.GetRecords() {
			s.threads = append(s.threads, r.GetId())
		}
		page = res.GetNextPageToken()
	}
	return nil
}

// restart gives the next measurement a fresh server process.
func (s *stage) restart(ctx context.Context) error {
	if s.node != nil {
		s.node.stop()
	}
	var err error
	if s.node, err = startNode(ctx, s.dir, s.pg.URL(), s.redis.URL()); err != nil {
		return err
	}
	return s.signIn(ctx)
}

func (s *stage) clear() {
	if s.node != nil {
		s.node.stop()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.redis != nil {
		_ = s.redis.Stop() // it keeps nothing
	}
	if s.pg != nil {
		_ = s.pg.Stop() // its data goes next
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a leftover in the temporary folder harms nobody
	}
}

// node is a server process.
type node struct {
	cmd *exec.Cmd
	url string
	tcp string
}

// startNode runs `parley serve` and waits until it answers.
func startNode(ctx context.Context, dir, database, redis string) (*node, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	logs, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	defer logs.Close()
	cmd := exec.Command(self, "serve", "--addr", addr, "--no-migrate", "--data-dir", dir, "--drain-duration", "1s")
	if profile := os.Getenv("PARLEY_BENCH_PROFILE"); profile != "" {
		cmd.Args = append(cmd.Args, "--cpu-profile", profile)
	}
	cmd.Env = append(os.Environ(), "PARLEY_DATABASE_URL="+database, "PARLEY_REDIS_URL="+redis, "PARLEY_LOG_LEVEL=warn")
	cmd.Stderr, cmd.Stdout = logs, logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for us, and we stop it
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	n := &node{cmd: cmd, url: "http://" + addr, tcp: addr}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(n.url + "/healthz")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return n, nil
		}
	}
	n.stop()
	said, _ := os.ReadFile(filepath.Join(dir, "server.log"))
	return nil, fmt.Errorf("the server did not start: %s", said)
}

func (n *node) stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // if it is gone already, so much the better
	done := make(chan struct{})
	go func() { _ = n.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = n.cmd.Process.Kill()
		<-done
	}
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// memory is the resident memory of the server in bytes.
func (n *node) memory() (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kib, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(kib, "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("read memory: no VmRSS")
}

// cpu is the processor time that a process and its children have used.
func cpu(pid int) time.Duration {
	var ticks int64
	for _, p := range append(children(pid), pid) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, f := range fields[11:15] { // utime stime cutime cstime
			n, _ := strconv.ParseInt(f, 10, 64) // the kernel writes numbers
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond // 100 ticks a second on Linux
}

func children(pid int) []int {
	var out []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // a pattern that is well formed
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			out = append(out, child)
		}
	}
	return out
}

// postmaster is the process id of the database.
func (s *stage) postmaster() int {
	data, err := os.ReadFile(filepath.Join(s.pg.Folder(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.SplitN(string(data), "\n", 2)[0]) // PostgreSQL writes a number
	return pid
}

// bearer sends a token with every call of a generated client.
func bearer(token string) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}))
}
