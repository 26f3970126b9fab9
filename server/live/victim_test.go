package live_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/live"
	"github.com/parley-chat/parley/server/thread"
)

// victimVariable makes the test binary a node that can be killed.
const victimVariable = "PARLEY_LIVE_TEST_VICTIM"

// order is what a victim is told.
type order struct {
	Database, Redis string
	// Last is the post that it does not survive: it is killed once that is
	// committed, before anybody is told or answered. 0 means none.
	Last int64
}

// victim runs a node and takes drafts over HTTP, until its input ends.
func victim() int {
	var o order
	if err := json.Unmarshal([]byte(os.Getenv(victimVariable)), &o); err != nil {
		fmt.Println(err)
		return 1
	}
	d := &doors{chats: map[uuid.UUID]uuid.UUID{}, shut: map[uuid.UUID]bool{}}
	n, err := startNode(context.Background(), nodeConfig{database: o.Database, redis: o.Redis, doors: d,
		announce: func(h *live.Hub) thread.Announcer { return &failpoint{Hub: h, left: o.Last} }})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	go func() { _ = http.Serve(l, http.HandlerFunc(n.servePost)) }()
	fmt.Println(l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// failpoint kills its process at an announcement: after the commit, and before the
// answer.
type failpoint struct {
	*live.Hub
	left int64
}

func (f *failpoint) Message(m *thread.Message) {
	if atomic.AddInt64(&f.left, -1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	f.Hub.Message(m)
}

func (n *node) servePost(w http.ResponseWriter, r *http.Request) {
	var d thread.Draft
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m, err := n.log.Post(r.Context(), d)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprint(w, m.ID)
}

// killable is a victim as its test sees it.
type killable struct {
	cmd    *exec.Cmd
	addr   string
	client *http.Client
}

func startVictim(t testing.TB, o order) *killable {
	t.Helper()
	told, err := json.Marshal(o)
	require.NoError(t, err)
	v := &killable{cmd: exec.Command(os.Args[0]), client: &http.Client{Transport: new(http.Transport)}}
	v.cmd.Env = append(os.Environ(), victimVariable+"="+string(told))
	_, err = v.cmd.StdinPipe() // ends with this process
	require.NoError(t, err)
	out, err := v.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, v.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	v.addr = strings.TrimSpace(line)
	return v
}

// kill is kill -9, and waits for the end.
func (v *killable) kill() {
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait()
	v.client.CloseIdleConnections()
}

// post answers the message's id, or an error if no answer came.
func (v *killable) post(d thread.Draft) (uuid.UUID, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return uuid.Nil, err
	}
	res, err := v.client.Post("http://"+v.addr, "application/json", bytes.NewReader(body))
	if err != nil {
		return uuid.Nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.ParseBytes(answer)
}
