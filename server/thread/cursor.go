package thread

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/parley-chat/parley/gen/db"
	"github.com/parley-chat/parley/server/fault"
)

// ErrCursor is the answer for a cursor that this installation never gave out, or
// that is another thread's.
var ErrCursor = fault.New(fault.Invalid, "CURSOR_INVALID", "this cursor was not given out for this thread; begin again without one")

// Sealer makes cursors that say nothing to whoever holds them.
//
// A cursor is one block of AES over the rev, a hash of the thread, a hash of the
// database's epoch and chance, in base64url: 22 characters. One block under one
// key is a pseudorandom permutation, so an outsider learns nothing of how far
// apart two cursors are, and thanks to chance not even whether they name the same
// place: a note would show in that. A made-up cursor is found out but for one in
// 2^32. It grants nothing: who may read the thread is asked every time.
type Sealer struct {
	block  cipher.Block
	epoch  [3]byte
	secret [32]byte
}

// NewSealer makes a Sealer from what all nodes of an installation share.
func NewSealer(epoch uuid.UUID, secret []byte) (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "parley cursor", 16)
	if err != nil {
		return nil, fmt.Errorf("derive cursor key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cursor cipher: %w", err)
	}
	s := &Sealer{block: block}
	e := sha256.Sum256(epoch[:])
	copy(s.epoch[:], e[:])
	copy(s.secret[:], secret)
	return s, nil
}

// Key derives a 32-byte key for another purpose from the same secret.
func (s *Sealer) Key(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s.secret[:], nil, "parley "+purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive %s key: %w", purpose, err)
	}
	return key, nil
}

// LoadSealer reads what all nodes share, making it first where it is missing.
func LoadSealer(ctx context.Context, pool db.DBTX, now time.Time) (*Sealer, error) {
	q := db.New()
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	if err := q.InstallationCreate(ctx, pool, db.InstallationCreateParams{Epoch: newID(), Secret: secret, CreateTime: now}); err != nil {
		return nil, fmt.Errorf("create installation: %w", err)
	}
	row, err := q.InstallationGet(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("read installation: %w", err)
	}
	return NewSealer(row.Epoch, row.Secret)
}

// maxRev is the largest rev that fits a cursor's five bytes.
const maxRev = 1<<40 - 1

// Cursor is the place just after rev in a thread.
func (s *Sealer) Cursor(thread uuid.UUID, rev int64) string {
	var b [aes.BlockSize]byte
	binary.BigEndian.PutUint64(b[:8], uint64(min(rev, maxRev))<<24)
	copy(b[5:8], s.epoch[:])
	tag := threadTag(thread)
	copy(b[8:12], tag[:])
	binary.BigEndian.PutUint32(b[12:], mathrand.Uint32())
	s.block.Encrypt(b[:], b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Rev is the rev of a cursor. current is false if the cursor is of another
// epoch: the database was replaced by an older copy since.
func (s *Sealer) Rev(thread uuid.UUID, cursor string) (rev int64, current bool, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != aes.BlockSize {
		return 0, false, ErrCursor
	}
	s.block.Decrypt(b, b)
	if tag := threadTag(thread); [4]byte(b[8:12]) != tag {
		return 0, false, ErrCursor
	}
	return int64(binary.BigEndian.Uint64(b[:8]) >> 24), [3]byte(b[5:8]) == s.epoch, nil
}

// threadTag names a thread in a cursor. The id is random enough to be its own
// hash, but for the time that a UUIDv7 begins with.
func threadTag(thread uuid.UUID) [4]byte {
	var tag [4]byte
	for i, b := range thread {
		tag[i%len(tag)] ^= b
	}
	return tag
}
