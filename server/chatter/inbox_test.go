package chatter_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/chatter"
	"github.com/parley-chat/parley/server/thread"
)

const (
	unread  = chatterv1.InboxView_INBOX_VIEW_UNREAD
	starred = chatterv1.InboxView_INBOX_VIEW_STARRED
	all     = chatterv1.InboxView_INBOX_VIEW_ALL
)

// Spec: C13
func TestInbox_CountsAndViewsFollowWhatIsReadAndStarred(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.follow(b.ben, b.chat)
	for range 3 {
		b.post(b.anna, say(b.record, "x"))
	}
	b.post(b.anna, say(b.chat, "y"))
	require.EqualValues(t, 4, b.unread(b.ben))
	require.EqualValues(t, 3, b.thread(b.ben, b.record).GetUnreadCount())
	b.live.told()

	newest := b.inbox(b.ben, unread)[0]
	require.Equal(t, "Visitor", newest.GetThreadTitle())
	require.Equal(t, chatterv1.ThreadKind_THREAD_KIND_CHAT, newest.GetThreadKind())
	mark := func(id string, read, star *bool) *chatterv1.InboxItem {
		res, err := b.as(b.ben).UpdateInboxItem(t.Context(), &chatterv1.UpdateInboxItemRequest{ItemId: id, Read: read, Starred: star})
		require.NoError(t, err)
		return res.GetItem()
	}
	got := mark(newest.GetId(), proto.Bool(true), proto.Bool(true))
	require.True(t, got.GetRead() && got.GetStarred())
	require.Equal(t, []inboxSignal{{b.ben.ID, uuid.MustParse(newest.GetId())}}, b.live.told())
	mark(newest.GetId(), proto.Bool(true), nil)
	require.Empty(t, b.live.told(), "what changes nothing tells nobody")
	require.Len(t, b.inbox(b.ben, unread), 3)
	require.Len(t, b.inbox(b.ben, starred), 1)
	require.Len(t, b.inbox(b.ben, all), 4)
	mark(newest.GetId(), proto.Bool(false), nil)
	require.EqualValues(t, 4, b.unread(b.ben))

	res, err := b.as(b.ben).GetInboxCounts(t.Context(), &chatterv1.GetInboxCountsRequest{ThreadIds: []string{b.record.String(), uuid.NewString()}})
	require.NoError(t, err)
	require.Equal(t, map[string]int32{b.record.String(): 3}, res.GetThreadUnreadCounts())
}

// Spec: C13
func TestMarkRead_ReadsTheInboxUpToThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	for range 3 {
		b.post(b.anna, say(b.record, "x"))
	}
	b.live.told()
	read := func(seq int64) int64 {
		res, err := b.as(b.ben).MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: b.record.String(), Seq: seq})
		require.NoError(t, err)
		return res.GetReadMark().GetSeq()
	}
	require.EqualValues(t, 2, read(2))
	require.EqualValues(t, 1, b.unread(b.ben))
	require.Equal(t, []inboxSignal{{user: b.ben.ID}}, b.live.told())
	require.EqualValues(t, 2, read(1), "a mark only grows")
	require.Empty(t, b.live.told())
	require.EqualValues(t, 3, read(99), "no further than there are messages")
	require.Zero(t, b.unread(b.ben))
	require.EqualValues(t, 3, b.thread(b.ben, b.record).GetReadSeq())
	marks := b.thread(b.anna, b.record).GetReadMarks()
	require.Len(t, marks, 1)
	require.Equal(t, "Ben Beispiel", marks[0].GetParty().GetName())
	require.Empty(t, b.thread(b.ben, b.record).GetReadMarks(), "one's own is read_seq")
}

func TestMarkInboxRead_OfOneThreadOrAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.follow(b.ben, b.chat)
	b.post(b.anna, say(b.record, "x"))
	b.post(b.anna, say(b.record, "x"))
	b.post(b.anna, say(b.chat, "y"))
	b.live.told()
	mark := func(threadID string) int32 {
		res, err := b.as(b.ben).MarkInboxRead(t.Context(), &chatterv1.MarkInboxReadRequest{ThreadId: threadID})
		require.NoError(t, err)
		return res.GetCount()
	}
	require.EqualValues(t, 2, mark(b.record.String()))
	require.Zero(t, mark(b.record.String()))
	require.EqualValues(t, 1, mark(""))
	require.Len(t, b.live.told(), 2)
	require.Zero(t, b.unread(b.ben))
	require.Zero(t, b.thread(b.ben, b.record).GetReadSeq())
}

// A user who lost access to a thread finds nothing of it: no item, no count, not
// through the id.
func TestInbox_HidesWhatMayNotBeReadAnyMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.follow(b.ben, b.chat)
	kept := b.post(b.anna, say(b.chat, "kept"))
	var hidden string
	for range 7 {
		hidden = b.post(b.anna, say(b.record, "hidden")).GetId()
	}
	b.area.lock(b.ben, b.record, true)

	for _, view := range []chatterv1.InboxView{unread, all} {
		items := b.inbox(b.ben, view)
		require.Len(t, items, 1)
		require.Equal(t, kept.GetId(), items[0].GetMessage().GetId())
	}
	require.EqualValues(t, 1, b.unread(b.ben))
	_, err := b.as(b.ben).UpdateInboxItem(t.Context(), &chatterv1.UpdateInboxItemRequest{ItemId: hidden, Read: proto.Bool(true)})
	requireReason(t, "INBOX_ITEM_NOT_FOUND", err)
	id := uuid.MustParse(hidden)
	change, err := b.handler.InboxChange(t.Context(), b.workspace, b.ben.ID, &id)
	require.NoError(t, err)
	require.EqualValues(t, 1, change.GetUnreadCount())
	require.Nil(t, change.GetItem())

	b.area.lock(b.ben, b.record, false)
	require.EqualValues(t, 8, b.unread(b.ben))
}

func TestListInbox_PagesNewestFirstOverWhatIsHidden(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.follow(b.ben, b.chat)
	var want []string
	for i := range 12 {
		if i%3 == 0 {
			want = append([]string{itemID(b.post(b.anna, say(b.chat, "kept")))}, want...)
		} else {
			b.post(b.anna, say(b.record, "hidden"))
		}
	}
	b.area.lock(b.ben, b.record, true)
	var got []string
	req := &chatterv1.ListInboxRequest{PageSize: 1}
	for range 20 {
		res, err := b.as(b.ben).ListInbox(t.Context(), req)
		require.NoError(t, err)
		for _, item := range res.GetItems() {
			got = append(got, item.GetId())
		}
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	require.Empty(t, req.GetPageToken())
	require.Equal(t, want, got)
}

func TestInbox_IsOnesOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	m := b.post(b.anna, say(b.record, "x"))
	for _, c := range []access.Caller{b.anna, b.cleo, b.dan} {
		require.Empty(t, b.inbox(c, all))
		_, err := b.as(c).UpdateInboxItem(t.Context(), &chatterv1.UpdateInboxItemRequest{ItemId: itemID(m), Read: proto.Bool(true)})
		requireReason(t, "INBOX_ITEM_NOT_FOUND", err)
	}
	require.EqualValues(t, 1, b.unread(b.ben))
	for name, call := range map[string]func() error{
		"GetThread": func() error {
			_, err := b.as(b.dan).GetThread(t.Context(), &chatterv1.GetThreadRequest{ThreadId: b.record.String()})
			return err
		},
		"MarkRead": func() error {
			_, err := b.as(b.dan).MarkRead(t.Context(), &chatterv1.MarkReadRequest{ThreadId: b.record.String(), Seq: 1})
			return err
		},
		"MarkInboxRead": func() error {
			_, err := b.as(b.dan).MarkInboxRead(t.Context(), &chatterv1.MarkInboxReadRequest{ThreadId: b.record.String()})
			return err
		},
		"ListFollowers": func() error {
			_, err := b.as(b.dan).ListFollowers(t.Context(), &chatterv1.ListFollowersRequest{ThreadId: b.record.String()})
			return err
		},
		"ListMessages": func() error {
			_, err := b.as(b.dan).ListMessages(t.Context(), &chatterv1.ListMessagesRequest{ThreadId: b.record.String()})
			return err
		},
	} {
		t.Log(name)
		requireReason(t, "THREAD_NOT_FOUND", call())
	}
}

// Spec: C2, C13
func TestAssigned_PutsOneItemIntoTheInboxOfSomebodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := chatter.NewFollowers(b.clock.now)
	b.follow(b.ben, b.record)
	m := b.post(b.anna, say(b.record, "you do it"))
	assign := func(user, actor access.Caller) {
		b.inTx(func(tx pgx.Tx) error {
			return f.Assigned(t.Context(), tx, b.workspace, b.record, user.ID, actor.ID, uuid.MustParse(itemID(m)))
		})
	}
	assign(b.ben, b.anna)
	assign(b.cleo, b.anna)
	assign(b.anna, b.anna)

	for _, c := range []access.Caller{b.ben, b.cleo} {
		items := b.inbox(c, all)
		require.Len(t, items, 1, "an assignment and its message are one item")
		require.Equal(t, chatterv1.InboxReason_INBOX_REASON_ASSIGNMENT, items[0].GetReason())
		require.Equal(t, itemID(m), items[0].GetId())
		id := uuid.MustParse(itemID(m))
		change, err := b.handler.InboxChange(t.Context(), b.workspace, c.ID, &id)
		require.NoError(t, err)
		require.EqualValues(t, 1, change.GetUnreadCount())
		require.Equal(t, "Printer on fire", change.GetItem().GetThreadTitle())
	}
	require.Empty(t, b.inbox(b.anna, all))
}

// A thread that is gone takes its items with it.
func TestInbox_ForgetsADeletedThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.follow(b.ben, b.record)
	b.post(b.anna, say(b.record, "x"))
	b.inTx(func(tx pgx.Tx) error { return b.log.Drop(t.Context(), tx, b.workspace, b.record) })
	require.Empty(t, b.inbox(b.ben, all))
	require.Zero(t, b.unread(b.ben))
	_, err := b.as(b.ben).Follow(t.Context(), &chatterv1.FollowRequest{ThreadId: b.record.String()})
	requireReason(t, "THREAD_NOT_FOUND", err)
}

// itemID is the id of the inbox items that a message made.
func itemID(m *threadv1.Message) string {
	id := thread.ItemID(&thread.Message{ID: uuid.MustParse(m.GetId()), Create: m.GetCreateTime().AsTime()})
	return id.String()
}
