package identity_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/bus"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/identity"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// Spec: A4
func TestRevoke_HoldsAtOnceOnEveryNode(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	server := pgtest.Redis(t)
	first, second := n.join(server.URL()), n.join(server.URL())
	callers := map[string]func() (token string, end func()){
		"Session": func() (string, func()) {
			m := n.signIn("acme", "ann@acme.example", password)
			return m.token, func() {
				_, err := first.client(ann.token).RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{SessionId: m.session.GetId()})
				require.NoError(t, err)
			}
		},
		"Key": func() (string, func()) {
			key, err := ann.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "k", Scopes: []accessv1.Scope{1}})
			require.NoError(t, err)
			return key.GetToken(), func() {
				_, err := first.client(ann.token).RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: key.GetApiKey().GetId()})
				require.NoError(t, err)
			}
		},
		"Visitor": func() (string, func()) {
			_, token := n.visitor(n.workspaceOf(ann))
			c, err := first.handler.Credentials.Authenticate(t.Context(), token)
			require.NoError(t, err)
			return token, func() {
				require.NoError(t, first.handler.Credentials.Revoke(t.Context(), c.Workspace, uuid.Nil, c.Credential))
			}
		},
		"Deactivated": func() (string, func()) {
			m := ann.add("bob", identityv1.Role_ROLE_MEMBER)
			return m.token, func() {
				_, err := first.client(ann.token).UpdateUser(t.Context(), deactivate(m))
				require.NoError(t, err)
			}
		},
	}
	for name, make := range callers {
		token, end := make()
		for _, node := range []*node{first, second} { // both remember it
			_, err := node.handler.Credentials.Authenticate(t.Context(), token)
			require.NoError(t, err, name)
		}
		end()
		_, err := first.handler.Credentials.Authenticate(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrCredential, name)
		require.Eventually(t, func() bool { // the clock stands still: it is the signal that does it
			_, err := second.handler.Credentials.Authenticate(t.Context(), token)
			return fault.ReasonOf(err) == "CREDENTIAL_INVALID"
		}, 5*time.Second, 5*time.Millisecond, name)
	}
}

// join starts another node of the installation that hears of it through Redis.
func (n *node) join(redisURL string) *node {
	n.t.Helper()
	options, err := redis.ParseURL(redisURL)
	require.NoError(n.t, err)
	client := redis.NewClient(options)
	relay := bus.New(client, uuid.New(), slog.New(slog.DiscardHandler))
	other := startNodeOn(n.t, n.pool, n.clock, relay)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = relay.Run(ctx) })
	n.t.Cleanup(func() {
		cancel()
		_ = client.Close() // ends what waits for Redis
		running.Wait()
	})
	require.Eventually(n.t, relay.Healthy, 10*time.Second, 5*time.Millisecond)
	return other
}

// A server that hears of nothing still lets go within five seconds.
func TestRevoke_HoldsWithinFiveSecondsWithoutWord(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	deaf := startNode(t, n.pool, n.clock)
	there := &member{IdentityServiceClient: deaf.client(ann.token), n: deaf}
	there.works()
	_, err := ann.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	n.clock.pass(5 * time.Second)
	there.ended()
}

// What was looked up before a revocation must not be remembered after it.
func TestRevoke_IsNotUndoneByALookUpUnderWay(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	workspace := n.workspaceOf(ann)
	for range 20 {
		m := n.signIn("acme", "ann@acme.example", password)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _, _ = n.handler.Credentials.Authenticate(context.Background(), m.token) })
		}
		err := n.handler.Credentials.Revoke(t.Context(), workspace, uuid.MustParse(ann.user.GetId()), uuid.MustParse(m.session.GetId()))
		require.NoError(t, err)
		wg.Wait()
		m.ended()
	}
}

// Spec: A4
func TestEnded_NamesTheStreamsThatMustEnd(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	credentials := n.handler.Credentials
	callers := map[string]access.Caller{}
	know := func(name, token string) {
		c, err := credentials.Authenticate(t.Context(), token)
		require.NoError(t, err)
		callers[name] = c
	}
	_, token := n.visitor(n.workspaceOf(ann))
	out, bob, eve := n.signIn("acme", "ann@acme.example", password), ann.add("bob", identityv1.Role_ROLE_MEMBER), ann.add("eve", identityv1.Role_ROLE_MEMBER)
	know("ann", ann.token)
	know("out", out.token)
	know("visitor", token)
	know("bob", bob.token)
	know("eve", eve.token)
	n.workspace("globex")
	foreign := callers["ann"]
	foreign.Workspace = uuid.New()
	callers["foreign"] = foreign

	_, err := out.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	_, err = ann.UpdateUser(t.Context(), deactivate(bob))
	require.NoError(t, err)
	_, err = ann.UpdateUser(t.Context(), &identityv1.UpdateUserRequest{User: &identityv1.User{Id: eve.user.GetId(), Role: identityv1.Role_ROLE_AGENT}})
	require.NoError(t, err)

	ended := func(names ...string) []uuid.UUID {
		list := make([]access.Caller, len(names))
		for i, name := range names {
			list[i] = callers[name]
		}
		ids, err := credentials.Ended(t.Context(), list)
		require.NoError(t, err)
		return ids
	}
	id := func(name string) uuid.UUID { return callers[name].Credential }
	require.Empty(t, ended())
	require.Empty(t, ended("ann", "visitor"))
	require.ElementsMatch(t, []uuid.UUID{id("out"), id("bob"), id("eve")}, ended("ann", "out", "visitor", "bob", "eve"))
	require.ElementsMatch(t, []uuid.UUID{id("foreign")}, ended("foreign"))
	n.clock.pass(30 * 24 * time.Hour)
	require.ElementsMatch(t, []uuid.UUID{id("ann")}, ended("ann", "visitor"))
	n.clock.pass(336 * 24 * time.Hour)
	require.ElementsMatch(t, []uuid.UUID{id("ann"), id("visitor")}, ended("ann", "visitor"))
}

// Nobody gets in because the database does not answer.
func TestAuthenticate_FailsClosed(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	fresh := startNode(t, n.pool, n.clock)
	n.pool.Close()
	_, err := fresh.client(ann.token).GetCaller(t.Context(), &identityv1.GetCallerRequest{})
	requireFault(t, err, connect.CodeUnavailable, "CREDENTIAL_UNPROVABLE")
	_, err = fresh.handler.Credentials.Ended(t.Context(), []access.Caller{{Credential: uuid.New()}})
	require.Error(t, err)
}

func TestHeard_IgnoresWhatItCannotRead(t *testing.T) {
	t.Parallel()
	n, ann := setup(t)
	ann.works()
	for _, s := range []*wirev1.Signal{
		{}, {WorkspaceId: []byte{1}, What: &wirev1.Signal_Revocation{Revocation: &wirev1.Revocation{}}},
		{WorkspaceId: make([]byte, 16), What: &wirev1.Signal_Revocation{Revocation: &wirev1.Revocation{UserId: []byte{1}}}},
	} {
		n.bus.Publish(s)
	}
	ann.works()
}

func BenchmarkAuthenticate(b *testing.B) {
	n, ann := setup(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.handler.Credentials.Authenticate(b.Context(), ann.token); err != nil {
			b.Fatal(err)
		}
	}
}
