package file_test

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/blob"
	"github.com/parley-chat/parley/server/file"
)

// bytesOf are so many bytes that do not repeat.
func bytesOf(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// Spec: C10
func TestUpload_ComesBackAsItWasSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, size := range []int{1, 100, file.PartSize - 1, file.PartSize, file.PartSize + 1, 3*file.PartSize + 17} {
		data := bytesOf(size)
		f := b.attached(b.user, b.record, "data.bin", data)
		require.EqualValues(t, size, f.GetSize())
		require.Equal(t, threadv1.FileState_FILE_STATE_READY, f.GetState())

		got, err := b.read(b.colleague, f.GetId(), 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
		for _, offset := range []int{1, size / 2, size - 1, size} {
			got, err := b.read(b.colleague, f.GetId(), int64(offset))
			require.NoError(t, err)
			require.True(t, bytes.Equal(data[offset:], got), "from %d of %d", offset, size)
		}
		_, err = b.read(b.colleague, f.GetId(), int64(size)+1)
		requireReason(t, "OFFSET_OUT_OF_RANGE", err)
	}
}

// An upload that was cut off asks where it was, and goes on there.
func TestUpload_GoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	b, data := setup(t), bytesOf(2*file.PartSize+5)
	f := b.begin(b.user, b.record, "data.bin", len(data))
	write := func(part int32, data []byte) (*threadv1.WriteFileResponse, error) {
		return b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: f.GetId(), Part: part, Data: data})
	}
	_, err := write(0, data[:file.PartSize])
	require.NoError(t, err)

	_, err = write(2, data[2*file.PartSize:])
	requireReason(t, "PART_OUT_OF_ORDER", err)
	_, err = b.as(b.user).FinishFile(t.Context(), &threadv1.FinishFileRequest{FileId: f.GetId()})
	requireReason(t, "FILE_INCOMPLETE", err)
	again, err := write(0, data[:file.PartSize])
	require.NoError(t, err)
	require.EqualValues(t, 1, again.GetNextPart(), "it says which part is wanted")
	b.write(b.user, f.GetId(), data)

	b.finish(b.user, f.GetId(), true)
	got, err := b.read(b.user, f.GetId(), 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
}

// A browser that was reloaded knows the file's id, or the id of its request.
//
// Spec: C10
func TestUpload_SaysWhichPartIsWanted(t *testing.T) {
	t.Parallel()
	b, data := setup(t), bytesOf(3*file.PartSize)
	req := &threadv1.CreateFileRequest{RequestId: uuid.NewString(), ThreadId: b.record.String(), Name: "a", Size: int64(len(data))}
	begun, err := b.as(b.user).CreateFile(t.Context(), req)
	require.NoError(t, err)
	require.Zero(t, begun.GetNextPart())
	id := begun.GetFile().GetId()
	for part := range 2 {
		_, err := b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{
			FileId: id, Part: int32(part), Data: data[part*file.PartSize : (part+1)*file.PartSize],
		})
		require.NoError(t, err)
	}

	got, err := b.as(b.user).GetFile(t.Context(), &threadv1.GetFileRequest{FileId: id})
	require.NoError(t, err)
	again, err := b.as(b.user).CreateFile(t.Context(), req)
	require.NoError(t, err)

	require.EqualValues(t, 2, got.GetNextPart())
	require.EqualValues(t, file.PartSize, got.GetPartSize())
	require.Equal(t, threadv1.FileState_FILE_STATE_UPLOADING, got.GetFile().GetState())
	require.EqualValues(t, 2, again.GetNextPart())
	_, err = b.as(b.colleague).GetFile(t.Context(), &threadv1.GetFileRequest{FileId: id})
	requireReason(t, "FILE_NOT_FOUND", err)
	_, err = b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: id, Part: 2, Data: data[2*file.PartSize:]})
	require.NoError(t, err)
	b.finish(b.user, id, true)
	got, err = b.as(b.colleague).GetFile(t.Context(), &threadv1.GetFileRequest{FileId: id})
	require.NoError(t, err)
	require.Equal(t, threadv1.FileState_FILE_STATE_READY, got.GetFile().GetState())
	require.Zero(t, got.GetNextPart())
}

// A node that died between storing a part and counting it leaves a part that is
// there and not counted: the same bytes pass, others never replace them.
func TestUpload_APartThatIsThereAlreadyMustBeTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.begin(b.user, b.record, "data.bin", 5)
	p := blob.Part{Workspace: b.workspace, File: uuid.MustParse(f.GetId())}
	require.NoError(t, b.store.Write(t.Context(), p, []byte("right")))
	write := func(data string) error {
		_, err := b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: f.GetId(), Data: []byte(data)})
		return err
	}

	requireReason(t, "PART_DIFFERS", write("wrong"))
	require.NoError(t, write("right"))
	requireReason(t, "PART_DIFFERS", write("wrong"))

	b.finish(b.user, f.GetId(), true)
	got, err := b.read(b.user, f.GetId(), 0)
	require.NoError(t, err)
	require.Equal(t, "right", string(got))
}

func TestUpload_TwoAtOnceMakeOneFile(t *testing.T) {
	t.Parallel()
	b, data := setup(t), bytesOf(3*file.PartSize)
	f := b.begin(b.user, b.record, "data.bin", len(data))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for part := range 3 {
				_, err := b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{
					FileId: f.GetId(), Part: int32(part), Data: data[part*file.PartSize : (part+1)*file.PartSize],
				})
				if err != nil {
					t.Errorf("write part %d: %v", part, err)
				}
			}
		})
	}
	wg.Wait()

	b.finish(b.user, f.GetId(), true)
	got, err := b.read(b.user, f.GetId(), 0)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
}

func TestUpload_RefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	create := func(size int64) error {
		_, err := b.as(b.user).CreateFile(t.Context(), &threadv1.CreateFileRequest{
			RequestId: uuid.NewString(), ThreadId: b.record.String(), Name: "a", Size: size,
		})
		return err
	}
	requireReason(t, "FILE_TOO_LARGE", create(5<<20+1))
	requireReason(t, "REQUEST_INVALID", create(0))
	require.NoError(t, create(5<<20))

	f := b.begin(b.user, b.record, "a", file.PartSize+10)
	write := func(part int32, size int) error {
		_, err := b.as(b.user).WriteFile(t.Context(), &threadv1.WriteFileRequest{FileId: f.GetId(), Part: part, Data: make([]byte, size)})
		return err
	}
	requireReason(t, "PART_SIZE_WRONG", write(0, file.PartSize-1))
	requireReason(t, "REQUEST_INVALID", write(0, file.PartSize+1))
	require.NoError(t, write(0, file.PartSize))
	requireReason(t, "PART_SIZE_WRONG", write(1, 11))
	requireReason(t, "PART_OUT_OF_RANGE", write(2, 10))
}

func TestCreateFile_TheSameRequestAnswersTheSameFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	req := &threadv1.CreateFileRequest{RequestId: uuid.NewString(), ThreadId: b.record.String(), Name: "a.txt", Size: 3}
	first, err := b.as(b.user).CreateFile(t.Context(), req)
	require.NoError(t, err)

	again, err := b.as(b.user).CreateFile(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, first.GetFile().GetId(), again.GetFile().GetId())

	b.write(b.user, first.GetFile().GetId(), []byte("abc"))
	b.finish(b.user, first.GetFile().GetId(), true)
	finished, err := b.as(b.user).CreateFile(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, first.GetFile().GetId(), finished.GetFile().GetId())

	req.Size = 4
	_, err = b.as(b.user).CreateFile(t.Context(), req)
	requireReason(t, "REQUEST_ID_REUSED", err)
	req.Size = 3
	other, err := b.as(b.colleague).CreateFile(t.Context(), req)
	require.NoError(t, err, "somebody else's request is another")
	require.NotEqual(t, first.GetFile().GetId(), other.GetFile().GetId())
}

// Nobody may fill the store with files that say nothing.
func TestCreateFile_BoundsWhatOneKeepsUploading(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 100 {
		b.begin(b.visitor, b.chat, "a", 1)
	}
	_, err := b.as(b.visitor).CreateFile(t.Context(), &threadv1.CreateFileRequest{
		RequestId: uuid.NewString(), ThreadId: b.chat.String(), Name: "a", Size: 1,
	})
	requireReason(t, "TOO_MANY_UPLOADS", err)
	b.begin(b.user, b.chat, "a", 1)
}

func TestFinishFile_MayBeRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.upload(b.user, b.record, "a.txt", []byte("plain words"))
	first := b.finish(b.user, id, false)
	require.Equal(t, "text/plain", first.GetMediaType())
	require.Equal(t, first.GetMediaType(), b.finish(b.user, id, false).GetMediaType())
	require.Empty(t, b.names(b.user, b.record))
	b.finish(b.user, id, true)
	b.finish(b.user, id, false)
	require.Equal(t, []string{"a.txt"}, b.names(b.user, b.record))
}

// Spec: C10
func TestSweep_RemovesWhatCameToNothingAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	begun := b.begin(b.user, b.record, "begun", 10)
	waiting := b.ready(b.user, b.record, "waiting", []byte("b"))
	kept := b.attached(b.user, b.record, "kept", []byte("c"))
	b.clock.pass(23 * time.Hour)
	fresh := b.ready(b.user, b.record, "fresh", []byte("d"))
	swept, err := b.files.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, swept)

	b.clock.pass(2 * time.Hour)
	swept, err = b.files.Sweep(t.Context())

	require.NoError(t, err)
	require.Equal(t, 2, swept)
	for _, f := range []*threadv1.File{begun, waiting} {
		_, err := b.read(b.user, f.GetId(), 0)
		requireReason(t, "FILE_NOT_FOUND", err)
		_, err = b.store.Read(t.Context(), blob.Part{Workspace: b.workspace, File: uuid.MustParse(f.GetId())}, 0)
		require.ErrorIs(t, err, blob.ErrNotFound)
	}
	for _, f := range []*threadv1.File{kept, fresh} {
		_, err := b.read(b.user, f.GetId(), 0)
		require.NoError(t, err)
	}
	var rows int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM file`).Scan(&rows))
	require.Equal(t, 2, rows)
}

func TestSweep_GoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.db.Exec(t.Context(), `INSERT INTO file (workspace_id, id, thread_id, name, size, state, internal, author_kind, author_id,
			author_name, author_public_name, request_id, create_time)
		SELECT $1, gen_random_uuid(), $2, 'x', 1, i % 3, false, 1, $3, '', '', gen_random_uuid(), $4 FROM generate_series(1, 250) i`,
		b.workspace, b.record, b.user.ID, b.clock.now())
	require.NoError(t, err)
	b.clock.pass(25 * time.Hour)
	var wg sync.WaitGroup
	for range 2 { // two nodes
		wg.Go(func() {
			if _, err := b.files.Sweep(t.Context()); err != nil {
				t.Errorf("sweep: %v", err)
			}
		})
	}
	wg.Wait()
	_, err = b.files.Sweep(t.Context())
	require.NoError(t, err)
	var rows int
	require.NoError(t, b.db.QueryRow(t.Context(), `SELECT count(*) FROM file`).Scan(&rows))
	require.Zero(t, rows)
}
