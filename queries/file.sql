-- FileCreate begins an upload in a thread that takes posts. No row comes back
-- if the thread is closed or missing, if the author has too many uploads that
-- came to nothing yet, or if the request was made before.
-- name: FileCreate :one
INSERT INTO file (workspace_id, id, thread_id, name, size, state, internal, author_kind, author_id, author_name, author_public_name,
    request_id, create_time)
SELECT @workspace_id, @id::uuid, @thread_id, @name::text, @size::bigint, 1, @internal::boolean, @author_kind::smallint, @author_id,
    @author_name::text, @author_public_name::text, @request_id::uuid, @create_time::timestamptz
FROM thread
WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id AND NOT thread.closed
    AND @max_pending::bigint > (SELECT count(*) FROM file
        WHERE file.workspace_id = @workspace_id AND file.author_id = @author_id AND file.state IN (1, 2))
ON CONFLICT (workspace_id, author_id, request_id) DO NOTHING
RETURNING *;

-- FileByRequest answers the file that an earlier try of the same request made,
-- as long as it was not removed.
-- name: FileByRequest :one
SELECT * FROM file
WHERE workspace_id = @workspace_id AND author_id = @author_id AND request_id = @request_id AND state > 0;

-- FileGet answers a file, and whether its thread takes uploads.
-- name: FileGet :one
SELECT sqlc.embed(file), thread.closed FROM file
JOIN thread ON thread.workspace_id = file.workspace_id AND thread.id = file.thread_id
WHERE file.workspace_id = @workspace_id AND file.id = @id AND file.state > 0;

-- FileStore begins a file that the server itself takes in, of a size that is
-- known at its end. No row comes back if there is no such thread.
-- name: FileStore :one
INSERT INTO file (workspace_id, id, thread_id, name, size, state, internal, author_kind, author_id, author_name, author_public_name,
    request_id, create_time)
SELECT @workspace_id, @id::uuid, @thread_id, @name::text, 0, 1, @internal::boolean, @author_kind::smallint, @author_id::uuid,
    @author_name::text, @author_public_name::text, @id::uuid, @create_time::timestamptz
FROM thread
WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id
RETURNING *;

-- FileStored completes such a file, all at once.
-- name: FileStored :one
UPDATE file SET state = 2, size = @size, parts = @parts, media_type = @media_type, preview = @preview, preview_width = @preview_width,
    preview_height = @preview_height
WHERE workspace_id = @workspace_id AND id = @id AND state = 1
RETURNING *;

-- FileCopy makes another file of the same bytes, which waits for its message.
-- The first one cannot be removed before this is committed. No row comes back if
-- it is not complete, or there is no such thread.
-- name: FileCopy :one
INSERT INTO file (workspace_id, id, thread_id, name, media_type, size, parts, state, internal, author_kind, author_id, author_name,
    author_public_name, request_id, create_time, blob_id, joined, preview, preview_width, preview_height)
SELECT source.workspace_id, @id::uuid, @thread_id::uuid, source.name, source.media_type, source.size, source.parts, 2, source.internal,
    @author_kind::smallint, @author_id::uuid, @author_name::text, @author_public_name::text, @id::uuid, @create_time::timestamptz,
    coalesce(source.blob_id, source.id), source.joined, source.preview, source.preview_width, source.preview_height
FROM file AS source
WHERE source.workspace_id = @workspace_id AND source.id = @source_id AND source.state >= 2
    AND EXISTS (SELECT 1 FROM thread WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id::uuid)
FOR SHARE OF source
RETURNING *;

-- FileBlobLock answers the files that share some bytes, and keeps others from
-- removing one of them until the transaction ends.
-- name: FileBlobLock :many
SELECT id FROM file
WHERE workspace_id = @workspace_id AND (id = @blob_id OR blob_id = @blob_id)
ORDER BY id
FOR UPDATE;

-- FileJoined says of some bytes that they are one object now. No rows: they were
-- removed meanwhile.
-- name: FileJoined :execrows
UPDATE file SET joined = true
WHERE workspace_id = @workspace_id AND (id = @blob_id OR blob_id = @blob_id) AND state > 0;

-- FilePreviewed says of some bytes which preview there is of them. No rows: they
-- were removed meanwhile.
-- name: FilePreviewed :execrows
UPDATE file SET preview = @preview, preview_width = @width, preview_height = @height
WHERE workspace_id = @workspace_id AND (id = @blob_id OR blob_id = @blob_id) AND state > 0;

-- FilePartWritten counts a part that is stored. Of two who wrote the same one,
-- only the first counts it.
-- name: FilePartWritten :execrows
UPDATE file SET parts = parts + 1
WHERE workspace_id = @workspace_id AND id = @id AND parts = @part AND state = 1;

-- FileFinish completes an upload, or attaches one that is complete already.
-- Finishing again changes nothing.
-- name: FileFinish :one
UPDATE file SET state = greatest(state, @state::smallint),
    media_type = CASE WHEN state = 1 THEN @media_type::text ELSE media_type END,
    preview = CASE WHEN state = 1 THEN @preview::smallint ELSE preview END,
    preview_width = CASE WHEN state = 1 THEN @preview_width::integer ELSE preview_width END,
    preview_height = CASE WHEN state = 1 THEN @preview_height::integer ELSE preview_height END
WHERE workspace_id = @workspace_id AND id = @id AND state > 0 AND parts = @parts
RETURNING *;

-- FileList pages through the files that everybody who may read the thread may
-- see, newest first.
-- name: FileList :many
SELECT * FROM file
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND state = 3
    AND id < @before
    AND (NOT internal OR @with_internal::boolean)
ORDER BY id DESC
LIMIT @max_rows;

-- FileListByID answers the files that somebody wants to send.
-- name: FileListByID :many
SELECT * FROM file
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND author_id = @author_id AND id = ANY (@ids::uuid[]) AND state > 0;

-- FileRemove makes a file disappear, if it still is with the message that the
-- caller thinks, or with none. Its row stays until its parts are gone, so that no
-- bytes are left behind unknown.
-- name: FileRemove :execrows
UPDATE file SET state = 0, message_id = NULL
WHERE workspace_id = @workspace_id AND id = @id AND state > 0 AND message_id IS NOT DISTINCT FROM sqlc.narg(message_id)::uuid;

-- FileForget removes the row of a file whose parts are gone.
-- name: FileForget :exec
DELETE FROM file WHERE workspace_id = @workspace_id AND id = @id AND state = 0;

-- FileExpire removes, in all workspaces, some of the files that came to nothing
-- in time and that no draft or scheduled message waits with, and answers them
-- together with those whose parts are still to be deleted. Nodes that sweep at the
-- same moment take different ones.
-- name: FileExpire :many
UPDATE file SET state = 0, message_id = NULL
WHERE (workspace_id, id) IN (
    SELECT old.workspace_id, old.id FROM file AS old
    WHERE old.state < 3 AND old.create_time < @before::timestamptz
        AND (old.state = 0 OR NOT EXISTS (SELECT 1 FROM file_hold
            WHERE file_hold.workspace_id = old.workspace_id AND file_hold.file_id = old.id))
    ORDER BY old.create_time
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
) AND state < 3
RETURNING workspace_id, id, blob_id;

-- MessageFilesLock answers what a message holds besides its text, and keeps
-- others from changing it until the transaction ends.
-- name: MessageFilesLock :one
SELECT seq, body, extra FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id AND delete_time IS NULL
FOR UPDATE;

-- MessageFilesReplace gives a message other files, as a change of its own in
-- the log.
-- name: MessageFilesReplace :exec
UPDATE message SET rev = @rev, extra = @extra
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq;
