-- +goose Up

-- What can be found of a message, by those readers of audience: a bit for each
-- thread.Audience. A message that looks different to some of them has a row for
-- each look. content has the words of that look, each behind the workspace's tag
-- and the message's week, so that a search reads one workspace's words of some
-- weeks and no more; see server/search.
-- source: what the thread hangs on, as "kind:record type".
CREATE TABLE search_document (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    seq bigint NOT NULL,
    audience smallint NOT NULL,
    source text NOT NULL,
    author_id uuid NOT NULL,
    has_files boolean NOT NULL,
    create_time timestamptz NOT NULL,
    content tsvector NOT NULL,
    PRIMARY KEY (workspace_id, thread_id, seq, audience)
);
-- Without a list of pending entries, which every look at one week would read.
CREATE INDEX search_document_content ON search_document USING gin (content) WITH (fastupdate = off);

-- The weeks of which a workspace has documents.
CREATE TABLE search_week (
    workspace_id uuid NOT NULL,
    week smallint NOT NULL,
    PRIMARY KEY (workspace_id, week)
);

-- How far a thread is indexed: all that has changed up to rev.
CREATE TABLE search_position (
    workspace_id uuid NOT NULL,
    thread_id uuid NOT NULL,
    rev bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, thread_id)
) WITH (fillfactor = 70);

-- Each word once, to find those that contain another or are spelt like it. grams
-- are its pieces of three letters, each behind the workspace's tag.
CREATE TABLE search_word (
    workspace_id uuid NOT NULL,
    word text NOT NULL,
    grams text[] NOT NULL,
    PRIMARY KEY (workspace_id, word)
);
CREATE INDEX search_word_grams ON search_word USING gin (grams);

-- +goose Down
DROP TABLE search_word, search_position, search_week, search_document;
