package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// The phases of sending a mail, in which it can fail.
const (
	phaseConnect = "connect"
	phaseTLS     = "tls"
	phaseAuth    = "auth"
	phaseMail    = "mail"
	phaseRcpt    = "rcpt"
	phaseData    = "data"
)

// SendError is a mail that was not taken. Its text may be shown to the sender: it
// has no password in it.
type SendError struct {
	// Permanent says that the same mail would be refused again: a 5xx about this
	// mail or recipient. All else is temporary, so also a refused sign-in.
	Permanent bool
	// Phase is where it happened: connect, tls, auth, mail, rcpt, data.
	Phase string
	// Code is the SMTP code, 0 if the server did not answer.
	Code int
	// Status is the enhanced status code such as "5.1.1"; may be "".
	Status string
	// Answer is what the server said, or what went wrong on the way to it.
	Answer string
	cause  error
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("send mail (%s): %s", e.Phase, e.Answer)
	}
	return fmt.Sprintf("send mail (%s): the server answered %d %s", e.Phase, e.Code, strings.TrimSpace(e.Status+" "+e.Answer))
}

// Unwrap returns the cause, or nil.
func (e *SendError) Unwrap() error { return e.cause }

// leadingStatus is the enhanced status code before an answer's sentence.
var leadingStatus = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b[ ]?`)

const maxAnswer = 1000

// sendError judges a failure.
func (s *Sender) sendError(phase string, cause error) *SendError {
	e := &SendError{Phase: phase, cause: cause}
	var known *SendError
	if errors.As(cause, &known) {
		return known
	}
	var answer *textproto.Error
	if errors.As(cause, &answer) {
		e.Code, e.Answer = answer.Code, answer.Msg
		e.Status = strings.TrimSpace(leadingStatus.FindString(e.Answer))
		e.Answer = leadingStatus.ReplaceAllString(strings.ReplaceAll(e.Answer, "\n"+e.Status+" ", "\n"), "")
		e.Permanent = answer.Code/100 == 5 && isAboutMail(phase, answer.Code)
	} else {
		e.Answer = cause.Error()
	}
	e.Answer = truncate(cleanLine(s.hideSecret(e.Answer)), maxAnswer)
	return e
}

// isAboutMail tells a refused mail from a refused Parley, which an administrator can cure.
func isAboutMail(phase string, code int) bool {
	switch code {
	case 530, 534, 535, 538: // sign in first, or otherwise
		return false
	}
	return phase == phaseMail || phase == phaseRcpt || phase == phaseData
}

// hideSecret keeps the password out of what people read, if a server repeats it.
func (s *Sender) hideSecret(text string) string {
	if s.password == "" {
		return text
	}
	return strings.ReplaceAll(text, s.password, "***")
}
