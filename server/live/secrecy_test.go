package live_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/thread"
)

// Whatever happens with notes, an outsider's stream and polls are silent, and what
// they are told before and after has no trace of it.
// Spec: C4
func TestSubscribe_IsSilentForOutsidersAboutNotes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n, other := w.node(nodeConfig{}), w.node(nodeConfig{})
	id := w.chat(n)
	w.post(n, w.draft(w.agent, id, "first"))
	outside, inside := w.listen(n, w.visitor, topicOf(id, "")), w.listen(n, w.member, topicOf(id, ""))
	outside.opened()
	inside.opened()
	p := &poller{w: w, n: n, who: w.visitor, topics: []*livev1.Topic{topicOf(id, "")}}
	p.poll(0)
	read := func(seq int64) {
		_, err := other.log.MarkRead(t.Context(), w.workspace, id, thread.AuthorOf(w.agent.caller), seq, thread.Agents)
		require.NoError(t, err)
	}
	read(1)
	require.Equal(t, "bob", outside.event().GetReadMark().GetParty().GetName())
	require.Equal(t, "bob "+secret, inside.event().GetReadMark().GetParty().GetName())

	note := w.post(other, w.note(w.agent, id, "note"))
	change := thread.Change{Workspace: w.workspace, Thread: id, Message: note.ID, Editor: w.agent.caller}
	_, err := other.log.Edit(t.Context(), change, secret+" and edited")
	require.NoError(t, err)
	read(2)
	other.hub.Typing(w.agent.caller, id, true, false)
	_, err = other.log.Delete(t.Context(), change)
	require.NoError(t, err)
	for range 5 { // posted, edited, read, typing, deleted; in any order but by threes
		inside.event()
	}
	p.quietly()
	w.post(n, w.draft(w.agent, id, "second"))

	inside.event()
	m := outside.message()
	require.Equal(t, "second", m.GetBody(), "the next frame is the next message")
	require.Equal(t, int64(2), m.GetSeq())
	again := w.listen(n, w.visitor, topicOf(id, ""))
	marks := again.opened().GetReadMarks()
	require.Len(t, marks, 1)
	require.Equal(t, int64(1), marks[0].GetSeq())
}

// Spec: L8
func TestTyping_IsForTheOthersUnderTheNameTheyKnow(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n, other := w.node(nodeConfig{}), w.node(nodeConfig{})
	id := w.chat(n)
	outside, inside, self := w.listen(n, w.visitor, topicOf(id, "")), w.listen(n, w.member, topicOf(id, "")), w.listen(n, w.agent, topicOf(id, ""))
	for _, l := range []*listener{outside, inside, self} {
		l.opened()
	}
	other.hub.Typing(w.agent.caller, id, false, false)
	require.Equal(t, "bob", outside.event().GetTyping().GetParty().GetName())
	require.Equal(t, "bob "+secret, inside.event().GetTyping().GetParty().GetName())
	other.hub.Typing(w.visitor.caller, id, true, true)
	require.True(t, inside.event().GetTyping().GetStopped(), "an outsider has no notes to type")
	require.Equal(t, "Visitor 7", self.event().GetTyping().GetParty().GetName(), "nobody is told that they type themselves")
	w.post(n, w.draft(w.agent, id, "typed"))
	require.Equal(t, "typed", outside.message().GetBody())
}

// Marks are no log: those that were lost on the way are read again.
func TestMarks_AreReadAnewAfterAGap(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	writer, n := w.node(nodeConfig{silent: true}), w.node(nodeConfig{silent: true})
	id := w.chat(writer)
	l := w.listen(n, w.member, topicOf(id, ""))
	l.opened()
	w.post(writer, w.draft(w.visitor, id, "hello"))
	_, err := writer.log.MarkRead(t.Context(), w.workspace, id, thread.AuthorOf(w.agent.caller), 1, thread.Agents)
	require.NoError(t, err)
	n.hub.Gap()
	seen := map[string]bool{}
	require.Eventually(t, func() bool {
		e := l.event()
		seen[e.GetMessage().GetBody()] = true
		seen[e.GetReadMark().GetParty().GetId()] = e.GetReadMark().GetSeq() == 1
		return seen["hello"] && seen[w.agent.caller.ID.String()]
	}, soon, time.Millisecond)
	late := w.listen(n, w.visitor, topicOf(id, ""))
	require.Len(t, late.opened().GetReadMarks(), 1)
}
