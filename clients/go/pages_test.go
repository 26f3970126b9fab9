package parley_test

import (
	"context"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	parley "github.com/parley-chat/parley/clients/go"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
)

// threePages is a list of three pages of two users each.
type threePages struct{ asked []string }

func (p *threePages) list(_ context.Context, req *identityv1.ListUsersRequest) (*identityv1.ListUsersResponse, error) {
	p.asked = append(p.asked, req.GetQuery()+" "+req.GetPageToken())
	page, _ := strconv.Atoi(req.GetPageToken())
	answer := &identityv1.ListUsersResponse{Users: []*identityv1.User{{Name: strconv.Itoa(2 * page)}, {Name: strconv.Itoa(2*page + 1)}}}
	if page < 2 {
		answer.NextPageToken = strconv.Itoa(page + 1)
	}
	return answer, nil
}

func TestAll_GoesThroughEveryPageWithTheSameOtherFields(t *testing.T) {
	t.Parallel()
	var pages threePages
	request := &identityv1.ListUsersRequest{Query: "ann"}
	var names []string
	for user, err := range parley.All(t.Context(), pages.list, request, (*identityv1.ListUsersResponse).GetUsers) {
		require.NoError(t, err)
		names = append(names, user.GetName())
	}
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5"}, names)
	require.Equal(t, []string{"ann ", "ann 1", "ann 2"}, pages.asked)
	require.Empty(t, request.GetPageToken(), "the caller's request is theirs")
}

func TestPages_AreAskedForWhenTheyAreWanted(t *testing.T) {
	t.Parallel()
	var pages threePages
	for page, err := range parley.Pages(t.Context(), pages.list, &identityv1.ListUsersRequest{PageToken: "1"}) {
		require.NoError(t, err)
		require.Len(t, page.GetUsers(), 2)
		break
	}
	require.Equal(t, []string{" 1"}, pages.asked)
}

func TestAll_EndsWithAFailure(t *testing.T) {
	t.Parallel()
	list := func(context.Context, *identityv1.ListUsersRequest) (*identityv1.ListUsersResponse, error) {
		return nil, io.EOF
	}
	count := 0
	for _, err := range parley.All(t.Context(), list, &identityv1.ListUsersRequest{}, (*identityv1.ListUsersResponse).GetUsers) {
		require.ErrorIs(t, err, io.EOF)
		count++
	}
	require.Equal(t, 1, count)
}
