-- +goose Up

-- How a workspace sends and receives mail. A domain is one workspace's alone:
-- it decides whose an address is. Secrets are encrypted by server/vault.
CREATE TABLE mail_setting (
    workspace_id uuid PRIMARY KEY,
    domain text NOT NULL DEFAULT '',
    server_url text NOT NULL DEFAULT '',
    user_name text NOT NULL DEFAULT '',
    password bytea,
    sender_name text NOT NULL DEFAULT '',
    hold_seconds integer NOT NULL DEFAULT 0,
    dkim_selector text NOT NULL DEFAULT '',
    dkim_key bytea,
    loop_limit integer NOT NULL DEFAULT 20,
    loop_minutes integer NOT NULL DEFAULT 120,
    trusted_senders text[] NOT NULL DEFAULT '{}',
    update_time timestamptz NOT NULL
);
CREATE UNIQUE INDEX mail_setting_domain ON mail_setting (domain) WHERE domain <> '';

CREATE TABLE mail_alias (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    record_type text NOT NULL,
    fields jsonb NOT NULL DEFAULT '{}',
    body_field text NOT NULL DEFAULT '',
    writers smallint NOT NULL DEFAULT 1,
    follower_ids uuid[] NOT NULL DEFAULT '{}',
    request_id uuid,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX mail_alias_name ON mail_alias (workspace_id, name);
CREATE UNIQUE INDEX mail_alias_request ON mail_alias (workspace_id, request_id);

-- Every id under which a mail was sent or received, with the message it is: so
-- that an answer finds its thread, and nothing is stored twice. place is empty but
-- where one mail opened several records: then it is the alias.
CREATE TABLE mail_reference (
    workspace_id uuid NOT NULL,
    mail_id text NOT NULL,
    place text NOT NULL DEFAULT '',
    thread_id uuid NOT NULL,
    message_id uuid NOT NULL,
    seq bigint NOT NULL,
    internal boolean NOT NULL,
    incoming boolean NOT NULL,
    sender text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, mail_id, place)
);
CREATE INDEX mail_reference_message ON mail_reference (workspace_id, thread_id, seq);
-- Who sent how much lately: loops.
CREATE INDEX mail_reference_sender ON mail_reference (workspace_id, sender, create_time) WHERE incoming;

-- The HTML of a mail, sanitised; read by few.
CREATE TABLE mail_html (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    message_id uuid NOT NULL,
    html text NOT NULL,
    remote_images integer NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, thread_id, message_id)
);

-- reason: as in parley.mail.v1. A mail that somebody delivers is claimed for a
-- minute, so that another does not deliver it, too.
CREATE TABLE mail_quarantine (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    reason smallint NOT NULL,
    details text NOT NULL DEFAULT '',
    mail_id text NOT NULL DEFAULT '',
    sender text NOT NULL DEFAULT '',
    recipients text[] NOT NULL DEFAULT '{}',
    envelope_sender text NOT NULL DEFAULT '',
    subject text NOT NULL DEFAULT '',
    body text NOT NULL DEFAULT '',
    file_names text[] NOT NULL DEFAULT '{}',
    size bigint NOT NULL,
    raw bytea NOT NULL,
    claim_time timestamptz,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
-- The same mail waits once.
CREATE UNIQUE INDEX mail_quarantine_once ON mail_quarantine (workspace_id, mail_id) WHERE mail_id <> '';
CREATE INDEX mail_quarantine_old ON mail_quarantine (create_time, workspace_id, id);

CREATE TABLE mail_bounce (
    workspace_id uuid NOT NULL,
    address text NOT NULL,
    count integer NOT NULL,
    reason text NOT NULL,
    bounce_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, address)
);
CREATE INDEX mail_bounce_recent ON mail_bounce (workspace_id, bounce_time DESC, address);

-- A mail that hangs on no message (an invitation, a digest), until it is sent.
CREATE TABLE mail_notice (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    -- Who it is from; empty for the workspace itself.
    author_name text NOT NULL DEFAULT '',
    subject text NOT NULL,
    body text NOT NULL,
    locale text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);

-- A mail opens a record once: what the system makes has no creator, so the
-- index of requests by creator does not see it.
CREATE UNIQUE INDEX record_request_system ON record (workspace_id, request_id) WHERE creator IS NULL AND request_id IS NOT NULL;

-- +goose Down
DROP INDEX record_request_system;
DROP TABLE mail_notice, mail_bounce, mail_quarantine, mail_html, mail_reference, mail_alias, mail_setting;
