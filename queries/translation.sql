-- TranslationSettingGet answers who translates for a workspace.
-- name: TranslationSettingGet :one
SELECT * FROM translation_setting
WHERE workspace_id = @workspace_id;

-- TranslationSettingLock makes sure of the row, with nobody set up, and holds it
-- until the transaction ends, so that of two who change it neither loses a key.
-- name: TranslationSettingLock :one
INSERT INTO translation_setting (workspace_id, provider, update_time)
VALUES (@workspace_id, 0, @now)
ON CONFLICT (workspace_id) DO UPDATE SET update_time = excluded.update_time
RETURNING *;

-- TranslationSettingUpdate replaces who translates for a workspace.
-- name: TranslationSettingUpdate :exec
UPDATE translation_setting SET provider = @provider, base_url = @base_url, api_key = @api_key, update_time = @now
WHERE workspace_id = @workspace_id;

-- TranslationGet answers a message's translation into a language.
-- name: TranslationGet :one
SELECT * FROM message_translation
WHERE workspace_id = @workspace_id AND thread_id = @thread_id AND message_id = @message_id AND language = @language;

-- TranslationInsert keeps a translation if the message's text still is what was
-- translated. It holds the message's row: an edit that waits for it finds the
-- translation and drops it. Of two the first stays.
-- name: TranslationInsert :exec
INSERT INTO message_translation (workspace_id, thread_id, message_id, language, source_language, body, provider, create_time)
SELECT message.workspace_id, message.thread_id, message.id, @language::text, @source_language::text, @body::text, @provider::smallint,
    @create_time::timestamptz
FROM message
WHERE message.workspace_id = @workspace_id AND message.thread_id = @thread_id AND message.id = @message_id AND message.body = @original::text
FOR SHARE
ON CONFLICT DO NOTHING;
