package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// How long browsers and caches may keep an answer.
const (
	cacheForEver = "public, max-age=31536000, immutable" // the name changes with the content
	cacheAsk     = "no-cache"                            // kept, but asked about each time
	cacheScript  = "public, max-age=300"                 // a new version is everywhere in five minutes
)

// smallest is what is worth compressing, in bytes.
const smallest = 1 << 10

// asset is one file, as it is sent.
type asset struct {
	name      string
	mediaType string
	etag      string
	body      []byte
	// zipped is the file in gzip, made when first asked for; nil if it would not
	// be smaller.
	zipped func() []byte
}

// load reads a folder; one that is missing has no files.
func load(files fs.FS, folder string) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(files, folder, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		name = strings.TrimPrefix(name, folder+"/")
		assets[name] = newAsset(name, body)
		return err
	})
	return assets, err
}

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{name: name, mediaType: mediaType(name), etag: hex.EncodeToString(sum[:8]), body: body}
	a.zipped = sync.OnceValue(a.zip)
	return a
}

// mediaType does not ask the machine's own table, which differs between machines.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if known := mime.TypeByExtension(path.Ext(name)); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}

func (a *asset) zip() []byte {
	text := strings.HasPrefix(a.mediaType, "text/") || strings.Contains(a.mediaType, "json") || strings.Contains(a.mediaType, "svg")
	if !text || len(a.body) < smallest {
		return nil
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(a.body) // into memory: never fails
	_ = z.Close()
	if out.Len() >= len(a.body) {
		return nil
	}
	return out.Bytes()
}

// serve sends the file, compressed for who takes that, and only if the browser
// does not have it already.
func (a *asset) serve(w http.ResponseWriter, r *http.Request, cache string) {
	header := w.Header()
	header.Set("Cache-Control", cache)
	header.Set("Content-Type", a.mediaType)
	header.Add("Vary", "Accept-Encoding")
	body, etag := a.body, `"`+a.etag+`"`
	if z := a.zipped(); z != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body, etag = z, `"`+a.etag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", etag)
	if known := r.Header.Get("If-None-Match"); known != "" && strings.Contains(known, etag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that is gone needs no answer
}
