package messenger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// tries is how often a message is tried, which takes about a quarter of an
	// hour: after 1, 16, 81, 256 and 625 seconds.
	tries = 6
	// attemptTime bounds one try.
	attemptTime = 30 * time.Second

	reasonTwice = "Sent again, because an earlier try ended without an answer; it may have arrived twice."
	reasonOpen  = "WhatsApp did not answer, so it is not known whether this arrived."
)

// SendArgs is the job of sending one delivery.
type SendArgs struct {
	Workspace uuid.UUID `json:"workspace"`
	Delivery  uuid.UUID `json:"delivery"`
}

// Kind implements river.JobArgs.
func (SendArgs) Kind() string { return "messenger_send" }

func sendOptions() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: tries} }

const (
	// lookEvery is the time between two looks for deliveries without a job.
	lookEvery = 2 * time.Second
	// lookMost is how many are taken at once.
	lookMost = 100
)

// Run gives jobs to deliveries that somebody wants to be tried again, until ctx
// ends.
func (h *Handler) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := h.Dispatch(ctx); err != nil && ctx.Err() == nil {
				h.Logger.WarnContext(ctx, "messages to be sent again wait", "error", err)
			}
		}
	}
}

// Dispatch is one look of Run.
func (h *Handler) Dispatch(ctx context.Context) error {
	return store.InTx(ctx, h.DB, func(tx pgx.Tx) error {
		due, err := h.q.SendClaim(ctx, tx, db.SendClaimParams{
			ReadyState: int16(threadv1.DeliveryState_DELIVERY_STATE_READY), Channel: int16(threadv1.DeliveryChannel_DELIVERY_CHANNEL_WHATSAPP),
			Now: h.Now(), MaxRows: lookMost,
		})
		if err != nil {
			return fmt.Errorf("take what is to be sent again: %w", err)
		}
		for _, one := range due {
			if err := h.Jobs.InsertTx(ctx, tx, SendArgs{Workspace: one.WorkspaceID, Delivery: one.ID}, sendOptions()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Work does the job of sending. An error has it tried again.
func (h *Handler) Work(ctx context.Context, job *river.Job[SendArgs]) error {
	return h.Attempt(ctx, job.Args, job.Attempt >= job.MaxAttempts)
}

// Attempt tries to send a delivery that waits; last says that there is no other
// try after this one.
func (h *Handler) Attempt(ctx context.Context, args SendArgs, last bool) error {
	begun, err := h.q.SendBegin(ctx, h.DB, db.SendBeginParams{
		WorkspaceID: args.Workspace, ID: args.Delivery, ReadyState: int16(threadv1.DeliveryState_DELIVERY_STATE_READY),
	})
	if store.IsNoRows(err) { // done before, or reported meanwhile
		return h.catchUp(ctx, args)
	}
	if err != nil {
		return fmt.Errorf("begin to send: %w", err)
	}
	id, err := h.deliver(ctx, &begun)
	var failed *Failure
	switch {
	case err == nil:
		return h.taken(ctx, args, id, begun.MessengerSend.Unsure)
	case errors.Is(err, errTakenBack):
		return h.end(ctx, args, threadv1.DeliveryState_DELIVERY_STATE_CANCELLED, "")
	case !errors.As(err, &failed):
		failed = &Failure{Outcome: Later, Words: "this server could not send it"}
		h.Logger.ErrorContext(ctx, "a message was not handed to its messenger", "workspace", args.Workspace, "delivery", args.Delivery, "error", err)
	}
	return h.failed(ctx, args, failed, last, begun.MessengerSend.Unsure)
}

// errTakenBack says that a message was deleted before it was sent.
var errTakenBack = errors.New("the message was deleted")

// deliver hands a message to its messenger.
func (h *Handler) deliver(ctx context.Context, begun *db.SendBeginRow) (id string, err error) {
	s := &begun.MessengerSend
	m, err := h.Log.Get(ctx, s.WorkspaceID, s.ThreadID, s.MessageID)
	if errors.Is(err, thread.ErrNoMessage) || err == nil && m.Delete != nil {
		return "", errTakenBack
	}
	if err != nil {
		return "", err
	}
	connection, connector, account, err := h.ready(ctx, s.WorkspaceID, s.ConnectionID)
	switch {
	case fault.KindOf(err) != 0:
		return "", &Failure{Outcome: Refused, Words: "The connection was removed, or lacks its token."}
	case err != nil:
		return "", err
	case !connection.Active:
		return "", &Failure{Outcome: Refused, Words: "The connection is off."}
	}
	t, err := h.template(ctx, s.WorkspaceID, s.TemplateID)
	if errors.Is(err, errNoTemplate) || err == nil && !t.approved() {
		return "", &Failure{Outcome: Refused, Words: "The template is not approved any more."}
	}
	if err != nil {
		return "", err
	}
	var out Outgoing
	if err := json.Unmarshal(s.Content, &out); err != nil {
		return "", fmt.Errorf("decode what is sent: %w", err)
	}
	out.To, out.Reference = begun.Address, reference{s.ID, s.Attempts}.String()
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return connector.Send(ctx, account, out)
}

// reference names an attempt to the messenger.
type reference struct {
	delivery uuid.UUID
	attempt  int32
}

// String is the reference as it is sent.
func (r reference) String() string { return r.delivery.String() + "/" + strconv.Itoa(int(r.attempt)) }

// parseReference reads a reference that came back; ok is false if it is none.
func parseReference(s string) (r reference, ok bool) {
	const idLength = 36
	if len(s) < idLength+2 || s[idLength] != '/' {
		return r, false
	}
	id, err := uuid.Parse(s[:idLength])
	n, other := strconv.ParseInt(s[idLength+1:], 10, 32)
	return reference{id, int32(n)}, err == nil && other == nil
}

// taken keeps what the messenger called the message, and shows that it was sent.
// After the first step nothing sends it again.
func (h *Handler) taken(ctx context.Context, args SendArgs, id string, unsure bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	if err := h.q.SendTaken(ctx, h.DB, db.SendTakenParams{WorkspaceID: args.Workspace, ID: args.Delivery, ExternalID: id}); err != nil {
		return fmt.Errorf("keep the messenger's id: %w", err)
	}
	reason := ""
	if unsure {
		reason = reasonTwice
	}
	return h.end(ctx, args, threadv1.DeliveryState_DELIVERY_STATE_SENT, reason)
}

// catchUp shows that a delivery was sent, where the node that sent it did not come
// to it.
func (h *Handler) catchUp(ctx context.Context, args SendArgs) error {
	return h.settle(ctx, args.Workspace, args.Delivery, func(now *db.SendLockRow) (threadv1.DeliveryState, string, bool) {
		ready := now.State == int16(threadv1.DeliveryState_DELIVERY_STATE_READY) && now.ExternalID != ""
		reason := ""
		if now.Unsure {
			reason = reasonTwice
		}
		return threadv1.DeliveryState_DELIVERY_STATE_SENT, reason, ready
	})
}

// end notes that an attempt's end is known, and shows it.
func (h *Handler) end(ctx context.Context, args SendArgs, state threadv1.DeliveryState, reason string) error {
	if err := h.q.SendEnd(ctx, h.DB, db.SendEndParams{WorkspaceID: args.Workspace, ID: args.Delivery}); err != nil {
		return fmt.Errorf("end an attempt to send: %w", err)
	}
	return h.settle(ctx, args.Workspace, args.Delivery, func(now *db.SendLockRow) (threadv1.DeliveryState, string, bool) {
		return state, reason, forward(now, state)
	})
}

// failed decides what comes after an attempt that failed. One whose end is not
// known stays under way, which makes the next one unsure.
func (h *Handler) failed(ctx context.Context, args SendArgs, f *Failure, last, unsure bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	state, reason := threadv1.DeliveryState_DELIVERY_STATE_READY, f.Words
	if f.Outcome == Refused || last {
		state = threadv1.DeliveryState_DELIVERY_STATE_FAILED
	}
	if f.Outcome == Unknown || unsure {
		reason = reasonOpen
	}
	if f.Outcome != Unknown {
		if err := h.q.SendEnd(ctx, h.DB, db.SendEndParams{WorkspaceID: args.Workspace, ID: args.Delivery}); err != nil {
			return fmt.Errorf("end an attempt to send: %w", err)
		}
	}
	err := h.settle(ctx, args.Workspace, args.Delivery, func(now *db.SendLockRow) (threadv1.DeliveryState, string, bool) {
		return state, reason, now.State == int16(threadv1.DeliveryState_DELIVERY_STATE_READY)
	})
	if err != nil || state == threadv1.DeliveryState_DELIVERY_STATE_FAILED {
		return err
	}
	return f
}
