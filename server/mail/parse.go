package mail

import (
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
)

// Parse reads a mail. It fails only if raw cannot be read. raw must stay open and unchanged as
// long as attachments are read.
func Parse(raw io.ReaderAt, size int64) (*Incoming, error) {
	in := new(Incoming)
	root, err := readTree(raw, size, in.repair)
	if err != nil {
		return nil, err
	}
	content, err := readContent(root, in.repair)
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	in.readHeader(root, content.charset)
	in.readBody(content)
	in.Invitation = readInvitation(content.calendar)
	in.Bounce = readBounce(in, root, content)
	in.report = root.kind == "multipart/report"
	in.Automatic = recognize(in)
	return in, nil
}

// readHeader takes over what the header says. charset is that of the text: the
// header's own bytes are in it too when they are not encoded as they should be.
func (in *Incoming) readHeader(root *part, charset string) {
	for _, line := range root.lines {
		name, value, _ := strings.Cut(decodeCharset(line, charset), ":")
		in.Headers = append(in.Headers, Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	in.readAddresses()
	in.MessageID = firstID(in.Header("Message-ID"))
	in.InReplyTo = allIDs(in.values("In-Reply-To"))
	in.References = allIDs(in.values("References"))
	in.OriginalID = firstID(in.Header(IDHeader))
	in.Subject = truncate(cleanLine(DecodeHeader(in.Header("Subject"))), MaxSubjectBytes)
	in.Date = readDate(in.Header("Date"))
	in.Hops = readHops(in.values(HopHeader))
	in.ListID = readListID(in.Header("List-Id"))
	in.Authentication = readAuthentication(in.values("Authentication-Results"))
}

func (in *Incoming) readAddresses() {
	first := func(names ...string) Address {
		for _, name := range names {
			if found := ParseAddresses(in.Header(name)); len(found) > 0 {
				return found[0]
			}
		}
		return Address{}
	}
	if len(in.values("From")) > 1 {
		in.repair("there are several From lines")
	}
	in.Sender = first("Sender")
	in.From = first("From", "Sender", "Resent-From")
	in.OriginalSender = first("X-Original-Sender", "X-Original-From")
	in.ReplyTo = in.addresses("Reply-To")
	in.To = in.addresses("To")
	in.Cc = in.addresses("Cc")
	in.DeliveredTo = in.addresses("Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "Resent-To")
	if path := in.values("Return-Path"); len(path) > 0 {
		addr := ""
		if found := ParseAddresses(path[0]); len(found) > 0 {
			addr = found[0].Addr
		}
		in.ReturnPath = &addr
	}
}

// addresses returns what all lines of some headers hold, each once.
func (in *Incoming) addresses(names ...string) []Address {
	var all []string
	for _, name := range names {
		all = append(all, in.values(name)...)
	}
	return ParseAddresses(strings.Join(all, ","))
}

// readBody parts the text from what it answers. Where there is HTML only, the text is made of it.
func (in *Incoming) readBody(c *content) {
	in.Attachments = c.attachments
	in.HTML, in.RemoteImages = SanitizeHTML(c.html)
	in.Text, in.Quoted = SplitQuote(c.text)
	shown := shownIDs(in.HTML)
	for i, a := range in.Attachments {
		in.Attachments[i].Inline = a.ContentID != "" && shown[a.ContentID]
	}
}

// readDate reads a date as broken as they come; zero if it is none.
func readDate(value string) time.Time {
	value = strings.TrimSpace(cleanLine(value))
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	value, _, _ = strings.Cut(value, "(")
	value = strings.TrimSpace(value)
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700",
		"Mon 2 Jan 2006 15:04:05 -0700", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 -0700 2006",
		"2 Jan 2006 15:04:05", time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
		"Mon, 2 Jan 2006 15:04:05 +0000 UTC", "Mon, 2 Jan 2006 15.04.05 -0700",
	} {
		if t, err := time.Parse(layout, value); err == nil {
			return t
		}
	}
	return time.Time{}
}
