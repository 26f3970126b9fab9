package live_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/gen/parley/live/v1/livev1connect"
)

// crowdVariable makes the test binary open streams and hold them.
const crowdVariable = "PARLEY_LIVE_TEST_CROWD"

// crowd is many readers in a process of their own, so that the node's memory can
// be told from theirs.
type crowd struct {
	Addr, Token string
	Request     []byte
	Count       int
}

// gather opens the streams over HTTP/1.1 and waits for the end of its input.
func gather() int {
	var c crowd
	if err := json.Unmarshal([]byte(os.Getenv(crowdVariable)), &c); err != nil {
		fmt.Println(err)
		return 1
	}
	frame := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(c.Request))), c.Request...)
	call := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: parley\r\nAuthorization: Bearer %s\r\nContent-Type: application/connect+proto\r\nContent-Length: %d\r\n\r\n%s",
		livev1connect.LiveServiceSubscribeProcedure, c.Token, len(frame), frame)
	for range c.Count {
		conn, err := net.Dial("tcp", c.Addr)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, call); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// BenchmarkIdleStream measures what a node keeps for a stream on which nothing
// happens. Run it with -benchtime=5000x for a figure that holds.
func BenchmarkIdleStream(b *testing.B) {
	for _, topics := range []int{1, 10} {
		b.Run(fmt.Sprint("threads-", topics), func(b *testing.B) {
			w := newTown(b)
			n := w.node(nodeConfig{heartbeat: time.Hour})
			req := &livev1.SubscribeRequest{}
			for range topics {
				req.Topics = append(req.Topics, topicOf(w.chat(n), ""))
			}
			before := memory()
			leave := n.crowded(b, w.member, req, b.N)
			require.Eventually(b, func() bool { return n.hub.Streams() == b.N }, time.Minute, 10*time.Millisecond)
			b.ReportMetric(float64(memory()-before)/float64(b.N), "B/stream")
			leave()
			require.Eventually(b, func() bool { return n.hub.Streams() == 0 }, time.Minute, 10*time.Millisecond)
		})
	}
}

func (n *node) crowded(b *testing.B, who *person, req *livev1.SubscribeRequest, count int) (leave func()) {
	b.Helper()
	request, err := proto.Marshal(req)
	require.NoError(b, err)
	told, err := json.Marshal(crowd{Addr: n.url[len("http://"):], Token: who.token, Request: request, Count: count})
	require.NoError(b, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crowdVariable+"="+string(told))
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	return func() { _ = in.Close(); _ = cmd.Wait() }
}

// memory is what is in use, stacks included.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
