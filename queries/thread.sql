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
-- row stays locked until the transaction ends, so revisions come in commit order;
-- and nobody closes the thread meanwhile.
-- name: ThreadAdvance :one
UPDATE thread SET head = head + 1
WHERE workspace_id = @workspace_id AND id = @id
RETURNING head, closed;

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
        SELECT added.id AS user_id, 1 AS reason FROM unnest(@added::uuid[]) AS added(id)
        UNION ALL
        SELECT mention.id AS user_id, 2 AS reason FROM unnest(@mentions::uuid[]) AS mention(id)
    ) AS who
    WHERE who.user_id <> @author_id::uuid AND who.user_id <> ALL (coalesce(@excepts::uuid[], ARRAY[]::uuid[]))
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

-- DeliveryWrite writes who is to get some messages by mail, in the transaction
-- that posts them: the contacts who follow, the record's customer, and the users
-- among those told who want mail, whose inbox items then count as read. Contacts,
-- users and excepts hold for all of the messages, so that whoever names any posts
-- one alone.
-- name: DeliveryWrite :exec
WITH q AS (
    SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id, unnest(@ids::uuid[]) AS id,
        unnest(@notifies::boolean[]) AS notify, unnest(@outsides::boolean[]) AS outside, unnest(@customers::text[]) AS customer,
        unnest(@send_times::timestamptz[]) AS send_time
), m AS MATERIALIZED (
    SELECT q.*, message.seq, message.subtype, message.author_id, message.create_time FROM q
    JOIN message ON message.workspace_id = q.workspace_id AND message.thread_id = q.thread_id AND message.id = q.id
), d AS (
    INSERT INTO delivery (workspace_id, thread_id, id, message_id, seq, party_kind, party_id, channel, state, address, send_time, create_time, update_time)
    SELECT m.workspace_id, m.thread_id, gen_random_uuid(), m.id, m.seq, who.kind, who.id, 1, 1, who.address, m.send_time, m.create_time, m.create_time
    FROM m CROSS JOIN LATERAL (
        SELECT 2 AS kind, record.id, record.fields ->> 'email' AS address FROM record
        WHERE record.workspace_id = m.workspace_id AND record.type = 'contact' AND coalesce(record.fields ->> 'email', '') <> ''
            AND coalesce(record.fields ->> 'archived', '') <> 'true' AND record.id IN (
                SELECT follower.party_id FROM follower
                WHERE follower.workspace_id = m.workspace_id AND follower.thread_id = m.thread_id AND follower.party_kind = 2
                    AND m.subtype = ANY (follower.subtypes) AND m.outside
                UNION
                SELECT (about.fields ->> m.customer)::uuid FROM record AS about
                WHERE about.workspace_id = m.workspace_id AND about.id = m.thread_id AND m.outside
                UNION
                SELECT unnest(@contacts::uuid[]))
        UNION ALL
        SELECT 1 AS kind, "user".id, "user".email AS address FROM "user"
        WHERE "user".workspace_id = m.workspace_id AND "user".active AND "user".notify_by = 2 AND "user".id IN (
            SELECT follower.party_id FROM follower
            WHERE follower.workspace_id = m.workspace_id AND follower.thread_id = m.thread_id AND follower.party_kind = 1
                AND m.subtype = ANY (follower.subtypes) AND m.notify
            UNION
            SELECT unnest(@users::uuid[]))
    ) AS who
    WHERE who.id <> m.author_id AND who.id <> ALL (coalesce(@excepts::uuid[], ARRAY[]::uuid[]))
    ON CONFLICT DO NOTHING
    RETURNING workspace_id, thread_id, seq, party_kind, party_id
)
UPDATE inbox_item SET read = true FROM d
WHERE d.party_kind = 1 AND inbox_item.workspace_id = d.workspace_id AND inbox_item.user_id = d.party_id
    AND inbox_item.thread_id = d.thread_id AND inbox_item.seq = d.seq;

-- MessageGet answers one message.
-- name: MessageGet :one
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id;

-- MessageLock reads a message and holds it until the transaction ends.
-- name: MessageLock :one
SELECT * FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id
FOR UPDATE;

-- MessageReplyList answers the messages of a thread that quote one: its id stands
-- in what hangs on them. It reads the thread, which deleting may.
-- name: MessageReplyList :many
SELECT id FROM message
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND position(convert_to(@quoted::text, 'UTF8') IN extra) > 0
ORDER BY seq
LIMIT @max_rows;

-- MessageReplace edits a message or makes it a tombstone.
-- name: MessageReplace :one
UPDATE message SET rev = @rev, body = @body, extra = @extra, edit_time = sqlc.narg(edit_time), delete_time = sqlc.narg(delete_time)
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq
RETURNING *;

-- MessageAmend changes what hangs on a message and is not its text.
-- name: MessageAmend :exec
UPDATE message SET rev = @rev, extra = @extra
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq;

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

-- DeliveryTop answers a message's deliveries with the names of whom they are for:
-- those that failed first. How many there are in all comes with each.
-- name: DeliveryTop :many
SELECT sqlc.embed(delivery), coalesce("user".name, record.title, '')::text AS name, count(*) OVER () AS total
FROM delivery
LEFT JOIN "user" ON delivery.party_kind = 1 AND "user".workspace_id = delivery.workspace_id AND "user".id = delivery.party_id
LEFT JOIN record ON delivery.party_kind = 2 AND record.workspace_id = delivery.workspace_id AND record.id = delivery.party_id
WHERE delivery.workspace_id = @workspace_id AND delivery.thread_id = @thread_id AND delivery.seq = @seq
ORDER BY delivery.state NOT IN (5, 6), delivery.id
LIMIT @max_rows;

-- DeliveryList pages through a message's deliveries, those that failed first.
-- name: DeliveryList :many
SELECT sqlc.embed(delivery), coalesce("user".name, record.title, '')::text AS name
FROM delivery
LEFT JOIN "user" ON delivery.party_kind = 1 AND "user".workspace_id = delivery.workspace_id AND "user".id = delivery.party_id
LEFT JOIN record ON delivery.party_kind = 2 AND record.workspace_id = delivery.workspace_id AND record.id = delivery.party_id
WHERE delivery.workspace_id = @workspace_id AND delivery.thread_id = @thread_id AND delivery.seq = @seq
    AND (delivery.state NOT IN (5, 6), delivery.id) > (@after_well::boolean, @after_id::uuid)
ORDER BY delivery.state NOT IN (5, 6), delivery.id
LIMIT @max_rows;

-- DeliveryLock reads one delivery and holds it until the transaction ends.
-- name: DeliveryLock :one
SELECT * FROM delivery
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND id = @id
FOR UPDATE;

-- DeliveryGet answers one delivery.
-- name: DeliveryGet :one
SELECT * FROM delivery
WHERE workspace_id = @workspace_id AND id = @id;

-- DeliveryRetry lets a delivery wait to be sent again, to the address that the
-- person has now.
-- name: DeliveryRetry :exec
UPDATE delivery SET state = 1, queued = false, reason = '', send_time = @send_time, update_time = @send_time,
    address = coalesce(nullif(@address::text, ''), address)
WHERE workspace_id = @workspace_id AND id = @id;

-- DeliveryCancel calls off what of a message has not gone.
-- name: DeliveryCancel :execrows
UPDATE delivery SET state = 7, update_time = @update_time
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq AND state = 1 AND NOT queued;

-- DeliverySentCount counts what of a message has gone, or is going.
-- name: DeliverySentCount :one
SELECT count(*) FROM delivery
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq AND state <> 7;

-- PinInsert pins a message to its thread.
-- name: PinInsert :execrows
INSERT INTO pin (workspace_id, thread_id, seq, create_time) VALUES (@workspace_id, @thread_id, @seq, @create_time)
ON CONFLICT DO NOTHING;

-- PinDelete takes a message off.
-- name: PinDelete :execrows
DELETE FROM pin WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq;

-- PinCount counts what is pinned to a thread.
-- name: PinCount :one
SELECT count(*) FROM pin WHERE workspace_id = @workspace_id AND thread_id = @thread_id;

-- PinList answers what is pinned to a thread, the newest first.
-- name: PinList :many
SELECT message.* FROM pin
JOIN message ON message.workspace_id = pin.workspace_id AND message.thread_id = pin.thread_id AND message.seq = pin.seq
WHERE pin.workspace_id = @workspace_id AND pin.thread_id = @thread_id AND message.delete_time IS NULL
ORDER BY pin.create_time DESC, pin.seq DESC
LIMIT @max_rows;

-- MessageVersionList pages through the texts that a message had, the newest
-- first.
-- name: MessageVersionList :many
SELECT message_version.rev, message_version.body, message_version.editor_id, message_version.replace_time,
    coalesce("user".name, '')::text AS editor_name
FROM message_version
LEFT JOIN "user" ON "user".workspace_id = message_version.workspace_id AND "user".id = message_version.editor_id
WHERE message_version.workspace_id = @workspace_id AND message_version.thread_id = @thread_id AND message_version.seq = @seq
    AND message_version.rev < @before_rev
ORDER BY message_version.rev DESC
LIMIT @max_rows;

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
), deliveries AS (
    DELETE FROM delivery WHERE delivery.workspace_id = @workspace_id AND delivery.thread_id = @id
), pins AS (
    DELETE FROM pin WHERE pin.workspace_id = @workspace_id AND pin.thread_id = @id
), mails AS (
    DELETE FROM mail_reference WHERE mail_reference.workspace_id = @workspace_id AND mail_reference.thread_id = @id
), mail_bodies AS (
    DELETE FROM mail_html WHERE mail_html.workspace_id = @workspace_id AND mail_html.thread_id = @id
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
