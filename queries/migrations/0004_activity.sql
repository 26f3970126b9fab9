-- +goose Up

-- IANA names, such as "Europe/Stockholm". A user without one has the
-- workspace's.
ALTER TABLE workspace ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
-- activity_digest_day is the last day, in the user's zone, whose digest is done
-- with.
ALTER TABLE "user"
    ADD COLUMN time_zone text NOT NULL DEFAULT '',
    ADD COLUMN activity_digest_day date;

-- builtin names those that every workspace has; empty for the others. due_unit,
-- due_base, next_mode: as in parley.activity.v1.
CREATE TABLE activity_type (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    builtin text NOT NULL DEFAULT '',
    name text NOT NULL,
    icon text NOT NULL DEFAULT '',
    record_type text NOT NULL DEFAULT '',
    default_summary text NOT NULL DEFAULT '',
    default_note text NOT NULL DEFAULT '',
    default_assignee_id uuid,
    due_count integer NOT NULL DEFAULT 0,
    due_unit smallint NOT NULL DEFAULT 1,
    due_base smallint NOT NULL DEFAULT 1,
    next_type_id uuid,
    next_mode smallint NOT NULL DEFAULT 1,
    archived boolean NOT NULL DEFAULT false,
    position integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    request_id uuid,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX activity_type_builtin ON activity_type (workspace_id, builtin) WHERE builtin <> '';
CREATE UNIQUE INDEX activity_type_name ON activity_type (workspace_id, record_type, lower(name));
CREATE UNIQUE INDEX activity_type_request ON activity_type (workspace_id, request_id);

-- What every new workspace gets from ActivityTypeInstall, for those there are.
INSERT INTO activity_type (workspace_id, id, builtin, name, icon, due_count, position, create_time)
SELECT workspace.workspace_id, gen_random_uuid(), kind.builtin, kind.name, kind.icon, kind.due_count, kind.position, now()
FROM workspace, (VALUES
    ('todo', 'To-do', 'checkbox', 5, 10),
    ('email', 'E-mail', 'mail', 0, 20),
    ('call', 'Call', 'phone', 2, 30),
    ('meeting', 'Meeting', 'users', 0, 40),
    ('upload', 'Upload document', 'upload', 5, 50)
) AS kind (builtin, name, icon, due_count, position);

-- An activity's id is made of who scheduled it, the request, the record and its
-- place in the request, so that a request is carried out once. One that was
-- cancelled has no row; one that was done keeps it, with the message that tells
-- of it. All of them go with their thread.
CREATE TABLE activity (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    record_type text NOT NULL,
    type_id uuid NOT NULL,
    summary text NOT NULL,
    note text NOT NULL,
    assignee_id uuid NOT NULL,
    due_date date NOT NULL,
    creator_id uuid NOT NULL,
    done boolean NOT NULL DEFAULT false,
    done_by uuid,
    done_time timestamptz,
    feedback text NOT NULL DEFAULT '',
    message_id uuid,
    -- The activity that was scheduled when this one was done.
    next_id uuid,
    version bigint NOT NULL DEFAULT 1,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, thread_id) REFERENCES thread (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX activity_thread ON activity (workspace_id, thread_id, due_date, id);
CREATE INDEX activity_assignee ON activity (workspace_id, assignee_id, due_date, id) WHERE NOT done;
CREATE INDEX activity_record_type ON activity (workspace_id, record_type, due_date, id) WHERE NOT done;
CREATE INDEX activity_due ON activity (workspace_id, due_date, id) WHERE NOT done;
CREATE INDEX activity_done ON activity (workspace_id, due_date, id) WHERE done;

CREATE TABLE activity_file (
    workspace_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    file_id uuid NOT NULL,
    PRIMARY KEY (workspace_id, activity_id, file_id),
    FOREIGN KEY (workspace_id, activity_id) REFERENCES activity (workspace_id, id) ON DELETE CASCADE
);

-- items: the parley.activity.v1.ActivityPlan's, as JSON: it is data, read whole.
CREATE TABLE activity_plan (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    record_type text NOT NULL DEFAULT '',
    items jsonb NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 1,
    request_id uuid,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX activity_plan_name ON activity_plan (workspace_id, lower(name));
CREATE UNIQUE INDEX activity_plan_request ON activity_plan (workspace_id, request_id);

-- An item of an activity tells of no message. Its seq is below zero, so that it
-- meets no message's, and counts as read with whatever is read in the thread.
ALTER TABLE inbox_item ADD COLUMN activity_id uuid;
CREATE UNIQUE INDEX inbox_item_activity ON inbox_item (workspace_id, user_id, activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX inbox_item_of_activity ON inbox_item (workspace_id, activity_id) WHERE activity_id IS NOT NULL;

-- +goose Down
DELETE FROM inbox_item WHERE activity_id IS NOT NULL;
ALTER TABLE inbox_item DROP COLUMN activity_id;
DROP TABLE activity_plan, activity_file, activity, activity_type;
ALTER TABLE "user" DROP COLUMN activity_digest_day, DROP COLUMN time_zone;
ALTER TABLE workspace DROP COLUMN time_zone;
