package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Outgoing is one mail to one recipient.
type Outgoing struct {
	From    Address
	ReplyTo Address // zero: answers go to From
	To      Address
	// MessageID, InReplyTo and References have no angle brackets. MessageID is required.
	MessageID  string
	InReplyTo  string
	References []string // oldest first; the middle is left out when there are too many
	Date       time.Time
	Subject    string
	// Text is required; HTML is the same in HTML, "" sends text only.
	Text string
	HTML string
	// Unsubscribe makes the List-Unsubscribe headers; zero leaves them out.
	Unsubscribe Unsubscribe
	// AutoSubmitted is "", "auto-generated" or "auto-replied" (RFC 3834).
	AutoSubmitted string
	Headers       []Header // further ones, such as X-Parley-Id
	Attachments   []Enclosure
}

// Unsubscribe tells a recipient's program how to stop such mails.
type Unsubscribe struct {
	// URL is an https address that unsubscribes on a POST of
	// "List-Unsubscribe=One-Click" (RFC 8058), with nothing else asked.
	URL string
	// Mailto is an address to which an empty mail unsubscribes; may be "".
	Mailto string
}

// Header is one line of a mail's header, unfolded and decoded.
type Header struct {
	Name, Value string
}

// Enclosure is a file that goes out with a mail.
type Enclosure struct {
	Name string
	Type string // media type; "" is application/octet-stream
	// Open is called once for each composition.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// maxSentReferences keeps the References line within what servers take.
const maxSentReferences = 30

// Compose writes the mail into a spool, at most limit bytes, and signs it if key
// is not nil. The caller closes the spool. A value that would break out of its header is
// refused with ErrHeader, a missing or wrong address with ErrAddress, too large
// a mail with ErrTooLarge. It needs memory for the largest attachment.
func (o Outgoing) Compose(ctx context.Context, key *DKIM, limit int64) (*Spool, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	w := &spoolWriter{limit: limit}
	if _, err := o.message(ctx).WriteTo(w); err != nil {
		err = errors.Join(err, w.discard())
		if errors.Is(err, ErrTooLarge) {
			return nil, ErrTooLarge
		}
		return nil, fmt.Errorf("compose mail: %w", err)
	}
	plain := w.spool()
	if key == nil {
		return plain, nil
	}
	defer plain.Close()
	line, err := key.sign(plain.Reader())
	if err != nil {
		return nil, err
	}
	return NewSpool(io.MultiReader(strings.NewReader(line), plain.Reader()), "", limit+int64(len(line)))
}

// check refuses what would make another mail than the one that was meant.
func (o Outgoing) check() error {
	for _, a := range []Address{o.From, o.To} {
		if addr, ok := normalizeAddr(a.Addr); !ok || addr != a.Addr {
			return ErrAddress.With("address", a.Addr)
		}
	}
	if addr, ok := normalizeAddr(o.ReplyTo.Addr); !o.ReplyTo.IsZero() && (!ok || addr != o.ReplyTo.Addr) {
		return ErrAddress.With("address", o.ReplyTo.Addr)
	}
	if o.MessageID == "" {
		return ErrHeader.With("header", "Message-ID")
	}
	values := []Header{
		{"Subject", o.Subject}, {"From", o.From.Name}, {"To", o.To.Name}, {"Reply-To", o.ReplyTo.Name},
		{"List-Unsubscribe", o.Unsubscribe.URL + o.Unsubscribe.Mailto}, {"Auto-Submitted", o.AutoSubmitted},
	}
	for _, h := range o.Headers {
		if !isFieldName([]byte(h.Name + ":")) {
			return ErrHeader.With("header", h.Name)
		}
		values = append(values, h)
	}
	for _, id := range slices.Concat([]string{o.MessageID, o.InReplyTo}, o.References) {
		if strings.ContainsAny(id, "<> ") || len(id) > maxIDBytes {
			return ErrHeader.With("header", "Message-ID")
		}
		values = append(values, Header{"Message-ID", id})
	}
	for _, a := range o.Attachments {
		values = append(values, Header{"Content-Disposition", a.Name}, Header{"Content-Type", a.Type})
	}
	for _, h := range values {
		if hasControl(h.Value) {
			return ErrHeader.With("header", h.Name)
		}
	}
	if u := o.Unsubscribe; strings.ContainsAny(u.URL+u.Mailto, "<>, ") {
		return ErrHeader.With("header", "List-Unsubscribe")
	}
	return nil
}

// message builds the mail. Every value was checked.
func (o Outgoing) message(ctx context.Context) *gomail.Msg {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.SetAddrHeaderFromMailAddress(gomail.HeaderFrom, netAddress(o.From))
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, netAddress(o.To))
	if !o.ReplyTo.IsZero() {
		m.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, netAddress(o.ReplyTo))
	}
	m.Subject(o.Subject)
	m.SetDateWithValue(o.Date)
	m.SetMessageIDWithValue(o.MessageID)
	o.headers(m)
	m.SetBodyString(gomail.TypeTextPlain, crlf(o.Text))
	if o.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, crlf(o.HTML))
	}
	for _, a := range o.Attachments {
		m.SetAttachments(append(m.GetAttachments(), a.file(ctx)))
	}
	return m
}

func (o Outgoing) headers(m *gomail.Msg) {
	if o.InReplyTo != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+o.InReplyTo+">")
	}
	if refs := shortened(o.References); len(refs) > 0 {
		m.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+strings.Join(refs, ">\r\n <")+">")
	}
	if u := o.Unsubscribe; u != (Unsubscribe{}) {
		var uris []string
		if u.URL != "" {
			uris = append(uris, "<"+u.URL+">")
			m.SetGenHeaderPreformatted("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
		if u.Mailto != "" {
			uris = append(uris, "<mailto:"+u.Mailto+">")
		}
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, strings.Join(uris, ",\r\n "))
	}
	if o.AutoSubmitted != "" {
		m.SetGenHeader("Auto-Submitted", o.AutoSubmitted)
	}
	byName := make(map[string][]string)
	for _, h := range o.Headers {
		byName[h.Name] = append(byName[h.Name], h.Value)
	}
	for name, values := range byName {
		m.SetGenHeader(gomail.Header(name), values...)
	}
}

// shortened keeps the first id, and as many of the last as there is room for.
func shortened(ids []string) []string {
	if len(ids) <= maxSentReferences {
		return ids
	}
	return slices.Concat(ids[:1], ids[len(ids)-maxSentReferences+1:])
}

func (a Enclosure) file(ctx context.Context) *gomail.File {
	kind := a.Type
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &gomail.File{
		Name: a.Name, ContentType: gomail.ContentType(kind), Enc: gomail.EncodingB64, Header: make(map[string][]string),
		Writer: func(w io.Writer) (int64, error) {
			r, err := a.Open(ctx)
			if err != nil {
				return 0, fmt.Errorf("open attachment %s: %w", a.Name, err)
			}
			defer r.Close()
			n, err := io.Copy(w, r)
			if err != nil {
				return n, fmt.Errorf("read attachment %s: %w", a.Name, err)
			}
			return n, nil
		},
	}
}

func netAddress(a Address) *netmail.Address {
	return &netmail.Address{Name: a.Name, Address: a.Addr}
}

// crlf gives lines the ends that mail wants.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}
