// Package translate has messages translated for those who read them, by Google
// Cloud Translation or a LibreTranslate server, whichever the workspace set up.
//
// What is decided here beside the contract:
//
//   - Whoever may read a message may have it translated; the gate is asked every
//     time, also for what was translated before.
//   - A text goes to the provider once for each language. The answer is kept as
//     long as the message has that text: the database drops it with the edit that
//     replaces the text, and keeps none of a text that changed meanwhile. Two who
//     ask at once make one call on one node; on two nodes the first answer stays.
//   - What a provider answers is text: control and direction characters are taken
//     out and its length is bounded, whoever runs the provider.
//   - The key is sealed in the vault, goes to the address that it was entered for
//     and nowhere else, and neither it nor what a provider says of an error is
//     logged or answered.
package translate

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/vault"
)

// retryAfter is how long to wait for a provider that does not answer.
const retryAfter = 10 * time.Second

// Failures that a caller may act on. Their reasons are part of the API.
var (
	errNotSetUp    = fault.New(fault.Precondition, "TRANSLATION_NOT_SET_UP", "nobody is set up to translate; an administrator can choose a provider in the settings")
	errNothing     = fault.New(fault.Precondition, "NOTHING_TO_TRANSLATE", "this message has no text to translate")
	errLanguage    = fault.New(fault.Invalid, "LANGUAGE_INVALID", "this is no language; name one by its BCP 47 tag, such as \"sv\"").WithField("language")
	errUnsupported = fault.New(fault.Invalid, "LANGUAGE_UNSUPPORTED", "the provider does not translate into this language").WithField("language")
	errRefused     = fault.New(fault.Precondition, "TRANSLATION_REFUSED", "the provider refuses the request; an administrator should check its key and address in the settings")
	errLimit       = fault.New(fault.Exhausted, "TRANSLATION_LIMIT", "too much was translated in a short time; try again later").WithRetry(time.Minute)
	errUnreachable = fault.New(fault.Unavailable, "TRANSLATOR_UNREACHABLE", "the provider does not answer; the message is as it was, try again later").WithRetry(retryAfter)
	errAddress     = fault.New(fault.Invalid, "ADDRESS_INVALID", egress.ErrAddress.Error()).WithField("settings.base_url")
	errForbidden   = fault.New(fault.Invalid, "ADDRESS_REFUSED", egress.ErrRefused.Error()).WithField("settings.base_url")
	errNoAddress   = fault.New(fault.Invalid, "BASE_URL_MISSING", "say where the LibreTranslate server is").WithField("settings.base_url")
	errMask        = fault.New(fault.Invalid, "UPDATE_MASK_INVALID", "the mask names a field that cannot be changed").WithField("update_mask")
)

// Log reads messages; *thread.Log.
type Log interface {
	// Readable is the message that a request names, if the caller may read it.
	Readable(ctx context.Context, gate *access.Gate, c access.Caller, threadID, messageID string) (thread.Message, error)
}

// Limiter counts what may happen so often only; *rpc.Limiter.
type Limiter interface {
	Allow(ctx context.Context, key string, limit rpc.Limit) (retryAfter time.Duration, ok bool)
}

// Config is what a Handler stands on.
type Config struct {
	DB      *pgxpool.Pool
	Gate    *access.Gate
	Log     Log
	Limiter Limiter
	Vault   *vault.Vault
	Egress  *egress.Client
	Now     func() time.Time
	// Logger hears of providers that do not answer.
	Logger *slog.Logger
	// Limit is how often one user's requests may reach the provider; the zero Limit
	// is 60 a minute.
	Limit rpc.Limit
}

// Handler implements parley.translation.v1.TranslationService. It is safe for
// concurrent use.
type Handler struct {
	Config
	q *db.Queries
	// calls are those to providers that are under way.
	calls singleflight.Group
}

// New makes a Handler.
func New(c Config) *Handler {
	if c.Limit.Count == 0 {
		c.Limit = rpc.Limit{Count: 60, Per: time.Minute}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return &Handler{Config: c, q: db.New()}
}
