-- +goose Up

-- How far the numbers of a type have come.
CREATE TABLE record_sequence (
    workspace_id uuid NOT NULL,
    type text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (workspace_id, type),
    FOREIGN KEY (workspace_id, type) REFERENCES record_type (workspace_id, name) ON DELETE CASCADE
);

-- Which built-in types a workspace has: the version that this server counts, and a
-- digest of the definitions. A workspace without a row has those of version 1.
CREATE TABLE record_builtin (
    workspace_id uuid PRIMARY KEY,
    version integer NOT NULL,
    digest text NOT NULL
);

-- What the request that made a record gave, hashed, so that the same request id
-- with something else is told.
ALTER TABLE record ADD COLUMN request_hash bytea;

-- A task's project becomes a reference to one. What was its name so far is kept
-- under another name; the new field is added when the server starts.
UPDATE record SET fields = (record.fields - 'project') || jsonb_build_object('project_name', record.fields -> 'project')
FROM record_type
WHERE record_type.workspace_id = record.workspace_id AND record_type.name = 'task' AND record_type.built_in
    AND record_type.definition @> '{"fields": [{"name": "project", "type": "FIELD_TYPE_TEXT"}]}'
    AND NOT record_type.definition @> '{"fields": [{"name": "project_name"}]}'
    AND coalesce(record_type.definition ->> 'uniqueField', '') <> 'project'
    AND record.type = 'task' AND record.fields ? 'project';
UPDATE record_type SET version = version + 1, definition = jsonb_set(definition, '{fields}', (
    SELECT jsonb_agg(CASE WHEN field ->> 'name' = 'project' THEN field || '{"name": "project_name", "label": "Project name"}' ELSE field END ORDER BY place)
    FROM jsonb_array_elements(definition -> 'fields') WITH ORDINALITY AS f (field, place)))
WHERE name = 'task' AND built_in AND definition @> '{"fields": [{"name": "project", "type": "FIELD_TYPE_TEXT"}]}'
    AND NOT definition @> '{"fields": [{"name": "project_name"}]}' AND coalesce(definition ->> 'uniqueField', '') <> 'project';

-- +goose Down
ALTER TABLE record DROP COLUMN request_hash;
DROP TABLE record_builtin, record_sequence;
