-- MailDomainGet answers whose a domain is.
-- name: MailDomainGet :one
SELECT workspace_id FROM mail_setting WHERE domain = @domain AND domain <> '';

-- MailSettingLock reads a workspace's settings for changing them, and makes them
-- first where there are none.
-- name: MailSettingLock :one
INSERT INTO mail_setting (workspace_id, update_time) VALUES (@workspace_id, @now)
ON CONFLICT (workspace_id) DO UPDATE SET workspace_id = excluded.workspace_id
RETURNING *;

-- MailSettingUpdate replaces a workspace's settings.
-- name: MailSettingUpdate :exec
UPDATE mail_setting SET domain = @domain, server_url = @server_url, user_name = @user_name, password = @password,
    sender_name = @sender_name, hold_seconds = @hold_seconds, dkim_selector = @dkim_selector, dkim_key = @dkim_key,
    loop_limit = @loop_limit, loop_minutes = @loop_minutes, trusted_senders = @trusted_senders, update_time = @update_time
WHERE workspace_id = @workspace_id;

-- MailAliasInsert adds an alias. Its name and its request are unique.
-- name: MailAliasInsert :one
INSERT INTO mail_alias (workspace_id, id, name, record_type, fields, body_field, writers, follower_ids, request_id, create_time)
VALUES (@workspace_id, @id, @name, @record_type, @fields, @body_field, @writers, @follower_ids, @request_id, @create_time)
RETURNING *;

-- MailAliasUpdate replaces an alias.
-- name: MailAliasUpdate :one
UPDATE mail_alias SET name = @name, record_type = @record_type, fields = @fields, body_field = @body_field, writers = @writers,
    follower_ids = @follower_ids
WHERE workspace_id = @workspace_id AND id = @id
RETURNING *;

-- MailAliasDelete removes an alias.
-- name: MailAliasDelete :execrows
DELETE FROM mail_alias WHERE workspace_id = @workspace_id AND id = @id;

-- MailAliasGet answers one alias.
-- name: MailAliasGet :one
SELECT * FROM mail_alias WHERE workspace_id = @workspace_id AND id = @id;

-- MailAliasByRequest answers the alias that an earlier try made.
-- name: MailAliasByRequest :one
SELECT * FROM mail_alias WHERE workspace_id = @workspace_id AND request_id = @request_id::uuid;

-- MailAliasCount counts a workspace's aliases.
-- name: MailAliasCount :one
SELECT count(*) FROM mail_alias WHERE workspace_id = @workspace_id;

-- MailAliasList answers aliases by name, after this one.
-- name: MailAliasList :many
SELECT * FROM mail_alias WHERE workspace_id = @workspace_id AND name > @after_name ORDER BY name LIMIT @max_rows;

-- MailAliasFind answers those of the names that are aliases.
-- name: MailAliasFind :many
SELECT * FROM mail_alias WHERE workspace_id = @workspace_id AND name = ANY (@names::text[]) ORDER BY name;

-- MailReferenceFind answers what is known of mails by their ids, with the messages
-- that they are, the newest first.
-- name: MailReferenceFind :many
SELECT mail_reference.mail_id, mail_reference.place, mail_reference.thread_id, mail_reference.message_id, mail_reference.seq,
    mail_reference.incoming, mail_reference.create_time, thread.record_type, message.internal, message.kind, message.author_kind
FROM mail_reference
JOIN thread ON thread.workspace_id = mail_reference.workspace_id AND thread.id = mail_reference.thread_id
JOIN message ON message.workspace_id = mail_reference.workspace_id AND message.thread_id = mail_reference.thread_id
    AND message.seq = mail_reference.seq
WHERE mail_reference.workspace_id = @workspace_id AND mail_reference.mail_id = ANY (@mail_ids::text[])
ORDER BY mail_reference.create_time DESC, mail_reference.seq DESC
LIMIT @max_rows;

-- MailSenderCount counts the mails of a sender since a time, up to a number.
-- name: MailSenderCount :one
SELECT count(*) FROM (
    SELECT DISTINCT mail_id FROM mail_reference
    WHERE workspace_id = @workspace_id AND sender = @sender AND incoming AND create_time > @since
    LIMIT @max_rows
) AS recent;

-- MailContactFind answers the contacts who have one of the addresses, in small
-- letters: those who follow a thread first, archived ones last.
-- name: MailContactFind :many
SELECT record.id, record.title, lower(record.fields ->> 'email')::text AS email,
    coalesce(record.fields ->> 'archived' = 'true', false)::boolean AS archived,
    EXISTS (SELECT 1 FROM follower WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id
        AND follower.party_id = record.id)::boolean AS follows
FROM record
WHERE record.workspace_id = @workspace_id AND record.type = 'contact' AND lower(record.fields ->> 'email') = ANY (@addresses::text[])
ORDER BY archived, follows DESC, record.create_time, record.id
LIMIT @max_rows;

-- MailUserFind answers the users who have one of the addresses, in small letters.
-- name: MailUserFind :many
SELECT id, lower(email)::text AS email FROM "user"
WHERE workspace_id = @workspace_id AND active AND lower(email) = ANY (@addresses::text[])
ORDER BY id
LIMIT @max_rows;

-- MailNeighbourFind answers the contacts at these domains to whom a thread's
-- mails go: its followers and its customer.
-- name: MailNeighbourFind :many
SELECT record.id, record.title, lower(record.fields ->> 'email')::text AS email FROM record
WHERE record.workspace_id = @workspace_id AND record.type = 'contact'
    AND substring(lower(record.fields ->> 'email') FROM '@([^@]*)$') = ANY (@domains::text[])
    AND record.id IN (
        SELECT follower.party_id FROM follower
        WHERE follower.workspace_id = @workspace_id AND follower.thread_id = @thread_id AND follower.party_kind = 2
        UNION
        SELECT (about.fields ->> @customer::text)::uuid FROM record AS about
        WHERE about.workspace_id = @workspace_id AND about.id = @thread_id)
ORDER BY record.create_time, record.id
LIMIT @max_rows;

-- MailReceive notes the id of a mail that came in; of two who note the same, one is
-- told that it was.
-- name: MailReceive :execrows
INSERT INTO mail_reference (workspace_id, mail_id, place, thread_id, message_id, seq, internal, incoming, sender, create_time)
VALUES (@workspace_id, @mail_id, @place, @thread_id, @message_id, @seq, @internal, true, @sender, @create_time)
ON CONFLICT DO NOTHING;

-- MailHtmlInsert keeps the HTML of a mail.
-- name: MailHtmlInsert :exec
INSERT INTO mail_html (workspace_id, thread_id, message_id, html, remote_images)
VALUES (@workspace_id, @thread_id, @message_id, @html, @remote_images)
ON CONFLICT DO NOTHING;

-- MailHtmlGet answers the HTML of a mail.
-- name: MailHtmlGet :one
SELECT html, remote_images FROM mail_html WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND message_id = @message_id;

-- MailDeliveryRefer answers deliveries by their ids, with the messages that they
-- deliver.
-- name: MailDeliveryRefer :many
SELECT delivery.id, delivery.thread_id, delivery.message_id, delivery.seq, delivery.address, delivery.party_kind, delivery.party_id,
    delivery.create_time, thread.record_type, message.internal, message.kind, message.author_kind
FROM delivery
JOIN thread ON thread.workspace_id = delivery.workspace_id AND thread.id = delivery.thread_id
JOIN message ON message.workspace_id = delivery.workspace_id AND message.thread_id = delivery.thread_id AND message.seq = delivery.seq
WHERE delivery.workspace_id = @workspace_id AND delivery.id = ANY (@ids::uuid[]);

-- MailDeliveryFind answers the delivery of a message to an address, in small
-- letters.
-- name: MailDeliveryFind :one
SELECT * FROM delivery
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND seq = @seq AND channel = 1 AND lower(address) = @address::text
ORDER BY id
LIMIT 1;

-- MailDeliveryBounce marks a delivery as come back, once.
-- name: MailDeliveryBounce :execrows
UPDATE delivery SET state = 6, reason = @reason, update_time = @update_time
WHERE workspace_id = @workspace_id AND id = @id AND state IN (1, 2, 3);

-- MailBounceAdd counts a mail that came back from an address.
-- name: MailBounceAdd :exec
INSERT INTO mail_bounce (workspace_id, address, count, reason, bounce_time)
VALUES (@workspace_id, @address, 1, @reason, @bounce_time)
ON CONFLICT (workspace_id, address) DO UPDATE
SET count = mail_bounce.count + 1, reason = excluded.reason, bounce_time = excluded.bounce_time;

-- MailBounceList answers addresses from which mails came back, the latest first.
-- name: MailBounceList :many
SELECT * FROM mail_bounce
WHERE workspace_id = @workspace_id AND (sqlc.narg(before_time)::timestamptz IS NULL
    OR bounce_time < sqlc.narg(before_time)::timestamptz
    OR bounce_time = sqlc.narg(before_time)::timestamptz AND address > @after_address::text)
ORDER BY bounce_time DESC, address
LIMIT @max_rows;

-- MailQuarantineInsert keeps a mail until somebody decides. Nothing happens to one
-- that waits already.
-- name: MailQuarantineInsert :execrows
INSERT INTO mail_quarantine (workspace_id, id, reason, details, mail_id, sender, recipients, envelope_sender, subject, body, file_names,
    size, raw, create_time)
VALUES (@workspace_id, @id, @reason, @details, @mail_id, @sender, @recipients, @envelope_sender, @subject, @body, @file_names,
    @size, @raw, @create_time)
ON CONFLICT DO NOTHING;

-- MailQuarantineByMail answers which mail waits under an id.
-- name: MailQuarantineByMail :one
SELECT id FROM mail_quarantine WHERE workspace_id = @workspace_id AND mail_id = @mail_id;

-- MailQuarantineList answers what waits, the newest first, with the beginnings of
-- the texts.
-- name: MailQuarantineList :many
SELECT id, reason, details, sender, recipients, subject, left(body, 300)::text AS body, file_names, size, create_time FROM mail_quarantine
WHERE workspace_id = @workspace_id AND id < @before AND (cardinality(@reasons::smallint[]) = 0 OR reason = ANY (@reasons::smallint[]))
ORDER BY id DESC
LIMIT @max_rows;

-- MailQuarantineGet answers one mail that waits.
-- name: MailQuarantineGet :one
SELECT id, reason, details, sender, recipients, subject, body, file_names, size, create_time FROM mail_quarantine
WHERE workspace_id = @workspace_id AND id = @id;

-- MailQuarantineClaim takes a mail for delivering it, unless somebody does.
-- name: MailQuarantineClaim :one
UPDATE mail_quarantine SET claim_time = @now::timestamptz
WHERE workspace_id = @workspace_id AND id = @id AND (claim_time IS NULL OR claim_time < @stale::timestamptz)
RETURNING mail_id, envelope_sender, recipients, raw;

-- MailQuarantineRelease gives a mail back that could not be delivered.
-- name: MailQuarantineRelease :exec
UPDATE mail_quarantine SET claim_time = NULL WHERE workspace_id = @workspace_id AND id = @id;

-- MailQuarantineDelete removes a mail.
-- name: MailQuarantineDelete :execrows
DELETE FROM mail_quarantine WHERE workspace_id = @workspace_id AND id = @id;

-- MailQuarantinePrune removes mails that nobody looked at, of all workspaces, a
-- batch at a time.
-- name: MailQuarantinePrune :execrows
DELETE FROM mail_quarantine WHERE (workspace_id, id) IN (
    SELECT old.workspace_id, old.id FROM mail_quarantine AS old WHERE old.create_time < @before ORDER BY old.create_time LIMIT @max_rows
);
