package parley

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// PageRequest asks for a page of a list.
type PageRequest interface {
	proto.Message
	GetPageToken() string
}

// PageResponse is a page of a list.
type PageResponse interface{ GetNextPageToken() string }

// Pages goes through the pages of a list, from the request's page token on:
//
//	for page, err := range parley.Pages(ctx, client.Identity.ListUsers, &identityv1.ListUsersRequest{Query: "ann"}) { ... }
//
// A page is asked for when it is wanted; a failure ends the iteration. The
// request is left as it is.
func Pages[Q PageRequest, S PageResponse](
	ctx context.Context, list func(context.Context, Q) (S, error), request Q,
) iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		request, ok := proto.Clone(request).(Q)
		for ok {
			page, err := list(ctx, request)
			if !yield(page, err) || err != nil || page.GetNextPageToken() == "" {
				return
			}
			setPageToken(request, page.GetNextPageToken())
		}
	}
}

// All goes through the items of a list, page by page:
//
//	for user, err := range parley.All(ctx, client.Identity.ListUsers, &identityv1.ListUsersRequest{}, (*identityv1.ListUsersResponse).GetUsers) { ... }
func All[Q PageRequest, S PageResponse, Item any](
	ctx context.Context, list func(context.Context, Q) (S, error), request Q, items func(S) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for page, err := range Pages(ctx, list, request) {
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(page) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

func setPageToken(request proto.Message, token string) {
	message := request.ProtoReflect()
	if field := message.Descriptor().Fields().ByName("page_token"); field != nil {
		message.Set(field, protoreflect.ValueOfString(token))
	}
}
