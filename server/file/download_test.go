package file_test

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
)

const (
	png  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	gif  = "GIF89a\x01\x00\x01\x00"
	html = "<!DOCTYPE html><html><script>alert(1)</script></html>"
	svg  = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
)

// Spec: C10
func TestDownload_ServesEverythingInert(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, tt := range []struct {
		name, content, mediaType, disposition string
	}{
		{"photo.png", png, "image/png", "inline"},
		{"photo.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF\x00", "image/jpeg", "inline"},
		{"photo.webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", "inline"},
		{"both.js", gif + "=1;alert(1)//", "image/gif", "inline"}, // GIF and script: never taken for the latter
		{"photo.png", html, "application/octet-stream", "attachment"},
		{"page.html", html, "application/octet-stream", "attachment"},
		{"logo.svg", svg, "application/octet-stream", "attachment"},
		{"logo.png", `<?xml version="1.0"?>` + svg, "application/octet-stream", "attachment"},
		{"doc.pdf", "%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>", "application/octet-stream", "attachment"},
		{"app.js", "alert(1)", "application/octet-stream", "attachment"},
		{"style.css", "body{}", "application/octet-stream", "attachment"},
		{"a.txt", "plain", "application/octet-stream", "attachment"},
		{"feed.xml", `<?xml version="1.0"?><x/>`, "application/octet-stream", "attachment"},
		{"tail.png", png + html, "image/png", "inline"},
	} {
		f := b.attached(b.user, b.chat, tt.name, []byte(tt.content))
		res := b.load(b.link(b.visitor, f.GetId()))

		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, tt.content, string(body), tt.name)
		require.Equal(t, http.StatusOK, res.StatusCode, tt.name)
		require.Equal(t, tt.mediaType, res.Header.Get("Content-Type"), "%s: %.20q", tt.name, tt.content)
		disposition, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, tt.disposition, disposition, tt.name)
		require.Equal(t, tt.name, params["filename"])
		requireInert(t, res)
	}
}

func requireInert(t *testing.T, res *http.Response) {
	t.Helper()
	require.Equal(t, "sandbox; default-src 'none'", res.Header.Get("Content-Security-Policy"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	require.Equal(t, "cross-origin", res.Header.Get("Cross-Origin-Resource-Policy"))
	require.Contains(t, res.Header.Get("Cache-Control"), "private")
}

// Names go into a header and into a file system: neither may be led astray.
func TestDownload_NamesCannotBreakTheHeader(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for given, want := range map[string]string{
		"a\"; filename=evil.exe; x=\".txt": "a_; filename=evil.exe; x=_.txt",
		"a\r\nSet-Cookie: x=1.txt":         "a Set-Cookie_ x=1.txt",
		"Größe 日本.txt":                     "Größe 日本.txt",
		".ht\u200baccess":                  "_htaccess",
		"invoice\u202efdp.exe":             "invoicefdp.exe",
	} {
		f := b.attached(b.user, b.record, given, []byte("x"))
		require.Equal(t, want, f.GetName())
		res := b.load(b.link(b.user, f.GetId()))
		_, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, want, params["filename"])
		require.Empty(t, res.Header.Get("Set-Cookie"))
	}
}

func TestDownload_ServesRanges(t *testing.T) {
	t.Parallel()
	b, data := setup(t), bytesOf(2*file.PartSize+100)
	f := b.attached(b.user, b.record, "data.bin", data)
	path := b.link(b.user, f.GetId())
	for header, want := range map[string][]byte{
		"bytes=0-9":             data[:10],
		"bytes=1048570-1048585": data[1048570:1048586], // across two parts
		"bytes=-50":             data[len(data)-50:],
		"bytes=2097152-":        data[2*file.PartSize:],
	} {
		res := b.load(path, "Range", header)
		got, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusPartialContent, res.StatusCode, header)
		require.True(t, bytes.Equal(want, got), header)
		requireInert(t, res)
	}
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, b.load(path, "Range", "bytes=9999999-").StatusCode)
	whole := b.load(path)
	got, err := io.ReadAll(whole.Body)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	require.EqualValues(t, len(data), whole.ContentLength)
	require.Equal(t, http.StatusNotModified, b.load(path, "If-None-Match", whole.Header.Get("ETag")).StatusCode)
}

// A link is good for its holder, for as long as they may read the file, and for
// five minutes.
func TestDownload_ALinkEndsWithTheRightToIt(t *testing.T) {
	t.Parallel()
	revoke := func(b *bundle, c access.Caller) {
		_, err := b.db.Exec(b.t.Context(), `UPDATE credential SET revoke_time = now() WHERE workspace_id = $1 AND id = $2`, c.Workspace, c.Credential)
		require.NoError(b.t, err)
	}
	for name, end := range map[string]func(b *bundle, id string){
		"after five minutes":                               func(b *bundle, _ string) { b.clock.pass(5 * time.Minute) },
		"when the holder is signed out":                    func(b *bundle, _ string) { revoke(b, b.colleague) },
		"when the holder may not read the thread any more": func(b *bundle, _ string) { b.door.lock(b.colleague) },
		"when the file was removed": func(b *bundle, id string) {
			f := b.as(b.user)
			_, err := f.DeleteFile(b.t.Context(), deleteRequest(id))
			require.NoError(b.t, err)
		},
		"when the holder was deactivated": func(b *bundle, _ string) {
			_, err := b.db.Exec(b.t.Context(), `UPDATE "user" SET active = false WHERE workspace_id = $1 AND id = $2`, b.workspace, b.colleague.ID)
			require.NoError(b.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			f := b.attached(b.user, b.record, "a.txt", []byte("a"))
			path := b.link(b.colleague, f.GetId())
			require.Equal(t, http.StatusOK, b.load(path).StatusCode)
			b.clock.pass(4 * time.Minute)
			require.Equal(t, http.StatusOK, b.load(path).StatusCode)

			end(b, f.GetId())

			res := b.load(path)
			require.Equal(t, http.StatusNotFound, res.StatusCode)
			requireInert(t, res)
		})
	}
}

func TestDownload_RefusesWhatWasNotSealedForThisFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine := b.attached(b.visitor, b.chat, "mine.txt", []byte("m"))
	other := b.attached(b.user, b.chat, "other.txt", []byte("o"))
	path := b.link(b.visitor, mine.GetId())
	token := path[strings.Index(path, "token="):]
	for _, wrong := range []string{
		file.PathPrefix + other.GetId() + "?" + token,
		file.PathPrefix + mine.GetId(),
		file.PathPrefix + mine.GetId() + "?token=",
		file.PathPrefix + mine.GetId() + "?token=AAAA",
		file.PathPrefix + mine.GetId() + "?" + token[:len(token)-2] + "AA",
		file.PathPrefix + mine.GetId() + "?token=" + strings.Repeat("A", 5000),
		file.PathPrefix + uuid.NewString() + "?" + token,
		file.PathPrefix + "../x?" + token,
		file.PathPrefix + "?" + token,
	} {
		require.Equal(t, http.StatusNotFound, b.load(wrong).StatusCode, wrong)
	}
	res, err := b.server.Client().Post(b.server.URL+path, "text/plain", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
}
