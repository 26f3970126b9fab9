package search

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	searchv1 "github.com/parley-chat/parley/gen/parley/search/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
)

const (
	defaultPage = 20
	maxPage     = 50
	searchTime  = 10 * time.Second
)

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errEmpty    = fault.New(fault.Invalid, "QUERY_EMPTY", "there is no word in the query; give one").WithField("query")
	errNoThread = fault.New(fault.Invalid, "THREAD_REQUIRED", "say which chat to search").WithField("thread_id")
	errBusy     = fault.New(fault.Unavailable, "SEARCH_BUSY", "too many searches are under way; try again in a moment").WithRetry(time.Second)
)

// token is where a page begins, and what the pages before it found out.
type pageToken struct {
	After    place `json:"a"`
	Total    int32 `json:"n"`
	Exceeded bool  `json:"x,omitempty"`
	Wide     bool  `json:"w,omitempty"`
}

// SearchMessages implements searchv1connect.SearchServiceHandler.
func (h *Handler) SearchMessages(ctx context.Context, req *searchv1.SearchMessagesRequest) (*searchv1.SearchMessagesResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	at := pageToken{After: place{Time: latest}}
	more, err := h.Pages.Decode(ctx, req, &at)
	if err != nil {
		return nil, err
	}
	c, err := h.criteria(ctx, req)
	if err != nil {
		return nil, err
	}
	q := parse(req.GetQuery())
	if len(q.terms) == 0 {
		return nil, errEmpty
	}
	size := rpc.PageSize(req.GetPageSize(), defaultPage, maxPage)
	want := size + 1
	if !more {
		want = maxCounted + 1
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, errBusy.Wrap(ctx.Err())
	}
	q, f, err := h.search(ctx, q, c, &at, more, want)
	if err != nil {
		return nil, err
	}
	if !more {
		at.Total, at.Exceeded = int32(min(len(f.hits), maxCounted)), f.more
	}
	res := &searchv1.SearchMessagesResponse{TotalCount: at.Total, TotalExceeded: at.Exceeded, Approximate: at.Wide}
	if res.Results, err = h.results(ctx, c, q, f.hits[:min(size, len(f.hits))]); err != nil {
		return nil, err
	}
	at.After = f.last
	if len(f.hits) > size {
		at.After, f.more = f.hits[size-1].place, true
	}
	if f.more {
		res.NextPageToken, err = h.Pages.Encode(ctx, req, at)
	}
	return res, err
}

// search finds what the query says, or if that is nothing what is like it. Later
// pages go on as the first one did.
func (h *Handler) search(ctx context.Context, q query, c *criteria, at *pageToken, more bool, want int) (query, found, error) {
	if !more || !at.Wide {
		f, err := h.findAll(ctx, q, c, at.After, want)
		if err != nil || more || len(f.hits) > 0 || f.more || c.caller.Outsider() {
			return q, f, err
		}
	}
	wide, ok, err := h.widen(ctx, c.caller.Workspace, q)
	if err != nil || !ok {
		return q, found{}, err
	}
	f, err := h.findAll(ctx, wide, c, at.After, want)
	at.Wide = at.Wide || len(f.hits) > 0
	return wide, f, err
}

// criteria reads a request, and finds out where its caller may look.
func (h *Handler) criteria(ctx context.Context, req *searchv1.SearchMessagesRequest) (*criteria, error) {
	caller := access.FromContext(ctx)
	c := &criteria{
		caller: caller, audience: thread.AudienceOf(caller), hasFiles: req.GetHasFiles(), after: earliest, beforeEnd: latest,
		depends: map[string]bool{},
	}
	if t := req.GetAfterTime(); t != nil {
		c.after = t.AsTime()
	}
	if t := req.GetBeforeTime(); t != nil {
		c.beforeEnd = t.AsTime()
	}
	if id, err := uuid.Parse(req.GetAuthorId()); err == nil {
		c.author = &id
	}
	if req.GetThreadId() != "" {
		return c, h.within(ctx, c, req)
	}
	if caller.Outsider() {
		return nil, errNoThread
	}
	return c, h.everywhere(ctx, c, req.GetRecordType())
}

// within looks in one thread.
func (h *Handler) within(ctx context.Context, c *criteria, req *searchv1.SearchMessagesRequest) error {
	id, err := uuid.Parse(req.GetThreadId())
	if err != nil {
		return access.ErrThreadNotFound
	}
	rights, err := h.Gate.Read(ctx, c.caller, id)
	if err != nil {
		return err
	}
	c.thread, c.source = &id, SourceOf(rights.Kind, rights.RecordType)
	c.sources = []string{c.source}
	if req.GetRecordType() != "" && req.GetRecordType() != rights.RecordType {
		c.sources, c.beforeEnd = nil, c.after // there is nothing of that type
	}
	return nil
}

// everywhere looks in all threads that the caller may read.
func (h *Handler) everywhere(ctx context.Context, c *criteria, recordType string) error {
	for kind, source := range h.Sources {
		scope, err := source.Scope(ctx, c.caller)
		if err != nil {
			return fmt.Errorf("ask where to search: %w", err)
		}
		for i, name := range append(scope.All[:len(scope.All):len(scope.All)], scope.Depends...) {
			if recordType != "" && name != recordType {
				continue
			}
			s := SourceOf(kind, name)
			c.sources = append(c.sources, s)
			c.depends[s] = i >= len(scope.All)
			if recordType != "" {
				c.source = s
			}
		}
	}
	for s, depends := range c.depends {
		if !depends {
			delete(c.depends, s)
		}
	}
	return nil
}

// ofSource is the opposite of SourceOf.
func ofSource(source string) (kind int16, recordType string) {
	number, recordType, _ := strings.Cut(source, ":")
	n, _ := strconv.ParseInt(number, 10, 16) // SourceOf wrote a number
	return int16(n), recordType
}

// results are the hits as the caller sees them. What was deleted or changed since
// it was indexed, and what the gate does not let the caller read, is left out.
func (h *Handler) results(ctx context.Context, c *criteria, q query, hits []hit) ([]*searchv1.SearchResult, error) {
	var p db.SearchMessagesParams
	for _, one := range hits {
		p.ThreadIds, p.Seqs = append(p.ThreadIds, one.Thread), append(p.Seqs, one.Seq)
	}
	p.WorkspaceID = c.caller.Workspace
	rows, err := h.q.SearchMessages(ctx, h.DB, p)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	type key struct {
		thread uuid.UUID
		seq    int64
	}
	messages := make(map[key]thread.Message, len(rows))
	for _, row := range rows {
		messages[key{row.Message.ThreadID, row.Message.Seq}] = thread.FromRow(row.Message)
	}
	rights, err := h.rights(ctx, c.caller, hits)
	if err != nil {
		return nil, err
	}
	titles, err := h.titles(ctx, c.caller.Workspace, rights)
	if err != nil {
		return nil, err
	}
	var out []*searchv1.SearchResult
	for _, one := range hits {
		m, ok := messages[key{one.Thread, one.Seq}]
		r, allowed := rights[one.Thread]
		if !ok || !allowed {
			continue
		}
		if result := resultOf(&m, c.audience, q); result != nil {
			result.ThreadKind, result.ThreadTitle, result.RecordType = kindOf(r.Kind), titles[one.Thread], r.RecordType
			out = append(out, result)
		}
	}
	return out, nil
}

// rights asks the gate about each thread of a page.
func (h *Handler) rights(ctx context.Context, c access.Caller, hits []hit) (map[uuid.UUID]access.Rights, error) {
	rights, asked := map[uuid.UUID]access.Rights{}, map[uuid.UUID]bool{}
	for _, one := range hits {
		if asked[one.Thread] {
			continue
		}
		asked[one.Thread] = true
		r, err := h.Gate.Read(ctx, c, one.Thread)
		if errors.Is(err, access.ErrThreadNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rights[one.Thread] = r
	}
	return rights, nil
}

func (h *Handler) titles(ctx context.Context, workspace uuid.UUID, rights map[uuid.UUID]access.Rights) (map[uuid.UUID]string, error) {
	ids := map[int16][]uuid.UUID{}
	for id, r := range rights {
		ids[r.Kind] = append(ids[r.Kind], id)
	}
	all := map[uuid.UUID]string{}
	for kind, some := range ids {
		source := h.Sources[kind]
		if source == nil {
			continue
		}
		titles, err := source.Titles(ctx, workspace, some)
		if err != nil {
			return nil, fmt.Errorf("find titles: %w", err)
		}
		for id, title := range titles {
			all[id] = title
		}
	}
	return all, nil
}

// resultOf is a message with what was found in it; nil if it is not there any
// more.
func resultOf(m *thread.Message, to thread.Audience, q query) *searchv1.SearchResult {
	view := thread.Redact(m, to)
	parts := partsOf(view)
	hits, ok := q.match(parts)
	if !ok || len(parts) == 0 {
		return nil
	}
	return &searchv1.SearchResult{
		ThreadId: view.GetThreadId(), MessageId: view.GetId(), Seq: view.GetSeq(), Kind: view.GetKind(), Internal: view.GetInternal(),
		Author: view.GetAuthor(), CreateTime: timestamppb.New(m.Create), EditTime: view.GetEditTime(), Excerpts: excerpts(parts, hits),
		FileCount: int32(len(view.GetFiles())),
	}
}

func kindOf(kind int16) chatterv1.ThreadKind {
	switch kind {
	case access.KindRecord:
		return chatterv1.ThreadKind_THREAD_KIND_RECORD
	case access.KindChat:
		return chatterv1.ThreadKind_THREAD_KIND_CHAT
	default:
		return chatterv1.ThreadKind_THREAD_KIND_UNSPECIFIED
	}
}
