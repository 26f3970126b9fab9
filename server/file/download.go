package file

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// unknownType is what everything is served as that a browser is to save and not
// to look into.
const unknownType = "application/octet-stream"

// inline is true for what a browser may show: pictures of sorts that hold
// nothing but a picture. SVG is not one of them, and never HTML, XML or PDF.
func inline(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	default:
		return false
	}
}

// Download serves what a link of CreateFileLink leads to, at PathPrefix, with
// ranges. Everything that may have changed since the link was made is asked
// again: whether the credential is in force, and whether its holder may read the
// file. Every refusal is the same 404.
//
// Whatever the bytes are, a browser runs nothing of them: no sniffing, no
// script, no frame, an opaque origin, and but for plain pictures a file to save.
func (h *Handler) Download(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	if !h.origin.here(r) {
		h.refuse(w, r, errNotFound)
		return
	}
	f, small, err := h.linked(r.Context(), strings.TrimPrefix(r.URL.Path, PathPrefix), r.URL.Query().Get("token"))
	if err == nil && small {
		err = h.servePreview(w, r, &f)
	} else if err == nil {
		h.serve(w, r, &f)
	}
	if err != nil {
		h.refuse(w, r, err)
	}
}

// harden makes an answer inert, whatever is in it.
func harden(header http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"X-Frame-Options":         "DENY",
		// The website that the widget is on shows pictures from here; who has no
		// link has no address to show.
		"Cross-Origin-Resource-Policy": "cross-origin",
		// A copy is asked about each time, so that it ends with the right to it.
		"Cache-Control": "private, no-cache",
	} {
		header.Set(name, value)
	}
}

// linked is the file that a link leads to, or to whose preview, if its holder may
// read it now.
func (h *Handler) linked(ctx context.Context, id, token string) (f db.File, small bool, err error) {
	l, ok := h.open(token)
	if named, err := uuid.Parse(id); !ok || err != nil || named != l.File {
		return f, false, errNotFound
	}
	ended, err := h.credentials.Ended(ctx, []access.Caller{l.Caller})
	if err != nil {
		return f, false, fmt.Errorf("ask for credential of file link: %w", err)
	}
	if len(ended) > 0 {
		return f, false, errNotFound
	}
	f, err = h.finished(ctx, l.Caller, l.File)
	return f, l.Preview, err
}

// refuse answers a request that gets no file. What is wrong with a link is told
// to nobody.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Denied, fault.Unauthenticated, fault.Precondition:
		http.Error(w, "there is no such file, or this address has expired", http.StatusNotFound)
	default:
		if r.Context().Err() == nil {
			h.logger.ErrorContext(r.Context(), "serve file", "error", err)
		}
		http.Error(w, "the file cannot be loaded at the moment", http.StatusServiceUnavailable)
	}
}

// shown is how a browser is to take a file.
type shown struct{ disposition, mediaType, name string }

// shownAs is the rule of what a browser may show: pictures of four sorts, and
// previews, which are such pictures.
func shownAs(f *db.File, small bool) shown {
	switch {
	case small:
		return shown{"inline", previewType(f), previewName(f)}
	case inline(f.MediaType):
		return shown{"inline", f.MediaType, f.Name}
	default:
		return shown{"attachment", unknownType, f.Name}
	}
}

func (s shown) header() string {
	return mime.FormatMediaType(s.disposition, map[string]string{"filename": s.name})
}

// previewName is what a preview is saved as: its extension is what it is.
func previewName(f *db.File) string {
	return f.Name + strings.Replace(previewType(f), "image/", ".", 1)
}

// serve sends the bytes. A file never changes, so its id is its version.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, f *db.File) {
	b := newBody(r.Context(), h.store, f)
	defer closeQuietly(b)
	shownAs(f, false).send(w, r, f, f.ID.String(), b)
}

// servePreview sends the preview.
func (h *Handler) servePreview(w http.ResponseWriter, r *http.Request, f *db.File) error {
	if f.Preview != previewJPEG && f.Preview != previewPNG {
		return errNotFound
	}
	data, err := h.readPreview(r.Context(), f)
	if err != nil {
		return err
	}
	shownAs(f, true).send(w, r, f, f.ID.String()+"-preview", bytes.NewReader(data))
	return nil
}

func (s shown) send(w http.ResponseWriter, r *http.Request, f *db.File, version string, content io.ReadSeeker) {
	header := w.Header()
	header.Set("Content-Type", s.mediaType)
	header.Set("Content-Disposition", s.header())
	header.Set("ETag", `"`+version+`"`)
	http.ServeContent(&steady{ResponseWriter: w}, r, "", f.CreateTime, content)
}

// steady flushes after the first write. From then on the server gives every
// write its own time, so that a slow connection gets a large file as long as it
// keeps reading; one deadline for the whole answer would cut it off.
type steady struct {
	http.ResponseWriter
	flushed bool
}

// Write implements http.ResponseWriter.
func (s *steady) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	if err == nil && !s.flushed {
		s.flushed = true
		err = http.NewResponseController(s.ResponseWriter).Flush()
	}
	return n, err
}
