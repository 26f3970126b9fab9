package web

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// plainPolicy is for pages that load nothing; their one style has the nonce.
const plainPolicy = "default-src 'none'; style-src 'nonce-%s'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

var plainPage = template.Must(template.New("plain").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style nonce="{{.Nonce}}">
body { margin: 18vh auto 0; max-width: 34rem; padding: 0 24px; font: 16px/1.5 system-ui, sans-serif; color: light-dark(#1f262c, #dde2e7); background: light-dark(#fff, #171c21) }
h1 { font-size: 22px; line-height: 1.3 }
a { color: light-dark(#0b6b63, #6cc3b9) }
</style>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{if .Link}}<p><a href="{{.Link}}">{{.LinkText}}</a></p>{{end}}
</main>
</html>
`))

// plain is a page without anything but words.
type plain struct {
	Title, Text, Link, LinkText, Nonce string
}

// serve sends the page, as a line of text to programs.
func (p plain) serve(w http.ResponseWriter, r *http.Request, status int) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	p.Nonce = rand.Text()
	header.Set("Content-Security-Policy", fmt.Sprintf(plainPolicy, p.Nonce))
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, p.Title+". "+p.Text, status)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = plainPage.Execute(w, p) // a browser that is gone needs no answer
}

func notFound(w http.ResponseWriter, r *http.Request) {
	plain{Title: "There is nothing at this address", Text: "It may have been mistyped, or what was here has moved.", Link: "/console/", LinkText: "Go to the console"}.
		serve(w, r, http.StatusNotFound)
}

func notBuilt(w http.ResponseWriter, r *http.Request) {
	plain{Title: "The web applications are not in this binary", Text: "It was built without them. Run “make build” and start it again. The API works."}.
		serve(w, r, http.StatusServiceUnavailable)
}

func unavailable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "2")
	plain{Title: "This is not available at the moment", Text: "Please try again in a few seconds."}.serve(w, r, http.StatusServiceUnavailable)
}
