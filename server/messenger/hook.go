package messenger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/vault"
)

const (
	// maxReport is the most that a messenger sends at once; WhatsApp's own limit
	// is 3 MB.
	maxReport = 4 << 20
	// maxChallenge bounds what is given back to a messenger that asks.
	maxChallenge = 200
)

// Mount puts the webhooks of all messengers at their addresses.
func (h *Handler) Mount(mux *http.ServeMux) {
	for kind, path := range hooks {
		mux.HandleFunc("GET "+path+"{id}", func(w http.ResponseWriter, r *http.Request) { h.challenge(w, r, kind) })
		mux.HandleFunc("POST "+path+"{id}", func(w http.ResponseWriter, r *http.Request) { h.report(w, r, kind) })
	}
}

// caller is the connection that a messenger calls, with its connector.
func (h *Handler) caller(ctx context.Context, name string, kind messengerv1.ConnectionKind) (db.MessengerConnection, Connector, error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return db.MessengerConnection{}, nil, errNoConnection
	}
	row, err := h.q.ConnectionPublic(ctx, h.DB, id)
	connector := h.Connectors[kind]
	if err == nil && (row.Kind != int16(kind) || connector == nil) {
		err = errNoConnection
	}
	return row, connector, found(err)
}

// refuse answers a messenger that is not heard.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNoConnection) {
		http.Error(w, "there is no such connection", http.StatusNotFound)
		return
	}
	h.Logger.ErrorContext(r.Context(), "a messenger's report was not stored; it will come again", "error", err)
	http.Error(w, "try again", http.StatusInternalServerError)
}

// challenge answers a messenger that makes sure whose the address is.
func (h *Handler) challenge(w http.ResponseWriter, r *http.Request, kind messengerv1.ConnectionKind) {
	row, connector, err := h.caller(r.Context(), r.PathValue("id"), kind)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	token, err := h.Vault.Token(place(&row, purposeVerify))
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	answer, ok := connector.Challenge(r.URL.Query(), token)
	if !ok || len(answer) > maxChallenge {
		http.Error(w, "the verify token is another", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, answer) // who is gone needs no answer
}

// report takes what a messenger reports, and answers 200 when it is stored.
func (h *Handler) report(w http.ResponseWriter, r *http.Request, kind messengerv1.ConnectionKind) {
	row, connector, err := h.caller(r.Context(), r.PathValue("id"), kind)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		http.Error(w, "the report is too large, or was cut off", http.StatusRequestEntityTooLarge)
		return
	}
	secret, err := h.Vault.Open(place(&row, purposeSecret), row.AppSecret)
	if err != nil && !errors.Is(err, vault.ErrBroken) {
		h.refuse(w, r, err)
		return
	}
	if !connector.Verify(secret, r.Header, body) {
		http.Error(w, "the signature is not right", http.StatusUnauthorized)
		return
	}
	report, err := connector.Parse(body)
	if err != nil {
		h.Logger.WarnContext(r.Context(), "a messenger's report cannot be read", "connection", row.ID, "error", err)
		http.Error(w, "the report cannot be read", http.StatusBadRequest)
		return
	}
	if err := h.hear(r.Context(), &row, report); err != nil {
		h.refuse(w, r, err)
	}
}

// hear stores a report.
func (h *Handler) hear(ctx context.Context, from *db.MessengerConnection, report Report) error {
	for _, t := range report.Templates {
		_, err := h.q.TemplateState(ctx, h.DB, db.TemplateStateParams{
			WorkspaceID: from.WorkspaceID, ConnectionID: from.ID, ExternalID: t.ID, State: int16(t.State), Reason: t.Reason,
		})
		if err != nil {
			return fmt.Errorf("change a template's state: %w", err)
		}
	}
	for _, s := range report.Statuses {
		if err := h.hearStatus(ctx, from.WorkspaceID, s); err != nil {
			return err
		}
	}
	return nil
}

// hearStatus moves the delivery on that a status is about. It may be about a
// message that another program sent: then it is nobody's.
func (h *Handler) hearStatus(ctx context.Context, workspace uuid.UUID, s Status) error {
	ref, named := parseReference(s.Reference)
	p := db.SendFindParams{WorkspaceID: workspace, ExternalID: s.ID}
	if named {
		p.ID = &ref.delivery
	}
	of, err := h.q.SendFind(ctx, h.DB, p)
	if store.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the delivery of a report: %w", err)
	}
	fails := s.State == threadv1.DeliveryState_DELIVERY_STATE_FAILED
	if !fails && named { // who is reported as reached is not written to again
		if err := h.q.SendTaken(ctx, h.DB, db.SendTakenParams{WorkspaceID: workspace, ID: of.ID, ExternalID: s.ID}); err != nil {
			return fmt.Errorf("keep the messenger's id: %w", err)
		}
	}
	return h.settle(ctx, workspace, of.ID, func(now *db.SendLockRow) (threadv1.DeliveryState, string, bool) {
		// That an earlier attempt failed says nothing of a later one.
		current := now.ExternalID == s.ID || now.ExternalID == "" && named && ref.attempt == now.Attempts
		return s.State, reasonOf(now, s), forward(now, s.State) && (current || !fails)
	})
}

// reasonOf is what is said of a delivery after a report: why it failed, or still
// that it may have come twice.
func reasonOf(now *db.SendLockRow, s Status) string {
	switch {
	case s.State == threadv1.DeliveryState_DELIVERY_STATE_FAILED:
		return strings.TrimSpace(s.Reason)
	case now.Reason == reasonTwice:
		return reasonTwice
	default:
		return ""
	}
}
