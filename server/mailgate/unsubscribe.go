package mailgate

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
)

// UnsubscribePath is where Unsubscribe answers.
const UnsubscribePath = "/mail/unsubscribe/"

// Unsubscribe ends a subscription by the signed link in a mail (C2). Opening the
// link asks first, since programs open links, too; a POST does it, also the one
// of a mail program's own button (RFC 8058).
func (h *Handler) Unsubscribe(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	id, ok := h.Signer.ReadToken(subscription, strings.TrimPrefix(r.URL.Path, UnsubscribePath))
	switch {
	case !ok:
		answer(w, http.StatusNotFound, page{Title: "This link does not work", Text: "It is not complete, or it is of another server."})
	case r.Method != http.MethodPost:
		answer(w, http.StatusOK, page{Title: "Stop following?", Text: "You will get no more mails of this conversation.", Button: "Stop following"})
	default:
		if err := h.unsubscribe(r.Context(), id); err != nil {
			h.Logger.Warn("a subscription could not be ended", "error", err)
			answer(w, http.StatusServiceUnavailable, page{Title: "That did not work", Text: "Please try again in a minute.", Button: "Try again"})
			return
		}
		answer(w, http.StatusOK, page{Title: "You do not follow this any more", Text: "You can close this page."})
	}
}

// unsubscribe ends what led to a delivery. That it has ended already is well.
func (h *Handler) unsubscribe(ctx context.Context, delivery uuid.UUID) error {
	row, err := h.q.MailSubscriptionGet(ctx, h.DB, delivery)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = h.q.FollowerDelete(ctx, h.DB, db.FollowerDeleteParams(row))
	return err
}

type page struct{ Title, Text, Button string }

func answer(w http.ResponseWriter, status int, p page) {
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, p) // the reader has gone
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1rem}
button{font:inherit;padding:.5rem 1rem;border:0;border-radius:6px;background:#0f766e;color:#fff;cursor:pointer}</style></head>
<body><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Button}}<form method="post"><button>{{.Button}}</button></form>{{end}}</body></html>
`))
