package live

import (
	"github.com/google/uuid"

	activityv1 "github.com/parley-chat/parley/gen/parley/activity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// Activity says what changed of a record's activities: to the users who listen to
// its thread, and to the inboxes of those whose activities changed.
func (h *Hub) Activity(workspace uuid.UUID, change *activityv1.ActivityChange, users []uuid.UUID) {
	h.activity(workspace, change, users)
	w := &wirev1.Activity{Change: change}
	for _, user := range users {
		w.UserIds = append(w.UserIds, user[:])
	}
	h.Bus.Send(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_Activity{Activity: w}})
}

func (h *Hub) activity(workspace uuid.UUID, change *activityv1.ActivityChange, users []uuid.UUID) {
	f := activityFrame(change)
	if id, err := uuid.Parse(change.GetRecordId()); err == nil {
		if t := h.existing(workspace, id); t != nil {
			t.activity(f)
		}
	}
	for _, user := range users {
		h.changed.note(inboxState, user)
		for _, s := range h.listeners(inboxState, user) {
			if s.caller.Workspace == workspace {
				s.pushState(inboxState, f)
			}
		}
	}
}

func (h *Hub) receiveActivity(workspace uuid.UUID, w *wirev1.Activity) {
	users := make([]uuid.UUID, 0, len(w.GetUserIds()))
	for _, b := range w.GetUserIds() {
		if user, err := uuid.FromBytes(b); err == nil {
			users = append(users, user)
		}
	}
	h.activity(workspace, w.GetChange(), users)
}

func activityFrame(change *activityv1.ActivityChange) *Frame {
	return eventFrame(&livev1.Event{Change: &livev1.Event_Activity{Activity: change}})
}

// activity tells the users who listen to the thread. To whom it cannot be told now
// it is said later that there was something.
func (t *topic) activity(f *Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range t.subs {
		if !s.told || s.audience == thread.Outside || s.unplanned {
			continue
		}
		if !s.stream.push(queued{frame: f, sub: s}) {
			s.unplanned = true
			s.stream.lag(s)
		}
	}
}

// lostActivities is what a subscription is told that missed changes of activities:
// to read them anew. It is nil for another.
func (t *topic) lostActivities(s *subscription) *Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.unplanned {
		return nil
	}
	s.unplanned = false
	return activityFrame(&activityv1.ActivityChange{RecordId: t.key.Thread.String()})
}

// doubtActivities tells all who listen to threads to read what is planned on them
// anew, because word of a change may have been lost: one event a stream. While
// Redis is gone this is not repeated, as what it makes readers ask would come on top
// of the trouble: what other nodes changed is told when it is back.
func (h *Hub) doubtActivities() {
	f := activityFrame(&activityv1.ActivityChange{})
	for _, s := range h.all() {
		if s.caller.Kind == access.User && s.threads.Load() > 0 {
			s.push(queued{frame: f}) // who is too far behind reads anew in some minutes, when the stream ends
		}
	}
}
