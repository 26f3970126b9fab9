package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	visitorv1 "github.com/parley-chat/parley/gen/parley/visitor/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// fetch loads an address as a browser does, without any credential but what the
// address holds.
func fetch(t testing.TB, address string) (status int, header http.Header, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(text)
}

func (w *world) link(t *testing.T, by *servertest.Client, file string) string {
	t.Helper()
	res, err := by.Files.CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: file})
	require.NoError(t, err)
	return w.node.URL + res.GetPath()
}

// Spec: C4 C10
func TestFileLink_LeadsToItsFileOnlyAndRunsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, header, body := fetch(t, w.link(t, w.owner, w.talk.file))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, content, body)
	require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	require.Contains(t, header.Get("Content-Disposition"), "attachment")
	require.Contains(t, header.Get("Content-Security-Policy"), "sandbox")
	require.Equal(t, "no-referrer", header.Get("Referrer-Policy"))

	note := w.link(t, w.agent, w.note.file)
	status, _, _ = fetch(t, note)
	require.Equal(t, http.StatusOK, status, "for those inside")
	token := note[strings.Index(note, "?"):]
	ownToken := w.link(t, w.owner, w.talk.file)
	ownToken = ownToken[strings.Index(ownToken, "?"):]
	for name, address := range map[string]string{
		"without a token":           strings.TrimSuffix(note, token),
		"with a made-up token":      strings.TrimSuffix(note, token) + "?token=" + strings.Repeat("A", 200),
		"with a changed token":      note[:len(note)-6] + "AAAAAA",
		"with another file's token": strings.TrimSuffix(note, token) + ownToken,
		"of another file":           w.node.URL + "/files/" + w.talk.file + token,
		"of no file":                w.node.URL + "/files/nothing" + token,
	} {
		status, _, body := fetch(t, address)
		require.Equal(t, http.StatusNotFound, status, name)
		require.NotContains(t, body, content, name)
		require.NotContains(t, body, "zebra", name)
	}
}

// A link dies with the right that it was made with, on every node.
//
// Spec: A4 C10
func TestFileLink_DiesWithItsHoldersRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.node.Join(t)
	agent := agentAnew(t, w)
	links := map[string]string{
		"of a visit that ends":        w.link(t, w.owner, w.talk.file),
		"of a session that ends":      w.link(t, agent, w.note.file),
		"of a role that is taken off": w.link(t, w.node.SignIn(t, markStaff+"-target@acme.example"), w.note.file),
	}
	for name, link := range links {
		for _, address := range []string{link, strings.Replace(link, w.node.URL, other.URL, 1)} {
			status, _, _ := fetch(t, address)
			require.Equal(t, http.StatusOK, status, name)
		}
	}
	_, err := w.owner.Visitor.EndVisit(t.Context(), &visitorv1.EndVisitRequest{})
	require.NoError(t, err)
	_, err = agent.Identity.SignOut(t.Context(), &identityv1.SignOutRequest{})
	require.NoError(t, err)
	w.changeUser(t, &identityv1.User{Id: w.target, Role: identityv1.Role_ROLE_MEMBER}, "role")
	for name, link := range links {
		for _, address := range []string{link, strings.Replace(link, w.node.URL, other.URL, 1)} {
			require.Eventually(t, func() bool {
				status, _, _ := fetch(t, address)
				return status == http.StatusNotFound
			}, endsWithin, 50*time.Millisecond, name)
		}
	}
}
