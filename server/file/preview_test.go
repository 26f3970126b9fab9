package file_test

import (
	"bytes"
	"image"
	"image/jpeg"
	pngfile "image/png"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/blob"
)

// photo is a PNG with a script in its tail.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, w, h))
	var data bytes.Buffer
	require.NoError(t, pngfile.Encode(&data, p))
	return append(data.Bytes(), html...)
}

func (b *bundle) previewLink(c access.Caller, id string) (string, error) {
	b.t.Helper()
	res, err := b.as(c).CreateFileLink(b.t.Context(), &threadv1.CreateFileLinkRequest{
		FileId: id, Kind: threadv1.FileLinkKind_FILE_LINK_KIND_PREVIEW,
	})
	return res.GetPath(), err
}

// Spec: C10
func TestPreview_IsASmallPictureMadeAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.attached(b.user, b.chat, "photo.png.html", photo(t, 2000, 1000))
	require.True(t, f.GetHasPreview())
	require.EqualValues(t, 1024, f.GetPreviewWidth(), "known before it is made, so that nothing moves")
	require.EqualValues(t, 512, f.GetPreviewHeight())
	var paths [4]string
	var wg sync.WaitGroup
	for i := range paths {
		wg.Go(func() {
			var err error
			if paths[i], err = b.previewLink(b.visitor, f.GetId()); err != nil {
				t.Errorf("link: %v", err)
			}
		})
	}
	wg.Wait()

	res := b.load(paths[0])

	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))
	require.Equal(t, `inline; filename=photo.png.html.jpeg`, res.Header.Get("Content-Disposition"))
	requireInert(t, res)
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NotContains(t, string(data), "script")
	shown, err := jpeg.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, image.Pt(1024, 512), shown.Bounds().Size())
	require.Equal(t, http.StatusNotModified, b.load(paths[1], "If-None-Match", res.Header.Get("ETag")).StatusCode)
	require.NotEqual(t, res.Header.Get("ETag"), b.load(b.link(b.visitor, f.GetId())).Header.Get("ETag"))
}

// Spec: C10
func TestPreview_SaysWhenThereIsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plain := b.attached(b.user, b.record, "a.txt", []byte("plain"))
	require.False(t, plain.GetHasPreview())
	_, err := b.previewLink(b.user, plain.GetId())
	requireReason(t, "FILE_PREVIEW_NONE", err)

	broken := b.attached(b.user, b.record, "a.png", photo(t, 64, 64)[:60])
	require.True(t, broken.GetHasPreview(), "as far as its header tells")
	for range 2 {
		_, err = b.previewLink(b.user, broken.GetId())
		requireReason(t, "FILE_PREVIEW_NONE", err)
	}
	got, err := b.as(b.user).GetFile(t.Context(), &threadv1.GetFileRequest{FileId: broken.GetId()})
	require.NoError(t, err)
	require.False(t, got.GetFile().GetHasPreview())
	require.Zero(t, got.GetFile().GetPreviewWidth())
}

// Who may not read a file may not see its preview either.
//
// Spec: C4 C10
func TestPreview_IsForReadersOfTheFileOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	inNote := b.ready(b.user, b.chat, "secret.png", photo(t, 20, 20))
	b.post(b.user, b.chat, true, "look", inNote)
	path, err := b.previewLink(b.user, inNote.GetId())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.load(path).StatusCode)

	b.requireNowhere(b.visitor, inNote.GetId())
	b.requireNowhere(b.stranger, inNote.GetId())
	b.door.lock(b.user)
	require.Equal(t, http.StatusNotFound, b.load(path).StatusCode)
}

func TestPreview_GoesWithItsFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.attached(b.user, b.record, "a.png", photo(t, 20, 20))
	path, err := b.previewLink(b.user, f.GetId())
	require.NoError(t, err)
	small := blob.Part{Workspace: b.workspace, File: uuid.MustParse(f.GetId()), Number: blob.Preview}
	r, err := b.store.Read(t.Context(), small, 0)
	require.NoError(t, err)
	require.NoError(t, r.Close())

	_, err = b.as(b.user).DeleteFile(t.Context(), deleteRequest(f.GetId()))

	require.NoError(t, err)
	_, err = b.store.Read(t.Context(), small, 0)
	require.ErrorIs(t, err, blob.ErrNotFound)
	require.Equal(t, http.StatusNotFound, b.load(path).StatusCode)
}

// A file that was removed while its preview was being made takes it along.
func TestPreview_LeavesNothingOfARemovedFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.attached(b.user, b.record, "a.png", photo(t, 20, 20))
	_, err := b.db.Exec(t.Context(), `CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN UPDATE file SET state = 0 WHERE id = NEW.id AND state > 0; RETURN NULL; END $$;
		CREATE TRIGGER gone BEFORE UPDATE OF preview ON file FOR EACH ROW WHEN (OLD.state > 0) EXECUTE FUNCTION gone()`)
	require.NoError(t, err)

	_, err = b.previewLink(b.user, f.GetId())

	requireReason(t, "FILE_NOT_FOUND", err)
	_, err = b.store.Read(t.Context(), blob.Part{Workspace: b.workspace, File: uuid.MustParse(f.GetId()), Number: blob.Preview}, 0)
	require.ErrorIs(t, err, blob.ErrNotFound)
	b.requireStored(f.GetId(), false)
	require.Zero(t, b.rows())
}
