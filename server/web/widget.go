package web

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/fault"
)

// panelPolicy lets the panel load and call this server and nothing else. No
// string becomes a script in it, and who may frame it is added for each channel.
const panelPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; frame-ancestors "

// serveWidget serves the script of websites, the panel that it frames, and the
// panel's files.
func (h *Handler) serveWidget(w http.ResponseWriter, r *http.Request, path string) {
	file := h.widget[path]
	switch {
	case h.widget["panel.html"] == nil || h.widget["loader.js"] == nil:
		notBuilt(w, r)
	case path == "panel":
		h.servePanel(w, r)
	case path == "loader.js":
		// Websites of any origin include it, isolated ones as well.
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		file.serve(w, r, cacheScript)
	case strings.HasPrefix(path, "assets/") && file != nil:
		file.serve(w, r, cacheForEver)
	default:
		notFound(w, r)
	}
}

// servePanel serves the panel to the websites of its channel: browsers show it
// nowhere else.
func (h *Handler) servePanel(w http.ResponseWriter, r *http.Request) {
	channel, err := uuid.Parse(r.URL.Query().Get("channel"))
	if err != nil {
		notFound(w, r)
		return
	}
	origins, err := h.Origins(r.Context(), channel)
	switch {
	case err == nil:
		w.Header().Set("Content-Security-Policy", h.withPictures(panelPolicy)+ancestors(origins))
		h.widget["panel.html"].serve(w, r, cacheAsk)
	case fault.KindOf(err) == fault.NotFound:
		notFound(w, r)
	default:
		if r.Context().Err() == nil {
			h.Log.ErrorContext(r.Context(), "serve the widget's panel", "channel", channel, "error", err)
		}
		unavailable(w, r)
	}
}

// ancestors are the websites that may frame the panel, as the policy names them.
// The demo website and the console are always among them.
func ancestors(origins []string) string {
	if len(origins) == 0 {
		return "*"
	}
	named := []string{"'self'"}
	for _, origin := range origins {
		if !strings.ContainsAny(origin, " \t\r\n;,'\"") {
			named = append(named, origin)
		}
	}
	return strings.Join(named, " ")
}
