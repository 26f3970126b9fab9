package rpc_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/rpc"
)

type place struct {
	Name string
	Seq  int64
}

func pages(t testing.TB, now func() time.Time) *rpc.Pages {
	t.Helper()
	p, err := rpc.NewPages(bytes.Repeat([]byte{7}, 32), now)
	require.NoError(t, err)
	return p
}

func TestPageSize(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int32]int{0: 50, -3: 50, 1: 1, 50: 50, 200: 200, 201: 200, 1 << 30: 200} {
		require.Equal(t, want, rpc.PageSize(asked, 50, 200))
	}
}

func TestPages_TokenNamesTheSamePlaceAgain(t *testing.T) {
	t.Parallel()
	p := pages(t, nil)
	rapid.Check(t, func(r *rapid.T) {
		at := place{Name: rapid.String().Draw(r, "name"), Seq: rapid.Int64().Draw(r, "seq")}
		req := &identityv1.ListUsersRequest{Query: rapid.String().Draw(r, "query")}
		token, err := p.Encode(t.Context(), req, at)
		require.NoError(r, err)
		req.PageToken, req.PageSize = token, rapid.Int32().Draw(r, "page size may change")
		var got place
		more, err := p.Decode(t.Context(), req, &got)
		require.NoError(r, err)
		require.True(r, more)
		require.Equal(r, at, got)
	})
}

func TestPages_FirstPageHasNoToken(t *testing.T) {
	t.Parallel()
	var got place
	more, err := pages(t, nil).Decode(t.Context(), &identityv1.ListUsersRequest{}, &got)
	require.NoError(t, err)
	require.False(t, more)
}

func TestPages_TokenIsGoodForItsOwnListOnly(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	p := pages(t, func() time.Time { return now })
	caller := access.Caller{Kind: access.User, Workspace: uuid.New(), ID: uuid.New()}
	as := func(c access.Caller) context.Context { return access.WithCaller(t.Context(), c) }
	token, err := p.Encode(as(caller), &identityv1.ListUsersRequest{Query: "ann"}, place{Seq: 7})
	require.NoError(t, err)
	require.NotContains(t, token, "ann")

	foreign, colleague := caller, caller
	foreign.Workspace, colleague.ID = uuid.New(), uuid.New()
	refused := map[string]struct {
		ctx context.Context
		req rpc.PageRequest
	}{
		"OtherArguments": {as(caller), &identityv1.ListUsersRequest{Query: "bob", PageToken: token}},
		"OtherMethod":    {as(caller), &identityv1.ListSessionsRequest{PageToken: token}},
		"OtherWorkspace": {as(foreign), &identityv1.ListUsersRequest{Query: "ann", PageToken: token}},
		"OtherCaller":    {as(colleague), &identityv1.ListUsersRequest{Query: "ann", PageToken: token}},
		"CutOff":         {as(caller), &identityv1.ListUsersRequest{Query: "ann", PageToken: token[:len(token)-4]}},
		"Longer":         {as(caller), &identityv1.ListUsersRequest{Query: "ann", PageToken: token + "AAAA"}},
		"NoBase64":       {as(caller), &identityv1.ListUsersRequest{Query: "ann", PageToken: "?"}},
	}
	for name, test := range refused {
		_, err := p.Decode(test.ctx, test.req, new(place))
		require.ErrorIs(t, err, rpc.ErrPageToken, name)
	}
	req := &identityv1.ListUsersRequest{Query: "ann", PageToken: token}
	now = now.Add(72 * time.Hour)
	_, err = p.Decode(as(caller), req, new(place))
	require.NoError(t, err)
	now = now.Add(time.Second)
	_, err = p.Decode(as(caller), req, new(place))
	require.ErrorIs(t, err, rpc.ErrPageToken, "too old")
}

func TestNewPages_NeedsAWholeKey(t *testing.T) {
	t.Parallel()
	_, err := rpc.NewPages(make([]byte, 16), nil)
	require.Error(t, err)
}

func FuzzPages_Decode(f *testing.F) {
	p := pages(f, nil)
	token, err := p.Encode(f.Context(), &identityv1.ListUsersRequest{}, place{Name: "ann"})
	require.NoError(f, err)
	for _, seed := range []string{token, "", "AAAA", token + "=", token[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, forged string) {
		var got place
		more, err := p.Decode(t.Context(), &identityv1.ListUsersRequest{PageToken: forged}, &got)
		switch {
		case forged == "":
			require.NoError(t, err)
			require.False(t, more)
		case err == nil: // the seed, as this or another process made it
			require.Equal(t, place{Name: "ann"}, got)
		default:
			require.ErrorIs(t, err, rpc.ErrPageToken)
		}
	})
}
