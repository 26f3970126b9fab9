-- ConnectionInsert adds a connection, which is off. Its name and its request id
-- are unique in the workspace.
-- name: ConnectionInsert :one
INSERT INTO messenger_connection (workspace_id, id, kind, name, account, sender, base_url, country, token, app_secret, request_id,
    create_time, update_time)
VALUES (@workspace_id, @id, @kind, @name, @account, @sender, @base_url, @country, @token, @app_secret, @request_id, @now, @now)
RETURNING *;

-- ConnectionGet answers one connection.
-- name: ConnectionGet :one
SELECT * FROM messenger_connection
WHERE workspace_id = @workspace_id AND id = @id;

-- ConnectionLock answers one connection and holds it until the transaction ends.
-- name: ConnectionLock :one
SELECT * FROM messenger_connection
WHERE workspace_id = @workspace_id AND id = @id
FOR UPDATE;

-- ConnectionByRequest answers the connection that an earlier try added.
-- name: ConnectionByRequest :one
SELECT * FROM messenger_connection
WHERE workspace_id = @workspace_id AND request_id = @request_id;

-- ConnectionPublic answers a connection to the messenger that calls, which knows
-- its id and no workspace. What it says is believed only with a signature.
-- name: ConnectionPublic :one
SELECT * FROM messenger_connection
WHERE id = @id;

-- ConnectionList lists the connections by name.
-- name: ConnectionList :many
SELECT * FROM messenger_connection
WHERE workspace_id = @workspace_id AND lower(name) > lower(@after_name)
ORDER BY lower(name)
LIMIT @max_rows;

-- ConnectionUpdate replaces what administrators set.
-- name: ConnectionUpdate :one
UPDATE messenger_connection SET name = @name, account = @account, sender = @sender, base_url = @base_url, country = @country,
    token = @token, app_secret = @app_secret, active = @active, update_time = @now
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ConnectionActivate turns a connection on or off, with what the messenger calls
-- it.
-- name: ConnectionActivate :one
UPDATE messenger_connection SET active = @active, display_name = coalesce(sqlc.narg(display_name), display_name),
    phone = coalesce(sqlc.narg(phone), phone), update_time = @now
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- ConnectionDelete removes a connection with its templates.
-- name: ConnectionDelete :execrows
DELETE FROM messenger_connection
WHERE workspace_id = @workspace_id AND id = @id;

-- ConnectionSynced notes when its templates were fetched.
-- name: ConnectionSynced :exec
UPDATE messenger_connection SET sync_time = @now
WHERE workspace_id = @workspace_id AND id = @id;

-- TemplatePut stores a template as the messenger has it. What it is bound to
-- stays.
-- name: TemplatePut :exec
INSERT INTO messenger_template (workspace_id, id, connection_id, external_id, name, language, category, state, reason, content, sync_time)
VALUES (@workspace_id, @id, @connection_id, @external_id, @name, @language, @category, @state, @reason, @content, @now)
ON CONFLICT (workspace_id, connection_id, external_id) DO UPDATE SET name = excluded.name, language = excluded.language,
    category = excluded.category, state = excluded.state, reason = excluded.reason, content = excluded.content,
    sync_time = excluded.sync_time;

-- TemplateGone marks the templates that the messenger did not tell of any more.
-- name: TemplateGone :execrows
UPDATE messenger_template SET state = @state, reason = '', sync_time = @now
WHERE workspace_id = @workspace_id AND connection_id = @connection_id AND sync_time < @now AND state <> @state;

-- TemplateState changes what a messenger says of one template.
-- name: TemplateState :execrows
UPDATE messenger_template SET state = @state, reason = @reason
WHERE workspace_id = @workspace_id AND connection_id = @connection_id AND external_id = @external_id;

-- TemplateGet answers one template.
-- name: TemplateGet :one
SELECT * FROM messenger_template
WHERE workspace_id = @workspace_id AND id = @id;

-- TemplateList lists templates by name and language: of one connection or of all,
-- and of one record type and state or of all.
-- name: TemplateList :many
SELECT messenger_template.* FROM messenger_template
JOIN messenger_connection ON messenger_connection.workspace_id = messenger_template.workspace_id
    AND messenger_connection.id = messenger_template.connection_id
WHERE messenger_template.workspace_id = @workspace_id
    AND (messenger_template.name, messenger_template.language, messenger_template.id) > (@after_name::text, @after_language::text, @after_id::uuid)
    AND (sqlc.narg(connection_id)::uuid IS NULL OR messenger_template.connection_id = sqlc.narg(connection_id)::uuid)
    AND (@record_type::text = '' OR messenger_template.record_type = @record_type::text)
    AND (@only_state::smallint = 0 OR messenger_template.state = @only_state::smallint AND messenger_connection.active)
ORDER BY messenger_template.name, messenger_template.language, messenger_template.id
LIMIT @max_rows;

-- TemplateBind says what a template is for and what is filled in.
-- name: TemplateBind :one
UPDATE messenger_template SET record_type = @record_type, placeholders = @placeholders
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- SendInsert stores what a delivery sends, once for each request.
-- name: SendInsert :exec
INSERT INTO messenger_send (workspace_id, id, connection_id, template_id, thread_id, message_id, contact_id, author_id, request_id, content,
    create_time)
VALUES (@workspace_id, @id, @connection_id, @template_id, @thread_id, @message_id, @contact_id, @author_id, @request_id, @content, @now);

-- SendDelivery stores the delivery of a message by messenger. It counts as queued:
-- its job is written with it.
-- name: SendDelivery :exec
INSERT INTO delivery (workspace_id, thread_id, id, message_id, seq, party_kind, party_id, channel, state, queued, address, send_time,
    create_time, update_time)
VALUES (@workspace_id, @thread_id, @id, @message_id, @seq, @party_kind, @party_id, @channel, @state, true, @address, @now, @now, @now);

-- SendByRequest answers what an earlier try sent.
-- name: SendByRequest :one
SELECT * FROM messenger_send
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND author_id = @author_id AND request_id = @request_id;

-- SendBegin begins an attempt, unless there is nothing to do any more. An attempt
-- that began before and of which no end is known makes this one unsure: the
-- person may get it twice.
-- name: SendBegin :one
UPDATE messenger_send SET attempts = attempts + 1, unsure = unsure OR underway, underway = true
FROM delivery
WHERE messenger_send.workspace_id = @workspace_id AND messenger_send.id = @id AND delivery.workspace_id = messenger_send.workspace_id
    AND delivery.id = messenger_send.id AND delivery.state = @ready_state AND delivery.external_id = ''
RETURNING sqlc.embed(messenger_send), delivery.address;

-- SendEnd notes that an attempt's end is known.
-- name: SendEnd :exec
UPDATE messenger_send SET underway = false
WHERE workspace_id = @workspace_id AND id = @id;

-- SendLock answers how a delivery fares and holds it until the transaction ends.
-- name: SendLock :one
SELECT delivery.id, delivery.thread_id, delivery.message_id, delivery.party_id, delivery.address, delivery.state, delivery.reason,
    delivery.external_id, messenger_send.attempts, (messenger_send.unsure OR messenger_send.underway)::boolean AS unsure
FROM delivery
JOIN messenger_send ON messenger_send.workspace_id = delivery.workspace_id AND messenger_send.id = delivery.id
WHERE delivery.workspace_id = @workspace_id AND delivery.id = @id
FOR UPDATE OF delivery;

-- SendFind answers which delivery a messenger speaks of: by the id that we gave
-- it, or else by the messenger's.
-- name: SendFind :one
SELECT delivery.id, delivery.thread_id, delivery.message_id FROM delivery
JOIN messenger_send ON messenger_send.workspace_id = delivery.workspace_id AND messenger_send.id = delivery.id
WHERE delivery.workspace_id = @workspace_id
    AND (delivery.id = sqlc.narg(id)::uuid OR delivery.external_id = @external_id::text AND @external_id::text <> '')
ORDER BY delivery.id = sqlc.narg(id)::uuid DESC NULLS LAST
LIMIT 1;

-- SendTaken keeps the id that the messenger gave to what it took.
-- name: SendTaken :exec
UPDATE delivery SET external_id = @external_id
WHERE workspace_id = @workspace_id AND id = @id AND external_id = '';

-- SendState changes how a delivery fares.
-- name: SendState :exec
UPDATE delivery SET state = @state, reason = @reason, update_time = @now
WHERE workspace_id = @workspace_id AND id = @id;

-- SendClaim takes deliveries that wait and have no job: those that somebody wants
-- to be tried again. It counts as an attempt, so that what is still reported of the
-- last one is not taken for news of the next. Two nodes never take the same.
-- name: SendClaim :many
WITH due AS (
    SELECT delivery.workspace_id, delivery.id FROM delivery
    WHERE delivery.state = @ready_state AND NOT delivery.queued AND delivery.channel = @channel AND delivery.send_time <= @now
    ORDER BY delivery.send_time
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE delivery SET queued = true, external_id = ''
    FROM due WHERE delivery.workspace_id = due.workspace_id AND delivery.id = due.id
)
UPDATE messenger_send SET attempts = attempts + 1
FROM due WHERE messenger_send.workspace_id = due.workspace_id AND messenger_send.id = due.id
RETURNING messenger_send.workspace_id, messenger_send.id;
