package file_test

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/blob/blobtest"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/thread"
)

// at keeps a bundle's files at an address.
func at(t *testing.T, address string) func(*file.Config) {
	t.Helper()
	s, err := blob.Open(address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return func(c *file.Config) { c.Store = s }
}

// A store without room acknowledges nothing, leaves nothing behind that is half,
// and goes on when there is room, without repair.
//
// Spec: C10
func TestUpload_IntoAFullStore(t *testing.T) {
	blobtest.OnDisk(t, func(t *testing.T, d blobtest.Disk) {
		b, data := setup(t, at(t, "file://"+filepath.ToSlash(d.Folder)+"/files")), bytesOf(2*file.PartSize)
		whole := b.attached(b.user, b.record, "whole", data)
		f := b.begin(b.user, b.record, "a", len(data))
		write := func(part int) error {
			_, err := b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{
				FileId: f.GetId(), Part: int32(part), Data: data[part*file.PartSize : (part+1)*file.PartSize],
			})
			return err
		}
		require.NoError(t, write(0))
		d.Fill()

		requireReason(t, "STORE_FULL", write(1))
		_, err := b.as(b.user).FinishFile(t.Context(), &threadv1.FinishFileRequest{FileId: f.GetId(), Attach: true})
		requireReason(t, "FILE_INCOMPLETE", err)
		_, err = b.files.Store(t.Context(), b.workspace, b.record, thread.AuthorOf(b.user), "mail", bytes.NewReader(data), false)
		requireReason(t, "STORE_FULL", err)

		require.Equal(t, []string{"whole"}, b.names(b.user, b.record))
		require.Equal(t, 2, b.rows(), "the mail's is gone, the upload's waits")
		got, err := b.as(b.user).GetFile(t.Context(), &threadv1.GetFileRequest{FileId: f.GetId()})
		require.NoError(t, err)
		require.EqualValues(t, 1, got.GetNextPart())
		stored, err := b.read(b.user, whole.GetId(), 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, stored), "what is there can be read")
		d.Free()
		require.NoError(t, write(1))
		b.finish(b.user, f.GetId(), true)
		stored, err = b.read(b.user, f.GetId(), 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, stored))
	})
}

// Spec: C10
func TestFiles_InS3(t *testing.T) {
	t.Parallel()
	b, data := setup(t, at(t, blobtest.S3(t))), bytesOf(2*file.PartSize+9)
	f := b.attached(b.user, b.record, "a.bin", data)
	mail, err := b.files.Store(t.Context(), b.workspace, b.record, thread.AuthorOf(b.user), "b.bin", iotest.HalfReader(bytes.NewReader(data)), false)
	require.NoError(t, err)
	for _, id := range []string{f.GetId(), mail.GetId()} {
		got, err := b.read(b.user, id, file.PartSize-1)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data[file.PartSize-1:], got))
	}
	res := b.load(b.link(b.user, f.GetId()), "Range", "bytes=1048570-1048585")
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data[1048570:1048586], got))

	b.remove(f.GetId())
	b.removeOwn(mail.GetId())
	b.requireStored(f.GetId(), false)
	b.requireStored(mail.GetId(), false)
	require.Zero(t, b.rows())
}

// removeOwn removes a file of the user's that is not sent.
func (b *bundle) removeOwn(id string) {
	b.t.Helper()
	_, err := b.as(b.user).DeleteFile(b.t.Context(), deleteRequest(id))
	require.NoError(b.t, err)
}

// Where the store gives files away itself, what it says of them is ours: nothing
// is shown, but for previews, and nothing is kept.
//
// Spec: C10
func TestCreateFileLink_LeadsToTheStoreIfAllowed(t *testing.T) {
	t.Parallel()
	b := setup(t, at(t, blobtest.S3(t)), func(c *file.Config) { c.Presign = true })
	large := append([]byte(html), bytesOf(6*file.PartSize/2)...)
	for name, tt := range map[string]struct {
		content   []byte
		mediaType string
	}{
		"page.html": {[]byte(html), "application/octet-stream"}, "large.html": {large, "application/octet-stream"},
		"photo.png": {photo(t, 64, 32), "image/png"},
	} {
		f := b.attached(b.user, b.record, name, tt.content)
		link, err := b.as(b.user).CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: f.GetId()})
		require.NoError(t, err)
		require.NotContains(t, link.GetUrl(), b.server.URL)
		res := fetch(t, link.GetUrl())
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.True(t, bytes.Equal(tt.content, body), name)
		require.Equal(t, tt.mediaType, res.Header.Get("Content-Type"))
		disposition, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "attachment", disposition)
		require.Equal(t, name, params["filename"])

		got, err := b.read(b.user, f.GetId(), 5)
		require.NoError(t, err)
		require.True(t, bytes.Equal(tt.content[5:], got), "and through this server")
		require.Equal(t, http.StatusOK, b.load(link.GetPath()).StatusCode)
		_, err = b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{
			FileId: f.GetId(), Data: tt.content[:min(len(tt.content), file.PartSize)],
		})
		require.NoError(t, err, "a part that is sent again changes nothing, joined or not")
		b.remove(f.GetId())
		require.Equal(t, http.StatusNotFound, fetch(t, link.GetUrl()).StatusCode)
	}
}

func TestCreateFileLink_LeadsToAPreviewInTheStore(t *testing.T) {
	t.Parallel()
	b := setup(t, at(t, blobtest.S3(t)), func(c *file.Config) { c.Presign = true })
	f := b.attached(b.user, b.record, "photo.png", photo(t, 64, 32))
	link, err := b.as(b.user).CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{
		FileId: f.GetId(), Kind: threadv1.FileLinkKind_FILE_LINK_KIND_PREVIEW,
	})
	require.NoError(t, err)
	res := fetch(t, link.GetUrl())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))
	origins, err := b.files.Origins(t.Context())
	require.NoError(t, err)
	require.Len(t, origins, 1)
	require.True(t, strings.HasPrefix(link.GetUrl(), origins[0]+"/"), link.GetUrl())
}

// A store that cannot give files away does not, whatever is allowed.
func TestCreateFileLink_LeadsHereFromAStoreThatCannot(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *file.Config) { c.Presign = true })
	f := b.attached(b.user, b.record, "a", bytesOf(2*file.PartSize))
	link, err := b.as(b.user).CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: f.GetId()})
	require.NoError(t, err)
	require.Empty(t, link.GetUrl())
	require.Equal(t, http.StatusOK, b.load(link.GetPath()).StatusCode)
}

func fetch(t *testing.T, address string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// A file that was removed while its part was on its way takes the part along.
func TestWriteFile_LeavesNoPartOfARemovedFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.begin(b.user, b.record, "a", 3)
	_, err := b.db.Exec(t.Context(), `CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN UPDATE file SET state = 0 WHERE id = NEW.id AND state = 1; RETURN NULL; END $$;
		CREATE TRIGGER gone BEFORE UPDATE OF parts ON file FOR EACH ROW WHEN (OLD.state = 1) EXECUTE FUNCTION gone()`)
	require.NoError(t, err)
	_, err = b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: f.GetId(), Data: []byte("abc")})
	requireReason(t, "FILE_NOT_FOUND", err)
	b.requireStored(f.GetId(), false)
	require.Zero(t, b.rows())
}

// asked loads a path as a browser does that believes to be elsewhere.
func (b *bundle) asked(host, path string, header ...string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.server.URL+path, nil)
	require.NoError(b.t, err)
	req.Host = host
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.server.Client().Do(req)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// Spec: C10
func TestFiles_HaveAnOriginOfTheirOwnIfTold(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *file.Config) { c.Origin = "https://files.example.com" })
	f := b.attached(b.user, b.record, "page.html", []byte(html))
	link, err := b.as(b.user).CreateFileLink(t.Context(), &threadv1.CreateFileLinkRequest{FileId: f.GetId()})
	require.NoError(t, err)
	u, err := url.Parse(link.GetUrl())
	require.NoError(t, err)
	require.Equal(t, "https://files.example.com", u.Scheme+"://"+u.Host)
	require.Equal(t, link.GetPath(), u.RequestURI())

	for _, host := range []string{"files.example.com", "FILES.example.com:443"} {
		res := b.asked(host, link.GetPath(), "Cookie", "session=1")
		require.Equal(t, http.StatusOK, res.StatusCode, host)
		requireInert(t, res)
		require.Empty(t, res.Header.Values("Set-Cookie"))
	}
	for _, host := range []string{"", "chat.example.com", "files.example.com.evil.example", "files.example.com:8080"} {
		res := b.asked(host, link.GetPath())
		require.Equal(t, http.StatusNotFound, res.StatusCode, host)
		requireInert(t, res)
	}
	for _, path := range []string{"/", "/console/", "/parley.thread.v1.FileService/ListFiles", "/filesystem", "/openapi.yaml"} {
		res := b.asked("files.example.com", path)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
		requireInert(t, res)
	}
	origins, err := b.files.Origins(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"https://files.example.com"}, origins)
}

func TestNew_RefusesAnOriginThatIsNone(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"files.example.com", "ftp://files.example.com", "https://", "https://a.example/files", "https://u:p@a.example", ":"} {
		_, err := file.New(file.Config{Key: make([]byte, 32), Origin: wrong})
		require.Error(t, err, wrong)
	}
}

// Names as they were used against others: what is shown is the name, and a
// browser saves it and looks into none of it.
//
// Spec: C10
func TestDownload_SpoofedNamesAreInert(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for given, want := range map[string]string{
		".ht\u200baccess":           "_htaccess", // CVE-2026-28289: past a check of the name
		".htaccess\ufeff":           "_htaccess", // CVE-2026-27636
		"invoice.pdf.html":          "invoice.pdf.html",
		"photo.jpg\u2066.exe\u2069": "photo.jpg.exe",
		"cv\u202efdp.js":            "cvfdp.js",
		"x.svg\x00.png":             "x.svg.png",
		"shell.php\u00a0":           "shell.php",
		"a.pdf .scr":                "a.pdf .scr",
		"ｓｈｅｌｌ．ｐｈｐ":                 "shell.php",
	} {
		f := b.attached(b.user, b.record, given, []byte("<?php system($_GET[0]) ?>"+html))
		require.Equal(t, want, f.GetName(), "%q", given)
		res := b.load(b.link(b.user, f.GetId()))
		disposition, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "attachment", disposition)
		require.Equal(t, want, params["filename"])
		require.Equal(t, "application/octet-stream", res.Header.Get("Content-Type"))
		requireInert(t, res)
	}
}
