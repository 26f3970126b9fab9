package live

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Who is too far behind is not told each change, but that there were some.
//
// Spec: C9
func TestTopic_TellsWhoMissedChangesOfActivitiesToReadThemAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.topic.key.Thread.String()
	change := activityFrame(&activityv1.ActivityChange{RecordId: record, ActivityId: uuid.NewString()})
	for range queueFrames + 10 {
		b.topic.activity(change)
	}
	require.Len(t, b.stream.queue, queueFrames)
	w := b.stream.take()
	require.Equal(t, []*subscription{b.sub}, w.lagging, "once")
	b.topic.activity(change)
	require.Empty(t, b.stream.queue, "until it was told")

	anew := b.topic.lostActivities(b.sub).message.GetEvent().GetActivity()
	require.Equal(t, record, anew.GetRecordId())
	require.Empty(t, anew.GetActivityId())
	require.Nil(t, b.topic.lostActivities(b.sub))
	b.topic.activity(change)
	require.Len(t, b.stream.queue, 1)
}

// Outsiders never meet an activity, whatever they listen to.
//
// Spec: C4 C9
func TestTopic_TellsOutsidersNothingOfActivities(t *testing.T) {
	t.Parallel()
	b := setup(t)
	outside, err := b.hub.open(access.Caller{Kind: access.Visitor, Workspace: b.topic.key.Workspace, ID: uuid.New()})
	require.NoError(t, err)
	sub := outside.join(b.topic.key.Thread, 0)
	require.Equal(t, thread.Outside, sub.audience)
	b.topic.tellMarks(sub)
	change := &activityv1.ActivityChange{RecordId: b.topic.key.Thread.String()}
	b.hub.activity(b.topic.key.Workspace, change, []uuid.UUID{outside.caller.ID})
	b.hub.doubtActivities()
	require.Empty(t, outside.queue)
	require.Len(t, b.stream.queue, 2)
}
