-- ThreadCreate makes the thread of a record or chat. Its head is 0: nothing has
-- happened yet.
-- name: ThreadCreate :exec
INSERT INTO thread (workspace_id, id, kind, record_type, create_time)
VALUES (@workspace_id, @id, @kind, @record_type, @create_time);

-- ThreadFacts answers what never changes about a thread.
-- name: ThreadFacts :one
SELECT id, kind, record_type FROM thread
WHERE workspace_id = @workspace_id AND id = @id;

-- ThreadGet answers a thread's counters.
-- name: ThreadGet :one
SELECT * FROM thread
WHERE workspace_id = @workspace_id AND id = @id;

-- ThreadHeads answers the heads of many threads at once: how a node finds out
-- what it missed while Redis was gone.
-- name: ThreadHeads :many
SELECT thread.workspace_id, thread.id, thread.head
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS id) AS wanted
JOIN thread ON thread.workspace_id = wanted.workspace_id AND thread.id = wanted.id;

-- ThreadSetClosed lets a thread take no more posts, or again.
-- name: ThreadSetClosed :execrows
UPDATE thread SET closed = @closed
WHERE workspace_id = @workspace_id AND id = @id AND closed <> @closed;

-- ThreadAdvance takes the next revision for a change that is not a post. The
-- row stays locked until the transaction ends, so revisions come in commit order.
-- name: ThreadAdvance :one
UPDATE thread SET head = head + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING head;

-- ThreadPost writes one message in one round trip: the thread's counters, the
-- message, the author's following, the followers' inbox items and the chat's
-- place in lists, all or nothing. No row comes back if there is no such thread or
-- it is closed and the post is not forced. A request id used before by the author
-- in the thread violates message_id, and nothing is written.
-- name: ThreadPost :one
WITH t AS (
    UPDATE thread SET head = head + 1, seq = seq + 1, public_seq = public_seq + (NOT @internal::boolean)::integer
    WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id AND (NOT thread.closed OR @forced::boolean)
    RETURNING thread.head, thread.seq, thread.public_seq
), m AS (
    INSERT INTO message (workspace_id, thread_id, seq, rev, public_seq, id, kind, internal, subtype, author_kind, author_id,
        author_name, author_public_name, body, extra, request_id, create_time)
    SELECT @workspace_id, @thread_id, t.seq, t.head, t.public_seq, @id::uuid, @kind::smallint, @internal::boolean, @subtype::text,
        @author_kind::smallint, @author_id::uuid, @author_name::text, @author_public_name::text, @body::text, @extra::bytea,
        @request_id::uuid, @create_time::timestamptz
    FROM t
    RETURNING seq, rev, public_seq
), f AS (
    INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
    SELECT @workspace_id, @thread_id, @author_kind::smallint, @author_id::uuid, @follow::text[], @create_time::timestamptz
    FROM m WHERE @follow::text[] IS NOT NULL
    ON CONFLICT DO NOTHING
), i AS (
    INSERT INTO inbox_item (workspace_id, user_id, id, thread_id, seq, reason, create_time)
    SELECT @workspace_id, who.user_id, @item_id::uuid, @thread_id, m.seq, max(who.reason)::smallint, @create_time::timestamptz
    FROM m, (
        SELECT follower.party_id AS user_id, 1 AS reason FROM follower
        WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id AND follower.party_kind = 1
            AND @subtype::text = ANY (follower.subtypes) AND @notify::boolean
        UNION ALL
        SELECT mention.id AS user_id, 2 AS reason FROM unnest(@mentions::uuid[]) AS mention(id)
    ) AS who
    WHERE who.user_id <> @author_id::uuid
    GROUP BY who.user_id, m.seq
    ON CONFLICT DO NOTHING
    RETURNING inbox_item.user_id
), c AS (
    UPDATE chat SET last_message_time = @create_time::timestamptz, version = chat.version + 1
    FROM m WHERE @is_chat::boolean AND chat.workspace_id = @workspace_id AND chat.id = @thread_id
)
SELECT m.seq, m.rev, m.public_seq, (SELECT array_agg(i.user_id) FROM i)::uuid[] AS notified FROM m;

-- ThreadPostMany is ThreadPost for many messages: one commit for all. The
-- threads come sorted, so that two such statements lock them in one order. ti says
-- which of them a message is for; k is its place among its thread's in this
-- statement, pk the same for what outsiders see. Messages of threads that are
-- missing or closed do not come back. Whose inbox has a new item comes with the
-- first row, for all. What a message will be is joined once, since a plan that
-- serves every number of messages joins row by row.
-- name: ThreadPostMany :many
WITH n AS (
    SELECT unnest(@tis::integer[]) AS ti, unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id,
        unnest(@counts::integer[]) AS n, unnest(@public_counts::integer[]) AS pn
), t AS (
    UPDATE thread SET head = head + n.n, seq = seq + n.n, public_seq = public_seq + n.pn
    FROM n WHERE thread.workspace_id = n.workspace_id AND thread.id = n.thread_id AND NOT thread.closed
    RETURNING n.ti, thread.workspace_id, thread.id, thread.head - n.n AS head, thread.seq - n.n AS seq, thread.public_seq - n.pn AS public_seq
), p AS (
    SELECT unnest(@of_tis::integer[]) AS ti, unnest(@ks::integer[]) AS k, unnest(@pks::integer[]) AS pk, unnest(@ids::uuid[]) AS id,
        unnest(@kinds::smallint[]) AS kind, unnest(@internals::boolean[]) AS internal, unnest(@subtypes::text[]) AS subtype,
        unnest(@author_kinds::smallint[]) AS author_kind, unnest(@author_ids::uuid[]) AS author_id,
        unnest(@author_names::text[]) AS author_name, unnest(@author_public_names::text[]) AS author_public_name,
        unnest(@bodies::text[]) AS body, unnest(@extras::bytea[]) AS extra, unnest(@request_ids::uuid[]) AS request_id,
        unnest(@create_times::timestamptz[]) AS create_time, unnest(@item_ids::uuid[]) AS item_id,
        unnest(@notifies::boolean[]) AS notify, unnest(@follows::text[]) AS follow, unnest(@are_chats::boolean[]) AS is_chat
), q AS MATERIALIZED (
    SELECT p.*, t.workspace_id, t.id AS thread_id, t.seq + p.k AS seq, t.head + p.k AS rev, t.public_seq + p.pk AS public_seq
    FROM p JOIN t ON t.ti = p.ti
), m AS (
    INSERT INTO message (workspace_id, thread_id, seq, rev, public_seq, id, kind, internal, subtype, author_kind, author_id,
        author_name, author_public_name, body, extra, request_id, create_time)
    SELECT q.workspace_id, q.thread_id, q.seq, q.rev, q.public_seq, q.id, q.kind, q.internal, q.subtype, q.author_kind, q.author_id,
        q.author_name, q.author_public_name, q.body, nullif(q.extra, ''), q.request_id, q.create_time
    FROM q
), f AS (
    INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
    SELECT DISTINCT ON (q.workspace_id, q.thread_id, q.author_id) q.workspace_id, q.thread_id, q.author_kind, q.author_id,
        string_to_array(q.follow, ','), q.create_time
    FROM q WHERE q.follow <> ''
    ON CONFLICT DO NOTHING
), i AS (
    INSERT INTO inbox_item (workspace_id, user_id, id, thread_id, seq, reason, create_time)
    SELECT q.workspace_id, follower.party_id, q.item_id, q.thread_id, q.seq, 1, q.create_time
    FROM q JOIN follower ON follower.workspace_id = q.workspace_id AND follower.thread_id = q.thread_id
    WHERE q.notify AND follower.party_kind = 1 AND follower.party_id <> q.author_id AND q.subtype = ANY (follower.subtypes)
    ON CONFLICT DO NOTHING
    RETURNING inbox_item.user_id, inbox_item.id
), c AS (
    UPDATE chat SET last_message_time = last.create_time, version = chat.version + 1
    FROM (SELECT q.workspace_id, q.thread_id, max(q.create_time) AS create_time FROM q WHERE q.is_chat
        GROUP BY q.workspace_id, q.thread_id) AS last
    WHERE chat.workspace_id = last.workspace_id AND chat.id = last.thread_id
)
SELECT q.id::uuid AS id, q.seq::bigint AS seq, q.rev::bigint AS rev, q.public_seq::bigint AS public_seq,
    (CASE WHEN row_number() OVER () = 1 THEN (SELECT array_agg(i.id) FROM i) END)::uuid[] AS notified_items,
    (CASE WHEN row_number() OVER () = 1 THEN (SELECT array_agg(i.user_id) FROM i) END)::uuid[] AS notified_users
FROM q;

-- MessageGet answers one message.
-- name: MessageGet :one
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id;

-- MessageLock reads a message and holds it until the transaction ends.
-- name: MessageLock :one
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id
FOR UPDATE;

-- MessageReplace edits a message or makes it a tombstone.
-- name: MessageReplace :one
UPDATE message SET rev = @rev, body = @body, extra = @extra, edit_time = sqlc.narg(edit_time), delete_time = sqlc.narg(delete_time)
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq
RETURNING *;

-- MessageVersionInsert keeps what an edit or a deletion replaced.
-- name: MessageVersionInsert :exec
INSERT INTO message_version (workspace_id, thread_id, seq, rev, body, extra, editor_id, replace_time)
VALUES (@workspace_id, @thread_id, @seq, @rev, @body, @extra, @editor_id, @replace_time);

-- MessageSince reads the log: what changed after rev, in order, and the head of
-- the same moment. A reader who has all pages up to that head is complete. What
-- still has the rev it was posted with is found by the primary key as long as that
-- equals seq, and the rest by message_rev.
-- name: MessageSince :many
SELECT sqlc.embed(message), thread.head FROM (
    (SELECT message.seq, message.rev FROM message
    WHERE message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.seq > @rev AND message.rev = message.seq
    ORDER BY message.seq LIMIT @max_rows)
    UNION ALL
    (SELECT message.seq, message.rev FROM message
    WHERE message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.rev > @rev AND message.rev > message.seq
    ORDER BY message.rev LIMIT @max_rows)
) AS newer
JOIN message ON message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.seq = newer.seq
JOIN thread ON thread.workspace_id = @workspace_id AND thread.id = @thread_id
ORDER BY newer.rev
LIMIT @max_rows;

-- MessageBefore pages backwards through what users see, newest first.
-- name: MessageBefore :many
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq < @before_seq
ORDER BY seq DESC
LIMIT @max_rows;

-- MessageAfter pages forwards through what users see.
-- name: MessageAfter :many
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq > @after_seq
ORDER BY seq
LIMIT @max_rows;

-- MessagePublicBefore pages backwards through what outsiders see, newest first.
-- name: MessagePublicBefore :many
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND NOT internal AND public_seq < @before_seq
ORDER BY seq DESC
LIMIT @max_rows;

-- MessagePublicAfter pages forwards through what outsiders see.
-- name: MessagePublicAfter :many
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND NOT internal AND public_seq > @after_seq AND seq > @after_seq
ORDER BY seq
LIMIT @max_rows;

-- FileAttach makes the files of a message its own: the caller's finished
-- ones of this thread that no message has yet. Fewer rows than files means that
-- one of them is not to be had.
-- name: FileAttach :execrows
UPDATE file SET state = 3, message_id = @message_id, internal = @internal
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND author_id = @author_id AND state = 2 AND id = ANY (@ids::uuid[]);

-- FileDetach takes the files off a deleted message: nobody but their author
-- finds them any more, until they are swept.
-- name: FileDetach :exec
UPDATE file SET state = 2, message_id = NULL
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND message_id = @message_id;

-- ReadMarkAdvance moves a mark forwards and never back; it answers where the mark
-- stands, in both numberings. A seq beyond the thread's end counts as the end.
-- name: ReadMarkAdvance :one
WITH wanted AS (
    SELECT message.seq FROM message
    WHERE message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.seq <= @seq
    ORDER BY message.seq DESC LIMIT 1
), mark AS (
    INSERT INTO read_mark (workspace_id, thread_id, party_kind, party_id, seq, update_time)
    SELECT @workspace_id, @thread_id, @party_kind, @party_id, coalesce((SELECT seq FROM wanted), 0), @update_time
    ON CONFLICT (workspace_id, thread_id, party_id)
    DO UPDATE SET seq = greatest(read_mark.seq, excluded.seq), update_time = excluded.update_time
    RETURNING seq
)
SELECT mark.seq, coalesce((SELECT message.public_seq FROM message
    WHERE message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.seq = mark.seq), 0)::bigint AS public_seq
FROM mark;

-- MessageSeqOfPublic translates an outsider's number: the last message up to
-- which they have seen everything they may see.
-- name: MessageSeqOfPublic :one
SELECT coalesce(max(seq), 0)::bigint FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND NOT internal AND public_seq <= @public_seq;

-- ReadMarkList answers how far everybody has read, newest first.
-- name: ReadMarkList :many
SELECT read_mark.party_kind, read_mark.party_id, read_mark.seq,
    coalesce(message.public_seq, 0)::bigint AS public_seq,
    coalesce("user".name, visitor.name, '')::text AS name,
    coalesce(nullif("user".chat_name, ''), "user".name, visitor.name, '')::text AS public_name
FROM read_mark
LEFT JOIN message ON message.workspace_id = read_mark.workspace_id AND message.thread_id = read_mark.thread_id AND message.seq = read_mark.seq
LEFT JOIN "user" ON "user".workspace_id = read_mark.workspace_id AND "user".id = read_mark.party_id
LEFT JOIN visitor ON visitor.workspace_id = read_mark.workspace_id AND visitor.id = read_mark.party_id
WHERE read_mark.workspace_id = @workspace_id AND read_mark.thread_id = @thread_id
ORDER BY read_mark.update_time DESC
LIMIT 200;

-- ThreadDrop removes a thread with everything that hangs on it; its files' parts
-- are swept later.
-- name: ThreadDrop :exec
WITH marks AS (
    DELETE FROM read_mark WHERE read_mark.workspace_id = @workspace_id AND read_mark.thread_id = @id
), versions AS (
    DELETE FROM message_version WHERE message_version.workspace_id = @workspace_id AND message_version.thread_id = @id
), followers AS (
    DELETE FROM follower WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @id
), items AS (
    DELETE FROM inbox_item WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.thread_id = @id
), files AS (
    UPDATE file SET state = 2, message_id = NULL WHERE file.workspace_id = @workspace_id AND file.thread_id = @id
), messages AS (
    DELETE FROM message WHERE message.workspace_id = @workspace_id AND message.thread_id = @id
)
DELETE FROM thread WHERE thread.workspace_id = @workspace_id AND thread.id = @id;

-- InstallationGet answers what all nodes share.
-- name: InstallationGet :one
SELECT epoch, secret FROM installation;

-- InstallationCreate makes it, once.
-- name: InstallationCreate :exec
INSERT INTO installation (epoch, secret, create_time) VALUES (@epoch, @secret, @create_time)
ON CONFLICT DO NOTHING;

-- InstallationRenew gives the database a new epoch, after an older copy was
-- restored: every cursor of before is answered with RESET.
-- name: InstallationRenew :exec
UPDATE installation SET epoch = @epoch;
