package rpc

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
)

// ErrPageToken is the answer for a page token that was not given out for these
// arguments to this caller, or too long ago.
var ErrPageToken = fault.New(fault.Invalid, "PAGE_TOKEN_INVALID",
	"this page token is not of this list; begin again without one, and change nothing but page_size between pages").
	WithField("page_token")

// pageLife is how long a page token is good for.
const pageLife = 72 * time.Hour

// PageSize is how many entries a page has: what was asked for within most, or
// usual if nothing was.
func PageSize(asked int32, usual, most int) int {
	if asked <= 0 {
		return usual
	}
	return min(int(asked), most)
}

// Pages makes page tokens: sealed places in a list, which say nothing to whoever
// holds them. A token is bound to the request it continues (its type and all
// fields but page_size and page_token), to the caller and to the workspace, and
// good for three days. It grants nothing: the next page is asked for with rights
// of its own.
type Pages struct {
	seal cipher.AEAD
	now  func() time.Time
}

// NewPages makes Pages from a key of 32 bytes that all nodes share. The clock
// may be nil, for the system's.
func NewPages(key []byte, now func() time.Time) (*Pages, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("make page tokens: the key has %d bytes, not 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make page tokens: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make page tokens: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	return &Pages{seal: seal, now: now}, nil
}

// PageRequest is a request for one page of a list.
type PageRequest interface {
	proto.Message
	GetPageToken() string
}

// Encode makes the token of the page that begins after place, a small value
// that encodes as JSON.
func (p *Pages) Encode(ctx context.Context, req PageRequest, place any) (string, error) {
	plain := binary.BigEndian.AppendUint64(nil, uint64(p.now().Unix()))
	encoded, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("encode place in list: %w", err)
	}
	binding, err := bindingOf(ctx, req)
	if err != nil {
		return "", err
	}
	sealed := p.seal.Seal(nil, nil, append(plain, encoded...), binding)
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Decode reads the request's page token into place, which it leaves as it is
// for the first page, where there is none: more is then false. A token that is
// not of this list is ErrPageToken.
func (p *Pages) Decode(ctx context.Context, req PageRequest, place any) (more bool, err error) {
	token := req.GetPageToken()
	if token == "" {
		return false, nil
	}
	binding, err := bindingOf(ctx, req)
	if err != nil {
		return false, err
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return false, ErrPageToken
	}
	plain, err := p.seal.Open(nil, nil, sealed, binding)
	if err != nil || len(plain) < 8 {
		return false, ErrPageToken
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)
	if p.now().Sub(made) > pageLife {
		return false, ErrPageToken
	}
	if err := json.Unmarshal(plain[8:], place); err != nil {
		return false, ErrPageToken.Wrap(err)
	}
	return true, nil
}

// bindingOf is a hash of what must be the same from page to page.
func bindingOf(ctx context.Context, req PageRequest) ([]byte, error) {
	bound := proto.Clone(req)
	m := bound.ProtoReflect()
	for _, name := range []string{"page_size", "page_token"} {
		if field := m.Descriptor().Fields().ByTextName(name); field != nil {
			m.Clear(field)
		}
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(bound)
	if err != nil {
		return nil, fmt.Errorf("encode arguments of list: %w", err)
	}
	caller := access.FromContext(ctx)
	h := sha256.New()
	h.Write(caller.Workspace[:])
	h.Write(caller.ID[:])
	h.Write([]byte(m.Descriptor().FullName()))
	h.Write([]byte{0})
	h.Write(encoded)
	return h.Sum(nil), nil
}
