package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

func TestMetrics_CountWhatTheNodeDoes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Metrics = true })
	admin := s.SignIn(t, servertest.Admin)
	_, err := s.As("").Identity.GetCaller(t.Context(), &identityv1.GetCallerRequest{})
	require.Error(t, err)
	_, err = s.As("").Identity.SignIn(t.Context(), &identityv1.SignInRequest{Workspace: servertest.Workspace, Email: servertest.Admin, Password: "wrong"})
	require.Error(t, err)
	thread := create(t, admin, "contact", map[string]any{"name": "Zoe"})
	say(t, admin, thread, "hello")
	listen(t, "admin", admin, threadTopic(thread, ""))

	answer := httptest.NewRecorder()
	s.Metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, answer.Code)
	for _, line := range []string{
		`parley_rpc_duration_seconds_count{code="ok",method="parley.identity.v1.IdentityService/SignIn"} 1`,
		`parley_rpc_duration_seconds_count{code="unauthenticated",method="parley.identity.v1.IdentityService/SignIn"} 1`,
		`parley_rpc_duration_seconds_count{code="unauthenticated",method="parley.identity.v1.IdentityService/GetCaller"} 1`,
		`parley_rpc_duration_seconds_count{code="ok",method="parley.chatter.v1.ChatterService/PostMessage"} 1`,
		"parley_streams_open 1",
		"parley_messages_posted_total 2", // the record's first line, and the message
		`parley_pool_connections_max{pool="posting"} 8`,
		"parley_signals_dropped_total 0",
		"go_goroutines",
	} {
		require.Contains(t, answer.Body.String(), line)
	}
	require.NotContains(t, answer.Body.String(), servertest.Admin)

	res, err := http.Get(s.URL + "/metrics")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NotEqual(t, http.StatusOK, res.StatusCode, "not where everybody may ask")
}

func TestMetrics_AreOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	require.Nil(t, servertest.Start(t).Metrics)
}
