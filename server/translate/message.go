package translate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	translationv1 "github.com/parley-chat/parley/gen/parley/translation/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/store"
	"github.com/parley-chat/parley/server/thread"
)

// callTime bounds all that is asked of a provider for one message.
const callTime = 40 * time.Second

// TranslateMessage implements the contract's method.
func (h *Handler) TranslateMessage(ctx context.Context, req *translationv1.TranslateMessageRequest) (*translationv1.TranslateMessageResponse, error) {
	c := access.FromContext(ctx)
	m, err := h.message(ctx, c, req)
	if err != nil {
		return nil, err
	}
	into, err := language.Parse(cmp.Or(req.GetLanguage(), c.Locale, "en"))
	if err != nil {
		return nil, errLanguage
	}
	t := task{message: m, language: canonical(into)}
	if t.language == "und" {
		return nil, errLanguage
	}
	known, found, err := h.known(ctx, &t)
	if err != nil || found {
		return known, err
	}
	return h.ask(ctx, c, &t)
}

// message is the one that is meant, if the caller may read it and it has text.
func (h *Handler) message(ctx context.Context, c access.Caller, req *translationv1.TranslateMessageRequest) (*thread.Message, error) {
	m, err := h.Log.Readable(ctx, h.Gate, c, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	if m.Kind != threadv1.MessageKind_MESSAGE_KIND_COMMENT || strings.TrimSpace(m.Body) == "" {
		return nil, errNothing
	}
	return &m, nil
}

// task is a message to be translated into a language.
type task struct {
	message  *thread.Message
	language string
}

// known is the translation that was made before.
func (h *Handler) known(ctx context.Context, t *task) (_ *translationv1.TranslateMessageResponse, found bool, err error) {
	row, err := h.q.TranslationGet(ctx, h.DB, db.TranslationGetParams{
		WorkspaceID: t.message.Workspace, ThreadID: t.message.Thread, MessageID: t.message.ID, Language: t.language,
	})
	if store.IsNoRows(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find translation: %w", err)
	}
	return &translationv1.TranslateMessageResponse{
		Text: row.Body, Language: row.Language, SourceLanguage: row.SourceLanguage, Provider: translationv1.TranslationProvider(row.Provider),
	}, true, nil
}

// ask has the text translated. Of several who ask for the same at once one calls,
// and goes on when its own caller hangs up.
func (h *Handler) ask(ctx context.Context, c access.Caller, t *task) (*translationv1.TranslateMessageResponse, error) {
	p, kind, err := h.provider(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	if wait, ok := h.Limiter.Allow(ctx, "translate "+c.Workspace.String()+c.ID.String(), h.Limit); !ok {
		return nil, errLimit.WithRetry(wait)
	}
	key := strings.Join([]string{c.Workspace.String(), t.message.Thread.String(), t.message.ID.String(), t.language, t.message.Body}, "\x00")
	done := h.calls.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		known, found, err := h.known(ctx, t)
		if err != nil || found {
			return known, err
		}
		return h.call(ctx, p, kind, t)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the translation: %w", ctx.Err())
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*translationv1.TranslateMessageResponse), nil // it is what the function above answers
	}
}

// call asks the provider and keeps what it answers.
func (h *Handler) call(ctx context.Context, p provider, kind translationv1.TranslationProvider, t *task) (*translationv1.TranslateMessageResponse, error) {
	text, source, err := whole(ctx, p, t.message.Body, t.language)
	if err != nil {
		h.Logger.WarnContext(ctx, "a message was not translated", "workspace", t.message.Workspace, "provider", kind,
			"reason", fault.ReasonOf(err), "cause", errors.Unwrap(err))
		return nil, err
	}
	err = h.q.TranslationInsert(ctx, h.DB, db.TranslationInsertParams{
		WorkspaceID: t.message.Workspace, ThreadID: t.message.Thread, MessageID: t.message.ID, Language: t.language, SourceLanguage: source,
		Body: text, Provider: int16(kind), CreateTime: h.Now(), Original: t.message.Body,
	})
	if err != nil {
		return nil, fmt.Errorf("keep translation: %w", err)
	}
	return &translationv1.TranslateMessageResponse{Text: text, Language: t.language, SourceLanguage: source, Provider: kind}, nil
}
