package file_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
)

// requireNowhere asserts that a file does not exist for somebody, by any method
// that takes its id.
func (b *bundle) requireNowhere(c access.Caller, id string) {
	b.t.Helper()
	ctx, client := b.t.Context(), b.as(c)
	_, err := b.read(c, id, 0)
	requireReason(b.t, "FILE_NOT_FOUND", err)
	_, err = client.CreateFileLink(ctx, &threadv1.CreateFileLinkRequest{FileId: id})
	requireReason(b.t, "FILE_NOT_FOUND", err)
	_, err = client.CreateFileLink(ctx, &threadv1.CreateFileLinkRequest{FileId: id, Kind: threadv1.FileLinkKind_FILE_LINK_KIND_PREVIEW})
	requireReason(b.t, "FILE_NOT_FOUND", err)
	_, err = client.GetFile(ctx, &threadv1.GetFileRequest{FileId: id})
	requireReason(b.t, "FILE_NOT_FOUND", err)
	_, err = client.WriteFile(ctx, &threadv1.WriteFileRequest{FileId: id, Data: []byte("x")})
	requireReason(b.t, "FILE_NOT_FOUND", err)
	_, err = client.FinishFile(ctx, &threadv1.FinishFileRequest{FileId: id, Attach: true})
	requireReason(b.t, "FILE_NOT_FOUND", err)
	if c.Kind == access.User {
		_, err = client.DeleteFile(ctx, &threadv1.DeleteFileRequest{FileId: id})
		requireReason(b.t, "FILE_NOT_FOUND", err)
	}
}

// Spec: C4, C10
func TestNoteFiles_DoNotExistForAVisitor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	inNote := b.ready(b.user, b.chat, "secret.txt", []byte("secret"))
	b.post(b.user, b.chat, true, "look at this", inNote)
	res, err := b.as(b.user).CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: b.chat.String(), Name: "inside.txt", Size: 6, Internal: true,
	})
	require.NoError(t, err)
	inside := res.GetFile()
	b.write(b.user, inside.GetId(), []byte("inside"))
	b.finish(b.user, inside.GetId(), true)
	shown := b.ready(b.user, b.chat, "shown.txt", []byte("shown"))
	b.post(b.user, b.chat, false, "", shown)

	require.Equal(t, []string{"shown.txt"}, b.names(b.visitor, b.chat))
	require.ElementsMatch(t, []string{"shown.txt", "inside.txt", "secret.txt"}, b.names(b.colleague, b.chat))
	b.requireNowhere(b.visitor, inNote.GetId())
	b.requireNowhere(b.visitor, inside.GetId())
	got, err := b.read(b.visitor, shown.GetId(), 0)
	require.NoError(t, err)
	require.Equal(t, "shown", string(got))
}

// Spec: C10
func TestFiles_DoNotExistForWhoMayNotReadTheThread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	inChat := b.attached(b.visitor, b.chat, "a.txt", []byte("a"))
	onRecord := b.attached(b.user, b.record, "b.txt", []byte("b"))

	b.requireNowhere(b.otherVisitor, inChat.GetId())
	b.requireNowhere(b.visitor, onRecord.GetId())
	b.requireNowhere(b.stranger, inChat.GetId())
	b.requireNowhere(b.stranger, onRecord.GetId())
	b.requireNowhere(b.user, uuid.NewString())
	for _, c := range []access.Caller{b.otherVisitor, b.stranger} {
		_, err := b.as(c).ListFiles(t.Context(), &threadv1.ListFilesRequest{ThreadId: b.chat.String()})
		requireReason(t, "THREAD_NOT_FOUND", err)
		_, err = b.as(c).CreateFile(t.Context(), &threadv1.CreateFileRequest{
			RequestId: uuid.NewString(), ThreadId: b.chat.String(), Name: "a", Size: 1,
		})
		requireReason(t, "THREAD_NOT_FOUND", err)
	}
	b.door.lock(b.user)
	b.requireNowhere(b.user, onRecord.GetId())
}

// Until it is sent, a file is its author's own: a colleague can neither read nor
// finish nor remove it, not even an administrator.
func TestUnsentFiles_ExistForTheirAuthorOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.begin(b.user, b.record, "begun", 1)
	waiting := b.ready(b.user, b.record, "waiting", []byte("w"))

	for _, c := range []access.Caller{b.colleague, b.administrator} {
		b.requireNowhere(c, begun.GetId())
		b.requireNowhere(c, waiting.GetId())
		require.Empty(t, b.names(c, b.record))
	}
	_, err := b.read(b.user, begun.GetId(), 0)
	requireReason(t, "FILE_NOT_FINISHED", err)
	_, err = b.read(b.user, waiting.GetId(), 0)
	require.NoError(t, err)
}

// The hijack test: a file can be sent by whoever uploaded it, in its thread,
// once.
func TestFiles_CannotBeSentBySomebodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.ready(b.user, b.record, "a.txt", []byte("a"))
	begun := b.begin(b.user, b.record, "b.txt", 1)
	for _, d := range []struct {
		by     access.Caller
		thread uuid.UUID
		file   *threadv1.File
	}{{b.colleague, b.record, f}, {b.user, b.chat, f}, {b.user, b.record, begun}} {
		_, err := b.log.Post(t.Context(), draft(d.by, d.thread, false, "mine", d.file))
		requireReason(t, "FILE_UNKNOWN", err)
	}
	b.post(b.user, b.record, false, "mine", f)
	_, err := b.log.Post(t.Context(), draft(b.user, b.record, false, "twice", f))
	requireReason(t, "FILE_UNKNOWN", err)
}

func TestVisitors_UploadIntoTheirOpenChatOnlyAndNothingInternal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.as(b.visitor).CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: b.chat.String(), Name: "a", Size: 1, Internal: true,
	})
	requireReason(t, "FILE_INTERNAL_DENIED", err)
	half := b.begin(b.visitor, b.chat, "half", 1)
	ready := b.ready(b.visitor, b.chat, "ready", []byte("r"))
	_, err = b.log.SetClosed(t.Context(), b.db, b.workspace, b.chat, true)
	require.NoError(t, err)

	_, err = b.as(b.visitor).CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: b.chat.String(), Name: "a", Size: 1,
	})
	requireReason(t, "CHAT_CLOSED", err)
	_, err = b.as(b.visitor).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: half.GetId(), Data: []byte("x")})
	requireReason(t, "CHAT_CLOSED", err)
	_, err = b.as(b.visitor).FinishFile(t.Context(), &threadv1.FinishFileRequest{FileId: ready.GetId(), Attach: true})
	requireReason(t, "CHAT_CLOSED", err)
}

// A visitor knows a user by their live chat name.
func TestFiles_ShowAVisitorTheLiveChatName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.attached(b.user, b.chat, "a.txt", []byte("a"))
	for name, c := range map[string]access.Caller{"Chat Name": b.visitor, "Real Name": b.colleague} {
		res, err := b.as(c).ListFiles(t.Context(), &threadv1.ListFilesRequest{ThreadId: b.chat.String()})
		require.NoError(t, err)
		require.Equal(t, name, res.GetFiles()[0].GetAuthor().GetName())
	}
}

func TestListFiles_PagesNewestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := []string{"5", "4", "3", "2", "1"}
	for i := len(want) - 1; i >= 0; i-- {
		b.attached(b.user, b.record, want[i], []byte("x"))
	}
	var got []string
	req := &threadv1.ListFilesRequest{ThreadId: b.record.String(), PageSize: 2}
	for {
		res, err := b.as(b.user).ListFiles(t.Context(), req)
		require.NoError(t, err)
		for _, f := range res.GetFiles() {
			got = append(got, f.GetName())
		}
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	require.Equal(t, want, got)
	req.PageToken = "made-up"
	_, err := b.as(b.user).ListFiles(t.Context(), req)
	requireReason(t, "PAGE_TOKEN_INVALID", err)
}

// Spec: C7, C10
func TestDeleteFile_TakesItOutOfItsMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.ready(b.user, b.record, "one", []byte("1")), b.ready(b.user, b.record, "two", []byte("2"))
	m := b.post(b.user, b.record, false, "", one, two)
	_, err := b.as(b.colleague).DeleteFile(t.Context(), &threadv1.DeleteFileRequest{FileId: one.GetId()})
	requireReason(t, "FILE_DELETE_DENIED", err)

	_, err = b.as(b.user).DeleteFile(t.Context(), &threadv1.DeleteFileRequest{FileId: one.GetId()})
	require.NoError(t, err)

	b.requireNowhere(b.user, one.GetId())
	told := b.heard.last()
	require.Equal(t, m.ID, told.ID)
	require.Equal(t, m.Rev+1, told.Rev)
	require.Len(t, told.Extra.GetFiles(), 1)
	require.Equal(t, two.GetId(), told.Extra.GetFiles()[0].GetId())
	require.Nil(t, told.Delete)

	_, err = b.as(b.administrator).DeleteFile(t.Context(), &threadv1.DeleteFileRequest{FileId: two.GetId()})
	require.NoError(t, err)
	require.NotNil(t, b.heard.last().Delete, "a message that was nothing but files is gone with the last")
	require.Empty(t, b.names(b.user, b.record))
	var rows int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM file`).Scan(&rows))
	require.Zero(t, rows)
}

// What was deleted with its message is nobody's to read but its author's, and
// not for long.
func TestDeletedMessages_HideTheirFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.ready(b.user, b.chat, "a.txt", []byte("a"))
	m := b.post(b.user, b.chat, false, "see", f)
	_, err := b.read(b.visitor, f.GetId(), 0)
	require.NoError(t, err)
	_, err = b.log.Delete(t.Context(), change(m, b.user))
	require.NoError(t, err)

	b.requireNowhere(b.visitor, f.GetId())
	b.requireNowhere(b.colleague, f.GetId())
	require.Empty(t, b.names(b.user, b.chat))
}
