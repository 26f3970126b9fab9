package file

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/server/blob"
)

// origin is where browsers load files from, if that is a place of its own.
type origin struct {
	// base is the address without a slash at its end, and host what a request to
	// it names; both are empty for no such place.
	base, host string
}

func parseOrigin(address string) (origin, error) {
	if address == "" {
		return origin{}, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return origin{}, fmt.Errorf("read the origin for files: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return origin{}, fmt.Errorf("the origin for files %q must be like https://files.example.com", u.Redacted())
	}
	return origin{base: u.Scheme + "://" + u.Host, host: bareHost(u.Host)}, nil
}

// bareHost is a host as it is compared: in lower case, without the port that
// goes without saying.
func bareHost(host string) string {
	host = strings.ToLower(host)
	host = strings.TrimSuffix(host, ":443")
	return strings.TrimSuffix(host, ":80")
}

// here reports whether files are served at the host of a request.
func (o origin) here(r *http.Request) bool { return o.host == "" || bareHost(r.Host) == o.host }

// Apart keeps the origin for files apart from the rest: what is asked for there
// and is no file does not exist, so that no page and no cookie of ours is ever
// at that origin.
func (h *Handler) Apart(next http.Handler) http.Handler {
	if h.origin.host == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if bareHost(r.Host) == h.origin.host && !strings.HasPrefix(r.URL.Path, PathPrefix) {
			harden(w.Header())
			http.Error(w, "there are only files here", http.StatusNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Origins are the places besides this server that browsers load files from, as
// a content security policy names them.
func (h *Handler) Origins(ctx context.Context) ([]string, error) {
	var all []string
	if h.origin.base != "" {
		all = append(all, h.origin.base)
	}
	if !h.presign {
		return all, nil
	}
	address, err := h.store.URL(ctx, blob.Part{Workspace: uuid.Nil, File: uuid.Nil}, blob.Given{For: time.Minute})
	if err != nil {
		return nil, fmt.Errorf("let the file store give files away: %w", err)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read address of file store: %w", err)
	}
	return append(all, u.Scheme+"://"+u.Host), nil
}
