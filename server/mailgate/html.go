package mailgate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parley-chat/parley/gen/db"
	mailv1 "github.com/parley-chat/parley/gen/parley/mail/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/mail"
)

// cidScheme begins the source of an image that is a file of the message.
const cidScheme = "cid:"

// maxImages is how many images of a mail are shown.
const maxImages = 50

var errNoHTML = fault.New(fault.NotFound, "MAIL_HTML_NOT_FOUND", "there is no HTML of this message")

// GetMessageHtml implements the contract's method. The HTML of a deleted message
// is not shown any more.
func (h *Handler) GetMessageHtml(ctx context.Context, req *mailv1.GetMessageHtmlRequest) (*mailv1.GetMessageHtmlResponse, error) {
	c := access.FromContext(ctx)
	m, err := h.Log.Readable(ctx, h.Gate, c, req.GetThreadId(), req.GetMessageId())
	if err != nil {
		return nil, err
	}
	if m.Delete != nil {
		return nil, errNoHTML
	}
	row, err := h.q.MailHtmlGet(ctx, h.DB, db.MailHtmlGetParams{WorkspaceID: c.Workspace, ThreadID: m.Thread, MessageID: m.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoHTML
	}
	if err != nil {
		return nil, fmt.Errorf("read the HTML of a mail: %w", err)
	}
	return &mailv1.GetMessageHtmlResponse{Html: h.withImages(ctx, row.HTML), RemoteImageCount: row.RemoteImages}, nil
}

// withImages gives the images of a mail addresses at which the caller loads them.
func (h *Handler) withImages(ctx context.Context, html string) string {
	known := make(map[string]string)
	return mail.ResolveImages(html, func(file string) string {
		if at, ok := known[file]; ok || len(known) == maxImages {
			return at
		}
		known[file] = ""
		link, err := h.Links.CreateFileLink(ctx, &threadv1.CreateFileLinkRequest{FileId: file, Kind: threadv1.FileLinkKind_FILE_LINK_KIND_UNSPECIFIED})
		if err == nil {
			known[file] = link.GetPath()
			if strings.HasPrefix(link.GetUrl(), "http") {
				known[file] = link.GetUrl()
			}
		}
		return known[file]
	})
}
