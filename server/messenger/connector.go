package messenger

import (
	"context"
	"net/http"
	"net/url"
	"time"

	messengerv1 "github.com/parley-chat/parley/gen/parley/messenger/v1"
	threadv1 "github.com/parley-chat/parley/gen/parley/thread/v1"
)

// Connector is one kind of messenger: what it can carry, how to send by it and
// how to read what it reports. One package implements it, and one line of
// server.go adds it. Its methods keep nothing and may be used by any number of
// goroutines; their failures are *Failure, unless they are ours.
type Connector interface {
	// Capabilities say what the messenger can carry.
	Capabilities() *messengerv1.Capabilities
	// Identify asks the messenger who sends by the account, and makes it report.
	Identify(ctx context.Context, a Account) (Identity, error)
	// Templates answers one page of the account's templates. next is empty on the
	// last one, else the page to ask for then; the first is "".
	Templates(ctx context.Context, a Account, page string) (templates []Template, next string, err error)
	// Send sends a message and answers the messenger's id for it.
	Send(ctx context.Context, a Account, out Outgoing) (id string, err error)
	// Challenge answers the messenger when it makes sure whose a webhook is.
	Challenge(query url.Values, token string) (answer string, ok bool)
	// Verify reports whether the messenger signed the body, in constant time.
	Verify(secret []byte, header http.Header, body []byte) bool
	// Parse reads what a messenger reports. What it does not know it leaves out.
	Parse(body []byte) (Report, error)
}

// Account is what a connector needs to speak for a connection.
type Account struct {
	BaseURL string
	// Account and Sender are the messenger's names for whose it is and who sends.
	Account, Sender string
	Token           string
}

// Identity is who a connection is, to people.
type Identity struct{ DisplayName, Phone string }

// Template is a message that the messenger approves before it may be sent.
type Template struct {
	ID, Name, Language, Category string
	State                        messengerv1.TemplateState
	Reason                       string
	Content                      Content
}

// Content is what a template says. Its gaps stand in its texts as `{{name}}`.
type Content struct {
	Header  string   `json:"header,omitempty"`
	Body    string   `json:"body"`
	Footer  string   `json:"footer,omitempty"`
	Buttons []string `json:"buttons,omitempty"`
	// Gaps are in the order of the texts.
	Gaps []Gap `json:"gaps,omitempty"`
	// Named is true if the gaps have names instead of numbers.
	Named bool `json:"named,omitempty"`
	// Unsupported says what in it cannot be sent; empty if all can.
	Unsupported string `json:"unsupported,omitempty"`
}

// The parts of a template that have gaps.
const (
	PartHeader = "header"
	PartBody   = "body"
	PartButton = "button"
)

// Gap is a place in a template that is filled in.
type Gap struct {
	Part string `json:"part"`
	// Key is its number or name in a text, or a button's place from 0.
	Key     string `json:"key"`
	Example string `json:"example,omitempty"`
}

// Name is the gap's name in the API.
func (g Gap) Name() string { return g.Part + "." + g.Key }

// Outgoing is a message to send.
type Outgoing struct {
	// To is a telephone number, as "+46701234567".
	To string `json:"-"`
	// Reference comes back in reports, where the messenger can carry it.
	Reference string `json:"-"`
	// Template is the template's name, Language its language.
	Template string `json:"template"`
	Language string `json:"language"`
	Named    bool   `json:"named,omitempty"`
	Gaps     []Gap  `json:"gaps,omitempty"`
	// Values fill the gaps, by their names.
	Values map[string]string `json:"values,omitempty"`
}

// Report is what a messenger tells of messages and templates.
type Report struct {
	Statuses  []Status
	Templates []TemplateChange
}

// Status says how a message fares.
type Status struct {
	// ID is the messenger's, Reference what Send gave it; may be empty.
	ID, Reference string
	State         threadv1.DeliveryState
	Reason        string
}

// TemplateChange says that a template's state changed.
type TemplateChange struct {
	ID     string
	State  messengerv1.TemplateState
	Reason string
}

// Outcome says what is known of a request that failed.
type Outcome uint8

// The outcomes.
const (
	// Refused: the messenger did not do it, and will not do it another time.
	Refused Outcome = iota + 1
	// Later: it was not done, but may be another time.
	Later
	// Unknown: it may have been done.
	Unknown
)

// Failure is a request that a messenger did not answer as it was meant.
type Failure struct {
	Outcome Outcome
	// Words are the messenger's, for people; or ours, if it said none. Never a
	// secret.
	Words string
	// After is how long the messenger wants to be left alone; zero if it did not
	// say.
	After time.Duration
}

// Error implements error.
func (f *Failure) Error() string { return f.Words }
