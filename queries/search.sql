-- SearchFind finds what can be found by a reader, week by week, the newest first.
-- queries are tsqueries, each of one week; a week's words stand under one tag, so
-- that each of them reads the index of that week and no more. sources and the
-- thread say where to look; after and before bound the time; what is not older
-- than the place is on earlier pages.
-- name: SearchFind :many
SELECT found.thread_id, found.seq, found.source, found.create_time
FROM unnest(@queries::text[]) AS wanted(query)
CROSS JOIN LATERAL (
    SELECT d.thread_id, d.seq, d.source, d.create_time FROM search_document AS d
    WHERE d.workspace_id = @workspace_id AND d.content @@ wanted.query::tsquery AND d.audience & @audience::smallint <> 0
        AND d.source = ANY (@sources::text[])
        AND (sqlc.narg(thread_id)::uuid IS NULL OR d.thread_id = sqlc.narg(thread_id)::uuid)
        AND (sqlc.narg(author_id)::uuid IS NULL OR d.author_id = sqlc.narg(author_id)::uuid)
        AND (NOT @has_files::boolean OR d.has_files)
        AND d.create_time >= @after::timestamptz AND d.create_time < @before::timestamptz
        AND (d.create_time, d.thread_id, d.seq) < (@place_time::timestamptz, @place_thread::uuid, @place_seq::bigint)
    ORDER BY d.create_time DESC, d.thread_id DESC, d.seq DESC
    LIMIT @max_rows::integer
) AS found
ORDER BY found.create_time DESC, found.thread_id DESC, found.seq DESC
LIMIT @max_rows::integer;

-- SearchWeekList answers the weeks of which there is something, the newest first.
-- name: SearchWeekList :many
SELECT week FROM search_week
WHERE workspace_id = @workspace_id AND week BETWEEN @first::smallint AND @last::smallint
ORDER BY week DESC
LIMIT 4096;

-- SearchMessages reads messages by their places.
-- name: SearchMessages :many
SELECT sqlc.embed(message)
FROM (SELECT unnest(@thread_ids::uuid[]) AS thread_id, unnest(@seqs::bigint[]) AS seq) AS wanted
JOIN message ON message.workspace_id = @workspace_id AND message.thread_id = wanted.thread_id AND message.seq = wanted.seq;

-- SearchWordsContaining answers words that have a text in them, the shortest
-- first. grams are the text's pieces, which narrow the search.
-- name: SearchWordsContaining :many
SELECT word FROM search_word
WHERE workspace_id = @workspace_id AND grams @> @grams::text[] AND position(@part::text IN word) > 0
ORDER BY char_length(word), word
LIMIT @max_rows::integer;

-- SearchWordsAlike answers words of about a word's length that share a piece with
-- it.
-- name: SearchWordsAlike :many
SELECT word FROM search_word
WHERE workspace_id = @workspace_id AND grams && @grams::text[]
    AND char_length(word) BETWEEN @shortest::integer AND @longest::integer
LIMIT @max_rows::integer;

-- SearchPosition answers how far a thread is indexed.
-- name: SearchPosition :one
SELECT coalesce((SELECT rev FROM search_position
    WHERE search_position.workspace_id = @workspace_id AND search_position.thread_id = @thread_id), 0)::bigint AS rev;

-- SearchPositionCreate makes the positions of threads that have none.
-- name: SearchPositionCreate :exec
INSERT INTO search_position (workspace_id, thread_id)
SELECT unnest(@workspace_ids::uuid[]), unnest(@thread_ids::uuid[])
ON CONFLICT DO NOTHING;

-- SearchPositionLock holds positions for indexing. Those that another node holds
-- are left out: it is at work there.
-- name: SearchPositionLock :many
SELECT p.workspace_id, p.thread_id, p.rev
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id) AS wanted
JOIN search_position AS p ON p.workspace_id = wanted.workspace_id AND p.thread_id = wanted.thread_id
FOR UPDATE OF p SKIP LOCKED;

-- SearchPositionAdvance says how far threads are indexed now.
-- name: SearchPositionAdvance :exec
UPDATE search_position SET rev = done.rev
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id, unnest(@revs::bigint[]) AS rev) AS done
WHERE search_position.workspace_id = done.workspace_id AND search_position.thread_id = done.thread_id;

-- SearchPositionDelete forgets threads that are gone.
-- name: SearchPositionDelete :exec
DELETE FROM search_position
USING (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id) AS gone
WHERE search_position.workspace_id = gone.workspace_id AND search_position.thread_id = gone.thread_id;

-- SearchThreads answers the heads of those threads that are there, and what they
-- hang on.
-- name: SearchThreads :many
SELECT thread.workspace_id, thread.id, thread.head, thread.kind, thread.record_type
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id) AS wanted
JOIN thread ON thread.workspace_id = wanted.workspace_id AND thread.id = wanted.thread_id;

-- SearchChanged reads what changed in threads after the rev of each, in order, so
-- many of each at most; as MessageSince does for one.
-- name: SearchChanged :many
SELECT changed.*
FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id, unnest(@revs::bigint[]) AS rev) AS wanted
CROSS JOIN LATERAL (
    SELECT newer.* FROM (
        (SELECT m.* FROM message AS m
        WHERE m.workspace_id = wanted.workspace_id AND m.thread_id = wanted.thread_id AND m.seq > wanted.rev AND m.rev = m.seq
        ORDER BY m.seq LIMIT @each::integer)
        UNION ALL
        (SELECT m.* FROM message AS m
        WHERE m.workspace_id = wanted.workspace_id AND m.thread_id = wanted.thread_id AND m.rev > wanted.rev AND m.rev > m.seq
        ORDER BY m.rev LIMIT @each::integer)
    ) AS newer
    ORDER BY newer.rev LIMIT @each::integer
) AS changed;

-- SearchDocumentDelete removes what could be found of some messages and cannot any
-- more, and answers the words that stood there. What stays the same stays: a
-- reaction changes a message, and no word of it.
-- name: SearchDocumentDelete :many
DELETE FROM search_document AS d
USING (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id, unnest(@seqs::bigint[]) AS seq) AS old
WHERE d.workspace_id = old.workspace_id AND d.thread_id = old.thread_id AND d.seq = old.seq AND NOT EXISTS (
    SELECT 1 FROM (
        SELECT unnest(@new_workspace_ids::uuid[]) AS workspace_id, unnest(@new_thread_ids::uuid[]) AS thread_id, unnest(@new_seqs::bigint[]) AS seq,
            unnest(@new_audiences::smallint[]) AS audience, unnest(@new_contents::text[]) AS content
    ) AS new
    WHERE new.workspace_id = d.workspace_id AND new.thread_id = d.thread_id AND new.seq = d.seq AND new.audience = d.audience
        AND new.content::tsvector = d.content
)
RETURNING d.workspace_id, tsvector_to_array(d.content)::text[] AS words;

-- SearchDocumentDrop removes some of what could be found of threads that are
-- gone.
-- name: SearchDocumentDrop :many
DELETE FROM search_document AS d
USING (
    SELECT o.workspace_id, o.thread_id, o.seq, o.audience
    FROM (SELECT unnest(@workspace_ids::uuid[]) AS workspace_id, unnest(@thread_ids::uuid[]) AS thread_id) AS gone
    JOIN search_document AS o ON o.workspace_id = gone.workspace_id AND o.thread_id = gone.thread_id
    LIMIT @max_rows::integer
) AS old
WHERE d.workspace_id = old.workspace_id AND d.thread_id = old.thread_id AND d.seq = old.seq AND d.audience = old.audience
RETURNING d.workspace_id, tsvector_to_array(d.content)::text[] AS words;

-- SearchDocumentInsert makes messages findable that are not yet.
-- name: SearchDocumentInsert :exec
INSERT INTO search_document (workspace_id, thread_id, seq, audience, source, author_id, has_files, create_time, content)
SELECT unnest(@workspace_ids::uuid[]), unnest(@thread_ids::uuid[]), unnest(@seqs::bigint[]), unnest(@audiences::smallint[]),
    unnest(@sources::text[]), unnest(@author_ids::uuid[]), unnest(@have_files::boolean[]), unnest(@create_times::timestamptz[]),
    unnest(@contents::text[])::tsvector
ON CONFLICT DO NOTHING;

-- SearchWeekInsert says of which weeks there is something.
-- name: SearchWeekInsert :exec
INSERT INTO search_week (workspace_id, week)
SELECT unnest(@workspace_ids::uuid[]), unnest(@weeks::smallint[])
ON CONFLICT DO NOTHING;

-- SearchWordInsert adds the words that are new. grams are each word's pieces,
-- separated by spaces.
-- name: SearchWordInsert :exec
INSERT INTO search_word (workspace_id, word, grams)
SELECT unnest(@workspace_ids::uuid[]), unnest(@words::text[]), string_to_array(unnest(@grams::text[]), ' ')
ON CONFLICT DO NOTHING;

-- SearchWordPrune removes those words that stand nowhere any more. tag and weeks
-- are how words begin in the index.
-- name: SearchWordPrune :exec
DELETE FROM search_word
WHERE search_word.workspace_id = @workspace_id AND search_word.word = ANY (@words::text[]) AND NOT EXISTS (
    SELECT 1 FROM unnest(@weeks::text[]) AS w(week)
    CROSS JOIN LATERAL (
        SELECT 1 FROM search_document AS d
        WHERE d.workspace_id = @workspace_id AND d.content @@ ('''' || w.week || search_word.word || '''')::tsquery
        LIMIT 1
    ) AS used
);

-- SearchBehind looks at so many threads after a place and answers those that are
-- not indexed to their heads. done is the last thread that was looked at.
-- name: SearchBehind :many
SELECT looked.workspace_id, looked.id, looked.head > coalesce(p.rev, 0) AS behind
FROM (
    SELECT thread.workspace_id, thread.id, thread.head FROM thread
    WHERE (thread.workspace_id, thread.id) > (@workspace_id::uuid, @id::uuid)
    ORDER BY thread.workspace_id, thread.id
    LIMIT @max_rows::integer
) AS looked
LEFT JOIN search_position AS p ON p.workspace_id = looked.workspace_id AND p.thread_id = looked.id
ORDER BY looked.workspace_id, looked.id;

-- SearchGone looks at so many positions after a place and says of each whether
-- its thread is gone.
-- name: SearchGone :many
SELECT looked.workspace_id, looked.thread_id, (thread.id IS NULL)::boolean AS gone
FROM (
    SELECT p.workspace_id, p.thread_id FROM search_position AS p
    WHERE (p.workspace_id, p.thread_id) > (@workspace_id::uuid, @thread_id::uuid)
    ORDER BY p.workspace_id, p.thread_id
    LIMIT @max_rows::integer
) AS looked
LEFT JOIN thread ON thread.workspace_id = looked.workspace_id AND thread.id = looked.thread_id
ORDER BY looked.workspace_id, looked.thread_id;

-- RecordTypeNames answers the names of a workspace's types.
-- name: RecordTypeNames :many
SELECT name FROM record_type
WHERE workspace_id = @workspace_id
ORDER BY name
LIMIT @max_rows::integer;
