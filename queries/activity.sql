-- ActivityTypeInstall gives a new workspace the types that every one has. The
-- migration has given the same to those that were there before.
-- name: ActivityTypeInstall :exec
INSERT INTO activity_type (workspace_id, id, builtin, name, icon, due_count, position, create_time)
SELECT @workspace_id, gen_random_uuid(), kind.builtin, kind.name, kind.icon, kind.due_count, kind.position, @create_time
FROM (VALUES
    ('todo', 'To-do', 'checkbox', 5, 10),
    ('email', 'E-mail', 'mail', 0, 20),
    ('call', 'Call', 'phone', 2, 30),
    ('meeting', 'Meeting', 'users', 0, 40),
    ('upload', 'Upload document', 'upload', 5, 50)
) AS kind (builtin, name, icon, due_count, position)
ON CONFLICT DO NOTHING;

-- ActivityTypeList answers all types of a workspace: they are few.
-- name: ActivityTypeList :many
SELECT * FROM activity_type
WHERE workspace_id = @workspace_id
ORDER BY position, lower(name), id;

-- ActivityTypeLock answers a type whose row nobody else changes until the
-- transaction ends.
-- name: ActivityTypeLock :one
SELECT * FROM activity_type WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- ActivityTypeByRequest answers the type that an earlier try of a request added.
-- name: ActivityTypeByRequest :one
SELECT * FROM activity_type WHERE workspace_id = @workspace_id AND request_id = @request_id;

-- ActivityTypeInsert adds a type, unless the workspace has as many as it may: no
-- row comes back then. A name that is taken violates activity_type_name, a request
-- made before activity_type_request.
-- name: ActivityTypeInsert :one
INSERT INTO activity_type (workspace_id, id, name, icon, record_type, default_summary, default_note, default_assignee_id, due_count,
    due_unit, due_base, next_type_id, next_mode, archived, position, request_id, create_time)
SELECT @workspace_id, @id::uuid, @name::text, @icon::text, @record_type::text, @default_summary::text, @default_note::text,
    sqlc.narg(default_assignee_id)::uuid, @due_count::integer, @due_unit::smallint, @due_base::smallint,
    sqlc.narg(next_type_id)::uuid, @next_mode::smallint, @archived::boolean, @position::integer, sqlc.narg(request_id)::uuid,
    @create_time::timestamptz
WHERE @max_types::bigint > (SELECT count(*) FROM activity_type WHERE activity_type.workspace_id = @workspace_id)
RETURNING *;

-- ActivityTypeUpdate writes what may change about a type, all of it.
-- name: ActivityTypeUpdate :one
UPDATE activity_type
SET name = @name, icon = @icon, record_type = @record_type, default_summary = @default_summary, default_note = @default_note,
    default_assignee_id = @default_assignee_id, due_count = @due_count, due_unit = @due_unit, due_base = @due_base,
    next_type_id = @next_type_id, next_mode = @next_mode, archived = @archived, position = @position, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ActivityUserList answers those of the ids that are users, with the time zone
-- that they live in.
-- name: ActivityUserList :many
SELECT "user".id, "user".name, "user".chat_name, "user".email, "user".role, "user".locale, "user".active,
    coalesce(nullif("user".time_zone, ''), workspace.time_zone)::text AS time_zone
FROM "user" JOIN workspace ON workspace.workspace_id = "user".workspace_id
WHERE "user".workspace_id = @workspace_id AND "user".id = ANY (@ids::uuid[]);

-- ActivityUserHold is ActivityUserList for those who are to get an activity: who
-- is active stays so until the transaction ends.
-- name: ActivityUserHold :many
SELECT "user".id, "user".name, "user".chat_name, "user".email, "user".role, "user".locale, "user".active,
    coalesce(nullif("user".time_zone, ''), workspace.time_zone)::text AS time_zone
FROM "user" JOIN workspace ON workspace.workspace_id = "user".workspace_id
WHERE "user".workspace_id = @workspace_id AND "user".id = ANY (@ids::uuid[])
ORDER BY "user".id
FOR SHARE OF "user";

-- ActivityZoneList answers the time zones that users of a workspace live in.
-- name: ActivityZoneList :many
SELECT DISTINCT coalesce(nullif("user".time_zone, ''), workspace.time_zone)::text AS time_zone
FROM "user" JOIN workspace ON workspace.workspace_id = "user".workspace_id
WHERE "user".workspace_id = @workspace_id;

-- ActivityInsert plans an activity. One made before violates activity_pkey; a
-- record that is gone activity_workspace_id_thread_id_fkey.
-- name: ActivityInsert :one
INSERT INTO activity (workspace_id, id, thread_id, record_type, type_id, summary, note, assignee_id, due_date, creator_id, create_time,
    update_time)
VALUES (@workspace_id, @id, @thread_id, @record_type, @type_id, @summary, @note, @assignee_id, @due_date, @creator_id, @create_time,
    @create_time)
RETURNING *;

-- ActivityListByID answers those of the activities that there are.
-- name: ActivityListByID :many
SELECT * FROM activity WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]);

-- ActivityGet answers one activity, done or not.
-- name: ActivityGet :one
SELECT * FROM activity WHERE workspace_id = @workspace_id AND id = @id;

-- ActivityThreadLock holds an activity's thread, as every post does, before the
-- activity itself: two orders would deadlock.
-- name: ActivityThreadLock :exec
SELECT id FROM thread WHERE workspace_id = @workspace_id AND id = @thread_id FOR NO KEY UPDATE;

-- ActivityLock answers an activity whose row nobody else changes until the
-- transaction ends.
-- name: ActivityLock :one
SELECT * FROM activity WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- ActivityUpdate writes what may change about a planned activity, all of it.
-- name: ActivityUpdate :one
UPDATE activity
SET type_id = @type_id, summary = @summary, note = @note, assignee_id = @assignee_id, due_date = @due_date,
    update_time = @update_time, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ActivityFinish marks an activity as done.
-- name: ActivityFinish :one
UPDATE activity
SET done = true, done_by = @done_by, done_time = @done_time, feedback = @feedback, message_id = @message_id,
    next_id = sqlc.narg(next_id), update_time = @done_time, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ActivityDelete removes an activity.
-- name: ActivityDelete :exec
DELETE FROM activity WHERE workspace_id = @workspace_id AND id = @id;

-- ActivityDeleteOfUser removes what was planned for a user, also from their
-- inbox, and answers on which records.
-- name: ActivityDeleteOfUser :many
WITH gone AS (
    DELETE FROM activity WHERE activity.workspace_id = @workspace_id AND activity.assignee_id = @user_id AND NOT activity.done
    RETURNING activity.id, activity.thread_id
), items AS (
    DELETE FROM inbox_item USING gone WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.activity_id = gone.id
)
SELECT DISTINCT gone.thread_id FROM gone;

-- ActivityList pages through the activities that match, by due date. What is not
-- given does not matter. state is 1 overdue, 2 today, 3 planned: judged by the day
-- that it is in each assignee's time zone, which zones and days say.
-- name: ActivityList :many
SELECT activity.* FROM activity
JOIN workspace ON workspace.workspace_id = activity.workspace_id
JOIN "user" ON "user".workspace_id = activity.workspace_id AND "user".id = activity.assignee_id
LEFT JOIN (SELECT unnest(@zones::text[]) AS zone, unnest(@days::date[]) AS day) AS today
    ON today.zone = coalesce(nullif("user".time_zone, ''), workspace.time_zone)
WHERE activity.workspace_id = @workspace_id AND activity.done = @done::boolean
    AND (sqlc.narg(record_type)::text IS NULL OR activity.record_type = sqlc.narg(record_type)::text)
    AND (sqlc.narg(thread_id)::uuid IS NULL OR activity.thread_id = sqlc.narg(thread_id)::uuid)
    AND (sqlc.narg(assignee_id)::uuid IS NULL OR activity.assignee_id = sqlc.narg(assignee_id)::uuid)
    AND (@type_ids::uuid[] = '{}' OR activity.type_id = ANY (@type_ids::uuid[]))
    AND (sqlc.narg(due_from)::date IS NULL OR activity.due_date >= sqlc.narg(due_from)::date)
    AND (sqlc.narg(due_to)::date IS NULL OR activity.due_date <= sqlc.narg(due_to)::date)
    AND (@states::smallint[] = '{}'
        OR CASE WHEN activity.due_date < today.day THEN 1 WHEN activity.due_date = today.day THEN 2 ELSE 3 END = ANY (@states::smallint[]))
    AND (sqlc.narg(after_due)::date IS NULL OR (activity.due_date, activity.id) > (sqlc.narg(after_due)::date, @after_id::uuid))
ORDER BY activity.due_date, activity.id
LIMIT @max_rows;

-- ActivityCountOfUser counts a user's activities by record, against the day that
-- it is for them; the records of the earliest due dates first.
-- name: ActivityCountOfUser :many
SELECT activity.thread_id,
    (count(*) FILTER (WHERE activity.due_date < @today::date))::integer AS overdue,
    (count(*) FILTER (WHERE activity.due_date = @today::date))::integer AS today,
    (count(*) FILTER (WHERE activity.due_date > @today::date))::integer AS planned
FROM activity
WHERE activity.workspace_id = @workspace_id AND activity.assignee_id = @user_id AND NOT activity.done
GROUP BY activity.thread_id
ORDER BY min(activity.due_date), activity.thread_id
LIMIT @max_rows;

-- ActivityThreadList pages through the records of a type that have activities,
-- by the earliest due date.
-- name: ActivityThreadList :many
SELECT planned.thread_id, planned.due_date FROM (
    SELECT activity.thread_id, min(activity.due_date)::date AS due_date FROM activity
    WHERE activity.workspace_id = @workspace_id AND activity.record_type = @record_type AND NOT activity.done
        AND (sqlc.narg(assignee_id)::uuid IS NULL OR activity.assignee_id = sqlc.narg(assignee_id)::uuid)
    GROUP BY activity.thread_id
) AS planned
WHERE sqlc.narg(after_due)::date IS NULL OR (planned.due_date, planned.thread_id) > (sqlc.narg(after_due)::date, @after_id::uuid)
ORDER BY planned.due_date, planned.thread_id
LIMIT @max_rows;

-- ActivityListOfThreads answers what is planned on some records, by due date.
-- name: ActivityListOfThreads :many
SELECT * FROM activity
WHERE workspace_id = @workspace_id AND thread_id = ANY (@thread_ids::uuid[]) AND NOT done
    AND (sqlc.narg(assignee_id)::uuid IS NULL OR assignee_id = sqlc.narg(assignee_id)::uuid)
ORDER BY due_date, id
LIMIT @max_rows;

-- ActivityFileList answers the files of activities, as long as they are there.
-- name: ActivityFileList :many
SELECT activity_file.activity_id, sqlc.embed(file) FROM activity_file
JOIN file ON file.workspace_id = activity_file.workspace_id AND file.id = activity_file.file_id AND file.state = 3
WHERE activity_file.workspace_id = @workspace_id AND activity_file.activity_id = ANY (@activity_ids::uuid[])
ORDER BY file.id;

-- ActivityFileTake makes finished files of a thread, which wait for their
-- message, files that hang on the thread itself, for users only.
-- name: ActivityFileTake :many
UPDATE file SET state = 3, internal = true
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND author_id = @author_id AND state = 2 AND id = ANY (@ids::uuid[])
RETURNING *;

-- ActivityFileLink says that files belong to an activity.
-- name: ActivityFileLink :exec
INSERT INTO activity_file (workspace_id, activity_id, file_id)
SELECT @workspace_id, @activity_id, unnest(@ids::uuid[])
ON CONFLICT DO NOTHING;

-- ActivityFileUnlink takes files off an activity.
-- name: ActivityFileUnlink :exec
DELETE FROM activity_file WHERE workspace_id = @workspace_id AND activity_id = @activity_id AND file_id = ANY (@ids::uuid[]);

-- ActivityFileMove gives the files of an activity to the message that tells of
-- it.
-- name: ActivityFileMove :exec
UPDATE file SET message_id = @message_id, internal = true
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND state = 3 AND message_id IS NULL AND id = ANY (@ids::uuid[]);

-- ActivityPlanList pages through the plans, by name.
-- name: ActivityPlanList :many
SELECT * FROM activity_plan
WHERE workspace_id = @workspace_id AND (@include_archived::boolean OR NOT archived)
    AND (@record_type::text = '' OR record_type IN ('', @record_type::text))
    AND (sqlc.narg(after_name)::text IS NULL OR (lower(name), id) > (lower(sqlc.narg(after_name)::text), @after_id::uuid))
ORDER BY lower(name), id
LIMIT @max_rows;

-- ActivityPlanGet answers one plan.
-- name: ActivityPlanGet :one
SELECT * FROM activity_plan WHERE workspace_id = @workspace_id AND id = @id;

-- ActivityPlanLock answers a plan whose row nobody else changes until the
-- transaction ends.
-- name: ActivityPlanLock :one
SELECT * FROM activity_plan WHERE workspace_id = @workspace_id AND id = @id FOR UPDATE;

-- ActivityPlanByRequest answers the plan that an earlier try of a request added.
-- name: ActivityPlanByRequest :one
SELECT * FROM activity_plan WHERE workspace_id = @workspace_id AND request_id = @request_id;

-- ActivityPlanInsert adds a plan. A name that is taken violates
-- activity_plan_name, a request made before activity_plan_request.
-- name: ActivityPlanInsert :one
INSERT INTO activity_plan (workspace_id, id, name, record_type, items, archived, request_id, create_time)
VALUES (@workspace_id, @id, @name, @record_type, @items, @archived, @request_id, @create_time)
RETURNING *;

-- ActivityPlanUpdate writes what may change about a plan, all of it.
-- name: ActivityPlanUpdate :one
UPDATE activity_plan
SET name = @name, record_type = @record_type, items = @items, archived = @archived, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ActivityPlanDelete removes a plan.
-- name: ActivityPlanDelete :execrows
DELETE FROM activity_plan WHERE workspace_id = @workspace_id AND id = @id;

-- ActivityDigestZones answers the time zones of those who want a digest, of all
-- workspaces.
-- name: ActivityDigestZones :many
SELECT DISTINCT coalesce(nullif("user".time_zone, ''), workspace.time_zone)::text AS time_zone
FROM "user" JOIN workspace ON workspace.workspace_id = "user".workspace_id
WHERE "user".activity_digest AND "user".active;

-- ActivityDigestClaim takes some users whose digest of the day has not been dealt
-- with, and says that it has been: zones are those where it is time, and days which
-- day it is there. Nodes that ask at the same moment get different users; who is
-- given up with the transaction is asked for again.
-- name: ActivityDigestClaim :many
UPDATE "user" SET activity_digest_day = due.day
FROM (
    SELECT u.workspace_id, u.id, today.day, today.zone FROM "user" AS u
    JOIN workspace ON workspace.workspace_id = u.workspace_id
    JOIN (SELECT unnest(@zones::text[]) AS zone, unnest(@days::date[]) AS day) AS today
        ON today.zone = coalesce(nullif(u.time_zone, ''), workspace.time_zone)
    WHERE u.activity_digest AND u.active AND (u.activity_digest_day IS NULL OR u.activity_digest_day < today.day)
    ORDER BY u.workspace_id, u.id
    LIMIT @max_rows
    FOR UPDATE OF u SKIP LOCKED
) AS due
WHERE "user".workspace_id = due.workspace_id AND "user".id = due.id
RETURNING "user".workspace_id, "user".id, "user".name, "user".chat_name, "user".email, "user".role, "user".locale, due.day::date AS day;

-- ActivityRecordTypeExists is true if there is a record type of this name.
-- name: ActivityRecordTypeExists :one
SELECT EXISTS (SELECT FROM record_type WHERE workspace_id = @workspace_id AND name = @name)::boolean;
