package chatter

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
)

// invitable fails if an invitation is to go where none can.
func (h *Handler) invitable(ctx context.Context, workspace uuid.UUID, p *party, in *chatterv1.Invitation) error {
	if in == nil {
		return nil
	}
	on, err := h.mails(ctx, workspace)
	switch {
	case err != nil:
		return err
	case !on:
		return errMailOff
	case p.email == "":
		return errNoAddress.WithMessage("%s has no e-mail address; add one first, or leave the invitation out", p.name)
	default:
		return nil
	}
}

// mails is true if the workspace can send mails.
func (h *Handler) mails(ctx context.Context, workspace uuid.UUID) (bool, error) {
	if h.mail == nil {
		return false, nil
	}
	on, _, err := h.mail.Outgoing(ctx, workspace)
	return on, err
}

// PreviewInvitation implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) PreviewInvitation(ctx context.Context, req *chatterv1.PreviewInvitationRequest) (*chatterv1.PreviewInvitationResponse, error) {
	c := access.FromContext(ctx)
	rights, p, err := h.other(ctx, c, req.GetThreadId(), req.GetPartyId())
	if err != nil {
		return nil, err
	}
	titles, err := h.titlesOf(ctx, c.Workspace, map[int16][]uuid.UUID{rights.Kind: {rights.ID}})
	if err != nil {
		return nil, err
	}
	title := titles[rights.ID]
	return &chatterv1.PreviewInvitationResponse{
		Invitation: &chatterv1.Invitation{
			Subject: fmt.Sprintf("Invitation to follow %s", title),
			Body:    fmt.Sprintf("Hello %s,\n\n%s invites you to follow **%s**. From now on you get its messages by mail, and your answers land there.", p.name, publicName(c), title),
		},
		Address: p.email,
	}, nil
}

// publicName is what people outside call a user.
func publicName(c access.Caller) string {
	if c.ChatName != "" {
		return c.ChatName
	}
	return c.Name
}
