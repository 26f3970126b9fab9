package parley_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	parley "github.com/parley-chat/parley/clients/go"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/gen/parley/thread/v1/threadv1connect"
)

const partSize = 4

// fileServer stores one file in parts of four bytes, and breaks connections.
type fileServer struct {
	threadv1connect.UnimplementedFileServiceHandler
	mu      sync.Mutex
	stored  []byte
	written []int32
	offsets []int64
	cuts    int // so many calls are still cut off
}

// CreateFile implements FileService.
func (f *fileServer) CreateFile(_ context.Context, req *threadv1.CreateFileRequest) (*threadv1.CreateFileResponse, error) {
	return &threadv1.CreateFileResponse{File: &threadv1.File{Id: "f", Name: req.GetName()}, PartSize: partSize}, nil
}

// WriteFile implements FileService.
func (f *fileServer) WriteFile(_ context.Context, req *threadv1.WriteFileRequest) (*threadv1.WriteFileResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written = append(f.written, req.GetPart())
	if at := int(req.GetPart()) * partSize; at == len(f.stored) {
		f.stored = append(f.stored, req.GetData()...)
	}
	if req.GetPart() == 1 && f.cuts > 0 {
		f.cuts--
		panic(http.ErrAbortHandler)
	}
	return &threadv1.WriteFileResponse{NextPart: int32((len(f.stored) + partSize - 1) / partSize)}, nil
}

// FinishFile implements FileService.
func (f *fileServer) FinishFile(context.Context, *threadv1.FinishFileRequest) (*threadv1.FinishFileResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &threadv1.FinishFileResponse{File: &threadv1.File{Id: "f", Size: int64(len(f.stored))}}, nil
}

// ReadFile implements FileService.
func (f *fileServer) ReadFile(_ context.Context, req *threadv1.ReadFileRequest, out *connect.ServerStream[threadv1.ReadFileResponse]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offsets = append(f.offsets, req.GetOffset())
	for at := int(req.GetOffset()); at < len(f.stored); at += partSize {
		if err := out.Send(&threadv1.ReadFileResponse{Data: f.stored[at:min(at+partSize, len(f.stored))]}); err != nil {
			return err
		}
		if f.cuts > 0 {
			f.cuts--
			panic(http.ErrAbortHandler)
		}
	}
	return nil
}

func (f *fileServer) client(t *testing.T) *parley.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(threadv1connect.NewFileServiceHandler(f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return parley.New(server.URL, parley.WithTestTempo(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, parley.Limits{}))
}

func TestUpload_ArrivesOnceThoughItIsCutOff(t *testing.T) {
	t.Parallel()
	f := &fileServer{cuts: 2}
	file, err := f.client(t).Upload(t.Context(), parley.Upload{Name: "nine.txt", From: strings.NewReader("123456789"), Size: 9})
	require.NoError(t, err)
	require.EqualValues(t, 9, file.GetSize())
	require.Equal(t, "123456789", string(f.stored))
	require.Equal(t, []int32{0, 1, 1, 1, 2}, f.written)
}

func TestUpload_LeavesOutWhatAnEarlierOneHasStored(t *testing.T) {
	t.Parallel()
	f := &fileServer{stored: []byte("12345678")}
	_, err := f.client(t).Upload(t.Context(), parley.Upload{Name: "nine.txt", From: strings.NewReader("123456789"), Size: 9})
	require.NoError(t, err)
	require.Equal(t, "123456789", string(f.stored))
	require.Equal(t, []int32{0, 2}, f.written)
}

func TestUpload_FailsWithFewerBytesThanAnnounced(t *testing.T) {
	t.Parallel()
	_, err := new(fileServer).client(t).Upload(t.Context(), parley.Upload{Name: "x", From: strings.NewReader("12345678"), Size: 9})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestDownload_GoesOnFromTheByteWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	f := &fileServer{stored: []byte("1234567890"), cuts: 2}
	var got bytes.Buffer
	n, err := f.client(t).Download(t.Context(), "f", &got)
	require.NoError(t, err)
	require.EqualValues(t, 10, n)
	require.Equal(t, "1234567890", got.String())
	require.Equal(t, []int64{0, 4, 8}, f.offsets)
}

func TestDownload_FailsWhenItDoesNotGetOn(t *testing.T) {
	t.Parallel()
	client := parley.New("http://127.0.0.1:1", parley.WithTestTempo(func(context.Context, time.Duration) error { return nil }, parley.Limits{}))
	_, err := client.Download(t.Context(), "f", io.Discard)
	require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err))
}

func TestDownload_EndsWithItsWriter(t *testing.T) {
	t.Parallel()
	f := &fileServer{stored: []byte("1234567890")}
	full := errors.New("disk full")
	n, err := f.client(t).Download(t.Context(), "f", writerFunc(func([]byte) (int, error) { return 3, full }))
	require.ErrorIs(t, err, full)
	require.EqualValues(t, 3, n)
	require.Len(t, f.offsets, 1)
}

type writerFunc func([]byte) (int, error)

// Write implements io.Writer.
func (w writerFunc) Write(b []byte) (int, error) { return w(b) }
