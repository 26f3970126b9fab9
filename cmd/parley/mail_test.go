package main

import (
	"errors"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// A mail comes in through a pipe; what cannot be taken in now is kept by the mail
// server, and what never can is sent back.
// Spec: C14
func TestMail_ComesByPipe(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	ada := node.SignIn(t, servertest.Admin)
	_, err := ada.Mail.UpdateMailSettings(t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: &mailv1.MailSettings{Domain: "mail.acme.example"}})
	require.NoError(t, err)
	key, err := ada.Identity.CreateApiKey(t.Context(), &identityv1.CreateApiKeyRequest{Name: "pipe", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_MAIL_WRITE}})
	require.NoError(t, err)
	pipe := func(text string, change ...func(*mailCommand)) int {
		c := &mailCommand{Server: node.URL, Key: key.GetToken(), Recipients: []string{"nobody@mail.acme.example"}, stdin: strings.NewReader(text)}
		for _, do := range change {
			do(c)
		}
		err := c.Run(t.Context())
		var exit *exitError
		if errors.As(err, &exit) {
			return exit.status
		}
		require.NoError(t, err)
		return 0
	}
	require.Zero(t, pipe("From: grace@navy.test\nSubject: By pipe\n\nHello\n"))
	waiting, err := ada.Mail.ListQuarantinedMails(t.Context(), &mailv1.ListQuarantinedMailsRequest{})
	require.NoError(t, err)
	require.Equal(t, "By pipe", waiting.GetMails()[0].GetSubject())
	require.Equal(t, []string{"nobody@mail.acme.example"}, waiting.GetMails()[0].GetTo())

	require.Equal(t, exitRefused, pipe(""))
	require.Equal(t, exitRefused, pipe(strings.Repeat("x", maxPiped+1)))
	require.Equal(t, exitRefused, pipe("Hi", func(c *mailCommand) { c.Recipients = []string{"no address"} }))
	require.Equal(t, exitTryLater, pipe("Hi", func(c *mailCommand) { c.Key = "wrong" }))
	require.Equal(t, exitTryLater, pipe("Hi", func(c *mailCommand) { c.Server = "http://127.0.0.1:9" }))
}

// Mails come in by LMTP at a Unix socket, also one that a server left behind; one that
// is in use is not taken away.
// Spec: C14
func TestMail_ComesByUnixSocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "lmtp.sock")
	at := func(c *server.Config) { c.LMTPListen = socket }
	node := servertest.Start(t, at)
	_, err := node.SignIn(t, servertest.Admin).Mail.UpdateMailSettings(t.Context(), &mailv1.UpdateMailSettingsRequest{Settings: &mailv1.MailSettings{Domain: "mail.acme.example"}})
	require.NoError(t, err)
	c, err := textproto.Dial("unix", socket)
	require.NoError(t, err)
	defer c.Close()
	_, _, err = c.ReadResponse(220)
	require.NoError(t, err)
	for _, said := range []struct {
		line string
		code int
	}{
		{"LHLO navy.test", 250}, {"MAIL FROM:<grace@navy.test>", 250}, {"RCPT TO:<victim@elsewhere.test>", 550},
		{"RCPT TO:<nobody@mail.acme.example>", 250}, {"DATA", 354}, {"Subject: Hi\r\n\r\nHello\r\n.", 250}, {"QUIT", 221},
	} {
		require.NoError(t, c.PrintfLine("%s", said.line))
		_, words, err := c.ReadResponse(said.code)
		require.NoError(t, err, "%s: %s", said.line, words)
	}
	_, err = server.New(t.Context(), server.Config{
		DatabaseURL: node.DatabaseURL, RedisURL: node.RedisURL, BlobURL: node.BlobURL, AllowUnsafeDurability: true, LMTPListen: socket,
	})
	require.ErrorContains(t, err, "cannot listen for mail on")
}
