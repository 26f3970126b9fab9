package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/parley-chat/parley/server/thread"
)

// kills is how many nodes die.
const kills = 20

// Fault 7 of the matrix. A node is killed between the commit of a post and its
// answer, or at any moment at all, while others are on their way. Whoever got no
// answer tries again at another node.
//
//	I1 no acknowledged message is lost    I2 no message is there twice
//	I3 seq is 1..n                        I5 a reader elsewhere is told of each once
//
// Spec: A3
func TestPost_SurvivesTheDeathOfItsNode(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	survivor := w.node(nodeConfig{})
	var g errgroup.Group
	g.SetLimit(3)
	for i := range kills {
		g.Go(func() error { return w.murder(survivor, i%4 != 3) })
	}
	require.NoError(t, g.Wait())
}

// murder has a node die with posts on their way: at a commit, or at a moment that
// chance chooses.
func (w *town) murder(survivor *node, atCommit bool) error {
	id := w.chat(survivor)
	watching := newReader(w.member, "connect", id)
	watching.come(survivor)
	defer watching.leave()
	const posts = 8
	o := order{Database: w.database, Redis: w.redis.URL()}
	if atCommit {
		o.Last = 1 + rand.Int64N(posts)
	}
	victim := startVictim(w.t, o)
	defer victim.kill()
	answered, drafts := w.postAtRisk(victim, id, posts, atCommit)
	victim.kill()

	for i, d := range drafts {
		m, err := survivor.log.Post(context.Background(), d)
		if err != nil {
			return err
		}
		if answered[i] != uuid.Nil && answered[i] != m.ID {
			return fmt.Errorf("a post was answered with %v, and its retry with %v", answered[i], m.ID)
		}
	}
	there, err := survivor.log.Page(context.Background(), w.workspace, id, thread.Place{FromStart: true}, 100, thread.Members)
	if err != nil {
		return err
	}
	if len(there.Messages) != posts {
		return fmt.Errorf("%d messages of %d posts", len(there.Messages), posts)
	}
	return watching.catchUp(survivor)
}

// postAtRisk posts to a node that dies meanwhile, and answers what came back.
func (w *town) postAtRisk(victim *killable, id uuid.UUID, posts int, atCommit bool) (answered []uuid.UUID, drafts []thread.Draft) {
	answered = make([]uuid.UUID, posts)
	var all sync.WaitGroup
	first := make(chan struct{})
	var once sync.Once
	for i := range posts {
		d := w.draft(w.agent, id, fmt.Sprint(i))
		drafts = append(drafts, d)
		all.Go(func() {
			if answer, err := victim.post(d); err == nil {
				answered[i] = answer
			}
			once.Do(func() { close(first) })
		})
	}
	if !atCommit {
		<-first
		victim.kill()
	}
	all.Wait()
	return answered, drafts
}
