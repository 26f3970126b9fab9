-- +goose Up

-- A template has a thread of kind 3 with its id, which its files are in.
CREATE TABLE message_template (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    record_type text NOT NULL DEFAULT '',
    name text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    author_id uuid NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    request_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, id) REFERENCES thread (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX message_template_name ON message_template (workspace_id, record_type, lower(name));
CREATE UNIQUE INDEX message_template_request ON message_template (workspace_id, author_id, request_id);

-- content: a parley.compose.v1.Content. A draft that was deleted stays for a day,
-- without content, so that a save that comes late does not bring it back.
CREATE TABLE draft (
    workspace_id uuid NOT NULL,
    user_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    internal boolean NOT NULL,
    id uuid NOT NULL,
    content bytea NOT NULL,
    revision bigint NOT NULL,
    deleted boolean NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id, thread_id, internal),
    FOREIGN KEY (workspace_id, thread_id) REFERENCES thread (workspace_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX draft_of_user ON draft (workspace_id, user_id, update_time DESC, id DESC) WHERE NOT deleted;
CREATE INDEX draft_thread ON draft (workspace_id, thread_id);
CREATE INDEX draft_deleted ON draft (update_time) WHERE deleted;

-- A scheduled message is posted with its id as the request id, so that it is
-- posted once. state: as in parley.compose.v1.
CREATE TABLE scheduled_message (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    author_id uuid NOT NULL,
    internal boolean NOT NULL,
    content bytea NOT NULL,
    send_time timestamptz NOT NULL,
    state smallint NOT NULL,
    failure_reason text NOT NULL DEFAULT '',
    failure_message text NOT NULL DEFAULT '',
    message_id uuid,
    version bigint NOT NULL DEFAULT 1,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, thread_id) REFERENCES thread (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX scheduled_message_thread ON scheduled_message (workspace_id, thread_id, send_time, id);
CREATE INDEX scheduled_message_author ON scheduled_message (workspace_id, author_id, send_time, id) WHERE state IN (1, 2, 4);
-- What waits, of all workspaces, and what is over.
CREATE INDEX scheduled_message_due ON scheduled_message (send_time) WHERE state IN (1, 2);
CREATE INDEX scheduled_message_over ON scheduled_message (update_time) WHERE state IN (3, 5);

-- A file that a draft or a scheduled message waits with; it is not swept.
CREATE TABLE file_hold (
    workspace_id uuid NOT NULL,
    holder_id uuid NOT NULL,
    file_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    PRIMARY KEY (workspace_id, holder_id, file_id),
    FOREIGN KEY (workspace_id, file_id) REFERENCES file (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, thread_id) REFERENCES thread (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX file_hold_file ON file_hold (workspace_id, file_id);
CREATE INDEX file_hold_thread ON file_hold (workspace_id, thread_id);

-- +goose Down
DROP TABLE file_hold, scheduled_message, draft, message_template;
