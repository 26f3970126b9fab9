package parley_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	parley "github.com/parley-chat/parley/clients/go"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// Spec: C1
func TestQuickstart_PrintsItsMessage(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	run := exec.CommandContext(t.Context(), "go", "run", "./quickstart")
	run.Env = append(os.Environ(), "PARLEY_URL="+server.URL, "PARLEY_EMAIL="+servertest.Admin, "PARLEY_PASSWORD="+servertest.Password)
	var complaints bytes.Buffer
	run.Stderr = &complaints
	out, err := run.Output()
	require.NoError(t, err, complaints.String())
	require.Equal(t, "Ada Admin: Hello from Go\n", string(out))
}

// signedIn is a client of a server whose user is its administrator.
func signedIn(t *testing.T, address string, options ...parley.Option) *parley.Client {
	t.Helper()
	client := parley.New(address, options...)
	_, err := client.SignIn(t.Context(), servertest.Workspace, servertest.Admin, servertest.Password)
	require.NoError(t, err)
	return client
}

// lead makes a lead and answers its thread and the cursor after its creation.
func lead(t *testing.T, client *parley.Client) (thread, cursor string) {
	t.Helper()
	fields, err := structpb.NewStruct(map[string]any{"title": "A garden"})
	require.NoError(t, err)
	made, err := client.Records.CreateRecord(t.Context(), &recordv1.CreateRecordRequest{Record: &recordv1.Record{Type: "lead", Fields: fields}})
	require.NoError(t, err)
	thread = made.GetRecord().GetId()
	page, err := client.Chatter.ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: thread})
	require.NoError(t, err)
	return thread, page.GetCursor()
}

func post(t *testing.T, client *parley.Client, thread, body string) {
	t.Helper()
	_, err := client.Chatter.PostMessage(t.Context(), &chatterv1.PostMessageRequest{ThreadId: thread, Body: body})
	require.NoError(t, err)
}

// balancer sends requests to one of two nodes, and to the other from when it is
// told.
func balancer(t *testing.T, nodes ...*servertest.Server) (address string, turn *atomic.Int64) {
	t.Helper()
	turn = new(atomic.Int64)
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		target, err := url.Parse(nodes[turn.Load()].URL)
		if err == nil {
			r.SetURL(target)
		}
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	return listenAndServe(t, proxy), turn
}

// Spec: C4
func TestClient_OutlivesTheNodeItWasConnectedTo(t *testing.T) {
	t.Parallel()
	first := servertest.Start(t)
	second := first.Join(t)
	address, turn := balancer(t, first, second)
	client := signedIn(t, address)
	thread, cursor := lead(t, client)

	l := listenTo(t, client, parley.Thread(thread, cursor), parley.Inbox())
	l.until(t, l.isLive)
	for i := range 5 {
		post(t, client, thread, fmt.Sprint("m", i+1))
	}
	l.hears(t, names(1, 5)...)
	turn.Store(1)
	first.Stop()
	for i := range 5 {
		post(t, client, thread, fmt.Sprint("m", i+6))
	}
	l.hears(t, names(1, 10)...)
	other, otherCursor := lead(t, client)
	require.NoError(t, l.sub.Add(parley.Thread(other, otherCursor)))
	post(t, client, other, "there")
	l.hears(t, append(names(1, 10), "there")...)
}

// Spec: C1
func TestClient_MovesFilesAndListsOverEveryProtocol(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	for name, options := range map[string][]parley.Option{"connect": nil, "grpc": {parley.WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := signedIn(t, server.URL, options...)
			thread, _ := lead(t, client)
			content := bytes.Repeat([]byte("parley\n"), 400_000) // three parts
			file, err := client.Upload(t.Context(), parley.Upload{
				ThreadID: thread, Name: "words.txt", From: bytes.NewReader(content), Size: int64(len(content)), Attach: true,
			})
			require.NoError(t, err)
			var got bytes.Buffer
			_, err = client.Download(t.Context(), file.GetId(), &got)
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, got.Bytes()))

			count := 0
			request := &recordv1.ListRecordsRequest{Type: "lead", PageSize: 1}
			for _, err := range parley.All(t.Context(), client.Records.ListRecords, request, (*recordv1.ListRecordsResponse).GetRecords) {
				require.NoError(t, err)
				count++
			}
			require.Positive(t, count)
		})
	}
}

func TestClient_TellsFailuresApart(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	client := signedIn(t, server.URL)
	_, err := client.Chatter.GetThread(t.Context(), &chatterv1.GetThreadRequest{ThreadId: uuid.NewString()})
	require.Equal(t, "THREAD_NOT_FOUND", parley.Reason(err))
	require.NotEmpty(t, parley.RequestID(err))

	_, err = parley.New(server.URL).SignIn(t.Context(), "", servertest.Admin, "wrong")
	require.Equal(t, "SIGN_IN_FAILED", parley.Reason(err))

	for _, err := range client.Subscribe(parley.SubscribeOptions{}, parley.Thread(uuid.NewString(), "nonsense")).Updates(context.Background()) {
		require.Equal(t, "CURSOR_INVALID", parley.Reason(err))
	}
}
