package messenger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// SendWhatsApp implements the contract's method.
func (h *Handler) SendWhatsApp(ctx context.Context, req *messengerv1.SendWhatsAppRequest) (*messengerv1.SendWhatsAppResponse, error) {
	c := access.FromContext(ctx)
	m, found, err := h.earlier(ctx, c, req)
	if err == nil && !found {
		m, err = h.send(ctx, c, req)
	}
	if err != nil {
		return nil, err
	}
	return &messengerv1.SendWhatsAppResponse{Message: thread.Redact(&m, thread.AudienceOf(c))}, nil
}

// earlier is the message that an earlier try of the request posted, whatever
// became of the template since.
func (h *Handler) earlier(ctx context.Context, c access.Caller, req *messengerv1.SendWhatsAppRequest) (m thread.Message, found bool, err error) {
	id := uuid.MustParse(req.GetThreadId())
	if _, err := h.Gate.Post(ctx, c, id); err != nil {
		return m, false, err
	}
	row, err := h.q.SendByRequest(ctx, h.DB, db.SendByRequestParams{
		WorkspaceID: c.Workspace, ThreadID: id, AuthorID: c.ID, RequestID: uuid.MustParse(req.GetRequestId()),
	})
	if store.IsNoRows(err) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("find message by request: %w", err)
	}
	if row.TemplateID.String() != req.GetTemplateId() || row.ContactID.String() != req.GetContactId() {
		return m, false, thread.ErrReused
	}
	m, err = h.Log.Get(ctx, c.Workspace, id, row.MessageID)
	return m, err == nil, err
}

// send posts the message and has it sent.
func (h *Handler) send(ctx context.Context, c access.Caller, req *messengerv1.SendWhatsAppRequest) (thread.Message, error) {
	f, err := h.fill(ctx, req.GetThreadId(), req.GetTemplateId(), req.GetContactId())
	if err != nil {
		return thread.Message{}, err
	}
	if len(f.problems) > 0 {
		return thread.Message{}, f.problems[0].failure
	}
	d, delivery, err := h.draft(ctx, c, f, req)
	if err != nil {
		return thread.Message{}, err
	}
	m, err := store.InTxV(ctx, h.DB, func(tx pgx.Tx) (thread.Message, error) {
		m, err := h.Log.PostTx(ctx, tx, d)
		if err != nil {
			return m, err
		}
		return m, h.queue(ctx, tx, f, &m, delivery)
	})
	if store.IsUnique(err, "") { // another try of the same was quicker
		if earlier, found, other := h.earlier(ctx, c, req); found || other != nil {
			return earlier, other
		}
	}
	if err != nil {
		return thread.Message{}, err
	}
	h.Log.Announce(ctx, m)
	return m, nil
}

// draft is the message that the thread gets.
func (h *Handler) draft(ctx context.Context, c access.Caller, f *filled, req *messengerv1.SendWhatsAppRequest) (thread.Draft, *threadv1.Delivery, error) {
	delivery := &threadv1.Delivery{
		Id: newID().String(), Party: f.party(), Address: f.phone, Channel: threadv1.DeliveryChannel_DELIVERY_CHANNEL_WHATSAPP,
		State: threadv1.DeliveryState_DELIVERY_STATE_READY, UpdateTime: timestamppb.New(h.Now()), SendTime: timestamppb.New(h.Now()),
	}
	d := thread.Draft{
		Workspace: c.Workspace, Thread: f.rights.ID, RequestID: uuid.MustParse(req.GetRequestId()),
		Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT, Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(c), Body: f.text(),
		Extra: &wirev1.Extra{Deliveries: []*threadv1.Delivery{delivery}, DeliveryCount: 1}, Notify: true, Follow: []string{},
		Mail: &thread.Mail{Send: h.Now()}, // for users who want mail; whoever is outside has it by messenger
	}
	subtypes, err := h.Records.Subtypes(ctx, c.Workspace, f.rights.RecordType)
	if err != nil {
		return d, nil, fmt.Errorf("find update subtypes: %w", err)
	}
	for _, subtype := range subtypes {
		if subtype.GetDefault() {
			d.Follow = append(d.Follow, subtype.GetName())
		}
	}
	return d, delivery, nil
}

// queue writes what is sent and the job that sends it, with the message.
func (h *Handler) queue(ctx context.Context, tx pgx.Tx, f *filled, m *thread.Message, delivery *threadv1.Delivery) error {
	content, err := json.Marshal(Outgoing{
		Template: f.template.Name, Language: f.template.Language, Named: f.template.content.Named, Gaps: f.template.content.Gaps, Values: f.values,
	})
	if err != nil {
		return fmt.Errorf("encode what is sent: %w", err)
	}
	id, contact := uuid.MustParse(delivery.GetId()), uuid.MustParse(f.contact.GetId())
	err = h.q.SendDelivery(ctx, tx, db.SendDeliveryParams{
		WorkspaceID: m.Workspace, ThreadID: m.Thread, ID: id, MessageID: m.ID, Seq: m.Seq, PartyKind: int16(threadv1.PartyKind_PARTY_KIND_CONTACT),
		PartyID: contact, Channel: int16(delivery.GetChannel()), State: int16(delivery.GetState()), Address: delivery.GetAddress(), Now: h.Now(),
	})
	if err != nil {
		return fmt.Errorf("keep delivery: %w", err)
	}
	err = h.q.SendInsert(ctx, tx, db.SendInsertParams{
		WorkspaceID: m.Workspace, ID: id, ConnectionID: f.connection.ID, TemplateID: f.template.ID, ThreadID: m.Thread, MessageID: m.ID,
		ContactID: contact, AuthorID: m.Author.ID, RequestID: m.RequestID, Content: content, Now: h.Now(),
	})
	if err != nil {
		return fmt.Errorf("keep what is sent: %w", err)
	}
	return h.Jobs.InsertTx(ctx, tx, SendArgs{Workspace: m.Workspace, Delivery: id}, sendOptions())
}
