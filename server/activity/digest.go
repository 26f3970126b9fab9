package activity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parley-chat/parley/gen/db"
	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
)

const (
	// digestFrom and digestUntil are the hours, where the user is, in which a digest
	// is sent: at eight, and later only as long as it still is morning, so that who
	// was asleep with the server is not told of a day that is nearly over.
	digestFrom, digestUntil = 8, 12
	digestBatch             = 50
	// digestLines is how many activities a digest names of each kind.
	digestLines = 50
)

// Digest is a mail to one user with what is due.
type Digest struct {
	Workspace, User uuid.UUID
	// Name and Email are the user's, Locale their language.
	Name, Email, Locale string
	// Day is the user's day that it is for, as 2026-11-30; one digest a day and user.
	Day           string
	Subject, Text string
}

// Mailer sends digests: it makes each of them sure to be sent once the transaction
// is committed, and does nothing if that is not.
type Mailer interface {
	SendDigest(ctx context.Context, tx pgx.Tx, d Digest) error
}

// DigestEvery is how often DigestJob should run.
const DigestEvery = time.Minute

// DigestJob is SendDigests as a job.
func (h *Handler) DigestJob(ctx context.Context) error {
	_, err := h.SendDigests(ctx)
	return err
}

// SendDigests sends the digests that it is time for, and answers how many. Whoever
// has nothing due gets none. Without a Mailer it does nothing.
func (h *Handler) SendDigests(ctx context.Context) (sent int, err error) {
	if h.Mailer == nil {
		return 0, nil
	}
	names, err := h.q.ActivityDigestZones(ctx, h.DB)
	if err != nil {
		return 0, fmt.Errorf("list time zones of digests: %w", err)
	}
	zones, days := digestTime(h.Now(), names)
	for len(zones) > 0 {
		due, err := h.claimed(ctx, zones, days)
		if err != nil {
			return sent, err
		}
		sent += due.sent
		if due.claimed < digestBatch {
			break
		}
	}
	return sent, nil
}

// digestTime are the zones of those named where it is time for a digest, and which
// day it is there.
func digestTime(now time.Time, names []string) (zones []string, days []pgtype.Date) {
	for _, name := range names {
		local := now.In(zoneOf(name))
		if local.Hour() >= digestFrom && local.Hour() < digestUntil {
			zones, days = append(zones, name), append(days, dayAt(now, local.Location()).pg())
		}
	}
	return zones, days
}

type digestCount struct{ claimed, sent int }

// claimed sends the digests of some users, all or none of them.
func (h *Handler) claimed(ctx context.Context, zones []string, days []pgtype.Date) (n digestCount, err error) {
	err = store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		rows, err := h.q.ActivityDigestClaim(ctx, tx, db.ActivityDigestClaimParams{Zones: zones, Days: days, MaxRows: digestBatch})
		if err != nil {
			return fmt.Errorf("claim digests: %w", err)
		}
		n = digestCount{claimed: len(rows)}
		for _, row := range rows {
			d, err := h.digest(ctx, row)
			if err != nil {
				return err
			}
			if d == nil {
				continue
			}
			if err := h.Mailer.SendDigest(ctx, tx, *d); err != nil {
				return fmt.Errorf("send digest: %w", err)
			}
			n.sent++
		}
		return nil
	})
	return n, err
}

// digest is what a user is told of a day; nil if nothing is due.
func (h *Handler) digest(ctx context.Context, u db.ActivityDigestClaimRow) (*Digest, error) {
	c := access.Caller{
		Kind: access.User, Workspace: u.WorkspaceID, ID: u.ID, Role: identityv1.Role(u.Role), Name: u.Name, ChatName: u.ChatName,
		Email: u.Email, Locale: u.Locale,
	}
	p := db.ActivityListParams{
		WorkspaceID: u.WorkspaceID, AssigneeID: &u.ID, DueTo: u.Day, TypeIds: []uuid.UUID{}, States: []int16{}, Zones: []string{}, Days: []pgtype.Date{},
	}
	rows, more, err := h.readable(ctx, c, p, place{}, 2*digestLines)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	views, err := h.views(ctx, u.WorkspaceID, rows)
	if err != nil {
		return nil, err
	}
	today := fromPg(u.Day)
	subject, text := digestText(today, views, more != nil)
	return &Digest{
		Workspace: u.WorkspaceID, User: u.ID, Name: u.Name, Email: u.Email, Locale: u.Locale, Day: today.String(), Subject: subject, Text: text,
	}, nil
}

// digestText says what is overdue and what is due on a day. more is true if there
// is more than is named.
func digestText(today day, list []*activityv1.Activity, more bool) (subject, text string) {
	var late, due []*activityv1.Activity
	for _, a := range list {
		if a.GetDueDate() < today.String() {
			late = append(late, a)
		} else {
			due = append(due, a)
		}
	}
	var b strings.Builder
	section(&b, "Overdue", late, true)
	section(&b, "Due today", due, false)
	if more {
		b.WriteString("There is more: see the list of all your activities.\n")
	}
	return fmt.Sprintf("Activities: %d due today, %d overdue", len(due), len(late)), strings.TrimSpace(b.String()) + "\n"
}

// section writes activities below a heading.
func section(b *strings.Builder, heading string, list []*activityv1.Activity, dated bool) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "%s (%d)\n", heading, len(list))
	for _, a := range list {
		b.WriteString("- " + a.GetTypeName())
		if a.GetSummary() != "" {
			b.WriteString(": " + a.GetSummary())
		}
		if a.GetRecordTitle() != "" {
			b.WriteString(" — " + a.GetRecordTitle())
		}
		if dated {
			b.WriteString(" (due " + a.GetDueDate() + ")")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}
