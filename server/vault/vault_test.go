package vault_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/vault"
)

func newVault(t *testing.T, secret byte) *vault.Vault {
	t.Helper()
	sealer, err := thread.NewSealer(uuid.New(), bytes.Repeat([]byte{secret}, 32))
	require.NoError(t, err)
	return vault.New(sealer)
}

func TestVault_GivesBackWhatItSealed(t *testing.T) {
	t.Parallel()
	v, at := newVault(t, 1), vault.Place{Workspace: uuid.New(), Purpose: "key", Owner: "1"}
	sealed, err := v.Seal(at, []byte("hunter2"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "hunter2")
	again, err := v.Seal(at, []byte("hunter2"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again, "equal secrets do not look equal")

	opened, err := v.Open(at, sealed)
	require.NoError(t, err)
	require.Equal(t, "hunter2", string(opened))

	nothing, err := v.Seal(at, nil)
	require.NoError(t, err)
	require.Nil(t, nothing)
	opened, err = v.Open(at, nil)
	require.NoError(t, err)
	require.Empty(t, opened)
}

func TestVault_OpensNowhereElse(t *testing.T) {
	t.Parallel()
	v, at := newVault(t, 1), vault.Place{Workspace: uuid.New(), Purpose: "key", Owner: "1"}
	sealed, err := v.Seal(at, []byte("hunter2"))
	require.NoError(t, err)
	for name, place := range map[string]vault.Place{
		"workspace": {Workspace: uuid.New(), Purpose: "key", Owner: "1"},
		"purpose":   {Workspace: at.Workspace, Purpose: "other", Owner: "1"},
		"owner":     {Workspace: at.Workspace, Purpose: "key", Owner: "2"},
	} {
		_, err := v.Open(place, sealed)
		require.ErrorIs(t, err, vault.ErrBroken, name)
	}
	_, err = newVault(t, 2).Open(at, sealed)
	require.ErrorIs(t, err, vault.ErrBroken, "another installation")
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		_, err := v.Open(at, broken)
		require.ErrorIs(t, err, vault.ErrBroken)
		_, err = v.Open(at, sealed[:i])
		if i > 0 {
			require.ErrorIs(t, err, vault.ErrBroken)
		}
	}
}

func TestVault_TokenIsTheSameForOnePlaceOnly(t *testing.T) {
	t.Parallel()
	v, at := newVault(t, 1), vault.Place{Workspace: uuid.New(), Purpose: "webhook", Owner: "1"}
	first, err := v.Token(at)
	require.NoError(t, err)
	require.Len(t, first, 22)
	second, err := v.Token(at)
	require.NoError(t, err)
	require.Equal(t, first, second)
	at.Owner = "2"
	third, err := v.Token(at)
	require.NoError(t, err)
	require.NotEqual(t, first, third)
}
