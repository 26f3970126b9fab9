package chatter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// party is a user or contact of the workspace.
type party struct {
	kind   threadv1.PartyKind
	id     uuid.UUID
	name   string
	email  string
	active bool
	// notifyBy is how a user wants to be told; 0 for a contact.
	notifyBy int16
	// caller is a user as one who makes requests.
	caller access.Caller
}

func (p *party) proto() *threadv1.Party {
	return &threadv1.Party{Kind: p.kind, Id: p.id.String(), Name: p.name}
}

func (p *party) user() bool { return p.kind == threadv1.PartyKind_PARTY_KIND_USER }

// parties finds users and contacts by id; who is missing does not exist in the
// workspace.
func (h *Handler) parties(ctx context.Context, workspace uuid.UUID, ids []uuid.UUID) (map[uuid.UUID]*party, error) {
	found := make(map[uuid.UUID]*party, len(ids))
	users, err := h.q.PartyUserList(ctx, h.db, db.PartyUserListParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	for _, u := range users {
		found[u.ID] = &party{
			kind: threadv1.PartyKind_PARTY_KIND_USER, id: u.ID, name: u.Name, email: u.Email, active: u.Active, notifyBy: u.NotifyBy,
			caller: callerOf(workspace, u),
		}
	}
	if len(found) == len(ids) {
		return found, nil
	}
	contacts, err := h.q.PartyContactList(ctx, h.db, db.PartyContactListParams{WorkspaceID: workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find contacts: %w", err)
	}
	for _, c := range contacts {
		found[c.ID] = &party{kind: threadv1.PartyKind_PARTY_KIND_CONTACT, id: c.ID, name: c.Title, email: c.Email, active: !c.Archived}
	}
	return found, nil
}

// callerOf is a user as one who makes requests, to ask what they may do.
func callerOf(workspace uuid.UUID, u db.PartyUserListRow) access.Caller {
	c := access.Caller{
		Kind: access.User, Workspace: workspace, ID: u.ID, Role: identityv1.Role(u.Role), Name: u.Name, ChatName: u.ChatName,
		Email: u.Email, Locale: u.Locale,
	}
	if c.ChatName == "" {
		c.ChatName = c.Name
	}
	return c
}

// addMentions resolves who is mentioned. Users who may not read the thread are
// named, all of them at once.
func (h *Handler) addMentions(ctx context.Context, d *thread.Draft, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ids, err := parseIDs(names)
	if err != nil {
		return errMentionUnknown
	}
	known, err := h.parties(ctx, d.Workspace, ids)
	if err != nil {
		return err
	}
	var denied []string
	for _, id := range ids {
		p := known[id]
		if p == nil || p.user() && !p.active {
			return errMentionUnknown.With("party_id", id.String())
		}
		d.Extra.Mentions = append(d.Extra.Mentions, p.proto())
		if !p.user() {
			if d.Mail != nil {
				d.Mail.Contacts = append(d.Mail.Contacts, id)
			}
			continue
		}
		d.Mentions = append(d.Mentions, id)
		ok, err := h.reads(ctx, p.caller, d.Thread)
		if err != nil {
			return err
		}
		if !ok {
			denied = append(denied, p.name)
		}
	}
	if len(denied) > 0 {
		return errMentionDenied.WithMessage("%s may not read this; leave them out, or give them access first", strings.Join(denied, ", "))
	}
	return nil
}

// reads is true if a user may read a thread.
func (h *Handler) reads(ctx context.Context, c access.Caller, id uuid.UUID) (bool, error) {
	_, err := h.gate.Read(ctx, c, id)
	if errors.Is(err, access.ErrThreadNotFound) {
		return false, nil
	}
	return err == nil, err
}
