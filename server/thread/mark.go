package thread

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// MarkRead says that somebody has read up to seq, in the numbering of the
// audience they belong to. A mark only grows.
func (l *Log) MarkRead(ctx context.Context, workspace, thread uuid.UUID, who Author, seq int64, to Audience) (Mark, error) {
	if to == Outside {
		internal, err := l.q.MessageSeqOfPublic(ctx, l.db, db.MessageSeqOfPublicParams{WorkspaceID: workspace, ThreadID: thread, PublicSeq: seq})
		if err != nil {
			return Mark{}, fmt.Errorf("translate seq: %w", err)
		}
		seq = internal
	}
	row, err := l.q.ReadMarkAdvance(ctx, l.db, db.ReadMarkAdvanceParams{
		WorkspaceID: workspace, ThreadID: thread, PartyKind: int16(who.Kind), PartyID: who.ID, Seq: seq, UpdateTime: l.now(),
	})
	if err != nil {
		return Mark{}, fmt.Errorf("advance read mark: %w", err)
	}
	m := Mark{Thread: thread, Party: who.Party(), PublicName: who.PublicName, Seq: row.Seq, PublicSeq: row.PublicSeq}
	l.announcer.Mark(workspace, m)
	return m, nil
}

// Marks are how far everybody has read, at most 200 of them, the newest first.
func (l *Log) Marks(ctx context.Context, workspace, thread uuid.UUID) ([]Mark, error) {
	rows, err := l.q.ReadMarkList(ctx, l.db, db.ReadMarkListParams{WorkspaceID: workspace, ThreadID: thread})
	if err != nil {
		return nil, fmt.Errorf("list read marks: %w", err)
	}
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		party := &threadv1.Party{Kind: threadv1.PartyKind(r.PartyKind), Id: r.PartyID.String(), Name: r.Name}
		marks[i] = Mark{Thread: thread, Party: party, PublicName: r.PublicName, Seq: r.Seq, PublicSeq: r.PublicSeq}
	}
	return marks, nil
}
