package rpc

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"strings"

	"github.com/parley-chat/parley/server/fault"
)

const (
	// envelopePrefix is what stands before a message of gRPC: a byte of flags and
	// its length.
	envelopePrefix = 5
	// drainMost is how much of a request that is refused is still read, so that
	// its sender comes to read the answer.
	drainMost = 64 << 20
)

var errTooLarge = fault.New(fault.Exhausted, "REQUEST_TOO_LARGE",
	"the request has more than 6 MiB; send less at a time, and files in parts")

// body ends a request that is too large with an answer that has a reason and the
// request's id. Connect's own limit comes before any interceptor, and says
// neither.
type body struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // it is the request's, as this is
	// left is how many bytes may still come, and one.
	left int64
	// prefix is the beginning of the first message in gRPC, which says how long
	// it is; nil if that is known, or not said.
	prefix  []byte
	refused error
}

// bounded gives a request a body that ends when it has too much. Where its
// header says that it has not, net/http sees to that.
func bounded(ctx context.Context, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || (r.ContentLength >= 0 && r.ContentLength <= maxRequest) {
		return
	}
	b := &body{ReadCloser: r.Body, ctx: ctx, left: maxRequest + 1}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		b.prefix, b.left = make([]byte, 0, envelopePrefix), b.left+envelopePrefix
	} else if r.ContentLength > maxRequest {
		b.left = 0
	}
	r.Body = b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.refused != nil {
		return 0, b.refused
	}
	var n int
	var err error
	if b.left > 0 {
		n, err = b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
		b.left -= int64(n)
	}
	if b.left <= 0 || (b.prefix != nil && b.announced(p[:n]) > maxRequest) {
		return 0, b.refuse()
	}
	return n, err
}

// announced is how long the first message says it is, once that was read.
func (b *body) announced(read []byte) uint32 {
	b.prefix = append(b.prefix, read[:min(len(read), envelopePrefix-len(b.prefix))]...)
	if len(b.prefix) < envelopePrefix {
		return 0
	}
	length := binary.BigEndian.Uint32(b.prefix[1:])
	b.prefix = nil
	return length
}

func (b *body) refuse() error {
	_, _ = io.CopyN(io.Discard, b.ReadCloser, drainMost) // whoever is gone needs no answer
	b.refused = ofFault(b.ctx, errTooLarge)
	return b.refused
}
