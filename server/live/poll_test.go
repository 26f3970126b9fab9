package live_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/thread"
)

var (
	inboxTopic    = &livev1.Topic{Kind: &livev1.Topic_Inbox{Inbox: &livev1.InboxTopic{}}}
	chatsTopic    = &livev1.Topic{Kind: &livev1.Topic_Chats{Chats: &livev1.ChatsTopic{}}}
	presenceTopic = &livev1.Topic{Kind: &livev1.Topic_Presence{Presence: &livev1.PresenceTopic{}}}
)

// poller polls again and again with what was answered before.
type poller struct {
	w      *town
	n      *node
	who    *person
	topics []*livev1.Topic
}

func (p *poller) poll(wait time.Duration) []*livev1.SubscribeResponse {
	p.w.t.Helper()
	client, hangUp := p.n.dial(p.who, "json")
	defer hangUp()
	ctx, cancel := context.WithTimeout(p.w.t.Context(), wait+soon)
	defer cancel()
	res, err := client.Poll(ctx, &livev1.PollRequest{Topics: p.topics, WaitMs: int32(wait.Milliseconds())})
	require.NoError(p.w.t, err)
	p.topics = res.GetTopics()
	return res.GetFrames()
}

// quietly requires that there is nothing new for a while.
func (p *poller) quietly() {
	p.w.t.Helper()
	const wait = 200 * time.Millisecond
	began := time.Now()
	for _, f := range p.poll(wait) {
		require.Equal(p.w.t, livev1.Continuity_CONTINUITY_RESUMED, f.GetTopicOpened().GetContinuity(), "%v", f)
	}
	require.GreaterOrEqual(p.w.t, time.Since(began), wait, "it is asked in a busy loop")
}

// Spec: A3
func TestPoll_WaitsForWhatIsNewAndMissesNothingBetween(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n, other := w.node(nodeConfig{}), w.node(nodeConfig{})
	id := w.chat(n)
	p := &poller{w: w, n: n, who: w.visitor, topics: []*livev1.Topic{topicOf(id, "")}}
	first := p.poll(soon)
	require.Len(t, first, 1)
	require.Equal(t, livev1.ResetReason_RESET_REASON_NO_CURSOR, first[0].GetTopicOpened().GetResetReason())
	p.quietly()

	w.post(n, w.draft(w.agent, id, "between"))
	w.post(n, w.note(w.agent, id, "between"))
	p.n = other
	frames := p.poll(soon)
	require.Equal(t, "between", frames[len(frames)-1].GetEvent().GetMessage().GetBody())
	p.quietly()

	var waiting sync.WaitGroup
	waiting.Go(func() {
		require.Eventually(t, func() bool { return other.hub.Streams() == 1 }, soon, time.Millisecond)
		w.post(n, w.note(w.agent, id, "while it waits"))
		w.post(n, w.draft(w.agent, id, "while it waits"))
	})
	began := time.Now()
	frames = p.poll(20 * time.Second)
	waiting.Wait()
	require.Less(t, time.Since(began), soon)
	require.Equal(t, "while it waits", frames[len(frames)-1].GetEvent().GetMessage().GetBody())

	_, err := n.log.MarkRead(t.Context(), w.workspace, id, thread.AuthorOf(w.agent.caller), 10, thread.Agents)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		marks := p.poll(0)[0].GetTopicOpened().GetReadMarks()
		return len(marks) == 1 && marks[0].GetSeq() == 2
	}, soon, time.Millisecond, "marks that moved between two polls must come, too")
}

// What was missed may be much: it comes in several answers, all of it and once.
func TestPoll_AnswersMuchInParts(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{})
	p := &poller{w: w, n: n, who: w.visitor, topics: []*livev1.Topic{inboxTopic}}
	want := map[string]int{}
	for range 3 {
		id := w.chat(n)
		p.topics = append(p.topics, topicOf(id, w.cursorNow(n, id)))
		for range 150 {
			w.post(n, w.draft(w.agent, id, long()))
		}
		want[id.String()] = 150
	}
	p.topics = append(p.topics, topicOf(uuid.New(), "")) // there is none
	answers, got := 0, map[string]int{}
	for ; !maps.Equal(want, got); answers++ {
		require.Less(t, answers, 20)
		size := 0
		for _, f := range p.poll(0) {
			m := f.GetEvent().GetMessage()
			if m == nil {
				continue
			}
			size += len(m.GetBody())
			got[m.GetThreadId()]++
			require.Equal(t, int64(got[m.GetThreadId()]), m.GetSeq())
		}
		require.Less(t, size, 2<<20)
	}
	require.Greater(t, answers, 2)
	require.Len(t, p.topics, 3, "those that were refused are not asked for again")
	p.quietly()
}

func TestPoll_AnswersStatesAtOnceAndThenWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n, other := w.node(nodeConfig{}), w.node(nodeConfig{})
	p := &poller{w: w, n: n, who: w.agent, topics: []*livev1.Topic{inboxTopic, chatsTopic}}
	require.Len(t, p.poll(soon), 2)
	p.afterStart(other)
	p.afterStart(n)

	n.hub.Inbox(w.workspace, w.agent.caller.ID, nil)
	require.Equal(t, "inbox", kindOf(p.poll(soon)[0]))
	p.quietly()
	n.hub.Inbox(w.workspace, w.member.caller.ID, nil)
	p.quietly()
	other.hub.ChatChanged(w.workspace, uuid.New())
	require.Equal(t, "chats", kindOf(p.poll(soon)[0]))
	p.afterStart(n) // an event while it waits is told once more as a change between two polls

	p.n = other
	require.Len(t, p.poll(soon), 2, "another node does not know what this one has told")
	p.quietly()
	other.hub.Gap()
	require.Len(t, p.poll(soon), 2, "something may have been missed")
	p.quietly()
}

// afterStart waits until a node that was just started has found that it missed
// nothing, which it says to everybody with topics that are no logs.
func (p *poller) afterStart(n *node) {
	p.n = n
	for len(p.poll(500*time.Millisecond)) > 0 {
	}
}

// kindOf says which list changed.
func kindOf(f *livev1.SubscribeResponse) string {
	topic := f.GetTopicOpened().GetTopic()
	switch {
	case topic.GetInbox() != nil || f.GetEvent().GetInbox() != nil:
		return "inbox"
	case topic.GetChats() != nil || f.GetEvent().GetChat() != nil:
		return "chats"
	default:
		return "other"
	}
}

// Every change of an inbox is told, and the last word is the newest.
func TestSubscribe_TellsOfAnInboxItsNewestStateLast(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	l := w.listen(n, w.member, inboxTopic, presenceTopic)
	require.Equal(t, livev1.ResetReason_RESET_REASON_STATE_TOPIC, l.opened().GetResetReason())
	require.Equal(t, livev1.ResetReason_RESET_REASON_STATE_TOPIC, l.opened().GetResetReason())
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { n.hub.Inbox(w.workspace, w.member.caller.ID, nil) })
	}
	all.Wait()
	n.hub.Inbox(w.workspace, w.member.caller.ID, nil)
	last := int32(0)
	require.Eventually(t, func() bool {
		if i := l.event().GetInbox(); i != nil {
			require.Greater(t, i.GetUnreadCount(), last)
			last = i.GetUnreadCount()
		}
		n.states.mu.Lock()
		defer n.states.mu.Unlock()
		return last == n.states.unread
	}, soon, time.Millisecond)
}

func TestSubscribe_TellsVisitorsOfTheirChatsOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	n := w.node(nodeConfig{silent: true})
	l := w.listen(n, w.visitor, inboxTopic, chatsTopic, presenceTopic)
	for range 3 {
		require.NotNil(t, l.next().GetTopicClosed())
	}
	member := w.listen(n, w.member, chatsTopic)
	require.NotNil(t, member.next().GetTopicClosed(), "a member answers no chats")
	l = w.listen(n, w.agent, chatsTopic)
	l.opened()
	id := w.chat(n)
	w.post(n, w.draft(w.visitor, id, "hello"))
	require.Equal(t, id.String(), l.event().GetChat().GetId())
}
