-- +goose Up

-- How a user is told of things: 1 in the inbox, 2 by mail. Quiet hours are
-- times of day in the user's zone, both empty for none.
ALTER TABLE "user"
    ADD COLUMN notify_by smallint NOT NULL DEFAULT 1,
    ADD COLUMN quiet_from text NOT NULL DEFAULT '',
    ADD COLUMN quiet_to text NOT NULL DEFAULT '',
    ADD COLUMN notify_browser boolean NOT NULL DEFAULT true,
    ADD COLUMN activity_digest boolean NOT NULL DEFAULT false;

-- One person's copy of a message, outside of Parley. It is written with the
-- message, waits until send_time, and is then queued: from there on a job sends
-- it. channel, state: as in parley.thread.v1.
CREATE TABLE delivery (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    seq bigint NOT NULL,
    party_kind smallint NOT NULL,
    party_id uuid NOT NULL,
    channel smallint NOT NULL,
    state smallint NOT NULL,
    queued boolean NOT NULL DEFAULT false,
    address text NOT NULL,
    reason text NOT NULL DEFAULT '',
    -- The Message-ID or the messenger's id of what was sent; empty before.
    external_id text NOT NULL DEFAULT '',
    send_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
) WITH (fillfactor = 70);
-- Nobody gets a message twice by one way.
CREATE UNIQUE INDEX delivery_once ON delivery (workspace_id, thread_id, seq, party_id, channel);
-- What waits, of all workspaces: little at any time.
CREATE INDEX delivery_due ON delivery (send_time, workspace_id, id) WHERE state = 1 AND NOT queued;
-- A signed link or address in a mail names a delivery and no workspace.
CREATE INDEX delivery_id ON delivery (id);
CREATE INDEX delivery_external ON delivery (workspace_id, external_id) WHERE external_id <> '';

CREATE TABLE pin (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    seq bigint NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, seq)
);

-- What ended long ago is removed.
CREATE INDEX credential_ended ON credential (least(revoke_time, expire_time)) WHERE least(revoke_time, expire_time) IS NOT NULL;
CREATE INDEX credential_visitor ON credential (workspace_id, visitor_id) WHERE visitor_id IS NOT NULL;

-- +goose Down
DROP INDEX credential_visitor, credential_ended;
DROP TABLE pin, delivery;
ALTER TABLE "user" DROP COLUMN notify_by, DROP COLUMN quiet_from, DROP COLUMN quiet_to, DROP COLUMN notify_browser, DROP COLUMN activity_digest;
