package translate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parley-chat/parley/server/egress"
	"github.com/parley-chat/parley/server/fault"
)

// provider translates plain text.
type provider interface {
	// most is how many characters it takes at once.
	most() int
	// translate answers the text in the language, and the language it was in. Its
	// failures are faults of this package.
	translate(ctx context.Context, text, language string) (translated, source string, err error)
}

// whole translates a text of any length, piece by piece. It answers all of it or
// nothing.
func whole(ctx context.Context, p provider, text, language string) (translated, source string, err error) {
	var out strings.Builder
	for _, part := range split(text, p.most()) {
		if part.text != "" {
			answer, from, err := p.translate(ctx, part.text, language)
			if err != nil {
				return "", "", err
			}
			if source == "" && len(from) <= 35 {
				source = clean(from, from)
			}
			out.WriteString(clean(answer, part.text))
		}
		out.WriteString(part.after)
	}
	return out.String(), source, nil
}

// post sends JSON and answers what came back, whatever its status.
func post(ctx context.Context, client *egress.Client, url string, header http.Header, body any) (*egress.Response, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request to translate: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return nil, errRefused // the error has the address in it
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	switch {
	case errors.Is(err, egress.ErrRefused), errors.Is(err, egress.ErrAddress), errors.Is(err, egress.ErrRedirect), errors.Is(err, egress.ErrTooLarge):
		return nil, errRefused.Wrap(err)
	case err != nil:
		return nil, errUnreachable.Wrap(err)
	default:
		return res, nil
	}
}

// errShape is the cause when an answer is none of the provider's.
var errShape = errors.New("the answer is not of a translator")

// status is the cause of a failure that a provider answered.
func status(res *egress.Response) error { return fmt.Errorf("it answers with status %d", res.Status) }

// byStatus is the failure that a status alone tells.
func byStatus(res *egress.Response) *fault.Error {
	switch {
	case res.Status == http.StatusTooManyRequests:
		return limited(res)
	case res.Status >= http.StatusInternalServerError:
		return errUnreachable.Wrap(status(res))
	default:
		return errRefused.Wrap(status(res))
	}
}

// limited says to wait as long as the provider wants.
func limited(res *egress.Response) *fault.Error {
	failure := errLimit.Wrap(status(res))
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return failure.WithRetry(min(time.Duration(seconds)*time.Second, time.Hour))
	}
	return failure
}
