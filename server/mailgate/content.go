package mailgate

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
	wirev1 "github.com/parley-chat/parley/gen/parley/wire/v1"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/mail"
	"github.com/parley-chat/parley/server/thread"
)

const (
	// maxBody is how much of a mail's text becomes a message, in characters; and of
	// the quoted text below it. The whole is a file then.
	maxBody = 20_000
	// maxFiles is how many attachments are kept.
	maxFiles = 100
	// wholeName is the name of the file that has the whole text.
	wholeName = "mail.txt"
	// noText is what a mail without any says.
	noText = "(no text)"
	// maxSubject is how much of a subject is kept, in characters.
	maxSubject = 500
)

// content is what a message gets of a mail.
type content struct {
	body  string
	extra *wirev1.Extra
	files []uuid.UUID
	html  string
}

// contentOf reads what a mail says, and stores its files for a thread.
func (h *Handler) contentOf(ctx context.Context, workspace, threadID uuid.UUID, author thread.Author, note bool, in *mail.Incoming) (*content, error) {
	c := &content{extra: &wirev1.Extra{
		Subject: cut(in.Subject, maxSubject),
		Mail: &threadv1.MailOrigin{
			From: in.From.Addr, FromName: cut(in.From.Name, maxName), Quoted: cut(in.Quoted, maxBody), HasHtml: in.HTML != "",
		},
	}}
	keep := func(name string, r io.Reader) (*threadv1.File, error) {
		f, err := h.Files.Store(ctx, workspace, threadID, author, name, r, note)
		if err != nil {
			return nil, err
		}
		id, err := uuid.Parse(f.GetId())
		if err != nil {
			return nil, fmt.Errorf("read file id: %w", err)
		}
		c.extra.Files, c.files = append(c.extra.Files, f), append(c.files, id)
		return f, nil
	}
	dropped, shown, err := keepAttachments(in, keep)
	if err != nil {
		return nil, err
	}
	text := message(in, dropped)
	c.body = cut(text, maxBody)
	if c.body != text || c.extra.GetMail().GetQuoted() != in.Quoted {
		whole := strings.TrimSpace(text + "\n\n" + in.Quoted)
		if _, err := keep(wholeName, strings.NewReader(whole)); err != nil {
			return nil, fmt.Errorf("keep the whole text: %w", err)
		}
	}
	if c.body == "" && len(c.files) == 0 {
		c.body = noText
	}
	c.html = mail.ResolveImages(in.HTML, func(contentID string) string {
		if id := shown[contentID]; id != "" {
			return cidScheme + id
		}
		return ""
	})
	return c, nil
}

// keepAttachments stores a mail's files. It answers the names of those that are too
// large to be kept, and the ids of those that the HTML shows, by content id.
func keepAttachments(in *mail.Incoming, keep func(string, io.Reader) (*threadv1.File, error)) (dropped []string, shown map[string]string, err error) {
	shown = make(map[string]string)
	for i, a := range in.Attachments {
		if i == maxFiles {
			dropped = append(dropped, fmt.Sprintf("%d more files were left out.", len(in.Attachments)-maxFiles))
			break
		}
		f, err := keep(a.Name, a.Open())
		switch {
		case fault.ReasonOf(err) == "FILE_TOO_LARGE":
			dropped = append(dropped, a.Name+" is too large to be kept here.")
		case err != nil:
			return nil, nil, fmt.Errorf("keep attachment: %w", err)
		case a.ContentID != "":
			shown[a.ContentID] = f.GetId()
		}
	}
	return dropped, shown, nil
}

// message is what a mail says as a text: with its invitation, and what was left out.
func message(in *mail.Incoming, dropped []string) string {
	// Another Parley's mail begins with a line that is not for us.
	parts := []string{strings.TrimSpace(strings.TrimPrefix(in.Text, mail.DefaultMarker))}
	if in.Invitation != nil {
		parts = append(parts, invitation(in.Invitation))
	}
	parts = append(parts, dropped...)
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n\n")
}

// invitation is a calendar event in words.
func invitation(i *mail.Invitation) string {
	title := "Invitation: "
	switch strings.ToUpper(i.Method) {
	case "CANCEL":
		title = "Cancelled: "
	case "REPLY":
		title = "Answer to an invitation: "
	}
	lines := []string{title + i.Summary}
	layout := "2006-01-02 15:04 MST"
	if i.AllDay {
		layout = "2006-01-02"
	}
	if !i.Start.IsZero() {
		when := "When: " + i.Start.Format(layout)
		if !i.End.IsZero() && !i.AllDay {
			when += " to " + i.End.Format(layout)
		}
		lines = append(lines, when)
	}
	if i.Location != "" {
		lines = append(lines, "Where: "+i.Location)
	}
	if !i.Organizer.IsZero() {
		lines = append(lines, "From: "+strings.TrimSpace(i.Organizer.Name+" "+i.Organizer.Addr))
	}
	return strings.Join(lines, "\n")
}
