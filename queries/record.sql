-- RecordTypeInsert adds a type. The name and the request id are unique in the
-- workspace, so of two who add the same type one is told.
-- name: RecordTypeInsert :exec
INSERT INTO record_type (workspace_id, name, label, built_in, definition, request_id, create_time, update_time)
VALUES (@workspace_id, @name, @label, @built_in, @definition, sqlc.narg(request_id), @now, @now);

-- RecordTypeInstall adds a type that comes with Parley, unless it is there.
-- name: RecordTypeInstall :exec
INSERT INTO record_type (workspace_id, name, label, built_in, definition, create_time, update_time)
VALUES (@workspace_id, @name, @label, true, @definition, @now, @now)
ON CONFLICT (workspace_id, name) DO NOTHING;

-- RecordTypeGet answers one type.
-- name: RecordTypeGet :one
SELECT * FROM record_type
WHERE workspace_id = @workspace_id AND name = @name;

-- RecordTypeByRequest answers the type that an earlier try added.
-- name: RecordTypeByRequest :one
SELECT * FROM record_type
WHERE workspace_id = @workspace_id AND request_id = @request_id::uuid;

-- RecordTypeList answers the types in the order of their labels, after the one
-- with this label and name.
-- name: RecordTypeList :many
SELECT sqlc.embed(record_type), lower(label)::text AS sort_label FROM record_type
WHERE workspace_id = @workspace_id AND (lower(label), name) > (@after_label::text, @after_name::text)
ORDER BY lower(label), name
LIMIT @page_size::integer;

-- RecordTypeLock reads a type for changing it. It waits for the saves under way,
-- which hold the type, and makes the next ones wait.
-- name: RecordTypeLock :one
SELECT * FROM record_type
WHERE workspace_id = @workspace_id AND name = @name
FOR UPDATE;

-- RecordTypeHold reads a type and keeps it as it is until the transaction ends.
-- Saves do not wait for one another.
-- name: RecordTypeHold :one
SELECT * FROM record_type
WHERE workspace_id = @workspace_id AND name = @name
FOR KEY SHARE;

-- RecordTypeCount counts the types of a workspace.
-- name: RecordTypeCount :one
SELECT count(*) FROM record_type
WHERE workspace_id = @workspace_id;

-- RecordTypeExisting answers which of the names are types.
-- name: RecordTypeExisting :many
SELECT name FROM record_type
WHERE workspace_id = @workspace_id AND name = ANY (@names::text[]);

-- RecordTypeReferrer answers another type that has a reference to this one.
-- name: RecordTypeReferrer :one
SELECT label FROM record_type
WHERE workspace_id = @workspace_id AND name <> @name
    AND definition @> jsonb_build_object('fields', jsonb_build_array(jsonb_build_object('targetType', @name::text)))
LIMIT 1;

-- RecordTypeUpdate replaces a type's definition.
-- name: RecordTypeUpdate :one
UPDATE record_type SET label = @label, definition = @definition, version = version + 1, update_time = @now
WHERE workspace_id = @workspace_id AND name = @name
RETURNING *;

-- RecordTypeDelete removes a type; records of it violate the foreign key.
-- name: RecordTypeDelete :exec
DELETE FROM record_type
WHERE workspace_id = @workspace_id AND name = @name;

-- RecordTypeInUse is true if the type has records.
-- name: RecordTypeInUse :one
SELECT EXISTS (SELECT FROM record WHERE workspace_id = @workspace_id AND type = @type);

-- RecordGet answers one record.
-- name: RecordGet :one
SELECT workspace_id, id, type, title, fields, unique_value, version, creator, create_time, update_time FROM record
WHERE workspace_id = @workspace_id AND id = @id;

-- RecordLock reads a record for changing it, and the version of its type, which
-- stays as it is until the transaction ends. The type is locked first, as every
-- other does: two orders would deadlock.
-- name: RecordLock :one
SELECT r.workspace_id, r.id, r.type, r.title, r.fields, r.unique_value, r.version, r.creator, r.create_time, r.update_time,
    t.version AS type_version
FROM record_type t JOIN record r ON r.workspace_id = t.workspace_id AND r.type = t.name
WHERE r.workspace_id = @workspace_id AND r.id = @id
FOR KEY SHARE OF t FOR UPDATE OF r;

-- RecordByRequest answers the record that an earlier try of a user made, or of the
-- system, which has no id.
-- name: RecordByRequest :one
SELECT workspace_id, id, type, title, fields, unique_value, version, creator, create_time, update_time, request_hash FROM record
WHERE workspace_id = @workspace_id AND request_id = @request_id::uuid
    AND (creator = @creator::uuid OR creator IS NULL AND @creator::uuid = '00000000-0000-0000-0000-000000000000');

-- RecordByUnique answers the ids of the records that have one of the values in
-- their unique field.
-- name: RecordByUnique :many
SELECT id, unique_value::text AS value FROM record
WHERE workspace_id = @workspace_id AND type = @type AND unique_value = ANY (@unique_values::text[]);

-- RecordByTitle answers records by their exact title. Heads are the first 100
-- characters of the titles, which are what the index has.
-- name: RecordByTitle :many
SELECT id, title FROM record
WHERE workspace_id = @workspace_id AND type = @type AND left(title, 100) = ANY (@heads::text[]) AND title = ANY (@titles::text[])
ORDER BY id
LIMIT @most::integer;

-- RecordInsert adds a record of a type that still has the given version, and
-- keeps the type as it is until the transaction ends. No row: the type changed.
-- name: RecordInsert :execrows
INSERT INTO record (workspace_id, id, type, title, fields, unique_value, words, creator, request_id, request_hash, create_time,
    update_time)
SELECT t.workspace_id, @id::uuid, t.name, @title::text, @fields::jsonb, sqlc.narg(unique_value)::text,
    array_to_tsvector(@words::text[]), sqlc.narg(creator)::uuid, sqlc.narg(request_id)::uuid, sqlc.narg(request_hash)::bytea,
    @now::timestamptz, @now::timestamptz
FROM record_type t
WHERE t.workspace_id = @workspace_id AND t.name = @type AND t.version = @type_version
FOR KEY SHARE;

-- RecordUpdate saves a record that is locked, and answers its new version.
-- name: RecordUpdate :one
UPDATE record SET title = @title, fields = @fields, unique_value = sqlc.narg(unique_value),
    words = array_to_tsvector(@words::text[]), version = version + 1, update_time = @now
WHERE workspace_id = @workspace_id AND id = @id
RETURNING version;

-- RecordDelete removes a record. References to it stay and point to nothing.
-- name: RecordDelete :exec
DELETE FROM record
WHERE workspace_id = @workspace_id AND id = @id;

-- RecordStrip takes fields away from all records of a type.
-- name: RecordStrip :exec
UPDATE record SET fields = fields - @names::text[]
WHERE workspace_id = @workspace_id AND type = @type AND fields ?| @names::text[];

-- RecordFill gives values to the records of a type that have none.
-- name: RecordFill :exec
UPDATE record SET fields = @values::jsonb || fields
WHERE workspace_id = @workspace_id AND type = @type AND NOT fields ?& @names::text[];

-- RecordWithout answers whether a record of a type lacks a field.
-- name: RecordWithout :one
SELECT EXISTS (SELECT FROM record WHERE workspace_id = @workspace_id AND type = @type AND NOT fields ? @name::text);

-- RecordPage walks all records of a type by id.
-- name: RecordPage :many
SELECT id, fields FROM record
WHERE workspace_id = @workspace_id AND type = @type AND id > @after
ORDER BY id
LIMIT @page_size::integer;

-- RecordDerive replaces what is derived from the fields of records: words are
-- separated by spaces, and an empty unique value is none.
-- name: RecordDerive :exec
UPDATE record SET title = n.title, unique_value = nullif(n.unique_value, ''),
    words = array_to_tsvector(array_remove(string_to_array(n.words, ' '), ''))
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@titles::text[]) AS title, unnest(@unique_values::text[]) AS unique_value,
    unnest(@words::text[]) AS words) AS n
WHERE record.workspace_id = @workspace_id AND record.id = n.id;

-- RecordClearUnique frees the unique values of a type that no longer has any.
-- name: RecordClearUnique :exec
UPDATE record SET unique_value = NULL
WHERE workspace_id = @workspace_id AND type = @type AND unique_value IS NOT NULL;

-- RecordFileNames answers the names of finished files.
-- name: RecordFileNames :many
SELECT id, thread_id, name FROM file
WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]) AND state >= 2;

-- RecordFileKeep marks files of a record's thread as attached, now that a field
-- of the record names them, so that they are not swept as unused.
-- name: RecordFileKeep :exec
UPDATE file SET state = 3
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = ANY (@ids::uuid[]) AND state = 2;

-- RecordUserNames answers the names of users, active or not.
-- name: RecordUserNames :many
SELECT id, name, active FROM "user"
WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]);

-- RecordUserFind answers active users by their exact name or e-mail address.
-- name: RecordUserFind :many
SELECT id, name, lower(email)::text AS email FROM "user"
WHERE workspace_id = @workspace_id AND active AND (name = ANY (@texts::text[]) OR lower(email) = ANY (@emails::text[]))
ORDER BY id;

-- RecordListByUnique answers the records that have one of the values in their
-- unique field.
-- name: RecordListByUnique :many
SELECT workspace_id, id, type, title, fields, unique_value, version, creator, create_time, update_time FROM record
WHERE workspace_id = @workspace_id AND type = @type AND unique_value = ANY (@unique_values::text[]);

-- RecordTitles answers the titles of records.
-- name: RecordTitles :many
SELECT id, title FROM record
WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]);

-- RecordSequenceNext takes the next number of a type. Others of the type wait for
-- the transaction, so that numbers come in the order of creation.
-- name: RecordSequenceNext :one
INSERT INTO record_sequence (workspace_id, type, value) VALUES (@workspace_id, @type, 1)
ON CONFLICT (workspace_id, type) DO UPDATE SET value = record_sequence.value + 1
RETURNING value;

-- RecordSequenceSkip answers the number after the greatest that a record has under
-- the prefix, however it got there, or the one just taken if that is greater.
-- name: RecordSequenceSkip :one
UPDATE record_sequence SET value = greatest(value, 1 + (
    SELECT coalesce(max(substr(record.fields ->> @field::text, length(@prefix::text) + 1)::bigint), 0) FROM record
    WHERE record.workspace_id = @workspace_id AND record.type = @type AND starts_with(record.fields ->> @field::text, @prefix::text)
        AND substr(record.fields ->> @field::text, length(@prefix::text) + 1) ~ '^[0-9]{1,15}$'))
WHERE record_sequence.workspace_id = @workspace_id AND record_sequence.type = @type
RETURNING value;

-- RecordBuiltinBehind answers workspaces whose built-in types are not those of the
-- digest, by id.
-- name: RecordBuiltinBehind :many
SELECT workspace.workspace_id FROM workspace
LEFT JOIN record_builtin ON record_builtin.workspace_id = workspace.workspace_id
WHERE workspace.workspace_id > @after AND record_builtin.digest IS DISTINCT FROM @digest::text
ORDER BY workspace.workspace_id
LIMIT @max_rows;

-- RecordBuiltinBegin notes a workspace that nothing is noted of.
-- name: RecordBuiltinBegin :exec
INSERT INTO record_builtin (workspace_id, version, digest) VALUES (@workspace_id, @version, '')
ON CONFLICT DO NOTHING;

-- RecordBuiltinLock reads which built-in types a workspace has, for changing them.
-- name: RecordBuiltinLock :one
SELECT version, digest FROM record_builtin
WHERE workspace_id = @workspace_id
FOR UPDATE;

-- RecordBuiltinSet notes which built-in types a workspace has.
-- name: RecordBuiltinSet :exec
UPDATE record_builtin SET version = @version, digest = @digest
WHERE workspace_id = @workspace_id;

-- RecordFollowerList answers the users and contacts who follow a record with a
-- subtype and could follow another: no one who is inactive or archived.
-- name: RecordFollowerList :many
SELECT follower.party_kind, follower.party_id, coalesce("user".role, 0)::smallint AS role, coalesce("user".name, '')::text AS name,
    coalesce("user".email, '')::text AS email, coalesce("user".locale, '')::text AS locale
FROM follower
LEFT JOIN "user" ON follower.party_kind = 1 AND "user".workspace_id = follower.workspace_id AND "user".id = follower.party_id
LEFT JOIN record ON follower.party_kind = 2 AND record.workspace_id = follower.workspace_id AND record.id = follower.party_id
WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id AND @subtype::text = ANY (follower.subtypes)
    AND ("user".active OR record.type = 'contact' AND coalesce(record.fields ->> 'archived', '') <> 'true')
ORDER BY follower.create_time, follower.party_id
LIMIT @max_rows;

-- RecordFollowerInsert makes parties of one kind followers of a record. Who is one
-- already stays as they are.
-- name: RecordFollowerInsert :exec
INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
SELECT @workspace_id, @thread_id, @party_kind::smallint, party.id, @subtypes::text[], @now::timestamptz
FROM unnest(@party_ids::uuid[]) AS party (id)
ON CONFLICT DO NOTHING;

-- RecordVersions answers the versions of records.
-- name: RecordVersions :many
SELECT record.workspace_id, record.id, record.type, record.version
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@ids::uuid[]) AS id) AS wanted
JOIN record ON record.workspace_id = wanted.workspace_id AND record.id = wanted.id;
