package chatter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
)

const (
	defaultSuggestions = 8
	maxSuggestions     = 50
	// maxWords bounds the words of a search for people.
	maxWords = 8
	// contactType is the built-in record type of people outside.
	contactType = "contact"
)

// SuggestParties implements chatterv1connect.ChatterServiceHandler.
func (h *Handler) SuggestParties(ctx context.Context, req *chatterv1.SuggestPartiesRequest) (*chatterv1.SuggestPartiesResponse, error) {
	c := access.FromContext(ctx)
	size := rpc.PageSize(req.GetPageSize(), defaultSuggestions, maxSuggestions)
	users, err := h.q.PartyUserSuggest(ctx, h.db, db.PartyUserSuggestParams{
		WorkspaceID: c.Workspace, Patterns: patterns(req.GetQuery()), MaxRows: int32(size),
	})
	if err != nil {
		return nil, fmt.Errorf("suggest users: %w", err)
	}
	res := &chatterv1.SuggestPartiesResponse{}
	for _, u := range users {
		res.Parties = append(res.Parties, suggestion(threadv1.PartyKind_PARTY_KIND_USER, u.ID.String(), u.Name, u.Email))
	}
	if left := size - len(users); left > 0 && !req.GetUsersOnly() {
		contacts, err := h.suggestContacts(ctx, c, req.GetQuery(), left)
		if err != nil {
			return nil, err
		}
		res.Parties = append(res.Parties, contacts...)
	}
	return res, nil
}

func suggestion(kind threadv1.PartyKind, id, name, email string) *chatterv1.PartySuggestion {
	return &chatterv1.PartySuggestion{Party: &threadv1.Party{Kind: kind, Id: id, Name: name}, Email: email}
}

// patterns are what a name must match, for LIKE after a space: one for each word
// of what was typed.
func patterns(query string) []string {
	words := strings.FieldsFunc(strings.ToLower(query), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("@._+-", r)
	})
	list := make([]string, 0, min(len(words), maxWords))
	for _, word := range words[:min(len(words), maxWords)] {
		list = append(list, "% "+escapeLike(word)+"%")
	}
	return list
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// suggestContacts finds contacts that the caller may read, by address and by
// name, each once.
func (h *Handler) suggestContacts(ctx context.Context, c access.Caller, query string, size int) ([]*chatterv1.PartySuggestion, error) {
	list, err := h.contactsByAddress(ctx, c, query, size)
	if err != nil {
		return nil, err
	}
	byName, err := h.contactsByName(ctx, c, query, size)
	if err != nil {
		return nil, err
	}
	for _, s := range byName {
		same := func(other *chatterv1.PartySuggestion) bool { return other.GetParty().GetId() == s.GetParty().GetId() }
		if len(list) < size && !slices.ContainsFunc(list, same) {
			list = append(list, s)
		}
	}
	return list, nil
}

// contactsByName finds contacts by the beginnings of the words of their names.
// For who may read no contacts there are none.
func (h *Handler) contactsByName(ctx context.Context, c access.Caller, query string, size int) ([]*chatterv1.PartySuggestion, error) {
	found, err := h.references.SearchReferences(ctx, &recordv1.SearchReferencesRequest{
		Type: contactType, Query: query, PageSize: int32(size),
	})
	if kind := fault.KindOf(err); kind == fault.NotFound || kind == fault.Denied {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("suggest contacts: %w", err)
	}
	ids := make([]uuid.UUID, 0, len(found.GetReferences()))
	for _, r := range found.GetReferences() {
		if id, err := uuid.Parse(r.GetId()); err == nil {
			ids = append(ids, id)
		}
	}
	rows, err := h.q.PartyContactList(ctx, h.db, db.PartyContactListParams{WorkspaceID: c.Workspace, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("find contacts: %w", err)
	}
	var list []*chatterv1.PartySuggestion
	for _, id := range ids { // in the order found, best first
		i := slices.IndexFunc(rows, func(row db.PartyContactListRow) bool { return row.ID == id && !row.Archived })
		if i >= 0 {
			list = append(list, suggestion(threadv1.PartyKind_PARTY_KIND_CONTACT, id.String(), rows[i].Title, rows[i].Email))
		}
	}
	return list, nil
}

// contactsByAddress finds contacts whose address begins with what was typed.
func (h *Handler) contactsByAddress(ctx context.Context, c access.Caller, query string, size int) ([]*chatterv1.PartySuggestion, error) {
	query = strings.ToLower(strings.TrimSpace(query))
	if query == "" || strings.ContainsFunc(query, unicode.IsSpace) {
		return nil, nil
	}
	rows, err := h.q.PartyContactListByAddress(ctx, h.db, db.PartyContactListByAddressParams{
		WorkspaceID: c.Workspace, Pattern: escapeLike(query) + "%", MaxRows: int32(size),
	})
	if err != nil {
		return nil, fmt.Errorf("find contacts by address: %w", err)
	}
	var list []*chatterv1.PartySuggestion
	for _, row := range rows {
		ok, err := h.reads(ctx, c, row.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			list = append(list, suggestion(threadv1.PartyKind_PARTY_KIND_CONTACT, row.ID.String(), row.Title, row.Email))
		}
	}
	return list, nil
}
