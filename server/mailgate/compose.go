package mailgate

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/mail"
)

const (
	// maxEnclosed is how many bytes of files go with a mail; what is beyond is
	// named in the text.
	maxEnclosed = 20 << 20
	// maxThreadIDs is how many earlier mails a mail refers to.
	maxThreadIDs = 20
	// subscription is the purpose of tokens that end one.
	subscription = "unsubscribe"
)

// compose is the mail that a parcel becomes.
func (h *Handler) compose(ctx context.Context, p *parcel) (*mail.Outgoing, error) {
	subject, err := h.subject(ctx, p)
	if err != nil {
		return nil, err
	}
	files, left := enclosed(p.shown.GetFiles())
	body := render(p.shown, left)
	frame := mail.Frame{Marker: mail.DefaultMarker, Heading: p.shown.GetAuthor().GetName(), Lang: p.recipient.Locale}
	if p.user() {
		frame.LinkText, frame.LinkURL = "Open in Parley", h.threadURL(p.facts)
		frame.Footer = "You get this because you want to be told by mail."
	}
	out := &mail.Outgoing{
		From:      h.sender(p),
		To:        mail.Address{Name: p.recipient.Name, Addr: p.delivery.Address},
		MessageID: h.Signer.MessageID(p.message.ID, p.settings.Domain),
		Date:      p.message.Create, Subject: subject,
		Headers: []mail.Header{{Name: mail.IDHeader, Value: h.Signer.MessageID(p.message.ID, p.settings.Domain)}, {Name: mail.HopHeader, Value: p.settings.Domain}},
	}
	if p.recipient.Follows && !p.message.Internal {
		url := h.PublicURL + "/mail/unsubscribe/" + h.Signer.Token(subscription, p.delivery.ID)
		out.Unsubscribe = mail.Unsubscribe{URL: url}
		frame.UnsubscribeText, frame.UnsubscribeURL = "Stop following", url
	}
	wrapped := frame.Wrap(body)
	out.Text, out.HTML = wrapped.Text, wrapped.HTML
	for _, f := range files {
		out.Attachments = append(out.Attachments, h.enclose(p.delivery.WorkspaceID, f))
	}
	return out, h.thread(ctx, p, out)
}

// sender is who a mail is from: the author's name before the workspace's, at the
// signed address that answers come to.
func (h *Handler) sender(p *parcel) mail.Address {
	return mail.Address{Name: via(p.shown.GetAuthor().GetName(), p.settings.SenderName), Addr: h.Signer.ReplyAddress(p.delivery.ID, p.settings.Domain)}
}

// subject is the message's own, or the record's title.
func (h *Handler) subject(ctx context.Context, p *parcel) (string, error) {
	if s := p.shown.GetSubject(); s != "" {
		return s, nil
	}
	titles, err := h.Titles.Titles(ctx, p.delivery.WorkspaceID, []uuid.UUID{p.delivery.ThreadID})
	if err != nil {
		return "", fmt.Errorf("find title: %w", err)
	}
	if p.message.PublicSeq > 1 {
		return "Re: " + titles[p.delivery.ThreadID], nil
	}
	return titles[p.delivery.ThreadID], nil
}

// thread puts the mail below those that went before it.
func (h *Handler) thread(ctx context.Context, p *parcel, out *mail.Outgoing) error {
	rows, err := h.q.MailReferenceList(ctx, h.DB, db.MailReferenceListParams{
		WorkspaceID: p.delivery.WorkspaceID, ThreadID: p.delivery.ThreadID, WithInternal: p.user(), BeforeSeq: p.message.Seq, MaxRows: maxThreadIDs,
	})
	if err != nil {
		return fmt.Errorf("find earlier mails: %w", err)
	}
	for i := len(rows) - 1; i >= 0; i-- {
		out.References = append(out.References, rows[i].MailID)
	}
	if len(rows) > 0 {
		out.InReplyTo = rows[0].MailID
	}
	return nil
}

// enclosed parts files into those that go with a mail and those that are too
// large for it.
func enclosed(files []*threadv1.File) (with, left []*threadv1.File) {
	var total int64
	for _, f := range files {
		if total+f.GetSize() > maxEnclosed {
			left = append(left, f)
			continue
		}
		total += f.GetSize()
		with = append(with, f)
	}
	return with, left
}

// enclose opens the file when the mail is written, and not before.
func (h *Handler) enclose(workspace uuid.UUID, f *threadv1.File) mail.Enclosure {
	return mail.Enclosure{Name: f.GetName(), Type: f.GetMediaType(), Open: func(ctx context.Context) (io.ReadCloser, error) {
		id, err := uuid.Parse(f.GetId())
		if err != nil {
			return nil, fmt.Errorf("read file id: %w", err)
		}
		r, _, err := h.Files.Open(ctx, workspace, id)
		return r, err
	}}
}

// render is what a recipient reads of a message.
func render(m *threadv1.Message, left []*threadv1.File) mail.Body {
	text := m.GetBody()
	for _, f := range left {
		text += fmt.Sprintf("\n\n%s (%d MB) is too large for a mail.", f.GetName(), f.GetSize()>>20)
	}
	switch {
	case m.GetKind() == threadv1.MessageKind_MESSAGE_KIND_CHANGE:
		var lines []string
		for _, c := range m.GetChanges() {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", c.GetLabel(), value(c.GetOldValue()), value(c.GetNewValue())))
		}
		return mail.RenderPlain(strings.Join(append(lines, text), "\n"))
	case m.GetFormat() == threadv1.TextFormat_TEXT_FORMAT_MARKDOWN:
		return mail.Render(text)
	default:
		return mail.RenderPlain(text)
	}
}

// value is a field's value in a change, or a dash for none.
func value(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// threadURL is where a user finds a thread in the console.
func (h *Handler) threadURL(f access.Facts) string {
	if f.Kind == access.KindChat {
		return h.PublicURL + "/chats/" + f.ID.String()
	}
	return h.PublicURL + "/records/" + f.RecordType + "/" + f.ID.String()
}
