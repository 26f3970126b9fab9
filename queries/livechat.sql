-- ChannelInsert makes a channel. A name or request id that the workspace has
-- already violates channel_name or channel_request.
-- name: ChannelInsert :one
INSERT INTO channel (workspace_id, id, name, welcome_text, title, input_placeholder, color, chat_limit, idle_minutes, allowed_origins,
    request_id, create_time)
VALUES (@workspace_id, @id, @name, @welcome_text, @title, @input_placeholder, @color, @chat_limit, @idle_minutes,
    @allowed_origins::text[], sqlc.narg(request_id), @create_time)
RETURNING *;

-- ChannelGet answers one channel.
-- name: ChannelGet :one
SELECT * FROM channel
WHERE workspace_id = @workspace_id AND id = @id;

-- ChannelGetPublic finds a channel by what stands in a website's script tag,
-- which says nothing of the workspace: it is how one is found. It is the only
-- query that does not name one.
-- name: ChannelGetPublic :one
SELECT * FROM channel
WHERE id = @id;

-- ChannelByRequest answers the channel that an earlier try made.
-- name: ChannelByRequest :one
SELECT * FROM channel
WHERE workspace_id = @workspace_id AND request_id = @request_id::uuid;

-- ChannelList pages through the channels by name.
-- name: ChannelList :many
SELECT * FROM channel
WHERE workspace_id = @workspace_id AND lower(name) > lower(@after_name::text)
ORDER BY lower(name)
LIMIT @max_rows;

-- ChannelLock reads a channel and holds it until the transaction ends. Whoever
-- gives a chat of it to somebody holds it, so that the counts they decide by are
-- those after the decision before.
-- name: ChannelLock :one
SELECT * FROM channel
WHERE workspace_id = @workspace_id AND id = @id
FOR NO KEY UPDATE;

-- ChannelUpdate replaces a channel's settings.
-- name: ChannelUpdate :one
UPDATE channel SET name = @name, welcome_text = @welcome_text, title = @title, input_placeholder = @input_placeholder, color = @color,
    chat_limit = @chat_limit, idle_minutes = @idle_minutes, allowed_origins = @allowed_origins::text[]
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- OperatorInsert makes a user an operator, or leaves the operator that they are.
-- name: OperatorInsert :exec
INSERT INTO operator (workspace_id, channel_id, user_id, join_time)
VALUES (@workspace_id, @channel_id, @user_id, @join_time)
ON CONFLICT DO NOTHING;

-- OperatorAgentFind tells of a user whether they may be an operator.
-- name: OperatorAgentFind :one
SELECT name, role, active FROM "user"
WHERE workspace_id = @workspace_id AND id = @id;

-- OperatorLock reads one operator and holds the row until the transaction ends.
-- name: OperatorLock :one
SELECT * FROM operator
WHERE workspace_id = @workspace_id AND channel_id = @channel_id AND user_id = @user_id
FOR UPDATE;

-- OperatorUpdate replaces what is set of an operator.
-- name: OperatorUpdate :exec
UPDATE operator SET languages = @languages::text[], skills = @skills::text[], chat_limit = @chat_limit
WHERE workspace_id = @workspace_id AND channel_id = @channel_id AND user_id = @user_id;

-- OperatorDelete takes an operator off a channel.
-- name: OperatorDelete :execrows
DELETE FROM operator
WHERE workspace_id = @workspace_id AND channel_id = @channel_id AND user_id = @user_id;

-- OperatorAssigned remembers when an operator was last given a chat. It does
-- nothing for a user who took one without being an operator.
-- name: OperatorAssigned :exec
UPDATE operator SET last_assign_time = @assign_time::timestamptz
WHERE workspace_id = @workspace_id AND channel_id = @channel_id AND user_id = @user_id;

-- OperatorList pages through a channel's operators, oldest membership first. With
-- a user it answers that operator alone.
-- name: OperatorList :many
SELECT sqlc.embed(operator), "user".name, "user".chat_name,
    (SELECT count(*) FROM chat
        WHERE chat.workspace_id = operator.workspace_id AND chat.channel_id = operator.channel_id
            AND chat.operator_id = operator.user_id AND chat.state = 1)::integer AS open_count
FROM operator
JOIN "user" ON "user".workspace_id = operator.workspace_id AND "user".id = operator.user_id
WHERE operator.workspace_id = @workspace_id AND operator.channel_id = @channel_id
    AND (operator.join_time, operator.user_id) > (@after_time::timestamptz, @after_id::uuid)
    AND (sqlc.narg(user_id)::uuid IS NULL OR operator.user_id = sqlc.narg(user_id)::uuid)
ORDER BY operator.join_time, operator.user_id
LIMIT @max_rows;

-- OperatorLoads answers of every operator of some channels what it takes to
-- decide who gets a chat: only users who may answer, with their open chats in
-- the channel that were active since two moments, the load's being the earlier.
-- name: OperatorLoads :many
SELECT operator.channel_id, operator.user_id, operator.chat_limit, operator.last_assign_time, operator.join_time,
    "user".name, "user".chat_name,
    (count(chat.id) FILTER (WHERE chat.last_message_time > @limit_since::timestamptz))::integer AS limit_count,
    count(chat.id)::integer AS load_count
FROM operator
JOIN "user" ON "user".workspace_id = operator.workspace_id AND "user".id = operator.user_id AND "user".active AND "user".role >= 2
LEFT JOIN chat ON chat.workspace_id = operator.workspace_id AND chat.channel_id = operator.channel_id
    AND chat.operator_id = operator.user_id AND chat.state = 1 AND chat.last_message_time > @load_since::timestamptz
WHERE operator.workspace_id = @workspace_id AND operator.channel_id = ANY (@channel_ids::uuid[])
GROUP BY operator.workspace_id, operator.channel_id, operator.user_id, "user".name, "user".chat_name;

-- OperatorChannels answers in which of some channels a user is an operator.
-- name: OperatorChannels :many
SELECT channel_id FROM operator
WHERE workspace_id = @workspace_id AND user_id = @user_id AND channel_id = ANY (@channel_ids::uuid[]);

-- ChatInsert makes a chat, with nobody to answer it yet. The same visitor's
-- request id violates chat_request.
-- name: ChatInsert :exec
INSERT INTO chat (workspace_id, id, channel_id, visitor_id, state, page_url, referrer, request_id, last_message_time, create_time)
VALUES (@workspace_id, @id, @channel_id, @visitor_id, 1, @page_url, @referrer, @request_id, @create_time, @create_time);

-- ChatByRequest answers the chat that an earlier try opened.
-- name: ChatByRequest :one
SELECT * FROM chat
WHERE workspace_id = @workspace_id AND visitor_id = @visitor_id AND request_id = @request_id;

-- ChatFacts answers what never changes about a chat.
-- name: ChatFacts :one
SELECT channel_id, visitor_id FROM chat
WHERE workspace_id = @workspace_id AND id = @id;

-- ChatThreadLock holds a chat's thread until the transaction ends. It comes
-- before the chat's own row, in the order of every post, so that none waits for
-- the other in a circle.
-- name: ChatThreadLock :one
SELECT closed FROM thread
WHERE workspace_id = @workspace_id AND id = @id
FOR NO KEY UPDATE;

-- ChatLock reads a chat and holds it until the transaction ends.
-- name: ChatLock :one
SELECT * FROM chat
WHERE workspace_id = @workspace_id AND id = @id
FOR NO KEY UPDATE;

-- ChatAssign gives an open chat to somebody, if nobody has it: of two who try at
-- once only one changes a row.
-- name: ChatAssign :execrows
UPDATE chat SET operator_id = @operator_id::uuid, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id AND state = 1 AND operator_id IS NULL;

-- ChatClose ends a chat.
-- name: ChatClose :exec
UPDATE chat SET state = 2, close_time = @close_time::timestamptz, version = version + 1
WHERE workspace_id = @workspace_id AND id = @id AND state = 1;

-- ChatReopen opens a chat again, for the operator given or, without one, for
-- whoever is found.
-- name: ChatReopen :exec
UPDATE chat SET state = 1, close_time = NULL, operator_id = sqlc.narg(operator_id), version = version + 1
WHERE workspace_id = @workspace_id AND id = @id AND state = 2;

-- ChatPrevious answers who last had a chat with a visitor in a channel.
-- name: ChatPrevious :one
SELECT operator_id::uuid AS operator_id FROM chat
WHERE workspace_id = @workspace_id AND visitor_id = @visitor_id AND channel_id = @channel_id AND operator_id IS NOT NULL
ORDER BY id DESC
LIMIT 1;

-- ChatWaiting answers the chats of a channel that nobody has, in the order they
-- came.
-- name: ChatWaiting :many
SELECT id, visitor_id FROM chat
WHERE workspace_id = @workspace_id AND channel_id = @channel_id AND state = 1 AND operator_id IS NULL
ORDER BY id
LIMIT @max_rows;

-- ChatWaitingChannels answers in which channels of all workspaces chats wait, some
-- after the one given. It serves no request: it finds the work that a lost event
-- would have left.
-- name: ChatWaitingChannels :many
SELECT DISTINCT workspace_id, channel_id FROM chat
WHERE state = 1 AND operator_id IS NULL AND (workspace_id, channel_id) > (@after_workspace::uuid, @after_channel::uuid)
ORDER BY workspace_id, channel_id
LIMIT @max_rows;

-- ChatOpenOfVisitor answers a visitor's open chats.
-- name: ChatOpenOfVisitor :many
SELECT id FROM chat
WHERE workspace_id = @workspace_id AND visitor_id = @visitor_id AND state = 1
ORDER BY id
LIMIT @max_rows;

-- ChatList pages through the chats of a workspace, those with the newest message
-- first.
-- name: ChatList :many
SELECT id, last_message_time FROM chat
WHERE workspace_id = @workspace_id AND (last_message_time, id) < (@before_time::timestamptz, @before_id::uuid)
    AND (sqlc.narg(channel_id)::uuid IS NULL OR channel_id = sqlc.narg(channel_id)::uuid)
    AND (sqlc.narg(state)::smallint IS NULL OR state = sqlc.narg(state)::smallint)
ORDER BY last_message_time DESC, id DESC
LIMIT @max_rows;

-- ChatListOfOperator is ChatList for the chats that one user has.
-- name: ChatListOfOperator :many
SELECT id, last_message_time FROM chat
WHERE workspace_id = @workspace_id AND operator_id = @operator_id::uuid
    AND (last_message_time, id) < (@before_time::timestamptz, @before_id::uuid)
    AND (sqlc.narg(channel_id)::uuid IS NULL OR channel_id = sqlc.narg(channel_id)::uuid)
    AND (sqlc.narg(state)::smallint IS NULL OR state = sqlc.narg(state)::smallint)
ORDER BY last_message_time DESC, id DESC
LIMIT @max_rows;

-- ChatListUnassigned is ChatList for the chats that nobody has.
-- name: ChatListUnassigned :many
SELECT id, last_message_time FROM chat
WHERE workspace_id = @workspace_id AND operator_id IS NULL
    AND (last_message_time, id) < (@before_time::timestamptz, @before_id::uuid)
    AND (sqlc.narg(channel_id)::uuid IS NULL OR channel_id = sqlc.narg(channel_id)::uuid)
    AND (sqlc.narg(state)::smallint IS NULL OR state = sqlc.narg(state)::smallint)
ORDER BY last_message_time DESC, id DESC
LIMIT @max_rows;

-- ChatListOfVisitor pages through a visitor's chats, newest first.
-- name: ChatListOfVisitor :many
SELECT id FROM chat
WHERE workspace_id = @workspace_id AND visitor_id = @visitor_id AND id < @before_id
ORDER BY id DESC
LIMIT @max_rows;

-- ChatViews answers everything that a user sees of some chats in lists: one
-- query for a whole page. Unread are the visitor's messages after the reader's
-- mark, counted up to 1000.
-- name: ChatViews :many
SELECT sqlc.embed(chat), sqlc.embed(visitor), sqlc.embed(message),
    coalesce("user".name, '')::text AS operator_name,
    coalesce(read_mark.seq, 0)::bigint AS read_seq,
    (SELECT count(*) FROM (
        SELECT 1 FROM message AS m
        WHERE m.workspace_id = chat.workspace_id AND m.thread_id = chat.id AND m.seq > coalesce(read_mark.seq, 0)
            AND m.author_kind = 3 AND m.delete_time IS NULL
        LIMIT 1000) AS unread)::integer AS unread_count
FROM chat
JOIN visitor ON visitor.workspace_id = chat.workspace_id AND visitor.id = chat.visitor_id
JOIN thread ON thread.workspace_id = chat.workspace_id AND thread.id = chat.id
JOIN message ON message.workspace_id = chat.workspace_id AND message.thread_id = chat.id AND message.seq = thread.seq
LEFT JOIN "user" ON "user".workspace_id = chat.workspace_id AND "user".id = chat.operator_id
LEFT JOIN read_mark ON read_mark.workspace_id = chat.workspace_id AND read_mark.thread_id = chat.id AND read_mark.party_id = @reader_id
WHERE chat.workspace_id = @workspace_id AND chat.id = ANY (@ids::uuid[]);

-- ChatReaders answers how far some users have read a chat, and what is new to
-- each.
-- name: ChatReaders :many
SELECT reader.id::uuid AS user_id, coalesce(read_mark.seq, 0)::bigint AS read_seq,
    (SELECT count(*) FROM (
        SELECT 1 FROM message AS m
        WHERE m.workspace_id = @workspace_id AND m.thread_id = @chat_id AND m.seq > coalesce(read_mark.seq, 0)
            AND m.author_kind = 3 AND m.delete_time IS NULL
        LIMIT 1000) AS unread)::integer AS unread_count
FROM (SELECT unnest(@user_ids::uuid[]) AS id) AS reader
LEFT JOIN read_mark ON read_mark.workspace_id = @workspace_id AND read_mark.thread_id = @chat_id AND read_mark.party_id = reader.id;

-- ChatViewsPublic is ChatViews as the visitor sees it: in the numbering of
-- outsiders, with the operator's live chat name, and with nothing of notes.
-- name: ChatViewsPublic :many
SELECT sqlc.embed(chat), sqlc.embed(visitor), sqlc.embed(message),
    coalesce(nullif("user".chat_name, ''), "user".name, '')::text AS operator_chat_name,
    coalesce((SELECT m.public_seq FROM message AS m
        WHERE m.workspace_id = chat.workspace_id AND m.thread_id = chat.id AND m.seq = read_mark.seq), 0)::bigint AS read_public_seq,
    (SELECT count(*) FROM (
        SELECT 1 FROM message AS m
        WHERE m.workspace_id = chat.workspace_id AND m.thread_id = chat.id AND m.seq > coalesce(read_mark.seq, 0)
            AND m.author_kind = 1 AND NOT m.internal AND m.delete_time IS NULL
        LIMIT 1000) AS unread)::integer AS unread_count
FROM chat
JOIN visitor ON visitor.workspace_id = chat.workspace_id AND visitor.id = chat.visitor_id
JOIN message ON message.workspace_id = chat.workspace_id AND message.thread_id = chat.id AND message.seq = (
    SELECT max(m.seq) FROM message AS m
    WHERE m.workspace_id = chat.workspace_id AND m.thread_id = chat.id AND NOT m.internal)
LEFT JOIN "user" ON "user".workspace_id = chat.workspace_id AND "user".id = chat.operator_id
LEFT JOIN read_mark ON read_mark.workspace_id = chat.workspace_id AND read_mark.thread_id = chat.id
    AND read_mark.party_id = chat.visitor_id
WHERE chat.workspace_id = @workspace_id AND chat.visitor_id = @visitor_id AND chat.id = ANY (@ids::uuid[]);

-- ChatTitles answers what to call some chats: the visitor's name.
-- name: ChatTitles :many
SELECT chat.id, visitor.name FROM chat
JOIN visitor ON visitor.workspace_id = chat.workspace_id AND visitor.id = chat.visitor_id
WHERE chat.workspace_id = @workspace_id AND chat.id = ANY (@ids::uuid[]);

-- VisitorChats counts a visitor's new chat, and keeps what they told of
-- themselves.
-- name: VisitorChats :one
UPDATE visitor SET chat_count = chat_count + 1, page_url = @page_url, referrer = @referrer,
    name = coalesce(nullif(@name::text, ''), name), email = coalesce(nullif(@email::text, ''), email),
    user_agent = coalesce(nullif(@user_agent::text, ''), user_agent)
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- VisitorInsert makes a visitor who has said nothing yet.
-- name: VisitorInsert :one
INSERT INTO visitor (workspace_id, id, name, locale, time_zone, user_agent, create_time)
VALUES (@workspace_id, @id, @name, @locale, @time_zone, @user_agent, @create_time)
RETURNING *;

-- ChannelFirst answers the oldest channel of a workspace: the one it was made
-- with.
-- name: ChannelFirst :one
SELECT id FROM channel
WHERE workspace_id = @workspace_id
ORDER BY create_time, id
LIMIT 1;
