package file_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
)

// bundle is a file service over HTTP, on a database of its own, with a record's
// thread and a visitor's chat in one workspace, and people to use them.
type bundle struct {
	t      *testing.T
	db     *pgxpool.Pool
	log    *thread.Log
	files  *file.Handler
	store  *blob.Store
	clock  *clock
	door   *door
	people *people
	heard  *heard
	server *httptest.Server

	workspace    uuid.UUID
	record, chat uuid.UUID
	user, colleague, administrator,
	visitor, otherVisitor, stranger access.Caller
}

// setup makes a bundle; change is told what its files are to stand on.
func setup(t *testing.T, change ...func(c *file.Config)) *bundle {
	t.Helper()
	b := &bundle{
		t: t, db: pgtest.DB(t), clock: &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}, heard: &heard{},
		workspace: uuid.New(), record: uuid.Must(uuid.NewV7()), chat: uuid.Must(uuid.NewV7()),
	}
	b.people = &people{tokens: map[string]access.Caller{}, db: b.db, clock: b.clock}
	sealer, err := thread.NewSealer(uuid.New(), bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	b.log = thread.New(thread.Config{DB: b.db, Now: b.clock.now, Log: slog.New(slog.DiscardHandler), Announcer: b.heard, Sealer: sealer})
	memory, err := blob.Open("mem://")
	require.NoError(t, err)
	pages, err := rpc.NewPages(bytes.Repeat([]byte{2}, 32), b.clock.now)
	require.NoError(t, err)
	b.user, b.colleague = b.somebody(access.User, identityv1.Role_ROLE_MEMBER), b.somebody(access.User, identityv1.Role_ROLE_AGENT)
	b.administrator = b.somebody(access.User, identityv1.Role_ROLE_ADMINISTRATOR)
	b.visitor, b.otherVisitor = b.somebody(access.Visitor, 0), b.somebody(access.Visitor, 0)
	home := b.workspace
	b.workspace = uuid.New()
	b.stranger = b.somebody(access.User, identityv1.Role_ROLE_ADMINISTRATOR)
	b.workspace = home
	b.door = &door{visitors: map[uuid.UUID]uuid.UUID{b.chat: b.visitor.ID}, shut: map[uuid.UUID]bool{}}
	for id, kind := range map[uuid.UUID]int16{b.record: access.KindRecord, b.chat: access.KindChat} {
		require.NoError(t, b.log.Create(t.Context(), b.db, b.workspace, id, kind, ""))
	}
	c := file.Config{
		DB: b.db, Store: memory, Log: b.log, Pages: pages, Credentials: b.people, Now: b.clock.now,
		Gate:   &access.Gate{Directory: b.log, Doors: map[int16]access.Door{access.KindRecord: b.door, access.KindChat: b.door}},
		Logger: slog.New(slog.DiscardHandler), Key: bytes.Repeat([]byte{3}, 32), MaxSize: 5 << 20,
	}
	for _, one := range change {
		one(&c)
	}
	b.store = c.Store
	b.files, err = file.New(c)
	require.NoError(t, err)
	b.serve()
	return b
}

// serve mounts the service as the program does: with its access rules, its
// validation and its errors.
func (b *bundle) serve() {
	mux := http.NewServeMux()
	options := rpc.HandlerOptions(rpc.Options{Authenticator: b.people, Log: slog.New(slog.DiscardHandler)})
	mux.Handle(threadv1connect.NewFileServiceHandler(b.files, options...))
	mux.HandleFunc(file.PathPrefix, b.files.Download)
	b.server = httptest.NewServer(rpc.Wrap(rpc.HTTPOptions{WriteWithin: 30 * time.Second}, b.files.Apart(mux)))
	b.t.Cleanup(b.server.Close)
}

// somebody adds a person with a credential that is in force.
func (b *bundle) somebody(kind access.Kind, role identityv1.Role) access.Caller {
	b.t.Helper()
	c := access.Caller{
		Kind: kind, Workspace: b.workspace, ID: uuid.Must(uuid.NewV7()), Credential: uuid.Must(uuid.NewV7()), Role: role,
		Name: "Real Name", ChatName: "Chat Name",
	}
	c.Email = c.ID.String() + "@example.org"
	ctx, now := b.t.Context(), b.clock.now()
	column := "user_id"
	if kind == access.User {
		_, err := b.db.Exec(ctx, `INSERT INTO "user" (workspace_id, id, email, name, chat_name, role, password_hash, create_time)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7)`, c.Workspace, c.ID, c.Email, c.Name, c.ChatName, int16(role), now)
		require.NoError(b.t, err)
	} else {
		column = "visitor_id"
		_, err := b.db.Exec(ctx, `INSERT INTO visitor (workspace_id, id, name, create_time) VALUES ($1, $2, $3, $4)`, c.Workspace, c.ID, c.Name, now)
		require.NoError(b.t, err)
	}
	_, err := b.db.Exec(ctx, `INSERT INTO credential (workspace_id, id, kind, secret_hash, create_time, `+column+`) VALUES ($1, $2, 1, '', $3, $4)`,
		c.Workspace, c.Credential, now, c.ID)
	require.NoError(b.t, err)
	b.people.tokens[c.Credential.String()] = c
	return c
}

// as is a client that calls as somebody.
func (b *bundle) as(c access.Caller) threadv1connect.FileServiceClient {
	token := c.Credential.String()
	return threadv1connect.NewFileServiceClient(b.server.Client(), b.server.URL, connect.WithInterceptors(&bearer{token}))
}

// begin announces a file.
func (b *bundle) begin(c access.Caller, threadID uuid.UUID, name string, size int) *threadv1.File {
	b.t.Helper()
	res, err := b.as(c).CreateFile(b.t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: threadID.String(), Name: name, Size: int64(size),
	})
	require.NoError(b.t, err)
	return res.GetFile()
}

// write uploads all parts of a file.
func (b *bundle) write(c access.Caller, id string, data []byte) {
	b.t.Helper()
	for part := 0; part*file.PartSize < len(data); part++ {
		piece := data[part*file.PartSize : min((part+1)*file.PartSize, len(data))]
		res, err := b.as(c).WriteFile(b.t.Context(), &threadv1.WriteFileRequest{FileId: id, Part: int32(part), Data: piece})
		require.NoError(b.t, err)
		require.EqualValues(b.t, part+1, res.GetNextPart())
	}
}

// ready uploads a file up to where it waits for its message.
func (b *bundle) ready(c access.Caller, threadID uuid.UUID, name string, data []byte) *threadv1.File {
	b.t.Helper()
	return b.finish(c, b.upload(c, threadID, name, data), false)
}

// attached uploads a file and lists it under the thread.
func (b *bundle) attached(c access.Caller, threadID uuid.UUID, name string, data []byte) *threadv1.File {
	b.t.Helper()
	return b.finish(c, b.upload(c, threadID, name, data), true)
}

func (b *bundle) upload(c access.Caller, threadID uuid.UUID, name string, data []byte) string {
	b.t.Helper()
	f := b.begin(c, threadID, name, len(data))
	b.write(c, f.GetId(), data)
	return f.GetId()
}

func (b *bundle) finish(c access.Caller, id string, attach bool) *threadv1.File {
	b.t.Helper()
	res, err := b.as(c).FinishFile(b.t.Context(), &threadv1.FinishFileRequest{FileId: id, Attach: attach})
	require.NoError(b.t, err)
	return res.GetFile()
}

// post sends a message with files, as the chatter does.
func (b *bundle) post(c access.Caller, threadID uuid.UUID, internal bool, body string, files ...*threadv1.File) thread.Message {
	b.t.Helper()
	m, err := b.log.Post(b.t.Context(), draft(c, threadID, internal, body, files...))
	require.NoError(b.t, err)
	return m
}

// read streams a file from an offset on.
func (b *bundle) read(c access.Caller, id string, offset int64) ([]byte, error) {
	b.t.Helper()
	stream, err := b.as(c).ReadFile(b.t.Context(), &threadv1.ReadFileRequest{FileId: id, Offset: offset})
	require.NoError(b.t, err)
	defer func() { _ = stream.Close() }()
	var data []byte
	for stream.Receive() {
		data = append(data, stream.Msg().GetData()...)
	}
	return data, stream.Err()
}

// names are what somebody finds under a thread's files.
func (b *bundle) names(c access.Caller, threadID uuid.UUID) []string {
	b.t.Helper()
	res, err := b.as(c).ListFiles(b.t.Context(), &threadv1.ListFilesRequest{ThreadId: threadID.String()})
	require.NoError(b.t, err)
	names := []string{}
	for _, f := range res.GetFiles() {
		names = append(names, f.GetName())
	}
	return names
}

// load does what a browser does with a link.
func (b *bundle) load(path string, header ...string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.server.URL+path, nil)
	require.NoError(b.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.server.Client().Do(req)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func (b *bundle) link(c access.Caller, id string) string {
	b.t.Helper()
	res, err := b.as(c).CreateFileLink(b.t.Context(), &threadv1.CreateFileLinkRequest{FileId: id})
	require.NoError(b.t, err)
	return res.GetPath()
}

// requireReason asserts what a program would branch on.
func requireReason(t require.TestingT, reason string, err error) {
	require.Error(t, err)
	var coded *connect.Error
	if !asConnect(err, &coded) {
		require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
		return
	}
	for _, detail := range coded.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok {
				require.Equal(t, reason, info.GetReason(), "%v", coded)
				return
			}
		}
	}
	require.Fail(t, "the error has no reason", "%v", err)
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// people know their tokens, and ask the database whether they are in force.
type people struct {
	tokens map[string]access.Caller
	db     *pgxpool.Pool
	clock  *clock
}

func (p *people) Authenticate(_ context.Context, token string) (access.Caller, error) {
	c, ok := p.tokens[token]
	if !ok {
		return access.Caller{}, fault.New(fault.Unauthenticated, "CREDENTIAL_INVALID", "unknown")
	}
	return c, nil
}

func (p *people) Ended(ctx context.Context, callers []access.Caller) ([]uuid.UUID, error) {
	in := db.CredentialListEndedParams{Now: p.clock.now()}
	for _, c := range callers {
		in.WorkspaceIds, in.Ids, in.Roles = append(in.WorkspaceIds, c.Workspace), append(in.Ids, c.Credential), append(in.Roles, int16(c.Role))
	}
	return db.New().CredentialListEnded(ctx, p.db, in)
}

// door lets users into everything that is not shut to them, and visitors into
// their own chat.
type door struct {
	mu       sync.Mutex
	visitors map[uuid.UUID]uuid.UUID
	shut     map[uuid.UUID]bool
}

func (d *door) Rights(_ context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ok := !d.shut[c.ID] && (c.Kind == access.User || d.visitors[f.ID] == c.ID)
	return access.Rights{Facts: f, Read: ok, Post: ok, Manage: ok}, nil
}

// lock takes somebody's access away.
func (d *door) lock(c access.Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut[c.ID] = true
}

// heard is what readers were told.
type heard struct {
	mu       sync.Mutex
	messages []thread.Message
}

func (h *heard) Message(m *thread.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages = append(h.messages, *m)
}

func (h *heard) last() thread.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.messages[len(h.messages)-1]
}

func (h *heard) Mark(uuid.UUID, thread.Mark) {}

func (h *heard) Notified(uuid.UUID, []uuid.UUID, uuid.UUID) {}
