-- +goose Up

-- Every table starts with workspace_id, which leads every key, so that a
-- workspace can be placed by a distributed PostgreSQL without a change of code.

CREATE TABLE workspace (
    workspace_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    title text NOT NULL,
    create_time timestamptz NOT NULL
);

-- What all nodes of one installation share: the key that seals cursors and
-- links, and the epoch that tells this database from a restored older copy.
CREATE TABLE installation (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch uuid NOT NULL,
    secret bytea NOT NULL CHECK (length(secret) = 32),
    create_time timestamptz NOT NULL
);

CREATE TABLE "user" (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    chat_name text NOT NULL DEFAULT '',
    role smallint NOT NULL,
    locale text NOT NULL DEFAULT 'en',
    password_hash text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    availability smallint NOT NULL DEFAULT 1,
    request_id uuid,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX user_email ON "user" (workspace_id, lower(email));
CREATE UNIQUE INDEX user_request ON "user" (workspace_id, request_id);
CREATE INDEX user_by_name ON "user" (workspace_id, lower(name), id);

CREATE TABLE visitor (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL DEFAULT '',
    page_url text NOT NULL DEFAULT '',
    referrer text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    time_zone text NOT NULL DEFAULT '',
    chat_count integer NOT NULL DEFAULT 0,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- A session, an API key or a visitor's token. Only the SHA-256 of the secret is
-- kept. kind: 1 session, 2 API key, 3 visitor token.
CREATE TABLE credential (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    secret_hash bytea NOT NULL,
    user_id uuid,
    visitor_id uuid,
    name text NOT NULL DEFAULT '',
    scopes smallint[] NOT NULL DEFAULT '{}',
    user_agent text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL,
    expire_time timestamptz,
    revoke_time timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES "user" (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, visitor_id) REFERENCES visitor (workspace_id, id) ON DELETE CASCADE,
    CHECK ((user_id IS NULL) <> (visitor_id IS NULL))
);
CREATE INDEX credential_user ON credential (workspace_id, user_id, kind, id) WHERE user_id IS NOT NULL;

CREATE TABLE record_type (
    workspace_id uuid NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    built_in boolean NOT NULL DEFAULT false,
    -- The parley.record.v1.RecordType as JSON: it is data, read whole.
    definition jsonb NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    request_id uuid,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
CREATE UNIQUE INDEX record_type_request ON record_type (workspace_id, request_id);

CREATE TABLE record (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    title text NOT NULL,
    fields jsonb NOT NULL,
    unique_value text,
    -- The words of the title, each with its workspace and type before it, so
    -- that a search by beginnings reads the index of one type and no more.
    words tsvector NOT NULL DEFAULT '',
    version bigint NOT NULL DEFAULT 1,
    creator uuid,
    request_id uuid,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, type) REFERENCES record_type (workspace_id, name)
);
CREATE INDEX record_by_type ON record (workspace_id, type, create_time DESC, id DESC);
-- A whole title of 1,000 characters may be too long for an index.
CREATE INDEX record_by_title ON record (workspace_id, type, left(title, 100));
CREATE INDEX record_by_word ON record USING gin (words);
CREATE INDEX record_by_field ON record USING gin (fields jsonb_path_ops);
-- Contacts by the beginning of their address.
CREATE INDEX record_contact_email ON record (workspace_id, lower(fields ->> 'email') text_pattern_ops) WHERE type = 'contact';
CREATE UNIQUE INDEX record_unique ON record (workspace_id, type, unique_value) WHERE unique_value IS NOT NULL;
CREATE UNIQUE INDEX record_request ON record (workspace_id, creator, request_id) WHERE request_id IS NOT NULL;

-- A thread has the id of what it hangs on. head counts its changes and seq its
-- messages; both are handed out under the row's lock, so they are gapless and
-- in commit order. public_seq counts what outsiders may see.
-- kind: 1 record, 2 chat.
CREATE TABLE thread (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    record_type text NOT NULL DEFAULT '',
    head bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    public_seq bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
) WITH (fillfactor = 50);

-- kind, author_kind: as in parley.thread.v1. extra: the parts of a message that
-- few have (files, mentions, changes, system line), as protobuf.
CREATE TABLE message (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    seq bigint NOT NULL,
    rev bigint NOT NULL,
    public_seq bigint NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    internal boolean NOT NULL,
    subtype text NOT NULL,
    author_kind smallint NOT NULL,
    author_id uuid NOT NULL,
    author_name text NOT NULL,
    author_public_name text NOT NULL,
    body text NOT NULL,
    extra bytea,
    request_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    edit_time timestamptz,
    delete_time timestamptz,
    PRIMARY KEY (workspace_id, thread_id, seq)
) WITH (fillfactor = 90);
-- A message's id is made of its thread, author and request: this one index finds
-- messages and keeps a request from being posted twice.
CREATE UNIQUE INDEX message_id ON message (workspace_id, thread_id, id);
-- Until a thread's first change that is no post, rev equals seq and the primary
-- key serves the log, too.
CREATE INDEX message_rev ON message (workspace_id, thread_id, rev) WHERE rev > seq;

-- The texts that edits and deletions replaced, for administrators.
CREATE TABLE message_version (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    seq bigint NOT NULL,
    rev bigint NOT NULL,
    body text NOT NULL,
    extra bytea,
    editor_id uuid NOT NULL,
    replace_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, seq, rev)
);

-- How far somebody has read: seq in the internal numbering. Only grows.
CREATE TABLE read_mark (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    party_kind smallint NOT NULL,
    party_id uuid NOT NULL,
    seq bigint NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, party_id)
);

CREATE TABLE follower (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    party_kind smallint NOT NULL,
    party_id uuid NOT NULL,
    subtypes text[] NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, party_id)
);

-- What needs a user; at most one item a user and message.
-- reason: 1 message, 2 mention, 3 assignment.
CREATE TABLE inbox_item (
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    seq bigint NOT NULL,
    reason smallint NOT NULL,
    read boolean NOT NULL DEFAULT false,
    starred boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id, id)
);
CREATE UNIQUE INDEX inbox_item_message ON inbox_item (workspace_id, user_id, thread_id, seq);
CREATE INDEX inbox_item_unread ON inbox_item (workspace_id, user_id, id DESC) WHERE NOT read;
CREATE INDEX inbox_item_starred ON inbox_item (workspace_id, user_id, id DESC) WHERE starred;

-- state: 1 uploading, 2 ready and waiting for its message, 3 attached.
CREATE TABLE file (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL DEFAULT '',
    size bigint NOT NULL,
    parts integer NOT NULL DEFAULT 0,
    state smallint NOT NULL,
    internal boolean NOT NULL,
    message_id uuid,
    author_kind smallint NOT NULL,
    author_id uuid NOT NULL,
    author_name text NOT NULL,
    author_public_name text NOT NULL,
    request_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX file_request ON file (workspace_id, author_id, request_id);
CREATE INDEX file_thread ON file (workspace_id, thread_id, id DESC);
CREATE INDEX file_unfinished ON file (create_time, workspace_id, id) WHERE state < 3;

CREATE TABLE channel (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    welcome_text text NOT NULL DEFAULT '',
    title text NOT NULL DEFAULT '',
    input_placeholder text NOT NULL DEFAULT '',
    color text NOT NULL DEFAULT '',
    chat_limit integer NOT NULL DEFAULT 0,
    idle_minutes integer NOT NULL DEFAULT 30,
    allowed_origins text[] NOT NULL DEFAULT '{}',
    request_id uuid,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX channel_name ON channel (workspace_id, lower(name));
CREATE UNIQUE INDEX channel_request ON channel (workspace_id, request_id);
-- A website knows the channel's id and nothing else.
CREATE UNIQUE INDEX channel_public ON channel (id);

CREATE TABLE operator (
    workspace_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    user_id uuid NOT NULL,
    languages text[] NOT NULL DEFAULT '{}',
    skills text[] NOT NULL DEFAULT '{}',
    chat_limit integer NOT NULL DEFAULT 0,
    last_assign_time timestamptz,
    join_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, user_id)
);

-- A chat has the id of its thread. version counts the changes of this row.
-- state: 1 open, 2 closed.
CREATE TABLE chat (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    visitor_id uuid NOT NULL,
    operator_id uuid,
    state smallint NOT NULL,
    page_url text NOT NULL DEFAULT '',
    referrer text NOT NULL DEFAULT '',
    request_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    last_message_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    close_time timestamptz,
    PRIMARY KEY (workspace_id, id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX chat_request ON chat (workspace_id, visitor_id, request_id);
CREATE INDEX chat_by_time ON chat (workspace_id, last_message_time DESC, id DESC);
CREATE INDEX chat_visitor ON chat (workspace_id, visitor_id, id DESC);
CREATE INDEX chat_operator ON chat (workspace_id, channel_id, operator_id, last_message_time) WHERE state = 1;
CREATE INDEX chat_of_operator ON chat (workspace_id, operator_id, last_message_time DESC, id DESC);
-- The chats that wait for somebody, of all workspaces: few at any time.
CREATE INDEX chat_waiting ON chat (workspace_id, channel_id, id) WHERE state = 1 AND operator_id IS NULL;

-- +goose Down
DROP TABLE chat, operator, channel, file, inbox_item, follower, read_mark, message_version, message, thread,
    record, record_type, credential, visitor, "user", installation, workspace;
