package mail

import (
	"io"
	"slices"
	"strings"
	"time"
)

// Incoming is a mail as Parse read it. Everything in it comes from outside and may be a lie.
type Incoming struct {
	// MessageID is "" if there is none.
	MessageID string
	// From is the first author; Sender the sender, if named apart.
	From, Sender Address
	// OriginalSender is whom a group or list put aside (X-Original-Sender, X-Original-From).
	OriginalSender Address
	ReplyTo        []Address
	To, Cc         []Address
	// DeliveredTo are the addresses under which a server says it delivered
	// (Delivered-To, X-Original-To, Envelope-To, X-Forwarded-To).
	DeliveredTo []Address
	// ReturnPath is the Return-Path header; nil if there is none, empty if it says
	// <>. A listener knows it from the envelope: see SetReturnPath.
	ReturnPath *string
	Date       time.Time // zero if missing or wrong
	Subject    string
	// InReplyTo and References hold all ids found, in order, each once.
	InReplyTo, References []string

	// Text is the new text, Quoted what it answers and the signature: both
	// together are everything the mail says.
	Text, Quoted string
	// HTML is the whole sanitised HTML part, "" if there is none. Images that the
	// mail brought are there as cid: links, for ResolveImages; remote ones are gone.
	HTML string
	// RemoteImages is how many images were taken out.
	RemoteImages int
	Attachments  []Attachment
	// Invitation is the calendar event in the mail, or nil. Its file is among the attachments too.
	Invitation *Invitation

	// Automatic says why this was written by a program: "" by a human as far
	// as one can see, else one of the Automatic constants. Nothing may answer an automatic mail.
	Automatic Automatic
	// ListID is the mailing list that it came through, or "".
	ListID string
	// Bounce is the report that a mail was not delivered, or nil.
	Bounce *Bounce
	// Hops are the Parleys that this mail went through, oldest first; see HopHeader.
	Hops []string
	// OriginalID is the X-Parley-Id header, which survives where a provider
	// gives mails new message ids; "" if there is none.
	OriginalID string
	// Authentication are the Authentication-Results, outermost first.
	Authentication []Authentication

	// Headers are all lines, in order, within MaxHeaderBytes.
	Headers []Header
	// Repairs names what was broken, for people who look into it.
	Repairs []string

	report bool // a receipt or complaint that some program made
}

// Attachment is a file in a mail. It can be read as long as the spool that was parsed is open.
type Attachment struct {
	Name      string // cleaned: no path, no control characters, never empty
	Type      string // as the mail says, lower case; application/octet-stream if it says nothing
	ContentID string // without angle brackets
	Inline    bool   // the HTML shows it
	part      *part
}

// Open returns a reader of the decoded content.
func (a Attachment) Open() io.Reader { return a.part.open() }

// Invitation is what a calendar part asks for.
type Invitation struct {
	Method    string // REQUEST, CANCEL, REPLY ...
	UID       string
	Summary   string
	Location  string
	Organizer Address
	// Start and End are as in the mail; zero if missing. AllDay events start at midnight UTC.
	Start, End time.Time
	AllDay     bool
}

// Header returns the first header line of a name, or "".
func (in *Incoming) Header(name string) string {
	for _, h := range in.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// SetReturnPath says what the envelope said, which is more to be believed than a
// header, and judges anew whether a program wrote the mail.
func (in *Incoming) SetReturnPath(from string) {
	in.ReturnPath = &from
	in.Automatic = recognize(in)
}

// values returns all header lines of a name.
func (in *Incoming) values(name string) []string {
	var all []string
	for _, h := range in.Headers {
		if strings.EqualFold(h.Name, name) {
			all = append(all, h.Value)
		}
	}
	return all
}

// Recipients are To, Cc and DeliveredTo together, each once.
func (in *Incoming) Recipients() []Address {
	var all []Address
	seen := make(map[string]bool)
	for _, a := range slices.Concat(in.To, in.Cc, in.DeliveredTo) {
		if !seen[a.Addr] {
			seen[a.Addr] = true
			all = append(all, a)
		}
	}
	return all
}

// ReplyAuthor is whom an answer goes to: Reply-To, else the original sender, else From.
func (in *Incoming) ReplyAuthor() Address {
	switch {
	case len(in.ReplyTo) > 0:
		return in.ReplyTo[0]
	case !in.OriginalSender.IsZero():
		return in.OriginalSender
	}
	return in.From
}

// repair notes what was broken. A mail that is broken everywhere says so only so often.
func (in *Incoming) repair(what string) {
	const most = 20
	if len(in.Repairs) < most && !slices.Contains(in.Repairs, what) {
		in.Repairs = append(in.Repairs, what)
	}
}
