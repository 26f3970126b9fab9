-- +goose Up

-- Who translates for a workspace. provider: as in parley.translation.v1. api_key
-- is sealed by server/vault.
CREATE TABLE translation_setting (
    workspace_id uuid NOT NULL,
    provider smallint NOT NULL,
    base_url text NOT NULL DEFAULT '',
    api_key bytea,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id)
);

-- A translation of a message as it is now: there is none of a text that was
-- replaced or taken back.
CREATE TABLE message_translation (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    message_id uuid NOT NULL,
    language text NOT NULL,
    source_language text NOT NULL,
    body text NOT NULL,
    provider smallint NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, message_id, language)
);

-- Whoever changes a message's text, or removes it, takes its translations along.
-- It is a trigger so that no way of changing a message can leave them behind.
-- +goose StatementBegin
CREATE FUNCTION message_translation_drop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM message_translation
    WHERE workspace_id = OLD.workspace_id AND thread_id = OLD.thread_id AND message_id = OLD.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER message_text_changed AFTER UPDATE OF body ON message
    FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION message_translation_drop();
CREATE TRIGGER message_removed AFTER DELETE ON message
    FOR EACH ROW EXECUTE FUNCTION message_translation_drop();

-- A way to a messenger. kind: as in parley.messenger.v1. account and sender are
-- the messenger's names for whose it is and who sends. token and app_secret are
-- sealed by server/vault.
CREATE TABLE messenger_connection (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT false,
    account text NOT NULL,
    sender text NOT NULL,
    base_url text NOT NULL DEFAULT '',
    country text NOT NULL DEFAULT '',
    token bytea,
    app_secret bytea,
    display_name text NOT NULL DEFAULT '',
    phone text NOT NULL DEFAULT '',
    request_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    sync_time timestamptz,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX messenger_connection_name ON messenger_connection (workspace_id, lower(name));
CREATE UNIQUE INDEX messenger_connection_request ON messenger_connection (workspace_id, request_id);
-- A messenger that calls knows the connection's id and nothing else.
CREATE UNIQUE INDEX messenger_connection_public ON messenger_connection (id);

-- What a messenger has approved to be sent, or not yet. content: the parts of the
-- text, and placeholders: what is filled in for each parameter, both JSON.
CREATE TABLE messenger_template (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    language text NOT NULL,
    category text NOT NULL,
    state smallint NOT NULL,
    reason text NOT NULL DEFAULT '',
    content jsonb NOT NULL,
    record_type text NOT NULL DEFAULT '',
    placeholders jsonb NOT NULL DEFAULT '{}',
    sync_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, connection_id) REFERENCES messenger_connection (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX messenger_template_external ON messenger_template (workspace_id, connection_id, external_id);
CREATE INDEX messenger_template_type ON messenger_template (workspace_id, record_type, name) WHERE record_type <> '';

-- What a delivery by messenger sends, and what is known of the attempts. Its
-- state and the messenger's id are the delivery's. underway: an attempt began
-- whose end is not known. unsure: an attempt may have come through unseen.
CREATE TABLE messenger_send (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    template_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    message_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    author_id uuid NOT NULL,
    request_id uuid NOT NULL,
    content jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    underway boolean NOT NULL DEFAULT false,
    unsure boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES delivery (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX messenger_send_request ON messenger_send (workspace_id, thread_id, author_id, request_id);
CREATE UNIQUE INDEX messenger_send_message ON messenger_send (workspace_id, thread_id, message_id);

-- +goose Down
DROP TABLE messenger_send, messenger_template, messenger_connection, message_translation, translation_setting;
DROP TRIGGER message_text_changed ON message;
DROP TRIGGER message_removed ON message;
DROP FUNCTION message_translation_drop;
