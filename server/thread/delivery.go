package thread

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// shownDeliveries is how many deliveries a message carries itself.
const shownDeliveries = 100

// deliver writes who gets the messages of some drafts by mail, in the transaction
// that has just posted them. A draft that names people of its own comes alone.
func (l *Log) deliver(ctx context.Context, tx pgx.Tx, drafts ...*Draft) error {
	var a db.DeliveryWriteParams
	for _, d := range drafts {
		a.WorkspaceIds, a.ThreadIds, a.Ids = append(a.WorkspaceIds, d.Workspace), append(a.ThreadIds, d.Thread), append(a.Ids, messageID(d))
		a.Notifies, a.Outsides = append(a.Notifies, d.Notify), append(a.Outsides, d.Mail.Outside && !d.Internal)
		a.Customers, a.SendTimes = append(a.Customers, d.Mail.Customer), append(a.SendTimes, d.Mail.Send)
		a.Contacts, a.Users = append(a.Contacts, d.Mail.Contacts...), append(append(a.Users, d.Added...), d.Mentions...)
		a.Excepts = append(a.Excepts, d.Except...)
	}
	if err := l.q.DeliveryWrite(ctx, tx, a); err != nil {
		return fmt.Errorf("write deliveries: %w", err)
	}
	return nil
}

// AmendDeliveries runs change on the deliveries of a message, and shows readers
// how they stand then. change answers whether it changed anything.
func (l *Log) AmendDeliveries(ctx context.Context, workspace, thread, message uuid.UUID, change func(tx pgx.Tx, m *Message) (bool, error)) (Message, error) {
	return l.Amend(ctx, workspace, thread, message, func(tx pgx.Tx, m *Message) error {
		changed, err := change(tx, m)
		if err == nil && !changed {
			err = ErrUnchanged
		}
		if err != nil {
			return err
		}
		return l.ShowDeliveries(ctx, tx, m)
	})
}

// ShowDeliveries gives a message that is being amended its deliveries as they
// stand. A deleted message shows none.
func (l *Log) ShowDeliveries(ctx context.Context, tx pgx.Tx, m *Message) error {
	m.Extra.Deliveries, m.Extra.DeliveryCount = nil, 0
	if m.Delete != nil {
		return nil
	}
	rows, err := l.q.DeliveryTop(ctx, tx, db.DeliveryTopParams{
		WorkspaceID: m.Workspace, ThreadID: m.Thread, Seq: m.Seq, MaxRows: shownDeliveries,
	})
	if err != nil {
		return fmt.Errorf("list deliveries: %w", err)
	}
	for i := range rows {
		m.Extra.Deliveries = append(m.Extra.Deliveries, DescribeDelivery(&rows[i].Delivery, rows[i].Name))
		m.Extra.DeliveryCount = int32(rows[i].Total)
	}
	return nil
}

// DescribeDelivery is a stored delivery as users see it.
func DescribeDelivery(d *db.Delivery, name string) *threadv1.Delivery {
	out := &threadv1.Delivery{
		Id: d.ID.String(), Party: Author{Kind: threadv1.PartyKind(d.PartyKind), ID: d.PartyID, Name: name}.Party(), Address: d.Address,
		Channel: threadv1.DeliveryChannel(d.Channel), State: threadv1.DeliveryState(d.State), Reason: d.Reason,
		UpdateTime: timestamppb.New(d.UpdateTime),
	}
	if out.State == threadv1.DeliveryState_DELIVERY_STATE_READY {
		out.SendTime = timestamppb.New(d.SendTime)
	}
	return out
}
