package mail_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/jhillyerd/enmime/v2"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/mail"
)

func outgoing() mail.Outgoing {
	frame := mail.Frame{
		Marker: mail.DefaultMarker, Heading: "Åsa Öberg <b>wrote</b>", LinkText: "Open the ticket", LinkURL: "https://fernhill.test/t/7?a=1&b=2",
		Footer: "You follow this ticket.", UnsubscribeText: "Unsubscribe", UnsubscribeURL: "https://fernhill.test/u/abc", Lang: "sv",
	}
	body := frame.Wrap(mail.Render("Hej **Grace**,\nse [ordern](https://shop.test/7).\n\n- ett\n- två\n\n.\n<script>alert(1)</script>\n[x](javascript:alert(1))"))
	return mail.Outgoing{
		From: mail.Address{Name: "Åsa Öberg, Fernhill", Addr: "support@fernhill.test"}, ReplyTo: mail.Address{Addr: "reply+abc@fernhill.test"},
		To: mail.Address{Name: `Grace "G" Hopper`, Addr: "grace@navy.test"}, MessageID: "m2@fernhill.test", InReplyTo: "m1@navy.test",
		References: []string{"m0@navy.test", "m1@navy.test"}, Date: time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC),
		Subject: strings.Repeat("Ärendet om fakturan för hösten ", 5) + "你好", Text: body.Text, HTML: body.HTML,
		Unsubscribe: mail.Unsubscribe{URL: "https://fernhill.test/u/abc", Mailto: "unsubscribe+abc@fernhill.test"}, AutoSubmitted: "auto-generated",
		Headers: []mail.Header{{Name: mail.IDHeader, Value: "<m2@fernhill.test>"}, {Name: mail.HopHeader, Value: "fernhill-7f"}},
		Attachments: []mail.Enclosure{
			{Name: "räkning 你好.pdf", Type: "application/pdf", Open: opener("%PDF")},
			{Name: "empty.txt", Open: opener("")},
		},
	}
}

func opener(s string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func compose(t *testing.T, o mail.Outgoing, key *mail.DKIM) []byte {
	t.Helper()
	s, err := o.Compose(t.Context(), key, 1<<20)
	require.NoError(t, err)
	defer s.Close()
	raw, err := io.ReadAll(s.Reader())
	require.NoError(t, err)
	return raw
}

// What is sent is well formed, and read again as what it was, by us and by others.
// Spec: C14
func TestComposeRoundTrip(t *testing.T) {
	t.Parallel()
	o := outgoing()
	raw := compose(t, o, nil)
	for i, line := range strings.Split(string(raw), "\r\n") {
		require.LessOrEqual(t, len(line), 998, "line %d", i)
		require.NotContains(t, line, "\n")
		for _, c := range []byte(line) {
			require.Less(t, c, byte(0x80), "line %d: %s", i, line)
		}
	}
	in := parse(t, raw)
	require.Equal(t, o.From, in.From)
	require.Equal(t, []mail.Address{o.To}, in.To)
	require.Equal(t, []mail.Address{o.ReplyTo}, in.ReplyTo)
	require.Equal(t, o.Subject, in.Subject)
	require.Equal(t, o.MessageID, in.MessageID)
	require.Equal(t, []string{o.InReplyTo}, in.InReplyTo)
	require.Equal(t, o.References, in.References)
	require.True(t, o.Date.Equal(in.Date))
	require.Equal(t, "<https://fernhill.test/u/abc>, <mailto:unsubscribe+abc@fernhill.test>", in.Header("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", in.Header("List-Unsubscribe-Post"))
	require.Equal(t, "auto-generated", in.Header("Auto-Submitted"))
	require.Equal(t, "m2@fernhill.test", in.OriginalID)
	require.Equal(t, []string{"fernhill-7f"}, in.Hops)
	require.Equal(t, mail.AutomaticLoop, in.Automatic)
	require.Contains(t, in.Text, "se ordern <https://shop.test/7>.")
	require.Contains(t, in.HTML, "<strong>Grace</strong>")
	require.NotContains(t, string(raw), "script")
	require.Len(t, in.Attachments, 2)
	require.Equal(t, "räkning 你好.pdf", in.Attachments[0].Name)
	content, err := io.ReadAll(in.Attachments[0].Open())
	require.NoError(t, err)
	require.Equal(t, "%PDF", string(content))
	require.Empty(t, in.Repairs)

	e, err := enmime.ReadEnvelope(strings.NewReader(string(raw)))
	require.NoError(t, err)
	require.Empty(t, e.Errors)
	require.Equal(t, o.Subject, e.GetHeader("Subject"))
	require.Equal(t, "räkning 你好.pdf", e.Attachments[0].FileName)
	require.Contains(t, e.HTML, `<html lang="sv" dir="ltr">`)
	require.Contains(t, e.HTML, "Åsa Öberg &lt;b&gt;wrote&lt;/b&gt;")
	from, err := e.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, o.From.Name, from[0].Name)
}

// Text alone is one plain part.
func TestComposePlain(t *testing.T) {
	t.Parallel()
	in := parse(t, compose(t, mail.Outgoing{
		From: mail.Address{Addr: "a@b.test"}, To: mail.Address{Addr: "c@d.test"}, MessageID: "x@y", Text: "Hej\n\n" + strings.Repeat("ö", 2000) + "\n.\n",
	}, nil))
	require.Equal(t, "Hej\n\n"+strings.Repeat("ö", 2000)+"\n.", in.Text)
	require.Empty(t, in.HTML)
	require.Empty(t, in.Automatic)
}

// Nothing that somebody writes can add a header or another recipient.
// Spec: C14
func TestComposeRefusesInjection(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nBcc: all@world.test"
	for name, change := range map[string]func(o *mail.Outgoing){
		"subject":     func(o *mail.Outgoing) { o.Subject = evil },
		"subject lf":  func(o *mail.Outgoing) { o.Subject = "x\nBcc: y" },
		"subject nul": func(o *mail.Outgoing) { o.Subject = "x\x00" },
		"from":        func(o *mail.Outgoing) { o.From.Name = evil },
		"to":          func(o *mail.Outgoing) { o.To.Name = evil },
		"to address":  func(o *mail.Outgoing) { o.To.Addr = "a@b.test\r\nBcc: c@d.test" },
		"two to":      func(o *mail.Outgoing) { o.To.Addr = "a@b.test,c@d.test" },
		"no to":       func(o *mail.Outgoing) { o.To.Addr = "" },
		"reply to":    func(o *mail.Outgoing) { o.ReplyTo.Addr = "x> , <y@z.test" },
		"message id":  func(o *mail.Outgoing) { o.MessageID = evil },
		"no id":       func(o *mail.Outgoing) { o.MessageID = "" },
		"in reply to": func(o *mail.Outgoing) { o.InReplyTo = "a@b>\r\nX: y" },
		"references":  func(o *mail.Outgoing) { o.References = []string{"a@b", evil} },
		"header":      func(o *mail.Outgoing) { o.Headers = []mail.Header{{Name: "X-A", Value: evil}} },
		"header name": func(o *mail.Outgoing) { o.Headers = []mail.Header{{Name: "X-A\r\nBcc", Value: "y"}} },
		"unsubscribe": func(o *mail.Outgoing) { o.Unsubscribe.URL = "https://x>\r\nBcc: y" },
		"mailto":      func(o *mail.Outgoing) { o.Unsubscribe.Mailto = "x>, <https://evil.test" },
		"automatic":   func(o *mail.Outgoing) { o.AutoSubmitted = evil },
		"file name":   func(o *mail.Outgoing) { o.Attachments[0].Name = evil },
		"file type":   func(o *mail.Outgoing) { o.Attachments[0].Type = evil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := outgoing()
			change(&o)
			_, err := o.Compose(t.Context(), nil, 1<<20)
			require.True(t, errors.Is(err, mail.ErrHeader) || errors.Is(err, mail.ErrAddress), "%v", err)
		})
	}
}

// What cannot be read is not sent without it, and what is too large is not sent at all.
func TestComposeFails(t *testing.T) {
	t.Parallel()
	o := outgoing()
	gone := errors.New("the file is gone")
	o.Attachments[0].Open = func(context.Context) (io.ReadCloser, error) { return nil, gone }
	_, err := o.Compose(t.Context(), nil, 1<<20)
	require.ErrorIs(t, err, gone)
	o = outgoing()
	o.Attachments[0].Open = opener(strings.Repeat("x", 1<<20))
	_, err = o.Compose(t.Context(), nil, 1<<20)
	require.ErrorIs(t, err, mail.ErrTooLarge)
}

// A long talk keeps its first and its newest references.
func TestComposeShortensReferences(t *testing.T) {
	t.Parallel()
	o := outgoing()
	o.References = nil
	for i := range 100 {
		o.References = append(o.References, strings.Repeat("x", i+1)+"@y.test")
	}
	got := parse(t, compose(t, o, nil)).References
	require.Len(t, got, 30)
	require.Equal(t, o.References[0], got[0])
	require.Equal(t, o.References[99], got[29])
}

// A signature made with either kind of key is good, and broken by any change.
// Spec: C14
func TestDKIM(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	edDER, err := x509.MarshalPKCS8PrivateKey(ed)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"ed25519": {Type: "PRIVATE KEY", Bytes: edDER},
		"rsa":     {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := mail.NewDKIM("Fernhill.test", "parley1", pem.EncodeToMemory(block))
			require.NoError(t, err)
			raw := string(compose(t, outgoing(), key))
			require.NoError(t, verify(t, key, raw))
			for _, change := range [][2]string{{"Subject: ", "Subject: x"}, {"\r\nTo: ", "\r\nTo: <x@y.test>, "}, {"two=", "tw="}, {"From: ", "From: evil@x.test\r\nFrom: "}, {"one-click", "x"}} {
				if changed := strings.Replace(raw, change[0], change[1], 1); changed != raw {
					require.Error(t, verify(t, key, changed), change)
				}
			}
			require.Error(t, verify(t, key, raw+"more"))
		})
	}
	for _, wrong := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		_, err := mail.NewDKIM("fernhill.test", "parley1", []byte(wrong))
		require.ErrorIs(t, err, mail.ErrKey)
	}
	_, err = mail.NewDKIM("fernhill.test", "a b", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: edDER}))
	require.ErrorIs(t, err, mail.ErrKey)
	_, err = mail.NewDKIM("no domain", "a", nil)
	require.ErrorIs(t, err, mail.ErrDomain)
}

func verify(t *testing.T, key *mail.DKIM, raw string) error {
	t.Helper()
	results, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
		name, text := key.Record()
		require.Equal(t, name, domain)
		return []string{text}, nil
	}})
	require.NoError(t, err)
	require.Len(t, results, 1)
	require.Equal(t, "fernhill.test", results[0].Domain)
	return results[0].Err
}

// Markdown and plain text become what a recipient can read, and nothing that runs.
func TestRender(t *testing.T) {
	t.Parallel()
	b := mail.Render("# Title\n\nOne\ntwo ~~three~~ https://x.test/a\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode <b>\n```\n<img src=x onerror=alert(1)>")
	require.Equal(t, "Title\n\nOne\ntwo three https://x.test/a\n\n> quoted\n\na b\n1 2\n\ncode <b>", b.Text)
	require.NotContains(t, b.HTML, "onerror")
	require.Contains(t, b.HTML, "<del>three</del>")
	p := mail.RenderPlain("a < b\nc\n\n<script>\x00")
	require.Equal(t, mail.Body{Text: "a < b\nc\n\n<script>", HTML: "<p>a &lt; b<br>\nc</p>\n<p>&lt;script&gt;</p>"}, p)
	framed := mail.Frame{Lang: "ar-EG", LinkURL: "javascript:alert(1)"}.Wrap(p)
	require.Contains(t, framed.HTML, `dir="rtl"`)
	require.NotContains(t, framed.HTML, `href="javascript:`)
}

// The text of a framed mail ends as a signature, so that the next answer cuts it off.
func TestFrameText(t *testing.T) {
	t.Parallel()
	text := mail.Frame{Heading: "Nora wrote", Footer: "You follow this.", UnsubscribeText: "Unsubscribe", UnsubscribeURL: "https://f.test/u"}.Wrap(mail.RenderPlain("Hi")).Text
	require.Equal(t, "Nora wrote\n\nHi\n\n-- \nYou follow this.\nUnsubscribe: https://f.test/u\n", text)
	fresh, _ := mail.SplitQuote(text)
	require.Equal(t, "Nora wrote\n\nHi", fresh)
}

// An image that came with a mail is shown from where it was stored.
func TestResolveImages(t *testing.T) {
	t.Parallel()
	safe, _ := mail.SanitizeHTML(`<img src="cid:a%40b&amp;c" alt="x"><img src="cid:gone" alt="y"><a href="cid:no">z</a>`)
	got := mail.ResolveImages(safe, func(id string) string {
		if id == "a@b&c" {
			return `https://files.test/1?x="&y`
		}
		return ""
	})
	require.Equal(t, `<img src="https://files.test/1?x=&#34;&amp;y" alt="x"><img alt="y">z`, got)
}
