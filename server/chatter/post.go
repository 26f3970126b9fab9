package chatter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	chatterv1 "github.com/parley-chat/parley/gen/parley/chatter/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/file"
	"github.com/parley-chat/parley/server/thread"
)

// PostMessage implements chatterv1connect.ChatterServiceHandler. Without
// mentions and files it costs the one statement that the log posts with.
func (h *Handler) PostMessage(ctx context.Context, req *chatterv1.PostMessageRequest) (*chatterv1.PostMessageResponse, error) {
	c := access.FromContext(ctx)
	id, err := threadID(req.GetThreadId())
	if err != nil {
		return nil, err
	}
	rights, err := h.gate.Post(ctx, c, id)
	if err != nil {
		return nil, err
	}
	m, err := h.post(ctx, c, rights, req)
	if err != nil {
		return nil, err
	}
	return &chatterv1.PostMessageResponse{Message: thread.Redact(&m, thread.AudienceOf(c))}, nil
}

func (h *Handler) post(ctx context.Context, c access.Caller, rights access.Rights, req *chatterv1.PostMessageRequest) (thread.Message, error) {
	d, err := h.draft(ctx, c, rights, req)
	if err == nil {
		err = h.enrich(ctx, c, &d, req)
	}
	if err != nil {
		return h.posted(ctx, &d, err)
	}
	return h.log.Post(ctx, d)
}

// draft is the message without what must be looked up.
func (h *Handler) draft(ctx context.Context, c access.Caller, rights access.Rights, req *chatterv1.PostMessageRequest) (thread.Draft, error) {
	request, err := uuid.Parse(req.GetRequestId())
	if err != nil {
		return thread.Draft{}, thread.ErrReused
	}
	if rights.Kind == access.KindTemplate { // its thread is for files alone
		return thread.Draft{}, access.ErrPostDenied
	}
	d := thread.Draft{
		Workspace: c.Workspace, Thread: rights.ID, RequestID: request, Kind: threadv1.MessageKind_MESSAGE_KIND_COMMENT,
		Internal: req.GetInternal(), Subtype: thread.SubtypeDiscussions, Author: thread.AuthorOf(c), Notify: true,
		Chat: rights.Kind == access.KindChat,
	}
	if d.Internal {
		d.Subtype = thread.SubtypeNotes
	}
	if d.Body, err = cleanBody(req.GetBody(), len(req.GetFileIds()) > 0); err != nil {
		return d, err
	}
	if rights.Kind == access.KindRecord {
		subtypes, err := h.subtypes(ctx, c.Workspace, rights.Facts)
		if err != nil {
			return d, err
		}
		d.Follow = subtypes.defaults(threadv1.PartyKind_PARTY_KIND_USER)
	}
	d.Mail, err = h.mailOf(ctx, c.Workspace, rights.Facts, d.Internal)
	return d, err
}

// enrich adds what few messages have: files, mentions, what they answer, a
// subject, recipients of their own.
func (h *Handler) enrich(ctx context.Context, c access.Caller, d *thread.Draft, req *chatterv1.PostMessageRequest) error {
	plain := req.GetFormat() != threadv1.TextFormat_TEXT_FORMAT_MARKDOWN && req.GetReplyToId() == "" && req.GetSubject() == ""
	if plain && len(req.GetFileIds()) == 0 && len(req.GetMentionIds()) == 0 {
		return h.addRecipients(ctx, d, req.GetRecipientIds(), req.GetExceptIds())
	}
	d.Extra = &wirev1.Extra{Subject: cleanSubject(req.GetSubject()), Format: req.GetFormat()}
	if err := h.addReply(ctx, d, req.GetReplyToId()); err != nil {
		return err
	}
	if err := h.addFiles(ctx, c, d, req.GetFileIds()); err != nil {
		return err
	}
	if err := h.addMentions(ctx, d, req.GetMentionIds()); err != nil {
		return err
	}
	return h.addRecipients(ctx, d, req.GetRecipientIds(), req.GetExceptIds())
}

// excerptLength is how much of a message an answer to it shows, in characters.
const excerptLength = 200

// addReply says what the draft answers. An answer to a note is a note; only what
// the system itself noted can be answered in public.
func (h *Handler) addReply(ctx context.Context, d *thread.Draft, name string) error {
	if name == "" {
		return nil
	}
	id, err := uuid.Parse(name)
	if err != nil {
		return errReplyUnknown
	}
	m, err := h.log.Get(ctx, d.Workspace, d.Thread, id)
	if errors.Is(err, thread.ErrNoMessage) {
		return errReplyUnknown
	}
	if err != nil {
		return err
	}
	if m.Internal && !d.Internal && m.Author.Kind != threadv1.PartyKind_PARTY_KIND_SYSTEM {
		return errReplyInternal
	}
	excerpt := []rune(m.Body)
	d.Extra.ReplyTo = &wirev1.Reply{
		Reference: &threadv1.MessageReference{
			MessageId: m.ID.String(), Seq: m.Seq, Author: m.Author.Party(), Excerpt: string(excerpt[:min(len(excerpt), excerptLength)]),
		},
		PublicSeq: m.PublicSeq, AuthorPublicName: m.Author.PublicName, Internal: thread.Redact(&m, thread.Outside) == nil,
	}
	return nil
}

// cleanSubject is a subject on one line.
func cleanSubject(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
}

// posted answers the message that an earlier try posted, whatever stands in its
// way now; and the failure if there was none.
func (h *Handler) posted(ctx context.Context, d *thread.Draft, failure error) (thread.Message, error) {
	if d.RequestID == uuid.Nil {
		return thread.Message{}, failure
	}
	return h.log.Earlier(ctx, d, failure)
}

// addFiles gives the draft the descriptions of its files. That they are to be
// had is decided by the statement that takes them.
func (h *Handler) addFiles(ctx context.Context, c access.Caller, d *thread.Draft, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ids, err := parseIDs(names)
	if err != nil {
		return thread.ErrNoFile
	}
	rows, err := h.q.FileListByID(ctx, h.db, db.FileListByIDParams{
		WorkspaceID: d.Workspace, ThreadID: d.Thread, AuthorID: c.ID, Ids: ids,
	})
	if err != nil {
		return fmt.Errorf("find files to send: %w", err)
	}
	for _, id := range ids {
		i := slices.IndexFunc(rows, func(f db.File) bool { return f.ID == id })
		if i < 0 || !file.Sendable(&rows[i]) {
			return thread.ErrNoFile.With("file_id", id.String())
		}
		if rows[i].Internal && !d.Internal {
			return errFileInternal.With("file_id", id.String())
		}
		rows[i].Internal = d.Internal
		d.Extra.Files = append(d.Extra.Files, file.Describe(&rows[i], thread.Administrators))
	}
	d.Files = ids
	return nil
}

// cleanBody is a text as it is stored: without space around it, lines ended in
// one way. It must say something unless files do.
func cleanBody(s string, hasFiles bool) (string, error) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", errBodyInvalid
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if visible(s) {
		return s, nil
	}
	if !hasFiles {
		return "", errBodyEmpty
	}
	return "", nil
}

// visible is true if a text has anything that a reader sees.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) &&
			!unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
}

func parseIDs(names []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(names))
	for i, name := range names {
		id, err := uuid.Parse(name)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
