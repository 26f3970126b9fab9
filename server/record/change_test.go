package record_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// Spec: C1
func TestCreateRecord_IsLoggedInItsThreadAndFollowedByItsCreator(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")

	task := ada.create(t, "task", map[string]any{"title": "Water the plants"})

	entries := ada.log(t, task.GetId())
	require.Len(t, entries, 1)
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_SYSTEM, entries[0].GetKind())
	require.Equal(t, threadv1.SystemEvent_SYSTEM_EVENT_RECORD_CREATED, entries[0].GetSystem().GetEvent())
	require.Equal(t, ada.ID.String(), entries[0].GetAuthor().GetId())
	require.True(t, entries[0].GetInternal())
	require.Equal(t, []string{"discussions", "done"}, ada.follows(t, task.GetId()))
	require.Len(t, ada.heard.messages, 1)
}

// Spec: R4, C1
func TestUpdateRecord_LogsOneEntryInFieldOrderWithNamesNotIds(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	garden := ada.create(t, "contact", map[string]any{"name": "Garden Ltd"})
	lead := ada.create(t, "lead", map[string]any{"title": "Hedge"})

	ada.update(t, lead.GetId(), map[string]any{
		"close_date": "2026-12-24", "expected_revenue": map[string]any{"amount": "12.5", "currency": "EUR"},
		"assignee": bob.ID.String(), "contact": garden.GetId(), "stage": "qualified", "source": "fair",
	})

	entries := ada.log(t, lead.GetId())
	require.Len(t, entries, 2)
	require.Equal(t, threadv1.MessageKind_MESSAGE_KIND_CHANGE, entries[1].GetKind())
	require.Equal(t, []string{
		"Stage: New -> Qualified", "Contact:  -> Garden Ltd", "Expected revenue:  -> 12.50 EUR", "Salesperson:  -> Bob",
		"Expected closing:  -> 2026-12-24",
	}, ada.changes(t, lead.GetId()))
}

// Spec: R4
func TestUpdateRecord_WithoutAChangeLogsNothingAndKeepsTheEtag(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	v := map[string]any{"title": "Hedge", "expected_revenue": map[string]any{"amount": "12.50", "currency": "EUR"}, "probability": 10}
	lead := ada.create(t, "lead", v)

	v["expected_revenue"] = map[string]any{"amount": "12.5", "currency": "EUR"}
	v["title"] = " Hedge "
	again := ada.update(t, lead.GetId(), v)

	require.Equal(t, lead.String(), again.String())
	require.Len(t, ada.log(t, lead.GetId()), 1)
	silent := ada.update(t, lead.GetId(), map[string]any{"source": "fair"}) // not tracked
	require.NotEqual(t, lead.GetEtag(), silent.GetEtag())
	require.Len(t, ada.log(t, lead.GetId()), 1)
}

// Two who save at once both land, one after the other, and the log says so.
// Spec: R4, R5
func TestUpdateRecord_WritersAtOnceLandInOrder(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	task := ada.create(t, "task", map[string]any{"title": "Water"})
	stages := []string{"in_progress", "waiting", "done", "cancelled"}
	errs := make(chan error)
	for _, stage := range stages {
		go func() {
			_, err := ada.api.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{
				Id: task.GetId(), Fields: fields(t, map[string]any{"stage": stage}),
			}})
			errs <- err
		}()
	}
	for range stages {
		require.NoError(t, <-errs)
	}

	entries := ada.log(t, task.GetId())
	require.Len(t, entries, 1+len(stages))
	last := "To do"
	for _, e := range entries[1:] {
		require.Equal(t, last, e.GetChanges()[0].GetOldValue())
		last = e.GetChanges()[0].GetNewValue()
	}
	require.Equal(t, last, ada.get(t, task.GetId()).GetDisplay()["stage"])
}

// Spec: R4, C3
func TestUpdateRecord_MappedChangeTellsTheFollowersOfItsSubtypeAndNobodyElse(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_AGENT)
	lead := ada.create(t, "lead", map[string]any{"title": "Hedge"}) // Ada follows "won", not "stage_changed"

	moved := bob.update(t, lead.GetId(), map[string]any{"stage": "qualified"})
	require.Empty(t, ada.inbox(t, lead.GetId()))
	bob.update(t, lead.GetId(), map[string]any{"email": "a@b.example"})
	require.Empty(t, ada.inbox(t, lead.GetId()))
	bob.update(t, moved.GetId(), map[string]any{"stage": "won"})

	require.Equal(t, map[int16]int{1: 1}, ada.inbox(t, lead.GetId()))
	entries := ada.log(t, lead.GetId())
	require.Equal(t, []string{"", "stage_changed", "", "won"}, []string{
		entries[0].GetSubtype(), entries[1].GetSubtype(), entries[2].GetSubtype(), entries[3].GetSubtype(),
	})
	require.Equal(t, 1, ada.heard.notified[ada.ID])
}

// Spec: C2, C13
func TestAssignment_MakesAFollowerAndTellsThemOnce(t *testing.T) {
	t.Parallel()
	ada := newNode(t).workspace(t, "acme")
	bob := ada.colleague(t, "Bob", identityv1.Role_ROLE_MEMBER)

	task := ada.create(t, "task", map[string]any{"title": "Water", "assignee": bob.ID.String()})
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))
	require.Equal(t, 1, bob.heard.notified[bob.ID])
	require.Equal(t, []string{"discussions", "done"}, bob.follows(t, task.GetId()))

	ada.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String(), "tags": "garden"}) // the same again
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))

	bob.update(t, task.GetId(), map[string]any{"assignee": ada.ID.String()})
	require.Equal(t, map[int16]int{3: 1}, ada.inbox(t, task.GetId()))
	bob.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String()}) // to oneself: no word
	require.Equal(t, map[int16]int{3: 1}, bob.inbox(t, task.GetId()))

	// A change that is also an update of a subtype still makes one item.
	ada.update(t, task.GetId(), map[string]any{"assignee": nil})
	ada.update(t, task.GetId(), map[string]any{"assignee": bob.ID.String(), "stage": "done"})
	require.Equal(t, map[int16]int{3: 2}, bob.inbox(t, task.GetId()))
}
