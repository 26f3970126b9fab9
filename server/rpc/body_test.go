package rpc_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/gen/parley/identity/v1/identityv1connect"
)

const sixMiB = 6 << 20

// Spec: A1
func TestBody_TooLargeIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	for name, options := range protocols() {
		if name == "get" {
			continue // an address has less room than that
		}
		for _, size := range []int{sixMiB, 3 * sixMiB} {
			_, err := b.identity(append(options, as("member"))...).SignIn(t.Context(), &identityv1.SignInRequest{
				Email: "a@b.c", Password: strings.Repeat("x", size),
			})
			require.Error(t, err, name)
			requireFault(t, err, connect.CodeResourceExhausted, "REQUEST_TOO_LARGE")
		}
	}
	_, err := b.identity(as("member")).GetUser(t.Context(), aUser())
	require.NoError(t, err)
}

// Spec: A1
func TestBody_OfUnknownLengthIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t, slog.LevelInfo)
	post := func(size int) map[string]any {
		text := `{"userId":"` + aUser().GetUserId() + `"}`
		text += strings.Repeat(" ", size-len(text))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			b.server.URL+identityv1connect.IdentityServiceGetUserProcedure, io.MultiReader(strings.NewReader(text))) // sent in chunks
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer member")
		res, err := b.server.Client().Do(req)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		var raw bytes.Buffer
		_, err = raw.ReadFrom(res.Body)
		require.NoError(t, err)
		answer := map[string]any{}
		require.NoError(t, json.Unmarshal(raw.Bytes(), &answer), raw.String())
		return answer
	}
	require.Contains(t, post(sixMiB), "user", "as much as is allowed")
	refused := post(sixMiB + 1)
	require.Equal(t, "resource_exhausted", refused["code"])
	require.Contains(t, refused["message"], "6 MiB")
	require.Len(t, refused["details"], 2, "a reason, and the request's id")
}
