package mail

import "github.com/parley-chat/parley/server/fault"

// What callers can cure.
var (
	ErrAddress   = fault.New(fault.Invalid, "MAIL_ADDRESS_INVALID", "this is not an e-mail address")
	ErrDomain    = fault.New(fault.Invalid, "MAIL_DOMAIN_INVALID", "this is not a domain name")
	ErrHeader    = fault.New(fault.Invalid, "MAIL_HEADER_INVALID", "a header of the mail would hold a line break or another control character")
	ErrServerURL = fault.New(fault.Invalid, "MAIL_SERVER_INVALID", "the mail server must be given as smtp://user:password@host:port or smtps://user:password@host:port")
	ErrKey       = fault.New(fault.Invalid, "MAIL_KEY_INVALID", "the DKIM key must be an RSA or Ed25519 private key in PEM")
	ErrTooLarge  = fault.New(fault.Exhausted, "MAIL_TOO_LARGE", "the mail is too large")
)

// Bounds on what is read from a mail.
const (
	MaxHeaderBytes  = 256 << 10 // of all header lines of a part
	MaxTextBytes    = 1 << 20   // of the text, and of the HTML
	MaxAddresses    = 1000      // in one header
	MaxReferences   = 200       // ids that are read from a header
	MaxSubjectBytes = 1000
	MaxParts        = 1000 // of a mail
	MaxDepth        = 20   // of parts in parts
)
