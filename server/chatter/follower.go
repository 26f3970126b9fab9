package chatter

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Follow implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) Follow(ctx context.Context, req *chatterv1.FollowRequest) (*chatterv1.FollowResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return nil, err
	}
	me := &party{kind: threadv1.PartyKind_PARTY_KIND_USER, id: c.ID, name: c.Name}
	f, err := h.follow(ctx, rights, c.Workspace, me, nil)
	if err != nil {
		return nil, err
	}
	return &chatterv1.FollowResponse{Follower: f}, nil
}

// Unfollow implements chatterv1connect.ChatterServiceHandler. A follower who may
// not read the thread any more can still end it.
func (h *Handler) Unfollow(ctx context.Context, req *chatterv1.UnfollowRequest) (*chatterv1.UnfollowResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	n, err := h.unfollow(ctx, c.Workspace, id, c.ID)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		if _, err := h.gate.Read(ctx, c, id); err != nil {
			return nil, err
		}
	}
	return &chatterv1.UnfollowResponse{}, nil
}

// AddFollower implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) AddFollower(ctx context.Context, req *chatterv1.AddFollowerRequest) (*chatterv1.AddFollowerResponse, error) {
	c := access.FromContext(ctx)
	rights, p, err := h.other(ctx, c, req.GetThreadId(), req.GetPartyId())
	if err != nil {
		return nil, err
	}
	if p.id != c.ID && !rights.Post {
		return nil, access.ErrPostDenied
	}
	if !p.active {
		return nil, errPartyInactive
	}
	if err := h.admits(ctx, p, rights.ID); err != nil {
		return nil, err
	}
	asked := req.GetSubtypes()
	if len(asked) > 0 && p.id != c.ID && !rights.Manage {
		return nil, errManage
	}
	if err := h.invitable(ctx, c.Workspace, p, req.GetInvitation()); err != nil {
		return nil, err
	}
	f, err := h.follow(ctx, rights, c.Workspace, p, asked)
	if err != nil {
		return nil, err
	}
	if in := req.GetInvitation(); in != nil {
		to := Invitee{Kind: p.kind, ID: p.id, Name: p.name, Address: p.email}
		if err := h.mail.Invite(ctx, c.Workspace, rights.ID, to, c, in.GetSubject(), in.GetBody()); err != nil {
			return nil, err
		}
	}
	return &chatterv1.AddFollowerResponse{Follower: f}, nil
}

// admits fails if a user may not read the thread that they are to follow. What
// contacts get to read of it is decided when it is sent to them.
func (h *Handler) admits(ctx context.Context, p *party, id uuid.UUID) error {
	if !p.user() {
		return nil
	}
	ok, err := h.reads(ctx, p.caller, id)
	if err != nil {
		return err
	}
	if !ok {
		return errPartyDenied.WithMessage("%s may not read this; give them access first", p.name)
	}
	return nil
}

// RemoveFollower implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) RemoveFollower(ctx context.Context, req *chatterv1.RemoveFollowerRequest) (*chatterv1.RemoveFollowerResponse, error) {
	c := access.FromContext(ctx)
	rights, partyID, err := h.subscription(ctx, c, req.GetThreadId(), req.GetPartyId())
	if err != nil {
		return nil, err
	}
	if _, err := h.unfollow(ctx, c.Workspace, rights.ID, partyID); err != nil {
		return nil, err
	}
	return &chatterv1.RemoveFollowerResponse{}, nil
}

// UpdateFollower implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) UpdateFollower(ctx context.Context, req *chatterv1.UpdateFollowerRequest) (*chatterv1.UpdateFollowerResponse, error) {
	c := access.FromContext(ctx)
	rights, partyID, err := h.subscription(ctx, c, req.GetThreadId(), req.GetPartyId())
	if err != nil {
		return nil, err
	}
	key := db.FollowerGetParams{WorkspaceID: c.Workspace, ThreadID: rights.ID, PartyID: partyID}
	row, err := h.q.FollowerGet(ctx, h.db, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoFollower
	}
	if err != nil {
		return nil, fmt.Errorf("find follower: %w", err)
	}
	known, err := h.parties(ctx, c.Workspace, []uuid.UUID{partyID})
	if err != nil {
		return nil, err
	}
	p := known[partyID]
	if p == nil {
		p = &party{kind: threadv1.PartyKind(row.PartyKind), id: partyID}
	}
	f, err := h.subscribe(ctx, rights, c.Workspace, p, req.GetSubtypes())
	if err != nil {
		return nil, err
	}
	return &chatterv1.UpdateFollowerResponse{Follower: f}, nil
}

// other is somebody that the caller names, in a thread that the caller may read.
func (h *Handler) other(ctx context.Context, c access.Caller, threadName, partyName string) (access.Rights, *party, error) {
	id, err := threadID(threadName)
	if err != nil {
		return access.Rights{}, nil, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return rights, nil, err
	}
	partyID, err := uuid.Parse(partyName)
	if err != nil {
		return rights, nil, errNoParty
	}
	known, err := h.parties(ctx, c.Workspace, []uuid.UUID{partyID})
	if err != nil {
		return rights, nil, err
	}
	p := known[partyID]
	if p == nil {
		return rights, nil, errNoParty
	}
	if !p.user() { // a contact is a record, and may be hidden from the caller
		if ok, err := h.reads(ctx, c, partyID); err != nil || !ok {
			return rights, nil, errors.Join(err, errNoParty)
		}
	}
	return rights, p, nil
}

// subscription is one that the caller may change: their own, or any of what they
// may change.
func (h *Handler) subscription(ctx context.Context, c access.Caller, threadName, partyName string) (access.Rights, uuid.UUID, error) {
	id, err := threadID(threadName)
	if err != nil {
		return access.Rights{}, id, err
	}
	rights, err := h.gate.Read(ctx, c, id)
	if err != nil {
		return rights, id, err
	}
	partyID, err := uuid.Parse(partyName)
	if err != nil {
		return rights, partyID, errNoFollower
	}
	if partyID != c.ID && !rights.Manage {
		return rights, partyID, errManage
	}
	return rights, partyID, nil
}

// follow makes somebody a follower. Who is one already stays as they are, unless
// subtypes are asked for.
func (h *Handler) follow(ctx context.Context, rights access.Rights, workspace uuid.UUID, p *party, asked []string) (*chatterv1.Follower, error) {
	known, err := h.subtypes(ctx, workspace, rights.Facts)
	if err != nil {
		return nil, err
	}
	names := known.defaults(p.kind)
	if len(asked) > 0 {
		if names, err = known.choose(p.kind, asked); err != nil {
			return nil, err
		}
	}
	row, err := h.q.FollowerInsert(ctx, h.db, db.FollowerInsertParams{
		WorkspaceID: workspace, ThreadID: rights.ID, PartyKind: int16(p.kind), PartyID: p.id, Subtypes: names, CreateTime: h.now(),
	})
	switch {
	case err == nil:
		return follower(&row, p.name, known), nil
	case !errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("insert follower: %w", err)
	case len(asked) > 0:
		return h.subscribe(ctx, rights, workspace, p, asked)
	}
	row, err = h.q.FollowerGet(ctx, h.db, db.FollowerGetParams{WorkspaceID: workspace, ThreadID: rights.ID, PartyID: p.id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoFollower // ended at this very moment
	}
	if err != nil {
		return nil, fmt.Errorf("find follower: %w", err)
	}
	return follower(&row, p.name, known), nil
}

// subscribe sets what a follower is told of.
func (h *Handler) subscribe(ctx context.Context, rights access.Rights, workspace uuid.UUID, p *party, asked []string) (*chatterv1.Follower, error) {
	known, err := h.subtypes(ctx, workspace, rights.Facts)
	if err != nil {
		return nil, err
	}
	names, err := known.choose(p.kind, asked)
	if err != nil {
		return nil, err
	}
	row, err := h.q.FollowerUpdate(ctx, h.db, db.FollowerUpdateParams{
		Subtypes: names, WorkspaceID: workspace, ThreadID: rights.ID, PartyID: p.id,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoFollower
	}
	if err != nil {
		return nil, fmt.Errorf("update follower: %w", err)
	}
	return follower(&row, p.name, known), nil
}

func (h *Handler) unfollow(ctx context.Context, workspace, id, partyID uuid.UUID) (int64, error) {
	n, err := h.q.FollowerDelete(ctx, h.db, db.FollowerDeleteParams{WorkspaceID: workspace, ThreadID: id, PartyID: partyID})
	if err != nil {
		return 0, fmt.Errorf("delete follower: %w", err)
	}
	return n, nil
}

func follower(row *db.Follower, name string, known subtypes) *chatterv1.Follower {
	kind := threadv1.PartyKind(row.PartyKind)
	return &chatterv1.Follower{
		Party:      thread.Author{Kind: kind, ID: row.PartyID, Name: name}.Party(),
		Subtypes:   known.shown(kind, row.Subtypes),
		CreateTime: timestamppb.New(row.CreateTime),
	}
}
