package chatter

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// subtypes are the kinds of update of one thread.
type subtypes []*recordv1.Subtype

// subtypes answers what one can subscribe to in a thread.
func (h *Handler) subtypes(ctx context.Context, workspace uuid.UUID, f access.Facts) (subtypes, error) {
	if f.Kind != access.KindRecord {
		return subtypes{
			{Name: thread.SubtypeDiscussions, Label: "Discussions", Default: true},
			{Name: thread.SubtypeNotes, Label: "Notes", Default: true, Internal: true},
		}, nil
	}
	list, err := h.types.Subtypes(ctx, workspace, f.RecordType)
	if err != nil {
		return nil, fmt.Errorf("find update subtypes: %w", err)
	}
	return list, nil
}

// defaults are the names that a new follower of a kind begins with; never nil.
func (s subtypes) defaults(kind threadv1.PartyKind) []string {
	names := []string{}
	for _, subtype := range s {
		if subtype.GetDefault() && may(kind, subtype) {
			names = append(names, subtype.GetName())
		}
	}
	return names
}

// choose is what a follower of a kind is subscribed to when these are asked for,
// in the order of the type. Somebody outside gets no internal one, however often
// it is asked for.
func (s subtypes) choose(kind threadv1.PartyKind, asked []string) ([]string, error) {
	for _, name := range asked {
		if !slices.ContainsFunc(s, func(known *recordv1.Subtype) bool { return known.GetName() == name }) {
			return nil, errSubtypeUnknown.With("subtype", name)
		}
	}
	names := []string{}
	for _, subtype := range s {
		if slices.Contains(asked, subtype.GetName()) && may(kind, subtype) {
			names = append(names, subtype.GetName())
		}
	}
	return names, nil
}

// shown are the subtypes that a follower of a kind is told of by what is stored
// for them: of a contact nothing internal, though it were stored.
func (s subtypes) shown(kind threadv1.PartyKind, stored []string) []string {
	return slices.DeleteFunc(slices.Clone(stored), func(name string) bool {
		i := slices.IndexFunc(s, func(known *recordv1.Subtype) bool { return known.GetName() == name })
		return i < 0 || !may(kind, s[i])
	})
}

func may(kind threadv1.PartyKind, s *recordv1.Subtype) bool {
	return kind == threadv1.PartyKind_PARTY_KIND_USER || !s.GetInternal() && s.GetName() != thread.SubtypeNotes
}
