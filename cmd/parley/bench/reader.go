package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
)

// reader is a light subscriber: it takes frames off the wire and looks only at
// what it must, so that the server is measured and not the client.
type reader struct {
	body io.ReadCloser
	in   *bufio.Reader
	stop func()
}

const subscribePath = "/parley.live.v1.LiveService/Subscribe"

// subscription is the request that opens a stream on a thread.
func subscription(url, token, thread, cursor string) (*http.Request, error) {
	message, err := proto.Marshal(&livev1.SubscribeRequest{
		Topics: []*livev1.Topic{{Kind: &livev1.Topic_ThreadId{ThreadId: thread}, Cursor: cursor}},
	})
	if err != nil {
		return nil, err
	}
	envelope := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	req, err := http.NewRequest(http.MethodPost, url+subscribePath, bytes.NewReader(envelope))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/connect+proto")
	req.Header.Set("Connect-Protocol-Version", "1")
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

// dial opens a stream over a connection of its own, HTTP/1.1, with a small
// buffer.
func (s *stage) dial(ctx context.Context, token, thread, cursor string) (*reader, error) {
	req, err := subscription(s.node.url, token, thread, cursor)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.node.tcp)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := req.Write(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("send: %w", err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 2048), req)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return &reader{body: res.Body, in: bufio.NewReaderSize(res.Body, 512), stop: func() { _ = conn.Close() }}, check(res)
}

// over opens a stream over a client that may share connections, HTTP/2.
func (s *stage) over(ctx context.Context, client *http.Client, token, thread, cursor string) (*reader, error) {
	req, err := subscription(s.node.url, token, thread, cursor)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	res, err := client.Do(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	return &reader{body: res.Body, in: bufio.NewReaderSize(res.Body, 512), stop: cancel}, check(res)
}

func check(res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("subscribe: %s", res.Status)
	}
	return nil
}

// frame reads the next frame's bytes; they are good until the next call.
func (r *reader) frame(buf []byte) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r.in, buf); err != nil {
		return nil, err
	}
	if head[0]&2 != 0 {
		return nil, fmt.Errorf("the stream ended: %s", buf)
	}
	return buf, nil
}

// opened reads up to the frame that opens the topic, and answers its cursor.
func (r *reader) opened() (cursor string, err error) {
	var buf []byte
	for {
		if buf, err = r.frame(buf); err != nil {
			return "", err
		}
		f := new(livev1.SubscribeResponse)
		if err := proto.Unmarshal(buf, f); err != nil {
			return "", err
		}
		if o := f.GetTopicOpened(); o != nil {
			return o.GetTopic().GetCursor(), nil
		}
	}
}

// stamp begins a body that says when it was sent and which it is.
var stamp = []byte("sent:")

// sentAt reads a stamp; ok is false if the frame has none.
func sentAt(frame []byte) (nanos, number int64, ok bool) {
	i := bytes.Index(frame, stamp)
	if i < 0 || len(frame) < i+len(stamp)+28 {
		return 0, 0, false
	}
	return digits(frame[i+5 : i+24]), digits(frame[i+25 : i+33]), true
}

func digits(b []byte) (n int64) {
	for _, c := range b {
		n = n*10 + int64(c-'0')
	}
	return n
}

// stamped is a body of 120 bytes with a stamp.
func stamped(number int64) string {
	head := fmt.Sprintf("sent:%019d:%08d ", time.Now().UnixNano(), number)
	return head + body[:120-len(head)]
}
