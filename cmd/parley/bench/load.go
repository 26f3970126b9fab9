package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/search"
)

// load writes the messages of a corpus and what can be found of them: as the
// server would, but by COPY, and with the index made at the end. The threads come
// last, so that the server does not begin to index them itself.
func (s *stage) load(ctx context.Context, c *corpus, messages int) error {
	index, err := s.takeIndex(ctx)
	if err != nil {
		return err
	}
	words, weeks := map[string]struct{}{}, map[int16]struct{}{}
	g, ctx2 := errgroup.WithContext(ctx)
	toMessage := s.copy(ctx2, g, `COPY message (workspace_id, thread_id, seq, rev, public_seq, id, kind, internal, subtype, author_kind, author_id,
		author_name, author_public_name, body, request_id, create_time) FROM STDIN`)
	toDocument := s.copy(ctx2, g, `COPY search_document (workspace_id, thread_id, seq, audience, source, author_id, has_files, create_time, content) FROM STDIN`)
	g.Go(func() error {
		err := write(c, messages, toMessage, toDocument, words, weeks)
		toMessage.close(err)
		toDocument.close(err)
		return err
	})
	if err := g.Wait(); err != nil {
		return fmt.Errorf("load messages: %w", err)
	}
	if err := s.loadWords(ctx, c, words, weeks); err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, "SET maintenance_work_mem = '512MB'; SET statement_timeout = 0; "+index+"; ANALYZE message, search_document, search_word"); err != nil {
		return fmt.Errorf("make the index: %w", err)
	}
	return s.loadThreads(ctx, c)
}

const documentIndex = "search_document_content"

// takeIndex drops the index of words, and answers how it is made.
func (s *stage) takeIndex(ctx context.Context) (definition string, err error) {
	err = s.pool.QueryRow(ctx, "SELECT indexdef FROM pg_indexes WHERE indexname = $1", documentIndex).Scan(&definition)
	if err == nil {
		_, err = s.pool.Exec(ctx, "DROP INDEX "+documentIndex)
	}
	if err != nil {
		return "", fmt.Errorf("take the index away: %w", err)
	}
	return definition, nil
}

// lines are rows on their way into a table.
type lines struct {
	*bufio.Writer
	pipe *io.PipeWriter
}

func (l *lines) close(err error) {
	if flushed := l.Flush(); err == nil {
		err = flushed
	}
	_ = l.pipe.CloseWithError(err) // it never fails
}

// row writes a row. No value of ours has a character that would need quoting.
func (l *lines) row(values ...any) error {
	for i, v := range values {
		if i > 0 {
			_ = l.WriteByte('\t') // the last write says whether all went well
		}
		switch v := v.(type) {
		case time.Time:
			_, _ = l.WriteString(v.UTC().Format("2006-01-02 15:04:05.999999Z"))
		default:
			_, _ = fmt.Fprint(l, v)
		}
	}
	return l.WriteByte('\n')
}

// copy starts a COPY of the rows that are written.
func (s *stage) copy(ctx context.Context, g *errgroup.Group, statement string) *lines {
	reader, writer := io.Pipe()
	g.Go(func() error {
		conn, err := s.pool.Acquire(ctx)
		if err == nil {
			defer conn.Release()
			if _, err = conn.Exec(ctx, "SET statement_timeout = 0"); err == nil {
				_, err = conn.Conn().PgConn().CopyFrom(ctx, reader, statement)
			}
		}
		_ = reader.CloseWithError(err) // so that the writer ends, too
		return err
	})
	return &lines{bufio.NewWriterSize(writer, 1<<20), writer}
}

// write makes messages and their documents.
func write(c *corpus, messages int, toMessage, toDocument *lines, words map[string]struct{}, weeks map[int16]struct{}) error {
	source := search.SourceOf(access.KindRecord, "lead")
	for range messages {
		m := c.next()
		err := toMessage.row(m.Workspace, m.Thread, m.Seq, m.Rev, m.PublicSeq, m.ID, int16(m.Kind), m.Internal, m.Subtype, int16(m.Author.Kind),
			m.Author.ID, m.Author.Name, m.Author.PublicName, m.Body, m.RequestID, m.Create)
		if err != nil {
			return err
		}
		for _, d := range search.Documents(&m, source) {
			err := toDocument.row(d.Workspace, d.Thread, d.Seq, d.Audience, d.Source, d.Author, d.HasFiles, d.CreateTime, d.Content)
			if err != nil {
				return err
			}
			weeks[d.Week] = struct{}{}
			for _, word := range d.Words {
				words[word] = struct{}{}
			}
		}
	}
	return nil
}

// loadWords writes the list of all words, and the weeks.
func (s *stage) loadWords(ctx context.Context, c *corpus, words map[string]struct{}, weeks map[int16]struct{}) error {
	g, ctx2 := errgroup.WithContext(ctx)
	to := s.copy(ctx2, g, "COPY search_word (workspace_id, word, grams) FROM STDIN")
	var err error
	for word := range words {
		if err = to.row(c.workspace, word, `{"`+strings.Join(search.Grams(c.workspace, word), `","`)+`"}`); err != nil {
			break
		}
	}
	to.close(err)
	if err := g.Wait(); err != nil {
		return fmt.Errorf("load words: %w", err)
	}
	for week := range weeks {
		if _, err := s.pool.Exec(ctx, "INSERT INTO search_week VALUES ($1, $2) ON CONFLICT DO NOTHING", c.workspace, week); err != nil {
			return fmt.Errorf("load weeks: %w", err)
		}
	}
	return nil
}

// loadThreads makes the records and threads of the messages, which are indexed.
func (s *stage) loadThreads(ctx context.Context, c *corpus) error {
	records := make([]string, len(c.threads))
	for i := range records {
		records[i] = fmt.Sprint("Lead of long ago ", i)
	}
	p := []any{c.workspace, c.threads, records, c.seqs, access.KindRecord}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for _, statement := range []string{
			`INSERT INTO record (workspace_id, id, type, title, fields, create_time, update_time)
			SELECT $1, unnest($2::uuid[]), 'lead', unnest($3::text[]), '{}', now(), now() WHERE $4::bigint[] IS NOT NULL AND $5::smallint IS NOT NULL`,
			`INSERT INTO search_position (workspace_id, thread_id, rev)
			SELECT $1, unnest($2::uuid[]), unnest($4::bigint[]) WHERE $3::text[] IS NOT NULL AND $5::smallint IS NOT NULL`,
			`INSERT INTO thread (workspace_id, id, kind, record_type, head, seq, public_seq, create_time)
			SELECT $1, t.id, $5, 'lead', t.seq, t.seq, t.seq, now() FROM (SELECT unnest($2::uuid[]) AS id, unnest($4::bigint[]) AS seq) AS t
			WHERE $3::text[] IS NOT NULL`,
		} {
			if _, err := tx.Exec(ctx, statement, p...); err != nil {
				return fmt.Errorf("load threads: %w", err)
			}
		}
		return nil
	})
}

// workspace is the id of the benchmark's workspace.
func (s *stage) workspace(ctx context.Context) (id uuid.UUID, err error) {
	if err = s.pool.QueryRow(ctx, "SELECT workspace_id FROM workspace").Scan(&id); err != nil {
		return id, fmt.Errorf("find the workspace: %w", err)
	}
	return id, nil
}
