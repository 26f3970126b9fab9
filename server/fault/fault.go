// Package fault holds the few ways in which a request can fail so that its
// caller can do something about it.
//
// A failure that the caller causes or can cure is an *Error: a Kind, which
// decides the RPC code, and a Reason, which programs branch on. Every other
// failure is an ordinary wrapped error; server/rpc logs it and tells the caller
// only that something went wrong. So the text of an *Error is written for the
// caller and never contains what the caller may not see.
//
// Failures are declared once, as package variables of the area that returns
// them, and refined where they happen:
//
//	var errClosed = fault.New(fault.Precondition, "CHAT_CLOSED", "the chat is closed; start another")
//
//	return errClosed.With("chat", id.String())
package fault

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// Error is a failure that the caller can cure. It is immutable: the methods that
// refine it return a copy, so that a shared declaration is never changed and may
// be used by any number of goroutines.
type Error struct {
	// Kind decides the RPC code.
	Kind Kind
	// Reason names the failure for programs, in UPPER_SNAKE_CASE. It is part of
	// the API and never changes; it is what errors.Is compares.
	Reason string
	// Message tells people what is wrong and what to do. It may change.
	Message string
	// Field is the path of the request's field that is at fault, such as
	// "message.body"; empty if no single field is.
	Field string
	// RetryAfter is how long to wait before trying again; zero says nothing.
	RetryAfter time.Duration
	// Metadata are facts for programs, sent to the caller as they are. It is
	// never changed in place; use With.
	Metadata map[string]string

	cause error
}

// New declares a failure.
func New(kind Kind, reason, message string) *Error {
	return &Error{Kind: kind, Reason: reason, Message: message}
}

// Newf is New with a formatted message. A %w in it does not wrap: the causes of
// failures are kept from callers, so they are given to Wrap.
func Newf(kind Kind, reason, format string, args ...any) *Error {
	return New(kind, reason, fmt.Sprintf(format, args...))
}

// Error returns the message, which is fit for the caller; neither the reason nor
// the cause is in it.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, for logs and tests, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an *Error with the same reason, so that a refined
// copy still is the failure that was declared.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Reason == e.Reason
}

// With returns a copy that tells programs one more fact.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Metadata = maps.Clone(e.Metadata)
	if c.Metadata == nil {
		c.Metadata = make(map[string]string, 1)
	}
	c.Metadata[key] = value
	return &c
}

// WithField returns a copy that names the request's field at fault.
func (e *Error) WithField(path string) *Error {
	c := *e
	c.Field = path
	return &c
}

// WithMessage returns a copy that says it in other words, for a failure whose
// sentence depends on what was asked.
func (e *Error) WithMessage(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// WithRetry returns a copy that asks the caller to wait for d.
func (e *Error) WithRetry(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Wrap returns a copy that remembers what brought it about. The cause is for the
// log; the caller never sees it.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// KindOf returns the kind of the first *Error in err's chain, or 0 if there is
// none: a failure of ours, not of the caller.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// ReasonOf returns the reason of the first *Error in err's chain, or "".
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
