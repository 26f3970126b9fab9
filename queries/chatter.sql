-- PartyUserList answers those of the ids that are users, with what decides what
-- they may do.
-- name: PartyUserList :many
SELECT id, name, chat_name, email, role, locale, active, notify_by FROM "user"
WHERE workspace_id = @workspace_id AND id = ANY (@ids::uuid[]);

-- PartyContactList answers those of the ids that are contacts.
-- name: PartyContactList :many
SELECT id, title, coalesce(fields ->> 'email', '')::text AS email, coalesce(fields ->> 'archived' = 'true', false)::boolean AS archived
FROM record
WHERE workspace_id = @workspace_id AND type = 'contact' AND id = ANY (@ids::uuid[]);

-- PartyUserSuggest finds active users of whom every word begins one of their
-- name or address. A pattern matches after a space; it is escaped and in small
-- letters. chr(64) is the sign in the middle of an address.
-- name: PartyUserSuggest :many
SELECT id, name, email FROM "user"
WHERE workspace_id = @workspace_id AND active
    AND translate(lower(' ' || name || ' ' || email), chr(64) || '._+-', '     ') LIKE ALL (@patterns::text[])
ORDER BY lower(name), id
LIMIT @max_rows;

-- PartyContactListByAddress finds contacts whose address begins as given:
-- escaped, in small letters, with a % behind it.
-- name: PartyContactListByAddress :many
SELECT id, title, coalesce(fields ->> 'email', '')::text AS email FROM record
WHERE workspace_id = @workspace_id AND type = 'contact' AND lower(fields ->> 'email') LIKE @pattern::text
    AND coalesce(fields ->> 'archived', '') <> 'true'
ORDER BY lower(fields ->> 'email'), id
LIMIT @max_rows;

-- ThreadView answers a thread as one user sees it.
-- name: ThreadView :one
SELECT thread.kind, thread.record_type, thread.seq, thread.closed, coalesce(read_mark.seq, 0)::bigint AS read_seq,
    follower.subtypes, follower.create_time AS follow_time,
    (SELECT count(*) FROM inbox_item
        WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.thread_id = @id AND NOT inbox_item.read
    )::integer AS unread_count,
    (SELECT count(*) FROM follower AS f WHERE f.workspace_id = @workspace_id AND f.thread_id = @id)::integer AS follower_count
FROM thread
LEFT JOIN read_mark ON read_mark.workspace_id = thread.workspace_id AND read_mark.thread_id = thread.id AND read_mark.party_id = @user_id
LEFT JOIN follower ON follower.workspace_id = thread.workspace_id AND follower.thread_id = thread.id AND follower.party_id = @user_id
WHERE thread.workspace_id = @workspace_id AND thread.id = @id;

-- FollowerInsert makes somebody a follower. No row comes back if they are one,
-- or if the thread is gone.
-- name: FollowerInsert :one
INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
SELECT thread.workspace_id, thread.id, @party_kind::smallint, @party_id::uuid, @subtypes::text[], @create_time::timestamptz
FROM thread WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id
ON CONFLICT DO NOTHING
RETURNING *;

-- FollowerInsertUser makes a user a follower by what they did or became: not
-- one who was deactivated, and one who follows stays as they are.
-- name: FollowerInsertUser :exec
INSERT INTO follower (workspace_id, thread_id, party_kind, party_id, subtypes, create_time)
SELECT @workspace_id, @thread_id::uuid, 1, "user".id, @subtypes::text[], @create_time::timestamptz
FROM "user" WHERE "user".workspace_id = @workspace_id AND "user".id = @user_id AND "user".active
ON CONFLICT DO NOTHING;

-- FollowerUpdate sets what a follower is notified of.
-- name: FollowerUpdate :one
UPDATE follower SET subtypes = @subtypes
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND party_id = @party_id
RETURNING *;

-- FollowerGet answers one follower.
-- name: FollowerGet :one
SELECT * FROM follower
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND party_id = @party_id;

-- FollowerDelete ends somebody's following.
-- name: FollowerDelete :execrows
DELETE FROM follower
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND party_id = @party_id;

-- FollowerList pages through a thread's followers, the oldest first, with their
-- names.
-- name: FollowerList :many
SELECT sqlc.embed(follower), coalesce("user".name, record.title, '')::text AS name
FROM follower
LEFT JOIN "user" ON follower.party_kind = 1 AND "user".workspace_id = follower.workspace_id AND "user".id = follower.party_id
LEFT JOIN record ON follower.party_kind = 2 AND record.workspace_id = follower.workspace_id AND record.id = follower.party_id
WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id
    AND (sqlc.narg(after_time)::timestamptz IS NULL
        OR (follower.create_time, follower.party_id) > (sqlc.narg(after_time)::timestamptz, @after_id::uuid))
ORDER BY follower.create_time, follower.party_id
LIMIT @max_rows;

-- InboxUnreadList pages through a user's unread items, the newest first. An item
-- has the id of its message, so ids are in the order of time. One of an activity
-- has no message and a seq below zero: it comes with the first message of the
-- thread, which is not shown.
-- name: InboxUnreadList :many
SELECT sqlc.embed(inbox_item), sqlc.embed(message), thread.kind AS thread_kind, thread.record_type
FROM inbox_item
JOIN message ON message.workspace_id = inbox_item.workspace_id AND message.thread_id = inbox_item.thread_id AND message.seq = greatest(inbox_item.seq, 1)
JOIN thread ON thread.workspace_id = inbox_item.workspace_id AND thread.id = inbox_item.thread_id
WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.id < @before AND NOT inbox_item.read
ORDER BY inbox_item.id DESC
LIMIT @max_rows;

-- InboxStarredList is InboxUnreadList for starred items.
-- name: InboxStarredList :many
SELECT sqlc.embed(inbox_item), sqlc.embed(message), thread.kind AS thread_kind, thread.record_type
FROM inbox_item
JOIN message ON message.workspace_id = inbox_item.workspace_id AND message.thread_id = inbox_item.thread_id AND message.seq = greatest(inbox_item.seq, 1)
JOIN thread ON thread.workspace_id = inbox_item.workspace_id AND thread.id = inbox_item.thread_id
WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.id < @before AND inbox_item.starred
ORDER BY inbox_item.id DESC
LIMIT @max_rows;

-- InboxAllList is InboxUnreadList for all items.
-- name: InboxAllList :many
SELECT sqlc.embed(inbox_item), sqlc.embed(message), thread.kind AS thread_kind, thread.record_type
FROM inbox_item
JOIN message ON message.workspace_id = inbox_item.workspace_id AND message.thread_id = inbox_item.thread_id AND message.seq = greatest(inbox_item.seq, 1)
JOIN thread ON thread.workspace_id = inbox_item.workspace_id AND thread.id = inbox_item.thread_id
WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.id < @before
ORDER BY inbox_item.id DESC
LIMIT @max_rows;

-- InboxItemGet answers one item of a user's.
-- name: InboxItemGet :one
SELECT sqlc.embed(inbox_item), sqlc.embed(message), thread.kind AS thread_kind, thread.record_type
FROM inbox_item
JOIN message ON message.workspace_id = inbox_item.workspace_id AND message.thread_id = inbox_item.thread_id AND message.seq = greatest(inbox_item.seq, 1)
JOIN thread ON thread.workspace_id = inbox_item.workspace_id AND thread.id = inbox_item.thread_id
WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.id = @id;

-- InboxItemUpdate marks one item; what is not given stays.
-- name: InboxItemUpdate :execrows
UPDATE inbox_item SET read = coalesce(sqlc.narg(read)::boolean, read), starred = coalesce(sqlc.narg(starred)::boolean, starred)
WHERE workspace_id = @workspace_id AND user_id = @user_id AND id = @id;

-- InboxMarkThreadRead marks the items of one thread up to a message as read.
-- name: InboxMarkThreadRead :execrows
UPDATE inbox_item SET read = true
WHERE workspace_id = @workspace_id AND user_id = @user_id AND thread_id = @thread_id AND seq <= @seq AND NOT read;

-- InboxMarkAllRead marks all of a user's items as read.
-- name: InboxMarkAllRead :execrows
UPDATE inbox_item SET read = true
WHERE workspace_id = @workspace_id AND user_id = @user_id AND NOT read;

-- InboxCount counts a user's unread items by thread, over the newest ones only,
-- so that an inbox that nobody reads costs no more than another.
-- name: InboxCount :many
SELECT item.thread_id, thread.kind, thread.record_type, count(*)::integer AS unread_count
FROM (
    SELECT inbox_item.workspace_id, inbox_item.thread_id FROM inbox_item
    WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND NOT inbox_item.read
    ORDER BY inbox_item.id DESC
    LIMIT @max_items
) AS item
JOIN thread ON thread.workspace_id = item.workspace_id AND thread.id = item.thread_id
GROUP BY item.thread_id, thread.kind, thread.record_type;

-- InboxAssign puts an assignment into a user's inbox, at the newest message of
-- the thread, which tells of it. Where that is in the inbox already, the item
-- becomes this one. Nothing happens for a user who was deactivated.
-- name: InboxAssign :exec
INSERT INTO inbox_item (workspace_id, user_id, id, thread_id, seq, reason, create_time)
SELECT message.workspace_id, "user".id, @item_id::uuid, message.thread_id, message.seq, 3, @create_time::timestamptz
FROM thread
JOIN message ON message.workspace_id = thread.workspace_id AND message.thread_id = thread.id AND message.seq = thread.seq
JOIN "user" ON "user".workspace_id = thread.workspace_id AND "user".id = @user_id AND "user".active
WHERE thread.workspace_id = @workspace_id AND thread.id = @thread_id
ON CONFLICT (workspace_id, user_id, thread_id, seq) DO UPDATE SET reason = 3;

-- RecipientFollowerList answers whom a post under a subtype would tell of the
-- thread's followers, with how they are reached: outsiders first.
-- name: RecipientFollowerList :many
SELECT follower.party_kind, follower.party_id, coalesce("user".name, record.title, '')::text AS name,
    coalesce("user".email, record.fields ->> 'email', '')::text AS email, coalesce("user".notify_by, 0)::smallint AS notify_by,
    count(*) OVER () AS total
FROM follower
LEFT JOIN "user" ON follower.party_kind = 1 AND "user".workspace_id = follower.workspace_id AND "user".id = follower.party_id
LEFT JOIN record ON follower.party_kind = 2 AND record.workspace_id = follower.workspace_id AND record.id = follower.party_id
WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id AND @subtype::text = ANY (follower.subtypes)
    AND ((follower.party_kind = 1 AND "user".active)
        OR (follower.party_kind = 2 AND @outside::boolean AND coalesce(record.fields ->> 'archived', '') <> 'true'))
ORDER BY follower.party_kind DESC, follower.create_time, follower.party_id
LIMIT @max_rows;

-- RecipientCustomerGet answers the record's customer: the contact that a field of
-- it names.
-- name: RecipientCustomerGet :one
SELECT contact.id, contact.title, coalesce(contact.fields ->> 'email', '')::text AS email
FROM record
JOIN record AS contact ON contact.workspace_id = record.workspace_id AND contact.id = (record.fields ->> @customer::text)::uuid
    AND contact.type = 'contact'
WHERE record.workspace_id = @workspace_id AND record.id = @id AND coalesce(contact.fields ->> 'archived', '') <> 'true';

-- InboxStar stars a message for a user. Where it is not in the inbox yet, it
-- comes there as read.
-- name: InboxStar :one
INSERT INTO inbox_item (workspace_id, user_id, id, thread_id, seq, reason, read, starred, create_time)
VALUES (@workspace_id, @user_id, @item_id, @thread_id, @seq, 5, true, true, @create_time)
ON CONFLICT (workspace_id, user_id, thread_id, seq) DO UPDATE SET starred = true
RETURNING id;

-- InboxUnstar takes a user's star off a message. What came to the inbox for the
-- star alone goes with it.
-- name: InboxUnstar :execrows
WITH kept AS (
    UPDATE inbox_item SET starred = false
    WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.thread_id = @thread_id
        AND inbox_item.seq = @seq AND inbox_item.reason <> 5 AND inbox_item.starred
)
DELETE FROM inbox_item
WHERE inbox_item.workspace_id = @workspace_id AND inbox_item.user_id = @user_id AND inbox_item.thread_id = @thread_id
    AND inbox_item.seq = @seq AND inbox_item.reason = 5;

-- NotificationSettingsGet answers how a user is told of things.
-- name: NotificationSettingsGet :one
SELECT notify_by, quiet_from, quiet_to, notify_browser, activity_digest FROM "user"
WHERE workspace_id = @workspace_id AND id = @id;

-- NotificationSettingsSet changes how a user is told of things.
-- name: NotificationSettingsSet :exec
UPDATE "user" SET notify_by = @notify_by, quiet_from = @quiet_from, quiet_to = @quiet_to, notify_browser = @notify_browser,
    activity_digest = @activity_digest
WHERE workspace_id = @workspace_id AND id = @id;

-- InboxActivity puts an activity into the inbox of a user who is active, at the
-- top. The item that tells of it already becomes this one.
-- name: InboxActivity :execrows
INSERT INTO inbox_item (workspace_id, user_id, id, thread_id, seq, reason, activity_id, create_time)
SELECT "user".workspace_id, "user".id, @item_id::uuid, @thread_id::uuid, @seq::bigint, 4, @activity_id::uuid, @create_time::timestamptz
FROM "user" WHERE "user".workspace_id = @workspace_id AND "user".id = @user_id AND "user".active
ON CONFLICT (workspace_id, user_id, activity_id) WHERE activity_id IS NOT NULL
DO UPDATE SET id = excluded.id, seq = excluded.seq, read = false, create_time = excluded.create_time;

-- InboxActivityDrop takes an activity out of the inboxes, of all users but one,
-- and answers whose.
-- name: InboxActivityDrop :many
DELETE FROM inbox_item WHERE workspace_id = @workspace_id AND activity_id = @activity_id::uuid AND user_id <> @keep
RETURNING user_id;

-- InboxActivityRead marks what an inbox has of an activity as read, and answers
-- whose.
-- name: InboxActivityRead :many
UPDATE inbox_item SET read = true
WHERE workspace_id = @workspace_id AND activity_id = @activity_id::uuid AND NOT read
RETURNING user_id;
