package mail_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

// Whatever comes, Parse reads it: no panic, clean text, and the same again.
func FuzzParse(f *testing.F) {
	mails, err := filepath.Glob("testdata/*.eml")
	require.NoError(f, err)
	for _, name := range mails {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)))
		require.NoError(t, err)
		for _, s := range []string{in.Text, in.Quoted, in.HTML, in.Subject, in.MessageID, in.From.Addr, in.From.Name} {
			require.True(t, utf8.ValidString(s))
			require.NotContains(t, s, "\x00")
			require.NotContains(t, s, "\r")
		}
		for _, s := range []string{in.Subject, in.MessageID, in.From.Name, in.ListID} {
			require.NotContains(t, s, "\n")
		}
		require.NotContains(t, strings.ToLower(in.HTML), "<script")
		for _, a := range in.Attachments {
			require.NotEmpty(t, a.Name)
			require.False(t, strings.ContainsAny(a.Name, "/\\\x00\n"), a.Name)
			_, err := io.Copy(io.Discard, a.Open())
			require.NoError(t, err)
		}
		for _, a := range in.Recipients() {
			again, err := mail.ParseAddress(a.Addr)
			require.NoError(t, err, a.Addr)
			require.Equal(t, a.Addr, again.Addr)
		}
	})
}

// No word of a text is ever lost, and the new part of a new part is all of it, unless it was an answer below.
func FuzzSplitQuote(f *testing.F) {
	for _, s := range []string{
		"Hi\n\nOn Mon, Nov 2, 2026 at 3:04 PM Nora <n@f.test> wrote:\n> x\n", "a\n-- \nb", "> a\n\nb\n> c\n", "From: a\nSent: b\nTo: c\n", mail.DefaultMarker,
		"-----Original Message-----\nx", "Sent from my iPhone", "____________\nVon: a\nGesendet: b\nAn: c", "于2026年11月2日周一 15:04写道：\n> x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fresh, quoted := mail.SplitQuote(text)
		all := strings.Fields(fresh + "\n" + quoted)
		want := strings.Fields(text)
		slices.Sort(all)
		slices.Sort(want)
		require.Equal(t, want, all)
		if strings.TrimSpace(text) != "" {
			require.NotEmpty(t, strings.TrimSpace(fresh))
		}
	})
}

// Every address that is read can be written and read again, and says nothing that a header could not hold.
func FuzzParseAddresses(f *testing.F) {
	for _, s := range []string{`"Hopper, G" <g@n.test>, a@b.test`, "Friends: a@b.test, c@d.test;", "=?utf-8?Q?=C3=85?= <a@bücher.test>", "a@b.test (A (B) C)", "<@r:a@b.test>", "a@[192.0.2.1]", `"a\"b" <c@d.test>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, a := range mail.ParseAddresses(s) {
			require.True(t, utf8.ValidString(a.Addr+a.Name), a)
			require.False(t, strings.ContainsAny(a.Addr+a.Name, "\r\n\x00"), "%q", a)
			require.NotContains(t, a.Addr, " ")
			again, err := mail.ParseAddress(a.Addr)
			require.NoError(t, err, a.Addr)
			require.Equal(t, a.Addr, again.Addr)
			written := mail.ParseAddresses(a.String())
			require.Len(t, written, 1, a.String())
			require.Equal(t, a.Addr, written[0].Addr, a.String())
		}
		for _, id := range mail.MessageIDs(s) {
			require.Equal(t, []string{id}, mail.MessageIDs("<"+id+">"))
		}
		require.True(t, !utf8.ValidString(s) || utf8.ValidString(mail.DecodeHeader(s)))
	})
}

// Nothing but what was signed is read as ours.
func FuzzSigner(f *testing.F) {
	s, err := mail.NewSigner(bytes.Repeat([]byte("k"), 32))
	require.NoError(f, err)
	id := uuid.MustParse("0192f3c0-1111-7222-8333-444455556666")
	for _, given := range []string{s.ReplyAddress(id, "f.test"), s.BounceAddress(id, "f.test"), s.MessageID(id, "f.test"), s.Token("reply", id)} {
		f.Add(given)
	}
	f.Fuzz(func(t *testing.T, given string) {
		if got, ok := s.Reply(given); ok {
			local, _, _ := strings.Cut(given, "@")
			require.Equal(t, s.ReplyAddress(got, "x"), strings.ToLower(local)+"@x")
		}
		if got, ok := s.Bounce(given); ok {
			local, _, _ := strings.Cut(given, "@")
			require.Equal(t, s.BounceAddress(got, "x"), strings.ToLower(local)+"@x")
		}
		if got, ok := s.Message(given); ok {
			local, _, _ := strings.Cut(strings.Trim(given, "<>"), "@")
			require.Equal(t, s.MessageID(got, "x"), strings.ToLower(local)+"@x")
		}
	})
}

// HTML of any kind becomes HTML that loads and runs nothing, and stays so when it is cleaned again.
func FuzzSanitizeHTML(f *testing.F) {
	raw, err := os.ReadFile("testdata/xss.eml")
	require.NoError(f, err)
	f.Add(string(raw))
	f.Add(`<a href="https://x.test">x</a><img src="cid:a"><img src=https://t.test/p>`)
	f.Fuzz(func(t *testing.T, source string) {
		safe, _ := mail.SanitizeHTML(source)
		lower := strings.ToLower(safe)
		for _, bad := range []string{"<script", "<style", "<iframe", "<svg", "<form", "<input", "<link", "<meta", "<base", "<object", " style=", " onclick=", " srcset=", `href="javascript`, `src="http`, `src="//`, `href="data`} {
			require.NotContains(t, stripText(lower), bad)
		}
		again, images := mail.SanitizeHTML(safe)
		require.Zero(t, images)
		_ = again
		require.True(t, !utf8.ValidString(source) || utf8.ValidString(mail.TextOf(source)))
	})
}

// stripText leaves only the tags.
func stripText(html string) string {
	var tags strings.Builder
	for {
		_, rest, ok := strings.Cut(html, "<")
		if !ok {
			return tags.String()
		}
		tag, after, _ := strings.Cut(rest, ">")
		tags.WriteString("<" + tag + ">")
		html = after
	}
}
