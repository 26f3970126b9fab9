-- +goose Up

ALTER TABLE file
    -- The file whose bytes these are, of a copy; NULL for bytes of its own.
    ADD COLUMN blob_id uuid,
    -- True once the parts are one object, which the store can give away itself.
    ADD COLUMN joined boolean NOT NULL DEFAULT false,
    -- 0 has none, 1 can be made, 2 is stored as JPEG, 3 as PNG.
    ADD COLUMN preview smallint NOT NULL DEFAULT 0,
    ADD COLUMN preview_width integer NOT NULL DEFAULT 0,
    ADD COLUMN preview_height integer NOT NULL DEFAULT 0;

CREATE INDEX file_blob ON file (workspace_id, blob_id) WHERE blob_id IS NOT NULL;

-- +goose Down

DROP INDEX file_blob;
ALTER TABLE file DROP COLUMN preview_height, DROP COLUMN preview_width, DROP COLUMN preview, DROP COLUMN joined, DROP COLUMN blob_id;
