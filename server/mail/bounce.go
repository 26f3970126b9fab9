package mail

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Bounce is a report about a mail of ours that somebody's server could not deliver.
type Bounce struct {
	// Recipient is the address that failed, normalised; zero if the report does not say.
	Recipient Address
	// Permanent says that it will not be tried again; a delay is not permanent.
	Permanent bool
	// Action is failed, delayed, delivered, relayed or expanded; "failed" where the report has no fields.
	Action string
	// Status is the enhanced status code, such as "5.1.1", or "".
	Status string
	// Reason is the server's sentence for people.
	Reason string
	// Reporter is the server that reports, or "".
	Reporter string
	// MessageIDs are the ids of the mail that failed: the returned mail's own first, then the report's references.
	MessageIDs []string
	// OriginalTo are the addresses in the returned mail's To header.
	OriginalTo []Address
}

const (
	maxReport = 64 << 10
	maxReason = 500
)

// readBounce reads a delivery report: the fields of RFC 3464 where there are any,
// else what the sentences of known servers say.
func readBounce(in *Incoming, root *part, c *content) *Bounce {
	var fields, returned *part
	root.leaves(func(p *part) bool {
		switch {
		case p.kind == "message/delivery-status" || p.kind == "message/global-delivery-status":
			fields = first(fields, p)
		case p.kind == "message/rfc822" || p.kind == "message/global" || strings.HasSuffix(p.kind, "/rfc822-headers"):
			returned = first(returned, p)
		}
		return true
	})
	var b *Bounce
	switch {
	case fields != nil:
		b = readReport(fields)
	case isReport(in, root):
		b = readSentences(in, c.text)
	default:
		return nil
	}
	b.MessageIDs = append(b.MessageIDs, in.InReplyTo...)
	b.MessageIDs = append(b.MessageIDs, in.References...)
	if returned != nil {
		b.readReturned(returned)
	}
	b.MessageIDs = unique(b.MessageIDs)
	b.Reason = truncate(cleanLine(b.Reason), maxReason)
	return b
}

func first(a, b *part) *part {
	if a != nil {
		return a
	}
	return b
}

// failureSubject is how servers without fields call their reports.
var failureSubject = regexp.MustCompile(`(?i)(undeliver|delivery (status|failure|has failed|report)|returned mail|failure notice|mail delivery (failed|subsystem|system)|delivery .*failed|unzustellbar|nicht zugestellt|non remis|échec de la remise|kunde inte levereras|olevererbart|mancata consegna|impossibile recapitare|не доставлен|退信|系统退信|未送达)`)

// isReport tells of reports without fields.
func isReport(in *Incoming, root *part) bool {
	switch kind := strings.ToLower(root.params["report-type"]); {
	case kind == "delivery-status", in.Header("X-Failed-Recipients") != "":
		return true
	case kind != "": // a read receipt or a complaint
		return false
	}
	nobody := in.ReturnPath != nil && *in.ReturnPath == ""
	return (isDaemon(in.From) || nobody) && failureSubject.MatchString(in.Subject)
}

// readReport reads the groups of fields, and takes the first recipient that failed,
// or else the first.
func readReport(p *part) *Bounce {
	raw, _ := io.ReadAll(io.LimitReader(p.open(), maxReport))
	groups := strings.Split(strings.Trim(cleanText(decodeCharset(raw, "")), "\n"), "\n\n")
	b := &Bounce{Action: "failed"}
	found := false
	for _, group := range groups {
		f := readFields(group)
		if v := f["reporting-mta"]; v != "" && b.Reporter == "" {
			b.Reporter = afterType(v)
		}
		if f["final-recipient"] == "" && f["original-recipient"] == "" {
			continue
		}
		action := firstWord(f["action"])
		if found && (b.Action == "failed" || action != "failed") {
			continue
		}
		found = true
		b.take(f, action)
	}
	b.Permanent = b.Action == "failed"
	return b
}

// take reads the fields of one recipient. The original one is the address that we
// wrote to, and is more use than where it was forwarded.
func (b *Bounce) take(f map[string]string, action string) {
	b.Recipient = Address{}
	for _, name := range []string{"original-recipient", "final-recipient"} {
		if a := ParseAddresses(afterType(f[name])); len(a) > 0 {
			b.Recipient = a[0]
			break
		}
	}
	if action != "" {
		b.Action = action
	}
	b.Status = statusCode.FindString(f["status"])
	b.Reason = afterType(f["diagnostic-code"])
	if b.Reason == "" {
		b.Reason = f["x-display-name"]
	}
}

// readFields reads "Name: value" lines, folded ones too.
func readFields(group string) map[string]string {
	fields := make(map[string]string)
	last := ""
	for line := range strings.SplitSeq(group, "\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && last != "" {
			fields[last] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || len(fields) > 50 {
			continue
		}
		last = strings.ToLower(strings.TrimSpace(name))
		if _, known := fields[last]; !known {
			fields[last] = strings.TrimSpace(value)
		}
	}
	return fields
}

// afterType takes off "rfc822;", "dns;" or "smtp;".
func afterType(value string) string {
	if _, after, ok := strings.Cut(value, ";"); ok {
		return strings.TrimSpace(after)
	}
	return strings.TrimSpace(value)
}

// readReturned reads the mail that came back.
func (b *Bounce) readReturned(p *part) {
	raw, err := io.ReadAll(io.LimitReader(p.open(), maxReport))
	if err != nil {
		return
	}
	inner, err := readTree(bytes.NewReader(raw), int64(len(raw)), func(string) {})
	if err != nil {
		return
	}
	var ids []string
	for _, name := range []string{IDHeader, "Message-ID"} {
		ids = append(ids, MessageIDs(inner.header(name))...)
	}
	b.MessageIDs = slices.Concat(ids, b.MessageIDs)
	b.OriginalTo = ParseAddresses(decodeCharset([]byte(inner.header("To")), ""))
	if b.Recipient.IsZero() && len(b.OriginalTo) == 1 {
		b.Recipient = b.OriginalTo[0]
	}
}

var (
	statusCode   = regexp.MustCompile(`\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)
	replyCode    = regexp.MustCompile(`\b[45][0-9]{2}[ -]`)
	givenAddress = regexp.MustCompile(`[^\s<>"'(),:;]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+`)
	returnedID   = regexp.MustCompile(`(?im)^[>\s]*Message-ID:\s*(<[^<>\s]+>)`)
	stillTrying  = regexp.MustCompile(`(?i)(will (keep|continue) (on )?trying|still being retried|delayed|do not need to resend)`)
)

// readSentences reads a report that was written for people only: qmail's, Exim's, and
// those of Exchange and Gmail where their fields got lost.
func readSentences(in *Incoming, text string) *Bounce {
	text = text[:min(len(text), maxReport)]
	report := text
	for _, end := range []string{"--- Below this line is", "------ This is a copy of", "Original message headers:", "----- Original message -----"} {
		report, _, _ = strings.Cut(report, end)
	}
	b := &Bounce{Action: "failed", Permanent: true, Status: statusCode.FindString(report)}
	if stillTrying.MatchString(report) || strings.HasPrefix(b.Status, "4") {
		b.Action, b.Permanent = "delayed", false
	}
	if failed := ParseAddresses(in.Header("X-Failed-Recipients")); len(failed) > 0 {
		b.Recipient = failed[0]
	} else if found := ParseAddresses(givenAddress.FindString(report)); len(found) > 0 {
		b.Recipient = found[0]
	}
	b.Reason = reasonIn(report)
	if id := returnedID.FindStringSubmatch(text); id != nil {
		b.MessageIDs = MessageIDs(id[1])
	}
	return b
}

// reasonIn finds the sentence that says why: the line with a code in it, or the one
// after the address.
func reasonIn(report string) string {
	lines := strings.Split(report, "\n")
	for _, line := range lines {
		if statusCode.MatchString(line) || replyCode.MatchString(line) {
			return line
		}
	}
	for i, line := range lines {
		if givenAddress.MatchString(line) && i+1 < len(lines) {
			return lines[i+1]
		}
	}
	return ""
}

func unique(ids []string) []string {
	var all []string
	for _, id := range ids {
		if !slices.Contains(all, id) && len(all) < MaxReferences {
			all = append(all, id)
		}
	}
	return all
}
