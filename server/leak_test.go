package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
)

// A note never leaks: by no way out, to nobody outside. Everything that can hold a
// note is made with a word of its own; then every method is called for all of it
// by everybody outside, what they were told meanwhile is read, everything is
// searched for, every address asked for, and every mail and message that left is
// taken apart. What a visitor sees must not change by a single number.
//
// New methods, topics and fields are in it by themselves, as in the matrix.
//
// Spec: C4 C2 C3 C5 C10 C14 P5
func TestNote_NeverLeaks(t *testing.T) {
	t.Parallel()
	l := newLeak(t)
	l.secrets = append(l.secrets, &secret{mark: markNote, what: "a note of the world", gone: true},
		&secret{mark: markStaff, what: "what colleagues call each other", may: []string{"whoever reads it"}, gone: true})
	public := l.begin(t)
	outside := l.outsiders(t)
	owner := outside[1]
	require.Eventually(t, l.node.Index.Settled, patience, tickEvery)
	_, err := l.agent.Chatter.MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: l.talk.thread, Seq: 1000})
	require.NoError(t, err)
	l.spoken = l.observe(t, owner)
	require.Contains(t, l.spoken["VisitorService.ListMessages"], markChat)
	for _, o := range outside {
		l.listenTo(t, o)
	}

	l.notes(t, l.talk.thread)
	l.notes(t, l.record.thread)
	l.changes(t)
	l.plans(t)
	l.mentions(t, public)
	l.end(t)
	require.Eventually(t, l.node.Index.Settled, patience, tickEvery)

	for method, now := range l.observe(t, owner) {
		if now != l.spoken[method] {
			l.leaked("what "+method+" tells", owner.name, "that there are notes: "+now)
		}
	}
	for _, o := range outside {
		l.told(t, o)
		l.search(t, o)
		l.files(t, o)
		l.pages(t, o)
	}
	if len(owner.stream.events()) != 1 {
		l.leaked("events", owner.name, "that something happened: "+owner.stream.words())
	}
	l.sent(t)
	l.delivered(t)
	inside := l.inside(t)
	for _, s := range l.secrets {
		assert.True(t, s.gone || strings.Contains(inside, s.mark), "nobody sees %s, so this proves nothing of it", s.what)
	}
	for _, o := range outside {
		l.walk(t, o)
	}
	slices.Sort(l.found)
	require.Empty(t, strings.Join(slices.Compact(l.found), "\n"))
}

// delivered checks who got how many mails: those who are mentioned get their note
// with its file and nothing else, who is in copy nothing, who stopped following
// nothing more.
func (l *leak) delivered(t *testing.T) {
	t.Helper()
	count := map[string]int{}
	words := map[string]string{}
	for _, m := range l.letters.came() {
		count[m.to]++
		words[m.to] += decoded(t, m.raw)
	}
	for name, want := range map[string]int{"mina": 2, "cece": 0, "uma": 2, "rita": 1, "carla": 3, "fritz": 4, "ines": 5, "otto": 3} {
		if count[address(name)] != want {
			l.leaked("number of mails", name, fmt.Sprintf("%d mails in place of %d", count[address(name)], want))
		}
	}
	for _, s := range l.secrets {
		for _, to := range s.may {
			if strings.HasSuffix(to, "@outside.example") {
				require.Contains(t, words[to], s.mark, "%s must get %s", to, s.what)
			}
		}
	}
}
