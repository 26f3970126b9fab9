package activity_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server"
	"github.com/parley-chat/parley/server/servertest"
)

// listener hears what one stream tells.
type listener struct {
	t      *testing.T
	events chan *livev1.Event
	// aside are events that nobody has waited for yet.
	aside []*livev1.Event
}

// listen opens a stream with one topic, and waits until it is open.
func listen(t *testing.T, by *servertest.Client, topic *livev1.Topic) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := by.Live.Subscribe(ctx, &livev1.SubscribeRequest{Topics: []*livev1.Topic{topic}})
	require.NoError(t, err)
	l, opened, ended := &listener{t: t, events: make(chan *livev1.Event, 100)}, make(chan struct{}), make(chan struct{})
	var once sync.Once
	go func() {
		defer close(ended)
		for stream.Receive() {
			if stream.Msg().GetTopicOpened() != nil {
				once.Do(func() { close(opened) }) // it begins anew when the bus is found
			}
			if e := stream.Msg().GetEvent(); e != nil {
				l.events <- e
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-ended; _ = stream.Close() })
	select {
	case <-opened:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the topic did not open")
	}
	return l
}

// change waits for the next change of an activity.
func (l *listener) change() *activityv1.ActivityChange {
	l.t.Helper()
	return l.until(func(e *livev1.Event) bool { return e.GetActivity().GetActivityId() != "" }).GetActivity()
}

// anew waits to be told that the activities of a record are to be read anew.
func (l *listener) anew() *activityv1.ActivityChange {
	l.t.Helper()
	return l.until(func(e *livev1.Event) bool { return e.GetActivity() != nil && e.GetActivity().GetActivityId() == "" }).GetActivity()
}

func (l *listener) until(is func(*livev1.Event) bool) *livev1.Event {
	l.t.Helper()
	for i, e := range l.aside {
		if is(e) {
			l.aside = slices.Delete(l.aside, i, i+1)
			return e
		}
	}
	late := time.After(10 * time.Second)
	for {
		select {
		case e := <-l.events:
			if is(e) {
				return e
			}
			l.aside = append(l.aside, e)
		case <-late:
			require.FailNow(l.t, "it was not told")
		}
	}
}

func (b *bundle) threadTopic() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: b.ticket}}
}

func inboxTopic() *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}
}

// Whatever is planned, changed, done or cancelled is told to who looks at the
// record and to whose it is, on every node.
//
// Spec: C9 C13
func TestLive_TellsTheRecordsReadersAndTheAssignee(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.node.Join(t, func(c *server.Config) { c.Now = b.clock.now })
	here, there := listen(t, b.anna, b.threadTopic()), listen(t, other.As(b.ben.Token), b.threadTopic())
	bens, adas := listen(t, other.As(b.ben.Token), inboxTopic()), listen(t, b.ada, inboxTopic())

	a := b.schedule(b.anna, "Call", to(b.ben), about("Ask"))
	item := bens.until(func(e *livev1.Event) bool { return e.GetInbox().GetItem() != nil }).GetInbox()
	require.Equal(t, chatterv1.InboxReason_INBOX_REASON_ACTIVITY, item.GetItem().GetReason())
	require.Equal(t, a.GetId(), item.GetItem().GetActivity().GetId())
	require.Equal(t, int32(1), item.GetUnreadCount())
	for _, l := range []*listener{here, there} {
		c := l.change()
		require.Equal(t, b.ticket, c.GetRecordId())
		require.Equal(t, "Ask", c.GetActivity().GetSummary())
	}
	require.Equal(t, a.GetId(), bens.change().GetActivityId())

	b.update(b.anna, a, func(r *activityv1.UpdateActivityRequest) { r.AssigneeId = b.id(b.ada) })
	require.Equal(t, b.ada.UserID.String(), there.change().GetActivity().GetAssignee().GetId())
	require.Equal(t, a.GetId(), adas.change().GetActivityId())
	require.Equal(t, a.GetId(), bens.change().GetActivityId(), "who lost it hears of it, too")

	b.complete(b.ada, a, "")
	gone := there.change()
	require.Equal(t, a.GetId(), gone.GetActivityId())
	require.Nil(t, gone.GetActivity())
	require.Nil(t, adas.change().GetActivity())

	cancelled := b.schedule(b.anna, "Call", to(b.ben))
	require.NotNil(t, there.change().GetActivity())
	_, err := b.anna.Activity.CancelActivity(t.Context(), &activityv1.CancelActivityRequest{ActivityId: cancelled.GetId()})
	require.NoError(t, err)
	require.Nil(t, there.change().GetActivity())

	b.schedule(b.anna, "Call", to(b.ben))
	require.NotNil(t, there.change().GetActivity())
	reader := listen(t, b.ada, b.threadTopic())
	b.deactivate(b.ben)
	require.Equal(t, b.ticket, reader.anew().GetRecordId())
}

// Many changes of one record at once are told as one.
//
// Spec: C9
func TestLive_TellsOfManyChangesAtOnceByAskingToReadAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.welcome()
	for len(p.Items) < 6 {
		p.Items = append(p.Items, p.Items[1])
	}
	made, l := b.makePlan(p), listen(t, b.anna, b.threadTopic())
	_, err := b.anna.Activity.ScheduleActivityPlan(t.Context(), &activityv1.ScheduleActivityPlanRequest{
		RequestId: made.GetId(), PlanId: made.GetId(), RecordIds: []string{b.ticket}, AssigneeId: b.anna.UserID.String(),
	})
	require.NoError(t, err)
	require.Equal(t, b.ticket, l.anew().GetRecordId())
	b.schedule(b.anna, "Meeting")
	require.Equal(t, "Meeting", l.change().GetActivity().GetTypeName(), "it was one event")
}
