package live

import (
	"github.com/google/uuid"

	composev1 "github.com/parley-chat/parley/gen/parley/compose/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
)

// Draft tells a user's devices, and nobody else's, what changed of their drafts.
func (h *Hub) Draft(workspace, user uuid.UUID, change *composev1.DraftChange) {
	h.compose(workspace, &wirev1.Compose{UserId: user[:], Change: &wirev1.Compose_Draft{Draft: change}})
}

// Scheduled tells a user's devices, and nobody else's, what became of a message
// that they scheduled.
func (h *Hub) Scheduled(workspace, user uuid.UUID, change *composev1.ScheduledChange) {
	h.compose(workspace, &wirev1.Compose{UserId: user[:], Change: &wirev1.Compose_Scheduled{Scheduled: change}})
}

func (h *Hub) compose(workspace uuid.UUID, w *wirev1.Compose) {
	h.receiveCompose(workspace, w)
	h.Bus.Send(&wirev1.Signal{WorkspaceId: workspace[:], What: &wirev1.Signal_Compose{Compose: w}})
}

// receiveCompose tells the listeners of the user's inbox. What was lost on the way
// is found again when the topic begins anew.
func (h *Hub) receiveCompose(workspace uuid.UUID, w *wirev1.Compose) {
	user, err := uuid.FromBytes(w.GetUserId())
	if err != nil {
		return
	}
	event := &livev1.Event{}
	switch change := w.GetChange().(type) {
	case *wirev1.Compose_Draft:
		event.Change = &livev1.Event_Draft{Draft: change.Draft}
	case *wirev1.Compose_Scheduled:
		event.Change = &livev1.Event_Scheduled{Scheduled: change.Scheduled}
	default:
		return
	}
	h.changed.note(inboxState, user)
	f := eventFrame(event)
	for _, s := range h.listeners(inboxState, user) {
		if s.caller.Workspace == workspace {
			s.pushState(inboxState, f)
		}
	}
}
