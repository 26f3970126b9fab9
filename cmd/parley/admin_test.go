package main

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/identity"
)

func TestWorkspace_AnswersItsID(t *testing.T) {
	t.Parallel()
	made := identity.Created{Workspace: uuid.New(), Administrator: uuid.New()}
	require.Equal(t, "workspace acme created with id "+made.Workspace.String(), created("acme", made))
}
