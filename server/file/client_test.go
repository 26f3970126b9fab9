package file_test

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// bearer sends a token with every call.
type bearer struct{ token string }

func (b *bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IsClient {
			req.Header().Set("Authorization", "Bearer "+b.token)
		}
		return next(ctx, req)
	}
}

func (b *bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("Authorization", "Bearer "+b.token)
		return conn
	}
}

func (b *bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func asConnect(err error, target **connect.Error) bool { return errors.As(err, target) }

// draft is a message with files as the chatter posts it.
func draft(c access.Caller, threadID uuid.UUID, internal bool, body string, files ...*threadv1.File) thread.Draft {
	d := thread.Draft{
		Workspace: c.Workspace, Thread: threadID, RequestID: uuid.New(), Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
		Internal: internal, Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(c), Body: body, Extra: &wirev1.Extra{Files: files},
	}
	for _, f := range files {
		d.Files = append(d.Files, uuid.MustParse(f.GetId()))
	}
	return d
}

// change names a message as its editor does.
func change(m thread.Message, by access.Caller) thread.Change {
	return thread.Change{Workspace: m.Workspace, Thread: m.Thread, Message: m.ID, Editor: by}
}

func deleteRequest(id string) *threadv1.DeleteFileRequest {
	return &threadv1.DeleteFileRequest{FileId: id}
}
