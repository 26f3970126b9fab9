package chatter_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/thread"
)

// file is one that somebody uploaded to a thread and that waits for its message.
func (b *bundle) file(c access.Caller, threadID uuid.UUID, internal bool) uuid.UUID {
	b.t.Helper()
	id := uuid.Must(uuid.NewV7())
	_, err := b.db.Exec(b.t.Context(), `INSERT INTO file (workspace_id, id, thread_id, name, media_type, size, parts, state, internal, author_kind,
			author_id, author_name, author_public_name, request_id, create_time)
		VALUES ($1, $2, $3, 'a.txt', 'text/plain', 1, 1, 2, $4, 1, $5, $6, $7, $2, now())`,
		b.workspace, id, threadID, internal, c.ID, c.Name, c.ChatName)
	require.NoError(b.t, err)
	return id
}

func with(req *chatterv1.PostMessageRequest, files ...uuid.UUID) *chatterv1.PostMessageRequest {
	for _, id := range files {
		req.FileIds = append(req.FileIds, id.String())
	}
	return req
}

// Spec: C10
func TestPostMessage_SendsFilesOnceWithOrWithoutText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.file(b.anna, b.record, false), b.file(b.anna, b.record, false)
	req := with(say(b.record, ""), two, one)

	m := b.post(b.anna, req)

	require.Len(t, m.GetFiles(), 2)
	require.Equal(t, two.String(), m.GetFiles()[0].GetId(), "in the order that was asked for")
	require.Equal(t, "a.txt", m.GetFiles()[0].GetName())
	require.Equal(t, m.GetId(), b.post(b.anna, req).GetId(), "a retry finds its message, not its files gone")
	b.refuse("FILE_UNKNOWN", b.anna, with(say(b.record, "again"), one))
	b.refuse("BODY_EMPTY", b.anna, say(b.record, ""))
}

// The hijack test: nobody sends what somebody else uploaded, or uploaded
// elsewhere.
func TestPostMessage_SendsOnlyOnesOwnFilesOfTheThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	annas, inChat := b.file(b.anna, b.record, false), b.file(b.anna, b.chat, false)
	half := b.file(b.anna, b.record, false)
	_, err := b.db.Exec(t.Context(), `UPDATE file SET state = 1 WHERE id = $1`, half)
	require.NoError(t, err)
	b.refuse("FILE_UNKNOWN", b.ben, with(say(b.record, "mine"), annas))
	b.refuse("FILE_UNKNOWN", b.cleo, with(say(b.record, "mine"), annas))
	b.refuse("FILE_UNKNOWN", b.anna, with(say(b.record, "x"), inChat))
	b.refuse("FILE_UNKNOWN", b.anna, with(say(b.record, "x"), half))
	b.refuse("FILE_UNKNOWN", b.anna, with(say(b.record, "x"), uuid.New()))
	require.Zero(t, b.thread(b.anna, b.record).GetLastSeq())
}

// Spec: C4. What goes with a note becomes internal; what is internal cannot go
// with a message.
func TestPostMessage_FilesOfNotesAreInternal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret, plain := b.file(b.anna, b.chat, true), b.file(b.anna, b.chat, false)
	b.refuse("FILE_INTERNAL", b.anna, with(say(b.chat, "see"), secret))

	m := b.post(b.anna, with(note(b.chat, "see"), secret, plain))

	for _, f := range m.GetFiles() {
		require.True(t, f.GetInternal())
	}
	var internal int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM file WHERE internal AND state = 3`).Scan(&internal))
	require.Equal(t, 2, internal)
	stored, err := b.log.Get(t.Context(), b.workspace, b.chat, uuid.MustParse(m.GetId()))
	require.NoError(t, err)
	require.Nil(t, thread.Redact(&stored, thread.Outside))
}
