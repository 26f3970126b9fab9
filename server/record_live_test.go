package server_test

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/parley-chat/parley/gen/parley/access/v1"
	identityv1 "github.com/parley-chat/parley/gen/parley/identity/v1"
	livev1 "github.com/parley-chat/parley/gen/parley/live/v1"
	recordv1 "github.com/parley-chat/parley/gen/parley/record/v1"
	"github.com/parley-chat/parley/server/servertest"
)

// watcher hears what a stream tells of records and of its topics.
type watcher struct {
	t      *testing.T
	frames chan *livev1.SubscribeResponse
}

func watch(t *testing.T, by *servertest.Client, topics ...*livev1.Topic) *watcher {
	t.Helper()
	w := &watcher{t: t, frames: make(chan *livev1.SubscribeResponse, 1024)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		stream, err := by.Live.Subscribe(ctx, &livev1.SubscribeRequest{Topics: topics})
		if err != nil {
			return
		}
		defer stream.Close()
		for stream.Receive() {
			f := stream.Msg()
			if f.GetEvent().GetRecord() != nil || f.GetTopicOpened() != nil || f.GetTopicClosed() != nil {
				w.frames <- f
			}
		}
	}()
	return w
}

func (w *watcher) next() *livev1.SubscribeResponse {
	w.t.Helper()
	select {
	case f := <-w.frames:
		return f
	case <-time.After(20 * time.Second):
		require.FailNow(w.t, "no frame came")
		return nil
	}
}

// change is the next change. That a topic begins anew, as when a node has found the
// others, is no word less.
func (w *watcher) change() *recordv1.RecordChange {
	w.t.Helper()
	return w.past(func(f *livev1.SubscribeResponse) bool { return f.GetEvent() == nil }).GetEvent().GetRecord()
}

// closed waits until the topic is closed.
func (w *watcher) closed() {
	w.t.Helper()
	w.past(func(f *livev1.SubscribeResponse) bool { return f.GetTopicClosed() == nil })
}

func (w *watcher) past(skip func(*livev1.SubscribeResponse) bool) *livev1.SubscribeResponse {
	w.t.Helper()
	for {
		if f := w.next(); !skip(f) {
			return f
		}
	}
}

func (w *watcher) reset() {
	w.t.Helper()
	f := w.next()
	require.Equal(w.t, livev1.Continuity_CONTINUITY_RESET, f.GetTopicOpened().GetContinuity(), "%v", f)
}

func recordsOf(kind string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_Records{Records: &livev1.RecordsTopic{Type: kind}}}
}

func threadOf(id string) *livev1.Topic {
	return &livev1.Topic{Kind: &livev1.Topic_ThreadId{ThreadId: id}}
}

func saved(t *testing.T, by *servertest.Client, id string, values map[string]any) *recordv1.Record {
	t.Helper()
	res, err := by.Records.UpdateRecord(t.Context(), &recordv1.UpdateRecordRequest{Record: &recordv1.Record{Id: id, Fields: fields(t, values)}})
	require.NoError(t, err)
	return res.GetRecord()
}

// A page that shows a record, or a list of them, hears of every change, also of
// fields that the thread says nothing of, and also when it looks at another node.
// Spec: R5
func TestRecordEvents_ReachEveryScreenOnEveryNode(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	other := node.Join(t)
	admin := node.SignIn(t, servertest.Admin)
	away := other.As(admin.Token)
	id := create(t, admin, "task", map[string]any{"title": "Water"})
	page, list := watch(t, away, threadOf(id)), watch(t, away, recordsOf("task"))
	here := watch(t, admin, recordsOf("task"), recordsOf("lead"))
	page.reset()
	list.reset()
	here.reset()
	here.reset()

	changed := saved(t, admin, id, map[string]any{"description": "Every evening"}) // not tracked
	want := &recordv1.RecordChange{Type: "task", RecordId: id, Etag: changed.GetEtag()}
	for _, w := range []*watcher{page, list, here} {
		got := w.change()
		if got.GetEtag() == "1" { // word of the creation was still on its way to the other node
			got = w.change()
		}
		require.Equal(t, want.String(), got.String())
	}
	made := create(t, admin, "task", map[string]any{"title": "Mow"})
	require.Equal(t, made, list.change().GetRecordId())
	require.Equal(t, made, here.change().GetRecordId())
	_, err := admin.Records.DeleteRecord(t.Context(), &recordv1.DeleteRecordRequest{RecordId: id})
	require.NoError(t, err)
	for _, w := range []*watcher{page, list, here} {
		last := w.change()
		require.True(t, last.GetDeleted())
		require.Equal(t, id, last.GetRecordId())
	}
	page.closed()
}

// What was changed while word of it was lost is found when the gap is noticed: the
// list begins anew, the page is told how the record is now. A page of what did not
// change hears nothing.
// Spec: R5
func TestRecordEvents_ALostWordIsMadeUpFor(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	admin := node.SignIn(t, servertest.Admin)
	id, same := create(t, admin, "task", map[string]any{"title": "Water"}), create(t, admin, "task", map[string]any{"title": "Mow"})
	page, still, list := watch(t, admin, threadOf(id)), watch(t, admin, threadOf(same)), watch(t, admin, recordsOf("task"))
	page.reset()
	still.reset()
	list.reset()

	_, err := node.Pool.Exec(t.Context(), "UPDATE record SET version = 77 WHERE id = $1", uuid.MustParse(id))
	require.NoError(t, err)
	node.Hub.Gap()

	list.reset()
	require.Equal(t, "77", page.change().GetEtag())
	saved(t, admin, same, map[string]any{"title": "Mow the lawn"})
	require.Equal(t, same, still.change().GetRecordId(), "the first that it hears of")
}

// Spec: R5
func TestRecordEvents_ManyAtOnceAreToldTogether(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	admin := node.SignIn(t, servertest.Admin)
	id := create(t, admin, "task", map[string]any{"title": "Water"})
	page, list := watch(t, admin, threadOf(id)), watch(t, admin, recordsOf("task"))
	page.reset()
	list.reset()
	const many = 60
	var last *recordv1.Record
	for i := range many {
		last = saved(t, admin, id, map[string]any{"tags": uuid.NewString()[:i%8+1]})
	}

	told, together := 0, 0
	for together == 0 || told+together < 2 {
		if c := list.change(); c.GetRecordId() == "" {
			require.Equal(t, "task", c.GetType())
			together++
		} else {
			told++
		}
	}
	require.Less(t, told, many/2)
	for page.change().GetEtag() != last.GetEtag() { // the last word is how it is
	}
}

// Who may not read a type hears nothing of it; where that depends on the record,
// nobody is told which one changed.
// Spec: R1, A4
func TestRecordEvents_TellNobodyWhatTheyMayNotKnow(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	admin := node.SignIn(t, servertest.Admin)
	member := node.User(t, "mia@acme.example", identityv1.Role_ROLE_MEMBER)
	kind := func(name string, read *recordv1.Permission) {
		def := typeNamed(name)
		def.Read = read
		_, err := admin.Records.CreateRecordType(t.Context(), &recordv1.CreateRecordTypeRequest{RequestId: uuid.NewString(), RecordType: def})
		require.NoError(t, err)
	}
	kind("secret", &recordv1.Permission{Roles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}})
	kind("own", &recordv1.Permission{Condition: "record.creator == user.id"})
	_, key := apiKey(t, admin, accessv1.Scope_SCOPE_CHATTER_READ)
	guest, _ := visit(t, node, channelOf(t, admin))
	for _, w := range []*watcher{
		watch(t, member, recordsOf("secret")), watch(t, member, recordsOf("nothing")), watch(t, node.As(key), recordsOf("task")),
		watch(t, guest, recordsOf("task")),
	} {
		require.NotEmpty(t, w.next().GetTopicClosed().GetReason())
	}

	list := watch(t, member, recordsOf("own"))
	list.reset()
	create(t, admin, "own", map[string]any{"name": "Ada's"})
	require.Equal(t, (&recordv1.RecordChange{Type: "own"}).String(), list.change().String())

	// When the type is closed to them, so is the topic.
	_, err := admin.Records.UpdateRecordType(t.Context(), &recordv1.UpdateRecordTypeRequest{RecordType: &recordv1.RecordType{
		Name: "own", Label: "Zebra", Read: &recordv1.Permission{Roles: []identityv1.Role{identityv1.Role_ROLE_ADMINISTRATOR}},
	}})
	require.NoError(t, err)
	list.closed()
}

// Spec: R5
func TestRecordEvents_APollHearsOfThemToo(t *testing.T) {
	t.Parallel()
	node := servertest.Start(t)
	admin := node.SignIn(t, servertest.Admin)
	first, err := admin.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{recordsOf("task")}})
	require.NoError(t, err)
	require.Len(t, first.GetFrames(), 1)
	quiet, err := admin.Live.Poll(t.Context(), &livev1.PollRequest{Topics: first.GetTopics(), WaitMs: 1})
	require.NoError(t, err)
	require.Empty(t, quiet.GetFrames())

	create(t, admin, "task", map[string]any{"title": "Water"})
	news, err := admin.Live.Poll(t.Context(), &livev1.PollRequest{Topics: quiet.GetTopics(), WaitMs: 1000})
	require.NoError(t, err)
	require.Equal(t, "task", news.GetFrames()[0].GetTopicOpened().GetTopic().GetRecords().GetType())
	_, err = admin.Live.Poll(t.Context(), &livev1.PollRequest{Topics: []*livev1.Topic{recordsOf("")}})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
}
