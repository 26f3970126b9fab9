package server_test

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
	"github.com/parley-chat/parley/server/servertest/pgtest"
)

// endsWithin is how long a stream may outlive its credential: the promise of the
// contract, and how long it may be while Redis is gone.
const (
	endsWithin             = 5 * time.Second
	endsWithinWithoutRedis = 30 * time.Second
)

// ending is a way to end a credential. Its holder is made on the node of w, and
// so is the ending.
type ending struct {
	holder func(t *testing.T, w *world) *servertest.Client
	end    func(t *testing.T, w *world, holder *servertest.Client)
	topic  func(w *world) *livev1.Topic
	// comes is true if the token itself stays good.
	comes bool
}

func onRecord(w *world) *livev1.Topic { return threadTopic(w.record.thread, "") }
func onChat(w *world) *livev1.Topic   { return threadTopic(w.talk.thread, "") }

func agentAnew(t *testing.T, w *world) *servertest.Client {
	t.Helper()
	return w.node.SignIn(t, markStaff+"-agent@acme.example")
}

// endings are all the ways there are.
func endings() map[string]ending {
	return map[string]ending{
		"signed out": {topic: onRecord, holder: agentAnew, end: func(t *testing.T, _ *world, h *servertest.Client) {
			_, err := h.Identity.SignOut(t.Context(), &identityv1.SignOutRequest{})
			require.NoError(t, err)
		}},
		"session revoked by an administrator": {topic: onRecord, holder: agentAnew, end: revokeCurrent},
		"key revoked":                         {topic: onRecord, holder: keyOfAgent, end: revokeKeys},
		"visit ended": {topic: onChat, holder: func(_ *testing.T, w *world) *servertest.Client { return w.owner }, end: func(t *testing.T, _ *world, h *servertest.Client) {
			_, err := h.Visitor.EndVisit(t.Context(), &visitorv1.EndVisitRequest{})
			require.NoError(t, err)
		}},
		"password changed elsewhere": {topic: onRecord, holder: agentAnew, end: func(t *testing.T, w *world, _ *servertest.Client) {
			_, err := agentAnew(t, w).Identity.ChangePassword(t.Context(), &identityv1.ChangePasswordRequest{
				CurrentPassword: servertest.Password, NewPassword: servertest.Password + " new",
			})
			require.NoError(t, err)
		}},
		"user deactivated": {topic: onRecord, holder: agentAnew, end: func(t *testing.T, w *world, h *servertest.Client) {
			w.changeUser(t, &identityv1.User{Id: h.UserID.String(), Active: false}, "active")
		}},
		"role taken away": {topic: onChat, holder: agentAnew, comes: true, end: func(t *testing.T, w *world, h *servertest.Client) {
			w.changeUser(t, &identityv1.User{Id: h.UserID.String(), Role: identityv1.Role_ROLE_MEMBER}, "role")
		}},
	}
}

func revokeCurrent(t *testing.T, w *world, h *servertest.Client) {
	t.Helper()
	res, err := h.Identity.ListSessions(t.Context(), &identityv1.ListSessionsRequest{})
	require.NoError(t, err)
	for _, s := range res.GetSessions() {
		if s.GetCurrent() {
			_, err := w.admin.Identity.RevokeSession(t.Context(), &identityv1.RevokeSessionRequest{SessionId: s.GetId()})
			require.NoError(t, err)
		}
	}
}

func keyOfAgent(t *testing.T, w *world) *servertest.Client {
	t.Helper()
	_, token := apiKey(t, agentAnew(t, w), accessv1.Scope_SCOPE_CHATTER_READ, accessv1.Scope_SCOPE_IDENTITY_READ)
	return w.node.As(token)
}

func revokeKeys(t *testing.T, w *world, h *servertest.Client) {
	t.Helper()
	res, err := h.Identity.ListApiKeys(t.Context(), &identityv1.ListApiKeysRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, res.GetApiKeys())
	for _, k := range res.GetApiKeys() {
		_, err := w.admin.Identity.RevokeApiKey(t.Context(), &identityv1.RevokeApiKeyRequest{ApiKeyId: k.GetId()})
		require.NoError(t, err)
	}
}

// Whoever loses a credential, or the role that it was given for, loses the open
// streams with it: on the node that did it and on every other.
//
// Spec: A4
func TestRevocation_EndsStreamsOnEveryNode(t *testing.T) {
	t.Parallel()
	for name, e := range endings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			other := w.node.Join(t)
			e.run(t, w, other, endsWithin)
		})
	}
}

// Spec: A4
func TestRevocation_EndsStreamsWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := pgtest.Redis(t)
	w := newWorld(t, func(c *server.Config) { c.RedisURL = redis.URL() })
	other := w.node.Join(t, func(c *server.Config) { c.RedisURL = redis.URL() })
	require.NoError(t, redis.Stop())
	endings()["session revoked by an administrator"].run(t, w, other, endsWithinWithoutRedis)
}

// run opens a stream on each of two nodes, ends the credential, and checks that
// both streams end in time and that the token is of no use on either node.
func (e ending) run(t *testing.T, w *world, other *servertest.Server, within time.Duration) {
	t.Helper()
	h := e.holder(t, w)
	there := other.As(h.Token)
	here, far := listen(t, "this node", h, e.topic(w)), listen(t, "other node", there, e.topic(w))
	for _, l := range []*listener{here, far} {
		require.Contains(t, l.words(), "topic_opened", l.name)
	}
	e.end(t, w, h)
	deadline := time.Now().Add(within)
	for _, l := range []*listener{here, far} {
		closing, err := l.end(t, time.Until(deadline))
		if err != nil {
			require.Equal(t, connect.CodeUnauthenticated, connect.CodeOf(err), "%s: %v", l.name, err)
		} else {
			require.Equal(t, "CALLER_CHANGED", closing, l.name)
		}
	}
	_, err := w.admin.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{
		RequestId: uuid.NewString(), ThreadId: w.record.thread, Body: "for those who stay",
	})
	require.NoError(t, err)
	for _, by := range []*servertest.Client{h, there} {
		if e.comes {
			l := listen(t, "come back", by, e.topic(w))
			require.NotContains(t, l.words(), "topic_opened", "what the role gave is gone")
			continue
		}
		require.Eventually(t, func() bool {
			_, err := by.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{e.topic(w)}})
			return connect.CodeOf(err) == connect.CodeUnauthenticated
		}, within, 100*time.Millisecond, "the token is good for nothing")
	}
}

// changeUser has Ada change somebody.
func (w *world) changeUser(t *testing.T, u *identityv1.User, fields ...string) {
	t.Helper()
	_, err := w.admin.Identity.UpdateUser(t.Context(), &identityv1.UpdateUserRequest{User: u, UpdateMask: mask(fields...)})
	require.NoError(t, err)
}
