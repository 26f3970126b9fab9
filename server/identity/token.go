package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

// The kinds of credential, as stored.
const (
	kindSession int16 = 1
	kindKey     int16 = 2
	kindVisitor int16 = 3
)

const (
	prefixSize = len("prl_s_")
	tokenBytes = 64 // workspace, credential, secret
	tokenSize  = 86 // the same in base64
)

// tokenEncoding takes one spelling of a token only.
var tokenEncoding = base64.RawURLEncoding.Strict()

// token is what a caller sends: which credential it is, and the secret. Its
// prefix says what it is to whoever finds it, such as a secret scanner.
type token struct {
	kind       int16
	workspace  uuid.UUID
	credential uuid.UUID
	secret     [32]byte
}

// newToken makes a token for a credential that is to be stored.
func newToken(kind int16, workspace uuid.UUID) token {
	t := token{kind: kind, workspace: workspace, credential: newID()}
	_, _ = rand.Read(t.secret[:]) // never fails: it would end the program
	return t
}

// hash is what is stored of the secret. The secret has 256 random bits, so
// nothing slower is needed.
func (t *token) hash() [sha256.Size]byte { return sha256.Sum256(t.secret[:]) }

// String is the token as its holder sends it. It must not be logged.
func (t *token) String() string {
	var b [tokenBytes]byte
	copy(b[:16], t.workspace[:])
	copy(b[16:32], t.credential[:])
	copy(b[32:], t.secret[:])
	return prefixOf(t.kind) + tokenEncoding.EncodeToString(b[:])
}

// parseToken reads a token; ok is false for what cannot be one. It allocates
// nothing, because every call does it.
func parseToken(s string) (t token, ok bool) {
	if len(s) != prefixSize+tokenSize {
		return token{}, false
	}
	for kind := kindSession; kind <= kindVisitor; kind++ {
		if strings.HasPrefix(s, prefixOf(kind)) {
			t.kind = kind
		}
	}
	var encoded [tokenSize]byte
	var b [tokenBytes + 2]byte // base64 decodes in blocks
	copy(encoded[:], s[prefixSize:])
	n, err := tokenEncoding.Decode(b[:], encoded[:])
	if t.kind == 0 || err != nil || n != tokenBytes {
		return token{}, false
	}
	copy(t.workspace[:], b[:16])
	copy(t.credential[:], b[16:32])
	copy(t.secret[:], b[32:])
	return t, true
}

func prefixOf(kind int16) string {
	switch kind {
	case kindSession:
		return "prl_s_"
	case kindKey:
		return "prl_k_"
	default:
		return "prl_v_"
	}
}
