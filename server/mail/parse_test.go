package mail_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seen is an Incoming as its golden file shows it.
type seen struct {
	MessageID      string                `json:",omitempty"`
	From           string                `json:",omitempty"`
	Sender         string                `json:",omitempty"`
	OriginalSender string                `json:",omitempty"`
	ReplyTo        []string              `json:",omitempty"`
	To             []string              `json:",omitempty"`
	Cc             []string              `json:",omitempty"`
	DeliveredTo    []string              `json:",omitempty"`
	ReturnPath     *string               `json:",omitempty"`
	Date           string                `json:",omitempty"`
	Subject        string                `json:",omitempty"`
	InReplyTo      []string              `json:",omitempty"`
	References     []string              `json:",omitempty"`
	Text           []string              `json:",omitempty"`
	Quoted         []string              `json:",omitempty"`
	HTML           []string              `json:",omitempty"`
	RemoteImages   int                   `json:",omitempty"`
	Attachments    []file                `json:",omitempty"`
	Invitation     *mail.Invitation      `json:",omitempty"`
	Automatic      mail.Automatic        `json:",omitempty"`
	ListID         string                `json:",omitempty"`
	Bounce         *mail.Bounce          `json:",omitempty"`
	Hops           []string              `json:",omitempty"`
	OriginalID     string                `json:",omitempty"`
	Authentication []mail.Authentication `json:",omitempty"`
	Repairs        []string              `json:",omitempty"`
}

type file struct {
	Name, Type string
	ContentID  string `json:",omitempty"`
	Inline     bool   `json:",omitempty"`
	Size       int64
	Start      string `json:",omitempty"`
}

func see(t *testing.T, in *mail.Incoming) seen {
	t.Helper()
	s := seen{
		MessageID: in.MessageID, From: readable(in.From), Sender: readable(in.Sender), OriginalSender: readable(in.OriginalSender),
		ReplyTo: shown(in.ReplyTo), To: shown(in.To), Cc: shown(in.Cc), DeliveredTo: shown(in.DeliveredTo), ReturnPath: in.ReturnPath,
		Subject: in.Subject, InReplyTo: in.InReplyTo, References: in.References,
		Text: lines(in.Text), Quoted: lines(in.Quoted), HTML: lines(in.HTML), RemoteImages: in.RemoteImages,
		Invitation: in.Invitation, Automatic: in.Automatic, ListID: in.ListID, Bounce: in.Bounce, Hops: in.Hops,
		OriginalID: in.OriginalID, Authentication: in.Authentication, Repairs: in.Repairs,
	}
	if !in.Date.IsZero() {
		s.Date = in.Date.String()
	}
	for _, a := range in.Attachments {
		f := file{Name: a.Name, Type: a.Type, ContentID: a.ContentID, Inline: a.Inline}
		content, err := io.ReadAll(a.Open())
		require.NoError(t, err)
		f.Size = int64(len(content))
		f.Start, _, _ = strings.Cut(string(bytes.ToValidUTF8(content[:min(len(content), 40)], nil)), "\r")
		s.Attachments = append(s.Attachments, f)
	}
	return s
}

func shown(all []mail.Address) (s []string) {
	for _, a := range all {
		s = append(s, readable(a))
	}
	return s
}

func readable(a mail.Address) string { return strings.TrimSpace(a.Name + " " + a.Addr) }

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func parse(t *testing.T, raw []byte) *mail.Incoming {
	t.Helper()
	in, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	return in
}

// Every awkward mail in testdata is read as its golden file says.
// Spec: C14
func TestParseAwkwardMails(t *testing.T) {
	t.Parallel()
	mails, err := filepath.Glob("testdata/*.eml")
	require.NoError(t, err)
	require.Greater(t, len(mails), 60)
	for _, name := range mails {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".eml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			require.NoError(t, enc.Encode(see(t, parse(t, raw))))
			golden := strings.TrimSuffix(name, ".eml") + ".json"
			if *update {
				require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}
