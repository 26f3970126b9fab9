package mailgate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
)

const (
	// maxHolding is how many mails are whole in memory at once, on their way into
	// the quarantine.
	maxHolding = 4
	// held is how long a mail waits for somebody to look at it.
	held = 30 * 24 * time.Hour
	// pruneEvery and pruneBatch say how what waited longer is removed.
	pruneEvery, pruneBatch = time.Hour, 200
	// usualPage and maxPage are how many entries a page has.
	usualPage, maxPage = 50, 200
)

var errNoMail = fault.New(fault.NotFound, "QUARANTINED_MAIL_NOT_FOUND", "there is no such mail in the quarantine; it may have been delivered or deleted")

// quarantine keeps a mail until somebody decides; one that waits already waits on.
func (h *Handler) quarantine(ctx context.Context, l *letter, d *Destination) (*mailv1.MailResult, error) {
	select {
	case h.holding <- struct{}{}:
		defer func() { <-h.holding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	raw, err := io.ReadAll(l.spool.Reader())
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make quarantine id: %w", err)
	}
	row := db.MailQuarantineInsertParams{
		WorkspaceID: l.workspace, ID: id, Reason: int16(d.Reason), Details: d.Why, MailID: l.facts.IDs[0], Sender: l.in.From.String(),
		Recipients: recipients(l.in, l.facts), EnvelopeSender: l.from, Subject: cut(l.in.Subject, maxSubject),
		Body: cut(message(l.in, nil), maxBody), FileNames: []string{}, Size: l.spool.Size(), Raw: raw, CreateTime: h.Now(),
	}
	row.Recipients = append([]string{}, row.Recipients[:min(len(row.Recipients), maxLooked)]...)
	for _, a := range l.in.Attachments[:min(len(l.in.Attachments), maxFiles)] {
		row.FileNames = append(row.FileNames, a.Name)
	}
	n, err := h.q.MailQuarantineInsert(ctx, h.DB, row)
	if err == nil && n == 0 {
		id, err = h.q.MailQuarantineByMail(ctx, h.DB, db.MailQuarantineByMailParams{WorkspaceID: l.workspace, MailID: row.MailID})
	}
	if err != nil {
		return nil, fmt.Errorf("quarantine mail: %w", err)
	}
	return &mailv1.MailResult{Outcome: mailv1.MailOutcome_MAIL_OUTCOME_QUARANTINE, QuarantineId: id.String()}, nil
}

// prune removes what nobody looked at for too long.
func (h *Handler) prune(ctx context.Context) error {
	for {
		n, err := h.q.MailQuarantinePrune(ctx, h.DB, db.MailQuarantinePruneParams{Before: h.Now().Add(-held), MaxRows: pruneBatch})
		if err != nil {
			return fmt.Errorf("prune the quarantine: %w", err)
		}
		if n < pruneBatch {
			return nil
		}
	}
}

// ListQuarantinedMails implements the contract's method.
func (h *Handler) ListQuarantinedMails(ctx context.Context, req *mailv1.ListQuarantinedMailsRequest) (*mailv1.ListQuarantinedMailsResponse, error) {
	before := uuid.Max
	if _, err := h.Pages.Decode(ctx, req, &before); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize(), usualPage, maxPage)
	reasons := []int16{}
	for _, r := range req.GetReasons() {
		reasons = append(reasons, int16(r))
	}
	rows, err := h.q.MailQuarantineList(ctx, h.DB, db.MailQuarantineListParams{
		WorkspaceID: access.FromContext(ctx).Workspace, Before: before, Reasons: reasons, MaxRows: int32(size) + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("list quarantined mails: %w", err)
	}
	res := &mailv1.ListQuarantinedMailsResponse{}
	if len(rows) > size {
		rows = rows[:size]
		if res.NextPageToken, err = h.Pages.Encode(ctx, req, rows[size-1].ID); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		res.Mails = append(res.Mails, quarantined(db.MailQuarantineGetRow(row)))
	}
	return res, nil
}

// quarantined is a mail that waits, as agents see it.
func quarantined(row db.MailQuarantineGetRow) *mailv1.QuarantinedMail {
	return &mailv1.QuarantinedMail{
		Id: row.ID.String(), Reason: mailv1.QuarantineReason(row.Reason), Details: row.Details, From: row.Sender, To: row.Recipients,
		Subject: row.Subject, Text: row.Body, FileNames: row.FileNames, Size: row.Size, CreateTime: timestamppb.New(row.CreateTime),
	}
}

// GetQuarantinedMail implements the contract's method.
func (h *Handler) GetQuarantinedMail(ctx context.Context, req *mailv1.GetQuarantinedMailRequest) (*mailv1.GetQuarantinedMailResponse, error) {
	id, err := uuid.Parse(req.GetQuarantineId())
	if err != nil {
		return nil, errNoMail
	}
	row, err := h.q.MailQuarantineGet(ctx, h.DB, db.MailQuarantineGetParams{WorkspaceID: access.FromContext(ctx).Workspace, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoMail
	}
	if err != nil {
		return nil, fmt.Errorf("read quarantined mail: %w", err)
	}
	return &mailv1.GetQuarantinedMailResponse{Mail: quarantined(row)}, nil
}

// DeleteQuarantinedMail implements the contract's method.
func (h *Handler) DeleteQuarantinedMail(ctx context.Context, req *mailv1.DeleteQuarantinedMailRequest) (*mailv1.DeleteQuarantinedMailResponse, error) {
	id, err := uuid.Parse(req.GetQuarantineId())
	if err != nil {
		return nil, errNoMail
	}
	n, err := h.q.MailQuarantineDelete(ctx, h.DB, db.MailQuarantineDeleteParams{WorkspaceID: access.FromContext(ctx).Workspace, ID: id})
	if err != nil {
		return nil, fmt.Errorf("delete quarantined mail: %w", err)
	}
	if n == 0 {
		return nil, errNoMail
	}
	return &mailv1.DeleteQuarantinedMailResponse{}, nil
}
