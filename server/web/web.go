// Package web serves what people see in a browser: the console, the widget with
// the script that websites include, and the demo website.
//
// Everything is in the binary. A file is looked up by its name in a map, never in
// a file system, so that no path leads anywhere else. Names with a hash of their
// content are cached for ever; pages and the script are asked about each time.
// Every page says by its content security policy what it may load: only what
// comes from here, and no script in the page itself.
package web

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

//go:embed all:dist
var built embed.FS

//go:embed demo
var demoFiles embed.FS

// Config is what the pages need to know of the rest.
type Config struct {
	// Origins answers which websites may show a channel's widget, as
	// "https://shop.example"; none means every website. An unknown channel is a
	// *fault.Error of kind NotFound.
	Origins func(ctx context.Context, channel uuid.UUID) ([]string, error)
	// DemoChannel answers the channel whose widget is on the demo website, or
	// uuid.Nil for none yet. If it is nil there is no demo website.
	DemoChannel func(ctx context.Context) (uuid.UUID, error)
	// Pictures are the origins besides this server that console and widget show
	// pictures from, and load nothing else.
	Pictures []string
	Log      *slog.Logger
	// Dist holds the built applications; nil means those in the binary.
	Dist fs.FS
}

// Handler serves the pages. Mount it at "/": what is not a page's address it
// answers with 404.
type Handler struct {
	Config
	console map[string]*asset
	widget  map[string]*asset
	demo    map[string]*asset
}

// New reads the files.
func New(c Config) (*Handler, error) {
	if c.Dist == nil {
		dist, err := fs.Sub(built, "dist")
		if err != nil {
			return nil, fmt.Errorf("open the built applications: %w", err)
		}
		c.Dist = dist
	}
	h := &Handler{Config: c}
	for _, part := range []struct {
		files fs.FS
		name  string
		into  *map[string]*asset
	}{{c.Dist, "console", &h.console}, {c.Dist, "widget", &h.widget}, {demoFiles, "demo", &h.demo}} {
		assets, err := load(part.files, part.name)
		if err != nil {
			return nil, fmt.Errorf("read the files of %s: %w", part.name, err)
		}
		*part.into = assets
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	area, path, deep := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	serve := h.area(area)
	switch {
	case serve == nil:
		notFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
	case area == "":
		http.Redirect(w, r, "/console/", http.StatusFound)
	case !deep:
		http.Redirect(w, r, "/"+area+"/", http.StatusMovedPermanently)
	default:
		serve(w, r, path)
	}
}

// area is what serves the addresses below the first part of a path.
func (h *Handler) area(name string) func(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case name == "" || name == "console":
		return h.serveConsole
	case name == "widget":
		return h.serveWidget
	case name == "demo" && h.DemoChannel != nil:
		return h.serveDemo
	default:
		return nil
	}
}

// withPictures lets a page show pictures from where files are.
func (h *Handler) withPictures(policy string) string {
	const place = "img-src 'self'"
	return strings.Replace(policy, place, strings.Join(append([]string{place}, h.Pictures...), " "), 1)
}
