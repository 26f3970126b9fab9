package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Signer makes and checks the addresses, message ids and tokens that lead back to
// something of ours. Each carries one UUID and 128 bits of an HMAC-SHA256 under
// a key derived for its purpose, so that one purpose never opens another.
//
// It carries one id and not two, since a local part has 64 octets at most and may
// be lower-cased on its way; a message knows its thread, a delivery its message.
//
// A Signer is safe for concurrent use.
type Signer struct {
	secrets [][]byte // the first one signs

	mu   sync.Mutex
	keys map[string][][]byte // by purpose
}

const (
	minSecret = 32
	macBytes  = 16
	idBytes   = len(uuid.UUID{})

	replyPrefix  = "reply+"
	bouncePrefix = "bounce+"

	maxPurposes = 100
)

// tokenCoding is in lower case and without padding: a local part may be lower-cased on its way.
var tokenCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewSigner makes a signer. The first secret signs, all of them are accepted: that
// is how a secret is changed without losing answers to older mails. Each secret
// has at least 32 bytes.
func NewSigner(secret []byte, older ...[]byte) (*Signer, error) {
	s := &Signer{secrets: append([][]byte{secret}, older...), keys: make(map[string][][]byte)}
	for _, secret := range s.secrets {
		if len(secret) < minSecret {
			return nil, errors.New("make a mail signer: a secret has fewer than 32 bytes")
		}
	}
	return s, nil
}

// ReplyAddress returns reply+<token>@domain, the address to which answers about id go.
func (s *Signer) ReplyAddress(id uuid.UUID, domain string) string {
	return replyPrefix + s.Token("reply", id) + "@" + domain
}

// BounceAddress returns bounce+<token>@domain, the envelope sender to which a
// server reports that the mail with this id could not be delivered.
func (s *Signer) BounceAddress(id uuid.UUID, domain string) string {
	return bouncePrefix + s.Token("bounce", id) + "@" + domain
}

// MessageID returns <id>.<token>@domain, without angle brackets.
func (s *Signer) MessageID(id uuid.UUID, domain string) string {
	return id.String() + "." + tokenCoding.EncodeToString(s.macs("message", id)[0]) + "@" + domain
}

// Reply returns the id in a reply address, at whatever domain; false if it is not one of ours.
func (s *Signer) Reply(addr string) (uuid.UUID, bool) { return s.address("reply", replyPrefix, addr) }

// Bounce returns the id in a bounce address, at whatever domain; false if it is not one of ours.
func (s *Signer) Bounce(addr string) (uuid.UUID, bool) {
	return s.address("bounce", bouncePrefix, addr)
}

func (s *Signer) address(purpose, prefix, addr string) (uuid.UUID, bool) {
	local, _, _ := strings.Cut(addr, "@")
	token, ok := cutPrefixFold(local, prefix)
	if !ok {
		return uuid.Nil, false
	}
	return s.ReadToken(purpose, token)
}

// Message returns the id in a message id that we made; false if it is not one of ours.
func (s *Signer) Message(messageID string) (uuid.UUID, bool) {
	local, _, _ := strings.Cut(strings.Trim(messageID, "<>"), "@")
	plain, token, ok := strings.Cut(local, ".")
	const canonical = 36
	if !ok || len(plain) != canonical {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(plain)
	if err != nil {
		return uuid.Nil, false
	}
	mac, ok := decodeToken(token, macBytes)
	if !ok || !s.valid("message", id, mac) {
		return uuid.Nil, false
	}
	return id, true
}

// Token returns a token for another purpose, such as "unsubscribe". Purposes are
// fixed words of the program, never what a caller sends.
func (s *Signer) Token(purpose string, id uuid.UUID) string {
	return tokenCoding.EncodeToString(append(id[:], s.macs(purpose, id)[0]...))
}

// ReadToken returns the id in a token made for the same purpose.
func (s *Signer) ReadToken(purpose, token string) (uuid.UUID, bool) {
	b, ok := decodeToken(token, idBytes+macBytes)
	if !ok {
		return uuid.Nil, false
	}
	id := uuid.UUID(b[:idBytes])
	if !s.valid(purpose, id, b[idBytes:]) {
		return uuid.Nil, false
	}
	return id, true
}

// decodeToken reads n bytes. There is one way only to write them, apart from case.
func decodeToken(token string, n int) ([]byte, bool) {
	if len(token) != tokenCoding.EncodedLen(n) {
		return nil, false
	}
	token = strings.ToLower(token)
	b, err := tokenCoding.DecodeString(token)
	return b, err == nil && len(b) == n && tokenCoding.EncodeToString(b) == token
}

// valid compares in constant time, with every secret.
func (s *Signer) valid(purpose string, id uuid.UUID, mac []byte) bool {
	ok := false
	for _, want := range s.macs(purpose, id) {
		ok = hmac.Equal(want, mac) || ok
	}
	return ok
}

// macs returns the code of an id under each secret.
func (s *Signer) macs(purpose string, id uuid.UUID) [][]byte {
	keys := s.derived(purpose)
	macs := make([][]byte, len(keys))
	for i, key := range keys {
		h := hmac.New(sha256.New, key)
		h.Write(id[:])
		macs[i] = h.Sum(nil)[:macBytes]
	}
	return macs
}

func (s *Signer) derived(purpose string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys, ok := s.keys[purpose]; ok {
		return keys
	}
	keys := make([][]byte, len(s.secrets))
	for i, secret := range s.secrets {
		keys[i] = derive(secret, "parley mail "+purpose)
	}
	if len(s.keys) < maxPurposes {
		s.keys[purpose] = keys
	}
	return keys
}

// derive makes a key for one purpose: one block of HKDF-Expand (RFC 5869), which
// suits a secret that is a key already.
func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(purpose))
	h.Write([]byte{1})
	return h.Sum(nil)
}

// IsReplyAddress reports whether an address has the form of a reply address, valid or forged.
func IsReplyAddress(addr string) bool { return strings.HasPrefix(addr, replyPrefix) }

// IsBounceAddress reports whether an address has the form of a bounce address, valid or forged.
func IsBounceAddress(addr string) bool { return strings.HasPrefix(addr, bouncePrefix) }
