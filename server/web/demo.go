package web

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/google/uuid"
)

// tagPlace is where a demo page gets the widget's script tag.
const tagPlace = "<!-- parley -->"

// demoPolicy is as strict as a website's can be, so that the demo shows what the
// widget asks for: its script by nonce and its frame, nothing inline, and no
// string that becomes a script.
const demoPolicy = "default-src 'none'; script-src 'nonce-%s' 'strict-dynamic'; style-src 'self'; img-src 'self'; frame-src 'self'; " +
	"base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; frame-ancestors 'none'"

// serveDemo serves the demo website: the shop of a made-up company, with the
// widget on each of its pages.
func (h *Handler) serveDemo(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" {
		name = "index"
	}
	if file := h.demo[name]; file != nil && path.Ext(name) != ".html" {
		file.serve(w, r, cacheAsk)
		return
	}
	page := h.demo[name+".html"]
	if page == nil {
		notFound(w, r)
		return
	}
	channel, err := h.DemoChannel(r.Context())
	if err != nil {
		h.Log.ErrorContext(r.Context(), "find the demo website's channel", "error", err)
		channel = uuid.Nil // the shop is open all the same
	}
	h.serveDemoPage(w, page, channel)
}

func (h *Handler) serveDemoPage(w http.ResponseWriter, page *asset, channel uuid.UUID) {
	nonce := rand.Text()
	var tag string
	if channel != uuid.Nil {
		tag = fmt.Sprintf(`<script async nonce="%s" src="/widget/loader.js" data-channel="%s"></script>`, nonce, channel)
	}
	header := w.Header()
	header.Set("Content-Security-Policy", fmt.Sprintf(demoPolicy, nonce))
	header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	header.Set("Cache-Control", "no-store") // the nonce is for one answer
	header.Set("Content-Type", page.mediaType)
	_, _ = w.Write(bytes.Replace(page.body, []byte(tagPlace), []byte(strings.TrimSpace(tag)), 1)) // a browser that is gone needs no answer
}
