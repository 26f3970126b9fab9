package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// post sends JSON as curl does.
func post(t *testing.T, address, token string, body any) (status int, answer map[string]any) {
	t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(encoded))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &answer), "%s", text)
	return res.StatusCode, answer
}

// What the README tells people to do with curl.
//
// Spec: A1
func TestProtocols_PlainJSONIsEnough(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	status, in := post(t, s.URL+"/parley.identity.v1.IdentityService/SignIn", "",
		map[string]any{"workspace": "acme", "email": servertest.Admin, "password": servertest.Password})
	require.Equal(t, http.StatusOK, status)
	token, _ := in["token"].(string)
	require.NotEmpty(t, token)

	status, made := post(t, s.URL+"/parley.record.v1.RecordService/CreateRecord", token, map[string]any{
		"requestId": uuid.NewString(), "record": map[string]any{"type": "lead", "fields": map[string]any{"title": "By curl"}},
	})
	require.Equal(t, http.StatusOK, status)
	id := made["record"].(map[string]any)["id"]
	status, posted := post(t, s.URL+"/parley.chatter.v1.ChatterService/PostMessage", token, map[string]any{
		"requestId": uuid.NewString(), "threadId": id, "body": "Hello", "author": map[string]any{"name": "Mallory"}, "workspaceId": uuid.NewString(),
	})
	require.Equal(t, http.StatusOK, status, "what the contract does not have is not listened to: %v", posted)
	message := posted["message"].(map[string]any)
	require.Equal(t, "Hello", message["body"])
	require.Equal(t, s.AdminID.String(), message["author"].(map[string]any)["id"])

	status, refused := post(t, s.URL+"/parley.chatter.v1.ChatterService/PostMessage", "", map[string]any{"threadId": id})
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "unauthenticated", refused["code"])
	status, refused = post(t, s.URL+"/parley.chatter.v1.ChatterService/PostMessage", token, map[string]any{"threadId": "x"})
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, refused["message"], "thread_id")
	status, _ = post(t, s.URL+"/parley.chatter.v1.ChatterService/GetThread", token, map[string]any{"threadId": uuid.NewString()})
	require.Equal(t, http.StatusNotFound, status)
}

// Reads can be GET, so that browsers may keep their answers; writes cannot.
//
// Spec: A1
func TestProtocols_ReadsCanBeGot(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	token := s.SignIn(t, servertest.Admin).Token
	get := func(procedure, message string) (int, string) {
		query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {message}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+procedure+"?"+query.Encode(), nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	status, body := get("/parley.identity.v1.IdentityService/GetCaller", "{}")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, servertest.Admin)
	status, body = get("/parley.record.v1.RecordService/ListRecords", `{"type":"lead"}`)
	require.Equal(t, http.StatusOK, status, body)
	status, _ = get("/parley.identity.v1.IdentityService/SignOut", "{}")
	require.Equal(t, http.StatusMethodNotAllowed, status)
	status, _ = get("/parley.identity.v1.IdentityService/GetCaller", "{}")
	require.Equal(t, http.StatusOK, status, "nothing was signed out")
}

// One port speaks Connect, gRPC and gRPC-Web, in protobuf and JSON, over HTTP/1.1
// and HTTP/2.
//
// Spec: A1
func TestProtocols_AllOnOnePort(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	token := s.SignIn(t, servertest.Admin).Token
	for name, options := range map[string][]connect.ClientOption{
		"connect":          nil,
		"connect json":     {connect.WithProtoJSON()},
		"connect get":      {connect.WithHTTPGet()},
		"grpc":             {connect.WithGRPC()},
		"grpc gzip":        {connect.WithGRPC(), connect.WithSendGzip()},
		"grpc-web":         {connect.WithGRPCWeb()},
		"grpc-web in json": {connect.WithGRPCWeb(), connect.WithProtoJSON()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			talk(t, s.As(token, options...), name)
		})
	}
}

// talk posts, reads, fails and listens.
func talk(t *testing.T, c *servertest.Client, title string) {
	t.Helper()
	id := create(t, c, "lead", map[string]any{"title": title})
	list, err := c.Records.ListRecords(t.Context(), &recordv1.ListRecordsRequest{Type: "lead", Filter: `record.title == "` + title + `"`})
	require.NoError(t, err)
	require.Len(t, list.GetRecords(), 1)
	_, err = c.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{ThreadId: uuid.NewString()})
	requireFault(t, err, connect.CodeNotFound, "THREAD_NOT_FOUND")
	_, err = c.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{ThreadId: "x"})
	requireFault(t, err, connect.CodeInvalidArgument, "REQUEST_INVALID")

	l := listen(t, title, c, threadTopic(id, ""))
	say(t, c, id, "heard in "+title)
	l.message(t, "heard in "+title)
	poll, err := c.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{threadTopic(id, "")}})
	require.NoError(t, err)
	require.NotEmpty(t, poll.GetTopics())
}
