package web

import (
	"net/http"
	"strings"
)

// consolePolicy lets the console load what comes from this server, and show
// pictures that it holds itself. Scripts are files only. Styles may stand in the
// page: Mantine writes the variables of its theme into a style element. Nobody may
// frame it.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob:; font-src 'self'; " +
	"connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// serveConsole serves the console. Its addresses are states of one page, so that
// each of them is answered with that page.
func (h *Handler) serveConsole(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Content-Security-Policy", h.withPictures(consolePolicy))
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
	page := h.console["index.html"]
	file := h.console[path]
	switch {
	case page == nil:
		notBuilt(w, r)
	case strings.HasPrefix(path, "assets/"):
		if file == nil {
			notFound(w, r)
			return
		}
		file.serve(w, r, cacheForEver)
	case file != nil:
		file.serve(w, r, cacheAsk)
	default:
		page.serve(w, r, cacheAsk)
	}
}
