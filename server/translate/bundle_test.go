package translate_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	translationv1 "github.com/parley-chat/parley/gen/parley/translation/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/servertest/pgtest"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/translate"
	"github.com/parley-chat/parley/server/vault"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// bundle is the area over a database of its own, with a thread that its door
// opens to users.
type bundle struct {
	db        *pgxpool.Pool
	handler   *translate.Handler
	log       *thread.Log
	workspace uuid.UUID
	thread    uuid.UUID
	admin     access.Caller
	logged    *safeBuffer
}

func setup(t *testing.T, change ...func(*translate.Config)) *bundle {
	t.Helper()
	b := &bundle{db: pgtest.DB(t), workspace: uuid.New(), thread: uuid.New(), logged: &safeBuffer{}}
	now := func() time.Time { return noon }
	sealer, err := thread.LoadSealer(t.Context(), b.db, noon)
	require.NoError(t, err)
	b.log = thread.New(thread.Config{DB: b.db, Now: now, Log: slog.New(slog.DiscardHandler), Announcer: silence{}, Sealer: sealer})
	require.NoError(t, b.log.Create(t.Context(), b.db, b.workspace, b.thread, access.KindRecord, "ticket"))
	config := translate.Config{
		DB: b.db, Gate: &access.Gate{Directory: b.log, Doors: map[int16]access.Door{access.KindRecord: door{}}}, Log: b.log,
		Limiter: rpc.NewLimiter(nil, nil, now), Vault: vault.New(sealer), Now: now,
		Egress: egress.New(egress.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Timeout: 5 * time.Second}),
		Logger: slog.New(slog.NewTextHandler(b.logged, nil)),
	}
	for _, f := range change {
		f(&config)
	}
	b.handler = translate.New(config)
	b.admin = access.Caller{
		Kind: access.User, Workspace: b.workspace, ID: uuid.New(), Role: identityv1.Role_ROLE_ADMINISTRATOR, Name: "Ada", ChatName: "Ada", Locale: "sv",
	}
	return b
}

// door opens every thread to users.
type door struct{}

func (door) Rights(_ context.Context, c access.Caller, f access.Facts) (access.Rights, error) {
	return access.Rights{Facts: f, Read: !c.Outsider(), Post: !c.Outsider()}, nil
}

type silence struct{}

func (silence) Message(*thread.Message)                    {}
func (silence) Mark(uuid.UUID, thread.Mark)                {}
func (silence) Notified(uuid.UUID, []uuid.UUID, uuid.UUID) {}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (b *bundle) as(t *testing.T, c access.Caller) context.Context {
	t.Helper()
	return access.WithCaller(t.Context(), c)
}

// choose sets a provider up.
func (b *bundle) choose(t *testing.T, p translationv1.TranslationProvider, address, key string) *translationv1.TranslationSettings {
	t.Helper()
	res, err := b.handler.UpdateTranslationSettings(b.as(t, b.admin), &translationv1.UpdateTranslationSettingsRequest{
		Settings: &translationv1.TranslationSettings{Provider: p, BaseUrl: address}, Key: &key,
	})
	require.NoError(t, err)
	return res.GetSettings()
}

const (
	byGoogle = translationv1.TranslationProvider_TRANSLATION_PROVIDER_GOOGLE
	byLibre  = translationv1.TranslationProvider_TRANSLATION_PROVIDER_LIBRE_TRANSLATE
)

// post says something in the thread.
func (b *bundle) post(t *testing.T, body string, internal bool) thread.Message {
	t.Helper()
	m, err := b.log.Post(t.Context(), thread.Draft{
		Workspace: b.workspace, Thread: b.thread, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT, Internal: internal,
		Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(b.admin), Body: body,
	})
	require.NoError(t, err)
	return m
}

func (b *bundle) translate(t *testing.T, c access.Caller, m *thread.Message, language string) (*translationv1.TranslateMessageResponse, error) {
	t.Helper()
	return b.handler.TranslateMessage(b.as(t, c), &translationv1.TranslateMessageRequest{
		ThreadId: m.Thread.String(), MessageId: m.ID.String(), Language: language,
	})
}

func requireFault(t *testing.T, err error, kind fault.Kind, reason string) *fault.Error {
	t.Helper()
	var f *fault.Error
	require.True(t, errors.As(err, &f), "%v", err)
	require.Equal(t, kind, f.Kind, "%v", err)
	require.Equal(t, reason, f.Reason, "%v", err)
	return f
}
