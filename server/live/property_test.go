package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	"github.com/parley-chat/parley/server/thread"
)

// secondsVariable is how long the property test plays; by default it is short.
const secondsVariable = "PARLEY_PROPERTY_SECONDS"

// step is one thing that happens. What its numbers mean depends on the kind.
type step struct{ Kind, A, B, C int }

// The kinds of step.
const (
	postOne = iota
	postAndHangUp
	postTwice
	burst
	flood
	edit
	remove
	markRead
	leave
	come
	pause
	goOn
	redisStops
	redisReturns
	settle
	stepKinds
)

var aStep = rapid.Custom(func(t *rapid.T) step {
	small := rapid.IntRange(0, 40)
	return step{Kind: rapid.IntRange(0, stepKinds-1).Draw(t, "kind"), A: small.Draw(t, "a"), B: small.Draw(t, "b"), C: small.Draw(t, "c")}
})

// The promises, each with every way to read, whatever drops, lags, comes back
// elsewhere or dies in between:
//
//	P1 what was acknowledged is there     P2 once, however often it was tried
//	P3 in one order, 1..n for everybody   P4 every reader is told each change once, or RESET
//
// and no outsider is told of a note, by no word, number or gap.
//
// Spec: A3
// Spec: C4
func TestThread_KeepsItsPromisesP1P2P3P4AndItsNotes(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	config := nodeConfig{heartbeat: time.Second, smallBuffers: true}
	nodes := []*node{w.node(config), w.node(config)}
	end := time.Now().Add(playTime(t))
	plays := 0
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(aStep, 10, 40).Draw(rt, "steps")
		if time.Now().After(end) {
			return // the time is up
		}
		plays++
		p := newPlay(w, nodes, rt)
		defer p.close()
		for _, s := range steps {
			p.take(s)
		}
		p.finish()
	})
	t.Logf("%d plays", plays)
}

func playTime(t *testing.T) time.Duration {
	given := os.Getenv(secondsVariable)
	if given == "" {
		return 10 * time.Second
	}
	seconds, err := strconv.Atoi(given)
	require.NoError(t, err)
	return time.Duration(seconds) * time.Second
}

// play is one run: a thread, its readers, and what must be true of it.
type play struct {
	*town
	rt      *rapid.T
	nodes   []*node
	thread  uuid.UUID
	readers []*reader
	count   int
	down    bool
	// posted are the messages that were acknowledged, in the order of that, as they
	// have to be.
	posted []*expected
}

type expected struct {
	draft   thread.Draft
	id      uuid.UUID
	seq     int64
	body    string
	deleted bool
}

func newPlay(w *town, nodes []*node, rt *rapid.T) *play {
	p := &play{town: w, rt: rt, nodes: nodes, thread: w.chat(nodes[0])}
	for i, r := range []struct {
		who      *person
		protocol string
	}{
		{w.administrator, "connect"}, {w.agent, "json"}, {w.member, "grpc"}, {w.visitor, "grpc-web"}, {w.visitor, "h2"},
		{w.visitor, "poll"}, {w.agent, "poll"},
	} {
		p.readers = append(p.readers, newReader(r.who, r.protocol, p.thread))
		p.readers[i].come(nodes[i%2])
	}
	return p
}

func (p *play) close() {
	p.redisRuns(true)
	for _, r := range p.readers {
		r.leave()
	}
}

func (p *play) node(i int) *node     { return p.nodes[i%len(p.nodes)] }
func (p *play) reader(i int) *reader { return p.readers[i%len(p.readers)] }
func (p *play) author(i int) *person {
	return []*person{p.visitor, p.member, p.agent, p.administrator}[i%4]
}

// next is a message by the i-th author, every third of users' being a note.
func (p *play) next(i int, padding string) thread.Draft {
	p.count++
	by, body := p.author(i), fmt.Sprintf("%d%s", p.count, padding)
	if by != p.visitor && p.count%3 == 0 {
		return p.town.note(by, p.thread, body)
	}
	return p.town.draft(by, p.thread, body)
}

func (p *play) take(s step) {
	switch s.Kind {
	case postOne:
		d := p.next(s.A, "")
		p.acknowledged(d, p.mustPost(p.node(s.B), d))
	case postAndHangUp:
		p.hangUp(s)
	case postTwice:
		p.together([]thread.Draft{p.next(s.A, "")}, 2)
	case burst:
		p.together(p.several(s.A+2, ""), 1)
	case flood:
		p.together(p.several(200, long()), 1)
	case edit, remove:
		p.change(s)
	case markRead:
		p.mark(s)
	case leave:
		p.reader(s.A).leave()
	case come:
		p.reader(s.A).come(p.node(s.B))
	case pause:
		p.reader(s.A).pause()
	case goOn:
		p.reader(s.A).goOn()
	case redisStops:
		p.redisRuns(false)
	case redisReturns:
		p.redisRuns(true)
	case settle:
		p.settle()
	}
}

func (p *play) several(n int, padding string) []thread.Draft {
	drafts := make([]thread.Draft, n)
	for i := range drafts {
		drafts[i] = p.next(p.count, padding)
	}
	return drafts
}

func (p *play) mustPost(n *node, d thread.Draft) thread.Message {
	m, err := n.log.Post(context.Background(), d)
	require.NoError(p.rt, err)
	return m
}

// acknowledged writes down a message, which must come after all that were
// acknowledged before it was posted.
func (p *play) acknowledged(d thread.Draft, m thread.Message) {
	for _, e := range p.posted {
		require.Less(p.rt, e.seq, m.Seq, "a message came before one that was there when it was posted")
	}
	p.posted = append(p.posted, &expected{draft: d, id: m.ID, seq: m.Seq, body: d.Body})
}

// hangUp posts, hangs up before the answer comes, and tries again elsewhere.
func (p *play) hangUp(s step) {
	d := p.next(s.A, "")
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(1500))*time.Microsecond)
	defer cancel()
	var others errgroup.Group
	for range s.C { // so that it is gathered with others
		noise := p.next(s.A, "")
		others.Go(func() error {
			_, err := p.node(s.B).log.Post(context.Background(), noise)
			return err
		})
	}
	first, err := p.node(s.B).log.Post(ctx, d)
	again := p.mustPost(p.node(s.B+1), d)
	if err == nil {
		require.Equal(p.rt, first.ID, again.ID)
	} else {
		require.True(p.rt, errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled), "%v", err)
	}
	require.NoError(p.rt, others.Wait())
	p.posted = append(p.posted, &expected{draft: d, id: again.ID, seq: again.Seq, body: d.Body})
}

// together posts drafts at once, each so many times, all over the nodes.
func (p *play) together(drafts []thread.Draft, times int) {
	var g errgroup.Group
	g.SetLimit(64)
	answers := make([]thread.Message, len(drafts)*times)
	for i := range answers {
		g.Go(func() (err error) {
			answers[i], err = p.node(i).log.Post(context.Background(), drafts[i%len(drafts)])
			return err
		})
	}
	require.NoError(p.rt, g.Wait())
	for i, m := range answers {
		if i >= len(drafts) {
			require.Equal(p.rt, answers[i%len(drafts)].ID, m.ID, "one request made two messages")
			continue
		}
		p.posted = append(p.posted, &expected{draft: drafts[i], id: m.ID, seq: m.Seq, body: drafts[i].Body})
	}
}

// change edits or deletes one of the messages, by its author or an administrator.
func (p *play) change(s step) {
	if len(p.posted) == 0 {
		return
	}
	e := p.posted[(s.A*41+s.B)%len(p.posted)]
	if e.deleted {
		return
	}
	c := thread.Change{Workspace: p.workspace, Thread: p.thread, Message: e.id, Editor: p.administrator.caller}
	for _, author := range []*person{p.visitor, p.member, p.agent} {
		if author.caller.ID == e.draft.Author.ID && s.C%2 == 0 {
			c.Editor = author.caller
		}
	}
	var err error
	if s.Kind == remove {
		e.body, e.deleted = "", true
		_, err = p.node(s.C).log.Delete(context.Background(), c)
	} else {
		p.count++
		e.body = fmt.Sprint("edited ", p.count)
		if e.draft.Internal {
			e.body += secret
		}
		_, err = p.node(s.C).log.Edit(context.Background(), c, e.body)
	}
	require.NoError(p.rt, err)
}

func (p *play) mark(s step) {
	by := p.author(s.A)
	_, err := p.node(s.B).log.MarkRead(
		context.Background(), p.workspace, p.thread, thread.AuthorOf(by.caller), int64(s.C), thread.AudienceOf(by.caller))
	require.NoError(p.rt, err)
}

// redisRuns stops Redis or starts it again, empty.
func (p *play) redisRuns(yes bool) {
	switch {
	case yes && p.down:
		require.NoError(p.rt, p.redis.Restart(context.Background()))
	case !yes && !p.down:
		require.NoError(p.rt, p.redis.Stop())
	}
	p.down = !yes
}

// settle waits until every reader who is there sees what is there.
func (p *play) settle() {
	for _, r := range p.readers {
		if r.hangUp == nil || r.paused {
			continue
		}
		if err := r.catchUp(p.nodes[0]); err != nil {
			p.t.Log(err) // rapid would show it only if it could make it happen again
			p.rt.Fatal(err)
		}
	}
}

// finish lets everybody come back, and compares what they see with what must be.
func (p *play) finish() {
	p.redisRuns(true)
	for i, r := range p.readers {
		r.leave()
		r.come(p.node(i + len(p.posted)))
	}
	p.settle()
	log, err := p.nodes[0].log.Page(context.Background(), p.workspace, p.thread, thread.Place{FromStart: true}, 100_000, thread.Administrators)
	require.NoError(p.rt, err)
	there := map[uuid.UUID]thread.Message{}
	requests := map[uuid.UUID]bool{}
	for i, m := range log.Messages {
		require.Equal(p.rt, int64(i+1), m.Seq)
		require.False(p.rt, requests[m.RequestID], "a request was stored twice")
		requests[m.RequestID], there[m.ID] = true, m
	}
	for _, e := range p.posted {
		m, ok := there[e.id]
		require.True(p.rt, ok, "an acknowledged message is lost")
		require.Equal(p.rt, e.body, m.Body)
		require.Equal(p.rt, e.deleted, m.Delete != nil)
		require.Equal(p.rt, e.seq, m.Seq)
	}
	for _, r := range p.readers {
		for _, why := range r.resets {
			require.Contains(p.rt, []livev1.ResetReason{
				livev1.ResetReason_RESET_REASON_NO_CURSOR, livev1.ResetReason_RESET_REASON_TOO_MUCH_MISSED,
			}, why)
		}
	}
}
