-- ComposeUserGet answers a user as one who makes requests, with what placeholders
-- may stand for. A user without a time zone has the workspace's.
-- name: ComposeUserGet :one
SELECT "user".id, "user".name, "user".chat_name, "user".email, "user".role, "user".active, "user".locale,
    coalesce(nullif("user".time_zone, ''), workspace.time_zone)::text AS time_zone, workspace.title AS workspace_title
FROM "user"
JOIN workspace ON workspace.workspace_id = "user".workspace_id
WHERE "user".workspace_id = @workspace_id AND "user".id = @id;

-- MessageTemplateGet answers a template and who made it.
-- name: MessageTemplateGet :one
SELECT sqlc.embed(message_template), coalesce("user".name, '')::text AS author_name
FROM message_template
LEFT JOIN "user" ON "user".workspace_id = message_template.workspace_id AND "user".id = message_template.author_id
WHERE message_template.workspace_id = @workspace_id AND message_template.id = @id;

-- MessageTemplateByRequest answers the template that an earlier try of the same
-- request made.
-- name: MessageTemplateByRequest :one
SELECT * FROM message_template
WHERE workspace_id = @workspace_id AND author_id = @author_id AND request_id = @request_id;

-- MessageTemplateInsert makes a template. No row comes back if there are too many.
-- name: MessageTemplateInsert :one
INSERT INTO message_template (workspace_id, id, record_type, name, subject, body, author_id, request_id, create_time, update_time)
SELECT @workspace_id, @id::uuid, @record_type::text, @name::text, @subject::text, @body::text, @author_id::uuid, @request_id::uuid,
    @create_time::timestamptz, @create_time::timestamptz
WHERE @max_templates::bigint > (SELECT count(*) FROM message_template WHERE message_template.workspace_id = @workspace_id)
RETURNING *;

-- MessageTemplateList pages through templates by name. record_types: those that
-- the caller has to do with.
-- name: MessageTemplateList :many
SELECT sqlc.embed(message_template), coalesce("user".name, '')::text AS author_name
FROM message_template
LEFT JOIN "user" ON "user".workspace_id = message_template.workspace_id AND "user".id = message_template.author_id
WHERE message_template.workspace_id = @workspace_id AND message_template.record_type = ANY (@record_types::text[])
    AND (@include_archived::boolean OR NOT message_template.archived)
    AND (@query::text = '' OR position(lower(@query::text) IN lower(message_template.name)) > 0)
    AND (lower(message_template.name), message_template.id) > (lower(@after_name::text), @after_id::uuid)
ORDER BY lower(message_template.name), message_template.id
LIMIT @max_rows;

-- MessageTemplateLock answers a template that stays as it is until the transaction
-- ends.
-- name: MessageTemplateLock :one
SELECT * FROM message_template WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- MessageTemplateUpdate saves a template.
-- name: MessageTemplateUpdate :exec
UPDATE message_template SET record_type = @record_type, name = @name, subject = @subject, body = @body, archived = @archived,
    version = version + 1, update_time = @update_time
WHERE workspace_id = @workspace_id AND id = @id;

-- MessageTemplateTypes answers the record types that there are templates for.
-- name: MessageTemplateTypes :many
SELECT DISTINCT record_type FROM message_template WHERE workspace_id = @workspace_id;

-- MessageTemplateFiles answers the files of templates, the oldest first.
-- name: MessageTemplateFiles :many
SELECT * FROM file
WHERE workspace_id = @workspace_id AND thread_id = ANY (@template_ids::uuid[]) AND state = 3
ORDER BY id;

-- ComposeFileAttach gives a template the copy of a file.
-- name: ComposeFileAttach :exec
UPDATE file SET state = 3, internal = false WHERE workspace_id = @workspace_id AND id = @id AND state = 2;

-- ComposeFileRequest makes a copy that of a request, once. A violation of
-- file_request means that it was made before.
-- name: ComposeFileRequest :one
UPDATE file SET request_id = @request_id, internal = false
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ComposeFilesByRequest answers the copies that earlier tries made.
-- name: ComposeFilesByRequest :many
SELECT * FROM file
WHERE workspace_id = @workspace_id AND author_id = @author_id AND request_id = ANY (@request_ids::uuid[]) AND state > 0
ORDER BY id;

-- ComposeFilesPending counts the files of somebody that wait for their message.
-- name: ComposeFilesPending :one
SELECT count(*) FROM file WHERE workspace_id = @workspace_id AND author_id = @author_id AND state IN (1, 2);

-- DraftGet answers a draft, deleted or not.
-- name: DraftGet :one
SELECT * FROM draft
WHERE workspace_id = @workspace_id AND user_id = @user_id AND thread_id = @thread_id AND internal = @internal;

-- DraftLock is DraftGet, and the draft stays as it is until the transaction ends.
-- name: DraftLock :one
SELECT * FROM draft
WHERE workspace_id = @workspace_id AND user_id = @user_id AND thread_id = @thread_id AND internal = @internal
FOR UPDATE;

-- DraftPut keeps a draft. No row comes back if a later one is there.
-- name: DraftPut :one
INSERT INTO draft (workspace_id, user_id, thread_id, internal, id, content, revision, deleted, update_time)
VALUES (@workspace_id, @user_id, @thread_id, @internal, @id, @content, @revision, @deleted, @update_time)
ON CONFLICT (workspace_id, user_id, thread_id, internal) DO UPDATE
SET content = excluded.content, revision = excluded.revision, deleted = excluded.deleted, update_time = excluded.update_time
WHERE draft.revision < excluded.revision
RETURNING *;

-- DraftDelete deletes a draft, and keeps out what was saved before.
-- name: DraftDelete :one
INSERT INTO draft (workspace_id, user_id, thread_id, internal, id, content, revision, deleted, update_time)
VALUES (@workspace_id, @user_id, @thread_id, @internal, @id, '', @revision, true, @update_time)
ON CONFLICT (workspace_id, user_id, thread_id, internal) DO UPDATE
SET content = '', deleted = true, update_time = excluded.update_time,
    revision = greatest(draft.revision + CASE WHEN draft.deleted THEN 0 ELSE 1 END, excluded.revision)
RETURNING *;

-- DraftTrim removes the oldest drafts of a user beyond a number.
-- name: DraftTrim :many
DELETE FROM draft
WHERE draft.workspace_id = @workspace_id AND draft.user_id = @user_id AND draft.id IN (
    SELECT old.id FROM draft AS old
    WHERE old.workspace_id = @workspace_id AND old.user_id = @user_id AND NOT old.deleted
    ORDER BY old.update_time DESC, old.id DESC
    OFFSET @max_drafts
)
RETURNING *;

-- DraftListOfThread answers a user's drafts in one thread.
-- name: DraftListOfThread :many
SELECT * FROM draft
WHERE workspace_id = @workspace_id AND user_id = @user_id AND thread_id = @thread_id AND NOT deleted
ORDER BY internal;

-- DraftList pages through a user's drafts, the last changed first.
-- name: DraftList :many
SELECT * FROM draft
WHERE workspace_id = @workspace_id AND user_id = @user_id AND NOT deleted
    AND (update_time, id) < (@before_time::timestamptz, @before_id::uuid)
ORDER BY update_time DESC, id DESC
LIMIT @max_rows;

-- DraftPrune forgets, in all workspaces, drafts that were deleted some time ago.
-- name: DraftPrune :execrows
DELETE FROM draft WHERE deleted AND update_time < @before::timestamptz;

-- FileHoldKeep keeps files that wait for a message of their author's from being
-- swept.
-- name: FileHoldKeep :exec
INSERT INTO file_hold (workspace_id, holder_id, file_id, thread_id)
SELECT file.workspace_id, @holder_id::uuid, file.id, file.thread_id FROM file
WHERE file.workspace_id = @workspace_id AND file.thread_id = @thread_id AND file.author_id = @author_id
    AND file.id = ANY (@file_ids::uuid[]) AND file.state IN (1, 2)
ON CONFLICT DO NOTHING;

-- FileHoldDrop lets go of the files of a holder, but for some.
-- name: FileHoldDrop :exec
DELETE FROM file_hold
WHERE workspace_id = @workspace_id AND holder_id = ANY (@holder_ids::uuid[]) AND NOT (file_id = ANY (@keep::uuid[]));

-- FileHoldList answers the files of holders.
-- name: FileHoldList :many
SELECT file_hold.holder_id, sqlc.embed(file) FROM file_hold
JOIN file ON file.workspace_id = file_hold.workspace_id AND file.id = file_hold.file_id
WHERE file_hold.workspace_id = @workspace_id AND file_hold.holder_id = ANY (@holder_ids::uuid[]) AND file.state IN (1, 2)
ORDER BY file.id;

-- ScheduledInsert stores a scheduled message. No row is inserted if it is there
-- already, or the author has too many.
-- name: ScheduledInsert :execrows
INSERT INTO scheduled_message (workspace_id, id, thread_id, author_id, internal, content, send_time, state, create_time, update_time)
SELECT @workspace_id, @id::uuid, @thread_id::uuid, @author_id::uuid, @internal::boolean, @content::bytea, @send_time::timestamptz, 1,
    @now::timestamptz, @now::timestamptz
WHERE @max_scheduled::bigint > (SELECT count(*) FROM scheduled_message
    WHERE scheduled_message.workspace_id = @workspace_id AND scheduled_message.author_id = @author_id::uuid
        AND scheduled_message.state IN (1, 2, 4))
ON CONFLICT DO NOTHING;

-- ScheduledGet answers a scheduled message and who wrote it.
-- name: ScheduledGet :one
SELECT sqlc.embed(scheduled_message), coalesce("user".name, '')::text AS author_name
FROM scheduled_message
LEFT JOIN "user" ON "user".workspace_id = scheduled_message.workspace_id AND "user".id = scheduled_message.author_id
WHERE scheduled_message.workspace_id = @workspace_id AND scheduled_message.id = @id;

-- ScheduledList pages through what waits or failed: of a thread, or of an author.
-- name: ScheduledList :many
SELECT sqlc.embed(scheduled_message), coalesce("user".name, '')::text AS author_name
FROM scheduled_message
LEFT JOIN "user" ON "user".workspace_id = scheduled_message.workspace_id AND "user".id = scheduled_message.author_id
WHERE scheduled_message.workspace_id = @workspace_id AND scheduled_message.state IN (1, 2, 4)
    AND (sqlc.narg(thread_id)::uuid IS NULL OR scheduled_message.thread_id = sqlc.narg(thread_id)::uuid)
    AND (sqlc.narg(author_id)::uuid IS NULL OR scheduled_message.author_id = sqlc.narg(author_id)::uuid)
    AND (scheduled_message.send_time, scheduled_message.id) > (@after_time::timestamptz, @after_id::uuid)
ORDER BY scheduled_message.send_time, scheduled_message.id
LIMIT @max_rows;

-- ScheduledLock answers a scheduled message that stays as it is until the
-- transaction ends.
-- name: ScheduledLock :one
SELECT * FROM scheduled_message WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- ScheduledSet saves a scheduled message.
-- name: ScheduledSet :exec
UPDATE scheduled_message SET content = @content, send_time = @send_time, state = @state, failure_reason = @failure_reason,
    failure_message = @failure_message, message_id = @message_id, version = version + 1, update_time = @now
WHERE workspace_id = @workspace_id AND id = @id;

-- ScheduledOverdue answers, of all workspaces, what should have been posted a while
-- ago.
-- name: ScheduledOverdue :many
SELECT workspace_id, id, send_time FROM scheduled_message
WHERE state IN (1, 2) AND send_time < @before::timestamptz
ORDER BY send_time
LIMIT @max_rows;

-- ScheduledPrune forgets, in all workspaces, what was over some time ago.
-- name: ScheduledPrune :execrows
DELETE FROM scheduled_message WHERE state IN (3, 5) AND update_time < @before::timestamptz;
