-- MailSettingGet answers how a workspace sends and receives mail.
-- name: MailSettingGet :one
SELECT * FROM mail_setting WHERE workspace_id = @workspace_id;

-- MailDeliveryClaim takes mails that are due for jobs to send, the longest due
-- first, of all workspaces. Two nodes never take the same.
-- name: MailDeliveryClaim :many
UPDATE delivery SET queued = true
FROM (
    SELECT due.workspace_id, due.id FROM delivery AS due
    WHERE due.state = 1 AND NOT due.queued AND due.channel = 1 AND due.send_time <= @now
    ORDER BY due.send_time
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
) AS due
WHERE delivery.workspace_id = due.workspace_id AND delivery.id = due.id
RETURNING delivery.workspace_id, delivery.id;

-- MailDeliveryNext answers when the next mail is due.
-- name: MailDeliveryNext :one
SELECT send_time FROM delivery WHERE state = 1 AND NOT queued AND channel = 1 ORDER BY send_time LIMIT 1;

-- MailDeliverySet moves a delivery forwards: one that is cancelled or ended stays
-- as it is.
-- name: MailDeliverySet :execrows
UPDATE delivery SET state = @state, reason = @reason, external_id = @external_id, update_time = @update_time
WHERE workspace_id = @workspace_id AND id = @id AND state = 1;

-- MailRecipientGet answers whom a delivery is for, as they are now.
-- name: MailRecipientGet :one
SELECT delivery.party_kind, coalesce("user".name, record.title, '')::text AS name,
    coalesce("user".locale, record.fields ->> 'language', '')::text AS locale,
    coalesce("user".role, 0)::smallint AS role, coalesce("user".chat_name, '')::text AS chat_name,
    coalesce("user".active, coalesce(record.fields ->> 'archived', '') <> 'true', false)::boolean AS active,
    coalesce("user".quiet_from, '')::text AS quiet_from, coalesce("user".quiet_to, '')::text AS quiet_to,
    coalesce("user".time_zone, '')::text AS time_zone,
    EXISTS (SELECT 1 FROM follower WHERE follower.workspace_id = delivery.workspace_id AND follower.thread_id = delivery.thread_id
        AND follower.party_id = delivery.party_id)::boolean AS follows
FROM delivery
LEFT JOIN "user" ON delivery.party_kind = 1 AND "user".workspace_id = delivery.workspace_id AND "user".id = delivery.party_id
LEFT JOIN record ON delivery.party_kind = 2 AND record.workspace_id = delivery.workspace_id AND record.id = delivery.party_id
WHERE delivery.workspace_id = @workspace_id AND delivery.id = @id;

-- MailReferenceList answers under which ids a thread's mails went, the newest
-- first: those of notes only if asked for.
-- name: MailReferenceList :many
SELECT mail_id, incoming FROM mail_reference
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND (NOT internal OR @with_internal::boolean) AND seq < @before_seq
ORDER BY seq DESC
LIMIT @max_rows;

-- MailReferenceInsert notes the id of a mail; the same again is nothing.
-- name: MailReferenceInsert :execrows
INSERT INTO mail_reference (workspace_id, mail_id, place, thread_id, message_id, seq, internal, incoming, sender, create_time)
VALUES (@workspace_id, @mail_id, @place, @thread_id, @message_id, @seq, @internal, @incoming, @sender, @create_time)
ON CONFLICT DO NOTHING;

-- MailBounceGet answers how often mails came back from an address.
-- name: MailBounceGet :one
SELECT count FROM mail_bounce WHERE workspace_id = @workspace_id AND address = @address;

-- MailBounceClear forgets an address's bounces.
-- name: MailBounceClear :execrows
DELETE FROM mail_bounce WHERE workspace_id = @workspace_id AND address = @address;

-- MailNoticeInsert keeps a notice until it is sent.
-- name: MailNoticeInsert :exec
INSERT INTO mail_notice (workspace_id, id, name, address, author_name, subject, body, locale, create_time)
VALUES (@workspace_id, @id, @name, @address, @author_name, @subject, @body, @locale, @create_time);

-- MailNoticeGet answers a notice that was not sent yet.
-- name: MailNoticeGet :one
SELECT * FROM mail_notice WHERE workspace_id = @workspace_id AND id = @id;

-- MailNoticeDelete removes a notice that was sent, or never will be.
-- name: MailNoticeDelete :exec
DELETE FROM mail_notice WHERE workspace_id = @workspace_id AND id = @id;

-- MailSubscriptionGet answers whose following led to a delivery. The signed link
-- that names it names no workspace.
-- name: MailSubscriptionGet :one
SELECT workspace_id, thread_id, party_id FROM delivery WHERE id = @id;
