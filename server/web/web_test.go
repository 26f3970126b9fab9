package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/web"
)

var (
	openChannel   = uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	boundChannel  = uuid.MustParse("0198c0de-0000-7000-8000-000000000002")
	brokenChannel = uuid.MustParse("0198c0de-0000-7000-8000-000000000003")
	long          = strings.Repeat("export const answer = 42;\n", 100)
)

func origins(_ context.Context, channel uuid.UUID) ([]string, error) {
	switch channel {
	case openChannel:
		return nil, nil
	case boundChannel:
		return []string{"https://shop.example", "http://localhost:3000", "https://x; script-src *"}, nil
	case brokenChannel:
		return nil, errors.New("connection refused")
	default:
		return nil, fault.New(fault.NotFound, "CHANNEL_NOT_FOUND", "there is no such channel")
	}
}

func config() web.Config {
	return web.Config{
		Origins:     origins,
		DemoChannel: func(context.Context) (uuid.UUID, error) { return openChannel, nil },
		Log:         slog.New(slog.DiscardHandler),
		Dist: fstest.MapFS{
			"console/index.html":            {Data: []byte("<!doctype html><title>Parley</title>")},
			"console/favicon.svg":           {Data: []byte("<svg/>")},
			"console/assets/main-abc123.js": {Data: []byte(long)},
			"console/assets/i-abc123.woff2": {Data: []byte("font")},
			"widget/panel.html":             {Data: []byte("<!doctype html><title>Chat</title>")},
			"widget/loader.js":              {Data: []byte(long)},
			"widget/assets/panel-abc123.js": {Data: []byte(long)},
		},
	}
}

func get(t *testing.T, c web.Config, path string, header ...string) *http.Response {
	t.Helper()
	return ask(t, c, http.MethodGet, path, header...)
}

func ask(t *testing.T, c web.Config, method, path string, header ...string) *http.Response {
	t.Helper()
	h, err := web.New(c)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {}) // as beside it on the server
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

func TestRootLeadsToTheConsole(t *testing.T) {
	t.Parallel()
	for path, to := range map[string]string{"/": "/console/", "/console": "/console/", "/demo": "/demo/"} {
		r := get(t, config(), path)
		require.Contains(t, []int{http.StatusFound, http.StatusMovedPermanently}, r.StatusCode, path)
		require.Equal(t, to, r.Header.Get("Location"), path)
	}
}

func TestConsoleAnswersEachOfItsAddressesWithItsPage(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/console/", "/console/inbox", "/console/records/lead/0198.x", "/console/assetsish"} {
		r := get(t, config(), path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Contains(t, body(t, r), "<title>Parley</title>", path)
		require.Equal(t, "no-cache", r.Header.Get("Cache-Control"), path)
		require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"), path)
	}
	require.Equal(t, "image/svg+xml", get(t, config(), "/console/favicon.svg").Header.Get("Content-Type"))
	require.Equal(t, http.StatusNotFound, get(t, config(), "/console/assets/gone-abc123.js").StatusCode,
		"a file of an old version is not answered with a page")
}

func TestConsoleRunsOnlyItsOwnScriptsAndIsNotFramed(t *testing.T) {
	t.Parallel()
	r := get(t, config(), "/console/inbox")
	policy := r.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'; script-src 'self';")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, policy, "unsafe-eval")
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
}

func TestHashedFilesAreKeptForEverAndCompressed(t *testing.T) {
	t.Parallel()
	r := get(t, config(), "/console/assets/main-abc123.js", "Accept-Encoding", "gzip, br")
	require.Equal(t, "public, max-age=31536000, immutable", r.Header.Get("Cache-Control"))
	require.Equal(t, "gzip", r.Header.Get("Content-Encoding"))
	require.Equal(t, "text/javascript; charset=utf-8", r.Header.Get("Content-Type"))
	z, err := gzip.NewReader(r.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, long, string(plain))

	r = get(t, config(), "/console/assets/main-abc123.js")
	require.Empty(t, r.Header.Get("Content-Encoding"))
	require.Equal(t, long, body(t, r))

	font := get(t, config(), "/console/assets/i-abc123.woff2", "Accept-Encoding", "gzip")
	require.Empty(t, font.Header.Get("Content-Encoding"))
}

func TestLoaderIsAskedForAgainAndSentOnlyWhenChanged(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"", "gzip"} {
		first := get(t, config(), "/widget/loader.js", "Accept-Encoding", encoding)
		require.Equal(t, http.StatusOK, first.StatusCode)
		require.Equal(t, "public, max-age=300", first.Header.Get("Cache-Control"))
		require.Equal(t, "cross-origin", first.Header.Get("Cross-Origin-Resource-Policy"))
		etag := first.Header.Get("ETag")
		require.NotEmpty(t, etag)
		second := get(t, config(), "/widget/loader.js", "Accept-Encoding", encoding, "If-None-Match", "W/"+etag)
		require.Equal(t, http.StatusNotModified, second.StatusCode)
		require.Empty(t, body(t, second))
	}
}

// The panel is shown only on the websites of its channel: that follows from the
// channel, never from what a request says of itself.
func TestPanelIsFramedByTheChannelsWebsitesOnly(t *testing.T) {
	t.Parallel()
	for channel, want := range map[uuid.UUID]string{
		openChannel:  "frame-ancestors *",
		boundChannel: "frame-ancestors 'self' https://shop.example http://localhost:3000",
	} {
		r := get(t, config(), "/widget/panel?channel="+channel.String(), "Referer", "https://evil.example/")
		require.Equal(t, http.StatusOK, r.StatusCode)
		policy := r.Header.Get("Content-Security-Policy")
		require.True(t, strings.HasSuffix(policy, want), policy)
		require.Contains(t, policy, "require-trusted-types-for 'script'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
	}
}

func TestPanelOfNoChannelIsNotFound(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "?channel=", "?channel=1", "?channel=" + uuid.NewString()} {
		require.Equal(t, http.StatusNotFound, get(t, config(), "/widget/panel"+query).StatusCode, query)
	}
	r := get(t, config(), "/widget/panel?channel="+brokenChannel.String())
	require.Equal(t, http.StatusServiceUnavailable, r.StatusCode)
	require.NotContains(t, body(t, r), "refused")
}

func TestPathsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/widget/..%2fconsole%2findex.html", "/widget/assets/../panel.html", "/widget/panel.html", "/widget/assets/", "/widget/assets/%2e%2e%2fpanel.html",
		"/demo/..%2f..%2fweb.go", "/demo/index.html", "/demo/%2e%2e/web.go", "/web.go", "/dist/console/index.html", "/.git/config",
	} {
		r := get(t, config(), path)
		require.NotEqual(t, http.StatusOK, r.StatusCode, path)
	}
	r := get(t, config(), "/console/..%2f..%2f..%2fetc%2fpasswd")
	require.Contains(t, body(t, r), "<title>Parley</title>")
}

func TestOnlyReadingIsServed(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, config(), http.MethodPost, "/console/").StatusCode)
	require.Equal(t, http.StatusNotFound, ask(t, config(), http.MethodPost, "/parley.nothing.v1.NothingService/Do").StatusCode)
	require.Equal(t, http.StatusOK, ask(t, config(), http.MethodHead, "/console/").StatusCode)
}

func TestUnknownAddressesSaySoToPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	person := get(t, config(), "/nothing/here", "Accept", "text/html,application/xhtml+xml")
	require.Equal(t, http.StatusNotFound, person.StatusCode)
	require.Contains(t, body(t, person), "<h1>There is nothing at this address</h1>")
	program := get(t, config(), "/nothing/here", "Accept", "*/*")
	require.Equal(t, http.StatusNotFound, program.StatusCode)
	require.NotContains(t, body(t, program), "<")
}

func TestBinaryWithoutApplicationsSaysHowToBuildThem(t *testing.T) {
	t.Parallel()
	c := config()
	c.Dist = fstest.MapFS{".gitkeep": {}}
	for _, path := range []string{"/console/", "/widget/loader.js", "/widget/panel"} {
		r := get(t, c, path, "Accept", "text/html")
		require.Equal(t, http.StatusServiceUnavailable, r.StatusCode, path)
		require.Contains(t, body(t, r), "make build", path)
	}
}

func TestDemoWebsiteHasTheWidgetUnderAStrictPolicy(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile(`<script async nonce="([A-Z2-7]+)" src="/widget/loader.js" data-channel="` + openChannel.String() + `"></script>`)
	seen := map[string]bool{}
	for _, path := range []string{"/demo/", "/demo/plants", "/demo/tools", "/demo/secateurs", "/demo/delivery", "/demo/visit"} {
		r := get(t, config(), path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		page := body(t, r)
		found := tag.FindStringSubmatch(page)
		require.NotNil(t, found, path)
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "script-src 'nonce-"+found[1]+"' 'strict-dynamic'")
		require.NotContains(t, page, "style=")
		require.NotContains(t, page, "<style")
		require.Equal(t, 1, strings.Count(page, "<script"), path)
		require.False(t, seen[found[1]], "a nonce is for one answer")
		seen[found[1]] = true
		requireLinks(t, page)
	}
}

// requireLinks follows every address on the page that is the shop's own.
func requireLinks(t *testing.T, page string) {
	t.Helper()
	for _, link := range regexp.MustCompile(`(?:href|src)="(/demo/[^"]*)"`).FindAllStringSubmatch(page, -1) {
		require.Equal(t, http.StatusOK, get(t, config(), link[1]).StatusCode, link[1])
	}
}

func TestDemoWebsiteIsThereOnlyInTheDemo(t *testing.T) {
	t.Parallel()
	c := config()
	c.DemoChannel = nil
	require.Equal(t, http.StatusNotFound, get(t, c, "/demo/").StatusCode)
	c.DemoChannel = func(context.Context) (uuid.UUID, error) { return uuid.Nil, errors.New("no database") }
	r := get(t, c, "/demo/")
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.NotContains(t, body(t, r), "<script")
}

// Files may come from an origin of their own: pictures are shown from there, and
// nothing else is loaded.
//
// Spec: C10
func TestPages_ShowPicturesFromWhereFilesAre(t *testing.T) {
	t.Parallel()
	c := config()
	c.Pictures = []string{"https://files.example.com", "https://s3.example.com"}
	for _, path := range []string{"/console/", "/widget/panel?channel=" + openChannel.String()} {
		policy := get(t, c, path).Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "img-src 'self' https://files.example.com https://s3.example.com blob:;", path)
		require.Equal(t, 1, strings.Count(policy, "files.example.com"), path)
		require.NotContains(t, get(t, config(), path).Header.Get("Content-Security-Policy"), "example.com")
	}
}
