package thread

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/store"
)

// Post stores a message and tells its readers. When it returns without an error
// the message is durable; when it fails, or its answer is lost, the same draft
// can be posted again and is stored once.
func (l *Log) Post(ctx context.Context, d Draft) (Message, error) {
	m, err := l.post(ctx, &d)
	if err != nil {
		if m, err = l.resolve(ctx, l.db, &d, err); err != nil {
			return Message{}, err
		}
	}
	if d.Mail != nil {
		l.mailed()
	}
	l.announce(&m) // again if an earlier try stored it: that may have ended before it could tell
	return m, nil
}

func (l *Log) post(ctx context.Context, d *Draft) (Message, error) {
	if len(d.Files) == 0 && !d.special() && d.Kind != threadv1.MessageKind_MESSAGE_KIND_SYSTEM {
		return l.commit.do(ctx, d)
	}
	ctx, cancel := stay(ctx)
	defer cancel()
	if len(d.Files) == 0 {
		return l.write(ctx, l.posting, d)
	}
	return store.InTxV(ctx, l.db, func(tx pgx.Tx) (Message, error) { return l.write(ctx, tx, d) })
}

// stay is a context for what is not given up when its caller hangs up: that would
// cost the pool a connection in mid-statement, and leave a stored message untold.
func stay(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTime)
}

// PostTx is Post inside a transaction of the caller's, who announces the message
// after the commit.
func (l *Log) PostTx(ctx context.Context, tx pgx.Tx, d Draft) (Message, error) {
	m, err := store.InTxV(ctx, tx, func(tx pgx.Tx) (Message, error) { return l.write(ctx, tx, &d) })
	if err != nil {
		return l.resolve(ctx, tx, &d, err)
	}
	return m, nil
}

// resolve turns a failed post into the message that an earlier try stored, or
// into the reason why there is none.
func (l *Log) resolve(ctx context.Context, tx db.DBTX, d *Draft, failure error) (Message, error) {
	if !errors.Is(failure, errNotTaken) && !violates(failure, "message_id") {
		return Message{}, failure
	}
	m, found, err := l.earlier(ctx, tx, d)
	if found || err != nil {
		return m, err
	}
	t, err := l.q.ThreadGet(ctx, tx, db.ThreadGetParams{WorkspaceID: d.Workspace, ID: d.Thread})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		l.Forget(d.Workspace, d.Thread)
		return Message{}, errThreadGone
	case err != nil:
		return Message{}, fmt.Errorf("find thread: %w", err)
	case t.Closed:
		return Message{}, ErrClosed
	default:
		return Message{}, failure
	}
}

// Earlier answers the message that an earlier try of the draft posted, whatever
// stands in its way now; and the failure if there was none.
func (l *Log) Earlier(ctx context.Context, d *Draft, failure error) (Message, error) {
	m, found, err := l.earlier(ctx, l.db, d)
	if !found && err == nil {
		err = failure
	}
	return m, err
}

func (l *Log) earlier(ctx context.Context, tx db.DBTX, d *Draft) (m Message, found bool, err error) {
	row, err := l.q.MessageGet(ctx, tx, db.MessageGetParams{WorkspaceID: d.Workspace, ThreadID: d.Thread, ID: messageID(d)})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("find message by request: %w", err)
	}
	m, err = same(fromRow(row), d)
	return m, err == nil, err
}

// same refuses a request id that was used for something else. What was edited
// since cannot be compared, and passes.
func same(m Message, d *Draft) (Message, error) {
	if m.Edit == nil && m.Delete == nil && (m.Body != d.Body || m.Internal != d.Internal) {
		return Message{}, ErrReused
	}
	return m, nil
}

// conn is the pool, or a transaction.
type conn interface {
	db.DBTX
	store.Beginner
}

// write posts one draft, with its deliveries if it leaves by mail.
func (l *Log) write(ctx context.Context, c conn, d *Draft) (Message, error) {
	if d.Mail == nil {
		return l.insert(ctx, c, d)
	}
	return store.InTxV(ctx, c, func(tx pgx.Tx) (Message, error) {
		m, err := l.insert(ctx, tx, d)
		if err != nil {
			return Message{}, err
		}
		return m, l.deliver(ctx, tx, d)
	})
}

// insert stores one draft's message in one statement.
func (l *Log) insert(ctx context.Context, tx db.DBTX, d *Draft) (Message, error) {
	m := l.message(d)
	extra, err := encodeExtra(d.Extra)
	if err != nil {
		return Message{}, err
	}
	if err := l.attach(ctx, tx, d, &m); err != nil {
		return Message{}, err
	}
	row, err := l.q.ThreadPost(ctx, tx, db.ThreadPostParams{
		WorkspaceID: d.Workspace, ThreadID: d.Thread, ID: m.ID, Kind: int16(d.Kind), Internal: d.Internal, Subtype: d.Subtype,
		AuthorKind: int16(d.Author.Kind), AuthorID: d.Author.ID, AuthorName: d.Author.Name, AuthorPublicName: d.Author.PublicName,
		Body: d.Body, Extra: extra, RequestID: d.RequestID, CreateTime: m.Create, Follow: d.Follow, Notify: d.Notify,
		ItemID: ItemID(&m), Mentions: d.Mentions, IsChat: d.Chat, Forced: d.Kind == threadv1.MessageKind_MESSAGE_KIND_SYSTEM,
		Added: d.Added, Excepts: d.Except,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, errNotTaken
	}
	if err != nil {
		return Message{}, fmt.Errorf("post message: %w", err)
	}
	m.Seq, m.Rev, m.PublicSeq, m.notified = row.Seq, row.Rev, row.PublicSeq, row.Notified
	l.posted.Add(1)
	return m, nil
}

// attach gives the message its files, in the same transaction.
func (l *Log) attach(ctx context.Context, tx db.DBTX, d *Draft, m *Message) error {
	if len(d.Files) == 0 {
		return nil
	}
	n, err := l.q.FileAttach(ctx, tx, db.FileAttachParams{
		MessageID: &m.ID, Internal: d.Internal, WorkspaceID: d.Workspace, ThreadID: d.Thread, AuthorID: d.Author.ID, Ids: d.Files,
	})
	if err != nil {
		return fmt.Errorf("attach files: %w", err)
	}
	if int(n) == len(d.Files) {
		return nil
	}
	// A retry finds its files taken by the message it is a retry of.
	_, found, err := l.earlier(ctx, tx, d)
	if err != nil {
		return err
	}
	if found {
		return errNotTaken
	}
	return ErrNoFile
}

// postOne is the committer's way for a single draft.
func (l *Log) postOne(ctx context.Context, d *Draft) (Message, error) {
	ctx, cancel := stay(ctx)
	defer cancel()
	return l.write(ctx, l.posting, d)
}

// postMany commits the drafts of posts in one statement. If that fails for the
// sake of one of them, each is tried alone.
func (l *Log) postMany(ctx context.Context, posts []*post) {
	if len(posts) == 1 {
		posts[0].result, posts[0].err = l.write(ctx, l.posting, posts[0].draft)
		return
	}
	params, byID, err := l.gather(posts)
	var rows []db.ThreadPostManyRow
	if err == nil {
		rows, err = l.insertMany(ctx, params, byID)
	}
	if err != nil {
		for _, p := range posts {
			p.result, p.err = l.write(ctx, l.posting, p.draft)
		}
		return
	}
	l.posted.Add(int64(len(rows)))
	notified := make(map[uuid.UUID][]uuid.UUID)
	for _, row := range rows {
		for i, item := range row.NotifiedItems {
			notified[item] = append(notified[item], row.NotifiedUsers[i])
		}
	}
	for _, row := range rows {
		p := byID[row.ID]
		p.err = nil
		p.result.Seq, p.result.Rev, p.result.PublicSeq = row.Seq, row.Rev, row.PublicSeq
		p.result.notified = notified[ItemID(&p.result)]
	}
}

// insertMany stores the messages of many drafts in one statement. Those that leave
// by mail need a second one, which the others are spared.
func (l *Log) insertMany(ctx context.Context, params db.ThreadPostManyParams, byID map[uuid.UUID]*post) ([]db.ThreadPostManyRow, error) {
	mailed := false
	for _, p := range byID {
		mailed = mailed || p.draft.Mail != nil
	}
	if !mailed {
		return l.q.ThreadPostMany(ctx, l.posting, params)
	}
	return store.InTxV(ctx, l.posting, func(tx pgx.Tx) ([]db.ThreadPostManyRow, error) {
		rows, err := l.q.ThreadPostMany(ctx, tx, params)
		if err != nil {
			return nil, err
		}
		var drafts []*Draft
		for _, row := range rows {
			if d := byID[row.ID].draft; d.Mail != nil {
				drafts = append(drafts, d)
			}
		}
		return rows, l.deliver(ctx, tx, drafts...)
	})
}

// gather turns posts into the columns of one statement. Each post is marked as
// not taken until its row comes back.
func (l *Log) gather(posts []*post) (db.ThreadPostManyParams, map[uuid.UUID]*post, error) {
	slices.SortStableFunc(posts, func(a, b *post) int { return compareThreads(a.draft, b.draft) })
	var a db.ThreadPostManyParams
	byID := make(map[uuid.UUID]*post, len(posts))
	for i, p := range posts {
		d := p.draft
		if i == 0 || compareThreads(posts[i-1].draft, d) != 0 {
			a.WorkspaceIds, a.ThreadIds = append(a.WorkspaceIds, d.Workspace), append(a.ThreadIds, d.Thread)
			a.Tis = append(a.Tis, int32(len(a.Tis)))
			a.Counts, a.PublicCounts = append(a.Counts, 0), append(a.PublicCounts, 0)
		}
		last := len(a.Counts) - 1
		a.Counts[last]++
		if !d.Internal {
			a.PublicCounts[last]++
		}
		extra, err := encodeExtra(d.Extra)
		if err != nil {
			return a, nil, err
		}
		p.result, p.err = l.message(d), errNotTaken
		byID[p.result.ID] = p
		a.OfTis = append(a.OfTis, int32(last))
		a.Ks, a.Pks = append(a.Ks, a.Counts[last]), append(a.Pks, a.PublicCounts[last])
		appendDraft(&a, d, &p.result, extra)
	}
	return a, byID, nil
}

func appendDraft(a *db.ThreadPostManyParams, d *Draft, m *Message, extra []byte) {
	a.Ids, a.Kinds = append(a.Ids, m.ID), append(a.Kinds, int16(d.Kind))
	a.Internals, a.Subtypes = append(a.Internals, d.Internal), append(a.Subtypes, d.Subtype)
	a.AuthorKinds, a.AuthorIds = append(a.AuthorKinds, int16(d.Author.Kind)), append(a.AuthorIds, d.Author.ID)
	a.AuthorNames, a.AuthorPublicNames = append(a.AuthorNames, d.Author.Name), append(a.AuthorPublicNames, d.Author.PublicName)
	a.Bodies, a.Extras = append(a.Bodies, d.Body), append(a.Extras, extra)
	a.RequestIds, a.CreateTimes = append(a.RequestIds, d.RequestID), append(a.CreateTimes, m.Create)
	a.ItemIds = append(a.ItemIds, ItemID(m))
	a.Notifies, a.AreChats = append(a.Notifies, d.Notify), append(a.AreChats, d.Chat)
	a.Follows = append(a.Follows, strings.Join(d.Follow, ","))
}

func compareThreads(a, b *Draft) int {
	return cmp.Or(bytes.Compare(a.Workspace[:], b.Workspace[:]), bytes.Compare(a.Thread[:], b.Thread[:]))
}

// message is the draft as it will be stored, but for its numbers. Times are cut
// to what PostgreSQL keeps, so that what is sent live equals what is read later.
func (l *Log) message(d *Draft) Message {
	return Message{
		Workspace: d.Workspace, Thread: d.Thread, ID: messageID(d), RequestID: d.RequestID, Kind: d.Kind, Internal: d.Internal,
		Subtype: d.Subtype, Author: d.Author, Body: d.Body, Extra: d.Extra, Create: l.now().Truncate(time.Microsecond).UTC(),
	}
}

// messageID is made of what must happen once: this author's request in this
// thread. So the index that finds a message by id also keeps a retry from being
// posted twice.
func messageID(d *Draft) uuid.UUID {
	var name [48]byte
	copy(name[:], d.Thread[:])
	copy(name[16:], d.Author.ID[:])
	copy(name[32:], d.RequestID[:])
	hash := sha256.Sum256(name[:])
	id := uuid.UUID(hash[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made in a way of one's own
	return id
}

// ItemID is the id of the inbox items that a message makes: the message's, with
// its time in front, so that items sort by time as every UUIDv7 does.
func ItemID(m *Message) uuid.UUID {
	id := m.ID
	ms := m.Create.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	us := m.Create.UnixMicro() % 1000 // RFC 9562, 6.2, method 3
	id[6], id[7] = 0x70|byte(us>>8), byte(us)
	return id
}

// newID makes a UUIDv7: ids made later sort later.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// encodeExtra stores the empty value for a message that has nothing of it.
func encodeExtra(x *wirev1.Extra) ([]byte, error) {
	if x == nil {
		return nil, nil
	}
	b, err := proto.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return b, nil
}

// fromRow is a stored message. What cannot be decoded is left out rather than
// hiding the message: only this package writes it.
func fromRow(r db.Message) Message {
	m := Message{
		Workspace: r.WorkspaceID, Thread: r.ThreadID, ID: r.ID, RequestID: r.RequestID, Seq: r.Seq, Rev: r.Rev, PublicSeq: r.PublicSeq,
		Kind: threadv1.MessageKind(r.Kind), Internal: r.Internal, Subtype: r.Subtype, Body: r.Body, Create: r.CreateTime.UTC(),
		Edit: r.EditTime, Delete: r.DeleteTime,
		Author: Author{Kind: threadv1.PartyKind(r.AuthorKind), ID: r.AuthorID, Name: r.AuthorName, PublicName: r.AuthorPublicName},
	}
	if len(r.Extra) > 0 {
		x := new(wirev1.Extra)
		if proto.Unmarshal(r.Extra, x) == nil {
			m.Extra = x
		}
	}
	return m
}
