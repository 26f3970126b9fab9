package chatter

import (
	"context"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
)

// CheckMessage fails as PostMessage would for the caller in the context, and posts
// nothing: for messages that are to be posted later.
func (h *Handler) CheckMessage(ctx context.Context, req *chatterv1.PostMessageRequest) error {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return err
	}
	rights, err := h.gate.Post(ctx, c, id)
	if err != nil {
		return err
	}
	d, err := h.draft(ctx, c, rights, req)
	if err != nil {
		return err
	}
	return h.enrich(ctx, c, &d, req)
}
