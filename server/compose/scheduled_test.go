package compose_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/compose"
	"github.com/parley-chat/parley/server/servertest"
)

// schedule schedules a message on the ticket.
func (b *bundle) schedule(by *servertest.Client, in time.Duration, content *composev1.Content) *composev1.ScheduledMessage {
	b.t.Helper()
	res, err := by.Compose.ScheduleMessage(b.t.Context(), b.plan(in, content))
	require.NoError(b.t, err)
	return res.GetScheduledMessage()
}

func (b *bundle) plan(in time.Duration, content *composev1.Content) *composev1.ScheduleMessageRequest {
	return &composev1.ScheduleMessageRequest{
		RequestId: uuid.NewString(), ThreadId: b.ticket, Content: content, SendTime: timestamppb.New(b.clock.now().Add(in)),
	}
}

func (b *bundle) scheduled(by *servertest.Client, id string) *composev1.ScheduledMessage {
	b.t.Helper()
	res, err := by.Compose.GetScheduledMessage(b.t.Context(), &composev1.GetScheduledMessageRequest{ScheduledMessageId: id})
	require.NoError(b.t, err)
	return res.GetScheduledMessage()
}

// job is the job that was made for a scheduled message.
func (b *bundle) job(m *composev1.ScheduledMessage) *river.Job[compose.PostArgs] {
	return &river.Job[compose.PostArgs]{JobRow: &rivertype.JobRow{Attempt: 1}, Args: compose.PostArgs{
		Workspace: b.node.Workspace, ID: uuid.MustParse(m.GetId()), SendTime: m.GetSendTime().AsTime(),
	}}
}

// run sets the clock to after the message's time, and does its job.
func (b *bundle) run(m *composev1.ScheduledMessage) {
	b.t.Helper()
	b.clock.advance(m.GetSendTime().AsTime().Sub(b.clock.now()) + time.Second)
	require.NoError(b.t, b.node.Compose.Work(b.t.Context(), b.job(m)))
}

// A message is posted at its time, by its author, without anybody there.
//
// Spec: C6
func TestSchedule_PostsAtItsTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	events := listen(t, b.anna)
	file := b.mustUpload(b.anna, b.ticket, "offer.txt", false)
	m := b.schedule(b.anna, 1500*time.Millisecond, &composev1.Content{
		Body: "Good morning", Subject: "Offer", FileIds: []string{file}, MentionIds: []string{b.ben.UserID.String()},
	})
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_WAITING, next(t, events).GetScheduled().GetScheduledMessage().GetState())
	require.Equal(t, []string{"offer.txt"}, names(m.GetFiles()))
	require.Empty(t, b.comments())
	require.Eventually(t, func() bool { return len(b.comments()) == 1 }, 30*time.Second, 50*time.Millisecond)
	got := b.comments()[0]
	require.Equal(t, "Good morning", got.GetBody())
	require.Equal(t, "Offer", got.GetSubject())
	require.Equal(t, b.anna.UserID.String(), got.GetAuthor().GetId())
	require.Equal(t, []string{"offer.txt"}, names(got.GetFiles()))
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_SENT, next(t, events).GetScheduled().GetScheduledMessage().GetState())
	require.Equal(t, got.GetId(), b.scheduled(b.anna, m.GetId()).GetMessageId())
	list, err := b.anna.Compose.ListScheduledMessages(t.Context(), &composev1.ListScheduledMessagesRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetScheduledMessages())
}

// Spec: C6
func TestSchedule_RefusesATimeThatIsPast(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for in, reason := range map[time.Duration]string{-time.Second: "TIME_PAST", 400 * 24 * time.Hour: "TIME_FAR"} {
		_, err := b.anna.Compose.ScheduleMessage(t.Context(), b.plan(in, text("x")))
		requireReason(t, reason, err)
	}
	m := b.schedule(b.anna, time.Hour, text("x"))
	_, err := b.anna.Compose.UpdateScheduledMessage(t.Context(), &composev1.UpdateScheduledMessageRequest{
		ScheduledMessageId: m.GetId(), SendTime: timestamppb.New(b.clock.now().Add(-time.Hour)),
	})
	requireReason(t, "TIME_PAST", err)
}

// What PostMessage would refuse is refused when it is scheduled.
//
// Spec: C6
func TestSchedule_ChecksTheMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for reason, content := range map[string]*composev1.Content{
		"BODY_EMPTY":      {},
		"MENTION_UNKNOWN": {Body: "x", MentionIds: []string{uuid.NewString()}},
		"FILE_UNKNOWN":    {Body: "x", FileIds: []string{b.mustUpload(b.ben, b.ticket, "bens.txt", false)}},
		"REPLY_UNKNOWN":   {Body: "x", ReplyToId: uuid.NewString()},
	} {
		_, err := b.anna.Compose.ScheduleMessage(t.Context(), b.plan(time.Hour, content))
		requireReason(t, reason, err)
	}
	require.Empty(t, b.comments())
}

// Spec: C6
func TestSchedule_AnswersARetryWithTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := b.plan(time.Hour, text("once"))
	ids := together(t, 5, func(ctx context.Context) (string, error) {
		res, err := b.anna.Compose.ScheduleMessage(ctx, req)
		return res.GetScheduledMessage().GetId(), err
	})
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	b.run(b.scheduled(b.anna, ids[0]))
	b.anna = b.node.SignIn(t, "anna@acme.example")
	res, err := b.anna.Compose.ScheduleMessage(t.Context(), req)
	require.NoError(t, err, "also when its time has passed")
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_SENT, res.GetScheduledMessage().GetState())
	require.Len(t, b.comments(), 1)
}

// However often its job runs, beside itself and beside somebody who sends it now,
// a message is posted once.
//
// Spec: C6
func TestSchedule_PostsOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.schedule(b.anna, time.Minute, text("once"))
	b.clock.advance(2 * time.Minute)
	turns := make(chan int, 9)
	for i := range cap(turns) {
		turns <- i
	}
	together(t, cap(turns), func(ctx context.Context) (bool, error) {
		switch <-turns % 3 {
		case 0:
			_, err := b.anna.Compose.SendScheduledMessageNow(ctx, &composev1.SendScheduledMessageNowRequest{ScheduledMessageId: m.GetId()})
			return true, err
		case 1:
			return true, b.node.Compose.Work(ctx, b.job(m))
		default:
			return true, b.node.Compose.CatchUp(ctx)
		}
	})
	require.Len(t, b.comments(), 1)
	b.run(m)
	require.Len(t, b.comments(), 1)
	got := b.scheduled(b.anna, m.GetId())
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_SENT, got.GetState())
	require.Equal(t, b.comments()[0].GetId(), got.GetMessageId())
}

// Spec: C6
func TestSendNow_AnswersTheMessage(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	m := b.schedule(b.anna, time.Hour, text("now"))
	req := &composev1.SendScheduledMessageNowRequest{ScheduledMessageId: m.GetId()}
	_, err := b.ben.Compose.SendScheduledMessageNow(ctx, req)
	requireReason(t, "SCHEDULED_DENIED", err)
	res, err := b.ada.Compose.SendScheduledMessageNow(ctx, req)
	require.NoError(t, err)
	require.Equal(t, b.anna.UserID.String(), res.GetMessage().GetAuthor().GetId(), "it is its author's, whoever sends it")
	again, err := b.anna.Compose.SendScheduledMessageNow(ctx, req)
	require.NoError(t, err)
	require.Equal(t, res.GetMessage().GetId(), again.GetMessage().GetId())
	require.Len(t, b.comments(), 1)
	b.run(m)
	require.Len(t, b.comments(), 1)
}

// Spec: C6
func TestUpdate_IsForTheAuthorAndAdministrators(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	m := b.schedule(b.anna, time.Hour, text("first"))
	change := &composev1.UpdateScheduledMessageRequest{
		ScheduledMessageId: m.GetId(), Content: text("second"), SendTime: timestamppb.New(b.clock.now().Add(2 * time.Hour)), Etag: m.GetEtag(),
	}
	_, err := b.ben.Compose.UpdateScheduledMessage(ctx, change)
	requireReason(t, "SCHEDULED_DENIED", err)
	changed, err := b.ada.Compose.UpdateScheduledMessage(ctx, change)
	require.NoError(t, err)
	_, err = b.anna.Compose.UpdateScheduledMessage(ctx, change)
	requireReason(t, "ETAG_MISMATCH", err)

	b.run(m) // the job for the first time
	require.Empty(t, b.comments())
	b.run(changed.GetScheduledMessage())
	require.Equal(t, "second", b.comments()[0].GetBody())
	b.anna = b.node.SignIn(t, "anna@acme.example")
	_, err = b.anna.Compose.UpdateScheduledMessage(ctx, &composev1.UpdateScheduledMessageRequest{ScheduledMessageId: m.GetId(), Content: text("third")})
	requireReason(t, "SCHEDULED_DONE", err)
}

// Spec: C6
func TestCancel_IsForWhoeverMayPost(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	m := b.schedule(b.anna, time.Hour, text("never"))
	list, err := b.ben.Compose.ListScheduledMessages(ctx, &composev1.ListScheduledMessagesRequest{ThreadId: b.ticket})
	require.NoError(t, err)
	require.Len(t, list.GetScheduledMessages(), 1)
	require.False(t, list.GetScheduledMessages()[0].GetEditable())
	require.Equal(t, "Printer on fire", list.GetScheduledMessages()[0].GetThreadTitle())
	req := &composev1.CancelScheduledMessageRequest{ScheduledMessageId: m.GetId()}
	res, err := b.ben.Compose.CancelScheduledMessage(ctx, req)
	require.NoError(t, err)
	require.Equal(t, "never", res.GetScheduledMessage().GetContent().GetBody())
	_, err = b.anna.Compose.CancelScheduledMessage(ctx, req)
	requireReason(t, "SCHEDULED_DONE", err)
	_, err = b.anna.Compose.SendScheduledMessageNow(ctx, &composev1.SendScheduledMessageNowRequest{ScheduledMessageId: m.GetId()})
	requireReason(t, "SCHEDULED_DONE", err)
	b.run(m)
	require.Empty(t, b.comments())
	b.clock.advance(31 * 24 * time.Hour)
	require.NoError(t, b.node.Compose.Prune(ctx))
	anna := b.node.SignIn(t, "anna@acme.example")
	_, err = anna.Compose.GetScheduledMessage(ctx, &composev1.GetScheduledMessageRequest{ScheduledMessageId: m.GetId()})
	requireReason(t, "SCHEDULED_NOT_FOUND", err)
}

// A message whose author was deactivated is not posted, and says so; the others
// are.
//
// Spec: C6
func TestSchedule_WhatFailsIsListedAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	events := listen(t, b.ben)
	lost, fine := b.schedule(b.anna, time.Minute, text("lost")), b.schedule(b.ben, time.Minute, text("fine"))
	bens := b.schedule(b.ben, time.Minute, &composev1.Content{Body: "to whom?", RecipientIds: []string{b.anna.UserID.String()}})
	_, err := b.ada.Identity.UpdateUser(ctx, &identityv1.UpdateUserRequest{
		User: &identityv1.User{Id: b.anna.UserID.String()}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"active"}},
	})
	require.NoError(t, err)
	b.clock.advance(200 * time.Second) // less than the life of a stream
	require.NoError(t, b.node.Compose.CatchUp(ctx))
	got := b.scheduled(b.ada, lost.GetId())
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_FAILED, got.GetState())
	require.Equal(t, "AUTHOR_INACTIVE", got.GetFailureReason())
	require.Equal(t, composev1.ScheduledState_SCHEDULED_STATE_SENT, b.scheduled(b.ada, fine.GetId()).GetState())
	require.Len(t, b.comments(), 1)

	told := func() *composev1.ScheduledMessage {
		for {
			if m := next(t, events).GetScheduled().GetScheduledMessage(); m.GetState() == composev1.ScheduledState_SCHEDULED_STATE_FAILED {
				return m
			}
		}
	}()
	require.Equal(t, bens.GetId(), told.GetId())
	require.Equal(t, "RECIPIENT_UNKNOWN", told.GetFailureReason())
	require.NotEmpty(t, told.GetFailureMessage())
	list, err := b.ben.Compose.ListScheduledMessages(ctx, &composev1.ListScheduledMessagesRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetScheduledMessages(), 1)

	// It can be mended.
	_, err = b.ben.Compose.UpdateScheduledMessage(ctx, &composev1.UpdateScheduledMessageRequest{ScheduledMessageId: bens.GetId(), Content: text("to all")})
	requireReason(t, "TIME_PAST", err)
	mended, err := b.ben.Compose.UpdateScheduledMessage(ctx, &composev1.UpdateScheduledMessageRequest{
		ScheduledMessageId: bens.GetId(), Content: text("to all"), SendTime: timestamppb.New(b.clock.now().Add(time.Hour)),
	})
	require.NoError(t, err)
	require.Empty(t, mended.GetScheduledMessage().GetFailureReason())
	b.run(mended.GetScheduledMessage())
	require.Len(t, b.comments(), 2)
}

// Whoever lost the right to write in a thread posts nothing there, not even what
// they scheduled before; they still see what became of it.
//
// Spec: C6
func TestSchedule_TheAuthorLostTheRight(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	kind := b.secretType()
	b.ticket = b.record(kind, map[string]any{"title": "x"})
	m := b.schedule(b.ben, time.Minute, text("x"))
	admins := &recordv1.Permission{Roles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}}
	_, err := b.ada.Records.UpdateRecordType(ctx, &recordv1.UpdateRecordTypeRequest{
		RecordType: &recordv1.RecordType{Name: kind, Label: "Secret", Read: admins}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"read"}},
	})
	require.NoError(t, err)
	b.run(m)
	require.Equal(t, "THREAD_NOT_FOUND", b.scheduled(b.ben, m.GetId()).GetFailureReason())
	_, err = b.anna.Compose.GetScheduledMessage(ctx, &composev1.GetScheduledMessageRequest{ScheduledMessageId: m.GetId()})
	requireReason(t, "SCHEDULED_NOT_FOUND", err)
	require.Empty(t, b.comments())
}

// A job that comes too early waits.
func TestWork_WaitsForItsTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.schedule(b.anna, time.Hour, text("later"))
	err := b.node.Compose.Work(t.Context(), b.job(m))
	require.ErrorIs(t, err, &river.JobSnoozeError{})
	require.Empty(t, b.comments())
}

// The files of a scheduled message wait with it, for as long as it does.
//
// Spec: C6 C10
func TestSchedule_KeepsItsFilesFromTheSweep(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	file := b.mustUpload(b.anna, b.ticket, "offer.txt", false)
	m := b.schedule(b.anna, 72*time.Hour, &composev1.Content{FileIds: []string{file}})
	b.clock.advance(48 * time.Hour)
	_, err := b.node.Files.Sweep(ctx)
	require.NoError(t, err)
	b.run(m)
	b.ada = b.node.SignIn(t, servertest.Admin)
	require.Equal(t, []string{"offer.txt"}, names(b.comments()[0].GetFiles()))
	res, err := b.ada.Chatter.ListMessages(ctx, &chatterv1.ListMessagesRequest{ThreadId: b.ticket})
	require.NoError(t, err)
	require.NotEmpty(t, res.GetMessages())
}
